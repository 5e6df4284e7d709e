"""Tables and columns against the published schema."""

from typing import Any

from certsim.facts.basis import Basis
from certsim.facts.schema import ATTRIBUTE, CERTIFICATE, COLUMNS, CRL, EXTENSION, REQUEST, TABLES


def test_tables_are_the_five_published_ones(oracle: dict[str, Any]) -> None:
    """Names and order of the tables are the published ones."""
    assert list(TABLES) == list(oracle["schema"])
    assert list(TABLES.values()) == [REQUEST, CERTIFICATE, EXTENSION, ATTRIBUTE, CRL]


def test_columns_are_as_published(oracle: dict[str, Any]) -> None:
    """Name, type, width and index of every column agree, in the order a server prints them."""
    for table, columns in oracle["schema"].items():
        prefix = "Request." if table == "Request" else ""
        published = [
            (prefix + column["name"], column["type"], column["max"], column["indexed"])
            for column in columns
        ]
        stored = [(c.name, c.type.name, c.max_length, c.indexed) for c in TABLES[table]]
        assert stored == published


def test_every_column_is_found_by_its_name(oracle: dict[str, Any]) -> None:
    """The prefix keeps the names of the two halves apart, so none is lost."""
    assert len(COLUMNS) == sum(len(columns) for columns in oracle["schema"].values())
    assert COLUMNS["Request.RequestID"] is REQUEST[0]
    assert COLUMNS["RequestID"] is CERTIFICATE[0]


def test_the_widths_of_the_crl_table_are_assumed() -> None:
    """No published listing has them; the other tables were seen printed."""
    assert {column.basis for column in CRL} == {Basis.ASSUMED}
    others = (*REQUEST, *CERTIFICATE, *EXTENSION, *ATTRIBUTE)
    assert {column.basis for column in others} == {Basis.OBSERVED}
