r"""Rows in, records out, and back: how a row stands in the tables.

A moment is text in UTC, which sorts as time does. Text is kept as it is but for the few characters
that SQLite's text cannot hold, or cannot compare: NUL and the halves of surrogate pairs, which
nothing keeps a client from sending. Those are escaped in a way that keeps their place in the order
of code points, with U+0001 and the unassigned U+D7FF to begin an escape.

Columns that can be worked out are written as they are at the time, and left behind when a row is
read again: a row holds only what it was given. Those it was given all the same, as policy gives
name parts, are named in `certsim_Kept`.
Source: sqlite.org/datatype3 (collations); docs/rulings.md (Views).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from certsim.database.rows import DERIVED, AttributeRow, CRLRow, ExtensionRow, Row, Value
from certsim.errors import shown
from certsim.facts import schema
from certsim.facts.properties import PropType
from certsim.facts.schema import COLUMNS

Stored = int | str | bytes | None
Record = Sequence[Any]
"""What SQLite returns of one row; the tables say what is in it."""

REQUEST = tuple(column.name for column in schema.REQUEST)
CERTIFICATE = tuple(column.name for column in schema.CERTIFICATE)
CRL = tuple(column.name for column in schema.CRL)
KEPT = tuple(name for name in (*REQUEST, *CERTIFICATE) if name not in DERIVED)
"""The columns that a row is made of; the others are read for those it was given all the same."""
_PLACES = {name: place for place, name in enumerate((*REQUEST, *CERTIFICATE))}

_ESCAPES = {0: "\1\1", 1: "\1\2", 0xD7FF: "\ud7ff\2"} | {
    half: "\ud7ff" + chr(0x100 + half - 0xD800) for half in range(0xD800, 0xE000)
}
_ESCAPED = re.compile("\1[\1\2]|\ud7ff[\2\u0100-\u08ff]")
_MEANT = {escape: chr(code) for code, escape in _ESCAPES.items()}


def stored(value: Value) -> Stored:
    """Return *value* as SQLite keeps it."""
    if isinstance(value, str):
        return value if value.isprintable() else value.translate(_ESCAPES)
    return moment(value) if isinstance(value, datetime) else value


@lru_cache(maxsize=64)
def moment(value: datetime) -> str:
    """Return an aware *value* as text in UTC: `2026-01-01 12:00:00`."""
    return str(value.astimezone(UTC))[: -len("+00:00")]


def _text(value: str) -> str:
    if str.isprintable(value):  # a `TypeError` for what is no text, as the other loads have
        return value
    return _ESCAPED.sub(lambda found: _MEANT[found[0]], value)


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(f"{value}+00:00")


def _binary(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"no bytes but {shown(value)}")
    return value


_Load = Callable[[Any], Value]
_LOADS: Mapping[PropType, _Load] = {
    PropType.STRING: _text,
    PropType.DATE: _moment,
    PropType.LONG: int,
    PropType.BINARY: _binary,
}


def loads(columns: Iterable[str]) -> tuple[_Load, ...]:
    """Return for each of *columns* what turns a stored value back into the column's.

    Errors: `ValueError` or `TypeError`, when it is called, for what is no value of the column.
    """
    return tuple(_LOADS[COLUMNS[column].type] for column in columns)


_KEPT_LOADS, _CRL_LOADS = loads(KEPT), loads(CRL)


WorkOut = Callable[[Row], Mapping[str, Value]]
"""Return the columns `DERIVED` that have a value when they are worked out."""


def visible(row: Row, work_out: WorkOut) -> dict[str, Value]:
    """Return what the tables show of *row*; a column without a value is left out."""
    values = {**work_out(row), **row.columns}
    if "" in values.values():
        return {name: value for name, value in values.items() if value != ""}
    return values


def record_of(values: Mapping[str, Value]) -> list[Stored]:
    """Return what stands in the columns of the tables Request and Certificate."""
    record: list[Stored] = [None] * len(_PLACES)
    for name, value in values.items():
        record[_PLACES[name]] = stored(value)
    return record


def own_of(row: Row) -> tuple[Stored, ...]:
    """Return certsim's own columns of the table Request."""
    held, kept = row.columns, ""
    if not DERIVED.isdisjoint(held) or "" in held.values():  # which most rows need not be asked
        kept = ",".join(name for name in held if name in DERIVED or held[name] == "")
    return row.public_key_info or None, row.was_pending or None, kept or None


def changed(row: Row, standing: Row, work_out: WorkOut) -> dict[str, Value | None]:
    """Return the columns that show another value of *row* than of *standing*, with the new one."""
    new, old = visible(row, work_out), visible(standing, work_out)
    names = sorted(new.keys() | old.keys())
    return {name: new.get(name) for name in names if new.get(name) != old.get(name)}


def row_of(
    record: Record,
    explicit: Mapping[str, Value],
    attributes: Iterable[Record],
    extensions: Iterable[Record],
) -> Row:
    """Return the row of a *record*: the columns `KEPT`, the three own ones without the last, entry.

    *explicit* are the columns that the last of the own ones names.
    """
    columns = {
        name: load(value)
        for name, load, value in zip(KEPT, _KEPT_LOADS, record, strict=False)
        if value is not None
    }
    key_info, was_pending, entry = record[len(KEPT) :]
    return Row(
        columns["Request.RequestID"],  # type: ignore[arg-type]
        {**columns, **explicit},
        tuple(AttributeRow(_text(name), _text(value)) for name, value in attributes),
        tuple(ExtensionRow(_text(name), flags, value) for name, flags, value in extensions),
        key_info or b"",
        bool(was_pending),
        entry or b"",
    )


def crl_record(row: CRLRow) -> list[Stored]:
    """Return what the table CRL has of *row*."""
    columns = {**row.columns, "CRLRowId": row.row_id}
    values = [columns.get(name) for name in CRL]
    return [None if value is None else stored(value) for value in values]


def crl_of(record: Record) -> CRLRow:
    """Return the row of a record of the table CRL."""
    columns = {
        name: load(value)
        for name, load, value in zip(CRL, _CRL_LOADS, record, strict=True)
        if value is not None
    }
    return CRLRow(columns["CRLRowId"], columns)  # type: ignore[arg-type]
