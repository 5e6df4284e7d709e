"""Columns decoded when somebody asks: a row keeps bytes, and this room reads them.

Name parts come from the encoded names, hashes and identifiers from the certificate, the public
key columns from the SubjectPublicKeyInfo. Most submits never need them, so a row remembers what
was decoded and nothing is decoded twice. One decoder fills a group of columns, because whoever
asks for one part of a name mostly wants the next.

A column that is kept in the row wins over one that could be decoded, which is how a name part
that policy has set hides the requested one. Nothing here knows PROPTYPEs or refuses a name:
that is `reading`'s business.
Source: `certutil -schema` and MS-CSRA, product note 4 (which columns there are); docs/rulings.md
(Properties; Names and formats).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from certsim._engine import asn1, names
from certsim.database.rows import ExtensionRow, Value
from certsim.facts import oids
from certsim.facts.flags import ExtensionFlag
from certsim.facts.properties import NAME_PROPERTIES

_REQUEST = "Request."
_DISABLED = int(ExtensionFlag.DISABLE)


class Source(Protocol):
    """Be what columns are read from: a committed `Row`, or the draft a policy module sees."""

    @property
    def columns(self) -> Mapping[str, Value]:
        """Return the columns that are kept."""

    @property
    def extensions(self) -> Iterable[ExtensionRow]:
        """Return the extensions in order of storage."""

    @property
    def public_key_info(self) -> bytes:
        """Return the encoded SubjectPublicKeyInfo; empty when the request was never read."""

    @property
    def decoded(self) -> dict[str, Mapping[str, Value]]:
        """Return what has been decoded so far."""


_Decoder = Callable[[Source], Mapping[str, Value]]


def read(row: Source, column: str) -> Value | None:
    """Return the value of a documented *column*, decoding it if need be; `None` when empty.

    *column* is spelled as the schema spells it, with `Request.` on the request's side. LONG is an
    `int`, STRING `str`, BINARY `bytes`, DATE an aware `datetime` in UTC. A text that policy has
    cleared is kept as "" so that nothing is decoded in its place.
    Errors: none. What a client sent was checked when the request was read; a certificate that
    cannot be parsed again merely has no UPN.
    """
    value = row.columns.get(column)
    if value is not None:
        return None if value == "" else value
    decode = _DECODERS.get(column)
    if decode is None:
        return None
    return _group(row, decode).get(column)


def _group(row: Source, decode: _Decoder) -> Mapping[str, Value]:
    """Return the columns that *decode* fills, decoded once for each row."""
    group = row.decoded.get(decode.__name__)
    if group is None:
        group = row.decoded[decode.__name__] = decode(row)
    return group


def worked_out(row: Source) -> dict[str, Value]:
    """Return all columns that can be worked out for *row*, whether it keeps others or not."""
    found: dict[str, Value] = {}
    for decode in _GROUPS:
        found.update(_group(row, decode))
    return found


def _name_columns(raw_name: Value | None, prefix: str) -> Mapping[str, Value]:
    """Return the columns of an encoded Name, their names behind *prefix*; none for an empty one.

    Source: win32 SecCrypto/name-properties (the parts); docs/rulings.md (Names and formats).
    """
    parts = names.read(raw_name).parts if isinstance(raw_name, bytes) else []
    if not parts:
        return {}
    found: dict[str, Value] = {f"{prefix}DistinguishedName": names.distinguished_name(parts)}
    found.update((f"{prefix}{name}", text) for name, text in names.properties(parts).items())
    return found


def _request_name(row: Source) -> Mapping[str, Value]:
    return _name_columns(row.columns.get("Request.RawName"), _REQUEST)


def _certificate_name(row: Source) -> Mapping[str, Value]:
    """Return the issued subject's parts; before there is one, those of the requested subject.

    `DistinguishedName` and `RawName` wait for the certificate; the parts do not, as a published
    row of a denied request shows.
    Source: win32 SecCrypto/name-properties; sdk-api
    certif/nf-certif-icertserverexit-getcertificateproperty; docs/rulings.md (Properties).
    """
    issued, requested = row.columns.get("RawName"), row.columns.get("Request.RawName")
    if issued is not None and issued != requested:
        return _name_columns(issued, "")
    # Most names are issued as they were requested, and have been read for that side.
    group = row.decoded.get(_request_name.__name__) or _request_name(row)
    found = {column.removeprefix(_REQUEST): value for column, value in group.items()}
    if issued is None:
        found.pop("DistinguishedName", None)
    return found


def _certificate(row: Source) -> Mapping[str, Value]:
    # SHA-1 as a thumbprint has always been; nothing rests on its strength. The column is in
    # certsrv.h, its form is assumed to be `certutil`'s.
    raw = row.columns.get("RawCertificate")
    if not isinstance(raw, bytes):
        return {}
    digest = hashlib.sha1(raw, usedforsecurity=False).digest()
    return {"CertificateHash": spaced(digest)}


def _principal_name(row: Source) -> Mapping[str, Value]:
    """Return the user principal name among the issued certificate's alternative names.

    The first otherName of Microsoft's kind whose value is a UTF8String. That the column is filled
    from there is assumed: certsrv.h has its name and nothing more.
    """
    raw = row.columns.get("RawCertificate")
    # Whoever has no such name, as most, is known without reading the whole certificate.
    if not isinstance(raw, bytes) or asn1.oid(oids.PRINCIPAL_NAME) not in raw:
        return {}
    try:
        extensions = x509.load_der_x509_certificate(raw).extensions
        others = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (
        ValueError,
        x509.ExtensionNotFound,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ):
        return {}  # an alternative name that only its client can read has no principal either
    for other in others.get_values_for_type(x509.OtherName):
        if other.type_id.dotted_string == oids.PRINCIPAL_NAME and asn1.fits(str, other.value):
            return {"UPN": asn1.decode(str, other.value)}
    return {}


def _subject_key_identifier(row: Source) -> Mapping[str, Value]:
    # Read from the extension and not from the key: a request may bring an identifier of its own.
    # One that policy has disabled is not in the certificate, so the column is empty then.
    for extension in row.extensions:
        if extension.name == oids.SUBJECT_KEY_IDENTIFIER and not extension.flags & _DISABLED:
            with suppress(asn1.DecodeError):
                return {"SubjectKeyIdentifier": spaced(asn1.decode(bytes, extension.value))}
    return {}


def _public_key(row: Source) -> Mapping[str, Value]:
    """Return the columns of the public key, which are there from the request on.

    RawPublicKey is what the BIT STRING holds; the parameters are the encoded second element of
    the AlgorithmIdentifier, if any. Source: RFC 5280 4.1.2.7; docs/rulings.md (Names and formats).
    """
    if not row.public_key_info:
        return {}
    info = asn1.decode(asn1.SubjectPublicKeyInfo, row.public_key_info)
    algorithm, *parameters = info.algorithm
    found: dict[str, Value] = {
        "RawPublicKey": info.key.as_bytes(),
        "PublicKeyAlgorithm": asn1.parse(x509.ObjectIdentifier, algorithm).dotted_string,
    }
    if parameters:
        found["RawPublicKeyAlgorithmParameters"] = asn1.raw(parameters[0])
    curve = found.get("RawPublicKeyAlgorithmParameters")
    found["PublicKeyLength"] = _CURVES.get(curve) or _key_length(row.public_key_info)
    return found


_CURVES: Mapping[Value | None, int] = {
    asn1.oid(curve.dotted_string): ec.get_curve_for_oid(curve)().key_size
    for curve in (
        ec.EllipticCurveOID.SECP256R1,
        ec.EllipticCurveOID.SECP384R1,
        ec.EllipticCurveOID.SECP521R1,
    )
}
"""The size of the common curves by their encoded names, which spares loading the key."""


def _key_length(public_key_info: bytes) -> int:
    """Return the key's size in bits; an Edwards or Montgomery key counts its encoded bytes.

    The second half is assumed: no Windows CA knows such keys.
    """
    key = load_der_public_key(public_key_info)
    size = getattr(key, "key_size", None)
    return size if isinstance(size, int) else len(key.public_bytes_raw()) * 8  # type: ignore[union-attr]


def spaced(data: bytes) -> str:
    """Return *data* as lower-case hexadecimal pairs with blanks between them.

    Source: readme of microsoft/adcs-proxy-exit-module, for SubjectKeyIdentifier; that
    CertificateHash looks alike is assumed (docs/rulings.md, Names and formats).
    """
    return data.hex(" ")


# What a row remembers is filed under the decoder's name, so each group needs a function.
_DECODERS: dict[str, _Decoder] = {
    **{f"{_REQUEST}{row.name}": _request_name for row in NAME_PROPERTIES},
    **{row.name: _certificate_name for row in NAME_PROPERTIES},
    "Request.DistinguishedName": _request_name,
    "DistinguishedName": _certificate_name,
    "CertificateHash": _certificate,
    "UPN": _principal_name,
    "SubjectKeyIdentifier": _subject_key_identifier,
    "RawPublicKey": _public_key,
    "RawPublicKeyAlgorithmParameters": _public_key,
    "PublicKeyAlgorithm": _public_key,
    "PublicKeyLength": _public_key,
}
_GROUPS = tuple(dict.fromkeys(_DECODERS.values()))
