"""The file as anybody sees it who opens it with the `sqlite3` tool.

Source: certutil -schema, published output (data/facts.json).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import attrs
import pytest

from certsim._engine import columns
from certsim.database.rows import DERIVED, CRLRow
from tests.database import shelf_kit as kit
from tests.database.shelf_kit import NOON, tool
from tests.marks import needs_sqlite3

pytestmark = needs_sqlite3
TYPES = {"LONG": "INTEGER", "STRING": "TEXT", "BINARY": "BLOB", "DATE": "TEXT"}


def made_columns(path: Path, table: str) -> dict[str, str]:
    """Return the columns of a table with their types."""
    sql = f"SELECT name, type FROM pragma_table_info('{table}')"  # noqa: S608
    lines = tool(path, sql).splitlines()
    return dict(tuple(line.split("|")) for line in lines)  # type: ignore[misc]


@pytest.mark.parametrize("table", sorted(kit.SCHEMA))
def test_tables_have_the_published_columns(tmp_path: Path, table: str) -> None:
    """Names, types and order are the published ones; what is more says that it is certsim's."""
    shelf = kit.make_shelf(tmp_path)
    found = made_columns(tmp_path / "database.sqlite", table)
    published = {column["name"]: TYPES[column["type"]] for column in kit.SCHEMA[table]}
    assert list(shelf.crls()) == []
    assert list(found.items())[: len(published)] == list(published.items())
    assert all(name.startswith("certsim_") for name in found.keys() - published.keys())


def test_there_is_no_table_without_a_name_that_says_whose_it_is(tmp_path: Path) -> None:
    """Five tables by Microsoft's names, the others by certsim's."""
    kit.make_shelf(tmp_path)
    sql = "SELECT name FROM sqlite_master WHERE type = 'table'"
    found = tool(tmp_path / "database.sqlite", sql).split()
    assert {name for name in found if not name.startswith("certsim_")} == set(kit.SCHEMA)


@pytest.mark.parametrize("table", sorted(kit.SCHEMA))
def test_the_published_indexes_are_there_and_serve(tmp_path: Path, table: str) -> None:
    """Who looks for a value in an indexed column is not led through the whole table."""
    kit.make_shelf(tmp_path)
    for column in kit.SCHEMA[table]:
        sql = f"EXPLAIN QUERY PLAN SELECT 1 FROM {table} WHERE {column['name']} = 'a'"  # noqa: S608
        plan = tool(tmp_path / "database.sqlite", sql)
        assert ("SEARCH" in plan) is column["indexed"], column
        if column["indexed"] and "PRIMARY KEY" not in plan:
            assert f" {table}_{column['name']} " in plan


def test_a_row_can_be_read_with_the_tool(tmp_path: Path) -> None:
    """Numbers, text, moments in UTC, bytes, and what is worked out from other columns."""
    shelf = kit.make_shelf(tmp_path)
    raw = b"certificate"
    shelf.commit(
        attrs.evolve(
            kit.row(
                7,
                Request__Disposition=20,
                Request__SubmittedWhen=NOON,
                Request__RequesterName=r"CONTOSO\alice",
                Request__RawName=kit.name_of("www.example.test"),
                RawCertificate=raw,
                SerialNumber="61ab",
            ),
            public_key_info=kit.key_info(),
            attributes=kit.whole_row().attributes,
            extensions=kit.whole_row().extensions,
        )
    )
    path = tmp_path / "database.sqlite"
    asked = "RequestID, Disposition, SubmittedWhen, RequesterName, CommonName, DistinguishedName"
    assert tool(path, f"SELECT {asked} FROM Request") == (  # noqa: S608
        "7|20|2026-01-01 12:00:00|CONTOSO\\alice|www.example.test|CN=www.example.test, C=DE\n"
    )
    digest = hashlib.sha1(raw).digest().hex(" ")  # noqa: S324
    asked = "RequestID, SerialNumber, CommonName, CertificateHash, PublicKeyLength, UPN"
    assert tool(path, f"SELECT {asked} FROM Certificate") == (  # noqa: S608
        f"7|61ab|www.example.test|{digest}|256|\n"
    )
    extensions = "SELECT ExtensionRequestId, ExtensionName, hex(ExtensionRawValue) FROM Extension"
    assert tool(path, extensions) == "7|1.2.3|0500\n7|1.2.4|\n"
    assert tool(path, "SELECT AttributeName, AttributeValue FROM Attribute") == "A|b\nC|d\n"


