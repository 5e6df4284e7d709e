"""Requests in CMS messages: what they say, who signed them, what they renew, what is refused.

The messages come from the openssl program, from cryptography's PKCS #7 builder and from a DER
builder of the tests' own. HRESULTs and object identifiers are written out from the public sources
(winerror.h, RFC 5652, RFC 5272, MS-WCCE).
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from hypothesis import example, given
from hypothesis import strategies as st

from certsim._engine import cms, requests
from certsim._engine.submission import RequestError, Submission
from tests.engine import der_builder as der

PKCS7, CMC = 0x300, 0x400
BAD_SIGNATURE, BAD_KEY, BAD_ALGID = 0x80090006, 0x80090003, 0x80090008
INVALID_MSG_TYPE, NO_SIGNER, NO_SIGNER_CERT = 0x80091004, 0x8009200E, 0x80096002
ASN1_EOD, ASN1_CORRUPT, ASN1_BADTAG = 0x80093102, 0x80093103, 0x8009310B
INVALID_DATA, BAD_RENEWAL = 0x8007000D, 0x8009400E
PARSING = "Error Parsing Request"
VERIFYING = "Error Verifying Request Signature or Signing Certificate"

EXTENSIONS = "1.3.6.1.4.1.311.2.1.14"
NAME_VALUE = "1.3.6.1.4.1.311.13.2.1"
RENEWAL = "1.3.6.1.4.1.311.13.1"
REG_INFO = "1.3.6.1.5.5.7.7.18"
ADD_EXTENSIONS = "1.3.6.1.5.5.7.7.8"
ADD_ATTRIBUTES = "1.3.6.1.4.1.311.10.10.1"
TRANSACTION_ID = "1.3.6.1.5.5.7.7.5"
KEY_USAGE, KEY_IDENTIFIER = "2.5.29.15", "2.5.29.14"
DIGITAL_SIGNATURE, KEY_ENCIPHERMENT = b"\x03\x02\x07\x80", b"\x03\x02\x05\x20"
DISABLED_REQUEST, DISABLED_CMC = 0x10002, 0x80002

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the openssl program is not installed"
)


@cache
def key(kind: str) -> der.Key:
    """Return the one key of a kind and role, `EC signer` for instance; only RSA is random."""
    if kind.startswith("RSA"):
        return rsa.generate_private_key(65537, 2048)
    seed = hashlib.sha256(kind.encode()).digest()
    if kind.startswith("Ed25519"):
        return ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    return ec.derive_private_key(int.from_bytes(seed, "big") >> 1, ec.SECP256R1())


@cache
def certificate(kind: str, *, identified: bool = True) -> x509.Certificate:
    """Return the one self-signed certificate of the key of that kind and role."""
    holder = key(kind)
    builder = (
        x509.CertificateBuilder()
        .subject_name(der.name(kind))
        .issuer_name(der.name(kind))
        .serial_number(0x1234_5678_9ABC_DEF0_1234)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .public_key(holder.public_key())
    )
    if identified:
        builder = builder.add_extension(x509.SubjectKeyIdentifier(b"stated"), critical=False)
    algorithm = None if isinstance(holder, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(holder, algorithm)


def encoded(one: x509.Certificate) -> bytes:
    """Return the DER of a certificate."""
    return one.public_bytes(serialization.Encoding.DER)


def signed_by(role: str, content: bytes, content_type: str = der.DATA) -> bytes:
    """Return a message around *content*, signed with the certificate of *role*."""
    who = der.by_issuer(certificate(role))
    signer = der.signer(key(role), who, content, content_type)
    return der.message(content, [signer], [encoded(certificate(role))], content_type)


def signed_by_itself(content: bytes, content_type: str = der.DATA, role: str = "inner") -> bytes:
    """Return a message around *content*, signed by the key inside it and without certificates."""
    who = der.by_identifier(der.identifier(key(role)))
    return der.message(
        content, [der.signer(key(role), who, content, content_type)], (), content_type
    )


def cmc(*controls: bytes, request: bytes | None = None) -> bytes:
    """Return a CMC full request, signed by the key inside it."""
    request = der.pkcs10(key("inner")) if request is None else request
    content = der.pki_data([der.tagged_request(request)], controls)
    return signed_by_itself(content, der.PKI_DATA)


def refusal(data: bytes) -> tuple[int, str]:
    """Return the HRESULT (unsigned) and the stage with which *data* is refused."""
    with pytest.raises(RequestError) as caught:
        cms.read(data)
    return caught.value.hresult & 0xFFFFFFFF, caught.value.stage


def pair(name: str, value: str) -> bytes:
    """Return the request attribute that carries one name and value."""
    return der.attribute(NAME_VALUE, der.seq(der.bmp(name), der.bmp(value)))


def wish(name: str, value: bytes) -> bytes:
    """Return the request attribute that asks for one extension."""
    return der.attribute(EXTENSIONS, der.seq(der.extension(name, value)))


# Messages of independent makers


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a request, and for RSA and EC a key and a certificate."""
    folder = tmp_path_factory.mktemp("cms")
    (folder / "request.der").write_bytes(der.pkcs10(key("inner")))
    for kind in ("RSA signer", "EC signer"):
        stem = folder / kind.split()[0]
        stem.with_suffix(".key").write_bytes(
            key(kind).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        pem = certificate(kind).public_bytes(serialization.Encoding.PEM)
        stem.with_suffix(".pem").write_bytes(pem)
    return folder


def openssl(folder: Path, *arguments: str) -> bytes:
    """Run the openssl program in *folder* and return what it writes."""
    command = ["openssl", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout


@needs_openssl
@pytest.mark.parametrize("kind", ["RSA", "EC"])
@pytest.mark.parametrize(
    "options",
    [
        ["cms"],
        ["smime"],
        ["cms", "-keyid"],
        ["cms", "-noattr"],
        ["cms", "-nosmimecap"],
        ["cms", "-md", "sha1"],
        ["cms", "-md", "sha384"],
        ["cms", "-md", "sha512"],
    ],
    ids=" ".join,
)
def test_message_signed_by_openssl_is_read(workshop: Path, kind: str, options: list[str]) -> None:
    """A PKCS #7 message of the openssl program gives the PKCS #10 inside it."""
    program, *rest = options
    files = ["-in", "request.der", "-signer", f"{kind}.pem", "-inkey", f"{kind}.key"]
    shape = ["-sign", "-binary", "-nodetach", "-outform", "DER"]
    said = cms.read(openssl(workshop, program, *shape, *files, *rest))
    assert said.request_type == PKCS7
    assert [part.text for part in said.subject.parts] == ["inner"]
    assert said.public_key_info == der.public_key(key("inner"))
    assert said.old_certificate is None


@needs_openssl
@pytest.mark.parametrize("salt", ["digest", "max", "0"])
def test_rsa_pss_signature_of_openssl_holds(workshop: Path, salt: str) -> None:
    """RSASSA-PSS is checked, whatever the length of its salt."""
    files = ["-in", "request.der", "-signer", "RSA.pem", "-inkey", "RSA.key"]
    scheme = ["-keyopt", "rsa_padding_mode:pss", "-keyopt", f"rsa_pss_saltlen:{salt}"]
    shape = ["-sign", "-binary", "-nodetach", "-outform", "DER"]
    assert cms.read(openssl(workshop, "cms", *shape, *files, *scheme)).request_type == PKCS7


@needs_openssl
def test_two_signers_of_openssl_are_both_checked(workshop: Path) -> None:
    """A message with two signatures is read, and refused once the second is spoilt."""
    signers = [
        word
        for kind in ("RSA", "EC")
        for word in ("-signer", f"{kind}.pem", "-inkey", f"{kind}.key")
    ]
    shape = ["-sign", "-binary", "-nodetach", "-outform", "DER", "-in", "request.der"]
    message = openssl(workshop, "cms", *shape, *signers)
    assert cms.read(message).request_type == PKCS7
    assert refusal(message[:-1] + bytes((message[-1] ^ 1,))) == (BAD_SIGNATURE, VERIFYING)


@needs_openssl
def test_cmc_content_signed_by_openssl_is_read(workshop: Path) -> None:
    """Openssl's signature around a PKIData makes a CMC full request."""
    content = der.pki_data([der.tagged_request(der.pkcs10(key("inner")))])
    (workshop / "pkidata.der").write_bytes(content)
    files = ["-in", "pkidata.der", "-signer", "EC.pem", "-inkey", "EC.key"]
    shape = ["-sign", "-binary", "-nodetach", "-outform", "DER", "-econtent_type", der.PKI_DATA]
    assert cms.read(openssl(workshop, "cms", *shape, *files)).request_type == CMC


@pytest.mark.parametrize("kind", ["RSA signer", "EC signer"])
@pytest.mark.parametrize(
    "options",
    [[], [pkcs7.PKCS7Options.NoAttributes], [pkcs7.PKCS7Options.NoCapabilities]],
    ids=["attributes", "no attributes", "no capabilities"],
)
def test_message_of_the_pkcs7_builder_is_read(kind: str, options: list[pkcs7.PKCS7Options]) -> None:
    """A message of cryptography's own PKCS #7 builder gives the PKCS #10 inside it."""
    holder = key(kind)
    assert isinstance(holder, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    message = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(der.pkcs10(key("inner")))
        .add_signer(certificate(kind), holder, hashes.SHA256())
        .sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary, *options])
    )
    assert requests.read(message).public_key_info == der.public_key(key("inner"))


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
    assert refusal(der.message(der.pkcs10(key("inner")), [])) == (NO_SIGNER, VERIFYING)


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
    assert refusal(message) == (NO_SIGNER_CERT, VERIFYING)


