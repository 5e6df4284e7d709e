"""Who talks to the file: one writer at a time, and readers that never wait for it.

The database keeps a write-ahead log, so a reader sees the file as it was committed last while the
writer is at work. While the CA runs, the writer's connection stays open and readers take theirs
from a pool. Otherwise each reading or writing has one to itself and closes it, for a stopped CA
holds nothing open.
Source: sqlite.org/wal, sqlite.org/uri (mode, immutable); CONTRIBUTING.md (law 9).
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

from certsim.database import sqlite_schema
from certsim.database.sqlite_files import (
    check_header,
    check_version,
    connect,
    damaged,
    has_log,
    modified,
    telling,
    told,
)
from certsim.errors import ComError
from certsim.facts.hresults import HRESULT

_LOG_PAGES = 10_000
"""Pages of the log before they are put into the file: seldom, for then the disk has to be waited
for, and pages that many requests have touched are written once."""
_CACHE = -8_000
"""Kilobytes, by SQLite's sign for them."""
_SMALL = 8 << 20
"""Bytes of a file that is looked through as a whole before it is used."""
_QUIET = {True: "mode=ro&immutable=1", False: "mode=ro"}
"""How a file is opened to be read alone, by whether it is at rest: no log lies beside it."""


def _nothing() -> None:
    """Do nothing when a transaction is kept."""


class Writer:
    """Be the one place where the file is written, by one thread at a time.

    Nothing is counted that an interrupt could leave wrong: whoever holds the turn and owns the
    connection is inside a transaction, and what stands open at the next one is undone.
    """

    def __init__(self, path: Path, connect_writer: Callable[[], sqlite3.Connection]) -> None:
        """Begin without a connection."""
        self._path, self._connect = path, connect_writer
        self._turn = threading.RLock()
        self._owner: int | None = None
        self._broken = False
        self._connection: sqlite3.Connection | None = None
        self._stays = False

    @property
    def mine(self) -> sqlite3.Connection | None:
        """Return the connection if this thread is inside a transaction."""
        return self._connection if self._owner == threading.get_ident() else None

    def hold(self) -> None:
        """Connect, and stay connected between transactions. Errors: `ComError`."""
        with self.transaction():
            self._stays = True

    def let_go(self) -> None:
        """Close the connection once nobody writes."""
        with self._turn:
            self._stays = False
            self._close()

    @contextmanager
    def transaction(self, kept: Callable[[], None] = _nothing) -> Iterator[sqlite3.Connection]:
        """Keep what is done inside at the end, or nothing of it if an error leaves the context.

        One inside another on the same thread is a part of it, so an error that leaves the inner one
        undoes the whole. *kept* is called as soon as all is kept, before anybody else may write.
        Errors: `ComError` for what SQLite says.
        """
        with self._turn, telling(self._path):
            mine = self.mine
            if mine is None:
                yield from self._outermost(kept)
                return
            try:
                yield mine
            except BaseException:
                self._broken = True
                raise

    def _outermost(self, kept: Callable[[], None]) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._connection = self._connection or self._connect()
            if connection.in_transaction:
                connection.execute("ROLLBACK")  # an interrupt came between two lines
            self._broken = False
            connection.execute("BEGIN IMMEDIATE")
            self._owner = threading.get_ident()
            yield connection
            if self._broken:
                raise ComError(
                    HRESULT.E_UNEXPECTED, "a part of the step failed, so all of it is undone"
                )
            connection.execute("COMMIT")
            kept()
        finally:
            self._owner = None
            self._undo()

    def _undo(self) -> None:
        """Undo what was not committed, unless SQLite has done so by itself."""
        connection = self._connection
        if connection is not None and connection.in_transaction:
            try:
                connection.execute("ROLLBACK")
            except sqlite3.Error:
                self._close()
        if not self._stays:
            self._close()

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()


