"""Imports that are refused, that come together, and what is told of them in which order.

Source: MS-CSRA 3.1.4.1.26; comments of ADCS.CertMod (CERTIMPORTED); docs/rulings.md (Import).
"""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certsim import ComError, CRDisposition, RowDisposition
from certsim._engine.journal import Transition
from certsim.database.memory import MemoryShelf
from tests.codes import (
    CERTSRV_E_ENCODING_LENGTH,
    E_NOTIMPL,
    ERROR_INVALID_DATA,
    ERROR_OBJECT_ALREADY_EXISTS,
    ON_IMPORTED,
    RPC_S_SERVER_UNAVAILABLE,
    signed,
)
from tests.conftest import Recorder
from tests.engine import engine_kit as kit
from tests.engine.import_kit import CA_KEY, Importer, R, certificate, own
from tests.requests_kit import make_csr

SHORTLY = 0.2
"""Seconds that one waits for the other, who may be waiting for a lock."""


# What is none


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"\x30\x00",
        b"no certificate",
        certificate()[:-1],
        certificate() + b"\x00",
        make_csr(),
        x509.load_der_x509_certificate(certificate()).public_bytes(Encoding.PEM),
        certificate().hex(),
        bytearray(certificate()),
        None,
        7,
        [certificate()],
    ],
    ids=lambda value: f"{value!r:.24}",
)
@pytest.mark.parametrize("foreign", [False, True])
def test_anything_but_one_certificate_in_der_is_invalid_data(
    importer: Importer, nonsense: object, foreign: object
) -> None:
    """Cut short, followed by more, PEM, a request, no bytes at all: 0x8007000D."""
    importer.refused(ERROR_INVALID_DATA, nonsense, allow_foreign=bool(foreign))


def test_a_certificate_that_no_column_could_hold_is_refused(importer: Importer) -> None:
    """CERTSRV_E_ENCODING_LENGTH above 16,384 bytes; one of just that size comes in."""
    largest = own(size=16_384 - len(own(size=15_000)) + 15_000)
    assert len(largest) == 16_384
    importer.refused(CERTSRV_E_ENCODING_LENGTH, own(0x7102, size=16_384))
    assert importer.ca.import_certificate(largest) == 1


def test_nothing_comes_in_while_lists_are_partitioned(recorder: Recorder) -> None:
    """E_NOTIMPL with CRLF_ENABLE_CRL_PARTITION (0x400000)."""
    with kit.make_ca(recorder, key=CA_KEY, config={r"ca\CRLFlags": 0x400002}) as ca:
        Importer(ca, kit.ScriptedPolicy(), recorder).refused(E_NOTIMPL, own())


def test_a_stopped_ca_imports_nothing(importer: Importer) -> None:
    """RPC_S_SERVER_UNAVAILABLE."""
    importer.ca.stop()
    importer.refused(RPC_S_SERVER_UNAVAILABLE, own())


# Order


def test_an_import_is_committed_before_modules_are_told(recorder: Recorder) -> None:
    """Inside Notify the row is on the shelf, and a second import of it is refused."""
    seen: list[object] = []

    def look(_event: int, context: int) -> None:
        seen.append(ca.retrieve(kit.request_id(context)).disposition)
        try:
            ca.import_certificate(own())
        except ComError as error:
            seen.append(error.hresult)

    with kit.make_ca(kit.Listener("Looker", [], ON_IMPORTED, look), recorder, key=CA_KEY) as ca:
        ca.import_certificate(own())
    assert seen == [CRDisposition.ISSUED, signed(ERROR_OBJECT_ALREADY_EXISTS)]


def test_of_many_that_import_one_certificate_at_once_one_succeeds(importer: Importer) -> None:
    """The serial number is looked up again under the lock."""

    def take_in() -> int:
        try:
            return importer.ca.import_certificate(own())
        except ComError as error:
            return error.hresult

    results = [worker.result() for worker in [kit.Worker(take_in) for _ in range(8)]]
    assert results.count(signed(ERROR_OBJECT_ALREADY_EXISTS)) == 7
    assert [row.columns["SerialNumber"] for row in kit.rows(importer.ca)] == ["7101"]
    assert importer.recorder.events == [ON_IMPORTED]


def test_of_two_that_import_one_foreign_certificate_at_once_one_makes_a_row(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both look, neither finds it; the slower one gets the id of the faster one's row."""
    both, looked, found = threading.Barrier(2), threading.local(), MemoryShelf.by_serial

    def together(shelf: MemoryShelf, serial: str) -> object:
        answer = found(shelf, serial)
        if not getattr(looked, "once", False):
            looked.once = True
            with suppress(threading.BrokenBarrierError):
                both.wait(SHORTLY)
        return answer

    monkeypatch.setattr(MemoryShelf, "by_serial", together)
    workers = [
        kit.Worker(lambda: importer.ca.import_certificate(certificate(), allow_foreign=True))
        for _ in range(2)
    ]
    assert [worker.result() for worker in workers] == [1, 1]
    assert importer.recorder.events == [ON_IMPORTED]


@pytest.mark.parametrize(
    ("raw", "after"), [(own(), R.ISSUED), (certificate(), R.FOREIGN)], ids=["own", "foreign"]
)
def test_the_journal_tells_of_an_import(
    importer: Importer, raw: bytes, after: RowDisposition
) -> None:
    """A step from no row to the new state."""
    importer.ca.import_certificate(raw, allow_foreign=True)
    (step,) = (entry for entry in importer.ca.journal if isinstance(entry, Transition))
    assert (step.before, step.after, step.event) == (None, after, ON_IMPORTED)