def test_signature_of_another_key_is_refused() -> None:
    """A signature does not hold under a certificate of somebody else."""
    content, role = der.pkcs10(key("inner")), "EC signer"
    signer = der.signer(key("stranger"), der.by_issuer(certificate(role)), content, der.DATA)
    message = der.message(content, [signer], [encoded(certificate(role))])
    assert refusal(message) == (BAD_SIGNATURE, VERIFYING)


def test_one_bad_signature_among_good_ones_is_refused() -> None:
    """Every signature must hold, wherever the bad one stands."""
    content = der.pkcs10(key("inner"))
    own = der.by_identifier(der.identifier(key("inner")))
    good = der.signer(key("inner"), own, content, der.DATA)
    bad = der.signer(key("stranger"), own, content, der.DATA)
    assert refusal(der.message(content, [good, bad])) == (BAD_SIGNATURE, VERIFYING)


@pytest.mark.parametrize("kind", ["RSA signer", "Ed25519 signer"])
def test_algorithm_of_another_kind_of_key_is_refused(kind: str) -> None:
    """A good signature does not hold under the name of another kind of key."""
    content = der.pkcs10(key("inner"))
    signature = der.sign(key(kind), content)
    who = der.by_issuer(certificate(kind))
    signer = der.signer_info(who, signature, der.ECDSA_SHA256)
    message = der.message(content, [signer], [encoded(certificate(kind))])
    assert refusal(message) == (BAD_SIGNATURE, VERIFYING)


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
    assert refusal(der.message(content, [signer])) == (BAD_SIGNATURE, VERIFYING)


