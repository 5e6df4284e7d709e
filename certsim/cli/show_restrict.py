r"""What rows are asked for: certutil's list of restrictions, read into what a view takes.

    --restrict "Disposition=Issued, NotAfter<now+30:00, -RequestId>=1"

A restriction is a column, an operator (`=`, `==`, `<`, `<=`, `>`, `>=`) and a constant; commas
stand between them, and all have to hold. A column may be named as in the schema, without its
`Request.`, or by its title. One of them may have a sign in front: `+` sorts by it, `-` the other
way round. `=$` or `==$` is the last row: the one where that column is highest.

A constant is a number (decimal or `0x…`), a word that stands for one (`Issued`, `Key Compromise`,
`CERTSRV_E_PROPERTY_EMPTY`), a date (`2026-05-31`, with ` 14:30` in local time, with `Z` or `+02:00`
in that zone, or `now`; `+dd:hh` or `-dd:hh` behind it moves it), bytes in hexadecimal, or text.
Text with a comma, or with blanks at an end, stands in double quotes; a quote inside is doubled.
Source: windowsserverdocs certutil (-view, -restrict); docs/rulings.md (Command line).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import attrs

from certsim.cli.command import UsageError
from certsim.cli.show_columns import find
from certsim.database.rows import Value
from certsim.errors import shown
from certsim.facts.display import NUMBERS, STATUS_COLUMNS
from certsim.facts.hresults import HRESULT
from certsim.facts.properties import PropType
from certsim.facts.schema import Column

_ITEM = re.compile(r'(?:[^,"]|"(?:[^"]|"")*+")++')
_RESTRICTION = re.compile(r"\s*([+-]?)\s*([^<>=]+?)\s*(<=|>=|==|=|<|>)\s*(.*?)\s*", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+)")
_DATE = re.compile(
    r"(now|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)?)"
    r"(?:([+-]\d{1,6}):(\d{1,2}))?",
    re.ASCII | re.IGNORECASE,
)
_LAST = "$"


@attrs.frozen
class Selection:
    """Hold which rows are wanted, as a view takes it.

    *where*: column, operator, value. *order_by*: a column's name, `-` in front to descend.
    *last*: only the first row in that order.
    """

    where: tuple[tuple[str, str, Value], ...] = ()
    order_by: str | None = None
    last: bool = False


def select(text: str, columns: Iterable[Column], now: datetime) -> Selection:
    """Return what the list *text* selects among the rows of *columns*.

    *now*: the moment that the word `now` stands for, aware. Errors: `UsageError` that names the
    restriction and says what is wrong with it.
    """
    table = tuple(columns)
    where: list[tuple[str, str, Value]] = []
    orders: list[str] = []
    last = False
    for item in _items(text):
        sign, column, operator, constant = _parts(item, table)
        if constant == _LAST:
            sign, last = _last(item, sign, operator), True
        else:
            where.append((column.name, operator, _constant(column, constant, now)))
        if sign:
            orders.append(("-" if sign == "-" else "") + column.name)
    if len(orders) > 1:
        raise UsageError(f"restriction {shown(text, 80)}: rows can be sorted by one column only")
    return Selection(tuple(where), orders[0] if orders else None, last)


def _items(text: str) -> Iterator[str]:
    """Yield the restrictions of a list, between which commas stand."""
    place = 0
    while text.strip() and place <= len(text):
        found = _ITEM.match(text, place)
        end = found.end() if found else place
        if text[end : end + 1] == '"':
            raise UsageError(f"restriction {shown(text[place:], 80)}: a quote is not closed")
        if found is None:
            raise UsageError(f"restrictions {shown(text, 80)}: one of them is empty")
        yield found[0]
        place = end + 1


def _parts(item: str, table: tuple[Column, ...]) -> tuple[str, Column, str, str]:
    """Return sign, column, operator and constant of one restriction."""
    found = _RESTRICTION.fullmatch(item)
    if found is None:
        raise UsageError(
            f"restriction {shown(item.strip(), 80)}: write a column, one of = < <= > >=, a value"
        )
    sign, name, operator, constant = found.groups()
    return sign, find(name, table), "=" if operator == "==" else operator, constant


def _last(item: str, sign: str, operator: str) -> str:
    """Return the sign that sorts the last row to the front.

    Errors: `UsageError` for another operator, and for a sign, since the order is given by this.
    """
    if operator != "=" or sign:
        raise UsageError(f"restriction {shown(item.strip(), 80)}: the last row is written ==$")
    return "-"


def _constant(column: Column, text: str, now: datetime) -> Value:
    """Return *text* as a value of *column*; in quotes it is what stands between them.

    Errors: `UsageError` that says what the column takes.
    """
    text = _unquoted(text)
    try:
        match column.type:
            case PropType.LONG:
                return number(column.name, text)
            case PropType.DATE:
                return date(text, now)
            case PropType.BINARY:
                return bytes.fromhex(text)
    except (LookupError, ValueError, OverflowError, OSError) as error:
        wanted = _WANTED[column.type]
        raise UsageError(f"{column.name} takes {wanted}, not {shown(text, 60)}") from error
    return text


_WANTED = {
    PropType.LONG: "a number of 32 bits, like 20 or 0x14, or a word that stands for one",
    PropType.DATE: "a date like 2026-05-31, 2026-05-31 14:30, 2026-05-31T14:30Z or now-30:00",
    PropType.BINARY: "bytes in hexadecimal",
}


def _unquoted(text: str) -> str:
    inner = len(text) > 1 and text.startswith('"') and text.endswith('"')
    return text[1:-1].replace('""', '"') if inner else text


def number(name: str, text: str) -> int:
    """Return the number of 32 bits that *text* is or, in the column *name*, stands for.

    Words ignore letter case, blanks and underscores. Errors: `ValueError`; `KeyError` for a word
    that stands for nothing there.
    """
    if _NUMBER.fullmatch(text):
        found = int(text, 0) if "x" in text.lower() else int(text)
        if -(2**31) <= found < 2**32:
            return found
    elif name in STATUS_COLUMNS and text.upper() in HRESULT.__members__:
        return HRESULT[text.upper()]
    elif name in NUMBERS:
        return _words(name)[_bare(text)]
    raise ValueError(text)


def _words(name: str) -> dict[str, int]:
    """Return the words that stand for numbers in the column *name*, spelled bare."""
    return {_bare(held.symbol): held.bits for held in NUMBERS[name].meanings}


def _bare(text: str) -> str:
    """Return *text* so that `Key Compromise` and `KEY_COMPROMISE` are one word."""
    return text.lower().replace(" ", "").replace("_", "")


def date(text: str, now: datetime) -> datetime:
    """Return the moment that *text* names, UTC; without a zone it is local time.

    Errors: `ValueError`, `OverflowError` for a moment outside the years 1 to 9999.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    stem, days, hours = found.groups()
    when = now if stem.lower() == "now" else datetime.fromisoformat(stem.upper())
    if days:
        hour = -int(hours) if days.startswith("-") else int(hours)
        when += timedelta(days=int(days), hours=hour)
    return when.astimezone(UTC)