def test_a_crl_can_be_read_with_the_tool(tmp_path: Path) -> None:
    """The list stands in its column, byte for byte."""
    shelf = kit.make_shelf(tmp_path)
    shelf.commit_crls([CRLRow(3, {"CRLRowId": 3, "CRLNumber": 9, "CRLRawCRL": b"\x30\x00"})])
    sql = "SELECT CRLRowId, CRLNumber, hex(CRLRawCRL), CRLNextUpdate FROM CRL"
    assert tool(tmp_path / "database.sqlite", sql) == "3|9|3000|\n"


def test_the_file_says_whose_it_is(tmp_path: Path) -> None:
    """The tool shows the application, the version, and that readers do not block."""
    kit.make_shelf(tmp_path)
    path = tmp_path / "database.sqlite"
    assert tool(path, "PRAGMA application_id") == f"{int.from_bytes(b'csim')}\n"
    assert tool(path, "PRAGMA user_version") == "1\n"
    assert tool(path, "PRAGMA journal_mode") == "wal\n"
    assert tool(path, "PRAGMA integrity_check") == "ok\n"


def test_a_search_with_the_tool_ignores_case_as_a_view_does(tmp_path: Path) -> None:
    """The columns bring their collation along."""
    shelf = kit.make_shelf(tmp_path)
    shelf.commit(kit.row(1, SerialNumber="61AB"))
    path = tmp_path / "database.sqlite"
    assert tool(path, "SELECT RequestID FROM Certificate WHERE SerialNumber = '61ab'") == "1\n"


def test_an_update_leaves_alone_what_has_not_changed(tmp_path: Path) -> None:
    """A column that somebody has marked keeps the mark when another one is revoked."""
    shelf = kit.make_shelf(tmp_path)
    standing = kit.whole_row()
    shelf.commit(standing)
    path = tmp_path / "database.sqlite"
    tool(path, "UPDATE Request SET CallerName = 'mark'; UPDATE Certificate SET UPN = 'mark'")
    tool(path, "UPDATE Extension SET ExtensionName = 'mark'")
    shelf.commit(
        attrs.evolve(standing, columns={**standing.columns, "Request.Disposition": 20}), standing
    )
    assert tool(path, "SELECT Disposition, CallerName FROM Request") == "20|mark\n"
    assert tool(path, "SELECT UPN FROM Certificate") == "mark\n"
    assert set(tool(path, "SELECT ExtensionName FROM Extension").split()) == {"mark"}


def test_what_is_worked_out_follows_what_it_is_worked_out_from(tmp_path: Path) -> None:
    """A new subject changes its parts, and a part that policy set goes when the row forgets it."""
    shelf = kit.make_shelf(tmp_path)
    one = kit.row(1, RawName=kit.name_of("one"), CommonName="by policy")
    shelf.commit(one)
    path = tmp_path / "database.sqlite"
    parts = "SELECT CommonName, DistinguishedName FROM Certificate"
    assert tool(path, parts) == "by policy|CN=one, C=DE\n"
    two = kit.row(1, RawName=kit.name_of("two"))
    shelf.commit(two, one)
    assert tool(path, parts) == "two|CN=two, C=DE\n"
    assert shelf.get(1) == two


def test_the_columns_that_can_be_worked_out_are_those_the_engine_works_out() -> None:
    """The database's list of them is the engine's."""
    assert set(columns._DECODERS) == DERIVED
