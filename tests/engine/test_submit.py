"""Submitting, end to end through the front door: outcomes, rows, messages, and hostile input.

Nothing a client sends may raise, but for what is over the size limit or of no known kind; and
whatever happens is in the outcome, in the row and in the message alike.
Source: MS-WCCE 3.2.1.4.2.1; docs/rulings.md (Requests, Kinds and signatures, Verdicts).
"""

from __future__ import annotations

import base64
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import certsim
from tests.engine import der_builder as der
from tests.engine import values_kit as kit

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
Client, RowState = certsim.CRDisposition, certsim.RowDisposition
ASN1_EOD, ASN1_CORRUPT, ASN1_BADTAG = 0x80093102, 0x80093103, 0x8009310B
ENCODING_LENGTH = 0x80094007
DER = kit.csr().public_bytes(Encoding.DER)
PEM = kit.csr().public_bytes(Encoding.PEM)
PARSING = "Error Parsing Request"
VERIFYING = "Error Verifying Request Signature or Signing Certificate"
BUILDING = "Error Constructing or Publishing Certificate"


def signed(code: int) -> int:
    """Return an HRESULT as the LONG that an outcome holds."""
    return code - 2**32 if code & 0x80000000 else code


def row(ca: certsim.CertificationAuthority, request_id: int = 1) -> Any:
    """Return a row as committed."""
    return next(one for one in kit.shelf(ca) if one.request_id == request_id)  # type: ignore[attr-defined]


def refuse(code: int) -> Any:
    """Return a policy function that raises a COM error."""

    def decide(_server: Any, _context: int) -> int:
        raise certsim.ComError(code, "not today")

    return decide


# --- dispositions, status, messages --------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "answer", "state", "status", "message", "later"),
    [
        (kit.always(1), Client.ISSUED, 20, 0, "Issued", Client.ISSUED),
        (kit.always(0), Client.UNDER_SUBMISSION, 9, 0, "Taken Under Submission", 5),
        (kit.always(2), Client.DENIED, 31, kit.ADMIN_DENIED, "Denied by Policy Module", 2),
        (kit.always(0x80094800), Client.DENIED, 31, 0x80094800, "Denied by Policy Module", 2),
        (refuse(0x80070005), 2, 31, 0x80070005, "Denied by Policy Module  not today", 2),
    ],
)
def test_each_verdict_has_its_outcome(
    policy: Any, answer: int, state: int, status: int, message: str, later: int
) -> None:
    """Answer, row, status and message of each verdict, and what a later retrieval says."""
    with kit.authority(policy=policy) as ca:
        outcome = ca.submit(kit.csr())
        found = row(ca)
        assert (outcome.request_id, outcome.disposition) == (1, answer)
        assert outcome.status == signed(status)
        assert outcome.message == message
        assert (outcome.raw_certificate is not None) == (state == 20)
        assert found.disposition == state
        assert found.columns["Request.StatusCode"] == signed(status)
        assert found.columns["Request.DispositionMessage"] == message
        assert ("Request.ResolvedWhen" in found.columns) == (state != 9)
        again = ca.retrieve(1)
        assert (again.disposition, again.status, again.message) == (later, outcome.status, message)
        assert again.raw_certificate == outcome.raw_certificate


@pytest.mark.parametrize(
    ("data", "code", "stage"),
    [
        (b"", ASN1_EOD, PARSING),
        (None, ASN1_EOD, PARSING),
        (b"hello", ASN1_BADTAG, PARSING),
        ("no request at all", ASN1_BADTAG, PARSING),
        (DER[:-1], ASN1_EOD, PARSING),
        (DER + b"\x00", ASN1_CORRUPT, PARSING),
        (b"\x30\x00", ASN1_EOD, PARSING),
        (DER[:-1] + bytes([DER[-1] ^ 1]), kit.BAD_SIGNATURE, VERIFYING),
        (b"\x02\x01\x05", ASN1_BADTAG, PARSING),
    ],
)
def test_what_cannot_be_read_fails(data: Any, code: int, stage: str) -> None:
    """Bytes that are no request make a Failed row, which stays so: answer ERROR, now and later."""
    with kit.authority() as ca:
        outcome = ca.submit(data)
        assert outcome.disposition == Client.ERROR
        assert outcome.status == signed(code), str(outcome)
        assert outcome.message.split("  ")[0] == stage
        assert row(ca).disposition == RowState.FAILED
        again = ca.retrieve(1)
        assert (again.disposition, again.status) == (Client.ERROR, outcome.status)
        assert ca.resubmit(1).status == signed(kit.BAD_REQUESTSTATUS)


