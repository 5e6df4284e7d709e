"""Views: the database read from outside, some columns of the rows that pass some restrictions.

A view is a question and not its answer. What it asks for is checked once; whoever iterates it asks
the shelf anew, and of a row no more is decoded than was asked for. Committed rows are read and no
others, so Active, the state of a row that a verb is at work on, is never seen, and no lock is
needed.

A table is its columns and a function that goes through its rows. What comes out for each row is a
reader, which takes a column's name and returns the value; the rest of the room knows readers only.

Errors throughout are `ComError` E_INVALIDARG, the code MS-CSRA has for a view that does not exist.
Source: sdk-api certview (icertview, icertview2); MS-CSRA 2.2.1.3, 3.1.4.1.10, 3.1.4.1.12;
docs/rulings.md (Views).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import NamedTuple

import attrs

from certsim._engine import columns as row_columns
from certsim._engine.state import CAState
from certsim.database.memory import MemoryShelf
from certsim.database.rows import Row, Value
from certsim.errors import ComError, shown, signed
from certsim.facts import schema
from certsim.facts.hresults import HRESULT
from certsim.facts.properties import PropType
from certsim.facts.schema import Column
from certsim.facts.views import SEEK, VIEWS, SeekOperator

Restriction = tuple[str, str, Value]
"""Column, operator, value: `("Request.Disposition", ">=", 20)`."""
_Reader = Callable[[str], Value | None]
_Select = Callable[[], Iterable[_Reader]]

_OPERATORS: Mapping[SeekOperator, Callable[..., bool]] = {
    SeekOperator.EQ: operator.eq,
    SeekOperator.LT: operator.lt,
    SeekOperator.LE: operator.le,
    SeekOperator.GT: operator.gt,
    SeekOperator.GE: operator.ge,
}
_WANTED = {
    PropType.LONG: "an int of 32 bits",
    PropType.DATE: "a datetime with a time zone",
    PropType.BINARY: "bytes",
    PropType.STRING: "text",
}


@attrs.frozen(eq=False)
class View:
    """Hold a question to the database; iterate it for the answer, as often as you like.

    Each row is a new `dict` from the names in *columns*, in their order, to LONG `int`, STRING
    `str`, BINARY `bytes`, DATE aware UTC `datetime`, or `None` where the row has no value.
    Verbs may go on beside a loop: a row is shown as it was committed last when the loop comes to
    it, one that is deleted meanwhile is left out, and so are new ones.
    Source: sdk-api certview/nn-certview-ienumcertviewrow; docs/rulings.md (Views).
    """

    columns: tuple[str, ...]
    _select: _Select = attrs.field(repr=False)

    def __iter__(self) -> Iterator[dict[str, Value | None]]:
        """Yield the rows that are in the database now."""
        for read in self._select():
            yield {column: read(column) for column in self.columns}


def view(
    state: CAState,
    name: str = "request",
    *,
    columns: Iterable[str] | None = None,
    where: Iterable[Restriction] = (),
    order_by: str | None = None,
) -> View:
    """Return a view of a table, or one of the predefined ones with *where* on top.

    Names of views and columns ignore letter case. *columns*: which, and in what order; one that
    is named twice counts once, `None` is the view's own set. *where*: a row passes if all of
    them hold, and never without a value in one of their columns. Text is compared with its case
    folded; a LONG may be written unsigned; BINARY knows `=` alone.
    *order_by*: an indexed column, `-` in front to descend; rows without a value come as if it
    were the lowest. It makes a list of all rows that pass. Rows that it finds equal, and all rows
    without it, are in the order of their request ids, those of the CRL table of their CRLRowIds.
    Errors: `ComError` E_INVALIDARG that names the view, column, operator or type that is wrong.
    Source: sdk-api certview/nf-certview-icertview-setrestriction; docs/rulings.md (Views).
    """
    fact = VIEWS.get(name.lower()) if isinstance(name, str) else None
    if fact is None:
        raise _refusal(name, f"is no view; there are {', '.join(VIEWS)}")
    table = _TABLES[fact.table]
    wanted = fact.columns if columns is None else _items(columns, "columns")
    tests = [_test(table, item) for item in (*fact.restrictions, *_items(where, "where"))]
    select: _Select = partial(_passing, state.shelf, table, tests)
    if order_by is not None:
        select = partial(_sorted, select, *_order(table, order_by))
    return View(tuple(dict.fromkeys(table.find(item).name for item in wanted)), select)


class _Table(NamedTuple):
    """Hold a table: its columns by their names in lower case, and what goes through its rows.

    *readers* takes the request id that is asked for, `None` for all; a hint, to save the walk.
    """

    columns: Mapping[str, Column]
    readers: Callable[[MemoryShelf, int | None], Iterator[_Reader]]

    def find(self, name: object) -> Column:
        """Return the column called *name*."""
        column = self.columns.get(name.lower()) if isinstance(name, str) else None
        if column is None:
            raise _refusal(name, "is no column of this table")
        return column


class _Test(NamedTuple):
    """Hold a restriction that has been checked; *value* is folded if it is text."""

    column: str
    compare: Callable[..., bool]
    value: Value

    def passes(self, read: _Reader) -> bool:
        """Tell whether a row has a value in the column and it compares as it should."""
        value = read(self.column)
        return value is not None and self.compare(_folded(value), self.value)


def _passing(shelf: MemoryShelf, table: _Table, tests: list[_Test]) -> Iterator[_Reader]:
    for read in table.readers(shelf, _sought(tests)):
        if all(test.passes(read) for test in tests):
            yield read


def _sought(tests: list[_Test]) -> int | None:
    """Return the request id that a row has to have, if *tests* ask for one."""
    for column, compare, value in tests:
        if column in _IDS and compare is operator.eq and isinstance(value, int):
            return value
    return None


def _sorted(select: _Select, column: str, descending: bool) -> list[_Reader]:
    def rank(read: _Reader) -> tuple[bool, Value | None]:
        value = read(column)
        return value is not None, None if value is None else _folded(value)

    return sorted(select(), key=rank, reverse=descending)


def _folded(value: Value) -> Value:
    """Return text as it is compared; there is no word on the collation of the CA's database.

    Source: docs/rulings.md (Views).
    """
    return value.casefold() if isinstance(value, str) else value


def _test(table: _Table, restriction: object) -> _Test:
    """Return a caller's restriction checked. Any object may come in; letters of a text do not."""
    match restriction:
        case (name, sign, value):
            column = table.find(name)
        case _:
            raise _refusal(restriction, "is no restriction (column, operator, value)")
    seek = SEEK.get(sign) if isinstance(sign, str) else None
    compare = None if seek is None else _OPERATORS[seek]
    # Bytes have no order that means anything, so their columns know one operator.
    if compare is None or (column.type is PropType.BINARY and compare is not operator.eq):
        raise _refusal(sign, f"is no operator for {column.name}")
    return _Test(column.name, compare, _typed(column, value))