def test_signed_content_type_must_be_that_of_the_content() -> None:
    """Attributes that were signed for a CMC content do not fit a plain one."""
    content, own = der.pkcs10(key("inner")), der.by_identifier(der.identifier(key("inner")))
    signer = der.signer(key("inner"), own, content, der.PKI_DATA)
    assert refusal(der.message(content, [signer])) == (BAD_SIGNATURE, VERIFYING)


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
    assert refusal(der.message(content, [signer])) == (BAD_ALGID, VERIFYING)


def test_signer_key_that_cannot_be_used_is_refused() -> None:
    """A certificate whose key is no known kind of key cannot vouch for anything."""
    content, role = der.pkcs10(key("inner")), "EC signer"
    good = encoded(certificate(role))
    curve, unknown = der.oid("1.2.840.10045.3.1.7"), der.oid("1.2.840.10045.3.1.99")
    broken = good.replace(curve, unknown)
    signer = der.signer(key(role), der.by_issuer(certificate(role)), content, der.DATA)
    assert refusal(der.message(content, [signer], [broken])) == (BAD_KEY, VERIFYING)


def test_null_signature_around_a_request_proves_nothing_and_harms_nothing() -> None:
    """A signer without signature is let through once the PKCS #10 is signed by its own key."""
    content = der.pkcs10(key("inner"))
    signed = der.signed_attributes(content, der.DATA)
    digest = der.HASHERS[der.SHA256](der.set_of(*signed))
    who = der.by_identifier(b"nobody")
    signer = der.signer_info(who, digest, der.NO_SIGNATURE, signed)
    assert cms.read(der.message(content, [signer])).subject.parts
    wrong = der.signer_info(who, bytes(32), der.NO_SIGNATURE, signed)
    assert refusal(der.message(content, [wrong])) == (BAD_SIGNATURE, VERIFYING)