@pytest.mark.parametrize(
    "form",
    [
        kit.csr(),
        DER,
        bytearray(DER),
        memoryview(DER),
        PEM,
        PEM.decode(),
        PEM.replace(b"\n", b"\r\n"),
        PEM.replace(b"CERTIFICATE REQUEST", b"NEW CERTIFICATE REQUEST"),
        b"some text before\n" + PEM + b"and after",
        base64.b64encode(DER),
        base64.b64encode(DER).decode(),
        base64.encodebytes(DER).decode(),
    ],
    ids=["object", "DER", "bytearray", "memoryview", "PEM", "PEM text", "CRLF", "NEW", "in text",
         "base64", "base64 text", "base64 lines"],
)  # fmt: skip
def test_every_form_of_a_request_is_the_same_request(form: Any) -> None:
    """DER, PEM, base64, bytes, text or a CSR object: the row keeps the decoded bytes."""
    with kit.authority() as ca:
        assert ca.submit(form).disposition == Client.ISSUED
        assert row(ca).columns["Request.RawRequest"] == DER


@pytest.mark.parametrize("thing", [5, 1.5, [DER], object(), {"a": 1}])
def test_what_is_no_request_at_all_raises(thing: Any) -> None:
    """An argument of no known kind is E_INVALIDARG and makes no row."""
    with kit.authority() as ca:
        with kit.refused(kit.E_INVALIDARG):
            ca.submit(thing)
        assert kit.shelf(ca) == []
        assert ca.submit(kit.csr()).request_id == 1


# --- building ------------------------------------------------------------------------------------


def test_neither_name_is_denied_while_building() -> None:
    """Policy said issue, but there is no name: Denied, ERROR now and DENIED later, event 4."""
    probe = kit.Probe(lambda s: s.GetRequestProperty("Disposition", kit.LONG))
    with kit.authority(probe) as ca:
        outcome = ca.submit(kit.csr(kit.name()))
        assert outcome.disposition == Client.ERROR
        assert outcome.status == signed(kit.BAD_REQUESTSUBJECT)
        assert outcome.message.startswith(f"{BUILDING}  ")
        assert ca.retrieve(1).disposition == Client.DENIED
    assert probe.seen == [31]


def test_a_certificate_over_16_kib_is_not_issued() -> None:
    """Extensions that make a certificate of over 16,384 bytes end in CERTSRV_E_ENCODING_LENGTH."""
    wanted = [
        x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.2.3.{index}"), bytes(4096))
        for index in range(4)
    ]
    with kit.authority(config={r"policy\EditFlags": 1}) as ca:
        outcome = ca.submit(kit.csr(kit.WWW, *wanted))
        assert outcome.status == signed(ENCODING_LENGTH)
        assert row(ca).disposition == RowState.DENIED
        assert ca.submit(kit.csr(kit.WWW, *wanted[:3])).disposition == Client.ISSUED


class BrokenKey(ec.EllipticCurvePrivateKey):
    """Be a private key that signs once, for the root, and is out of reach afterwards."""

    def __init__(self) -> None:
        self.inner, self.signed = ec.derive_private_key(99, ec.SECP256R1()), 0

    @property
    def curve(self) -> ec.EllipticCurve:
        return self.inner.curve

    @property
    def key_size(self) -> int:
        return self.inner.key_size

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self.inner.public_key()

    def sign(self, data: Any, signature_algorithm: Any) -> bytes:
        self.signed += 1
        if self.signed > 1:
            raise RuntimeError("the key store does not answer")
        return self.inner.sign(data, signature_algorithm)

    def exchange(self, algorithm: Any, peer_public_key: Any) -> bytes:
        raise NotImplementedError

    def private_numbers(self) -> Any:
        raise NotImplementedError

    def private_bytes(self, encoding: Any, format: Any, encryption_algorithm: Any) -> bytes:
        raise NotImplementedError

    def __copy__(self) -> BrokenKey:
        return self

    def __deepcopy__(self, memo: Any) -> BrokenKey:
        return self


