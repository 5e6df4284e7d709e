"""The shelf that is a file: the database of a CA that lives in a folder.

What the file looks like is in `sqlite_schema`, and anybody may read it with the `sqlite3` tool. It
survives a process that is killed at any moment, with every transaction whole or not there at all;
with *synchronous* FULL a loss of power too.

The journal's tables come along, since what happened is kept in one transaction with the rows it
happened to.
Source: sqlite.org/wal, sqlite.org/pragma (synchronous); CONTRIBUTING.md (laws 2, 3, 9).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from certsim.database import sqlite_numbers as numbers
from certsim.database.listing import Listed
from certsim.database.rows import CRLRow, Revocations, Row, Value
from certsim.database.shelf import Answer, Question
from certsim.database.sqlite_connections import Connections
from certsim.database.sqlite_journal import JournalTables
from certsim.database.sqlite_rows import (
    CERTIFICATE,
    CRL,
    KEPT,
    REQUEST,
    WorkOut,
    changed,
    crl_of,
    crl_record,
    loads,
    own_of,
    record_of,
    row_of,
    stored,
    visible,
)
from certsim.database.sqlite_schema import OWN, bare
from certsim.database.sqlite_select import HOMES, JOINED, select
from certsim.errors import ComError


def _insert(table: str, count: int, how: str = "INSERT") -> str:
    return f"{how} INTO {table} VALUES ({', '.join('?' * count)})"


_INSERT_REQUEST = _insert("Request", len(REQUEST) + len(OWN))
_INSERT_CERTIFICATE = _insert("Certificate", len(CERTIFICATE))
_INSERT_EXTENSION, _INSERT_ATTRIBUTE = _insert("Extension", 5), _insert("Attribute", 4)
_REPLACE_CRL = _insert("CRL", len(CRL), "REPLACE")
_REPLACE_REVOCATION = _insert("certsim_Revocation", len(Listed._fields), "REPLACE")
_HALVES = {"Request": frozenset(REQUEST), "Certificate": frozenset(CERTIFICATE)}

_SELECT_ROW = f"""
SELECT {", ".join(HOMES[name] for name in KEPT)},
  certsim_PublicKeyInfo, certsim_WasPending, Entry, certsim_Kept
FROM {JOINED}
LEFT JOIN certsim_Revocation ON certsim_Revocation.RequestID = Request.RequestID
WHERE Request.RequestID = ?"""
_SELECT_EXTENSIONS = """
SELECT ExtensionName, ExtensionFlags, ExtensionRawValue
FROM Extension WHERE ExtensionRequestId = ? ORDER BY certsim_Place"""
_SELECT_ATTRIBUTES = """
SELECT AttributeName, AttributeValue
FROM Attribute WHERE AttributeRequestId = ? ORDER BY certsim_Place"""
# The index knows the number in any letter case, and the protocol in one.
_SELECT_SERIAL = """
SELECT RequestID FROM Certificate
WHERE SerialNumber = ?1 AND SerialNumber = ?1 COLLATE BINARY ORDER BY RequestID DESC LIMIT 1"""
_SELECT_ENTRIES = """
SELECT Entry FROM certsim_Revocation
WHERE KeyIndex = :key_index AND RevokedEffectiveWhen <= :effective
  AND (:since IS NULL OR RevokedWhen >= :since)
  AND CASE WHEN IsRevoked
    THEN :ended IS NULL OR NotAfter >= :ended OR PublishExpired
    ELSE :since IS NOT NULL AND NotAfter >= :effective END
