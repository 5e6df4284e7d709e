"""How one value is shown: to people, in a CSV cell, in JSON.

People get what a server's tools show: text in quotes, numbers in hexadecimal with the decimal
number and its meaning behind, dates in the machine's time zone, bytes as a dump. What does not
print is escaped when a line is printed, after it has been broken here. CSV and JSON are for other
programs: plain numbers, ISO 8601 dates in UTC, bytes in hexadecimal.
Source: published output of certutil -view; docs/rulings.md (Command line).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from certsim.database.rows import Value
from certsim.errors import meaning
from certsim.facts.display import EXTENSION_TITLES, NUMBERS, STATUS_COLUMNS
from certsim.facts.hresults import HRESULTS
from certsim.facts.registry import Flag

EMPTY = "EMPTY"
_WORD = 0xFFFFFFFF
_WIN32, _WIN32_MASK = 0x80070000, 0xFFFF0000
_DUMP_WIDTH = 16
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001  (spreadsheets take wide signs for signs)
"""What a cell begins with that a spreadsheet would compute. Source: OWASP, CSV Injection."""


def lines(name: str, value: Value | None) -> Iterator[str]:
    """Yield *value* of the column *name* for people: what stands behind its title, then more lines.

    The first line is empty where the value needs lines of its own. *value*: LONG signed,
    DATE aware UTC.
    """
    match value:
        case None:
            yield EMPTY
        case str():
            yield from _text(name, value)
        case bytes():
            yield f"{len(value)} bytes"
            yield from dump(value)
        case datetime():
            yield local(value)
        case _:
            yield from _number(name, value)


def _text(name: str, value: str) -> Iterator[str]:
    """Yield text in quotes, each of its lines on one of its own."""
    parts = [quoted(part) for part in value.split("\n")]
    if len(parts) > 1:
        yield ""
        yield from parts
    elif name == "ExtensionName" and value in EXTENSION_TITLES:
        yield f"{parts[0]} {EXTENSION_TITLES[value].title}"
    else:
        yield parts[0]


def quoted(text: str) -> str:
    """Return *text* in quotes; those inside are doubled."""
    return '"' + text.replace('"', '""') + '"'


def dump(data: bytes) -> Iterator[str]:
    """Yield *data* sixteen bytes a line: offset, hexadecimal pairs, and what of them is ASCII."""
    for start in range(0, len(data), _DUMP_WIDTH):
        part = data[start : start + _DUMP_WIDTH]
        letters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
        yield f"{start:04x}  {part.hex(' '):<{_DUMP_WIDTH * 3 - 1}}  {letters}"


def local(when: datetime) -> str:
    """Return *when* in the machine's time zone, which is named.

    A moment that the zone's calendar has no place for, at either end of all years, stays UTC.
    """
    try:
        here = when.astimezone()
    except (OverflowError, ValueError, OSError):
        here = when.astimezone(UTC)
    return f"{here:%Y-%m-%d %H:%M:%S} {here.tzname()}"


def _number(name: str, value: int) -> Iterator[str]:
    if name in STATUS_COLUMNS:
        yield status(value)
        return
    known = NUMBERS.get(name)
    told = list(named(known.meanings, value)) if known else []
    if known and known.word:
        yield number(value)
        yield from (f"{text} -- {hexadecimal(bits)}" for text, bits in told)
    else:
        yield " -- ".join([number(value), *(text for text, _ in told)])


def number(value: int) -> str:
    """Return a number as `0x14 (20)`; 0 needs no second spelling."""
    return f"0x{value & _WORD:x}" + (f" ({value})" if value else "")


def hexadecimal(value: int) -> str:
    """Return a number as `14 (20)`: without prefix, and in decimal too if that differs."""
    bare = f"{value & _WORD:x}"
    return bare if bare == str(value) else f"{bare} ({value})"


def named(flags: Iterable[Flag], value: int) -> Iterator[tuple[str, int]]:
    """Yield what *value* means and the number that says so; for a bit, the bit.

    A number's masks and values are compared by their 32 bits, so it may be signed or unsigned.
    """
    for flag in flags:
        if (value ^ flag.bits) & flag.mask & _WORD == 0:
            yield flag.symbol, flag.bits


def status(code: int) -> str:
    """Return a result code as `0x80070057 (WIN32: 87 E_INVALIDARG) -- what it means`.

    Codes that wrap no Win32 error have their signed number in the place of the Win32 number.
    """
    unsigned = code & _WORD
    inner = f"WIN32: {unsigned & 0xFFFF}" if win32(code) else str(code)
    fact = HRESULTS.get(code)
    symbol = f" {fact.symbol}" if fact and code else ""
    return f"0x{unsigned:x} ({inner}{symbol}) -- {meaning(code)}"


def win32(code: int) -> bool:
    """Tell whether a result code wraps a Win32 error, as 0, success, does too."""
    return code == 0 or code & _WIN32_MASK == _WIN32


def plain(value: Value | None) -> str | int | None:
    """Return *value* as JSON has it: dates in ISO 8601 and UTC, bytes in hexadecimal."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.hex() if isinstance(value, bytes) else value


def cell(value: Value | None) -> str | int:
    """Return *value* as a CSV cell has it.

    Text that a spreadsheet would take for a formula gets an apostrophe in front, since it may
    have come with a request; whoever needs it byte for byte takes JSON.
    """
    found = plain(value)
    if isinstance(value, str) and value[:1] in _FORMULA:
        return f"'{value}"
    return "" if found is None else found
