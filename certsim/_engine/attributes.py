"""The text of request attributes: lines `Name:Value`, as a client hands them in.

Text becomes rows here, a row for each name, and rows are merged with rows. What an attribute
means is nobody's business in this room: the engine heeds none but the template's name, and the
policy module reads the others by itself.
Source: MS-WCCE 3.2.1.4.2.1.2; docs/rulings.md (Attributes and extensions).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from certsim.database.rows import AttributeRow
from certsim.errors import ComError, shown
from certsim.facts.hresults import HRESULT
from certsim.facts.schema import COLUMNS

TEXT_LIMIT = COLUMNS["Request.RequestAttributes"].max_length
"""Characters that the column RequestAttributes holds; what is longer is cut.

Source: `certutil -schema`; sdk-api certif/nf-certif-icertserverexit-getrequestproperty.
"""
NAME_LIMIT = COLUMNS["AttributeName"].max_length
VALUE_LIMIT = COLUMNS["AttributeValue"].max_length
"""Characters of AttributeName and AttributeValue. Source: `certutil -schema`."""
ADMIN_NAME_LIMIT, ADMIN_VALUE_LIMIT = 127, 4096
"""The same for an officer. Source: sdk-api certadm/nf-certadm-icertadmin-setrequestattributes."""
_IGNORED_IN_NAMES = str.maketrans("", "", " -\t")


def normalize(name: str) -> str:
    """Return an attribute name without the blanks and minus signs that do not count in it.

    `Certificate-Template` and `certificate template` are one attribute. Letter case does not
    count either, but it is kept here and ignored where names are compared. Tabs go with the
    blanks (assumed). Source: MS-WCCE 3.2.1.4.2.1.2.
    """
    return name.translate(_IGNORED_IN_NAMES)


def parse(text: str) -> list[AttributeRow]:
    r"""Return the attributes in *text*, a row for each name, in order of first appearance.

    Lines end with `\n`, `\r\n` or `\r` and with nothing else, so no other control character in a
    value can begin a further attribute. A line without a colon, name or value is passed over; of
    two lines with one name (case ignored) the later counts.
    Never fails. Source: MS-WCCE 3.2.1.4.2.1.2 (broken lines, blanks around a value);
    docs/rulings.md (Attributes and extensions) for line ends and repeats.
    """
    if not text:
        return []
    found: dict[str, AttributeRow] = {}
    for line in text.replace("\r", "\n").split("\n"):
        name, colon, value = line.partition(":")
        name, value = normalize(name), value.strip(" \t")
        if colon and name and value:
            found[name.lower()] = AttributeRow(name, value)
    return list(found.values())


def as_text(attributes: str | Mapping[str, str]) -> str:
    """Return attributes given as text or as a mapping as the text a client would send.

    Errors: `ComError` E_INVALIDARG for a mapping whose names or values hold a line end (one
    would become two attributes) or whose names hold a colon, and for anything but text or a
    mapping of texts.
    """
    if isinstance(attributes, str):
        return attributes
    if not isinstance(attributes, Mapping):
        raise ComError(HRESULT.E_INVALIDARG, "attributes are text or a mapping of texts")
    for name, value in attributes.items():
        _check_pair(name, value)
    return "\n".join(f"{name}:{value}" for name, value in attributes.items())


def _check_pair(name: object, value: object) -> None:
    texts = isinstance(name, str) and isinstance(value, str)
    if not texts or ":" in str(name) or set("\r\n") & set(f"{name}{value}"):
        raise ComError(
            HRESULT.E_INVALIDARG, f"attribute {shown(name, 60)} cannot stand on one line"
        )


def check_limits(
    rows: Iterable[AttributeRow], name_limit: int = NAME_LIMIT, value_limit: int = VALUE_LIMIT
) -> None:
    """Refuse a name or a value longer than its limit, counted in characters.

    The defaults are the columns' sizes; an officer's own, narrower limits are handed in.
    Errors: `ComError` E_INVALIDARG naming the attribute; the code is certsim's choice (assumed).
    Source: docs/rulings.md (Requests).
    """
    for row in rows:
        if len(row.name) > name_limit or len(row.value) > value_limit:
            raise ComError(
                HRESULT.E_INVALIDARG,
                f"attribute {shown(row.name, 60)} is longer than {name_limit} and {value_limit} "
                "characters allow",
            )


def merge(
    rows: Sequence[AttributeRow], changes: Sequence[AttributeRow]
) -> tuple[AttributeRow, ...]:
    """Return *rows* with *changes* put in: one row for each name, case ignored.

    A changed attribute takes the new spelling of its name and keeps its place in line.
    Source: MS-CSRA (one row of the Attribute table for each request and name).
    """
    if not rows and not changes:
        return ()
    merged = {row.name.lower(): row for row in rows}
    merged.update((row.name.lower(), row) for row in changes)
    return tuple(merged.values())
