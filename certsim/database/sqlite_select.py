"""Questions in, SQL out: which rows, in which order, and what each of them shows.

A loop over an answer may take its time, and while it does nothing is held: no row is locked, no
connection taken, the log can be put into the file. So the ids come first, eight bytes each, and the
rows are read when the loop gets to them, one by one while the CA runs. Where each reading has to
open the file, they are read in bunches.

All SQL is made of the schema's own names; values are parameters.
Source: sqlite.org/lang_select; docs/rulings.md (Views).
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import NamedTuple

from certsim.database.shelf import Answer, Question
from certsim.database.sqlite_connections import Connections
from certsim.database.sqlite_rows import CERTIFICATE, REQUEST, Record, Stored, loads, stored
from certsim.database.sqlite_schema import bare
from certsim.facts import schema
from certsim.facts.views import SeekOperator

_BUNCH = 256
"""Rows, or ids, that are read at once where it would cost too much to read them singly."""
_SIGNS = {
    SeekOperator.EQ: "=",
    SeekOperator.LT: "<",
    SeekOperator.LE: "<=",
    SeekOperator.GT: ">",
    SeekOperator.GE: ">=",
}
HOMES = {
    column: f"{table}.{bare(column)}"
    for table, columns in schema.TABLES.items()
    for column in (one.name for one in columns)
}
"""Where each documented column stands."""
JOINED = "Request JOIN Certificate ON Certificate.RequestID = Request.RequestID"


class _Source(NamedTuple):
    """Hold what is read: the *tables*, the one of them that is walked, and by which *key*.

    *several*: a key may have more than one row; *order* is then theirs.
    """

    tables: str
    walked: str
    key: str
    several: str = ""
    order: str = ""


_REQUEST, _CERTIFICATE, _BOTH = (
    _Source("Request", "Request", "Request.RequestID"),
    _Source("Certificate", "Certificate", "Certificate.RequestID"),
    _Source(JOINED, "Request", "Request.RequestID"),
)
_OTHERS = {
    "Extension": _Source(
        "Extension", "Extension", "ExtensionRequestId", "DISTINCT", ", certsim_Place"
    ),
    "Attribute": _Source(
        "Attribute", "Attribute", "AttributeRequestId", "DISTINCT", ", certsim_Place"
    ),
    "CRL": _Source("CRL", "CRL", "CRLRowId"),
}
_IDS = frozenset({"Request.RequestID", "RequestID", *(one.key for one in _OTHERS.values())})
"""Columns that are keys, by their documented names."""


class _Plan(NamedTuple):
    """Hold a question in the words of SQL; *order* is empty for that of the keys."""

    source: _Source
    shown: str
    where: str
    values: tuple[Stored, ...]
    order: str
    direction: str

    @staticmethod
    def of(question: Question) -> _Plan:
        """Return the plan for *question*, which joins tables only if it has to."""
        _, columns, conditions, order_by, descending = question
        named = {*columns, *(condition.column for condition in conditions), order_by} - {None}
        return _Plan(
            _OTHERS.get(question.table) or _half(named),
            "".join(f", {HOMES[column]}" for column in columns),
            "".join(f" AND {HOMES[column]} {_SIGNS[sign]} ?" for column, sign, _ in conditions),
            tuple(stored(condition.value) for condition in conditions),
            "" if order_by is None or order_by in _IDS else f"{HOMES[order_by]} ",
            "DESC" if descending and order_by is not None else "ASC",
        )


def _half(named: AbstractSet[str | None]) -> _Source:
    """Return where the columns of a request's row are read, if only these are *named*."""
    if named <= {*REQUEST}:
        return _REQUEST
    return _CERTIFICATE if named <= {*CERTIFICATE} else _BOTH


def select(question: Question, connections: Connections) -> Iterator[Answer]:
    """Yield the answer to *question*, a row at a time where that is cheap."""
    plan, convert = _Plan.of(question), loads(question.columns)
    for keys in (
        _found(plan, connections) if plan.where or plan.order else _walked(plan, connections)
    ):
        start = 0
        while some := keys[start : start + (1 if connections.is_open else _BUNCH)]:
            start += len(some)
            with connections.reading() as connection:
                found = [
                    tuple(
                        None if value is None else load(value)
                        for load, value in zip(convert, record, strict=True)
                    )
                    for record in _records(plan, connection, some)
                ]
            yield from found


def _found(plan: _Plan, connections: Connections) -> Iterator[Sequence[int]]:
    """Yield the keys of all rows that pass, in order."""
    source, order = plan.source, f"{plan.source.key} {plan.direction}"
    if plan.order:
        order = f"{plan.order}{plan.direction}, {source.key}"
    sql = f"SELECT {source.several} {source.key} FROM {source.tables} WHERE TRUE{plan.where}"
    with connections.reading() as connection:
        records = connection.execute(f"{sql} ORDER BY {order}", plan.values)
        found = array("q", (key for (key,) in records))
    yield found


def _walked(plan: _Plan, connections: Connections) -> Iterator[Sequence[int]]:
    """Yield the keys of all rows that are there now, a bunch at a time, up or down."""
    _, table, key, several, _ = plan.source
    with connections.reading() as connection:
        ends = connection.execute(
            f"SELECT (SELECT min({key}) FROM {table}), (SELECT max({key}) FROM {table})"
        ).fetchone()
        first, last = array("q", (end or 0 for end in ends))  # which refuses what is no number
    sql = (
        f"SELECT {several} {key} FROM {table} WHERE {key} BETWEEN ? AND ?"
        f" ORDER BY {key} {plan.direction} LIMIT {_BUNCH}"
    )
    while first <= last:
        with connections.reading() as connection:
            keys = array("q", (key for (key,) in connection.execute(sql, (first, last))))
        yield keys
        if len(keys) < _BUNCH:
            return
        first, last = (keys[-1] + 1, last) if plan.direction == "ASC" else (first, keys[-1] - 1)


def _records(plan: _Plan, connection: sqlite3.Connection, keys: Sequence[int]) -> Iterable[Record]:
    """Return what each of *keys* shows, in their order, if it passes still."""
    source, places = plan.source, ", ".join("?" * len(keys))
    records = connection.execute(
        f"SELECT {source.key}{plan.shown} FROM {source.tables}"
        f" WHERE {source.key} IN ({places}){plan.where} ORDER BY {source.key}{source.order}",
        (*keys, *plan.values),
    )
    found: dict[int, list[Record]] = {key: [] for key in keys}
    for key, *record in records:
        found[key].append(record)
    return chain.from_iterable(found.values())
