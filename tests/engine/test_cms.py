"""Requests in CMS messages of independent makers, and what is inside a message.

The messages come from the openssl program, from cryptography's PKCS #7 builder and from a DER
builder of the tests' own.
Source: RFC 5652; MS-WCCE 2.2.2.7; docs/rulings.md (Kinds and signatures).
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from certsim._engine import cms, requests
from tests.codes import (
    CRYPT_E_ASN1_BADTAG,
    CRYPT_E_ASN1_CORRUPT,
    CRYPT_E_ASN1_EOD,
    CRYPT_E_INVALID_MSG_TYPE,
    ERROR_INVALID_DATA,
    NTE_BAD_SIGNATURE,
)
from tests.engine import der_builder as der
from tests.engine.cms_kit import (
    CMC,
    DIGITAL_SIGNATURE,
    DISABLED_REQUEST,
    KEY_USAGE,
    PARSING,
    PKCS7,
    VERIFYING,
    certificate,
    key,
    pair,
    refusal,
    signed_by,
    wish,
)
from tests.marks import needs_openssl

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
    assert refusal(message[:-1] + bytes((message[-1] ^ 1,))) == (NTE_BAD_SIGNATURE, VERIFYING)


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


# What is inside


def test_message_of_another_type_is_refused() -> None:
    """Data, enveloped data and the like are no requests."""
    for kind in (der.DATA, "1.2.840.113549.1.7.3", "1.2.3"):
        message = der.message(der.pkcs10(key("inner")), [], outer_type=kind)
        assert refusal(message) == (CRYPT_E_INVALID_MSG_TYPE, PARSING)


def test_content_of_another_type_is_refused() -> None:
    """A signed message about something else, a CMC response say, is no request."""
    message = signed_by("EC signer", der.pkcs10(key("inner")), "1.3.6.1.5.5.7.12.3")
    assert refusal(message) == (CRYPT_E_INVALID_MSG_TYPE, PARSING)


@pytest.mark.parametrize("content", [b"", b"text", der.seq(), der.seq(der.integer(0))])
def test_content_that_is_no_pkcs10_is_refused(content: bytes) -> None:
    """Plain content other than a PKCS #10 has the documented code."""
    assert refusal(signed_by("EC signer", content)) == (ERROR_INVALID_DATA, PARSING)


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
    assert refusal(detached)[0] in (CRYPT_E_ASN1_EOD, CRYPT_E_ASN1_CORRUPT, CRYPT_E_ASN1_BADTAG)
    assert cms.read(whole).subject.parts


def test_signers_are_a_set() -> None:
    """Signers in a SEQUENCE are damage, even where they are good."""
    content, own = der.pkcs10(key("inner")), der.by_identifier(der.identifier(key("inner")))
    signer = der.signer(key("inner"), own, content, der.DATA)
    message = der.message(content, [signer])
    message = message.replace(der.set_of(signer), der.seq(signer))
    assert refusal(message) == (CRYPT_E_ASN1_BADTAG, PARSING)


@pytest.mark.parametrize("nameless", ["digest", "scheme"])
def test_algorithm_without_a_name_is_damage(nameless: str) -> None:
    """An algorithm identifier has an object identifier."""
    content, own = der.pkcs10(key("inner")), der.by_identifier(der.identifier(key("inner")))
    digest = der.seq() if nameless == "digest" else der.seq(der.oid(der.SHA256))
    scheme = der.seq() if nameless == "scheme" else der.seq(der.oid(der.ECDSA_SHA256))
    signature = der.octets(der.sign(key("inner"), content))
    signer = der.seq(der.integer(3), own, digest, scheme, signature)
    assert refusal(der.message(content, [signer])) == (CRYPT_E_ASN1_CORRUPT, PARSING)


def test_inner_request_must_be_signed_by_its_own_key() -> None:
    """A good signature around it does not mend a bad one inside."""
    info = der.request_info(key("inner"))
    signature = der.bits(der.sign(key("stranger"), info))
    content = der.seq(info, der.seq(der.oid(der.ECDSA_SHA256)), signature)
    assert refusal(signed_by("EC signer", content)) == (NTE_BAD_SIGNATURE, VERIFYING)


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
    assert refusal(der.message(content, [signer], [stump])) == (CRYPT_E_ASN1_CORRUPT, PARSING)