ORDER BY RequestID DESC"""
"""The rows that `Listed.belongs` to a list, newest first."""
_HANGING = (
    "DELETE FROM Extension WHERE ExtensionRequestId = ?",
    "DELETE FROM Attribute WHERE AttributeRequestId = ?",
)
_DELETE_REVOCATION = "DELETE FROM certsim_Revocation WHERE RequestID = ?"
_PARTS = (*_HANGING, "DELETE FROM Certificate WHERE RequestID = ?", _DELETE_REVOCATION)


class SQLiteShelf(JournalTables):
    """Keep rows, journal and open events in the file *path*; the methods are those of `Shelf`.

    Nothing is opened before it is used. *work_out* tells the columns that can be worked out of a
    row; *synchronous* is NORMAL or FULL; with *read_only* every writing method raises `ComError`
    ERROR_WRITE_PROTECT (0x80070013).
    """

    def __init__(
        self, path: Path, work_out: WorkOut, *, synchronous: str = "NORMAL", read_only: bool = False
    ) -> None:
        """Note where the file is."""
        super().__init__(Connections(path, synchronous, read_only=read_only))
        self._work_out = work_out
        self._numbers = numbers.Numbers(self._connections)

    def create(self) -> None:
        """Make the file, without a row. Errors: `ComError` ERROR_FILE_EXISTS, and the system's."""
        self._connections.create()

    def check(self) -> None:
        """Refuse a file that cannot be used, and leave it as it is.

        Errors: `ComError` ERROR_FILE_NOT_FOUND for one that is missing, ERROR_FILE_CORRUPT
        (0x80070570) for a damaged one, ERROR_INVALID_DATA for one of another application,
        ERROR_UNKNOWN_REVISION (0x80070519) for one of a later certsim.
        """
        self._connections.check()

    def open(self) -> None:
        """Connect, bring an older file up to date, and learn which numbers have been given out."""
        try:
            self._connections.open()
            self._numbers.load()
        except BaseException:
            self._connections.close()
            raise

    def close(self) -> None:
        """Disconnect; the log is put into the file."""
        try:
            # On a full disk the numbers that no row bears are lost, and nobody was told of them.
            with suppress(ComError):
                if self._connections.is_open:
                    self._numbers.save()
        finally:
            self._connections.close()

    def transaction(
        self, kept: Callable[[], None] = lambda: None
    ) -> AbstractContextManager[object]:
        """Return a context whose writing is kept at its end, or not at all.

        *kept* is called when it is, before anybody else may write.
        """
        return self._connections.writing(kept)

    def new_id(self) -> int:
        """Return the next request id."""
        return self._numbers.take(numbers.REQUEST_ID)

    def get(self, request_id: int) -> Row | None:
        """Return the row as last committed, or `None`."""
        with self._connections.reading() as connection:
            return _row(connection, request_id)

    def by_serial(self, serial_number: str) -> Row | None:
        """Return the row with that serial number, of several the newest; letter case counts."""
        with self._connections.reading() as connection:
            found = connection.execute(_SELECT_SERIAL, (stored(serial_number),)).fetchone()
            return _row(connection, *found) if found else None

    def commit(self, row: Row, standing: Row | None = None) -> None:
        """Keep *row*; of a *standing* one, what has changed."""
        with self._connections.writing() as connection:
            if standing is None:
                self._insert(connection, row)
            else:
                self._update(connection, row, standing)
            if row.crl_entry:
                listed = [None if v is None else stored(v) for v in Listed.of(row)]
                connection.execute(_REPLACE_REVOCATION, listed)
            elif standing is not None and standing.crl_entry:
                connection.execute(_DELETE_REVOCATION, (row.request_id,))

    def _insert(self, connection: sqlite3.Connection, row: Row) -> None:
        record = record_of(visible(row, self._work_out))
        connection.execute(_INSERT_REQUEST, (*record[: len(REQUEST)], *own_of(row)))
        connection.execute(_INSERT_CERTIFICATE, record[len(REQUEST) :])
        _hang(connection, row)

    def _update(self, connection: sqlite3.Connection, row: Row, standing: Row) -> None:
        new = changed(row, standing, self._work_out)
        for table, half in _HALVES.items():
            values = {
                bare(name): None if value is None else stored(value)
                for name, value in new.items()
                if name in half
            }
            if table == "Request" and own_of(row) != own_of(standing):
                values.update(zip(OWN, own_of(row), strict=True))
            if values:
                places = ", ".join(f"{name} = ?" for name in values)
                sql = f"UPDATE {table} SET {places} WHERE RequestID = ?"
                connection.execute(sql, (*values.values(), row.request_id))
        if (row.extensions, row.attributes) != (standing.extensions, standing.attributes):
            for part in _HANGING:
                connection.execute(part, (row.request_id,))
            _hang(connection, row)

    def delete(self, request_id: int) -> None:
        """Forget a row with its attributes and extensions; its id is not given out again."""
        with self._connections.writing() as connection:
            numbers.keep(connection)
            gone = connection.execute("DELETE FROM Request WHERE RequestID = ?", (request_id,))
            if not gone.rowcount:
                raise KeyError(request_id)
            for part in _PARTS:
                connection.execute(part, (request_id,))

    def __iter__(self) -> Iterator[Row]:
        """Go through the rows in the order of their ids; one that is deleted meanwhile is left out.

        Rows that are committed meanwhile under a new id are not in it.
        """
        for (request_id,) in self.select(Question("Request", ("Request.RequestID",))):
            row = self.get(request_id)  # type: ignore[arg-type]  # the schema has its type
            if row is not None:
                yield row

    def select(self, question: Question) -> Iterator[Answer]:
        """Answer *question* row by row; no row is built for it."""
        return select(question, self._connections)

    def crl_entries(self, wanted: Revocations) -> list[bytes]:
        """Return the encoded CRL entries of the rows that *wanted* asks for, newest request first.

        Source: the order is that of a published `certutil -dump`; docs/rulings.md (CRLs).
        """
        asked = {
            name: None if value is None else stored(value)
            for name, value in wanted._asdict().items()
        }
        with self._connections.reading() as connection:
            return [entry for (entry,) in connection.execute(_SELECT_ENTRIES, asked)]

    def new_crl_number(self) -> int:
        """Return the number of the next run; it is kept apart from the rows, which may go."""
        return self._numbers.take(numbers.CRL_NUMBER)

    def new_crl_id(self) -> int:
        """Return the next CRLRowId."""
        return self._numbers.take(numbers.CRL_ID)

    def commit_crls(self, rows: Iterable[CRLRow]) -> None:
        """Keep *rows* of the CRL table in place of any earlier ones with their ids."""
        with self._connections.writing() as connection:
            connection.executemany(_REPLACE_CRL, map(crl_record, rows))

    def delete_crls(self, row_ids: Iterable[int]) -> None:
        """Forget those rows of the CRL table."""
        with self._connections.writing() as connection:
            numbers.keep(connection)
            gone = ((row_id,) for row_id in row_ids)
            connection.executemany("DELETE FROM CRL WHERE CRLRowId = ?", gone)

    def crls(self) -> tuple[CRLRow, ...]:
        """Return the CRL table in the order of its ids."""
        with self._connections.reading() as connection:
            return tuple(map(crl_of, connection.execute("SELECT * FROM CRL ORDER BY CRLRowId")))


