"""CMC full requests: one PKCS #10 and the controls that add to what it says.

The signed message around them is `cms`'s business. Readings of ours where the sources are silent
(basis assumed): a control may name that one request and no other; controls of unknown kinds are
passed over. No control is checked for who added it: the signatures are over all of them at once.
Source: RFC 5272 3.2.1, 6.5.2, 6.12; MS-WCCE 2.2.2.6.3, 3.2.1.4.2.1.4.1.3; docs/rulings.md (Kinds
and signatures).
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import attrs

from certsim._engine import asn1, attributes, pkcs10
from certsim._engine.submission import RequestError
from certsim.database.rows import AttributeRow, ExtensionRow
from certsim.facts import oids
from certsim.facts.flags import ExtensionFlag, ExtensionOrigin
from certsim.facts.hresults import HRESULT

_TAGGED_PKCS10 = b"\xa0"
_ARRIVE = int(ExtensionOrigin.CMC | ExtensionFlag.DISABLE)

_Rows = tuple[list[AttributeRow], list[ExtensionRow]]


@attrs.frozen
class Content:
    """Hold what a signed message is around: *request*, which ought to be the DER of a PKCS #10.

    *attributes* and *extensions* are the rows that controls add; extensions are disabled and have
    the origin CMC.
    """

    request: bytes
    attributes: tuple[AttributeRow, ...] = ()
    extensions: tuple[ExtensionRow, ...] = ()


def read(content: bytes) -> Content:
    """Return the request in the PKIData *content* (DER) and what its controls add.

    Errors: `RequestError` ERROR_INVALID_DATA unless there is exactly one tagged PKCS #10, and for
    a control that is meant for another request; `asn1.DecodeError` for damage.
    Source: MS-WCCE 3.2.1.4.2.1.4.1.3.
    """
    data = asn1.decode(asn1.PKIData, content)
    if len(data.requests) != 1 or data.requests[0].tag_bytes != _TAGGED_PKCS10:
        raise _invalid("a CMC request holds exactly one PKCS #10 request")
    part, request = asn1.elements(data.requests[0], 2)
    found: list[AttributeRow] = []
    wanted: list[ExtensionRow] = []
    for control in data.controls:
        more, extensions = _rows(control, asn1.parse(int, part))
        found += more
        wanted += extensions
    return Content(asn1.raw(request), tuple(found), tuple(wanted))


def _rows(control: asn1.TaggedAttribute, part: int) -> _Rows:
    """Return the rows that *control* adds to the request whose body part number is *part*."""
    # Microsoft's own control adds attributes as a PKCS #10 holds them, extensions among them.
    kind, values = control.type.dotted_string, control.values.as_list()
    if kind == oids.CMC_REG_INFO:
        return [row for value in values for row in _registration_info(value)], []
    if kind == oids.CMC_ADD_ATTRIBUTES:
        added = [one for value in values for one in asn1.elements(_added(value, part))]
        asked = [asn1.parse(asn1.Attribute, one) for one in added]
        return pkcs10.attribute_rows(asked), list(pkcs10.requested_extensions(asked, _ARRIVE))
    if kind == oids.CMC_ADD_EXTENSIONS:
        lists = [asn1.raw(_added(value, part)) for value in values]
        return [], [row for one in lists for row in pkcs10.extension_rows(one, _ARRIVE)]
    return [], []


def _registration_info(value: asn1.TLV) -> list[AttributeRow]:
    """Return the rows of `Name=Value&Name=Value`; a pair without name or value is passed over.

    Names lose blanks and minus signs and values the blanks around them, as in the text that comes
    with a request. Source: MS-WCCE 2.2.2.6.3, 3.2.1.4.2.1.2.
    """
    rows = []
    for pair in asn1.parse(bytes, value).split(b"&"):
        name, _, text = pair.partition(b"=")
        rows.append(
            AttributeRow(attributes.normalize(_unescaped(name)), _unescaped(text).strip(" \t"))
        )
    return [row for row in rows if row.name and row.value]


def _unescaped(octets: bytes) -> str:
    # MS-WCCE 2.2.2.6.3 speaks of UTF-8 only. That clients write `CONTOSO%5Calice` has been
    # observed; that a plus sign is no blank is assumed.
    try:
        return unquote_to_bytes(octets).decode()
    except UnicodeDecodeError as error:
        raise asn1.DecodeError("registration info holds bytes that are no UTF-8") from error


def _added(value: asn1.TLV, part: int) -> asn1.TLV:
    """Return what a control adds, once its references are found to mean body part *part*.

    Source: RFC 5272 6.5.2 (0 as the data reference is this very message).
    """
    data, references, added = asn1.elements(value, 3)
    meant = [asn1.parse(int, one) for one in asn1.elements(references)]
    if asn1.parse(int, data) != 0 or meant != [part]:
        raise _invalid("a control is meant for a request that is not here")
    return added


def _invalid(text: str) -> RequestError:
    return RequestError(HRESULT.ERROR_INVALID_DATA, text)
