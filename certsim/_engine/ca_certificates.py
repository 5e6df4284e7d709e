"""The CA's own certificates: the first one, renewals, and the indices that tell them apart.

A root signs its certificates itself; a subordinate's are signed by a parent, another simulated CA,
which is told of nothing and takes no row. Either way a certificate grows out of three things: the
name, the key, and what came before. A renewal keeps the name's very bytes; the index counts up
each time, and the key index follows it only when the key is new.

The same key signs on after a renewal that keeps it. `CACertificate.sign` is the one way to it, so
the signing is handed on, and the public half is read from the certificate that has it.
Nobody asks a policy module here, no event fires, and cross certificates between an old key and a
new one are not made.
Source: win32 SecCrypto/certification-authority-renewal; RFC 5280 4.1, 4.2; wincrypt.h (CA Version,
Previous CA Hash); docs/rulings.md (The CA's own certificates).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certsim._engine import asn1, names, validity
from certsim._engine.state import CAState
from certsim._engine.x509 import CACertificate, algorithm_of, build, key_identifier, signer
from certsim.database.rows import ExtensionRow
from certsim.errors import ComError
from certsim.facts import oids
from certsim.facts.dispositions import CAType
from certsim.facts.flags import ExtensionFlag, ExtensionOrigin
from certsim.facts.hresults import HRESULT
from certsim.sources import KEY_KINDS, PrivateKey, Sources

_YEARS = 5
"""Years a CA's certificate lives. Source: certsrv.h (default validity of a root)."""
_AGE = timedelta(minutes=10)
_MAX_INDEX = 0xFFFF
"""CA Version has 16 bits for each index. Source: MS-WCCE 3.2.1.4.3.2.39."""
_SUBORDINATE = frozenset({CAType.ENTERPRISE_SUB, CAType.STANDALONE_SUB})
_CONSTRAINTS = x509.BasicConstraints(ca=True, path_length=None).public_bytes()
_USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
).public_bytes()


@attrs.frozen
class _Key:
    """Hold a key as certificates know it: its index, its public half (DER), and its signing."""

    index: int
    public_key_info: bytes
    algorithm: bytes
    sign: Callable[[bytes], bytes] = attrs.field(repr=False)


def found(
    name: str, key: PrivateKey, sources: Sources, parent: CACertificate | None = None
) -> CACertificate:
    """Return the first certificate of the CA called *name*: certificate index 0, key index 0.

    Without *parent* it signs itself (a root); otherwise *parent* is its issuer's newest
    certificate, whose constants it takes on. The constants of the result are empty: they are
    for the CA to fill in, which knows its URLs.
    Errors: those of `common_name`; `ComError` CERT_E_EXPIRED when the life of *parent* leaves
    none, NTE_FAIL when the key does not sign; `ValueError` for a kind of key that `signer` refuses.
    Source: docs/rulings.md (The CA's own certificates).
    """
    return _certify(common_name(name), _new_key(key, 0, sources), 0, (), sources, parent)


def renew(
    current: CACertificate,
    sources: Sources,
    key: PrivateKey | None = None,
    parent: CACertificate | None = None,
) -> CACertificate:
    """Return the certificate that comes after *current*, the CA's newest; it has the next index.

    Without *key* the key and its index stay; a new key's index is the certificate's. Previous CA
    Hash holds the SHA-1 of *current*, which may have ended. *parent* is as in `found`, and so are
    the constants and the errors; beside these `ComError` E_INVALIDARG after index 65,535.
    Source: win32 SecCrypto/certification-authority-renewal; wincrypt.h.
    """
    index = current.index + 1
    if index > _MAX_INDEX:
        raise ComError(HRESULT.E_INVALIDARG, f"a CA has no more than {_MAX_INDEX:,} renewals")
    digest = hashlib.sha1(current.raw, usedforsecurity=False).digest()
    previous = ExtensionRow(oids.PREVIOUS_CERT_HASH, 0, asn1.wrap(asn1.OCTET_STRING, digest))
    next_key = _same_key(current) if key is None else _new_key(key, index, sources)
    return _certify(current.name, next_key, index, (previous,), sources, parent)


def common_name(name: str) -> bytes:
    """Return the encoded subject of the CA called *name*: its common name alone.

    Errors: `ComError` E_INVALIDARG for no name, CERTSRV_E_BAD_REQUESTSUBJECT for one that is over
    64 characters or cannot be encoded. Source: win32 SecCrypto/name-properties.
    """
    if not isinstance(name, str) or not name.strip():
        raise ComError(HRESULT.E_INVALIDARG, "a certification authority needs a name")
    parts = [names.make_part(names.OID_BY_NAME["CommonName"], name)]
    names.check_lengths(parts)
    return names.encode(parts)


def read(
    name: str,
    certificate: x509.Certificate,
    signing: Callable[[int], Callable[[bytes], bytes]],
) -> CACertificate:
    """Return a *certificate* that the CA called *name* was given before.

    *signing* returns that of the key with an index. Both indices are those of its CA Version.
    Errors: `ValueError` and `x509.ExtensionNotFound` for one that no CA here has made.
    """
    public, der = certificate.public_key(), Encoding.DER
    if certificate.subject.public_bytes() != common_name(name):
        raise ValueError("the certificate is another CA's")
    version = certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(oids.CA_VERSION))
    number = asn1.decode(int, version.value.public_bytes())
    info = public.public_bytes(der, PublicFormat.SubjectPublicKeyInfo)
    return CACertificate(
        certificate.public_bytes(der),
        number & 0xFFFF,
        number >> 16,
        common_name(name),
        key_identifier(info),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        algorithm_of(public),
        signing(number >> 16),
    )