def test_a_key_that_fails_to_sign_denies_the_request() -> None:
    """When signing fails the row is Denied and the answer ERROR; submit does not raise."""
    with kit.authority(key=BrokenKey()) as ca:
        outcome = ca.submit(kit.csr())
        assert outcome.disposition == Client.ERROR
        assert row(ca).disposition == RowState.DENIED


# --- columns -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "extension", "template"),
    [
        ("CertificateTemplate:WebServer", None, "WebServer"),
        ("certificate-template: Web Server ", None, "Web Server"),
        ("", ("1.3.6.1.4.1.311.20.2", der.bmp("User")), "User"),
        ("", ("1.3.6.1.4.1.311.20.2", der.der(0x0C, "Größe".encode())), "Größe"),
        (
            "",
            (
                "1.3.6.1.4.1.311.21.7",
                der.seq(der.oid("1.3.6.1.4.1.311.21.8.1.2"), der.integer(100)),
            ),
            "1.3.6.1.4.1.311.21.8.1.2",
        ),
        ("CertificateTemplate:One", ("1.3.6.1.4.1.311.20.2", der.bmp("Two")), "One"),
        ("CertificateTemplate:" + "x" * 300, None, "x" * 254),
        ("", ("1.3.6.1.4.1.311.21.7", b"junk"), None),
        ("", ("1.3.6.1.4.1.311.21.7", der.seq()), None),
        ("", ("1.3.6.1.4.1.311.20.2", b"junk"), None),
        ("", ("1.3.6.1.4.1.311.20.2", der.integer(5)), None),
    ],
)
def test_certificate_template_column(
    attributes: str, extension: tuple[str, bytes] | None, template: str | None
) -> None:
    """The template is named by attribute, else by either extension; junk names none."""
    asked = []
    if extension is not None:
        oid, value = extension
        asked.append(x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value))
    found = kit.in_notify(
        lambda s: kit.attempt(s.GetCertificateProperty, "CertificateTemplate", kit.STRING),
        kit.csr(kit.WWW, *asked),
        attributes=attributes,
    )
    assert found == (kit.code(kit.PROPERTY_EMPTY) if template is None else template)


def test_every_request_has_its_own_row() -> None:
    """Rows keep requester, caller, times, attributes and extensions of their own request."""
    sources = certsim.Sources.seeded(1)
    with kit.authority(sources=sources) as ca:
        ca.submit(kit.csr(), attributes="A:1", requester=r"LAB\one")
        sources.clock.advance(timedelta(minutes=5))
        ca.submit(kit.csr(kind="RSA"), attributes="B:2", requester=r"LAB\two")
        first, second = row(ca, 1), row(ca, 2)
    for found, name, minutes in ((first, "one", 0), (second, "two", 5)):
        moment = NOW + timedelta(minutes=minutes)
        assert found.columns["Request.RequesterName"] == rf"LAB\{name}"
        assert found.columns["Request.CallerName"] == rf"LAB\{name}"
        assert found.columns["Request.SubmittedWhen"] == moment
        assert found.columns["Request.ResolvedWhen"] == moment
    assert [item.name for item in first.attributes + second.attributes] == ["A", "B"]
    assert {item.name for item in first.extensions} >= {"2.5.29.14", "2.5.29.35", "2.5.29.31"}


def test_a_renewal_remembers_who_asked_first() -> None:
    """RequesterNameFromOldCertificate is the requester of the certificate that is renewed."""
    told: list[object] = []

    def decide(server: Any, _context: int) -> int:
        told.append(
            kit.attempt(server.GetRequestProperty, "RequesterNameFromOldCertificate", kit.STRING)
        )
        return kit.ISSUE

    with kit.authority(policy=decide) as ca:
        old = ca.submit(kit.csr(), requester=r"LAB\first").certificate
        assert old is not None
        encoded = old.public_bytes(Encoding.DER)
        renewal = der.attribute("1.3.6.1.4.1.311.13.1", encoded)
        inner = der.pkcs10(kit.key("P-384"), renewal)
        who = der.by_issuer(old)
        message = der.message(
            inner,
            [der.signer(kit.key(), who, inner, der.DATA)],
            [encoded],
        )
        outcome = ca.submit(message, requester=r"LAB\second")
        assert outcome.disposition == Client.ISSUED, str(outcome)
        assert row(ca, 2).columns["Request.RequestType"] == 0x40300
        assert row(ca, 2).columns["Request.RequestFlags"] == 6  # forced UTF-8, renewal
    assert told == [kit.code(kit.PROPERTY_EMPTY), r"LAB\first"]


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
        assert (outcome.disposition, outcome.status) == (Client.ERROR, signed(kit.E_INVALIDARG))
        assert row(ca).columns["Request.RequesterName"] == "x" * 2048


