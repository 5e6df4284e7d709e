r"""What `setreg` writes: the forms a value may be typed in, as certutil takes them.

    0x10, 16        a number: REG_DWORD
    +0x10, -16      bits of the number that is there, set or cleared
    +EDITF_X, -…    the same by the bit's name, where the value is known to be made of bits
    a\nb, a\n       REG_MULTI_SZ; `\n` are two characters, a backslash and an n
    +a, -a          members of the REG_MULTI_SZ that is there, added behind or taken out
    @FILE           REG_BINARY: what the file holds
    anything else   REG_SZ

A path with a backslash before an `n` becomes a list by this, here as there; a value of that kind is
set in a .reg file and imported.
Source: windowsserverdocs certutil (-setreg); docs/rulings.md (Command line).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from certsim.cli import files
from certsim.cli.command import UsageError
from certsim.errors import shown
from certsim.facts.registry import Flag
from certsim.registry import RegistryValue

_NUMBER = re.compile(r"0[xX][0-9a-fA-F]{1,8}|[0-9]{1,10}")
_WORD = 0xFFFFFFFF
_BREAK = r"\n"


def edited(old: RegistryValue | None, text: str, flags: Iterable[Flag], name: str) -> RegistryValue:
    """Return what *text* makes of the value *old* called *name*, `None` if there is none yet.

    *flags*: what the value is made of, if that is known. Errors: `UsageError` for a form that does
    not go with what is there; `ComError` for a file that cannot be read.
    """
    sign, rest = text[:1], text[1:]
    if sign == "@":
        return files.read(rest, "value file")
    if sign not in ("+", "-") or not rest:
        return _plain(text)
    if isinstance(old, list):
        return _members(old, sign, rest, name)
    flag = _flag(rest, known := tuple(flags))
    if flag is not None and isinstance(old, int | None):
        return _switched(old or 0, sign, flag)
    if old is None and sign == "+":
        return _list(rest)
    raise UsageError(_misfit(old, text, known, name))


def _plain(text: str) -> RegistryValue:
    if _BREAK in text:
        return _list(text)
    return text if (number := _number(text)) is None else number


def _list(text: str) -> list[str]:
    """Return the members that *text* names; the last break only says that it is a list."""
    return text.removesuffix(_BREAK).split(_BREAK)


def _number(text: str) -> int | None:
    """Return the number of 32 bits that *text* is, if it is one."""
    if not _NUMBER.fullmatch(text):
        return None
    found = int(text, 16 if text[:2] in ("0x", "0X") else 10)
    return found if found <= _WORD else None


def _flag(text: str, flags: Iterable[Flag]) -> Flag | None:
    """Return what *text* says by number or by name, if it does; all bits of a number count."""
    number = _number(text)
    if number is not None:
        return Flag(text, number, number)
    return next((flag for flag in flags if flag.symbol == text.upper()), None)


def _switched(held: int, sign: str, flag: Flag) -> int:
    """Return the number *held* with *flag* set or cleared.

    One of several numbers that share a place takes the place of another when it is set, and is
    cleared only if it stands there. Of bits typed as a number each goes by itself.
    """
    if sign == "+":
        return held & ~flag.mask | flag.bits
    shared = flag.bits != flag.mask
    return held if shared and held & flag.mask != flag.bits else held & ~flag.mask


def _members(old: list[str], sign: str, text: str, name: str) -> list[str]:
    """Return the list *old* with members added that it lacks, or without those that it has."""
    named = _list(text)
    if sign == "+":
        return [*old, *(member for member in dict.fromkeys(named) if member not in old)]
    missing = [member for member in named if member not in old]
    if missing:
        raise UsageError(f"{name} has no member {shown(missing[0], 80)}; see certsim getreg")
    return [member for member in old if member not in named]


def _misfit(old: RegistryValue | None, text: str, flags: Iterable[Flag], name: str) -> str:
    """Say why a value with a sign in front cannot be applied, and what can."""
    if isinstance(old, str | bytes):
        return f"{name} is neither a number nor a list: {shown(text, 60)} changes no part of it"
    symbols = ", ".join(flag.symbol for flag in flags)
    known = f"; it has {symbols}" if symbols else ""
    return f"{shown(text[1:], 60)} is no bit of {name}{known}"
