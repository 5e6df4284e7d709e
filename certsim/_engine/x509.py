"""Row in, signed bytes out: the certificates a CA issues, its own among them.

A certificate is put together from encodings: subject, public key and extension values are
carried over as they came, what is the same for every certificate of a CA is encoded once, and
only serial number and dates are encoded each time. Tests compare the bytes with those of
`cryptography`'s `CertificateBuilder` for every shape of certificate.

What a certificate shall say has been decided before: dates, subject and serial number by `building`
and `serials`, extensions by request, policy and CA. Nothing is judged here, so a policy module that
enables nonsense gets nonsense signed, as it would on Windows. What a CA's own certificate says is
decided in `ca_certificates`; a root is its own issuer.
Source: RFC 5280 4.1; FIPS 186 and RFC 5758 for the algorithms; win32 SecCrypto
(certification-authority-renewal, for the indices); docs/rulings.md (Certificates).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import attrs
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import AuthorityInformationAccessOID

from certsim._engine import asn1
from certsim.database.rows import ExtensionRow
from certsim.errors import ComError
from certsim.facts import oids
from certsim.facts.flags import ExtensionFlag, ExtensionOrigin
from certsim.facts.hresults import HRESULT
from certsim.sources import PrivateKey

_VERSION_3 = b"\xa0\x03\x02\x01\x02"
_INTEGER, _BIT_STRING, _EXTENSIONS, _NO_UNUSED_BITS = b"\x02", b"\x03", b"\xa3", b"\x00"
_NULL = b"\x05\x00"
# RFC 4055 5 wants the NULL behind an RSA algorithm; RFC 5758 3.2 wants nothing behind an ECDSA one.
_CRITICAL, _DISABLE = int(ExtensionFlag.CRITICAL), int(ExtensionFlag.DISABLE)

_ECDSA = {
    "secp256r1": ("1.2.840.10045.4.3.2", hashes.SHA256()),
    "secp384r1": ("1.2.840.10045.4.3.3", hashes.SHA384()),
    "secp521r1": ("1.2.840.10045.4.3.4", hashes.SHA512()),
}
_SHA256_RSA = "1.2.840.113549.1.1.11"


@attrs.frozen
class CACertificate:
    """Hold one certificate of the CA with what signing in its name takes.

    *index* counts the CA's certificates, *key_index* is the index of the first one with this
    key. *name* is the encoded subject, *key_identifier* the octets of its SKI, *algorithm* the
    encoded AlgorithmIdentifier that *sign* signs with. *raw* is DER. The private key is nowhere
    but behind *sign*, which takes the bytes to be signed and returns the signature's. *constants*
    are the extensions of every certificate signed under this one, each with its encoding: they
    hang on it and on the URLs the CA was started with.
    Source: win32 SecCrypto/certification-authority-renewal.
    """

    raw: bytes
    index: int
    key_index: int
    name: bytes
    key_identifier: bytes
    not_before: datetime
    not_after: datetime
    algorithm: bytes
    sign: Callable[[bytes], bytes] = attrs.field(repr=False)
    constants: Mapping[ExtensionRow, bytes] = attrs.field(factory=dict, repr=False)

    @property
    def name_id(self) -> int:
        """Return both indices in one number, the key's above: CA Version, IssuerNameID, CRLNameId.

        Source: MS-WCCE (CA Version); docs/rulings.md (CRLs) for the two columns.
        """
        return self.key_index << 16 | self.index


def signer(key: PrivateKey, *, repeatable: bool) -> Callable[[bytes], bytes]:
    """Return the signing of *key*, by the algorithm that `algorithm_of` has for it.

    EC keys sign *repeatable* by RFC 6979 if asked to. Errors: `ValueError` for a kind of key that
    no CA has.
    """
    if isinstance(key, rsa.RSAPrivateKey):
        rsa_key, scheme, digest = key, padding.PKCS1v15(), hashes.SHA256()
        return lambda data: rsa_key.sign(data, scheme, digest)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name not in _ECDSA:
        raise ValueError("a CA key is RSA, or EC on P-256, P-384 or P-521")
    ec_key = key
    method = ec.ECDSA(_ECDSA[key.curve.name][1], deterministic_signing=repeatable)
    return lambda data: ec_key.sign(data, method)


def algorithm_of(key: CertificatePublicKeyTypes) -> bytes:
    """Return the encoded AlgorithmIdentifier that the private half of *key* signs with here.

    EC keys sign with the SHA-2 of their size (P-256, P-384, P-521), RSA keys by PKCS #1 v1.5 with
    SHA-256. Errors: `ValueError` for another curve or kind of key.
    On Windows the digest is the administrator's choice. Source: docs/rulings.md (Certificates).
    """
    if isinstance(key, rsa.RSAPublicKey):
        return asn1.wrap(asn1.SEQUENCE, asn1.oid(_SHA256_RSA), _NULL)
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _ECDSA:
        raise ValueError("a CA key is RSA, or EC on P-256, P-384 or P-521")
    return asn1.wrap(asn1.SEQUENCE, asn1.oid(_ECDSA[key.curve.name][0]))


def build(
    issuer: CACertificate,
    serial_number: str,
    not_before: datetime,
    not_after: datetime,
    subject: bytes,
    public_key_info: bytes,
    extensions: Iterable[ExtensionRow],
    encoded: Mapping[ExtensionRow, bytes],
) -> bytes:
    """Return a version 3 certificate (DER) signed by *issuer*.

    *serial_number* is hexadecimal text as `serials` makes it: whole bytes, positive, the first
    one not 0, which is the content of a DER INTEGER. *subject* and *public_key_info* are
    encoded already.
    Of the *extensions* those that are disabled stay out, in the order given; *encoded* holds
    the encodings of those that are the same for every certificate. Dates are aware UTC and become
    UTCTime up to 2049, GeneralizedTime from then on.
    Errors: `ComError` NTE_FAIL when the key cannot sign. Source: RFC 5280 4.1, 4.1.2.5.
    """
    body = asn1.wrap(
        asn1.SEQUENCE,
        _VERSION_3,
        asn1.wrap(_INTEGER, bytes.fromhex(serial_number)),
        issuer.algorithm,
        issuer.name,
        asn1.wrap(asn1.SEQUENCE, asn1.time(not_before), asn1.time(not_after)),
        subject,
        public_key_info,
        _encode_extensions(extensions, encoded),
    )
    return seal(issuer, body)


def seal(issuer: CACertificate, body: bytes, *, checked: bool = False) -> bytes:
    """Return *body*, which is to be signed, with the algorithm and the signature of *issuer*.

    Certificates and CRLs are alike in this; all three are encoded. *checked* asks that the
    signature be held against the public key of the issuer's certificate, which costs more than
    the signing. Errors: `ComError` NTE_FAIL when the key cannot sign, NTE_BAD_SIGNATURE when
    it is another key than the certificate's. Source: RFC 5280 4.1.1, 5.1.1; MS-CSRA 3.1.4.1.6.
    """
    try:
        signed = issuer.sign(body)
    except ComError:
        raise  # a key that lives in a file says by itself what it needs
    except Exception as error:
        # A key may live anywhere, a failing device included; nothing of it gets into the text.
        raise ComError(
            HRESULT.NTE_FAIL, f"the CA key cannot sign ({type(error).__name__})"
        ) from error
    if checked and not _holds(issuer, signed, body):
        raise ComError(
            HRESULT.NTE_BAD_SIGNATURE, "the CA key does not sign as the CA certificate tells"
        )
    signature = asn1.wrap(_BIT_STRING, _NO_UNUSED_BITS, signed)
    return asn1.long_sequence((body, issuer.algorithm, signature))


def _holds(issuer: CACertificate, signature: bytes, body: bytes) -> bool:
    # The two kinds of key that `signer` takes, by the schemes it signs with.
    key = x509.load_der_x509_certificate(issuer.raw).public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, body, ec.ECDSA(_ECDSA[key.curve.name][1]))
    except InvalidSignature:
        return False
    return True


def _encode_extensions(
    extensions: Iterable[ExtensionRow], encoded: Mapping[ExtensionRow, bytes]
) -> bytes:
    parts = [
        encoded.get(row) or encode_extension(row) for row in extensions if not row.flags & _DISABLE
    ]
    return asn1.wrap(_EXTENSIONS, asn1.wrap(asn1.SEQUENCE, *parts)) if parts else b""


def encode_extension(row: ExtensionRow) -> bytes:
    """Return the Extension (RFC 5280 4.1) that *row* becomes in a certificate."""
    return asn1.extension(row.name, row.value, critical=bool(row.flags & _CRITICAL))


def server_extensions(
    issuer: CACertificate, cdp_urls: list[str], aia_urls: list[str], ocsp_urls: list[str]
) -> tuple[ExtensionRow, ...]:
    """Return the extensions that the CA puts into every certificate, origin SERVER.

    Authority Key Identifier (key identifier alone), CRL Distribution Points (one point with all
    URLs) and Authority Information Access (a caIssuers entry for each of *aia_urls*, then an
    OCSP entry for each of *ocsp_urls*); without URLs an extension is left out. URLs are ASCII.
    Source: RFC 5280 4.2.1.1, 4.2.1.13, 4.2.2.1; certsrv.h (origin); docs/rulings.md (Certificates).
    """
    server = int(ExtensionOrigin.SERVER)
    identifier = x509.AuthorityKeyIdentifier(issuer.key_identifier, None, None)
    rows = [ExtensionRow(oids.AUTHORITY_KEY_IDENTIFIER, server, identifier.public_bytes())]
    if cdp_urls:
        points = x509.CRLDistributionPoints(
            [x509.DistributionPoint(uris(cdp_urls), None, None, None)]
        )
        rows.append(ExtensionRow(oids.CRL_DISTRIBUTION_POINTS, server, points.public_bytes()))
    places = [(AuthorityInformationAccessOID.CA_ISSUERS, uri) for uri in uris(aia_urls)]
    places += [(AuthorityInformationAccessOID.OCSP, uri) for uri in uris(ocsp_urls)]
    if places:
        access = x509.AuthorityInformationAccess(x509.AccessDescription(*p) for p in places)
        rows.append(ExtensionRow(oids.AUTHORITY_INFO_ACCESS, server, access.public_bytes()))
    return tuple(rows)


def uris(urls: Iterable[str]) -> list[x509.UniformResourceIdentifier]:
    """Return *urls*, ASCII, as general names."""
    return [x509.UniformResourceIdentifier(url) for url in urls]


def key_identifier(public_key_info: bytes) -> bytes:
    """Return the SHA-1 of the public key's BIT STRING content (RFC 5280 4.2.1.2, method 1)."""
    info = asn1.decode(asn1.SubjectPublicKeyInfo, public_key_info)
    return hashlib.sha1(info.key.as_bytes(), usedforsecurity=False).digest()


def issuer_of(
    certificate: x509.Certificate, candidates: Sequence[CACertificate]
) -> CACertificate | None:
    """Return the one of *candidates* whose key signed *certificate*; `None` when none did.

    The newest comes first: of several with one key any would do.
    """
    for candidate in reversed(candidates):
        try:
            certificate.verify_directly_issued_by(x509.load_der_x509_certificate(candidate.raw))
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            continue
        return candidate
    return None