# What is inside


def test_message_of_another_type_is_refused() -> None:
    """Data, enveloped data and the like are no requests."""
    for kind in (der.DATA, "1.2.840.113549.1.7.3", "1.2.3"):
        message = der.message(der.pkcs10(key("inner")), [], outer_type=kind)
        assert refusal(message) == (INVALID_MSG_TYPE, PARSING)


def test_content_of_another_type_is_refused() -> None:
    """A signed message about something else, a CMC response say, is no request."""
    message = signed_by("EC signer", der.pkcs10(key("inner")), "1.3.6.1.5.5.7.12.3")
    assert refusal(message) == (INVALID_MSG_TYPE, PARSING)


@pytest.mark.parametrize("content", [b"", b"text", der.seq(), der.seq(der.integer(0))])
def test_content_that_is_no_pkcs10_is_refused(content: bytes) -> None:
    """Plain content other than a PKCS #10 has the documented code."""
    assert refusal(signed_by("EC signer", content)) == (INVALID_DATA, PARSING)


def test_detached_signature_is_refused() -> None:
    """A signature without its content is damage."""
    whole = signed_by("EC signer", der.pkcs10(key("inner")))
    detached = der.seq(
        der.oid(der.SIGNED_DATA),
        der.der(
            0xA0,
            der.seq(der.integer(1), der.set_of(), der.seq(der.oid(der.DATA)), der.set_of()),
        ),
    )
    assert refusal(detached)[0] in (ASN1_EOD, ASN1_CORRUPT, ASN1_BADTAG)
    assert cms.read(whole).subject.parts


def test_signers_are_a_set() -> None:
    """Signers in a SEQUENCE are damage, even where they are good."""
    content, own = der.pkcs10(key("inner")), der.by_identifier(der.identifier(key("inner")))
    signer = der.signer(key("inner"), own, content, der.DATA)
    message = der.message(content, [signer])
    assert refusal(message.replace(der.set_of(signer), der.seq(signer))) == (ASN1_BADTAG, PARSING)


