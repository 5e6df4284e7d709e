"""The shelf that forgets: rows in dictionaries, found by id and by serial number.

Nothing here expires by itself, so a CA that runs for long grows with its requests. Serial numbers
are found by their text, letter case included, as the protocol compares them: one in capitals is an
unknown one.
Source: MS-CSRA; docs/rulings.md (Requests).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from certsim.database.answering import Reader, answer
from certsim.database.listing import Listed
from certsim.database.rows import CRLRow, Revocations, Row, Value
from certsim.database.shelf import Answer, Condition, Question, Read
from certsim.facts import schema
from certsim.facts.schema import Column
from certsim.facts.views import SeekOperator

_IDS = frozenset({"Request.RequestID", "RequestID", "ExtensionRequestId", "AttributeRequestId"})
"""The columns that hold a row's request id: whoever wants one of them need not walk the shelf."""
_AT_ONCE = nullcontext()


class MemoryShelf:
    """Keep rows in memory; the methods are those of `Shelf`.

    The door calls every writing method under its lock, and ids and numbers of CRLs are taken by one
    publish run at a time; reading needs no lock, for each reading method looks into a dictionary
    once or works on a copy.
    """

    def __init__(self, read: Read) -> None:
        """Begin with no row; the first id handed out is 1. *read* works out columns."""
        self._read = read
        self._rows: dict[int, Row] = {}
        self._by_serial: dict[str, tuple[int, ...]] = {}
        self._listed: dict[int, Listed] = {}
        self._crls: dict[int, CRLRow] = {}
        self._last_id = 0
        self._last_crl_id = 0
        self._last_crl_number = 0

    def open(self) -> None:
        """Do nothing: it is always open."""

    def close(self) -> None:
        """Do nothing: a stopped CA is read all the same."""

    def transaction(self) -> AbstractContextManager[object]:
        """Return a context that does nothing: what is written is there at once."""
        return _AT_ONCE

    def new_id(self) -> int:
        """Return the next request id; an id may be lost, none is handed out twice."""
        self._last_id += 1
        return self._last_id

    def get(self, request_id: int) -> Row | None:
        """Return the row as last committed, or `None`."""
        return self._rows.get(request_id)

    def by_serial(self, serial_number: str) -> Row | None:
        """Return the row with that serial number, of several the newest; letter case counts."""
        bearers = self._by_serial.get(serial_number)
        return self._rows.get(bearers[-1]) if bearers else None

    def commit(self, row: Row, standing: Row | None = None) -> None:
        """Keep *row* in place of *standing*."""
        self._rows[row.request_id] = row
        if standing is not None:
            self._bear(standing, borne=False)
        self._bear(row, borne=True)
        if row.crl_entry:
            self._listed[row.request_id] = Listed.of(row)
        else:
            self._listed.pop(row.request_id, None)

    def _bear(self, row: Row, *, borne: bool) -> None:
        """Note that *row* bears its serial number, or that it does no more."""
        serial = row.columns.get("SerialNumber")
        if not isinstance(serial, str) or not serial:
            return
        others = [held for held in self._by_serial.get(serial, ()) if held != row.request_id]
        bearers = sorted((*others, row.request_id)) if borne else others
        if bearers:
            self._by_serial[serial] = tuple(bearers)
        else:
            self._by_serial.pop(serial, None)

    def delete(self, request_id: int) -> None:
        """Forget a row with its attributes and extensions; its id is not given out again."""
        row = self._rows.pop(request_id)
        self._listed.pop(request_id, None)
        self._bear(row, borne=False)

    def __iter__(self) -> Iterator[Row]:
        """Go through the rows in the order of their ids; one that is deleted meanwhile is left out.

        Rows that are committed meanwhile under a new id are not in it.
        """
        for request_id in sorted(self._rows):
            row = self._rows.get(request_id)
            if row is not None:
                yield row

    def select(self, question: Question) -> Iterator[Answer]:
        """Answer *question* row by row."""
        if question.table == "CRL":
            return answer(question, self._crl_readers())
        rows = self._walk(question.conditions)
        if question.table == "Request":
            return answer(question, (partial(self._read, row) for row in rows))
        return answer(question, _hanging(question.table, rows))

    def _walk(self, conditions: Iterable[Condition]) -> Iterator[Row]:
        """Yield the rows, or the one that has the id which a condition asks for."""
        for column, sign, value in conditions:
            if column in _IDS and sign is SeekOperator.EQ and isinstance(value, int):
                row = self._rows.get(value)
                yield from () if row is None else (row,)
                return
        yield from self

    def _crl_readers(self) -> Iterator[Reader]:
        return ({"CRLRowId": row.row_id, **row.columns}.get for row in self.crls())

    def crl_entries(self, wanted: Revocations) -> list[bytes]:
        """Return the encoded CRL entries of the rows that *wanted* asks for, newest request first.

        Source: the order is that of a published `certutil -dump`; docs/rulings.md (CRLs).
        """
        newest_first = sorted(self._listed.values(), reverse=True)
        return [row.entry for row in newest_first if row.belongs(wanted)]

    def new_crl_number(self) -> int:
        """Return the number of the next run; it is kept apart from the rows, which may go."""
        self._last_crl_number += 1
        return self._last_crl_number

    def new_crl_id(self) -> int:
        """Return the next CRLRowId."""
        self._last_crl_id += 1
        return self._last_crl_id

    def commit_crls(self, rows: Iterable[CRLRow]) -> None:
        """Keep *rows* of the CRL table in place of any earlier ones with their ids."""
        for row in rows:
            self._crls[row.row_id] = row

    def delete_crls(self, row_ids: Iterable[int]) -> None:
        """Forget those rows of the CRL table."""
        for row_id in row_ids:
            self._crls.pop(row_id, None)

    def crls(self) -> tuple[CRLRow, ...]:
        """Return the CRL table in the order of its ids."""
        return tuple(row for _, row in sorted(self._crls.items()))


def _hanging(table: str, rows: Iterable[Row]) -> Iterator[Reader]:
    """Yield a reader for each extension, or attribute, of *rows* in the order of storage."""
    for row in rows:
        if table == "Extension":
            for extension in row.extensions:
                yield _reader(schema.EXTENSION, row.request_id, *extension)
        else:
            for attribute in row.attributes:
                yield _reader(schema.ATTRIBUTE, row.request_id, *attribute)


def _reader(columns: Iterable[Column], *values: Value) -> Reader:
    held: Mapping[str, Value] = {
        column.name: value for column, value in zip(columns, values, strict=True)
    }
    return held.get
