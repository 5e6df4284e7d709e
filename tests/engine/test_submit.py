"""Submitting, end to end through the front door: outcomes, rows and messages.

Whatever happens is in the outcome, in the row and in the message alike.
Source: MS-WCCE 3.2.1.4.2.1; docs/rulings.md (Requests, Kinds and signatures, Verdicts).
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

import certsim
from tests.codes import (
    CERTSRV_E_ADMIN_DENIED_REQUEST,
    CERTSRV_E_BAD_REQUESTSTATUS,
    CERTSRV_E_BAD_REQUESTSUBJECT,
    CERTSRV_E_ENCODING_LENGTH,
    CERTSRV_E_PROPERTY_EMPTY,
    CRYPT_E_ASN1_BADTAG,
    CRYPT_E_ASN1_CORRUPT,
    CRYPT_E_ASN1_EOD,
    E_INVALIDARG,
    ISSUE,
    NTE_BAD_SIGNATURE,
    refused,
    signed,
)
from tests.engine import der_builder as der
from tests.engine import values_kit as kit
from tests.engine.submit_kit import DER, Client, RowState, refuse, row

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
PEM = kit.csr().public_bytes(Encoding.PEM)
PARSING = "Error Parsing Request"
VERIFYING = "Error Verifying Request Signature or Signing Certificate"
BUILDING = "Error Constructing or Publishing Certificate"


# --- dispositions, status, messages --------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "answer", "state", "status", "message", "later"),
    [
        (kit.always(1), Client.ISSUED, 20, 0, "Issued", Client.ISSUED),
        (kit.always(0), Client.UNDER_SUBMISSION, 9, 0, "Taken Under Submission", 5),
        (
            kit.always(2),
            Client.DENIED,
            31,
            CERTSRV_E_ADMIN_DENIED_REQUEST,
            "Denied by Policy Module",
            2,
        ),
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
        (b"", CRYPT_E_ASN1_EOD, PARSING),
        (None, CRYPT_E_ASN1_EOD, PARSING),
        (b"hello", CRYPT_E_ASN1_BADTAG, PARSING),
        ("no request at all", CRYPT_E_ASN1_BADTAG, PARSING),
        (DER[:-1], CRYPT_E_ASN1_EOD, PARSING),
        (DER + b"\x00", CRYPT_E_ASN1_CORRUPT, PARSING),
        (b"\x30\x00", CRYPT_E_ASN1_EOD, PARSING),
        (DER[:-1] + bytes([DER[-1] ^ 1]), NTE_BAD_SIGNATURE, VERIFYING),
        (b"\x02\x01\x05", CRYPT_E_ASN1_BADTAG, PARSING),
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
        assert ca.resubmit(1).status == signed(CERTSRV_E_BAD_REQUESTSTATUS)


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
        with refused(E_INVALIDARG):
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
        assert outcome.status == signed(CERTSRV_E_BAD_REQUESTSUBJECT)
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
        assert outcome.status == signed(CERTSRV_E_ENCODING_LENGTH)
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
    assert found == (kit.code(CERTSRV_E_PROPERTY_EMPTY) if template is None else template)


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
        return ISSUE

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
    assert told == [kit.code(CERTSRV_E_PROPERTY_EMPTY), r"LAB\first"]
