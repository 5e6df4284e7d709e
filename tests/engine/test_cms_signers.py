"""Who signed a CMS message: how signers are found, when signatures hold, and what null ones prove.

Source: RFC 5652 5.3, 5.4; RFC 5272; docs/rulings.md (Kinds and signatures).
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography import x509

from certsim._engine import cms, requests
from certsim._engine.submission import RequestError
from tests.codes import (
    CRYPT_E_ASN1_CORRUPT,
    CRYPT_E_NO_SIGNER,
    NTE_BAD_ALGID,
    NTE_BAD_KEY,
    NTE_BAD_SIGNATURE,
    TRUST_E_NO_SIGNER_CERT,
)
from tests.engine import der_builder as der
from tests.engine.cms_kit import (
    KEY_IDENTIFIER,
    PARSING,
    PKCS7,
    VERIFYING,
    certificate,
    encoded,
    key,
    refusal,
    signed_by,
    signed_by_itself,
    wish,
)

# Who signed


@pytest.mark.parametrize("kind", ["RSA", "EC", "Ed25519"])
@pytest.mark.parametrize("digest", [der.SHA1, der.SHA256, der.SHA384, der.SHA512])
@pytest.mark.parametrize("attributes", [True, False], ids=["attributes", "bare"])
def test_each_key_and_digest_can_sign(kind: str, digest: str, attributes: bool) -> None:
    """Each kind of key signs with each digest when the algorithm names the key alone."""
    content, role = der.pkcs10(key("inner")), f"{kind} signer"
    named = {"RSA": der.RSA, "EC": "1.2.840.10045.2.1", "Ed25519": der.ED25519}[kind]
    signed = der.signed_attributes(content, der.DATA, digest) if attributes else None
    what = content if signed is None else der.set_of(*signed)
    signature = der.sign(key(role), what, digest)
    signer = der.signer_info(der.by_issuer(certificate(role)), signature, named, signed, digest)
    message = der.message(content, [signer], [encoded(certificate(role))])
    assert cms.read(message).request_type == PKCS7


def test_digest_of_the_signature_algorithm_counts_for_the_signature() -> None:
    """The messageDigest may be SHA-512 while the signature is ECDSA with SHA-256."""
    content, role = der.pkcs10(key("inner")), "EC signer"
    signed = der.signed_attributes(content, der.DATA, der.SHA512)
    signature = der.sign(key(role), der.set_of(*signed), der.SHA256)
    who = der.by_issuer(certificate(role))
    signer = der.signer_info(who, signature, der.ECDSA_SHA256, signed, der.SHA512)
    assert cms.read(der.message(content, [signer], [encoded(certificate(role))])).subject.parts


@pytest.mark.parametrize(
    ("identified", "name"),
    [
        (True, lambda _: b"stated"),
        (True, lambda role: der.identifier(key(role))),
        (False, lambda role: der.identifier(key(role))),
    ],
    ids=["stated", "hash beside a stated one", "hash alone"],
)
def test_signer_is_found_by_key_identifier(identified: bool, name: Callable[[str], bytes]) -> None:
    """A certificate is found by the identifier it states and by the hash of its key."""
    content, role = der.pkcs10(key("inner")), "EC signer"
    signer = der.signer(key(role), der.by_identifier(name(role)), content, der.DATA)
    message = der.message(content, [signer], [encoded(certificate(role, identified=identified))])
    assert cms.read(message).request_type == PKCS7


def test_old_forms_of_certificate_are_read() -> None:
    """A certificate of version 1, and one with a unique identifier of its issuer, can sign."""
    content, role = der.pkcs10(key("inner")), "EC signer"
    issuer, algorithm = der.name("old form").public_bytes(), der.seq(der.oid(der.ECDSA_SHA256))
    time = der.der(0x17, b"260101000000Z")
    fields = (der.integer(7), algorithm, issuer, der.seq(time, time), issuer)
    public = der.public_key(key(role))
    first = der.seq(*fields, public)
    second = der.seq(der.der(0xA0, der.integer(2)), *fields, public, der.der(0x81, b"\0\1"))
    signer = der.signer(key(role), der.seq(issuer, der.integer(7)), content, der.DATA)
    for body in (first, second):
        one = der.seq(body, algorithm, der.bits(der.sign(key(role), body)))
        assert x509.load_der_x509_certificate(one).serial_number == 7
        assert cms.read(der.message(content, [signer], [one])).request_type == PKCS7


@pytest.mark.parametrize("kind", ["RSA", "EC", "Ed25519"])
def test_request_signed_by_the_key_inside_it_needs_no_certificate(kind: str) -> None:
    """The hash of the key in the request names that key as the signer."""
    role = f"{kind} own"
    assert cms.read(signed_by_itself(der.pkcs10(key(role)), role=role)).subject.parts


def test_key_inside_may_be_named_by_the_identifier_it_asks_for() -> None:
    """A subject key identifier among the wished-for extensions names the request's own key."""
    content = der.pkcs10(key("inner"), wish(KEY_IDENTIFIER, der.octets(b"my own name")))
    signer = der.signer(key("inner"), der.by_identifier(b"my own name"), content, der.DATA)
    assert cms.read(der.message(content, [signer])).subject.parts


