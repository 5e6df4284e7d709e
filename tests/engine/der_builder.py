"""DER by hand, for tests alone: CMS and CMC messages and PKCS #10 requests of every odd shape.

Nothing here looks at certsim, so that a slip in its own encoder cannot hide in the tests.
Source: X.690 8 and 10 (encoding), RFC 2986, RFC 5652, RFC 5272.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

DATA = "1.2.840.113549.1.7.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
PKI_DATA = "1.3.6.1.5.5.7.12.2"
SHA1, SHA256 = "1.3.14.3.2.26", "2.16.840.1.101.3.4.2.1"
SHA384, SHA512 = "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3"
NO_SIGNATURE = "1.3.6.1.5.5.7.6.2"
HASHERS: dict[str, Callable[[bytes], bytes]] = {
    SHA1: lambda data: hashlib.sha1(data).digest(),  # noqa: S324 - it is one that clients use
    SHA256: lambda data: hashlib.sha256(data).digest(),
    SHA384: lambda data: hashlib.sha384(data).digest(),
    SHA512: lambda data: hashlib.sha512(data).digest(),
}
ALGORITHMS: dict[str, hashes.HashAlgorithm] = {
    SHA1: hashes.SHA1(),  # noqa: S303 - it is one that clients use
    SHA256: hashes.SHA256(),
    SHA384: hashes.SHA384(),
    SHA512: hashes.SHA512(),
}
RSA, RSA_SHA256 = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11"
ECDSA_SHA256, ED25519 = "1.2.840.10045.4.3.2", "1.3.101.112"


def der(tag: int, *parts: bytes) -> bytes:
    """Return one element with the identifier octet *tag*."""
    body = b"".join(parts)
    if len(body) < 128:
        return bytes((tag, len(body))) + body
    length = len(body).to_bytes(3, "big").lstrip(b"\0")
    return bytes((tag, 0x80 + len(length))) + length + body


def seq(*parts: bytes) -> bytes:
    """Return a SEQUENCE."""
    return der(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    """Return a SET OF, sorted as DER wants it."""
    return der(0x31, *sorted(parts))


def integer(number: int) -> bytes:
    """Return an INTEGER."""
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def octets(data: bytes) -> bytes:
    """Return an OCTET STRING."""
    return der(0x04, data)


def bits(data: bytes) -> bytes:
    """Return a BIT STRING of whole bytes."""
    return der(0x03, b"\0", data)


def bmp(text: str) -> bytes:
    """Return a BMPString."""
    return der(0x1E, text.encode("utf-16-be"))


def oid(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    return der(0x06, *map(_base128, (first * 40 + second, *rest)))


def _base128(number: int) -> bytes:
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.insert(0, 0x80 | number & 0x7F)
    return bytes(groups)


def attribute(kind: str, *values: bytes) -> bytes:
    """Return an Attribute."""
    return seq(oid(kind), set_of(*values))


def extension(name: str, value: bytes, *, critical: bool = False) -> bytes:
    """Return an X.509 Extension."""
    return seq(oid(name), der(0x01, b"\xff") if critical else b"", octets(value))


def public_key(key: Key) -> bytes:
    """Return the encoded SubjectPublicKeyInfo of *key*."""
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def identifier(key: Key) -> bytes:
    """Return SHA-1 over the public key's BIT STRING, by the library's own reckoning."""
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest


def name(common: str) -> x509.Name:
    """Return a name of one part."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def sign(key: Key, data: bytes, digest: str = SHA256) -> bytes:
    """Return the signature of *key* over *data*."""
    algorithm = ALGORITHMS[digest]
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), algorithm)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(algorithm, deterministic_signing=True))
    return key.sign(data)


def scheme(key: Key) -> str:
    """Return the OID of the signature algorithm that *key* makes with SHA-256."""
    if isinstance(key, rsa.RSAPrivateKey):
        return RSA_SHA256
    return ECDSA_SHA256 if isinstance(key, ec.EllipticCurvePrivateKey) else ED25519


def request_info(
    key: Key, *attributes: bytes, subject: bytes | None = None, version: int = 0
) -> bytes:
    """Return a CertificationRequestInfo; *subject* is an encoded Name."""
    subject = name("inner").public_bytes() if subject is None else subject
    return seq(integer(version), subject, public_key(key), der(0xA0, *sorted(attributes)))


def pkcs10(key: Key, *attributes: bytes, subject: bytes | None = None, version: int = 0) -> bytes:
    """Return a PKCS #10 request signed by its own key."""
    info = request_info(key, *attributes, subject=subject, version=version)
    return seq(info, seq(oid(scheme(key))), bits(sign(key, info)))


def null_signed(info: bytes, algorithm: str = SHA256, digest: str = SHA256) -> bytes:
    """Return a PKCS #10 request with a digest in place of its signature."""
    return seq(info, seq(oid(algorithm)), bits(HASHERS[digest](info)))


def by_identifier(octets_: bytes) -> bytes:
    """Return the name of a signer by subject key identifier."""
    return der(0x80, octets_)


def by_issuer(certificate: x509.Certificate) -> bytes:
    """Return the name of a signer by issuer and serial number."""
    return seq(certificate.issuer.public_bytes(), integer(certificate.serial_number))


def signed_attributes(content: bytes, content_type: str, digest: str = SHA256) -> list[bytes]:
    """Return the two signed attributes that every signer with any has."""
    return [
        attribute("1.2.840.113549.1.9.3", oid(content_type)),
        attribute("1.2.840.113549.1.9.4", octets(HASHERS[digest](content))),
    ]


def signer_info(
    who: bytes,
    signature: bytes,
    algorithm: str,
    attributes: Iterable[bytes] | None = None,
    digest: str = SHA256,
) -> bytes:
    """Return a SignerInfo; *attributes* are the signed ones."""
    signed = b"" if attributes is None else der(0xA0, *sorted(attributes))
    version = integer(3 if who[0] == 0x80 else 1)
    return seq(version, who, seq(oid(digest)), signed, seq(oid(algorithm)), octets(signature))


def signer(key: Key, who: bytes, content: bytes, content_type: str, digest: str = SHA256) -> bytes:
    """Return a SignerInfo with signed attributes, properly signed by *key*."""
    attributes = signed_attributes(content, content_type, digest)
    signature = sign(key, set_of(*attributes), digest)
    return signer_info(who, signature, scheme(key), attributes, digest)


def message(
    content: bytes,
    signers: Iterable[bytes],
    certificates: Iterable[bytes] = (),
    content_type: str = DATA,
    outer_type: str = SIGNED_DATA,
) -> bytes:
    """Return a ContentInfo with SignedData around *content*."""
    bag = b"".join(certificates)
    data = seq(
        integer(3),
        set_of(seq(oid(SHA256))),
        seq(oid(content_type), der(0xA0, octets(content))),
        der(0xA0, bag) if bag else b"",
        set_of(*signers),
    )
    return seq(oid(outer_type), der(0xA0, data))


def tagged_request(request: bytes, part: int = 1) -> bytes:
    """Return a TaggedRequest of the kind tcr."""
    return der(0xA0, integer(part), request)


def control(kind: str, *values: bytes, part: int = 2) -> bytes:
    """Return a TaggedAttribute."""
    return seq(integer(part), oid(kind), set_of(*values))


def pki_data(requests: Iterable[bytes], controls: Iterable[bytes] = ()) -> bytes:
    """Return a PKIData without further messages."""
    return seq(seq(*controls), seq(*requests), seq(), seq())
