"""Hostile requests: any bytes, any text, any size.

Nothing a client sends may raise, but for what is over the size limit or of no known kind.
Source: MS-WCCE 3.2.1.4.2.1; docs/rulings.md (Requests).
"""

from __future__ import annotations

import base64
import tracemalloc
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import certsim
from tests.codes import E_INVALIDARG, refused, signed
from tests.engine import der_builder as der
from tests.engine import values_kit as kit
from tests.engine.submit_kit import DER, Client, row

# --- hostile input -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "requester",
    ["", "x" * 2048, "a\nb", "\x1b[31m", "\u202e", "\ud800", "x\x00y", "DOM\\user\r\nIssued"],
)
def test_any_requester_is_kept_as_given(requester: str) -> None:
    """Names up to 2,048 characters are stored as they are; log lines stay single lines."""
    with kit.authority() as ca:
        assert ca.submit(kit.csr(), requester=requester).disposition == Client.ISSUED
        assert row(ca).columns["Request.RequesterName"] == requester
        assert all(str(entry).isprintable() for entry in ca.journal)


def test_a_requester_of_over_2048_characters_fails() -> None:
    """A longer name is a Failed row with E_INVALIDARG that keeps the first 2,048 characters."""
    with kit.authority() as ca:
        outcome = ca.submit(kit.csr(), requester="x" * 2049)
        assert (outcome.disposition, outcome.status) == (Client.ERROR, signed(E_INVALIDARG))
        assert row(ca).columns["Request.RequesterName"] == "x" * 2048


@pytest.mark.parametrize("requester", [None, 5, b"LAB\\user"])
def test_a_requester_is_text(requester: Any) -> None:
    """A requester of another kind is E_INVALIDARG and makes no row."""
    with kit.authority() as ca:
        with refused(E_INVALIDARG):
            ca.submit(kit.csr(), requester=requester)
        assert kit.shelf(ca) == []


def check_survival(data: Any, attributes: str = "", requester: str = "u") -> certsim.Outcome:
    """Submit and check that the outcome is one of the documented ends, row and all."""
    with kit.authority(config={r"policy\EditFlags": 0x483EF}) as ca:
        outcome = ca.submit(data, attributes=attributes, requester=requester)
        found = row(ca)
        assert outcome.disposition in (Client.ISSUED, Client.ERROR, Client.DENIED)
        assert (outcome.status == 0) == (outcome.disposition == Client.ISSUED)
        expected = {20} if outcome.status == 0 else {30, 31}
        assert found.disposition in expected
        assert ca.retrieve(1).status == outcome.status
        assert str(outcome).isprintable()
        assert all(str(entry).isprintable() for entry in (*ca.journal, *ca.event_log))
        assert [entry.event_id for entry in ca.event_log if entry.event_id in (43, 45)] == []
    return outcome


@settings(max_examples=150, deadline=None)
@given(data=st.one_of(st.binary(max_size=400), st.binary(max_size=60).map(lambda b: b"\x30" + b)))
def test_any_bytes_end_in_a_row(data: bytes) -> None:
    """Arbitrary bytes never raise and never get a certificate."""
    assert check_survival(data).status != 0


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(), max_size=200))
@example("\ud800")
@example("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----")
@example("-----BEGIN X-----" * 50)
def test_any_text_ends_in_a_row(text: str) -> None:
    """Arbitrary text, lone surrogates included, never raises and never gets a certificate."""
    assert check_survival(text).status != 0


