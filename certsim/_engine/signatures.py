"""Signatures: which digests and schemes certsim checks, and the checking.

A bare PKCS #10 is mostly checked by `cryptography`; this room is for the signatures of CMS
messages, where the key, the digest and the scheme are told apart from each other.

Which algorithms a Windows CA accepts depends on the providers installed there; here they are RSA,
ECDSA and Ed25519, with SHA-1 or SHA-2. SHA-1 is no fault: to refuse a request for it is the policy
module's part, and a module should get to see one.
Source: RFC 3370 and RFC 5754 (RSA and ECDSA in CMS), RFC 4056 (RSASSA-PSS), RFC 8419 (Ed25519).
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509 import ObjectIdentifier
from cryptography.x509.oid import PublicKeyAlgorithmOID, SignatureAlgorithmOID

from certsim._engine.submission import VERIFYING, RequestError
from certsim.facts import oids
from certsim.facts.hresults import HRESULT

_SHA1 = hashes.SHA1()  # noqa: S303 - old clients sign with it, and a CA is no judge of that
DIGESTS: dict[str, hashes.HashAlgorithm] = {
    oids.SHA1: _SHA1,
    oids.SHA256: hashes.SHA256(),
    oids.SHA384: hashes.SHA384(),
    oids.SHA512: hashes.SHA512(),
}
"""Digests that a signer may use, by OID."""
_SCHEMES: dict[ObjectIdentifier, tuple[type, hashes.HashAlgorithm | None]] = {
    PublicKeyAlgorithmOID.RSAES_PKCS1_v1_5: (rsa.RSAPublicKey, None),
    PublicKeyAlgorithmOID.EC_PUBLIC_KEY: (ec.EllipticCurvePublicKey, None),
    SignatureAlgorithmOID.RSA_WITH_SHA1: (rsa.RSAPublicKey, _SHA1),
    SignatureAlgorithmOID.RSA_WITH_SHA256: (rsa.RSAPublicKey, hashes.SHA256()),
    SignatureAlgorithmOID.RSA_WITH_SHA384: (rsa.RSAPublicKey, hashes.SHA384()),
    SignatureAlgorithmOID.RSA_WITH_SHA512: (rsa.RSAPublicKey, hashes.SHA512()),
    SignatureAlgorithmOID.RSASSA_PSS: (rsa.RSAPublicKey, None),
    SignatureAlgorithmOID.ECDSA_WITH_SHA1: (ec.EllipticCurvePublicKey, _SHA1),
    SignatureAlgorithmOID.ECDSA_WITH_SHA256: (ec.EllipticCurvePublicKey, hashes.SHA256()),
    SignatureAlgorithmOID.ECDSA_WITH_SHA384: (ec.EllipticCurvePublicKey, hashes.SHA384()),
    SignatureAlgorithmOID.ECDSA_WITH_SHA512: (ec.EllipticCurvePublicKey, hashes.SHA512()),
    SignatureAlgorithmOID.ED25519: (ed25519.Ed25519PublicKey, None),
}
# The key's own OID in place of a scheme's is RFC 3370 3.2 for RSA, and assumed for curves.
# Where there is no digest, the signer's digest algorithm is the one that is meant. The parameters
# of RSASSA-PSS are not read: RFC 4056 3 asks for that very digest, and any salt length will do.


def bad(text: str) -> RequestError:
    """Return the refusal of a signature that does not hold: NTE_BAD_SIGNATURE.

    *text* says in a sentence which signature it was and what is wrong.
    """
    return RequestError(HRESULT.NTE_BAD_SIGNATURE, text, VERIFYING)


def digest_named(algorithm: str) -> hashes.HashAlgorithm:
    """Return the digest with the OID *algorithm*.

    Errors: `RequestError` NTE_BAD_ALGID, for MD5 too. Source: RFC 3370 2, RFC 5754 2.
    """
    if algorithm not in DIGESTS:
        raise _unknown(algorithm)
    return DIGESTS[algorithm]


def digest(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    """Return the digest of *data* by *algorithm*."""
    context = hashes.Hash(algorithm)
    context.update(data)
    return context.finalize()


def load_key(key_info: bytes) -> PublicKeyTypes:
    """Return the key of an encoded SubjectPublicKeyInfo.

    Errors: `RequestError` NTE_BAD_KEY for damage, an unknown curve or kind of key.
    """
    try:
        return serialization.load_der_public_key(key_info)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise RequestError(HRESULT.NTE_BAD_KEY, str(error), VERIFYING) from error


def holds(
    key_info: bytes,
    scheme: str,
    signature: bytes,
    signed: bytes,
    algorithm: hashes.HashAlgorithm,
) -> bool:
    """Tell whether the key of *key_info* made the *signature* over the bytes *signed*.

    *scheme* is the OID of the signature algorithm; where that names no digest, *algorithm* is it.
    A scheme of another kind than the key is a signature that does not hold.
    Errors: `RequestError` NTE_BAD_ALGID for an unknown scheme, NTE_BAD_KEY for an unusable key.
    Source: RFC 5652 5.6; winerror.h for the codes (their use here is assumed).
    """
    known = _SCHEMES.get(ObjectIdentifier(scheme))
    if known is None:
        raise _unknown(scheme)
    kind, fixed = known
    key = load_key(key_info)
    if not isinstance(key, kind):
        return False
    try:
        _verify(key, scheme, signature, signed, fixed or algorithm)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        # The second is a salt that the key has no room for, the third a build without SHA-1.
        return False
    return True


def _verify(
    key: PublicKeyTypes,
    scheme: str,
    signature: bytes,
    signed: bytes,
    algorithm: hashes.HashAlgorithm,
) -> None:
    # The three kinds of key of `_SCHEMES`; `holds` lets no other through. Raises as they do.
    if isinstance(key, rsa.RSAPublicKey):
        pss = scheme == SignatureAlgorithmOID.RSASSA_PSS.dotted_string
        salted = padding.PSS(padding.MGF1(algorithm), padding.PSS.AUTO)
        key.verify(signature, signed, salted if pss else padding.PKCS1v15(), algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, signed, ec.ECDSA(algorithm))
    elif isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, signed)


def _unknown(text: str) -> RequestError:
    return RequestError(HRESULT.NTE_BAD_ALGID, f"cannot check signatures by {text}", VERIFYING)