def _hang(connection: sqlite3.Connection, row: Row) -> None:
    """Write the attributes and extensions of *row*, of which none are there."""
    number = row.request_id
    connection.executemany(
        _INSERT_EXTENSION,
        [
            (number, stored(name), flags, value, place)
            for place, (name, flags, value) in enumerate(row.extensions)
        ],
    )
    connection.executemany(
        _INSERT_ATTRIBUTE,
        [
            (number, stored(name), stored(value), place)
            for place, (name, value) in enumerate(row.attributes)
        ],
    )


def _row(connection: sqlite3.Connection, request_id: int) -> Row | None:
    found = connection.execute(_SELECT_ROW, (request_id,)).fetchone()
    if found is None:
        return None
    *record, kept = found
    return row_of(
        record,
        _explicit(connection, request_id, kept.split(",")) if kept else {},
        connection.execute(_SELECT_ATTRIBUTES, (request_id,)),
        connection.execute(_SELECT_EXTENSIONS, (request_id,)),
    )


def _explicit(
    connection: sqlite3.Connection, request_id: int, names: list[str]
) -> dict[str, Value]:
    """Return the columns *names* that a row was given, although they could be worked out."""
    given = ", ".join(HOMES[name] for name in names)
    sql = f"SELECT {given} FROM {JOINED} WHERE Request.RequestID = ?"
    (record,) = connection.execute(sql, (request_id,))
    return {
        name: "" if value is None else load(value)
        for name, load, value in zip(names, loads(names), record, strict=True)
    }