@pytest.mark.parametrize("nameless", ["digest", "scheme"])
def test_algorithm_without_a_name_is_damage(nameless: str) -> None:
    """An algorithm identifier has an object identifier."""
    content, own = der.pkcs10(key("inner")), der.by_identifier(der.identifier(key("inner")))
    digest = der.seq() if nameless == "digest" else der.seq(der.oid(der.SHA256))
    scheme = der.seq() if nameless == "scheme" else der.seq(der.oid(der.ECDSA_SHA256))
    signature = der.octets(der.sign(key("inner"), content))
    signer = der.seq(der.integer(3), own, digest, scheme, signature)
    assert refusal(der.message(content, [signer])) == (ASN1_CORRUPT, PARSING)


def test_inner_request_must_be_signed_by_its_own_key() -> None:
    """A good signature around it does not mend a bad one inside."""
    info = der.request_info(key("inner"))
    signature = der.bits(der.sign(key("stranger"), info))
    content = der.seq(info, der.seq(der.oid(der.ECDSA_SHA256)), signature)
    assert refusal(signed_by("EC signer", content)) == (BAD_SIGNATURE, VERIFYING)


def test_what_the_inner_request_says_is_kept() -> None:
    """Subject, attributes and extensions of the PKCS #10 arrive as those of a bare one would."""
    content = der.pkcs10(
        key("inner"), pair("Certificate-Template", "Web"), wish(KEY_USAGE, DIGITAL_SIGNATURE)
    )
    said = cms.read(signed_by("EC signer", content))
    assert said.raw_name == der.name("inner").public_bytes()
    assert said.attributes == (("CertificateTemplate", "Web"),)
    assert said.extensions == ((KEY_USAGE, DISABLED_REQUEST, DIGITAL_SIGNATURE),)


def test_plain_content_differs_from_a_bare_request_by_its_type_alone() -> None:
    """The message adds nothing to what the PKCS #10 inside it says."""
    content = der.pkcs10(key("inner"), pair("a", "b"))
    bare, wrapped = requests.read(content), requests.read(signed_by("EC signer", content))
    assert (bare.request_type, wrapped.request_type) == (0x100, PKCS7)
    assert (bare.raw_name, bare.attributes) == (wrapped.raw_name, wrapped.attributes)


def test_damaged_certificate_is_refused() -> None:
    """A certificate with too few fields is damage."""
    content = der.pkcs10(key("inner"))
    own = der.by_identifier(der.identifier(key("inner")))
    signer = der.signer(key("inner"), own, content, der.DATA)
    stump = der.seq(der.seq(der.integer(1)), der.seq(), der.bits(b""))
    assert refusal(der.message(content, [signer], [stump])) == (ASN1_CORRUPT, PARSING)


# CMC


def test_registration_info_gives_request_attributes() -> None:
    """Names lose blanks and minus signs, values are unescaped, a plus sign stays a plus sign."""
    text = (
        b"CertificateTemplate=Web&Reg-Info Name=%20CONTOSO%5Calice+b=c &"
        b"Umlaut=%C3%BC\xc3\xbc&&x&=y&"
    )
    said = cms.read(cmc(der.control(REG_INFO, der.octets(text))))
    assert said.request_type == CMC
    assert said.attributes == (
        ("CertificateTemplate", "Web"),
        ("RegInfoName", r"CONTOSO\alice+b=c"),
        ("Umlaut", "üü"),
    )


def test_registration_info_that_is_no_utf8_is_refused() -> None:
    """Bytes that are no UTF-8, escaped or not, are damage."""
    for text in (b"a=\xff", b"a=%ff", b"%ff=a"):
        assert refusal(cmc(der.control(REG_INFO, der.octets(text))))[0] == ASN1_CORRUPT


def test_later_attribute_replaces_an_earlier_one() -> None:
    """Of one name in the PKCS #10 and in a control, the control's value counts."""
    request = der.pkcs10(key("inner"), pair("Color", "red"), pair("Size", "big"))
    said = cms.read(cmc(der.control(REG_INFO, der.octets(b"COLOR=blue")), request=request))
    assert {name.lower(): value for name, value in said.attributes} == {
        "color": "blue",
        "size": "big",
    }


