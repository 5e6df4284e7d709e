"""Declared ASN.1 structures: what `cryptography.x509` does not parse, or is slower to build.

This is the only room that imports `cryptography.hazmat.asn1`, whose interface is still declared
unstable; everybody else works with the classes and functions below. Reading is always done by
the declarations. Writing a carried-over element is done by `wrap`, since version 49 cannot encode
a `TLV`; whatever is written with it is compared with `CertificateBuilder`'s bytes in the tests.

Only form is judged here, and only that of DER: bytes that are valid BER and nothing more are
refused. What a field means, and whether a version number or an OID is a good one, is for the
rooms that read requests. A field is a `TLV` where it is carried over as it came, may be of several
types, or is mostly not looked at; `parse` and `elements` go on from there.
Source: RFC 2986 (PKCS #10), RFC 5280 4.1 (certificates), X.690 8.1.3 (lengths).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, TypeVar

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

TLV = asn1.TLV
IA5String = asn1.IA5String
PrintableString = asn1.PrintableString

_T = TypeVar("_T")

SEQUENCE = b"\x30"
OCTET_STRING = b"\x04"
_TRUE = b"\x01\x01\xff"
_LONG = 0x80
_SHORT = [bytes((size,)) for size in range(_LONG)]
"""The lengths of one octet, made once: nearly every element has one of them."""


class DecodeError(ValueError):
    """Say that bytes are not the DER of the structure asked for.

    *truncated* and *wrong_tag* tell the two kinds of damage that have HRESULTs of their own
    (CRYPT_E_ASN1_EOD and CRYPT_E_ASN1_BADTAG). They are read off the decoder's words, for want of
    anything better: its exceptions carry no code.
    """

    def __init__(self, text: str) -> None:
        """Take the decoder's words, or plain ones; the decoder's are put into plain ones."""
        self.truncated = "ShortData" in text
        self.wrong_tag = "UnexpectedTag" in text
        if "ParseError" in text:
            text = "the ASN.1 is damaged"
            if self.truncated:
                text = "the ASN.1 ends early"
            elif self.wrong_tag:
                text = "another ASN.1 element was expected"
        super().__init__(text)


def decode(kind: type[_T], der: bytes) -> _T:
    """Return *der* read as *kind*, one of this room's classes or a plain ASN.1 type.

    Errors: `DecodeError` for bytes that are not exactly one such element; bytes after it are
    damage as well.
    """
    try:
        return asn1.decode_der(kind, der)
    except (ValueError, OverflowError) as error:
        raise DecodeError(str(error)) from error


def parse(kind: type[_T], element: asn1.TLV) -> _T:
    """Return the already decoded *element* read as *kind*. Errors: `DecodeError`."""
    try:
        return element.parse(kind)  # type: ignore[no-any-return]
    except (ValueError, OverflowError) as error:
        raise DecodeError(str(error)) from error


def fits(kind: type[object], der: bytes) -> bool:
    """Tell whether *der* reads as *kind*."""
    try:
        decode(kind, der)
    except DecodeError:
        return False
    return True


encode = asn1.encode_der


def wrap(tag: bytes, *contents: bytes | memoryview) -> bytes:
    """Return one DER element: *tag* (its identifier octets), the length, then *contents*."""
    content = contents[0] if len(contents) == 1 else b"".join(contents)
    size = len(content)
    return (tag + _SHORT[size] if size < _LONG else header(tag, size)) + content


def header(tag: bytes, size: int) -> bytes:
    """Return what stands before *size* octets of content: *tag* and the length."""
    if size < _LONG:
        return tag + _SHORT[size]
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return tag + bytes((0x80 | len(octets),)) + octets


def long_sequence(contents: Sequence[bytes]) -> bytes:
    """Return a SEQUENCE of *contents*, which may be long or a million: they are copied once.

    A join would take eighty bytes more for each of them while it lasts.
    """
    written = io.BytesIO()
    written.write(header(SEQUENCE, sum(map(len, contents))))
    written.writelines(contents)
    return written.getvalue()


def raw(element: asn1.TLV) -> bytes:
    """Return the whole encoding of *element*, tag and length included."""
    return wrap(element.tag_bytes, element.data)


@lru_cache(maxsize=512)
def oid(dotted: str) -> bytes:
    """Return the encoding of the object identifier *dotted*.

    Errors: `ValueError`, also for a spelling with leading zeros: rows are told apart by text.
    """
    identifier = ObjectIdentifier(dotted)
    if identifier.dotted_string != dotted:
        raise ValueError(f"{dotted} is not how {identifier.dotted_string} is written")
    return asn1.encode_der(identifier)


@lru_cache(maxsize=64)
def time(moment: datetime) -> bytes:
    """Return *moment* as the Time of RFC 5280 4.1.2.5: UTCTime to 2049, GeneralizedTime after.

    *moment* is aware and in whole seconds; years before 1950 are GeneralizedTime too.
    """
    moment = moment.astimezone(UTC)
    if 1950 <= moment.year < 2050:
        return asn1.encode_der(asn1.UTCTime(moment))
    return asn1.encode_der(asn1.GeneralizedTime(moment))


def read_time(der: bytes) -> datetime:
    """Return the moment that an encoded UTCTime or GeneralizedTime tells. Errors: `DecodeError`.

    Aware, in UTC; a DATE of the interfaces has no fractions of a second, so they are dropped.
    """
    if der[:1] == b"\x17":
        moment = decode(asn1.UTCTime, der).as_datetime()
    else:
        moment = decode(asn1.GeneralizedTime, der).as_datetime()
    return moment.replace(tzinfo=UTC, microsecond=0)


def read_ia5(der: bytes) -> str:
    """Return the text of an encoded IA5String. Errors: `DecodeError`."""
    return decode(IA5String, der).as_str()


def read_long(der: bytes) -> int:
    """Return an encoded INTEGER of at most 32 bits, signed as a LONG is. Errors: `DecodeError`."""
    value = decode(int, der)
    if not -0x80000000 <= value <= 0x7FFFFFFF:
        raise DecodeError("the INTEGER does not fit a LONG")
    return value


@lru_cache(maxsize=64)
def read_oids(der: bytes) -> frozenset[str]:
    """Return the OIDs of a SEQUENCE OF OBJECT IDENTIFIER; none if it is something else.

    Answers are kept, since most certificates have one of a few sets of usages.
    """
    try:
        return frozenset(oid.dotted_string for oid in decode(_OIDBox, wrap(SEQUENCE, der)).oids)
    except DecodeError:
        return frozenset()


def extension(name: str, value: bytes, *, critical: bool) -> bytes:
    """Return the encoded Extension (RFC 5280 4.1) of OID *name* around the encoded *value*.

    A flag that is False is left out, since DER does not encode defaults (X.690 11.5).
    """
    octets = wrap(OCTET_STRING, value)
    content = oid(name) + _TRUE + octets if critical else oid(name) + octets
    return wrap(SEQUENCE, content)


@asn1.sequence
class AttributeTypeAndValue:
    """Be one `type=value` of a name, whatever the value is."""

    type: ObjectIdentifier
    value: asn1.TLV


@asn1.sequence
class NameBox:
    """Be a SEQUENCE around one Name, since a bare SEQUENCE OF cannot be asked for."""

    name: list[asn1.SetOf[AttributeTypeAndValue]]


@asn1.sequence
class TextTypeAndValue:
    """Be one `type=value` of a name whose value is text of one of the three usual types."""

    type: ObjectIdentifier
    value: str | asn1.PrintableString | asn1.IA5String


@asn1.sequence
class TextNameBox:
    """Be a `NameBox` of usual text, which is faster to read.

    A name with one value of another type does not fit, and is read as a `NameBox` instead.
    """

    name: list[asn1.SetOf[TextTypeAndValue]]


@asn1.sequence
class _OIDBox:
    """Be a SEQUENCE around one SEQUENCE OF OBJECT IDENTIFIER."""

    oids: list[ObjectIdentifier]


@asn1.sequence
class SubjectPublicKeyInfo:
    """Be a public key; *algorithm* is the identifier and, where there is one, its parameters."""

    algorithm: list[asn1.TLV]
    key: asn1.BitString


@asn1.sequence
class Attribute:
    """Be one attribute of a PKCS #10 request or of a CMS signer."""

    type: ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class Extension:
    """Be one X.509 extension."""

    name: ObjectIdentifier
    critical: Annotated[bool, asn1.Default(value=False)]
    value: bytes


