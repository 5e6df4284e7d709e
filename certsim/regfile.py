r"""The .reg format, Windows Registry Editor Version 5.00: text in, entries out, and back.

    Windows Registry Editor Version 5.00

    [HKEY_LOCAL_MACHINE\SOFTWARE\Key]
    @="the value without a name"
    "Number"=dword:00000041
    "List"=hex(7):61,00,00,00,00,00
    "Gone"=-

    [-HKEY_LOCAL_MACHINE\SOFTWARE\Whole key]

What is written here is what regedit writes, down to where it breaks long lines, with one
exception: text with control characters is written as bytes, hex(1), where regedit puts line breaks
between the quotes and cuts at a NUL. Both ways are read. Where regedit passes over what it does not
understand, the reader here refuses it and names the line. The older format REGEDIT4 is refused.
Source: KB310516; what reg.exe of Windows does in the tests of Wine (programs/reg/tests).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import attrs

from certsim.errors import ComError, shown
from certsim.facts.hresults import HRESULT
from certsim.facts.registry import VALUE_TYPES

RegistryValue = int | str | bytes | list[str]
"""REG_DWORD (unsigned), REG_SZ, REG_BINARY, REG_MULTI_SZ, told apart by their Python type."""
Change = tuple[str, str | None, RegistryValue | None]
"""Key, name, value: without a value the name is deleted, without a name the whole key."""

_HEADER: Final = "Windows Registry Editor Version 5.00"
_WIDTH: Final = 79
"""How long a line of bytes may grow before its backslash."""
_END = r"[ \t]*+(?:;[^\r\n]*+)?(?:\r\n?|\n|\Z)"
_TEXT = r'"[^"\\]*+(?:\\["\\][^"\\]*+)*+"'
_FOLDED = (
    r"(?<=[, \t])\\[ \t]*+(?:;[^\r\n]*+)?(?:\r\n?|\n)"
    r"(?:[ \t]*+(?:;[^\r\n]*+)?(?:\r\n?|\n))*+[ \t]*+(?=[0-9A-Fa-f])"
)
"""Bytes go on after a comma and a backslash; comments and empty lines may stand between."""
_BYTES = rf"hex(?:\([0-9A-Fa-f]{{1,8}}\))?:(?:[0-9A-Fa-f, \t]++|{_FOLDED})*+"

_LINE_END = re.compile(r"\r\n?|\n")
_FIRST_LINE = re.compile(rf"[ \t]*{re.escape(_HEADER)}[ \t]*(?:\r\n?|\n|\Z)")
_NOTHING = re.compile(r"[ \t]*+(?:[;#][^\r\n]*+)?(?:\r\n?|\n|\Z)")
_KEY = re.compile(rf"[ \t]*+\[(?P<gone>-?)(?P<key>[^\r\n]+)\]{_END}")
_NAME = re.compile(rf"[ \t]*+(?:@|(?P<name>{_TEXT}))[ \t]*+=[ \t]*+")
_DATA = re.compile(rf"(?P<data>{_TEXT}|dword:[0-9A-Fa-f]{{1,8}}|{_BYTES}|-){_END}")
_FOLD = re.compile(_FOLDED)
UNQUOTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@attrs.frozen
class Entry:
    """Hold one entry as it is written: *data* is looked at when its value is asked for.

    So a file may hold values that nobody here can keep, as long as nobody asks for them. *name* is
    `None` where the whole *key* is to be deleted; *line* is where the entry begins.
    """

    key: str
    name: str | None
    data: str
    line: int

    def value(self) -> RegistryValue | None:
        """Return the value, `None` for what is to be deleted.

        Errors: `ComError` ERROR_INVALID_DATA for bytes that are not what their type says and for
        a type that is none of the four.
        """
        if self.data == "-":
            return None
        if self.data.startswith('"'):
            return _unquoted(self.data)
        form, _, digits = self.data.partition(":")
        if form == "dword":
            return int(digits, 16)
        kind = int(form[4:-1] or "3", 16)  # hex(7), or hex alone for bytes
        if kind not in _READERS:
            raise _error(
                self.line,
                f"{shown(self.name)} is of type {VALUE_TYPES.get(kind, hex(kind))}; there are "
                "REG_SZ, REG_MULTI_SZ, REG_DWORD and REG_BINARY",
            )
        try:
            return _READERS[kind](_bytes(digits))
        except ValueError as error:
            raise _error(
                self.line, f"the bytes of {shown(self.name)} are no {VALUE_TYPES[kind]}"
            ) from error


def parse(text: str) -> list[Change]:
    """Return what the .reg file *text* says, in its order.

    Errors: `ComError` ERROR_INVALID_DATA naming the line, for the first thing that cannot be read.
    """
    return [(entry.key, entry.name, entry.value()) for entry in scan(text)]


def scan(text: str) -> Iterator[Entry]:
    """Yield the entries of the .reg file *text*, with their values unread.

    Errors: `ComError` ERROR_INVALID_DATA naming the line.
    """
    text = text.removeprefix("\ufeff")
    first = _FIRST_LINE.match(text)
    if first is None:
        raise _no_registry_file(text)
    key, line, at = "", 2, first.end()
    while at < len(text):
        if found := _NOTHING.match(text, at):
            end = found.end()
        elif found := _KEY.match(text, at):
            # What follows a key that is deleted stands below no key.
            end, key = found.end(), "" if found["gone"] else found["key"]
            if found["gone"]:
                yield Entry(found["key"], None, "-", line)
        else:
            entry, end = _entry(text, at, key, line)
            yield entry
        line += len(_LINE_END.findall(text, at, end))
        at = end


def _entry(text: str, at: int, key: str, line: int) -> tuple[Entry, int]:
    """Return the value that is written at a place of *text*, and where it ends."""
    named = _NAME.match(text, at)
    if named is None:
        raise _error(line, 'expected a [key], "name"=value, @=value or a comment')
    name = _unquoted(named["name"] or '""')
    if not key:
        raise _error(line, f"{shown(name)} stands below no [key]")
    found = _DATA.match(text, named.end())
    if found is None:
        raise _error(
            line,
            f'what {shown(name)} is set to is not "text" (with \\\\ for a backslash and \\" for a '
            "quotation mark), dword: and up to eight hexadecimal digits, hex: or hex(7): and "
            "bytes, or - alone",
        )
    return Entry(key, name, found["data"], line), found.end()


def _no_registry_file(text: str) -> ComError:
    if text.lstrip().startswith("REGEDIT"):
        return _error(1, f"REGEDIT4 is an older format: export once more, as {_HEADER}")
    return _error(1, f"a registry file begins with {_HEADER}")


def _error(line: int, what: str) -> ComError:
    return ComError(HRESULT.ERROR_INVALID_DATA, f"line {line}: {what}")


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _bytes(text: str) -> bytes:
    """Return the bytes of a list in hexadecimal. Errors: `ValueError`."""
    digits = _FOLD.sub("", text).strip(" \t").removesuffix(",").split(",")
    if digits == [""]:
        return b""
    return bytes(int(one.strip(" \t"), 16) for one in digits)


# A string in the registry ends with a NUL, a list with one more; either may be missing, and a
# string may hold others.


def _read_text(data: bytes) -> str:
    return data.decode("utf-16-le", "surrogatepass").removesuffix("\0")


def _write_text(text: str) -> bytes:
    return f"{text}\0".encode("utf-16-le", "surrogatepass")


def _read_list(data: bytes) -> list[str]:
    items = _read_text(data).split("\0")
    return items if items[-1] else items[:-1]


def _write_list(items: list[str]) -> bytes:
    return _write_text("".join(f"{item}\0" for item in items))


def _read_number(data: bytes) -> int:
    if len(data) != 4:
        raise ValueError(data)
    return int.from_bytes(data, "little")


_READERS: Mapping[int, Callable[[bytes], RegistryValue]] = {
    1: _read_text,
    3: bytes,
    4: _read_number,
    7: _read_list,
}
"""By the number of a type, which is what stands in brackets after `hex`."""


def compose(changes: Iterable[Change]) -> str:
    """Return the .reg file that says *changes*, its lines ending with a line feed.

    The names of keys and values hold no control characters.
    """
    lines, standing = [_HEADER], ""
    for key, name, value in changes:
        if name is None:
            lines += ["", f"[-{key}]"]
            standing = ""
        else:
            if key != standing:
                lines += ["", f"[{key}]"]
                standing = key
            lines += _lines(_quoted(name) if name else "@", value)
    return "\n".join((*lines, "", ""))


def _lines(name: str, value: RegistryValue | None) -> list[str]:
    match value:
        case None:
            return [f"{name}=-"]
        case int():
            return [f"{name}=dword:{value:08x}"]
        case bytes():
            return _hex(f"{name}=hex:", value)
        case list():
            return _hex(f"{name}=hex(7):", _write_list(value))
        case _ if UNQUOTABLE.search(value):
            return _hex(f"{name}=hex(1):", _write_text(value))
        case _:
            return [f"{name}={_quoted(value)}"]


def _hex(start: str, data: bytes) -> list[str]:
    """Return *data* in hexadecimal behind *start*, in as many lines as regedit would take."""
    lines: list[str] = []
    line, at = start, 0
    while True:
        room = max(1, (_WIDTH - len(line)) // 3)
        line += data[at : at + room].hex(",")
        at += room
        if at >= len(data):
            return [*lines, line]
        lines.append(f"{line},\\")
        line = "  "


def decode(data: bytes) -> str:
    """Return the text of a .reg file: UTF-16 as regedit writes it, or UTF-8, with or without mark.

    Errors: `ComError` ERROR_INVALID_DATA for anything else.
    """
    try:
        if data.startswith(codecs.BOM_UTF16_LE):
            return data[2:].decode("utf-16-le", "surrogatepass")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ComError(
            HRESULT.ERROR_INVALID_DATA,
            f"a registry file is text in UTF-16, little end first and with its mark, or in UTF-8; "
            f"byte {error.start} is neither",
        ) from error


def encode_windows(text: str) -> bytes:
    """Return a composed *text* as the bytes that regedit writes: UTF-16 with mark, CR LF."""
    return codecs.BOM_UTF16_LE + text.replace("\n", "\r\n").encode("utf-16-le")
