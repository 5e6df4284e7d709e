"""Certificate requests for tests, made with cryptography alone: no certsim code has a hand in them.

The key and the signature are the same at every run, so a seeded CA answers with the same bytes.
Source: RFC 2986 (PKCS #10); RFC 6979 (signatures without chance).
"""

from __future__ import annotations

from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

PRIVATE_NUMBER = 0x1F2E3D4C5B6A79880123456789ABCDEFFEDCBA9876543210C0FFEE


@cache
def make_key(number: int = PRIVATE_NUMBER) -> ec.EllipticCurvePrivateKey:
    """Return the P-256 key whose private number is *number*."""
    return ec.derive_private_key(number, ec.SECP256R1())


@cache
def make_csr(common_name: str = "www.example.test") -> bytes:
    """Return a well-formed, well-signed PKCS #10 request (DER) for *common_name*."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    alternative = x509.SubjectAlternativeName([x509.DNSName("www.example.test")])
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(name)
        .add_extension(alternative, critical=False)
        .sign(make_key(), hashes.SHA256(), ecdsa_deterministic=True)
    )
    return request.public_bytes(Encoding.DER)


@cache
def make_badly_signed_csr(common_name: str = "www.example.test") -> bytes:
    """Return a request that decodes, but whose signature was made over other bytes."""
    mine, other = make_csr(common_name), make_csr(f"{common_name}.other")
    signed = x509.load_der_x509_csr(other).signature
    honest = x509.load_der_x509_csr(mine).signature
    body = mine.removesuffix(honest)
    # The two signatures may differ in length by a byte or two; only equal ones can be swapped.
    if len(signed) == len(honest):
        return body + signed
    return body + honest[:-1] + bytes((honest[-1] ^ 1,))


@cache
def make_nameless_csr() -> bytes:
    """Return a good request without subject and alternative name, which no certificate can do."""
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    signed = request.sign(make_key(), hashes.SHA256(), ecdsa_deterministic=True)
    return signed.public_bytes(Encoding.DER)