@pytest.mark.parametrize("requester", [None, 5, b"LAB\\user"])
def test_a_requester_is_text(requester: Any) -> None:
    """A requester of another kind is E_INVALIDARG and makes no row."""
    with kit.authority() as ca:
        with kit.refused(kit.E_INVALIDARG):
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
            with kit.refused(kit.E_INVALIDARG):
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
            with kit.refused(kit.E_INVALIDARG):
                ca.submit(request_)
        else:
            assert ca.submit(request_).request_id == 1
        assert len(kit.shelf(ca)) == (0 if raises else 1)


# --- the other verbs -----------------------------------------------------------------------------


def test_resubmit_outcomes() -> None:
    """Unknown is INCOMPLETE, a wrong state ERROR, neither raises; a pending one is issued."""
    with kit.authority(policy=kit.always(kit.PEND)) as ca:
        unknown = ca.resubmit(7)
        assert (unknown.disposition, unknown.status) == (0, signed(kit.PROPERTY_EMPTY))
        ca.submit(kit.csr())
        issued = ca.resubmit(1, officer=r"LAB\boss")
        assert issued.disposition == Client.ISSUED
        assert issued.message == r"Issued  Resubmitted by LAB\boss"
        before = kit.shelf(ca)
        wrong = ca.resubmit(1)
        assert (wrong.disposition, wrong.status) == (1, signed(kit.BAD_REQUESTSTATUS))
        assert kit.shelf(ca) == before


def test_deny_outcomes() -> None:
    """Deny refuses a pending request in the officer's name, and nothing else."""
    with kit.authority(policy=kit.always(kit.PEND)) as ca:
        with kit.refused(kit.PROPERTY_EMPTY):
            ca.deny(1)
        ca.submit(kit.csr())
        ca.deny(1, officer=r"LAB\boss")
        found = ca.retrieve(1)
        assert (found.disposition, found.status) == (Client.DENIED, signed(kit.ADMIN_DENIED))
        assert found.message == r"Denied by LAB\boss"
        with kit.refused(kit.BAD_REQUESTSTATUS):
            ca.deny(1)


def test_retrieve_outcomes() -> None:
    """By id or by serial number, exactly one of them; the serial's letters are compared as text."""
    with kit.authority() as ca:
        issued = ca.submit(kit.csr())
        assert issued.serial_number is not None
        assert ca.retrieve(1) == issued
        assert ca.retrieve(serial_number=issued.serial_number) == issued
        for arguments in ({}, {"request_id": 1, "serial_number": issued.serial_number}):
            with kit.refused(kit.E_INVALIDARG):
                ca.retrieve(**arguments)  # type: ignore[arg-type]
        upper = issued.serial_number.upper()
        assert upper != issued.serial_number
        for unknown in ({"request_id": 2}, {"serial_number": upper}, {"serial_number": ""}):
            with kit.refused(kit.PROPERTY_EMPTY):
                ca.retrieve(**unknown)


@pytest.mark.parametrize("bad", [None, "1", 1.0, True, -1, 0, 2**40])
def test_ids_that_are_none(bad: Any) -> None:
    """What is no id is refused by every verb that wants one, with nothing changed."""
    known = kit.PROPERTY_EMPTY if isinstance(bad, int) and bad is not True else kit.E_INVALIDARG
    with kit.authority(policy=kit.always(kit.PEND)) as ca:
        ca.submit(kit.csr())
        before = kit.shelf(ca)
        with kit.refused(known):
            ca.deny(bad)
        with kit.refused(known):
            ca.set_request_attributes(bad, "A:1")
        with kit.refused(known):
            ca.set_certificate_extension(bad, "1.2.3", b"\x05\x00")
        if known == kit.PROPERTY_EMPTY:
            assert ca.resubmit(bad).status == signed(known)
        else:
            with kit.refused(known):
                ca.resubmit(bad)
        assert kit.shelf(ca) == before


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (b"\x05\x00", b"\x05\x00"),
        ("text", b"\x16\x04text"),
        (5, b"\x02\x01\x05"),
        (datetime(2026, 7, 1, tzinfo=UTC), b"\x17\x0d260701000000Z"),
    ],
)
@pytest.mark.parametrize("critical", [False, True])
@pytest.mark.parametrize("disabled", [False, True])
def test_an_officers_extension_is_issued(
    value: Any,
    encoded: bytes,
    critical: bool,
    disabled: bool,
) -> None:
    """The Python type says what a value becomes; flags are kept, origin is ADMIN."""
    oid = "1.3.6.1.4.1.99999.3"
    with kit.authority(policy=kit.always(kit.PEND)) as ca:
        ca.submit(kit.csr())
        ca.set_certificate_extension(1, oid, value, critical=critical, disabled=disabled)
        stored = next(item for item in row(ca).extensions if item.name == oid)
        assert stored.value == encoded
        assert stored.flags == 0x30000 | critical | 2 * disabled
        issued = ca.resubmit(1).certificate
    assert issued is not None
    found = [item for item in issued.extensions if item.oid.dotted_string == oid]
    assert [(item.value.public_bytes(), item.critical) for item in found] == (
        [] if disabled else [(encoded, critical)]
    )


