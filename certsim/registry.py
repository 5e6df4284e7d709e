r"""A CA's configuration: a tree of keys and values in the places where Windows keeps them.

`Registry` is the tree of one CA, rooted at `Configuration\<sanitized CA name>`. `config=` and
certutil-style paths (`ca\KRAFlags`, `policy\RequestDisposition`, `exit\SMTP\EventFilter`) lead
into it. A module knows only its `ModuleRegistryLocation`, a path below HKEY_LOCAL_MACHINE, and
reads its own key with `open_key`, much as it would with `winreg`.

There are four types of value and no others, no access rights and no notice of a change: the engine
takes a snapshot at each start (of CRL periods at each run), and so do modules. Any name may be
written, known or not; a misspelt one has no effect, as in the registry it stands for.
Source: certsrv.h, wszREG constants (paths); windowsserverdocs certutil (roots of `-getreg`);
MS-CSRA 3.1.4.2.15 (when a change counts).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from certsim.errors import ComError, shown
from certsim.facts.hresults import HRESULT
from certsim.facts.registry import (
    CA_DEFAULTS,
    DEFAULT_POLICY_KEY,
    POLICY_DEFAULTS,
    SERVICE_KEY,
)

RegistryValue = int | str | bytes | list[str]
"""REG_DWORD, REG_SZ, REG_BINARY, REG_MULTI_SZ, told apart by their Python type.