class Connections:
    """Lend connections to whoever reads or writes the file at *path*.

    *synchronous* is SQLite's; with *read_only* nobody writes.
    """

    def __init__(self, path: Path, synchronous: str, *, read_only: bool) -> None:
        """Begin with none."""
        self._path, self._synchronous, self._read_only = path, synchronous, read_only
        self._idle: deque[sqlite3.Connection] = deque()
        self.writer = Writer(path, self._connect_writer)
        self.is_open = False
        """Whether connections stay open between two uses."""

    def open(self) -> None:
        """Keep connections from now on, unless nobody may write: the file may change hands then.

        Errors: `ComError`, those of `check` among them.
        """
        self.check()
        if not self._read_only:
            self.writer.hold()
            self.is_open = True

    def close(self) -> None:
        """Close what is open, the writer last: SQLite then tidies up the log."""
        self.is_open = False
        self._drain()
        self.writer.let_go()

    def writing(
        self, kept: Callable[[], None] = _nothing
    ) -> AbstractContextManager[sqlite3.Connection]:
        """Return a context that yields the writer's connection: see `Writer.transaction`."""
        return self.writer.transaction(kept)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection for which the file stands still until the context ends.

        Errors: `ComError` for what SQLite says, and for a value that certsim cannot have written.
        """
        try:
            mine = self.writer.mine
            if mine is not None:
                yield mine
            elif self.is_open:
                connection = self._borrow()
                try:
                    connection.execute("BEGIN")
                    yield connection
                finally:
                    self._give_back(connection)
            else:
                with self._alone() as connection:
                    self._check_current(connection)
                    yield connection
        except sqlite3.Error as error:
            raise told(self._path, error) from error
        except (ValueError, TypeError, LookupError) as error:
            raise damaged(self._path, error) from error

    def _borrow(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect_reader()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        connection.rollback()
        self._idle.append(connection)
        if not self.is_open:
            self._drain()

    @contextmanager
    def _alone(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection that leaves no trace beside the file. Errors: `sqlite3.Error` too.

        Without a log nobody is at work on the file, so it is read as if nobody could be: then it
        needs no log of its own, which a folder that cannot be written to would not take.
        """
        check_header(self._path)
        at_rest = not has_log(self._path)
        before = modified(self._path)
        try:
            with closing(connect(self._path, _QUIET[at_rest])) as connection:
                connection.execute("BEGIN")
                yield connection
        finally:
            if at_rest and modified(self._path) != before:
                raise ComError(
                    HRESULT.ERROR_SHARING_VIOLATION,
                    f"{self._path} has changed while it was read: try again",
                )

    def check(self) -> None:
        """Refuse a file that is no database of a CA, is damaged, or of a later version.

        A small file is looked through; in a big one, damage shows when it is met. Nothing is
        changed, and nothing left beside the file. Errors: those of `check_header`.
        """
        with telling(self._path), self._alone() as connection:
            version = _version(connection)
            check_version(self._path, version)
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            missing = {*sqlite_schema.TABLES} - {name for (name,) in rows}
            if version == len(sqlite_schema.STEPS) and missing:
                raise damaged(self._path, f"without {', '.join(sorted(missing))}")
            if self._path.stat().st_size <= _SMALL:
                (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
                if found != "ok":
                    raise damaged(self._path, found)

    def create(self) -> None:
        """Make the file. Errors: `ComError` ERROR_FILE_EXISTS, ERROR_BAD_PATHNAME; SQLite's."""
        try:
            self._path.open("xb").close()
        except FileExistsError as error:
            raise ComError(HRESULT.ERROR_FILE_EXISTS, f"{self._path} is there already") from error
        except OSError as error:
            raise ComError(
                HRESULT.ERROR_BAD_PATHNAME, f"{self._path} cannot be made: {error.strerror}"
            ) from error
        try:
            with telling(self._path), closing(connect(self._path, "mode=rw")) as connection:
                connection.execute(f"PRAGMA application_id = {sqlite_schema.APPLICATION}")
                _bring_up_to_date(connection)
                connection.execute("PRAGMA journal_mode = WAL")
        except BaseException:
            self._path.unlink(missing_ok=True)
            raise

    def _connect_writer(self) -> sqlite3.Connection:
        if self._read_only:
            raise ComError(
                HRESULT.ERROR_WRITE_PROTECT, f"{self._path} was opened for reading alone"
            )
        check_header(self._path)
        connection = connect(self._path, "mode=rw")
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
            connection.execute(f"PRAGMA cache_size = {_CACHE}")
            connection.execute("PRAGMA secure_delete = OFF")
            check_version(self._path, _version(connection))
            _bring_up_to_date(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect_reader(self) -> sqlite3.Connection:
        """Return a connection for the pool. It could write, so that whoever is last tidies up."""
        connection = connect(self._path, "mode=rw")
        try:
            connection.execute("PRAGMA query_only = ON")
            connection.execute(f"PRAGMA cache_size = {_CACHE}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_current(self, connection: sqlite3.Connection) -> None:
        version = _version(connection)
        check_version(self._path, version)
        if version < len(sqlite_schema.STEPS):
            raise ComError(
                HRESULT.ERROR_UNKNOWN_REVISION,
                f"{self._path} is of the older version {version}: start the CA once, which brings"
                " it up to date",
            )

    def _drain(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop().close()


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Take the steps that a file has not taken yet, all of them or none."""
    if _version(connection) == len(sqlite_schema.STEPS):
        return
    connection.execute("BEGIN IMMEDIATE")
    for step in sqlite_schema.STEPS[_version(connection) :]:
        for statement in step:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(sqlite_schema.STEPS)}")
    connection.execute("COMMIT")
