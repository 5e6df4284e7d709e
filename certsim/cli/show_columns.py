"""Columns as people name them, and the table of columns that a schema is.

Three spellings lead to a column: its name (`Request.RequesterName`), the name without its
`Request.` where the certificate half has none of that name (`RequesterName`), and its title
(`Requester Name`); letter case does not matter.
Source: windowsserverdocs certutil (-view, -schema); published output of certutil -schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from certsim.cli.command import UsageError
from certsim.errors import shown
from certsim.facts import schema
from certsim.facts.display import TITLES
from certsim.facts.schema import Column
from certsim.facts.views import VIEWS

_HALF = "request."
NAMES = {
    "queue": "queue",
    "log": "log",
    "logfail": "failed",
    "revoked": "revoked",
    "ext": "extension",
    "attrib": "attribute",
    "crl": "crl",
}
"""The views by the names that are typed. Source: windowsserverdocs certutil (-view)."""


def of_view(name: str) -> tuple[Column, ...]:
    """Return all columns of the table that the view *name* (as the CA takes it) shows."""
    table = VIEWS[name].table
    return schema.REQUEST + schema.CERTIFICATE if table == "Request" else schema.TABLES[table]


def find(text: str, table: Iterable[Column]) -> Column:
    """Return the column of *table* that *text* names; names go before titles, both before halves.

    Blanks around it do not count. Errors: `UsageError` for a column that is not there.
    """
    columns = tuple(table)
    wanted = text.strip().lower()
    for spelling in (
        {column.name.lower(): column for column in columns},
        {TITLES[column.name].title.lower(): column for column in columns},
        {column.name.lower().removeprefix(_HALF): column for column in columns},
    ):
        if wanted in spelling:
            return spelling[wanted]
    raise UsageError(f"{shown(text.strip(), 60)} is no column here; see certsim schema")


def chosen(text: str, table: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns of *table* that a list with commas names, each once.

    Errors: `UsageError` for one that there is not.
    """
    return tuple(dict.fromkeys(find(name, table) for name in text.split(",")))


def lines(columns: Iterable[Column]) -> Iterator[str]:
    """Yield a table of *columns*: name, title, type, width in bytes or characters, indexed."""
    rows = [
        (column.name, TITLES[column.name].title, column.type.name.capitalize(), _width(column))
        for column in columns
    ]
    head = ("Column Name", "Localized Name", "Type", "MaxLength")
    widths = [max(len(row[place]) for row in (*rows, head)) for place in range(len(head))]
    for row in (head, tuple("-" * width for width in widths), *rows):
        told = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        yield f"  {told.rstrip()}"


def _width(column: Column) -> str:
    return f"{column.max_length}{' -- Indexed' if column.indexed else ''}"


def data(columns: Iterable[Column]) -> list[dict[str, object]]:
    """Return *columns* for JSON: name, title, type, width, and whether there is an index.

    The width counts bytes, of text characters.
    """
    return [
        {
            "column": column.name,
            "title": TITLES[column.name].title,
            "type": column.type.name,
            "max_length": column.max_length,
            "indexed": column.indexed,
        }
        for column in columns
    ]
