"""Certificates brought in: our own, a stranger's, one that a request has waited for.

Certificates of strangers are made with `cryptography` alone; our own come from a running CA and
are imported after their rows have gone, or were made by a twin with the same key.
Source: MS-CSRA 3.1.4.1.26; sdk-api certadm/nf-certadm-icertadmin-importcertificate; comments of
ADCS.CertMod (CERTIMPORTED); docs/rulings.md (Import).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certsim import (
    CADisposition,
    CCertServerExit,
    CertificationAuthority,
    ComError,
    CRDisposition,
    PropType,
    RowDisposition,
)
from certsim._engine.journal import Transition
from certsim.database.memory import MemoryShelf
from tests.conftest import Recorder
from tests.engine import engine_kit as kit
from tests.requests_kit import make_csr, make_key

R = RowDisposition
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
IMPORTED = 0x200
INVALID_DATA, CHAINING, EXISTS = 0x8007000D, 0x800B0107, 0x80071392
NO_MATCH, NOT_IMPLEMENTED, ENCODING_LENGTH = 0x80092009, 0x80004001, 0x80094007
# Source: certexit.h; MS-CSRA 3.1.4.1.26; winerror.h
OFFICER = r"CONTOSO\dave"
SHORTLY = 0.2
"""Seconds that one waits for the other, who may be waiting for a lock."""
CA_KEY = make_key(0xCA)
TEMPLATE_NAME = "1.3.6.1.4.1.311.20.2"
FROM_IMPORT, CRITICAL = 0x60000, 1
# Source: certsrv.h, EXTENSION_ORIGIN_IMPORTEDCERT and EXTENSION_CRITICAL_FLAG


def certificate(
    serial: int = 0x7001,
    *,
    signed_by: ec.EllipticCurvePrivateKey | None = None,
    issuer: str = "Stranger",
    key: ec.EllipticCurvePrivateKey | None = None,
    size: int = 0,
    template: str = "",
) -> bytes:
    """Return a certificate for `www.example.test`, by default a stranger's for a key of its own."""
    common, organization = NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME
    builder = (
        x509.CertificateBuilder()
        .issuer_name(x509.Name([x509.NameAttribute(common, issuer)]))
        .subject_name(
            x509.Name(
                [
                    x509.NameAttribute(organization, "Contoso"),
                    x509.NameAttribute(common, "www.example.test"),
                ]
            )
        )
        .public_key((key or make_key(0xBEEF)).public_key())
        .serial_number(serial)
        .not_valid_before(NOON - DAY)
        .not_valid_after(NOON + 90 * DAY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if template:
        encoded = b"\x1e" + bytes((2 * len(template),)) + template.encode("utf-16-be")
        name = x509.ObjectIdentifier(TEMPLATE_NAME)
        builder = builder.add_extension(x509.UnrecognizedExtension(name, encoded), critical=False)
    if size:
        name = x509.ObjectIdentifier("1.3.6.1.4.1.99999.9")
        filler = x509.UnrecognizedExtension(name, bytes(size))
        builder = builder.add_extension(filler, critical=False)
    signed = builder.sign(signed_by or make_key(0xD00D), hashes.SHA256(), ecdsa_deterministic=True)
    return signed.public_bytes(Encoding.DER)


def own(serial: int = 0x7101, **more: object) -> bytes:
    """Return a certificate that the key of this file's CA has signed outside of any database."""
    return certificate(serial, signed_by=CA_KEY, issuer="Test CA", **more)  # type: ignore[arg-type]


@attrs.frozen
class Bench:
    """Hold a running CA, its policy module and its exit module."""

    ca: CertificationAuthority
    policy: kit.ScriptedPolicy
    recorder: Recorder

    def columns(self, number: int) -> dict[str, object]:
        """Return the columns of a row."""
        row = self.ca._state.shelf.get(number)
        assert row is not None
        return dict(row.columns)

    def pend(self) -> int:
        """Have a request wait and return its id; nobody has heard of it."""
        self.policy.answer = lambda _context, _new: kit.PEND
        number = self.ca.submit(make_csr(), attributes="Colour:red").request_id
        self.recorder.heard.clear()
        return number

    def refused(self, code: int, raw: object, **more: bool) -> None:
        """Check that an import is refused with *code* and changes nothing."""
        before = kit.rows(self.ca), kit.happenings(self.ca), tuple(self.recorder.heard)
        with pytest.raises(ComError) as caught:
            self.ca.import_certificate(raw, **more)  # type: ignore[arg-type]
        assert caught.value.hresult == kit.signed(code)
        after = kit.rows(self.ca), kit.happenings(self.ca), tuple(self.recorder.heard)
        assert after == before


@pytest.fixture
def bench(recorder: Recorder) -> Iterator[Bench]:
    """Return a CA with a key of its own that takes foreign certificates."""
    policy = kit.ScriptedPolicy()
    options = {"key": CA_KEY, "config": {r"ca\KRAFlags": 1}}
    with kit.make_ca(recorder, policy=policy, **options) as ca:
        yield Bench(ca, policy, recorder)


# What comes in


@pytest.mark.parametrize("form", [bytes, x509.load_der_x509_certificate])
def test_an_own_certificate_becomes_an_issued_row(bench: Bench, form: object) -> None:
    """Row 20: the next id, Issued, CERTIMPORTED, in either form of certificate."""
    bench.ca.submit(make_csr())
    bench.recorder.heard.clear()
    number = bench.ca.import_certificate(form(own()), officer=OFFICER)  # type: ignore[operator]
    assert (number, bench.recorder.events) == (2, [IMPORTED])
    columns = bench.columns(number)
    assert columns["Request.Disposition"] == R.ISSUED
    assert columns["IssuerNameID"] == 0


def test_the_row_of_an_import_holds_what_the_certificate_says(bench: Bench) -> None:
    """Subject, dates, serial number, bytes and template; the officer is requester and caller."""
    bench.ca._state.sources.clock.advance(DAY)  # type: ignore[attr-defined]
    raw = own(0x0ABC01, template="WebServer")
    number = bench.ca.import_certificate(raw, officer=OFFICER)
    columns, subject = bench.columns(number), x509.load_der_x509_certificate(raw).subject
    name = subject.public_bytes()
    wanted = {
        "Request.RequestID": 1,
        "RequestID": 1,
        "Request.Disposition": R.ISSUED,
        "Request.StatusCode": 0,
        "Request.DispositionMessage": rf"Imported by {OFFICER}",
        "Request.RequesterName": OFFICER,
        "Request.CallerName": OFFICER,
        "Request.SubmittedWhen": NOON + DAY,
        "Request.ResolvedWhen": NOON + DAY,
        "Request.RawName": name,
        "RawName": name,
        "RawCertificate": raw,
        "SerialNumber": "0abc01",
        "NotBefore": NOON - DAY,
        "NotAfter": NOON + 90 * DAY,
        "CertificateTemplate": "WebServer",
        "IssuerNameID": 0,
    }
    assert columns == wanted


def test_the_extensions_of_an_import_are_stored_with_their_origin(bench: Bench) -> None:
    """Origin 0x60000, critical ones as such, in the certificate's order, values as encoded."""
    raw = own(template="Web")
    bench.ca.import_certificate(raw)
    (row,) = kit.rows(bench.ca)
    parsed = x509.load_der_x509_certificate(raw).extensions
    assert list(row.extensions) == [
        (e.oid.dotted_string, FROM_IMPORT | CRITICAL * e.critical, e.value.public_bytes())
        for e in parsed
    ]
    assert row.attributes == ()


def test_what_a_module_reads_when_a_certificate_is_imported(recorder: Recorder) -> None:
    """The certificate's properties are there as for an issued one, a request's are empty."""
    seen: list[object] = []

    def read(_event: int, context: int) -> None:
        server = CCertServerExit()
        server.SetContext(context)
        seen.append(server.GetCertificateProperty("CommonName", PropType.STRING))
        seen.append(server.GetCertificateProperty("PublicKeyLength", PropType.LONG))
        seen.append(server.GetCertificateProperty("RawCertificate", PropType.BINARY))
        with pytest.raises(ComError):
            server.GetRequestProperty("RawRequest", PropType.BINARY)

    with kit.make_ca(kit.Listener("Reader", [], IMPORTED, read), recorder, key=CA_KEY) as ca:
        ca.import_certificate(own())
        assert ca.event_log == ()
    assert seen == ["www.example.test", 256, own()]


def test_an_imported_certificate_lives_on_like_an_issued_one(bench: Bench) -> None:
    """It is valid, retrieved, revoked, listed, and released."""
    ca = bench.ca
    number = ca.import_certificate(own(0x7101))
    serial = str(bench.columns(number)["SerialNumber"])
    assert ca.is_valid(serial) is CADisposition.VALID
    assert ca.retrieve(number).disposition is CRDisposition.ISSUED
    ca.revoke(serial, 6)
    assert [entry.serial_number for entry in ca.publish_crls()[0].crl] == [0x7101]
    ca.revoke(serial, -1)
    assert len(list(ca.publish_crls()[0].crl)) == 0
    assert bench.recorder.events == [IMPORTED, 0x8, 0x20, 0x8, 0x20]


def test_a_lost_certificate_comes_back_under_a_new_id(bench: Bench) -> None:
    """After its row was deleted: another id, no reason and no attributes of before."""
    ca = bench.ca
    outcome = ca.submit(make_csr(), attributes="Colour:red")
    ca.revoke(str(outcome.serial_number), 1)
    ca.delete_rows(row_id=outcome.request_id)
    assert outcome.raw_certificate is not None
    number = ca.import_certificate(outcome.raw_certificate)
    assert number == outcome.request_id + 1
    assert bench.columns(number)["SerialNumber"] == outcome.serial_number
    assert "Request.RevokedReason" not in bench.columns(number)
    assert ca.is_valid(str(outcome.serial_number)) is CADisposition.VALID


def test_the_cas_own_certificate_may_be_imported_too(bench: Bench) -> None:
    """Its key has signed it."""
    number = bench.ca.import_certificate(bench.ca.certificate)
    assert bench.columns(number)["Request.Disposition"] == R.ISSUED


def test_a_certificate_under_an_earlier_key_is_listed_by_that_key(bench: Bench) -> None:
    """After a renewal with a new key the old key still knows its own."""
    ca = bench.ca
    ca.renew(new_key=True)
    number = ca.import_certificate(own(0x7101))
    assert bench.columns(number)["IssuerNameID"] == 0
    ca.revoke(str(bench.columns(number)["SerialNumber"]), 1)
    old, new = ca.publish_crls(delta=False)
    assert [(old.key_index, len(list(old.crl))), (new.key_index, len(list(new.crl)))] == [
        (0, 1),
        (1, 0),
    ]


# Foreign ones


def test_a_foreign_certificate_becomes_a_foreign_row(bench: Bench) -> None:
    """Row 21: state 12, CERTIMPORTED, no issuer of ours; clients hear nothing of it."""
    number = bench.ca.import_certificate(certificate(), allow_foreign=True, officer=OFFICER)
    columns = bench.columns(number)
    assert columns["Request.Disposition"] == R.FOREIGN
    assert "IssuerNameID" not in columns
    assert bench.recorder.events == [IMPORTED]
    assert bench.ca.retrieve(number).disposition is CRDisposition.INCOMPLETE


@pytest.mark.parametrize(("configured", "asked"), [(0, True), (1, False), (0, False), (2, True)])
def test_a_foreign_certificate_takes_the_call_and_the_configuration(
    recorder: Recorder, configured: int, asked: object
) -> None:
    """Without both it is CERT_E_ISSUERCHAINING."""
    config = {r"ca\KRAFlags": configured}
    with kit.make_ca(recorder, config=config) as ca:
        bench = Bench(ca, kit.ScriptedPolicy(), recorder)
        bench.refused(CHAINING, certificate(), allow_foreign=bool(asked))


def test_a_name_like_ours_does_not_make_a_certificate_our_own(bench: Bench) -> None:
    """The signature counts: a stranger that calls itself by the CA's name is foreign."""
    bench.refused(CHAINING, certificate(issuer="Test CA"))


def test_the_same_foreign_certificate_again_answers_with_its_id(bench: Bench) -> None:
    """No second row, no second event."""
    numbers = [bench.ca.import_certificate(certificate(), allow_foreign=True) for _ in range(3)]
    assert numbers == [1, 1, 1]
    assert bench.recorder.events == [IMPORTED]


def test_another_foreign_certificate_with_a_known_serial_number_is_refused(bench: Bench) -> None:
    """ERROR_OBJECT_EXISTS: the number is taken by other bytes."""
    bench.ca.import_certificate(certificate(), allow_foreign=True)
    bench.refused(EXISTS, certificate(key=make_key(0xFEED)), allow_foreign=True)


def test_an_own_serial_number_that_is_there_is_refused(bench: Bench) -> None:
    """ERROR_OBJECT_EXISTS for one just issued, for one imported before, and for a revoked one."""
    outcome = bench.ca.submit(make_csr())
    bench.refused(EXISTS, outcome.raw_certificate)
    bench.ca.revoke(str(outcome.serial_number), 1)
    bench.refused(EXISTS, outcome.raw_certificate)
    bench.ca.import_certificate(own())
    bench.refused(EXISTS, own())


# The request that has waited


def test_an_import_completes_the_oldest_pending_request_for_its_key(bench: Bench) -> None:
    """Row 22: that request's row, Issued; requester and attributes stay, no new id."""
    bench.policy.answer = lambda _context, _new: kit.REFUSE
    bench.ca.submit(make_csr())
    first, second = bench.pend(), bench.pend()
    number = bench.ca.import_certificate(own(key=make_key()), existing_row=True, officer=OFFICER)
    row = bench.ca._state.shelf.get(first)
    assert row is not None
    assert (number, row.disposition) == (first, R.ISSUED)
    assert row.columns["Request.RequesterName"] == r"CERTSIM\user"
    assert row.message == rf"Imported by {OFFICER}"
    assert dict(row.attributes) == {"Colour": "red"}
    assert row.was_pending
    assert bench.columns(second)["Request.Disposition"] == R.PENDING
    assert bench.recorder.events == [IMPORTED]


def test_a_completed_request_is_fetched_as_one_that_was_pending(bench: Bench) -> None:
    """Its retrieval hands the certificate out and fires CERTRETRIEVEPENDING."""
    number = bench.pend()
    bench.ca.import_certificate(own(key=make_key()), existing_row=True)
    outcome = bench.ca.retrieve(number)
    assert outcome.raw_certificate == own(key=make_key())
    assert bench.recorder.events == [IMPORTED, kit.RETRIEVED]


@pytest.mark.parametrize("waiting", [False, True])
def test_without_a_request_for_its_key_nothing_is_completed(bench: Bench, waiting: object) -> None:
    """CRYPT_E_NO_MATCH, whatever else is pending."""
    if waiting:
        bench.pend()
    bench.refused(NO_MATCH, own(key=make_key(0xFEED)), existing_row=True)


@pytest.mark.parametrize("verdict", [kit.ISSUE, kit.REFUSE])
def test_a_request_that_is_decided_is_not_completed(bench: Bench, verdict: int) -> None:
    """Only a pending one waits; a denied one for the same key is no match."""
    bench.policy.answer = lambda _context, _new: verdict
    bench.ca.submit(make_csr())
    bench.recorder.heard.clear()
    bench.refused(NO_MATCH, own(key=make_key()), existing_row=True)


def test_a_foreign_certificate_completes_no_request(bench: Bench) -> None:
    """The request goes on waiting; CERTSRV_E_BAD_REQUESTSTATUS."""
    bench.pend()
    foreign = certificate(key=make_key())
    bench.refused(kit.BAD_REQUESTSTATUS, foreign, existing_row=True, allow_foreign=True)


def test_a_request_that_is_being_decided_is_not_completed(bench: Bench) -> None:
    """CERTSRV_E_BAD_REQUESTSTATUS, and the decision stands."""
    number, seen = bench.pend(), []

    def meddle(_context: int, _new: int) -> int:
        bench.refused(kit.BAD_REQUESTSTATUS, own(key=make_key()), existing_row=True)
        seen.append("refused")
        return kit.ISSUE

    bench.policy.answer = meddle
    outcome = bench.ca.resubmit(number)
    assert (seen, outcome.disposition) == (["refused"], CRDisposition.ISSUED)


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
    bench: Bench, nonsense: object, foreign: object
) -> None:
    """Cut short, followed by more, PEM, a request, no bytes at all: 0x8007000D."""
    bench.refused(INVALID_DATA, nonsense, allow_foreign=bool(foreign))


def test_a_certificate_that_no_column_could_hold_is_refused(bench: Bench) -> None:
    """CERTSRV_E_ENCODING_LENGTH above 16,384 bytes; one of just that size comes in."""
    largest = own(size=16_384 - len(own(size=15_000)) + 15_000)
    assert len(largest) == 16_384
    bench.refused(ENCODING_LENGTH, own(0x7102, size=16_384))
    assert bench.ca.import_certificate(largest) == 1


def test_nothing_comes_in_while_lists_are_partitioned(recorder: Recorder) -> None:
    """E_NOTIMPL with CRLF_ENABLE_CRL_PARTITION (0x400000)."""
    with kit.make_ca(recorder, key=CA_KEY, config={r"ca\CRLFlags": 0x400002}) as ca:
        Bench(ca, kit.ScriptedPolicy(), recorder).refused(NOT_IMPLEMENTED, own())


def test_a_stopped_ca_imports_nothing(bench: Bench) -> None:
    """RPC_S_SERVER_UNAVAILABLE."""
    bench.ca.stop()
    bench.refused(kit.SERVER_UNAVAILABLE, own())


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

    with kit.make_ca(kit.Listener("Looker", [], IMPORTED, look), recorder, key=CA_KEY) as ca:
        ca.import_certificate(own())
    assert seen == [CRDisposition.ISSUED, kit.signed(EXISTS)]


def test_of_many_that_import_one_certificate_at_once_one_succeeds(bench: Bench) -> None:
    """The serial number is looked up again under the lock."""

    def take_in() -> int:
        try:
            return bench.ca.import_certificate(own())
        except ComError as error:
            return error.hresult

    results = [worker.result() for worker in [kit.Worker(take_in) for _ in range(8)]]
    assert results.count(kit.signed(EXISTS)) == 7
    assert [row.columns["SerialNumber"] for row in kit.rows(bench.ca)] == ["7101"]
    assert bench.recorder.events == [IMPORTED]


def test_of_two_that_import_one_foreign_certificate_at_once_one_makes_a_row(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
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
        kit.Worker(lambda: bench.ca.import_certificate(certificate(), allow_foreign=True))
        for _ in range(2)
    ]
    assert [worker.result() for worker in workers] == [1, 1]
    assert bench.recorder.events == [IMPORTED]


@pytest.mark.parametrize(
    ("raw", "after"), [(own(), R.ISSUED), (certificate(), R.FOREIGN)], ids=["own", "foreign"]
)
def test_the_journal_tells_of_an_import(bench: Bench, raw: bytes, after: RowDisposition) -> None:
    """A step from no row to the new state."""
    bench.ca.import_certificate(raw, allow_foreign=True)
    (step,) = (entry for entry in bench.ca.journal if isinstance(entry, Transition))
    assert (step.before, step.after, step.event) == (None, after, IMPORTED)
