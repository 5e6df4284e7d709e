"""What the tests of CMS messages share: keys, certificates, messages put together byte by byte.

Object identifiers are written out from the public sources (RFC 5652, RFC 5272, MS-WCCE).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from certsim._engine import cms
from certsim._engine.submission import RequestError
from tests.engine import der_builder as der

PKCS7, CMC = 0x300, 0x400
PARSING = "Error Parsing Request"
VERIFYING = "Error Verifying Request Signature or Signing Certificate"
EXTENSIONS = "1.3.6.1.4.1.311.2.1.14"
NAME_VALUE = "1.3.6.1.4.1.311.13.2.1"
RENEWAL = "1.3.6.1.4.1.311.13.1"
REG_INFO = "1.3.6.1.5.5.7.7.18"
ADD_EXTENSIONS = "1.3.6.1.5.5.7.7.8"
KEY_USAGE, KEY_IDENTIFIER = "2.5.29.15", "2.5.29.14"
DIGITAL_SIGNATURE, KEY_ENCIPHERMENT = b"\x03\x02\x07\x80", b"\x03\x02\x05\x20"
DISABLED_REQUEST, DISABLED_CMC = 0x10002, 0x80002


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


def added(what: bytes, data: int = 0, parts: tuple[int, ...] = (1,)) -> bytes:
    """Return the value of a control that adds *what* to the request with body part 1."""
    return der.seq(der.integer(data), der.seq(*map(der.integer, parts)), what)


def renewal(
    *values: bytes, signed: str = "old", bag: tuple[str, ...] = ("old",), null: bool = False
) -> bytes:
    """Return a renewal with the *values* as old certificates, signed by the role *signed*."""
    attribute = der.attribute(RENEWAL, *values)
    info = der.request_info(key("inner"), attribute)
    content = der.null_signed(info) if null else der.pkcs10(key("inner"), attribute)
    signer = der.signer(key(signed), der.by_issuer(certificate(signed)), content, der.DATA)
    return der.message(content, [signer], [encoded(certificate(one)) for one in bag])