def added(what: bytes, data: int = 0, parts: tuple[int, ...] = (1,)) -> bytes:
    """Return the value of a control that adds *what* to the request with body part 1."""
    return der.seq(der.integer(data), der.seq(*map(der.integer, parts)), what)


def test_added_extensions_have_the_origin_cmc() -> None:
    """Extensions of the control arrive disabled, with origin CMC and their criticality."""
    wanted = der.seq(
        der.extension(KEY_USAGE, DIGITAL_SIGNATURE, critical=True),
        der.extension("1.2.3", b"\x05\x00"),
    )
    said = cms.read(cmc(der.control(ADD_EXTENSIONS, added(wanted))))
    assert said.extensions == (
        (KEY_USAGE, DISABLED_CMC | 1, DIGITAL_SIGNATURE),
        ("1.2.3", DISABLED_CMC, b"\x05\x00"),
    )


def test_added_extension_replaces_that_of_the_request() -> None:
    """Of one extension in the PKCS #10 and in a control, the control's is kept."""
    request = der.pkcs10(key("inner"), wish(KEY_USAGE, DIGITAL_SIGNATURE))
    control = der.control(
        ADD_EXTENSIONS, added(der.seq(der.extension(KEY_USAGE, KEY_ENCIPHERMENT)))
    )
    assert cms.read(cmc(control, request=request)).extensions == (
        (KEY_USAGE, DISABLED_CMC, KEY_ENCIPHERMENT),
    )


def test_added_attributes_are_read_like_those_of_a_request() -> None:
    """Microsoft's control adds name-value pairs and, inside an attribute, extensions."""
    wanted = der.set_of(pair("Color", "blue"), wish(KEY_USAGE, DIGITAL_SIGNATURE))
    said = cms.read(cmc(der.control(ADD_ATTRIBUTES, added(wanted))))
    assert said.attributes == (("Color", "blue"),)
    assert said.extensions == ((KEY_USAGE, DISABLED_CMC, DIGITAL_SIGNATURE),)


@pytest.mark.parametrize("kind", [ADD_EXTENSIONS, ADD_ATTRIBUTES])
@pytest.mark.parametrize(("data", "parts"), [(1, (1,)), (0, (2,)), (0, ()), (0, (1, 2))])
def test_control_for_another_request_is_refused(
    kind: str, data: int, parts: tuple[int, ...]
) -> None:
    """A control that points anywhere but at the request of this message is refused."""
    control = der.control(kind, added(der.seq(), data, parts))
    assert refusal(cmc(control)) == (INVALID_DATA, PARSING)


def test_unknown_control_is_passed_over() -> None:
    """A transaction id changes nothing."""
    said = cms.read(cmc(der.control(TRANSACTION_ID, der.integer(7))))
    assert (said.attributes, said.extensions) == ((), ())


def test_cmc_holds_exactly_one_pkcs10() -> None:
    """None, two, a CRMF request or garbage in its place have the documented code."""
    request = der.pkcs10(key("inner"))
    crmf = der.der(0xA1, der.seq())
    contents: tuple[list[bytes], ...] = (
        [],
        [der.tagged_request(request), der.tagged_request(request, 2)],
        [crmf],
        [der.tagged_request(der.seq())],
    )
    for one in contents:
        message = signed_by_itself(der.pki_data(one), der.PKI_DATA)
        assert refusal(message) == (INVALID_DATA, PARSING)


def test_broken_pkidata_is_damage() -> None:
    """A CMC content that does not decode has one of the decoder's codes."""
    assert refusal(signed_by_itself(der.seq(der.seq()), der.PKI_DATA))[0] == ASN1_EOD


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
    assert refusal(signed_by("EC signer", request)) == (BAD_SIGNATURE, VERIFYING)