A DWORD may be written signed or unsigned and is read back as it was written.
"""


class Registry:
    """Hold the keys and values of one CA; the names of both ignore case.

    Keys exist by having values, so there is nothing to create and no empty key to tell from an
    absent one. Writing and listing may happen on different threads at once.
    Source: docs/rulings.md (Configuration).
    """

    def __init__(self, ca_name: str) -> None:
        r"""Make the tree of the CA whose sanitized name is *ca_name*, with its defaults."""
        self.root = rf"{SERVICE_KEY}\Configuration\{ca_name}"
        self._values: dict[tuple[str, str], RegistryValue] = {}
        self._lock = threading.Lock()
        for key, rows in (("", CA_DEFAULTS), (DEFAULT_POLICY_KEY, POLICY_DEFAULTS)):
            for row in rows:
                held = row.default
                self.write(key, row.name, list(held) if isinstance(held, tuple) else held)

    def read(self, key: str, name: str) -> RegistryValue | None:
        r"""Return value *name* of *key* (`ExitModules\My.Exit`; `""` is the CA's own), or None.

        A list is a copy, so that whoever gets it cannot edit the configuration through it.
        """
        # No lock: one look into a dictionary is a single step, and values are never edited.
        value = self._values.get((key.lower(), name.lower()))
        return list(value) if isinstance(value, list) else value

    def write(self, key: str, name: str, value: RegistryValue) -> None:
        """Set value *name* of *key*.

        Errors: `ComError` E_INVALIDARG for a value that is no DWORD, text, bytes or list of text.
        """
        with self._lock:
            self._values[key.lower(), name.lower()] = _checked(name, value)

    def names(self, key: str) -> list[str]:
        """Return the names of the values of *key*, in lower case."""
        with self._lock:
            return [name for held, name in self._values if held == key.lower()]

    def integer(self, name: str) -> int:
        """Return the CA's own DWORD *name*; 0 when it is absent.

        Errors: `ComError` E_INVALIDARG for a value of another type: text that silently counted
        as 0 would be a riddle to whoever wrote it (docs/rulings.md, Configuration).
        """
        value = self.read("", name)
        if value is None:
            return 0
        if not isinstance(value, int):
            raise ComError(HRESULT.E_INVALIDARG, f"{name} is a number, not {shown(value)}")
        return value

    def text(self, name: str) -> str:
        """Return the CA's own string *name*; empty when it is absent.

        Errors: `ComError` E_INVALIDARG for a value of another type.
        """
        value = self.read("", name)
        if value is not None and not isinstance(value, str):
            raise ComError(HRESULT.E_INVALIDARG, f"{name} is text, not {shown(value)}")
        return value or ""

    def strings(self, name: str) -> list[str]:
        """Return the CA's own multi-string *name*; a single string counts as a list of one.

        Errors: `ComError` E_INVALIDARG for a value of another type.
        """
        return self.listed("", name)

    def listed(self, key: str, name: str) -> list[str]:
        """Return the multi-string *name* of *key*, likewise; empty when it is absent."""
        value = self.read(key, name)
        if isinstance(value, str):
            return [value]
        if value is not None and not isinstance(value, list):
            raise ComError(HRESULT.E_INVALIDARG, f"{name} is a list of text, not {shown(value)}")
        return value or []


def _checked(name: str, value: object) -> RegistryValue:
    """Return *value* as the registry keeps it. Errors: `ComError` E_INVALIDARG.

    Flags arrive as members of an enumeration and truth values as `bool`; both become plain
    numbers here, so that what a module reads is what `winreg` would hand it.
    """
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int) and -0x80000000 <= value <= 0xFFFFFFFF:
        return int(value)
    if isinstance(value, str | bytes):
        return value
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return list(value)
    raise ComError(
        HRESULT.E_INVALIDARG,
        f"{name} takes a 32-bit integer, text, bytes or a list of text, not {shown(value, 60)}",
    )


def resolve(path: str, *, policy: str, exits: Callable[[], Sequence[str]]) -> tuple[str, str]:
    r"""Return the key and the value name that a certutil-style *path* means.

    `ca\X` is the CA's own value, `policy\X` the active policy module's (ProgID *policy*),
    `exit\X` the first active exit module's (of *exits*, which is asked for this root alone: a
    wrong `Active` must not stand in the way of its own repair); any other path counts from the
    CA's key. Errors: `ComError` E_INVALIDARG for an empty name, ERROR_FILE_NOT_FOUND (0x80070002)
    for `exit\` without an exit module. Source: windowsserverdocs certutil (`-getreg`).
    """
    head, *rest = path.split("\\") if isinstance(path, str) else [""]
    if not all((head, *rest)):
        raise ComError(HRESULT.E_INVALIDARG, f"{shown(path, 80)} names no configuration value")
    # A bare `ca` or `exit` names no root but a value of the CA's own key: roots need a rest.
    root = head.lower() if rest else ""
    if root == "ca":
        parts = rest
    elif root == "policy":
        parts = ["PolicyModules", policy, *rest]
    elif root == "exit":
        active = exits()
        if not active:
            raise ComError(HRESULT.ERROR_FILE_NOT_FOUND, f"{path}: the CA has no exit module")
        parts = ["ExitModules", active[0], *rest]
    else:
        parts = [head, *rest]
    return "\\".join(parts[:-1]), parts[-1]


class Key(Mapping[str, RegistryValue]):
    """Be one registry key as its module sees it: a read-only mapping from name to value."""

    def __init__(self, registry: Registry, path: str) -> None:
        """Open *path* below the CA's key of *registry*."""
        self._registry, self._path = registry, path

    def __getitem__(self, name: str) -> RegistryValue:
        """Return the value called *name*, whatever its case; `KeyError` when there is none."""
        value = self._registry.read(self._path, name)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        """Go through the names of this key's values, in lower case."""
        return iter(self._registry.names(self._path))

    def __len__(self) -> int:
        """Count this key's values."""
        return sum(1 for _ in self)


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
    the public exit sample expects. A `Key` shows what is written later too. Errors: `ComError`
    ERROR_FILE_NOT_FOUND (0x80070002) when no CA that runs in this process owns the path.
    """
    current = getattr(_serving, "registry", None)
    for registry in (*([current] if current else ()), *reversed(_mounted)):
        if f"{location.lower()}\\".startswith(f"{registry.root.lower()}\\"):
            return Key(registry, location[len(registry.root) + 1 :])
    raise ComError(HRESULT.ERROR_FILE_NOT_FOUND, f"no running CA owns the key {location}")
