"""Renewals from end to end: what the row tells of the old certificate, and which ones are refused.

Old certificates come from a running CA, or are put together byte by byte and signed with the CA's
own key, so that nothing but the one oddity of each can be the reason for a refusal.
Source: MS-WCCE 2.2.2.7.3, 3.2.1.4.2.1.4.2 (renewals); RFC 5280 4.1 (certificates); winerror.h
(codes); docs/rulings.md (Kinds and signatures).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

import certsim
from tests.codes import (
    CERT_E_EXPIRED,
    CERT_E_ISSUERCHAINING,
    CERTSRV_E_PROPERTY_EMPTY,
    CRYPT_E_ASN1_CORRUPT,
    FAILED,
    ISSUE,
    ON_DENIED,
    PEND,
    SAYS_ERROR,
    SAYS_ISSUED,
)
from tests.engine import der_builder as der
from tests.engine import values_kit as kit

RENEWAL = "1.3.6.1.4.1.311.13.1"

FORCE_UTF8, RENEWED = 4, 2


VERIFYING = "Error Verifying Request Signature or Signing Certificate"
EMPTY = kit.code(CERTSRV_E_PROPERTY_EMPTY)

CA_KEY = ec.derive_private_key(0xCA11AB1E, ec.SECP256R1())
STRANGER = ec.derive_private_key(0xDECAF, ec.SECP256R1())
ECDSA_SHA256, RSA_SHA256 = der.seq(der.oid(der.ECDSA_SHA256)), der.seq(der.oid(der.RSA_SHA256))
ECDSA_WITH_NULL = der.seq(der.oid(der.ECDSA_SHA256), b"\x05\x00")
UNKNOWN_SCHEME = der.seq(der.oid("1.3.6.1.4.1.99999.1"))


def renewal(old: bytes, *, cmc: bool = False) -> bytes:
    """Return a message that renews *old*, whose key is the P-256 key, with the P-384 key."""
    content = der.pkcs10(kit.key("P-384"), der.attribute(RENEWAL, old))
    kind = der.PKI_DATA if cmc else der.DATA
    content = der.pki_data([der.tagged_request(content)]) if cmc else content
    # By key identifier, so that the certificate itself may be as broken as a test wants it.
    who = der.by_identifier(der.identifier(kit.key()))
    return der.message(content, [der.signer(kit.key(), who, content, kind)], [old], kind)


def encoded(certificate: x509.Certificate | None) -> bytes:
    """Return the DER of a certificate that has to be there."""
    assert certificate is not None
    return certificate.public_bytes(Encoding.DER)


def utc_time(text: str) -> bytes:
    """Return a UTCTime of these very characters."""
    return der.der(0x17, text.encode())


def certificate(
    *,
    version: int = 2,
    algorithm: bytes = ECDSA_SHA256,
    outer: bytes | None = None,
    begins: bytes = utc_time("260101000000Z"),
    ends: bytes = utc_time("300101000000Z"),
    issuer: str = "Lab CA",
    signed_by: der.Key = CA_KEY,
    serial: int = 0x1234_5678,
) -> bytes:
    """Return a certificate for the P-256 key, right in everything the arguments leave alone."""
    body = der.seq(
        der.der(0xA0, der.integer(version)),
        der.integer(serial),
        algorithm,
        der.name(issuer).public_bytes(),
        der.seq(begins, ends),
        der.name("old").public_bytes(),
        kit.spki(),
    )
    return der.seq(body, outer or algorithm, der.bits(der.sign(signed_by, body)))


def look(server: Any) -> dict[str, object]:
    """Return what an exit module reads of a renewal."""
    kinds = {
        "Disposition": kit.LONG,
        "StatusCode": kit.LONG,
        "DispositionMessage": kit.STRING,
        "RequestFlags": kit.LONG,
        "RawOldCertificate": kit.BINARY,
        "RequesterNameFromOldCertificate": kit.STRING,
    }
    return {
        name: kit.attempt(server.GetRequestProperty, name, kind) for name, kind in kinds.items()
    }


def check_refused(ca: certsim.CertificationAuthority, old: bytes, code: int) -> None:
    """Check that a renewal of *old* ends in a Failed row with *code* and at the right stage."""
    outcome = ca.submit(renewal(old))
    answer = (outcome.disposition, kit.code(outcome.status & 0xFFFFFFFF), outcome.certificate)
    assert answer == (SAYS_ERROR, kit.code(code), None)
    assert outcome.message.startswith(f"{VERIFYING}  ")
    columns: Any = kit.shelf(ca)[-1].columns  # type: ignore[attr-defined]
    assert columns["Request.Disposition"] == FAILED
    assert columns["Request.StatusCode"] & 0xFFFFFFFF == code
    assert columns["Request.DispositionMessage"] == outcome.message


# --- what becomes of a good one ------------------------------------------------------------------


@pytest.mark.parametrize("cmc", [False, True], ids=["PKCS #7", "CMC"])
def test_renewal_of_an_own_certificate_is_issued_and_told_of(cmc: bool) -> None:
    """The row has the flag, the old certificate and who had asked for that; a new request none."""
    probe = kit.Probe(look)
    with kit.authority(probe) as ca:
        old = encoded(ca.submit(kit.csr(), requester=r"LAB\first").certificate)
        outcome = ca.submit(renewal(old, cmc=cmc), requester=r"LAB\second")
    assert outcome.disposition == SAYS_ISSUED, str(outcome)
    assert outcome.certificate is not None
    assert outcome.certificate.public_key() == kit.key("P-384").public_key()
    assert not probe.errors
    first, second = probe.seen
    assert first["RequestFlags"] == FORCE_UTF8
    assert (first["RawOldCertificate"], first["RequesterNameFromOldCertificate"]) == (EMPTY, EMPTY)
    assert second["RequestFlags"] == FORCE_UTF8 | RENEWED
    assert second["RawOldCertificate"] == old
    assert second["RequesterNameFromOldCertificate"] == r"LAB\first"


def test_renewal_tells_its_old_certificate_while_policy_decides_and_when_it_pends() -> None:
    """Policy and the exit modules of a pending renewal read the same three values."""
    seen: list[dict[str, object]] = []
    probe = kit.Probe(look)

    def decide(server: Any, _context: int) -> int:
        seen.append(look(server))
        return ISSUE if len(seen) == 1 else PEND

    with kit.authority(probe, policy=decide) as ca:
        old = encoded(ca.submit(kit.csr(), requester=r"LAB\first").certificate)
        ca.submit(renewal(old))
    expected = {
        "RequestFlags": 6,
        "RawOldCertificate": old,
        "RequesterNameFromOldCertificate": r"LAB\first",
    }
    for told in (seen[1], probe.seen[1]):
        assert {name: told[name] for name in expected} == expected


def test_old_requester_is_that_of_the_very_certificate() -> None:
    """Of several certificates for one key, the requester of the one that is renewed is told."""
    probe = kit.Probe(look)
    with kit.authority(probe) as ca:
        issued = [
            ca.submit(kit.csr(), requester=rf"LAB\{who}").certificate
            for who in ("first", "second", "third")
        ]
        assert ca.submit(renewal(encoded(issued[1]))).disposition == SAYS_ISSUED
    assert probe.seen[-1]["RequesterNameFromOldCertificate"] == r"LAB\second"


def test_own_certificate_without_a_row_can_be_renewed() -> None:
    """A certificate that the CA's key signed counts as its own, and nobody had asked for it."""
    probe = kit.Probe(look)
    with kit.authority(probe, key=CA_KEY) as ca:
        outcome = ca.submit(renewal(certificate()))
    assert outcome.disposition == SAYS_ISSUED, str(outcome)
    assert probe.first()["RawOldCertificate"] == certificate()
    assert probe.first()["RequesterNameFromOldCertificate"] == EMPTY


