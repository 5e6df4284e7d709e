r"""How a module reads its settings: its key as a mapping, inside certsim and on Windows alike.

    key = open_key(server.GetCertificateProperty("ModuleRegistryLocation", PROPTYPE_STRING))
    mask = key.get("EventFilter", 0)

Where a CA that runs in this process owns the path, its registry answers. Where none does and the
machine is a Windows one, the machine's own registry does, by way of `winreg`; that half was written
from winreg's documentation and tried against a stand-in, never yet on Windows.
Source: Python library, winreg; sdk-api certif/nf-certif-icertserverexit-getcertificateproperty.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from types import ModuleType
from typing import Protocol

from certsim.errors import ComError
from certsim.facts.hresults import HRESULT
from certsim.regfile import RegistryValue
from certsim.registry.configuration import Registry
from certsim.registry.names import CONFIGURATION

_OF_A_CA = re.compile(rf"{re.escape(CONFIGURATION)}\\[^\\]+", re.IGNORECASE)
_winreg: ModuleType | None
try:
    import winreg
except ImportError:
    _winreg = None
else:
    _winreg = winreg


class _Source(Protocol):
    """Answer for values and their names; `Registry` does."""

    def read(self, key: str, name: str, /) -> RegistryValue | None: ...

    def names(self, key: str, /) -> list[str]: ...


class Key(Mapping[str, RegistryValue]):
    """Be one registry key as its module sees it: a read-only mapping from name to value.

    Values are int (REG_DWORD), str (REG_SZ), bytes (REG_BINARY) and list of str (REG_MULTI_SZ).
    Names are found whatever their case; a loop tells them as they are spelt. A value that is
    written later is seen.
    """

    def __init__(self, source: _Source, path: str) -> None:
        """Open the key at *path*, as *source* counts paths."""
        self._source, self._path = source, path

    def __getitem__(self, name: str) -> RegistryValue:
        """Return the value called *name*; `KeyError` when there is none."""
        value = self._source.read(self._path, name)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        """Go through the names of this key's values."""
        return iter(self._source.names(self._path))

    def __len__(self) -> int:
        """Count this key's values."""
        return len(self._source.names(self._path))

    def open(self, name: str) -> Key:
        r"""Open the key *name* below this one, `SMTP` or `SMTP\Issued`; it may be empty."""
        return Key(self._source, rf"{self._path}\{name}" if self._path else name)


class _Machine:
    """Answer from the registry of the Windows that this runs on, below HKEY_LOCAL_MACHINE."""

    def __init__(self, api: ModuleType) -> None:
        self._api = api
        self._empty: Mapping[int, RegistryValue] = {
            api.REG_SZ: "",
            api.REG_EXPAND_SZ: "",
            api.REG_MULTI_SZ: [],
            api.REG_DWORD: 0,
        }

    def read(self, key: str, name: str, /) -> RegistryValue | None:
        """Return a value; where winreg has `None` for no bytes, the empty one of its type."""
        try:
            with self._opened(key) as handle:
                value, kind = self._api.QueryValueEx(handle, name)
        except FileNotFoundError:
            return None
        found: RegistryValue = self._empty.get(kind, b"") if value is None else value
        return list(found) if isinstance(found, list) else found

    def names(self, key: str, /) -> list[str]:
        """Return the names of a key's values; none for a key that does not exist."""
        try:
            with self._opened(key) as handle:
                count = self._api.QueryInfoKey(handle)[1]
                return [self._api.EnumValue(handle, index)[0] for index in range(count)]
        except FileNotFoundError:
            return []

    def exists(self, key: str) -> bool:
        """Tell whether there is such a key."""
        try:
            with self._opened(key):
                return True
        except FileNotFoundError:
            return False

    def _opened(self, key: str) -> AbstractContextManager[object]:
        handle: AbstractContextManager[object] = self._api.OpenKey(
            self._api.HKEY_LOCAL_MACHINE, key
        )
        return handle


# HKEY_LOCAL_MACHINE is one to a machine, but several CAs may run in one process, even of one name.
# So the trees of those that run are kept here, and the thread remembers whose module it is loading.
_mounted: list[Registry] = []
_serving = threading.local()


def mount(registry: Registry) -> None:
    """Let `open_key` find *registry* by its path from any thread."""
    _mounted.append(registry)


def unmount(registry: Registry) -> None:
    """Undo `mount`; no harm if it was never mounted."""
    if registry in _mounted:
        _mounted.remove(registry)


@contextmanager
def serving(registry: Registry) -> Iterator[None]:
    """Let `open_key` on this thread prefer *registry*, for CAs of one name in one process.

    The engine wraps this around a module's `Initialize`, where modules read their settings. A
    module that opens its key later, among CAs of one name, gets that of the last one started.
    """
    previous = getattr(_serving, "registry", None)
    _serving.registry = registry
    try:
        yield
    finally:
        _serving.registry = previous


def open_key(location: str) -> Key:
    """Open the key at *location*, a path below HKEY_LOCAL_MACHINE (`ModuleRegistryLocation`).

    A key without values is an empty mapping: a module that was never configured finds that, as
    the public exit sample expects. Errors: `ComError` ERROR_FILE_NOT_FOUND (0x80070002) when no
    CA owns the path, neither one that runs in this process nor, on Windows, one of the machine;
    there `OSError`, too, as `winreg` raises it.
    """
    current = getattr(_serving, "registry", None)
    for registry in (*([current] if current else ()), *reversed(_mounted)):
        if f"{location.lower()}\\".startswith(f"{registry.root.lower()}\\"):
            return Key(registry, location[len(registry.root) + 1 :])
    of_a_ca = _OF_A_CA.match(location)
    if _winreg is not None and of_a_ca is not None:
        machine = _Machine(_winreg)
        if machine.exists(of_a_ca[0]):
            return Key(machine, location)
    raise ComError(HRESULT.ERROR_FILE_NOT_FOUND, f"no running CA owns the key {location}")
