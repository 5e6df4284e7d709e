"""What a shelf is: the one interface through which the engine keeps rows and finds them again.

There are two: one forgets (`memory`), one is a file (`sqlite`). Whoever holds a shelf cannot tell
which it is but by its speed: both keep the same rows, answer the same questions in the same order
and hand out the same numbers. A shelf keeps rows and knows nothing of what may become of them.

The engine's door calls the writing methods, one at a time; any thread may read meanwhile and sees
rows as they were committed last.
Source: CONTRIBUTING.md (laws 2 and 9); docs/rulings.md (Requests, Views).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from certsim.database.rows import CRLRow, Revocations, Row, Value
from certsim.facts.views import SeekOperator

Read = Callable[[Row, str], Value | None]
"""Return a column of a row, worked out if it is not kept; `None` when it is empty."""
Answer = tuple[Value | None, ...]
"""What one row has in the columns that were asked for, in their order."""


class Condition(NamedTuple):
    """Ask that a *column* has a value, and that it compares with *value* as *operator* says.

    Text is compared without regard to the case of the letters A to Z and by code point otherwise,
    numbers and moments (aware UTC) by size; bytes know `SeekOperator.EQ` alone.
    Source: docs/rulings.md (Views).
    """

    column: str
    operator: SeekOperator
    value: Value


class Question(NamedTuple):
    """Ask for *columns* of the rows of a *table* for which all *conditions* hold.

    *table* is "Request" (both halves of a request's row), "Extension", "Attribute" or "CRL", and
    the columns are spelled as the schema spells them; whoever asks has checked both. Rows come in
    the order of their ids, or sorted by the column *order_by*, where rows without a value are the
    lowest and equal ones stay in the order of their ids; *descending* turns the sorting round, but
    not the order of equal ones.
    """

    table: str
    columns: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    order_by: str | None = None
    descending: bool = False


class Shelf(Protocol):
    """Keep rows.

    Errors throughout: a shelf that is a file raises `ComError` naming the file and the cause.
    """

    def open(self) -> None:
        """Get ready for a service that runs, which lets later calls be fast.

        A shelf that is not open answers and keeps all the same, and holds no resource between.
        """

    def close(self) -> None:
        """Let go of whatever `open` took; no harm if nothing was."""

    def transaction(self) -> AbstractContextManager[object]:
        """Keep what this thread writes inside at the end of the context, or nothing of it at all.

        Inside one, the thread reads what it has written, other threads do not. One inside another
        is a part of it. A shelf that forgets anyway keeps what was written before an error.
        """

    def new_id(self) -> int:
        """Return the next request id; none is ever handed out twice.

        An id may be lost: if no row is committed under it, the series has a gap.
        Source: MS-WCCE 3.2.1.4.2.1.4.4 (unique); docs/rulings.md (Requests) for the first one, 1.
        """

    def get(self, request_id: int) -> Row | None:
        """Return the row as last committed, or `None`."""

    def by_serial(self, serial_number: str) -> Row | None:
        """Return the row with that serial number; letter case counts.

        A serial number that two rows bear, which nothing forbids, finds the newer request.
        Source: MS-CSRA; docs/rulings.md (Requests).
        """

    def commit(self, row: Row, standing: Row | None = None) -> None:
        """Keep *row*; *standing* is the row with its id as it is kept so far, `None` if none is."""

    def delete(self, request_id: int) -> None:
        """Forget a row with its attributes and extensions; its id is not given out again.

        Errors: `KeyError` for an id without a row.
        """

    def __iter__(self) -> Iterator[Row]:
        """Go through the rows in the order of their ids; one that is deleted meanwhile is left out.

        Rows that are committed meanwhile under a new id are not in it.
        """

    def select(self, question: Question) -> Iterator[Answer]:
        """Answer *question* row by row.

        A row is told as it is when the loop gets there (where the answer is sorted, or the shelf is
        not open, perhaps as it was some time since the loop began). Rows that are new since the
        loop began are left out; so is one that was deleted, unless it had been read by then.
        """

    def crl_entries(self, wanted: Revocations) -> list[bytes]:
        """Return the encoded CRL entries of the rows that *wanted* asks for, newest request first.

        Source: the order is that of a published `certutil -dump`; docs/rulings.md (CRLs).
        """

    def new_crl_number(self) -> int:
        """Return the number of the next run; it is kept apart from the rows, which may go."""

    def new_crl_id(self) -> int:
        """Return the next CRLRowId; none is ever handed out twice."""

    def commit_crls(self, rows: Iterable[CRLRow]) -> None:
        """Keep *rows* of the CRL table in place of any earlier ones with their ids."""

    def delete_crls(self, row_ids: Iterable[int]) -> None:
        """Forget those rows of the CRL table; an id without a row is passed over."""

    def crls(self) -> tuple[CRLRow, ...]:
        """Return the CRL table in the order of its ids."""


def request_ids(shelf: Shelf, condition: Condition) -> Iterator[int]:
    """Yield the ids of the requests for which *condition* holds, in their order."""
    for (request_id,) in shelf.select(Question("Request", ("Request.RequestID",), (condition,))):
        yield request_id  # type: ignore[misc]  # the schema has its type
