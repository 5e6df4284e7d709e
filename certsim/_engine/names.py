"""X.500 names: the sixteen name properties, the text form, and the subject a CA encodes.

A request's subject is kept as its own bytes. This room reads them into `Part`s, turns parts into
name properties and into the text of `DistinguishedName`, and arranges the parts of a subject in
the order the CA's `SubjectTemplate` asks for. A part that policy does not touch is carried over
byte for byte, string type included.
Source: interfaces.md 3.1 (name properties); ca-behaviour.md 2.3 (template); DESIGN 4 (formats).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from certsim._engine import asn1
from certsim.errors import ComError
from certsim.facts.hresults import HRESULT
from certsim.facts.properties import NAME_PROPERTIES

_CODECS = {
    b"\x0c": "utf-8",  # UTF8String
    b"\x12": "ascii",  # NumericString
    b"\x13": "ascii",  # PrintableString
    b"\x14": "latin-1",  # TeletexString, read as everybody reads it
    b"\x16": "ascii",  # IA5String
    b"\x1a": "ascii",  # VisibleString
    b"\x1c": "utf-32-be",  # UniversalString
    b"\x1e": "utf-16-be",  # BMPString
}
_SET = b"\x31"
_UTF8, _PRINTABLE, _IA5 = b"\x0c", b"\x13", b"\x16"

NAME_BY_OID = {row.oid: row.name for row in NAME_PROPERTIES}
OID_BY_NAME = {row.name: row.oid for row in NAME_PROPERTIES}
_MAX_BY_OID = {row.oid: row.max_length for row in NAME_PROPERTIES}
_OID_BY_SPELLING = {
    spelling.lower(): row.oid for row in NAME_PROPERTIES for spelling in (row.name, *row.aliases)
}
_TAG_BY_OID = {OID_BY_NAME["Country"]: _PRINTABLE} | dict.fromkeys(
    (OID_BY_NAME["EMail"], OID_BY_NAME["DomainComponent"]), _IA5
)
# Source: RFC 5280 appendix A.1: countryName is Printable, emailAddress and domainComponent IA5.
_KEYS = {
    "CommonName": "CN",
    "OrgUnit": "OU",
    "Organization": "O",
    "Locality": "L",
    "State": "S",
    "Country": "C",
    "DomainComponent": "DC",
    "EMail": "E",
    "Title": "T",
    "GivenName": "G",
    "Initials": "I",
    "SurName": "SN",
    "StreetAddress": "STREET",
}
_KEY_BY_OID = {OID_BY_NAME[name]: key for name, key in _KEYS.items()}
_MUST_QUOTE = frozenset(',+="\n<>#;')


class Part(NamedTuple):
    """Hold one attribute of a name: dotted OID, text, and the tag of its string type.

    A value of no string type has no tag, and its text is `#` with its encoding in hexadecimal,
    as RFC 4514 2.4 writes it.
    """

    oid: str
    text: str
    tag: bytes

    def encode(self) -> bytes:
        """Return the RDN that this part alone makes."""
        codec = _CODECS.get(self.tag)
        if codec is None:
            value = bytes.fromhex(self.text[1:])
        else:
            value = asn1.wrap(self.tag, self.text.encode(codec))
        return asn1.wrap(_SET, asn1.wrap(asn1.SEQUENCE, asn1.oid(self.oid), value))


class Name(NamedTuple):
    """Hold a Name: its encoding, its parts in that order, whether each RDN has one part only."""

    raw: bytes
    parts: list[Part]
    single: bool


def read(raw_name: bytes) -> Name:
    """Return an encoded Name with its parts in the order they are encoded.

    An RDN of several values gives several parts. Errors: `asn1.DecodeError`.
    """
    boxed = asn1.wrap(asn1.SEQUENCE, raw_name)
    parts: list[Part] = []
    try:
        rdns = asn1.decode(asn1.TextNameBox, boxed).name
        for rdn in rdns:
            for item in rdn.as_list():
                value = item.value
                text, tag = (value, _UTF8) if isinstance(value, str) else _special(value)
                parts.append(Part(item.type.dotted_string, text, tag))
        return Name(raw_name, parts, len(parts) == len(rdns))
    except asn1.DecodeError:
        return _read_any(raw_name, asn1.decode(asn1.NameBox, boxed))


def _special(value: asn1.PrintableString | asn1.IA5String) -> tuple[str, bytes]:
    return value.as_str(), _IA5 if isinstance(value, asn1.IA5String) else _PRINTABLE


def _read_any(raw_name: bytes, box: asn1.NameBox) -> Name:
    items = [item for rdn in box.name for item in rdn.as_list()]
    parts = [Part(item.type.dotted_string, *_read_value(item.value)) for item in items]
    return Name(raw_name, parts, len(parts) == len(box.name))


def _read_value(value: asn1.TLV) -> tuple[str, bytes]:
    codec = _CODECS.get(value.tag_bytes)
    if codec is None:
        return f"#{asn1.raw(value).hex()}", b""
    return text_of(value), value.tag_bytes


def text_of(value: asn1.TLV) -> str:
    """Return the text of a string *value* of any type.

    Errors: `asn1.DecodeError` for what is no string, or not text in its type's encoding.
    """
    codec = _CODECS.get(value.tag_bytes)
    if codec is None:
        raise asn1.DecodeError("a string was expected")
    try:
        return bytes(value.data).decode(codec)
    except UnicodeDecodeError as error:
        raise asn1.DecodeError(f"a string holds bytes that are no {codec} text") from error


def properties(parts: Iterable[Part]) -> dict[str, str]:
    """Return the name properties of *parts*; several values of one kind join with a newline.

    Source: interfaces.md 3.1 (win32 SecCrypto/name-properties).
    """
    found: dict[str, str] = {}
    for part in parts:
        name = NAME_BY_OID.get(part.oid)
        if name:
            found[name] = f"{found[name]}\n{part.text}" if name in found else part.text
    return found


def distinguished_name(parts: Sequence[Part]) -> str:
    """Return the text of a name, most specific part first: `CN=www, O="Contoso, Ltd.", C=DE`."""
    return ", ".join(
        f"{_KEY_BY_OID.get(part.oid, f'OID.{part.oid}')}={_quoted(part.text)}"
        for part in reversed(parts)
    )


def _quoted(text: str) -> str:
    if text and text == text.strip() and not _MUST_QUOTE.intersection(text):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def check_lengths(parts: Iterable[Part]) -> None:
    """Refuse a name part that is longer than its property allows.

    Errors: `ComError` CERTSRV_E_BAD_REQUESTSUBJECT (0x80094001) naming the part.
    Source: interfaces.md 3.1 (maximum characters).
    """
    for part in parts:
        limit = _MAX_BY_OID.get(part.oid)
        if limit is not None and len(part.text) > limit:
            raise ComError(
                HRESULT.CERTSRV_E_BAD_REQUESTSUBJECT,
                f"{NAME_BY_OID[part.oid]} has {len(part.text)} characters, {limit} are allowed",
            )


def template_oids(template: Iterable[str]) -> tuple[str, ...]:
    """Return the OIDs a `SubjectTemplate` names, most specific first, as the registry lists them.

    Errors: `ComError` E_INVALIDARG for a word that is no name property (the CA does not start).
    """
    oids = []
    for word in template:
        known = _OID_BY_SPELLING.get(word.strip().lower())
        if known is None:
            raise ComError(HRESULT.E_INVALIDARG, f"SubjectTemplate: {word!r} is no name property")
        oids.append(known)
    return tuple(oids)


def arrange(name: Name, template: Sequence[str], *, reorder: bool) -> bytes:
    """Return *name* encoded in the reverse of *template* (country first, common name last).

    Parts the template does not list and empty ones are dropped; parts of one kind keep their
    order, and without *reorder* all do. A name in which nothing moves keeps its bytes.
    Source: ca-behaviour.md 2.3; DESIGN 4 (formats).
    """
    kept = [part for part in name.parts if part.text and part.oid in template]
    if reorder:
        kept.sort(key=lambda part: -template.index(part.oid))
    return name.raw if name.single and kept == name.parts else encode(kept)


def encode(parts: Iterable[Part]) -> bytes:
    """Return a Name of *parts*, an RDN for each."""
    return asn1.wrap(asn1.SEQUENCE, *[part.encode() for part in parts])


def make_parts(values: Mapping[str, str]) -> list[Part]:
    """Return parts for name properties given as text (newline between several values).

    Errors: `ComError` CERTSRV_E_BAD_REQUESTSUBJECT when a value has characters that its string
    type cannot carry (a country outside PrintableString, an e-mail address outside IA5).
    """
    return [
        make_part(OID_BY_NAME[name], text)
        for name, joined in values.items()
        for text in joined.split("\n")
        if text
    ]


def make_part(name: str, text: str) -> Part:
    """Return the part with the OID *name* whose whole value is *text*, as `make_parts` would."""
    tag = _TAG_BY_OID.get(name, _UTF8)
    try:
        text.encode(_CODECS[tag])
    except UnicodeEncodeError as error:
        raise ComError(
            HRESULT.CERTSRV_E_BAD_REQUESTSUBJECT,
            f"{NAME_BY_OID[name]} cannot hold {text!a:.80}",
        ) from error
    return Part(name, text, tag)