def test_null_signatures_inside_and_outside_prove_nothing() -> None:
    """Two digests do not make a proof."""
    request = der.null_signed(der.request_info(key("inner")))
    own = der.by_identifier(der.identifier(key("inner")))
    digest = der.HASHERS[der.SHA256](request)
    signer = der.signer_info(own, digest, der.NO_SIGNATURE)
    assert refusal(der.message(request, [signer])) == (BAD_SIGNATURE, VERIFYING)


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [(der.SHA256, bytes(32)), (der.NO_SIGNATURE, bytes(32)), (der.NO_SIGNATURE, b"short")],
)
def test_wrong_digest_inside_is_refused(algorithm: str, digest: bytes) -> None:
    """A null signature must be the digest of the request."""
    info = der.request_info(key("inner"))
    request = der.seq(info, der.seq(der.oid(algorithm)), der.bits(digest))
    assert refusal(signed_by_itself(request)) == (BAD_SIGNATURE, VERIFYING)


def test_null_signed_request_of_another_version_is_refused() -> None:
    """The version rule holds where no signature is checked."""
    request = der.null_signed(der.request_info(key("inner"), version=1))
    assert refusal(signed_by_itself(request)) == (ASN1_CORRUPT, PARSING)


def test_bare_null_signed_request_is_refused() -> None:
    """Outside a message a null signature counts for nothing."""
    with pytest.raises(RequestError) as caught:
        requests.read(der.null_signed(der.request_info(key("inner"))))
    assert caught.value.stage == VERIFYING


# Renewal


def renewal(
    *values: bytes, signed: str = "old", bag: tuple[str, ...] = ("old",), null: bool = False
) -> bytes:
    """Return a renewal with the *values* as old certificates, signed by the role *signed*."""
    attribute = der.attribute(RENEWAL, *values)
    info = der.request_info(key("inner"), attribute)
    content = der.null_signed(info) if null else der.pkcs10(key("inner"), attribute)
    signer = der.signer(key(signed), der.by_issuer(certificate(signed)), content, der.DATA)
    return der.message(content, [signer], [encoded(certificate(one)) for one in bag])


@pytest.mark.parametrize("null", [False, True], ids=["signed inside", "null inside"])
def test_renewal_names_its_old_certificate(null: bool) -> None:
    """A request signed with the old key carries the old certificate along."""
    old = encoded(certificate("old"))
    said = cms.read(renewal(old, null=null))
    assert said.old_certificate == old
    assert said.public_key_info == der.public_key(key("inner"))


def test_cmc_renewal_has_two_signers() -> None:
    """A CMC renewal signed by the new and the old key is read, in any order of the certificates."""
    old = encoded(certificate("old"))
    request = der.pkcs10(key("inner"), der.attribute(RENEWAL, old))
    content = der.pki_data([der.tagged_request(request)])
    own = der.by_identifier(der.identifier(key("inner")))
    signers = [
        der.signer(key("inner"), own, content, der.PKI_DATA),
        der.signer(key("old"), der.by_issuer(certificate("old")), content, der.PKI_DATA),
    ]
    said = cms.read(der.message(content, signers, [old], der.PKI_DATA))
    assert (said.request_type, said.old_certificate) == (CMC, old)


def test_renewal_without_the_old_key_is_refused() -> None:
    """The owner of the new key alone cannot renew somebody's certificate."""
    message = renewal(encoded(certificate("old")), signed="stranger", bag=("old", "stranger"))
    assert refusal(message) == (BAD_SIGNATURE, VERIFYING)


def test_renewal_without_the_old_certificate_in_the_message_is_refused() -> None:
    """The attribute must name a certificate that the message carries."""
    old = encoded(certificate("old"))
    assert refusal(renewal(old, signed="stranger", bag=("stranger",)))[0] == BAD_RENEWAL
    assert refusal(renewal(old, bag=()))[0] == BAD_RENEWAL


