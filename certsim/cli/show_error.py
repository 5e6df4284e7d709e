"""`certsim error`: what a result code means.

A code may be typed as it is met: in hexadecimal, signed, unsigned, or by its name; an error of
Windows itself also by its bare number, 5 for 0x80070005. One that is on record is explained; of one
that is not at least the parts are told, and the exit status is 1. With `--json` the result has
these keys:

    hresult    the code as documents print it; signed and unsigned have the number
    symbol     its name in the header, meaning what it says, source where that is from
    failure    whether it says that something failed
    facility   the number of the part of the system that it comes from; facility_symbol its name
    code       the number in that part; win32 the same for an error of Windows itself

What is not known is null.
Source: winerror.h (layout of an HRESULT, names); docs/rulings.md (Command line).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from certsim import ComError
from certsim.cli import show_values
from certsim.cli.command import Arguments, FreeCommand, Report, UsageError
from certsim.errors import meaning, shown, signed
from certsim.facts.display import FACILITIES
from certsim.facts.hresults import HRESULT, HRESULTS

_WORD = 0xFFFFFFFF
_WIN32, _WIN32_LAST = 0x80070000, 0xFFFF
_PARTS = {fact.number: fact for fact in FACILITIES}
_MORE = """
examples:
  certsim error 0x80094004
  certsim error -2146877436
  certsim error CERTSRV_E_PROPERTY_EMPTY
"""


def _describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("code", metavar="CODE", help="a number (0x…, signed or not) or a name")


def _error(arguments: Arguments) -> Report:
    """Explain a result code, and fail if it is not on record.

    Errors: `UsageError` for what is no code at all.
    """
    code = _wrapped(parse(arguments.text("code")))
    failure = None
    if code not in HRESULTS:
        failure = ComError(
            HRESULT.ERROR_NOT_FOUND,
            f"0x{code & _WORD:08X} is not on record; its parts tell where it comes from",
        )
    return Report(data=data(code), lines=lines(code), failure=failure)


def parse(text: str) -> int:
    """Return the signed code that *text* is the number or the name of; case does not matter.

    A number is Python's, `0x…` for hexadecimal, of 32 bits, whichever way the top bit is written.
    Errors: `UsageError`.
    """
    named = HRESULT.__members__.get(text.upper())
    if named is not None:
        return int(named)
    try:
        found = int(text, 0)
    except ValueError:
        found = _WORD + 1
    if not -(2**31) <= found <= _WORD:
        raise UsageError(
            f"{shown(text)} is no result code: a number of 32 bits or a name like E_INVALIDARG"
        )
    return signed(found)


def _wrapped(code: int) -> int:
    """Return the code that wraps the Win32 error *code*, if that and no other is on record."""
    wrapped = signed(_WIN32 | code)
    is_bare = 0 < code <= _WIN32_LAST and code not in HRESULTS
    return wrapped if is_bare and wrapped in HRESULTS else code


def data(code: int) -> dict[str, object]:
    """Return what is known of the signed *code*, for JSON."""
    unsigned, fact = code & _WORD, HRESULTS.get(code)
    facility = _PARTS.get(_facility(code))
    return {
        "hresult": f"0x{unsigned:08X}",
        "signed": code,
        "unsigned": unsigned,
        "symbol": fact.symbol if fact else None,
        "meaning": fact.meaning if fact else None,
        "failure": code < 0,
        "facility": _facility(code),
        "facility_symbol": facility.symbol if facility else None,
        "code": unsigned & 0xFFFF,
        "win32": unsigned & 0xFFFF if show_values.win32(code) else None,
        "source": fact.source if fact else None,
    }


def lines(code: int) -> Iterator[str]:
    """Yield what is known of the signed *code*, for people: its spellings, then part by part."""
    unsigned, fact = code & _WORD, HRESULTS.get(code)
    yield f"0x{unsigned:08X} = {code} = {unsigned}" + (f" = {fact.symbol}" if fact else "")
    yield f"  {meaning(code)}"
    yield f"  severity: {'failure' if code < 0 else 'success'}"
    facility = _PARTS.get(_facility(code))
    told = f" {facility.symbol}, {facility.meaning}" if facility else ", unknown here"
    yield f"  facility: {_facility(code)}{told}"
    yield f"  code: {show_values.number(unsigned & 0xFFFF)}"
    if show_values.win32(code):
        yield f"  Win32 error: {unsigned & 0xFFFF}"
    if fact:
        yield f"  source: {fact.source} ({fact.basis})"


def _facility(code: int) -> int:
    """Return the number of the facility. Source: winerror.h, HRESULT_FACILITY (eleven bits)."""
    return code >> 16 & 0x7FF


COMMANDS = (
    FreeCommand(
        name="error",
        group="without a folder",
        help="explain a result code (HRESULT)",
        describe=_describe,
        more=_MORE,
        run=_error,
    ),
)