# --- expired ones --------------------------------------------------------------------------------


def test_renewal_of_an_expired_certificate_fails() -> None:
    """The last second of the old certificate still counts, the next one does not."""
    sources = certsim.Sources.seeded(1)
    with kit.authority(sources=sources) as ca:
        old = ca.submit(kit.csr()).certificate
        assert old is not None
        sources.clock.advance(old.not_valid_after_utc - sources.clock.now())
        assert ca.submit(renewal(encoded(old))).disposition == SAYS_ISSUED
        sources.clock.advance(timedelta(seconds=1))
        check_refused(ca, encoded(old), CERT_E_EXPIRED)


def test_refused_renewal_is_told_as_denied_with_its_code() -> None:
    """The exit module hears CERTDENIED and reads the Failed row with its status and message."""
    sources = certsim.Sources.seeded(1)
    probe = kit.Probe(look, mask=ON_DENIED)
    with kit.authority(probe, sources=sources) as ca:
        old = encoded(ca.submit(kit.csr()).certificate)
        sources.clock.advance(timedelta(days=800))
        outcome = ca.submit(renewal(old))
    told = probe.first()
    assert told["Disposition"] == FAILED
    assert told["StatusCode"] == CERT_E_EXPIRED - 0x1_0000_0000
    assert told["DispositionMessage"] == outcome.message
    assert outcome.message.startswith(VERIFYING)


# --- those of another CA -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Lab CA", "Other CA"])
def test_renewal_of_another_cas_certificate_fails(name: str) -> None:
    """A CA of another name, or of the same name with another key, is another CA."""
    sources = certsim.Sources.seeded(2)
    with certsim.CertificationAuthority(name, sources=sources) as other:
        foreign = encoded(other.submit(kit.csr()).certificate)
    with kit.authority() as ca:
        check_refused(ca, foreign, CERT_E_ISSUERCHAINING)


