r"""A registry that lives in a file: `registry.reg`, text in .reg format and UTF-8.

Every change is in the file before the call returns, and every reading notices what another process
has changed. Processes write in turn, by a lock beside the file; readers wait for nobody, since the
file is replaced in one step. It may be edited by hand while nobody writes; comments last until the
next change. Settings may hold passwords, so the file is its owner's alone.

Only HKEY_LOCAL_MACHINE and its alias HKEY_CLASSES_ROOT are kept. A file that cannot be read is
refused with the line that is wrong, and left as it is.
Source: docs/rulings.md (Folders).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from certsim import files, regfile
from certsim.errors import ComError
from certsim.facts.hresults import HRESULT
from certsim.locks import FileLock
from certsim.registry.configuration import Registry, applied
from certsim.registry.names import ACTIVE, CONFIGURATION, full_path, machine_path, taken
from certsim.registry.tree import Tree

_ATTEMPTS = 200
"""Looks at the lock, 50 ms apart: ten seconds, where a change takes a few thousandths of one."""
_OWNER_ALONE = 0o600


class _Stamp(NamedTuple):
    """Tell one state of the file from another: of two states, the later has the later time."""

    changed: int
    size: int
    inode: int

    @staticmethod
    def of(status: os.stat_result) -> _Stamp:
        return _Stamp(status.st_mtime_ns, status.st_size, status.st_ino)


class StoredRegistry(Registry):
    """Hold the keys and values of one CA in a file.

    Any number of objects and processes may have the same file open. Errors of every method:
    `ComError` ERROR_INVALID_DATA for a file that is damaged, naming the line, E_ACCESSDENIED,
    ERROR_DISK_FULL and the like for one that cannot be read or written; then nothing is changed.
    """

    def __init__(self, path: Path, ca_name: str, *, read_only: bool) -> None:
        """Be the registry in the file *path*; `create` and `open` are the ways to one."""
        super().__init__(ca_name)
        self._file, self._read_only = path, read_only
        self._held = FileLock(path.with_suffix(".lock"))
        self._stamp = _Stamp(0, 0, 0)

    @classmethod
    def create(cls, path: Path, ca_name: str) -> StoredRegistry:
        """Make the file *path* with the defaults of the CA whose sanitized name is *ca_name*.

        Errors: `ComError` ERROR_FILE_EXISTS.
        """
        made = cls(path, ca_name, read_only=False)
        with made._turn():
            if path.exists():
                raise ComError(HRESULT.ERROR_FILE_EXISTS, f"{path} is there already")
            made._save(made._tree)
        return made

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> StoredRegistry:
        r"""Return the registry in the file *path*, of the CA that `Configuration\Active` names.

        *read_only*: changes are refused with E_ACCESSDENIED. Errors: `ComError`
        ERROR_FILE_NOT_FOUND; ERROR_INVALID_DATA for a file that names no CA.
        """
        tree, stamp = _load(path)
        name = tree.read(CONFIGURATION, ACTIVE)
        if not isinstance(name, str) or not name:
            raise ComError(
                HRESULT.ERROR_INVALID_DATA,
                rf"{path} names no CA: {CONFIGURATION}\{ACTIVE} is no text",
            )
        found = cls(path, name, read_only=read_only)
        found._tree, found._stamp = tree, stamp
        return found

    def _current(self) -> Tree:
        """Return the tree as the file has it, which is looked at again if it has changed."""
        with self._lock:
            try:
                stamp = _Stamp.of(self._file.stat())
            except OSError as error:
                raise files.failure(error, f"read {self._file}") from error
            if stamp != self._stamp:
                self._tree, self._stamp = _load(self._file)
            return self._tree

    def _change(self, change: Callable[[Tree], Tree]) -> None:
        if self._read_only:
            raise ComError(HRESULT.E_ACCESSDENIED, f"{self._file} was opened for reading alone")
        with self._turn(), self._lock:  # readers here do not wait for writers elsewhere
            before = self._current()
            after = change(before)
            if after is not before:
                self._save(after)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Keep other writers away. Errors: `ComError` ERROR_SHARING_VIOLATION naming who is."""
        if not self._held.acquire(_ATTEMPTS, f"process {os.getpid()}"):
            holder = self._held.holder() or "another process"
            raise ComError(
                HRESULT.ERROR_SHARING_VIOLATION, f"{self._file} is being changed by {holder}"
            )
        try:
            yield
        finally:
            self._held.release()

    def _save(self, tree: Tree) -> None:
        text = regfile.compose((full_path(path), name, value) for path, name, value in tree)
        try:
            files.sweep(self._file)
            status = files.replace(
                self._file, text.encode(), _OWNER_ALONE, newer_than=self._stamp.changed
            )
        except OSError as error:
            raise files.failure(error, f"write {self._file}") from error
        self._tree, self._stamp = tree, _Stamp.of(status)


def _load(path: Path) -> tuple[Tree, _Stamp]:
    """Return what the file *path* holds, and what tells it from a later state."""
    try:
        with path.open("rb") as stream:
            # In this order: a state that is too old is merely looked at once more.
            status, data = os.fstat(stream.fileno()), stream.read()
    except OSError as error:
        raise files.failure(error, f"read {path}") from error
    try:
        return _tree(regfile.decode(data)), _Stamp.of(status)
    except ComError as error:
        raise ComError(error.hresult, f"{path}: {error.strerror}") from error


def _tree(text: str) -> Tree:
    tree = Tree()
    for entry in regfile.scan(text):
        path = machine_path(entry.key)
        if path is None:
            raise ComError(
                HRESULT.ERROR_INVALID_DATA,
                f"line {entry.line}: {entry.key} is not below HKEY_LOCAL_MACHINE or "
                "HKEY_CLASSES_ROOT, where the registry of a CA is",
            )
        tree = applied(tree, path, entry.name, taken(entry))
    return tree
