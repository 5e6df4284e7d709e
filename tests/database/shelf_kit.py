"""What the tests of the database share: shelves, rows of every shape, and the `sqlite3` tool.

Rows are drawn with few values, so that questions find something and rows meet; none of them is a
CA's. Types and indexes of the columns are those of the published schema.
Source: certutil -schema (data/facts.json).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import strategies as st

from certsim import ComError
from certsim._engine import columns
from certsim.database.memory import MemoryShelf
from certsim.database.rows import AttributeRow, CRLRow, ExtensionRow, Row, Value
from certsim.database.sqlite import SQLiteShelf
from tests.codes import signed
from tests.requests_kit import make_csr

ERROR_WRITE_PROTECT, ERROR_FILE_EXISTS = 0x80070013, 0x80070050
ERROR_UNKNOWN_REVISION, ERROR_FILE_CORRUPT = 0x80070519, 0x80070570
CERTDB_E_JET_ERROR = 0x80095000
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
Fields = dict[str, Any]


def _schema() -> dict[str, list[Fields]]:
    path = Path(__file__).parents[1] / "data" / "facts.json"
    found: dict[str, list[Fields]] = json.loads(path.read_text(encoding="utf-8"))["schema"]
    return found


SCHEMA = _schema()
"""The published tables, each column with its bare name, type and whether it is indexed."""
TABLES: dict[str, list[Fields]] = {
    "Request": [
        *({**column, "name": f"Request.{column['name']}"} for column in SCHEMA["Request"]),
        *SCHEMA["Certificate"],
    ],
    **{table: SCHEMA[table] for table in ("Extension", "Attribute", "CRL")},
}
"""The tables that a question may be about, with the names that their columns have there."""


def make_shelf(folder: Path, **how: Any) -> SQLiteShelf:
    """Return a closed shelf whose file has just been made in *folder*."""
    shelf = SQLiteShelf(folder / "database.sqlite", columns.worked_out, **how)
    shelf.create()
    return shelf


@contextmanager
def running(shelf: SQLiteShelf) -> Iterator[SQLiteShelf]:
    """Hold *shelf* open, as a CA does that runs."""
    shelf.open()
    try:
        yield shelf
    finally:
        shelf.close()


def memory_shelf() -> MemoryShelf:
    """Return a shelf in memory."""
    return MemoryShelf(columns.read)


def tool(path: Path, sql: str) -> str:
    """Return what the `sqlite3` program prints for *sql*, with `|` between values."""
    done = subprocess.run(["sqlite3", path, sql], capture_output=True, check=True, text=True)
    return done.stdout


def beside(path: Path) -> list[str]:
    """Return the names of what lies in the folder of the file at *path*."""
    return sorted(found.name for found in path.parent.iterdir())


# --- rows ----------------------------------------------------------------------------------------


def row(number: int, **more: Value) -> Row:
    """Return a row; a double underscore stands for the dot of `Request.`."""
    named = {name.replace("__", "."): value for name, value in more.items()}
    return Row(number, {"Request.RequestID": number, "RequestID": number, **named})


def whole_row(number: int = 1) -> Row:
    """Return a row with a value in every documented column, as policy might have set them."""
    samples: Fields = {"LONG": 7, "STRING": "text", "BINARY": b"\x01", "DATE": NOON}
    held = {column["name"]: samples[column["type"]] for column in TABLES["Request"]}
    named = {"Request.RequestID": number, "RequestID": number, "Request.Disposition": 21}
    subject = dict.fromkeys(_NAMES, name_of("whole.example.test"))
    return Row(
        number,
        {**held, **named, **subject},
        (AttributeRow("A", "b"), AttributeRow("C", "d")),
        (ExtensionRow("1.2.3", 0x10000, b"\x05\x00"), ExtensionRow("1.2.4", 3, b"")),
        key_info(),
        was_pending=True,
        crl_entry=b"\x30\x00",
    )


@cache
def _request() -> x509.CertificateSigningRequest:
    return x509.load_der_x509_csr(make_csr())


def key_info() -> bytes:
    """Return an encoded SubjectPublicKeyInfo."""
    return _request().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def name_of(common_name: str) -> bytes:
    """Return an encoded name with a country beside *common_name*."""
    parts = [("2.5.4.6", "DE"), ("2.5.4.3", common_name)]
    attributes = [x509.NameAttribute(x509.ObjectIdentifier(oid), text) for oid, text in parts]
    return x509.Name(attributes).public_bytes()


TEXTS = ["a", "A", "b", "B_", "b_", "ba", "Straße", "STRASSE", "Σας", "ΣΑΣ", "z\n", "_", "[", "~"]
ODD_TEXTS = ["\0", "\0\0", "a\0b", "A\0c", "a\1", "\1", "\1\1", "\2", "\ud7ff", "\ud800", "\udfff"]
ODD_TEXTS += ["\ue000", "a\ud7ff\2", "\ud7ff\u0100", "\ud800\udc00", "\U00010000", "\ufffd", "|,"]
POOLS: dict[str, list[Any]] = {
    "LONG": [-(2**31), -2, 0, 9, 20, 21, 2**31 - 1],
    "STRING": [*TEXTS, *ODD_TEXTS],
    "BINARY": [b"", b"\x00", b"a"],
    "DATE": [NOON, NOON + timedelta(seconds=1), NOON + timedelta(days=400),
             datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)],
}  # fmt: skip
"""Few values of each type, with those that have been trouble to somebody."""
_NAMES = ["Request.RawName", "RawName"]
_IDS = ["Request.RequestID", "RequestID"]


def texts() -> st.SearchStrategy[str]:
    """Return a strategy for text: from the pool, or any."""
    return st.sampled_from(POOLS["STRING"]) | st.text(
        st.characters(exclude_categories=()), max_size=4
    )


def values(kind: str) -> st.SearchStrategy[Any]:
    """Return a strategy for values of a published type."""
    return texts() if kind == "STRING" else st.sampled_from(POOLS[kind])


def held_columns() -> st.SearchStrategy[Fields]:
    """Return a strategy for what a row holds: any columns, empty text among them."""
    free = {
        column["name"]: values(column["type"]) | st.just("")
        if column["type"] == "STRING"
        else values(column["type"])
        for column in TABLES["Request"]
        if column["name"] not in (*_IDS, *_NAMES)
    }
    names = st.sampled_from([name_of("www.example.test"), name_of("a"), b"\x30\x00"])
    some = st.sets(st.sampled_from(sorted(free)), max_size=12)
    picked = some.flatmap(lambda chosen: st.fixed_dictionaries({one: free[one] for one in chosen}))
    named = st.fixed_dictionaries({}, optional=dict.fromkeys(_NAMES, names))
    return st.builds(lambda *parts: {**parts[0], **parts[1]}, picked, named)


LISTED = ["IssuerNameID", "Request.Disposition", "NotAfter"]
LISTED += ["Request.RevokedWhen", "Request.RevokedEffectiveWhen"]
"""The columns that a row has which is or was revoked."""


@st.composite
def rows(draw: st.DrawFn, number: int) -> Row:
    """Draw a row with the id *number*."""
    held = draw(held_columns())
    entry = draw(st.sampled_from([b"", b"", b"entry of %d" % number]))
    if entry:
        kinds = {column["name"]: column["type"] for column in TABLES["Request"]}
        held |= {name: draw(values(kinds[name])) for name in LISTED}
        held["IssuerNameID"] = draw(st.sampled_from([0, 0, 0x10000, 0x20001]))
        held["Request.Disposition"] = draw(st.sampled_from([20, 21]))
    extension = st.builds(ExtensionRow, texts(), values("LONG"), values("BINARY"))
    attribute = st.builds(AttributeRow, texts(), texts())
    return Row(
        number,
        {**held, "Request.RequestID": number, "RequestID": number},
        tuple(draw(st.lists(attribute, max_size=2))),
        tuple(draw(st.lists(extension, max_size=3))),
        draw(st.sampled_from([b"", key_info()])),
        draw(st.booleans()),
        entry,
    )


@st.composite
def crl_rows(draw: st.DrawFn, number: int) -> CRLRow:
    """Draw a row of the CRL table with the id *number*."""
    free = {column["name"]: values(column["type"]) for column in TABLES["CRL"]}
    some = draw(st.sets(st.sampled_from(sorted(free))))
    return CRLRow(number, {**{one: draw(free[one]) for one in some}, "CRLRowId": number})


@contextmanager
def any_damage(path: Path) -> Iterator[None]:
    """Expect the error for a file that holds what certsim has not written, naming it."""
    with pytest.raises(ComError) as caught:
        yield
    assert caught.value.hresult in (signed(ERROR_FILE_CORRUPT), signed(CERTDB_E_JET_ERROR))
    assert str(path) in str(caught.value)