@asn1.sequence
class ExtensionsBox:
    """Be a SEQUENCE around one Extensions."""

    extensions: list[Extension]


@asn1.sequence
class CertificationRequestInfo:
    """Be the part of a PKCS #10 request that is signed. Source: RFC 2986 4.1."""

    version: int
    subject: asn1.TLV
    public_key_info: asn1.TLV
    attributes: Annotated[asn1.SetOf[Attribute] | None, asn1.Implicit(0)]


@asn1.sequence
class CertificationRequest:
    """Be a PKCS #10 request. Source: RFC 2986 4.2."""

    info: CertificationRequestInfo
    algorithm: list[asn1.TLV]
    signature: asn1.BitString


@asn1.sequence
class PublicKeyAndChallenge:
    """Be the signed part of a KEYGEN request."""

    public_key_info: SubjectPublicKeyInfo
    challenge: asn1.IA5String


@asn1.sequence
class SignedPublicKeyAndChallenge:
    """Be a KEYGEN request, which is recognised only to be refused by name.

    Source: docs/rulings.md (Left out).
    """

    body: PublicKeyAndChallenge
    algorithm: list[asn1.TLV]
    signature: asn1.BitString


@asn1.sequence
class EnrollmentNameValuePair:
    """Be attribute 1.3.6.1.4.1.311.13.2.1; both texts are BMPString. Source: MS-WCCE 2.2.2.7.10."""

    name: asn1.TLV
    value: asn1.TLV