def key_kind(certificate: CACertificate) -> str:
    """Return what `Sources.make_key` makes a key like that of *certificate* for: `P-256` and so on.

    Errors: `ComError` E_INVALIDARG for a key of another kind or size than `KEY_KINDS`: a CA may be
    given one, but no second one can be made.
    """
    key = _public_key(certificate)
    if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        kind = f"{'RSA' if isinstance(key, rsa.RSAPublicKey) else 'P'}-{key.key_size}"
        if kind in KEY_KINDS:
            return kind
    raise ComError(
        HRESULT.E_INVALIDARG, f"no new key like this CA's can be made, only {', '.join(KEY_KINDS)}"
    )


def next_certificate(state: CAState, *, new_key: bool) -> CACertificate:
    """Return the certificate that a running CA goes on with, its constants filled in.

    It is kept where the CA lives. A new key is of the kind of the present one. Errors: those of
    `renew`, `key_kind` and `Home.keep`; `ComError` E_INVALIDARG when the CA's sources cannot make
    that kind, and for a subordinate that was opened without the CA above it.
    """
    if state.parent is None and state.identity.ca_type in _SUBORDINATE:
        raise ComError(
            HRESULT.E_INVALIDARG,
            "the CA above signs this one's certificate: say which it is, as its issuer",
        )
    key = None
    if new_key:
        try:
            key = state.sources.make_key(key_kind(state.issuer))
        except ValueError as error:
            raise ComError(HRESULT.E_INVALIDARG, str(error)) from error
    renewed = renew(state.issuer, state.sources, key, issuer_above(state.parent))
    state.home.keep(renewed, key)
    return state.equipped(renewed)


def issuer_above(parent: CAState | None) -> CACertificate | None:
    """Return what a certificate below *parent* is signed under: its newest, with its URLs."""
    if parent is None:
        return None
    parent.refresh()  # somebody else may have renewed it
    return parent.equipped(parent.issuer)


def _public_key(certificate: CACertificate) -> CertificatePublicKeyTypes:
    return x509.load_der_x509_certificate(certificate.raw).public_key()


def _same_key(current: CACertificate) -> _Key:
    info = _public_key(current).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return _Key(current.key_index, info, current.algorithm, current.sign)


def _new_key(key: PrivateKey, index: int, sources: Sources) -> _Key:
    sign, public = signer(key, repeatable=sources.repeatable), key.public_key()
    info = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return _Key(index, info, algorithm_of(public), sign)


def _certify(
    name: bytes,
    key: _Key,
    index: int,
    previous: tuple[ExtensionRow, ...],
    sources: Sources,
    parent: CACertificate | None,
) -> CACertificate:
    """Return the certificate with *index* for the encoded subject *name*.

    Its serial number has no request id to be made of, hence 15 bytes of chance behind a first
    byte that keeps it positive and its length the same. Source: docs/rulings.md (Certificates).
    """
    blank = CACertificate(
        b"",
        index,
        key.index,
        name,
        key_identifier(key.public_key_info),
        *_life(sources.clock.now(), parent),
        key.algorithm,
        key.sign,
    )
    issuer = parent or blank
    raw = build(
        issuer,
        (b"\x10" + sources.random_bytes(15)).hex(),
        blank.not_before,
        blank.not_after,
        name,
        key.public_key_info,
        (*_extensions(blank), *previous, *issuer.constants),
        issuer.constants,
    )
    return attrs.evolve(blank, raw=raw)


def _life(now: datetime, parent: CACertificate | None) -> tuple[datetime, datetime]:
    """Return NotBefore and NotAfter, neither outside the life of *parent*.

    That life may be over, or by a clock of its own begin after all of this one.
    Errors: `ComError` CERT_E_EXPIRED, which stands for both.
    """
    not_before, not_after = now - _AGE, validity.after(now, _YEARS, "Years")
    if parent is None:
        return not_before, not_after
    not_before, not_after = max(not_before, parent.not_before), min(not_after, parent.not_after)
    if not_after <= max(not_before, now):
        raise ComError(
            HRESULT.CERT_E_EXPIRED, "the parent's certificate has ended, or has yet to begin"
        )
    return not_before, not_after


def _extensions(blank: CACertificate) -> tuple[ExtensionRow, ...]:
    """Return what every CA certificate says: a CA's, for signing, with this key and version.

    Source: RFC 5280 4.2.1.2, 4.2.1.3, 4.2.1.9; win32 SecCrypto/certification-authority-renewal.
    """
    critical = int(ExtensionOrigin.CACERT) | ExtensionFlag.CRITICAL
    identifier = asn1.wrap(asn1.OCTET_STRING, blank.key_identifier)
    return (
        ExtensionRow(oids.BASIC_CONSTRAINTS, critical, _CONSTRAINTS),
        ExtensionRow(oids.KEY_USAGE, critical, _USAGE),
        ExtensionRow(oids.SUBJECT_KEY_IDENTIFIER, 0, identifier),
        ExtensionRow(oids.CA_VERSION, 0, asn1.encode(blank.name_id)),
    )