def test_self_signed_certificate_cannot_be_renewed() -> None:
    """Whoever writes the CA's name into a certificate of its own has not got one from the CA."""
    forged = certificate(signed_by=kit.key())
    with kit.authority(key=CA_KEY) as ca:
        check_refused(ca, forged, CERT_E_ISSUERCHAINING)


@pytest.mark.parametrize(
    "forged",
    [
        certificate(algorithm=RSA_SHA256),
        certificate(algorithm=UNKNOWN_SCHEME),
        certificate(algorithm=der.seq(der.oid(der.ED25519))),
        certificate(outer=RSA_SHA256),
    ],
    ids=["RSA", "unknown", "Ed25519", "two algorithms"],
)
def test_signature_that_the_cas_key_cannot_have_made_fails(forged: bytes) -> None:
    """An algorithm that does not go with the CA's key is no proof of who issued."""
    with kit.authority(key=CA_KEY) as ca:
        outcome = ca.submit(renewal(forged))
        assert outcome.disposition == SAYS_ERROR
        assert outcome.status & 0xFFFFFFFF in (CERT_E_ISSUERCHAINING, CRYPT_E_ASN1_CORRUPT)
        assert outcome.message.startswith(VERIFYING)


# --- damaged ones --------------------------------------------------------------------------------


DAMAGED: dict[str, bytes] = {
    "version 9": certificate(version=9),
    "negative version": certificate(version=-1),
    "bad month": certificate(ends=utc_time("309901000000Z")),
    "bad day": certificate(begins=utc_time("260230000000Z")),
    "no digits": certificate(ends=utc_time("not a time!!Z")),
    "no time at all": certificate(begins=der.integer(5)),
    "NULL parameters": certificate(algorithm=ECDSA_WITH_NULL),
}


@pytest.mark.parametrize("old", DAMAGED.values(), ids=DAMAGED)
def test_damaged_old_certificate_is_a_failed_row(old: bytes) -> None:
    """What cannot be read is CRYPT_E_ASN1_CORRUPT, though the CA's own key has signed it."""
    with kit.authority(key=CA_KEY) as ca:
        check_refused(ca, old, CRYPT_E_ASN1_CORRUPT)


def test_damaged_old_certificate_does_no_lasting_harm() -> None:
    """The next request, and the next renewal, are issued as if nothing had been."""
    with kit.authority(key=CA_KEY) as ca:
        for old in DAMAGED.values():
            ca.submit(renewal(old))
        assert ca.submit(kit.csr()).disposition == SAYS_ISSUED
        assert ca.submit(renewal(certificate())).disposition == SAYS_ISSUED
        assert not ca.event_log


@pytest.mark.parametrize("serial", [0, -5])
@pytest.mark.parametrize("action", ["error", "ignore"])
def test_serial_number_that_is_only_warned_of_never_raises(action: str, serial: int) -> None:
    """RFC 5280 wants a positive one; whether a warning counts as an error is the user's choice."""
    probe = kit.Probe(look, mask=0x3F)
    with kit.authority(probe, key=CA_KEY) as ca, warnings.catch_warnings():
        warnings.simplefilter(action)  # type: ignore[arg-type]
        if action == "error":
            check_refused(ca, certificate(serial=serial), CRYPT_E_ASN1_CORRUPT)
        else:
            assert ca.submit(renewal(certificate(serial=serial))).disposition in (
                SAYS_ERROR,
                SAYS_ISSUED,
            )
    assert probe.first()["RequesterNameFromOldCertificate"] == EMPTY


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_old_certificate_with_any_bytes_changed_never_raises(data: st.DataObject) -> None:
    """Whatever stands in the old certificate, the client gets an answer and the CA a row."""
    old = bytearray(certificate())
    places: Sequence[int] = data.draw(
        st.lists(st.integers(0, len(old) - 1), min_size=1, max_size=3, unique=True)
    )
    for place in places:
        old[place] ^= data.draw(st.integers(1, 255))
    with kit.authority(key=CA_KEY) as ca:
        outcome = ca.submit(renewal(bytes(old)))
        assert outcome.request_id == 1
        assert outcome.disposition == SAYS_ERROR  # one bit is enough to break the CA's signature
        assert len(kit.shelf(ca)) == 1


@pytest.mark.parametrize("year", [1950, 2050, 9999])
def test_ends_far_away_are_compared_by_their_year(year: int) -> None:
    """UTCTime stops at 2049; an old certificate with a GeneralizedTime is compared like any."""
    moment = datetime(year, 6, 1, tzinfo=UTC)
    if year < 2050:
        ends = utc_time(moment.strftime("%y%m%d%H%M%SZ"))
    else:
        ends = der.der(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode())
    old = certificate(begins=utc_time("500101000000Z"), ends=ends)
    with kit.authority(key=CA_KEY) as ca:
        if year == 1950:
            check_refused(ca, old, CERT_E_EXPIRED)
        else:
            assert ca.submit(renewal(old)).disposition == SAYS_ISSUED