def test_lookalike_certificate_does_not_hide_the_key_inside() -> None:
    """A stranger's certificate with the same identifier does not keep the own key from counting."""
    content = der.pkcs10(key("inner"), wish(KEY_IDENTIFIER, der.octets(b"stated")))
    signer = der.signer(key("inner"), der.by_identifier(b"stated"), content, der.DATA)
    assert cms.read(
        der.message(content, [signer], [encoded(certificate("stranger"))])
    ).subject.parts


def test_certificates_need_no_order_and_strange_choices_are_passed_over() -> None:
    """Certificates stand in any order, beside choices that are no certificates of keys."""
    content, role = der.pkcs10(key("inner")), "EC signer"
    signer = der.signer(key(role), der.by_issuer(certificate(role)), content, der.DATA)
    for bag in ([role, "stranger"], ["stranger", role]):
        certificates = [encoded(certificate(one)) for one in bag]
        other_format = der.der(0xA3, der.oid("1.2.3"), der.octets(b""))
        message = der.message(content, [signer], [*certificates, other_format])
        assert cms.read(message).request_type == PKCS7


def test_a_key_sent_for_archival_is_refused() -> None:
    """A CA without recovery agents fails such a request instead of throwing the key away."""
    content = der.pkcs10(key("inner"))
    signer = der.signer(key("EC signer"), der.by_identifier(b"\1" * 20), content, der.DATA)
    body = signer[2 + (signer[1] & 0x7F if signer[1] & 0x80 else 0) :]
    archived = der.attribute("1.3.6.1.4.1.311.21.13", der.octets(b"encrypted key"))
    message = der.message(content, [der.seq(body, der.der(0xA1, archived))])
    assert refusal(message) == (0x8009400A, "Error Archiving Private Key")


def test_unsigned_message_is_refused() -> None:
    """A message without signers has the documented code."""
    assert refusal(der.message(der.pkcs10(key("inner")), [])) == (CRYPT_E_NO_SIGNER, VERIFYING)


@pytest.mark.parametrize(
    "who",
    [der.by_identifier(b"nobody"), der.seq(der.name("nobody").public_bytes(), der.integer(1))],
    ids=["identifier", "issuer"],
)
def test_signer_without_certificate_is_refused(who: bytes) -> None:
    """A signer whom no certificate and no key of the message stands for is refused."""
    content = der.pkcs10(key("inner"))
    signer = der.signer(key("stranger"), who, content, der.DATA)
    message = der.message(content, [signer], [encoded(certificate("EC signer"))])
    assert refusal(message) == (TRUST_E_NO_SIGNER_CERT, VERIFYING)


def test_signature_of_another_key_is_refused() -> None:
    """A signature does not hold under a certificate of somebody else."""
    content, role = der.pkcs10(key("inner")), "EC signer"
    signer = der.signer(key("stranger"), der.by_issuer(certificate(role)), content, der.DATA)
    message = der.message(content, [signer], [encoded(certificate(role))])
    assert refusal(message) == (NTE_BAD_SIGNATURE, VERIFYING)


def test_one_bad_signature_among_good_ones_is_refused() -> None:
    """Every signature must hold, wherever the bad one stands."""
    content = der.pkcs10(key("inner"))
    own = der.by_identifier(der.identifier(key("inner")))
    good = der.signer(key("inner"), own, content, der.DATA)
    bad = der.signer(key("stranger"), own, content, der.DATA)
    assert refusal(der.message(content, [good, bad])) == (NTE_BAD_SIGNATURE, VERIFYING)


@pytest.mark.parametrize("kind", ["RSA signer", "Ed25519 signer"])
def test_algorithm_of_another_kind_of_key_is_refused(kind: str) -> None:
    """A good signature does not hold under the name of another kind of key."""
    content = der.pkcs10(key("inner"))
    signature = der.sign(key(kind), content)
    who = der.by_issuer(certificate(kind))
    signer = der.signer_info(who, signature, der.ECDSA_SHA256)
    message = der.message(content, [signer], [encoded(certificate(kind))])
    assert refusal(message) == (NTE_BAD_SIGNATURE, VERIFYING)


@pytest.mark.parametrize(
    "attributes",
    [
        [],
        der.signed_attributes(b"other content", der.DATA),
        der.signed_attributes(b"", der.DATA),
        [der.attribute("1.2.840.113549.1.9.3", der.oid(der.DATA))],
    ],
    ids=["none", "digest of something else", "digest of nothing", "no digest"],
)
def test_signed_attributes_must_be_those_of_the_content(attributes: list[bytes]) -> None:
    """A good signature over attributes that do not fit the content is worth nothing."""
    content, own = der.pkcs10(key("inner")), der.by_identifier(der.identifier(key("inner")))
    signature = der.sign(key("inner"), der.set_of(*attributes))
    signer = der.signer_info(own, signature, der.ECDSA_SHA256, attributes)
    assert refusal(der.message(content, [signer])) == (NTE_BAD_SIGNATURE, VERIFYING)


