"""What the tests of views share: tables as the published schema has them, rows, and small readers.

Source: certutil -schema (data/facts.json).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attrs

from certsim._engine import columns, views
from certsim._engine.state import CAState
from certsim.database.memory import MemoryShelf
from certsim.database.rows import CRLRow, Row, Value
from tests.engine import engine_kit as kit
from tests.engine import values_kit

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SAMPLES: dict[str, Value] = {"LONG": 7, "STRING": "text", "BINARY": b"\x01", "DATE": NOON}
ID, STATE = "Request.RequestID", "Request.Disposition"


def published(*tables: str) -> dict[str, str]:
    """Return the published columns of *tables* with their types."""
    return {
        ("Request." if table == "Request" else "") + column["name"]: column["type"]
        for table in tables
        for column in values_kit.facts()["schema"][table]
    }


TABLES = {
    "request": published("Request", "Certificate"),
    "extension": published("Extension"),
    "attribute": published("Attribute"),
    "crl": published("CRL"),
}


def holding(*rows: Row, crls: tuple[CRLRow, ...] = (), shelf: MemoryShelf | None = None) -> CAState:
    """Return the state of a stopped CA with these rows."""
    shelf = shelf or MemoryShelf(columns.read)
    for row in rows:
        shelf.commit(row)
    shelf.commit_crls(crls)
    return attrs.evolve(kit.make_ca()._state, shelf=shelf)


def row(number: int, **columns: Value) -> Row:
    """Return a row; a double underscore stands for the dot of `Request.`."""
    named = {name.replace("__", "."): value for name, value in columns.items()}
    return Row(number, {ID: number, **named})


def ids(rows: views.View, column: str = ID) -> list[Any]:
    """Return one column of a view."""
    return [found[column] for found in rows]