@pytest.mark.parametrize("count", [0, 2])
def test_renewal_names_exactly_one_certificate(count: int) -> None:
    """An empty attribute, or two certificates in it, name no old certificate."""
    values = [encoded(certificate(one)) for one in ("old", "stranger")][:count]
    assert refusal(renewal(*values, bag=("old", "stranger")))[0] == BAD_RENEWAL


def test_bare_request_with_the_renewal_attribute_is_new() -> None:
    """Only a signed message can renew."""
    attribute = der.attribute(RENEWAL, encoded(certificate("old")))
    assert requests.read(der.pkcs10(key("inner"), attribute)).old_certificate is None


# Any bytes at all


@cache
def samples() -> tuple[tuple[bytes, Submission], ...]:
    """Return messages of every shape, each with what it says."""
    registration = der.control(REG_INFO, der.octets(b"a=b&c=%20d&"))
    extensions = der.control(
        ADD_EXTENSIONS, added(der.seq(der.extension(KEY_USAGE, DIGITAL_SIGNATURE)))
    )
    messages = (
        signed_by("EC signer", der.pkcs10(key("inner"), pair("a", "b"))),
        cmc(registration, extensions, request=der.null_signed(der.request_info(key("inner")))),
        renewal(encoded(certificate("old"))),
    )
    return tuple((message, cms.read(message)) for message in messages)


def reads_as(data: bytes) -> Submission | None:
    """Return what *data* says, `None` when it is refused; any other error fails the test."""
    try:
        return requests.read(data)
    except RequestError:
        return None


@given(st.data())
def test_one_changed_byte_is_noticed_or_means_nothing(data: st.DataObject) -> None:
    """A message with one byte changed is refused, or it still says the very same."""
    message, said = data.draw(st.sampled_from(samples()))
    place = data.draw(st.integers(0, len(message) - 1))
    byte = data.draw(st.integers(0, 255))
    changed = message[:place] + bytes((byte,)) + message[place + 1 :]
    assert reads_as(changed) in (None, said)


@given(st.data())
def test_cut_or_lengthened_message_is_refused(data: st.DataObject) -> None:
    """No part of a message is a message, nor is one with something behind it."""
    message, _ = data.draw(st.sampled_from(samples()))
    end = data.draw(st.integers(0, len(message) - 1))
    assert reads_as(message[:end]) is None
    assert reads_as(message + message[: end + 1]) is None


@given(st.data())
def test_spliced_messages_never_do_more_than_be_refused(data: st.DataObject) -> None:
    """The head of one message on the tail of another is refused or says what one of them says."""
    (first, says), (second, other) = (data.draw(st.sampled_from(samples())) for _ in range(2))
    start = data.draw(st.integers(0, len(first)))
    end = data.draw(st.integers(0, len(second)))
    assert reads_as(first[:start] + second[end:]) in (None, says, other)


@given(st.binary(max_size=200))
@example(b"\x30\x80" * 100)
@example(b"\x30\x84\xff\xff\xff\xff")
def test_any_content_and_any_data_are_refused(junk: bytes) -> None:
    """Random bytes are refused bare, as the data of a message and as either kind of content."""
    signed = der.seq(der.oid(der.SIGNED_DATA), der.der(0xA0, junk))
    for data in (junk, signed, signed_by("EC signer", junk), signed_by_itself(junk, der.PKI_DATA)):
        with pytest.raises(RequestError):
            cms.read(data)


def test_deeply_nested_content_is_refused() -> None:
    """Ten thousand nested sequences cost neither the stack nor much time."""
    nested = b""
    for _ in range(10_000):
        nested = der.seq(nested)[-60_000:]
    assert refusal(nested)[0] in (ASN1_EOD, ASN1_CORRUPT, ASN1_BADTAG)
    assert refusal(signed_by("EC signer", nested)) == (INVALID_DATA, PARSING)