def test_signed_content_type_must_be_that_of_the_content() -> None:
    """Attributes that were signed for a CMC content do not fit a plain one."""
    content, own = der.pkcs10(key("inner")), der.by_identifier(der.identifier(key("inner")))
    signer = der.signer(key("inner"), own, content, der.PKI_DATA)
    assert refusal(der.message(content, [signer])) == (NTE_BAD_SIGNATURE, VERIFYING)


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [("1.2.3.4", der.SHA256), (der.ECDSA_SHA256, "1.2.840.113549.2.5")],
    ids=["scheme", "digest"],
)
def test_unknown_algorithm_is_refused(algorithm: str, digest: str) -> None:
    """A scheme or digest that nobody knows (MD5 is one) has a code of its own."""
    content, own = der.pkcs10(key("inner")), der.by_identifier(der.identifier(key("inner")))
    signature = der.sign(key("inner"), content)
    signer = der.signer_info(own, signature, algorithm, None, digest)
    assert refusal(der.message(content, [signer])) == (NTE_BAD_ALGID, VERIFYING)


def test_signer_key_that_cannot_be_used_is_refused() -> None:
    """A certificate whose key is no known kind of key cannot vouch for anything."""
    content, role = der.pkcs10(key("inner")), "EC signer"
    good = encoded(certificate(role))
    curve, unknown = der.oid("1.2.840.10045.3.1.7"), der.oid("1.2.840.10045.3.1.99")
    broken = good.replace(curve, unknown)
    signer = der.signer(key(role), der.by_issuer(certificate(role)), content, der.DATA)
    assert refusal(der.message(content, [signer], [broken])) == (NTE_BAD_KEY, VERIFYING)


def test_null_signature_around_a_request_proves_nothing_and_harms_nothing() -> None:
    """A signer without signature is let through once the PKCS #10 is signed by its own key."""
    content = der.pkcs10(key("inner"))
    signed = der.signed_attributes(content, der.DATA)
    digest = der.HASHERS[der.SHA256](der.set_of(*signed))
    who = der.by_identifier(b"nobody")
    signer = der.signer_info(who, digest, der.NO_SIGNATURE, signed)
    assert cms.read(der.message(content, [signer])).subject.parts
    wrong = der.signer_info(who, bytes(32), der.NO_SIGNATURE, signed)
    assert refusal(der.message(content, [wrong])) == (NTE_BAD_SIGNATURE, VERIFYING)


# PKCS #10 without a signature of its own


@pytest.mark.parametrize("digest", [der.SHA1, der.SHA256, der.SHA384, der.SHA512])
@pytest.mark.parametrize("content_type", [der.DATA, der.PKI_DATA])
@pytest.mark.parametrize("named", [True, False], ids=["digest's name", "id-alg-noSignature"])
def test_null_signature_inside_is_taken_when_the_key_signed_outside(
    digest: str, content_type: str, named: bool
) -> None:
    """The digest of the request stands for its signature under a message signed by its key."""
    algorithm = digest if named else der.NO_SIGNATURE
    request = der.null_signed(der.request_info(key("inner")), algorithm, digest)
    is_cmc = content_type == der.PKI_DATA
    content = der.pki_data([der.tagged_request(request)]) if is_cmc else request
    said = cms.read(signed_by_itself(content, content_type))
    assert said.public_key_info == der.public_key(key("inner"))


def test_null_signature_inside_needs_the_key_outside() -> None:
    """Somebody else's signature does not prove that the sender holds the key."""
    request = der.null_signed(der.request_info(key("inner")))
    assert refusal(signed_by("EC signer", request)) == (NTE_BAD_SIGNATURE, VERIFYING)


def test_null_signatures_inside_and_outside_prove_nothing() -> None:
    """Two digests do not make a proof."""
    request = der.null_signed(der.request_info(key("inner")))
    own = der.by_identifier(der.identifier(key("inner")))
    digest = der.HASHERS[der.SHA256](request)
    signer = der.signer_info(own, digest, der.NO_SIGNATURE)
    assert refusal(der.message(request, [signer])) == (NTE_BAD_SIGNATURE, VERIFYING)


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [(der.SHA256, bytes(32)), (der.NO_SIGNATURE, bytes(32)), (der.NO_SIGNATURE, b"short")],
)
def test_wrong_digest_inside_is_refused(algorithm: str, digest: bytes) -> None:
    """A null signature must be the digest of the request."""
    info = der.request_info(key("inner"))
    request = der.seq(info, der.seq(der.oid(algorithm)), der.bits(digest))
    assert refusal(signed_by_itself(request)) == (NTE_BAD_SIGNATURE, VERIFYING)


def test_null_signed_request_of_another_version_is_refused() -> None:
    """The version rule holds where no signature is checked."""
    request = der.null_signed(der.request_info(key("inner"), version=1))
    assert refusal(signed_by_itself(request)) == (CRYPT_E_ASN1_CORRUPT, PARSING)


def test_bare_null_signed_request_is_refused() -> None:
    """Outside a message a null signature counts for nothing."""
    with pytest.raises(RequestError) as caught:
        requests.read(der.null_signed(der.request_info(key("inner"))))
    assert caught.value.stage == VERIFYING