def test_an_officers_extension_stands_in_place_of_the_cas_own() -> None:
    """A CDP an officer has set is not replaced when the request is resubmitted."""
    with kit.authority(policy=kit.always(kit.PEND)) as ca:
        ca.submit(kit.csr())
        ca.set_certificate_extension(1, "2.5.29.31", b"\x30\x00", disabled=True)
        issued = ca.resubmit(1).certificate
    assert issued is not None
    assert "2.5.29.31" not in {item.oid.dotted_string for item in issued.extensions}


@pytest.mark.parametrize(
    ("oid", "value", "code"),
    [
        ("x", b"a", kit.E_INVALIDARG),
        ("1.3.6.1.4.1.311.99.1234567890123", b"a", kit.E_INVALIDARG),
        ("1.2.3", b"", kit.E_INVALIDARG),
        ("1.2.3", bytes(4097), kit.E_INVALIDARG),
        ("1.2.3", None, kit.E_INVALIDARG),
        ("1.2.3", 1.5, kit.E_INVALIDARG),
        ("1.2.3", "größe", kit.INVALID_IA5),
        ("1.2.3", datetime(2026, 1, 1), kit.E_INVALIDARG),  # noqa: DTZ001
    ],
)
def test_an_officers_extension_that_cannot_be(oid: str, value: Any, code: int) -> None:
    """Bad OIDs and values are refused, and the row stays as it was."""
    with kit.authority(policy=kit.always(kit.PEND)) as ca:
        ca.submit(kit.csr())
        before = kit.shelf(ca)
        with kit.refused(code):
            ca.set_certificate_extension(1, oid, value)
        assert kit.shelf(ca) == before


def test_setters_want_a_pending_row() -> None:
    """Attributes and extensions can be set while a request is pending, and not afterwards."""
    with kit.authority() as ca:
        for code in (kit.PROPERTY_EMPTY, kit.BAD_REQUESTSTATUS):
            with kit.refused(code):
                ca.set_request_attributes(1, "A:1")
            with kit.refused(code):
                ca.set_certificate_extension(1, "1.2.3", b"\x05\x00")
            ca.submit(kit.csr())


def test_every_verb_wants_a_running_ca() -> None:
    """On a stopped CA every verb is RPC_S_SERVER_UNAVAILABLE; reading goes on."""
    ca = kit.authority()
    for call in (
        lambda: ca.submit(kit.csr()),
        lambda: ca.retrieve(1),
        lambda: ca.resubmit(1),
        lambda: ca.deny(1),
        lambda: ca.set_request_attributes(1, "A:1"),
        lambda: ca.set_certificate_extension(1, "1.2.3", b"\x05\x00"),
    ):
        with kit.refused(kit.SERVER_UNAVAILABLE):
            call()
    assert ca.get_config(r"ca\ValidityPeriodUnits") == 1
    assert ca.certificate.subject == kit.name((NameOID.COMMON_NAME, "Lab CA"))
    assert ca.event_log == ()


def test_outcomes_print_on_one_line() -> None:
    """`str` of an outcome names the request, what happened, and why."""
    with kit.authority(policy=refuse(0x80070005)) as ca:
        text = str(ca.submit(kit.csr()))
    assert text.isprintable()
    for piece in ("1", "DENIED", "0x80070005", "E_ACCESSDENIED", "not today"):
        assert piece in text