@asn1.sequence
class CSPProvider:
    """Be attribute 1.3.6.1.4.1.311.13.2.2; the name is a BMPString. Source: MS-WCCE 2.2.2.7.2."""

    key_spec: int
    name: asn1.TLV
    signature: asn1.BitString


@asn1.sequence
class ContentInfo:
    """Be the outermost CMS structure. Source: RFC 5652 3."""

    content_type: ObjectIdentifier
    content: Annotated[asn1.TLV, asn1.Explicit(0)]


@asn1.sequence
class SignerInfo:
    """Be one signature of a CMS message; *signer* is either form of name. Source: RFC 5652 5.3."""

    version: int
    signer: asn1.TLV
    digest: list[asn1.TLV]
    signed: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    algorithm: list[asn1.TLV]
    signature: bytes
    unsigned: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]


@asn1.sequence
class SignedData:
    """Be a signed CMS message. Bags are lists, since senders do not sort them. RFC 5652 5.1."""

    version: int
    digests: asn1.TLV
    content: ContentInfo
    certificates: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    crls: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]
    signers: asn1.TLV


@asn1.sequence
class TaggedAttribute:
    """Be one control of a CMC request. Source: RFC 5272 3.2.1."""

    body_part: int
    type: ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class PKIData:
    """Be the content of a CMC full request. Source: RFC 5272 3.2.1."""

    controls: list[TaggedAttribute]
    requests: list[asn1.TLV]
    messages: list[asn1.TLV]
    others: list[asn1.TLV]


@asn1.sequence
class _Elements:
    """Be a SEQUENCE around one SEQUENCE OF anything."""

    items: list[asn1.TLV]


def elements(element: asn1.TLV, count: int | None = None) -> list[asn1.TLV]:
    """Return what a constructed *element* of any tag is made of, *count* parts if that is given.

    The element's own tag is put aside, so a SET, a SEQUENCE and an implicitly tagged one are read
    alike; a SET need not be sorted, which senders of CMS do not always do.
    Errors: `DecodeError`, also for another number of parts.
    """
    found = decode(_Elements, wrap(SEQUENCE, wrap(SEQUENCE, bytes(element.data)))).items
    if count not in (None, len(found)):
        raise DecodeError(f"{len(found)} elements stand where {count} belong")
    return found
