r"""What may stand in the registry, and where: paths, names and values, and the checks of them.

Paths are below HKEY_LOCAL_MACHINE. A .reg file has that name in front; it may call the classes
HKEY_CLASSES_ROOT and the control set by its number, and means the same keys.
Source: certsrv.h, wszREG constants; pywin32 `win32com.server.register` (PythonCOM); win32 SysInfo,
registry element size limits.
"""

from __future__ import annotations

import re

from certsim.errors import ComError, shown
from certsim.facts.hresults import HRESULT
from certsim.facts.registry import CLASSES_KEY, SERVICE_KEY
from certsim.regfile import UNQUOTABLE, Entry, RegistryValue

CONFIGURATION = rf"{SERVICE_KEY}\Configuration"
"""The key above those of CAs."""
ACTIVE = "Active"
"""The value there that names the CA, and the one that names the modules in use."""
CLASS_KEY = re.compile(rf"{re.escape(CLASSES_KEY)}\\[^\\]+\\PythonCOM", re.IGNORECASE)
_MACHINE, _CLASSES = "HKEY_LOCAL_MACHINE", "HKEY_CLASSES_ROOT"
_CONTROL_SET = re.compile(r"^SYSTEM\\ControlSet\d{3}(?=\\)", re.IGNORECASE)
_KEY_LENGTH, _NAME_LENGTH = 255, 16_383
"""Characters in the name of a key, of a value."""


def full_path(path: str) -> str:
    """Return a *path* below HKEY_LOCAL_MACHINE as .reg files have it, with its root in front."""
    if path.lower().startswith(f"{CLASSES_KEY.lower()}\\"):
        return _CLASSES + path[len(CLASSES_KEY) :]
    return rf"{_MACHINE}\{path}"


def machine_path(key: str) -> str | None:
    """Return what the *key* of a .reg file is below HKEY_LOCAL_MACHINE; `None` if it is not."""
    root, _, rest = key.partition("\\")
    if not rest:
        return None  # the root itself holds nothing of a CA's
    if root.upper() == _CLASSES:
        return rf"{CLASSES_KEY}\{rest}"
    if root.upper() == _MACHINE:
        return _CONTROL_SET.sub(r"SYSTEM\\CurrentControlSet", rest)
    return None


def taken(entry: Entry) -> RegistryValue | None:
    """Return the value of an *entry* of a .reg file, having looked at whether it can be held.

    Errors: `ComError` ERROR_INVALID_DATA naming the line.
    """
    value = entry.value()
    try:
        checked_key(entry.key)
        name = checked_name(entry.name or "")
        return None if value is None else checked_value(name, value)
    except ComError as error:
        raise ComError(
            HRESULT.ERROR_INVALID_DATA, f"line {entry.line}: {error.strerror}"
        ) from error


def class_key(progid: str) -> str:
    """Return the path of the key that holds the class behind *progid*."""
    return rf"{CLASSES_KEY}\{progid}\PythonCOM"


def checked_key(key: str) -> str:
    """Return *key*, of whose parts each can be the name of a key. Errors: E_INVALIDARG."""
    for part in key.split("\\") if key else ():
        if not part or len(part) > _KEY_LENGTH or UNQUOTABLE.search(part):
            raise ComError(
                HRESULT.E_INVALIDARG,
                f"{shown(key, 80)} is no key: names have 1 to {_KEY_LENGTH} characters that print",
            )
    return key


def checked_name(name: str) -> str:
    """Return *name* as the name of a value; the empty one is the default value's."""
    if len(name) > _NAME_LENGTH or UNQUOTABLE.search(name):
        raise ComError(
            HRESULT.E_INVALIDARG,
            f"{shown(name, 80)} is no name of a value: it has up to {_NAME_LENGTH} characters "
            "that print",
        )
    return name


def checked_value(name: str, value: object) -> RegistryValue:
    """Return *value* as the registry keeps it. Errors: `ComError` E_INVALIDARG.

    Flags arrive as members of an enumeration, truth values as `bool` and numbers signed or not;
    all become plain unsigned numbers here, so that what a module reads is what `winreg` would
    hand it. A NUL in a list would end one of its texts early.
    """
    if isinstance(value, int) and -0x80000000 <= value <= 0xFFFFFFFF:
        return int(value) & 0xFFFFFFFF
    if isinstance(value, str | bytes):
        return value
    if isinstance(value, list | tuple) and all(
        isinstance(item, str) and "\0" not in item for item in value
    ):
        return list(value)
    raise ComError(
        HRESULT.E_INVALIDARG,
        f"{name} takes a 32-bit integer, text, bytes or a list of text without NULs, "
        f"not {shown(value, 60)}",
    )
