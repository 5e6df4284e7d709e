r"""The registry as one CA sees it: its own key, what is below it, and the classes of its modules.

Three places of HKEY_LOCAL_MACHINE are the CA's: `Configuration\<sanitized CA name>` below the
service's key; `Active` beside it, which names the CA; and `SOFTWARE\Classes\<ProgID>\PythonCOM`,
alias HKEY_CLASSES_ROOT, where the class behind a ProgID is written down. Paths that methods take
are below the CA's own key, so that the other two are out of reach of whoever only configures.
Source: certsrv.h, wszREG constants; pywin32 `win32com.server.register` (PythonCOM).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import attrs

from certsim import regfile
from certsim.errors import ComError, shown
from certsim.facts.hresults import HRESULT
from certsim.facts.registry import CA_DEFAULTS, DEFAULT_POLICY_KEY, POLICY_DEFAULTS
from certsim.regfile import RegistryValue
from certsim.registry.names import (
    ACTIVE,
    CLASS_KEY,
    CONFIGURATION,
    checked_key,
    checked_name,
    checked_value,
    class_key,
    full_path,
    machine_path,
    taken,
)
from certsim.registry.tree import Tree


@attrs.frozen
class Imported:
    """Tell what an import did: values set, values deleted, entries of keys of other owners."""

    set: int
    deleted: int
    skipped: int


class Registry:
    """Hold the keys and values of one CA; the names of both ignore case.

    Reading and writing may happen on different threads at once.
    """

    def __init__(self, ca_name: str) -> None:
        """Make the tree of the CA whose sanitized name is *ca_name*, with its defaults."""
        self.root = rf"{CONFIGURATION}\{ca_name}"
        self._lock = threading.RLock()
        tree = Tree().write(CONFIGURATION, ACTIVE, ca_name)
        for key, rows in (("", CA_DEFAULTS), (DEFAULT_POLICY_KEY, POLICY_DEFAULTS)):
            for row in rows:
                held = row.default
                value = list(held) if isinstance(held, tuple) else held
                tree = tree.write(self._path(key), row.name, value)
        self._tree = tree

    def _path(self, key: str) -> str:
        return rf"{self.root}\{key}" if key else self.root

    def _current(self) -> Tree:
        """Return the tree as it stands."""
        return self._tree

    def _change(self, change: Callable[[Tree], Tree]) -> None:
        """Put in place of the tree what *change* makes of it; if that raises, nothing happens."""
        with self._lock:
            self._tree = change(self._tree)

    def read(self, key: str, name: str) -> RegistryValue | None:
        r"""Return value *name* of *key* (`ExitModules\My.Exit`; `""` is the CA's own), or None.

        A list is a copy, so that whoever gets it cannot edit the configuration through it.
        """
        return self._current().read(self._path(key), name)

    def write(self, key: str, name: str, value: RegistryValue) -> None:
        """Set value *name* of *key*.

        Errors: `ComError` E_INVALIDARG for a value that is no DWORD, text, bytes or list of text
        and for a name that the registry cannot hold.
        """
        path, name = self._path(checked_key(key)), checked_name(name)
        checked = checked_value(name, value)
        self._change(lambda tree: tree.write(path, name, checked))

    def delete_value(self, key: str, name: str) -> None:
        """Take value *name* of *key* away. Errors: `ComError` ERROR_FILE_NOT_FOUND."""
        self._remove(f"value {name} in {key or 'the key of the CA'}", self._path(key), name)

    def delete_key(self, key: str) -> None:
        """Take *key* away with all that is in and below it.

        Errors: `ComError` ERROR_FILE_NOT_FOUND; E_INVALIDARG for the CA's own key.
        """
        if not key:
            raise ComError(HRESULT.E_INVALIDARG, "the CA's own key cannot be deleted")
        self._remove(f"key {key}", self._path(key), None)

    def _remove(self, what: str, path: str, name: str | None) -> None:
        def change(tree: Tree) -> Tree:
            after = _without(tree, path, name)
            if after is tree:
                raise ComError(HRESULT.ERROR_FILE_NOT_FOUND, f"there is no {what}")
            return after

        self._change(change)

    def names(self, key: str) -> list[str]:
        """Return the names of the values of *key*, in the order they were first written."""
        return list(self.values(key))

    def values(self, key: str) -> dict[str, RegistryValue]:
        """Return the values of *key* by their names; empty for a key that does not exist."""
        return self._current().values(self._path(key))

    def keys(self, key: str) -> list[str]:
        """Return the names of the keys directly below *key*, sorted."""
        return self._current().keys(self._path(key))

    def dump(self) -> Iterator[tuple[str, str, RegistryValue]]:
        """Yield everything: path below HKEY_LOCAL_MACHINE, name, value.

        Keys are sorted, one before those below it; values come as they were first written.
        """
        return iter(self._current())

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

    def register_class(self, progid: str, spec: str) -> None:
        r"""Write down that the class behind *progid* is *spec*, `package.module:Class`.

        pywin32 keeps that of a Python COM server in a key of the same name, and as this one the
        default value. Errors: `ComError` E_INVALIDARG for a ProgID that is no name of a key.
        """
        if not isinstance(progid, str) or not progid or "\\" in checked_key(progid):
            raise ComError(HRESULT.E_INVALIDARG, f"{shown(progid, 80)} is no ProgID")
        path, text = class_key(progid), checked_value(progid, spec)
        self._change(lambda tree: tree.write(path, "", text))

    def registered_class(self, progid: str) -> str | None:
        """Return the class behind *progid*, or `None`."""
        spec = self._current().read(class_key(progid), "")
        return spec if isinstance(spec, str) else None

    def unregister_class(self, progid: str) -> None:
        """Forget the class behind *progid*; nothing happens if there is none."""
        path = class_key(progid)
        self._change(lambda tree: tree.without_key(path))

    def export_reg(self) -> str:
        """Return the CA's own key, all below it and its classes as a .reg file (see `regfile`).

        What `import_reg` would take is there, and nothing else: `Active` is left out.
        """
        return regfile.compose(
            (full_path(path), name, value) for path, name, value in self.dump() if self._owns(path)
        )

    def import_reg(self, text: str) -> Imported:
        """Do what the .reg file *text* says about the CA's own key and its classes.

        Entries of other keys are passed over, whatever their types; ControlSet001 and the like
        count as CurrentControlSet. All of it is done or nothing. Errors: `ComError`
        ERROR_INVALID_DATA naming the line, for text that is no .reg file and for entries that the
        registry cannot hold.
        """
        entries = list(regfile.scan(text))
        own = [
            (path, entry.name, taken(entry))
            for entry in entries
            if (path := machine_path(entry.key)) is not None and self._owns(path)
        ]
        deleted = 0

        def change(tree: Tree) -> Tree:
            nonlocal deleted
            for path, name, value in own:
                before, tree = tree, applied(tree, path, name, value)
                deleted += len(before) - len(tree) if value is None else 0
            return tree

        self._change(change)
        written = sum(value is not None for _, _, value in own)
        return Imported(written, deleted, len(entries) - len(own))

    def _owns(self, path: str) -> bool:
        """Tell whether *path* leads to the CA's own key, or below it, or to a class."""
        if f"{path.lower()}\\".startswith(f"{self.root.lower()}\\"):
            return True
        return CLASS_KEY.fullmatch(path) is not None


def applied(tree: Tree, path: str, name: str | None, value: RegistryValue | None) -> Tree:
    """Return *tree* with one change: as in a .reg file, what has no value is deleted."""
    if value is None or name is None:
        return _without(tree, path, name)
    return tree.write(path, name, value)


def _without(tree: Tree, path: str, name: str | None) -> Tree:
    return tree.without_key(path) if name is None else tree.without(path, name)


def resolve(
    path: str, *, policy: Callable[[], str], exits: Callable[[], Sequence[str]]
) -> tuple[str, str]:
    r"""Return the key and the value name that a certutil-style *path* means.

    `ca\X` is the CA's own value, `policy\X` the active policy module's, `exit\X` the first active
    exit module's. *policy* and *exits* tell the ProgIDs and are asked for these roots alone: a
    wrong `Active` must not stand in the way of its own repair. Any other path counts from the
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
        parts = ["PolicyModules", policy(), *rest]
    elif root == "exit":
        active = exits()
        if not active:
            raise ComError(HRESULT.ERROR_FILE_NOT_FOUND, f"{path}: the CA has no exit module")
        parts = ["ExitModules", active[0], *rest]
    else:
        parts = [head, *rest]
    return "\\".join(parts[:-1]), parts[-1]