def _typed(column: Column, value: object) -> Value:
    """Return *value* as the rows of *column* have theirs. A bool is no number here."""
    match column.type, value:
        case PropType.LONG, int() if not isinstance(value, bool) and -(2**31) <= value < 2**32:
            return signed(value)
        case PropType.DATE, datetime() if value.utcoffset() is not None:
            return value
        case PropType.BINARY, bytes():
            return value
        case PropType.STRING, str():
            return _folded(value)
    raise _refusal(value, f"does not compare with {column.name}: it wants {_WANTED[column.type]}")


def _order(table: _Table, order_by: str) -> tuple[str, bool]:
    """Return the column to sort by, and whether it descends."""
    has_sign = isinstance(order_by, str) and order_by.startswith(("+", "-"))
    column = table.find(order_by[1:] if has_sign else order_by)
    if not column.indexed:
        raise _refusal(column.name, "is not indexed, so nothing can be sorted by it")
    return column.name, order_by.startswith("-")


def _items(argument: Iterable[object], name: str) -> tuple[object, ...]:
    """Return the caller's list; a text is one name forgotten to be put into a list."""
    if isinstance(argument, str | bytes) or not isinstance(argument, Iterable):
        raise _refusal(argument, f"is no list, as *{name}* is")
    return tuple(argument)


def _refusal(what: object, why: str) -> ComError:
    named = shown(what, 60) if isinstance(what, str) else f"this {type(what).__name__}"
    return ComError(HRESULT.E_INVALIDARG, f"{named} {why}")


def _rows(shelf: MemoryShelf, only: int | None) -> Iterable[Row]:
    if only is None:
        return shelf
    row = shelf.get(only)
    return () if row is None else (row,)


def _requests(shelf: MemoryShelf, only: int | None) -> Iterator[_Reader]:
    return (partial(row_columns.read, row) for row in _rows(shelf, only))


def _extensions(shelf: MemoryShelf, only: int | None) -> Iterator[_Reader]:
    for row in _rows(shelf, only):
        for extension in row.extensions:
            yield _reader(schema.EXTENSION, row.request_id, *extension)


def _attributes(shelf: MemoryShelf, only: int | None) -> Iterator[_Reader]:
    for row in _rows(shelf, only):
        for attribute in row.attributes:
            yield _reader(schema.ATTRIBUTE, row.request_id, *attribute)


def _reader(columns: Iterable[Column], *values: Value) -> _Reader:
    return {column.name: value for column, value in zip(columns, values, strict=True)}.get


def _crls(shelf: MemoryShelf, _only: int | None) -> Iterator[_Reader]:
    return ({"CRLRowId": row.row_id, **row.columns}.get for row in shelf.crls())


def _by_name(*columns: Column) -> Mapping[str, Column]:
    return {column.name.lower(): column for column in columns}


_TABLES: Mapping[str, _Table] = {
    "Request": _Table(_by_name(*schema.REQUEST, *schema.CERTIFICATE), _requests),
    "Extension": _Table(_by_name(*schema.EXTENSION), _extensions),
    "Attribute": _Table(_by_name(*schema.ATTRIBUTE), _attributes),
    "CRL": _Table(_by_name(*schema.CRL), _crls),
}
_IDS = frozenset({"Request.RequestID", "RequestID", "ExtensionRequestId", "AttributeRequestId"})
"""The columns that hold a row's request id: whoever wants one of them need not walk the shelf."""
