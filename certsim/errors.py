"""What certsim raises: COM errors with an HRESULT, and refusals at plug time.

`ComError` carries the four values that pywin32's `com_error` has, in the same places, so that
module code which says `exc.hresult` or `exc.args[0]` runs here and on a Windows CA alike. One
difference remains: pywin32 bound late reports DISP_E_EXCEPTION (0x80020009) and keeps the code in
`excepinfo`, whereas here the code itself is in front (docs/rulings.md, Names and formats).
Source: pywin32 `com_error`; winerror.h for codes and symbols.
"""

from __future__ import annotations

import errno

from certsim.facts.hresults import HRESULT, HRESULTS

_UNSIGNED = 0xFFFFFFFF
_SIGN = 0x80000000
_WIN32 = 0x80070000
_CODES = {
    errno.EEXIST: HRESULT.ERROR_FILE_EXISTS,
    errno.ENOENT: HRESULT.ERROR_FILE_NOT_FOUND,
    errno.ENOTDIR: HRESULT.ERROR_PATH_NOT_FOUND,
    errno.EACCES: HRESULT.E_ACCESSDENIED,
    errno.EPERM: HRESULT.E_ACCESSDENIED,
    errno.EROFS: HRESULT.E_ACCESSDENIED,
    errno.EISDIR: HRESULT.E_ACCESSDENIED,
    errno.ENOSPC: HRESULT.ERROR_DISK_FULL,
    errno.EDQUOT: HRESULT.ERROR_DISK_FULL,
    errno.ENAMETOOLONG: HRESULT.ERROR_BAD_PATHNAME,
}
"""What a failure with a file is called on Windows; all others are ERROR_WRITE_FAULT."""

ExcepInfo = tuple[int, str | None, str | None, str | None, int, int]
"""OLE's EXCEPINFO as pywin32 hands it out: code, source, text, help file, help context, HRESULT."""


def signed(hresult: int) -> int:
    """Return *hresult* as the signed 32-bit LONG that COM hands out; either form goes in."""
    return ((hresult & _UNSIGNED) ^ _SIGN) - _SIGN


def describe(hresult: int) -> str:
    """Return `0x80094004 CERTSRV_E_PROPERTY_EMPTY` for an HRESULT, the bare number if unknown."""
    fact = HRESULTS.get(signed(hresult))
    number = f"0x{hresult & _UNSIGNED:08X}"
    return f"{number} {fact.symbol}" if fact else number


def code_of(error: OSError, *, making: bool = False) -> int:
    """Return the signed HRESULT for *error*: on Windows its own, elsewhere the nearest.

    *making* is whether a file was to be made: then it is no file that misses, but its folder.
    Source: winerror.h; errno.h.
    """
    win32 = getattr(error, "winerror", None)
    if win32:
        return signed(_WIN32 | win32)
    if making and error.errno == errno.ENOENT:
        return HRESULT.ERROR_PATH_NOT_FOUND
    return _CODES.get(error.errno or 0, HRESULT.ERROR_WRITE_FAULT)


def meaning(hresult: int) -> str:
    """Return the one-line meaning of an HRESULT; for an unknown one, say that it is unknown."""
    fact = HRESULTS.get(signed(hresult))
    return fact.meaning if fact else "no meaning on record"


def printable(text: str) -> str:
    r"""Return *text* on one line with every character that does not print spelled as an escape.

    Line ends, terminal controls, bidirectional marks and lone surrogates all become `\x..` or
    `\u....`, so that nothing a request says can forge a line or steer a terminal.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def shown(value: object, width: int = 40) -> str:
    """Return what a caller passed, for a message: its `repr`, cut to *width* characters.

    An object whose `repr` fails, as that of a number of thousands of digits does, is told by its
    type. The text may hold anything that a `repr` may; see `printable`.
    """
    try:
        return repr(value)[:width]
    except Exception:
        return f"<{type(value).__name__}>"


class CertSimError(Exception):
    """Be the base of everything certsim raises on purpose."""


class ModuleLoadError(CertSimError):
    """Say that a module cannot be plugged in; the message names the module and what is wrong.

    It has no HRESULT: COM would notice only at the first call what is refused here beforehand.
    Source: docs/rulings.md (Modules).
    """

    def __init__(self, text: str) -> None:
        """Take the message; specs and names in it may hold anything, so it is made printable."""
        super().__init__(printable(text))


class ComError(CertSimError):
    """Report a failed COM call.

    `hresult` is the signed code; `strerror` a sentence; `excepinfo` pywin32's six values or
    `None`; `argerror` the index of the offending argument or `None`. `args` holds the same four.
    Source: pywin32 `com_error`.
    """

    def __init__(
        self,
        hresult: int,
        strerror: str | None = None,
        excepinfo: ExcepInfo | None = None,
        argerror: int | None = None,
    ) -> None:
        """Take the code signed or unsigned; without *strerror* the code's meaning is used."""
        self.hresult = signed(hresult)
        self.strerror = meaning(hresult) if strerror is None else strerror
        self.excepinfo = excepinfo
        self.argerror = argerror
        super().__init__(self.hresult, self.strerror, excepinfo, argerror)

    def __str__(self) -> str:
        """Return `0x… SYMBOL: what happened` on one line."""
        return f"{describe(self.hresult)}: {printable(self.strerror)}"


com_error = ComError
"""pywin32's spelling, so that `except pythoncom.com_error` ports by changing the import."""
