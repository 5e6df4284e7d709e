"""X.500 names: the sixteen name properties, the text form, and the subject a CA encodes.

A request's subject is kept as its own bytes. This room reads them into `Part`s, turns parts into
name properties and into the text of `DistinguishedName`, and arranges the parts of a subject in
the order the CA's `SubjectTemplate` asks for. A part that policy does not touch is carried over
byte for byte, string type included.

Three orders have to be told apart. Parts stand in the order of the encoding, most general first as
a rule (country … common name); `DistinguishedName` and `SubjectTemplate` go the other way. Sixteen
kinds of part have a property; any other kind is readable in the text form only, and leaves the
subject unless the template is bypassed (`building`). Matching of names (RFC 5280 7.1: blanks, case)
is not done here, nor is anything looked up in a directory.
Source: win32 SecCrypto/name-properties; MS-CSRA (SubjectTemplate); gradenegger.eu and PSPKI (order
and dropping of parts); docs/rulings.md (Certificates, Names and formats).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from certsim._engine import asn1
from certsim.errors import ComError, shown
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
# The keys of wincrypt's CertNameToStr; whether the engine writes them so is assumed.
_RANK = itemgetter(0)
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
    """Hold a Name: its encoding, its parts in that order, whether each RDN has one part only.

    The encoding is kept because a subject in which nothing moves has to come out byte for byte; a
    name with an RDN of several parts is encoded anew, one RDN for each.
    """

    raw: bytes
    parts: list[Part]
    single: bool


@lru_cache(maxsize=16)  # a name is read when its request comes, and when the row is written
def read(raw_name: bytes) -> Name:
    """Return an encoded Name with its parts in the order they are encoded.

    An RDN of several values gives several parts. Most names hold UTF8String, PrintableString and
    IA5String alone and are decoded in one go; only a name with another type takes the slow way.
    Errors: `asn1.DecodeError` for what is no Name, or a string that is no text of its type.
    Source: RFC 5280 4.1.2.4.
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
    """Return a Name whose values may be of any type, strings or not."""
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

    TeletexString is read as Latin-1: its own repertoire is used by nobody, RFC 5280 4.1.2.4 warns
    of it, and Latin-1 takes every byte.
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

    The keys are the property names without a prefix; a kind of part without a property is left
    out. Country is joined too, although the page says that it has one value.
    Source: win32 SecCrypto/name-properties; docs/rulings.md (Names and formats).
    """
    found: dict[str, str] = {}
    for part in parts:
        name = NAME_BY_OID.get(part.oid)
        if name:
            found[name] = f"{found[name]}\n{part.text}" if name in found else part.text
    return found


def distinguished_name(parts: Sequence[Part]) -> str:
    """Return the text of a name, most specific part first: `CN=www, O="Contoso, Ltd.", C=DE`.

    A part without a key is written `OID.1.2.3=…`. This is a text for people and not that of
    RFC 4514: it quotes where that escapes. Source: docs/rulings.md (Names and formats).
    """
    return ", ".join(
        f"{_KEY_BY_OID.get(part.oid, f'OID.{part.oid}')}={_quoted(part.text)}"
        for part in reversed(parts)
    )


def _quoted(text: str) -> str:
    """Return *text*, in quotes when it is empty, has outer blanks or holds a mark of the syntax."""
    if text and text == text.strip() and not _MUST_QUOTE.intersection(text):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def check_lengths(parts: Iterable[Part]) -> None:
    """Refuse a name part that is longer than its property allows.

    Characters are counted, not bytes, and each part by itself. Whether to ask at all is
    `EnforceX500NameLengths`, which is the caller's to look up.
    Errors: `ComError` CERTSRV_E_BAD_REQUESTSUBJECT (0x80094001) naming the part.
    Source: win32 SecCrypto/name-properties for the limits; docs/rulings.md (Requests) for the code.
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

    Words are name properties or their aliases (`CN`, `OrganizationalUnit`), case ignored.
    Errors: `ComError` E_INVALIDARG for a word that is no name property (the CA does not start).
    Source: MS-CSRA; TechNet on event 19; docs/rulings.md (Configuration).
    """
    oids = []
    for word in template:
        known = _OID_BY_SPELLING.get(word.strip().lower())
        if known is None:
            raise ComError(
                HRESULT.E_INVALIDARG, f"SubjectTemplate: {shown(word, 80)} is no name property"
            )
        oids.append(known)
    return tuple(oids)


def arrange(name: Name, template: Sequence[str], *, reorder: bool) -> bytes:
    """Return *name* encoded in the reverse of *template* (country first, common name last).

    Parts the template does not list and empty ones are dropped; parts of one kind keep their
    order, and without *reorder* all do. A name in which nothing moves keeps its bytes.
    *template* holds OIDs as `template_oids` returns them; the result is DER, `30 00` for no part.
    Source: gradenegger.eu and PSPKI on the order of parts; docs/rulings.md (Certificates).
    """
    ranked = [
        (-template.index(part.oid), part)
        for part in name.parts
        if part.text and part.oid in template
    ]
    if reorder:
        ranked.sort(key=_RANK)
    kept = [part for _, part in ranked]
    return name.raw if name.single and kept == name.parts else encode(kept)


def encode(parts: Iterable[Part]) -> bytes:
    """Return a Name (DER) of *parts* in the order given, an RDN for each."""
    return asn1.wrap(asn1.SEQUENCE, *[part.encode() for part in parts])


def make_parts(values: Mapping[str, str]) -> list[Part]:
    """Return parts for name properties given as text (newline between several values).

    *values* has property names without a prefix; empty values and empty lines make no part. All
    text becomes UTF8String but for the three kinds that RFC 5280 appendix A.1 gives another type.
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
            f"{NAME_BY_OID[name]} cannot hold {shown(text, 80)}",
        ) from error
    return Part(name, text, tag)
