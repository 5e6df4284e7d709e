"""Views: the database read from outside, some columns of the rows that pass some restrictions.

A view is a question and not its answer. What it asks for is checked once; whoever iterates it asks
the shelf anew, and of a row no more is decoded than was asked for. Committed rows are read and no
others, so Active, the state of a row that a verb is at work on, is never seen, and no lock is
needed.

Errors throughout are `ComError` E_INVALIDARG, the code MS-CSRA has for a view that does not exist.
Source: sdk-api certview (icertview, icertview2); MS-CSRA 2.2.1.3, 3.1.4.1.10, 3.1.4.1.12;
docs/rulings.md (Views).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import attrs

from certsim._engine.state import CAState
from certsim.database.rows import Value
from certsim.database.shelf import Condition, Question, Shelf
from certsim.errors import ComError, shown, signed
from certsim.facts import schema
from certsim.facts.hresults import HRESULT
from certsim.facts.properties import PropType
from certsim.facts.schema import Column
from certsim.facts.views import SEEK, VIEWS, SeekOperator

Restriction = tuple[str, str, Value]
"""Column, operator, value: `("Request.Disposition", ">=", 20)`."""
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

    _shelf: Shelf = attrs.field(repr=False)
    _question: Question

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of what each row shows, in their order."""
        return self._question.columns

    def __iter__(self) -> Iterator[dict[str, Value | None]]:
        """Yield the rows that are in the database now."""
        columns = self.columns
        for values in self._shelf.select(self._question):
            yield dict(zip(columns, values, strict=True))

    def narrowed(self, *where: Restriction) -> View:
        """Return the view of those rows of this one for which *where* holds as well.

        It is part of the same look at the database, so the CA journals nothing more. Errors: as
        `view`.
        """
        question = self._question
        more = (_condition(_TABLES[question.table], item) for item in where)
        return View(self._shelf, question._replace(conditions=(*question.conditions, *more)))


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
    them hold, and never without a value in one of their columns. Of text the letters A to Z are
    compared without their case; a LONG may be written unsigned; BINARY knows `=` alone.
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
    shown_columns = dict.fromkeys(_find(table, item).name for item in wanted)
    conditions = [_condition(table, item) for item in (*fact.restrictions, *_items(where, "where"))]
    order = (None, False) if order_by is None else _order(table, order_by)
    question = Question(fact.table, tuple(shown_columns), tuple(conditions), *order)
    return View(state.shelf, question)


_Table = Mapping[str, Column]
"""The columns of a table by their names in lower case."""


def _by_name(*columns: Column) -> _Table:
    return {column.name.lower(): column for column in columns}


_TABLES: Mapping[str, _Table] = {
    "Request": _by_name(*schema.REQUEST, *schema.CERTIFICATE),
    "Extension": _by_name(*schema.EXTENSION),
    "Attribute": _by_name(*schema.ATTRIBUTE),
    "CRL": _by_name(*schema.CRL),
}


def _find(table: _Table, name: object) -> Column:
    """Return the column called *name*."""
    column = table.get(name.lower()) if isinstance(name, str) else None
    if column is None:
        raise _refusal(name, "is no column of this table")
    return column


def _condition(table: _Table, restriction: object) -> Condition:
    """Return a caller's restriction checked. Any object may come in; letters of a text do not."""
    match restriction:
        case (name, sign, value):
            column = _find(table, name)
        case _:
            raise _refusal(restriction, "is no restriction (column, operator, value)")
    seek = SEEK.get(sign) if isinstance(sign, str) else None
    # Bytes have no order that means anything, so their columns know one operator.
    if seek is None or (column.type is PropType.BINARY and seek is not SeekOperator.EQ):
        raise _refusal(sign, f"is no operator for {column.name}")
    return Condition(column.name, seek, _typed(column, value))


def _typed(column: Column, value: object) -> Value:
    """Return *value* as the rows of *column* have theirs. A bool is no number here."""
    match column.type, value:
        case PropType.LONG, int() if not isinstance(value, bool) and -(2**31) <= value < 2**32:
            return signed(value)
        case PropType.DATE, datetime() if value.utcoffset() is not None:
            return _in_utc(value)
        case PropType.BINARY, bytes():
            return value
        case PropType.STRING, str():
            return value
    raise _refusal(value, f"does not compare with {column.name}: it wants {_WANTED[column.type]}")


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise _refusal(str(value), "lies outside the years 1 to 9999 in UTC") from error


def _order(table: _Table, order_by: str) -> tuple[str, bool]:
    """Return the column to sort by, and whether it descends."""
    has_sign = isinstance(order_by, str) and order_by.startswith(("+", "-"))
    column = _find(table, order_by[1:] if has_sign else order_by)
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