RICH = der.pkcs10(
    kit.key(),
    der.attribute("1.3.6.1.4.1.311.13.2.1", der.seq(der.bmp("CertFile"), der.bmp("true"))),
    der.attribute("1.3.6.1.4.1.311.13.2.2", der.seq(der.integer(1), der.bmp("P"), der.bits(b""))),
    der.attribute(
        "1.2.840.113549.1.9.14",
        der.seq(
            der.extension("2.5.29.15", b"\x03\x02\x07\x80", critical=True),
            der.extension("2.5.29.14", der.octets(b"identifier")),
            der.extension("1.3.6.1.4.1.311.20.2", der.bmp("User")),
        ),
    ),
)
START_OF_SIGNATURE = RICH.rindex(b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02")


def test_the_unmutated_request_is_issued() -> None:
    """What the mutations below begin with is a good request."""
    assert check_survival(RICH).status == 0


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    edits=st.lists(
        st.tuples(st.integers(0, len(RICH) - 1), st.integers(0, 255)), min_size=1, max_size=4
    ),
    cut=st.one_of(st.none(), st.integers(0, len(RICH))),
)
def test_mutated_requests_end_in_a_row(edits: list[tuple[int, int]], cut: int | None) -> None:
    """A good request with bytes changed or cut never raises; what is signed cannot be changed."""
    data = bytearray(RICH)
    for place, value in edits:
        data[place] = value
    mutated = bytes(data[:cut])
    outcome = check_survival(mutated)
    if mutated[:START_OF_SIGNATURE] != RICH[:START_OF_SIGNATURE]:
        assert outcome.status != 0


@settings(max_examples=250, deadline=None)
@given(
    edits=st.lists(
        st.tuples(st.integers(0, len(RICH) - 1), st.integers(0, 255)), min_size=1, max_size=3
    )
)
def test_signed_nonsense_ends_in_a_row(edits: list[tuple[int, int]]) -> None:
    """The same with the signature made anew, so that damage deep inside gets past the proof."""
    info = bytearray(RICH[4:START_OF_SIGNATURE])
    for place, value in edits:
        info[place % len(info)] = value
    signature = der.sign(kit.key(), bytes(info))
    algorithm = der.seq(der.oid(der.ECDSA_SHA256))
    check_survival(der.seq(bytes(info), algorithm, der.bits(signature)))


@settings(max_examples=150, deadline=None)
@given(
    attributes=st.one_of(
        st.text(st.characters(), max_size=100),
        st.lists(
            st.tuples(
                st.sampled_from(
                    ["SAN", "ValidityPeriod", "ValidityPeriodUnits", "ExpirationDate", "CertType",
                     "CertificateUsage", "CertificateTemplate", "Disposition"]
                ),
                st.text(st.characters(), max_size=20),
            ),
            max_size=5,
        ).map(lambda pairs: "\n".join(f"{name}:{value}" for name, value in pairs)),
    ),
    requester=st.text(st.characters(), max_size=30),
)  # fmt: skip
@example("A:\x00\x1b[2J\u202e\u2028B:1", "\n")
@example("CertificateTemplate:\ud800", "\ud800")
@example("SAN:upn=\ud800", "")
def test_any_attributes_end_in_a_row(attributes: str, requester: str) -> None:
    """Arbitrary attribute text and requesters end in a row with a code."""
    check_survival(kit.csr(), attributes, requester)


# --- size ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, str])
def test_a_hundred_megabytes_are_refused_without_a_copy(kind: Any) -> None:
    """100 MB are E_INVALIDARG, make no row, and cost no memory to speak of."""
    size = 100 * 1024 * 1024
    huge = "A" * size if kind is str else kind(b"\x30" * size)
    with kit.authority() as ca:
        tracemalloc.start()
        try:
            with refused(E_INVALIDARG):
                ca.submit(huge)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 1_000_000
        assert kit.shelf(ca) == []
        assert ca.submit(kit.csr()).request_id == 1


@pytest.mark.parametrize(
    ("request_", "raises"),
    [
        (bytes(65_536), False),
        (bytes(65_537), True),
        (b"\x30" + bytes(65_535), False),
        (b"\x30" + bytes(65_536), True),
        (base64.b64encode(bytes(65_536)), False),
        (base64.b64encode(bytes(65_537)), True),
        ("A" * 131_072, True),
        ("!" * 65_536, False),
        ("!" * 65_537, True),
        (" " * 131_073, True),
        (base64.b64encode(DER).decode() + " " * 100_000, False),
    ],
    ids=lambda value: f"{len(value)}" if isinstance(value, bytes | str) else None,
)
def test_the_limit_is_65536_bytes_decoded(request_: Any, raises: bool) -> None:
    """Requests up to the limit make a row; one byte more raises and makes none."""
    with kit.authority() as ca:
        if raises:
            with refused(E_INVALIDARG):
                ca.submit(request_)
        else:
            assert ca.submit(request_).request_id == 1
        assert len(kit.shelf(ca)) == (0 if raises else 1)
