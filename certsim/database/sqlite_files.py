"""The file of a database from outside: whose it is, how it is opened, and what its errors mean.

A file that is damaged, or of another application, or of a later certsim is refused before SQLite
sees it: its first bytes tell, and reading them leaves nothing behind. What SQLite finds wrong later
becomes a `ComError` that names the file, for a caller knows folders and no SQL.
Source: sqlite.org/fileformat2 (the header), sqlite.org/rescode; winerror.h.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from certsim.database import sqlite_schema
from certsim.errors import ComError
from certsim.facts.hresults import HRESULT

PATIENCE = 10.0
"""Seconds to wait for another process that is writing."""
_MAGIC = b"SQLite format 3\0"
_HEADER = 100
_RESTORE = "put a copy from a backup in its place"


class _Header(NamedTuple):
    """Hold what the first bytes of a database say of it; *size* is what they say the file has."""

    application: int
    version: int
    size: int

    @staticmethod
    def of(data: bytes) -> _Header:
        page = int.from_bytes(data[16:18])
        pages = int.from_bytes(data[28:32]) if data[24:28] == data[92:96] else 0
        return _Header(
            int.from_bytes(data[68:72]),
            int.from_bytes(data[60:64]),
            pages * (65536 if page == 1 else page),
        )


def check_header(path: Path) -> None:
    """Refuse a file whose first bytes are not those of a CA's database; it is only read.

    Errors: `ComError` ERROR_FILE_NOT_FOUND, ERROR_FILE_CORRUPT (0x80070570), ERROR_INVALID_DATA for
    another application's, ERROR_UNKNOWN_REVISION (0x80070519) for that of a later version.
    """
    # What the log has is not in the file yet, and a process may have died while it was put there.
    complete = not has_log(path)
    try:
        with path.open("rb") as file:
            data = file.read(_HEADER)
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise ComError(
            HRESULT.ERROR_FILE_NOT_FOUND, f"{path} is missing: the database of a CA belongs there"
        ) from error
    except OSError as error:
        raise ComError(
            HRESULT.E_ACCESSDENIED, f"{path} cannot be read: {error.strerror}"
        ) from error
    header = _Header.of(data)
    short = len(data) < _HEADER or (complete and size < header.size)
    if short or not data.startswith(_MAGIC):
        raise damaged(path, "it is no whole database")
    if header.application != sqlite_schema.APPLICATION:
        raise ComError(
            HRESULT.ERROR_INVALID_DATA, f"{path} is a database of another application, not of a CA"
        )
    check_version(path, header.version)


def check_version(path: Path, version: int) -> None:
    """Refuse a *version* that is later than this certsim's. Errors: ERROR_UNKNOWN_REVISION."""
    known = len(sqlite_schema.STEPS)
    if version > known:
        raise ComError(
            HRESULT.ERROR_UNKNOWN_REVISION,
            f"{path} is of version {version} and this certsim knows {known}: use a newer certsim",
        )


def damaged(path: Path, how: object) -> ComError:
    """Return the error for a file that is not what certsim has written."""
    return ComError(HRESULT.ERROR_FILE_CORRUPT, f"{path} is damaged ({how}): {_RESTORE}")


def has_log(path: Path) -> bool:
    """Tell whether a log lies beside the database: somebody uses it, or did not end well."""
    return path.with_name(f"{path.name}-wal").exists()


def modified(path: Path) -> int:
    """Return when the file was written to last, in a unit of the system's; 0 if it is gone."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def connect(path: Path, how: str) -> sqlite3.Connection:
    """Connect to a file that is there; *how* are SQLite's parameters of an address.

    Errors: `sqlite3.Error`.
    """
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}",
        uri=True,
        timeout=PATIENCE,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn errors inside into `ComError`s that name the file: SQLite's, and text that is none."""
    try:
        yield
    except sqlite3.Error as error:
        raise told(path, error) from error
    except UnicodeError as error:
        raise damaged(path, error) from error


def told(path: Path, error: sqlite3.Error) -> ComError:
    """Return what an error of SQLite's means for the CA whose database is at *path*."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without what only SQLite's authors ask
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(path, error)
    hresult, meaning = _MEANINGS.get(code, (HRESULT.CERTDB_E_JET_ERROR, "cannot be used"))
    return ComError(hresult, f"{path} {meaning} ({error}); this step has changed nothing")


_MEANINGS = {
    sqlite3.SQLITE_FULL: (
        HRESULT.ERROR_DISK_FULL,
        "has no room to grow: make room on its disk and try again",
    ),
    sqlite3.SQLITE_READONLY: (
        HRESULT.ERROR_WRITE_PROTECT,
        "cannot be written to: look at the rights of the file and its folder",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        HRESULT.E_ACCESSDENIED,
        "cannot be opened: look at the rights of the file and its folder",
    ),
    sqlite3.SQLITE_BUSY: (
        HRESULT.ERROR_SHARING_VIOLATION,
        f"has been written to by another process for {PATIENCE:.0f} seconds: try again",
    ),
    sqlite3.SQLITE_IOERR: (
        HRESULT.ERROR_WRITE_FAULT,
        "cannot be read or written: look after its disk",
    ),
}
