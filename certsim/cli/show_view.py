"""`certsim view` and `certsim schema`: the database's rows and columns.

Rows are printed as they are read, in each of the three formats, so that a million of them need no
more memory than one. A list looks as on a server: the schema of what is shown, the rows, and how
many there were. CSV has a line of names and a line for each row; JSON is one array of objects, and
with `--json` the same array stands in the document that every command prints. There the result of
`view` has these keys, and that of `schema` is an array of columns:

    view      the view's name, as `CertificationAuthority.view` takes it
    columns   names of the columns, in their order
    rows      objects from those names to numbers, text, bytes in hexadecimal, dates in ISO 8601
              and UTC, or null

    column    its name; title the one that people read
    type      LONG, DATE, BINARY or STRING
    max_length, in bytes, of text in characters; indexed, whether rows can be sorted by it

Source: windowsserverdocs certutil (-view, -schema); published output of certutil -view;
docs/rulings.md (Command line).
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import attrs

from certsim import CertificationAuthority, Sources
from certsim._engine.views import View
from certsim.cli import show_columns, show_list, show_restrict, show_typed, show_values
from certsim.cli.command import Access, Arguments, Command, Report
from certsim.cli.output import counted
from certsim.cli.show_list import Details
from certsim.cli.show_restrict import Selection
from certsim.database.rows import Value
from certsim.errors import printable
from certsim.facts.schema import Column
from certsim.facts.views import VIEWS

_Row = dict[str, Value | None]
_TABLES = ("ext", "attrib", "crl")
_MORE = r"""
A restriction is a column, one of = < <= > >= and a value; commas stand between restrictions, and
all have to hold. One column may have a + or - in front to sort by it, and RequestId==$ is the last
row. Values are numbers, words like Issued, dates (local time, or with a zone; now-30:00 is thirty
days ago) and text, in quotes if it has a comma.

In CSV, text that a spreadsheet would take for a formula gets an apostrophe in front, and what does
not print is escaped. JSON has every value as it is.

examples:
  certsim view CA queue
  certsim view CA --restrict "Disposition=Issued, NotAfter<now+30:00" --out RequestId,CommonName
  certsim view CA log --restrict "-RequestId>0" --limit 10
  certsim view CA --restrict "SerialNumber=6100000002" --format json
  certsim view CA ext --restrict "ExtensionRequestId=7" --format csv > extensions.csv
"""


@attrs.frozen
class _Question:
    """Hold what is asked: the view as it goes by at the CA, columns, rows, and how many at most.

    *whole*: requests in full, which come with their attributes and extensions.
    """

    name: str
    columns: tuple[Column, ...]
    selection: Selection
    limit: int | None
    whole: bool

    @property
    def names(self) -> list[str]:
        """Return the names of the columns, in their order."""
        return [column.name for column in self.columns]


def _describe(parser: argparse.ArgumentParser) -> None:
    show_typed.allow_signs(parser)
    parser.add_argument(
        "view",
        nargs="?",
        metavar="VIEW",
        type=str.lower,
        choices=tuple(show_columns.NAMES),
        help=f"one of {', '.join(show_columns.NAMES)} (default: all requests)",
    )
    parser.add_argument(
        "csv", nargs="?", metavar="csv", choices=("csv",), help="the same as --format csv"
    )
    parser.add_argument("--restrict", metavar="LIST", default="", help="which rows; see below")
    parser.add_argument(
        "--out", metavar="COLUMNS", help="which columns, with commas between (default: the view's)"
    )
    parser.add_argument(
        "--format",
        choices=tuple(_FORMATS),
        default="list",
        help="how rows are printed (default: %(default)s)",
    )
    parser.add_argument(
        "--limit", metavar="N", type=show_typed.count, help="print no more than N rows"
    )


def _view(ca: CertificationAuthority, arguments: Arguments) -> Report:
    """Show rows of the database.

    The view is made before anything is printed, so that what the CA has against it comes first.
    Of rows for programs and rows for people one set is read, by whoever goes through the report.
    Errors: `UsageError` for what was typed, `ComError` E_INVALIDARG for what the CA refuses: bytes
    that are to be in order, a column without an index to sort by.
    """
    question = _question(arguments)
    chosen = question.selection
    view = ca.view(
        question.name, columns=question.names, where=chosen.where, order_by=chosen.order_by
    )
    form = arguments.maybe("csv") or arguments.text("format")
    return Report(
        data={
            "view": question.name,
            "columns": question.names,
            "rows": map(_plain, _taken(view, question)),
        },
        lines=_FORMATS[form](ca, question, _taken(view, question)),
        bare=form != "list",
    )


def _question(arguments: Arguments) -> _Question:
    """Return what was asked for.

    Without `--out` a view has its own columns, and one of all requests their details besides.
    Errors: `UsageError` for a column that is not there and for a slip in a restriction.
    """
    typed = arguments.maybe("view")
    name = "request" if typed is None else show_columns.NAMES[typed]
    table = show_columns.of_view(name)
    out = arguments.maybe("out")
    if out is None:
        columns = tuple(show_columns.find(column, table) for column in VIEWS[name].columns)
    else:
        columns = show_columns.chosen(out, table)
    now = Sources.system().clock.now()
    selection = show_restrict.select(arguments.text("restrict"), table, now)
    limit = arguments.maybe_number("limit")
    return _Question(name, columns, selection, limit, out is None and name == "request")


def _taken(view: View, question: _Question) -> Iterator[_Row]:
    """Go through the rows up to the limit; of the last row there is one."""
    most = question.limit
    if question.selection.last:
        most = 1 if most is None else min(most, 1)
    return counted(islice(view, most), "rows")


def _plain(row: _Row) -> dict[str, str | int | None]:
    return {name: show_values.plain(value) for name, value in row.items()}


def _as_json(
    _ca: CertificationAuthority, _question: _Question, rows: Iterable[_Row]
) -> Iterator[str]:
    """Yield one array, a row on each line, so that line tools can go through it as well.

    The comma stands before a row and not behind it: which row is the last one is known too late.
    """
    before = "["
    for row in rows:
        yield before + json.dumps(_plain(row))
        before = ","
    yield "]" if before == "," else "[]"


class _Echo:
    """Be a file for `csv.writer` that hands back what is written to it.

    The writer returns what its file returns, so a row comes back as text and nothing piles up.
    """

    def write(self, text: str) -> str:
        """Return *text*."""
        return text


def _as_csv(
    _ca: CertificationAuthority, question: _Question, rows: Iterable[_Row]
) -> Iterator[str]:
    """Yield the names of the columns, then the rows.

    Characters that do not print are escaped, for what goes into a pipe may come to a terminal at
    its end. JSON has the exact values.
    Source: RFC 4180 (quotes).
    """
    writer = csv.writer(_Echo())
    yield str(writer.writerow(question.names)).removesuffix("\r\n")
    for row in rows:
        cells = [printable(str(show_values.cell(value))) for value in row.values()]
        yield str(writer.writerow(cells)).removesuffix("\r\n")


def _as_list(
    ca: CertificationAuthority, question: _Question, rows: Iterable[_Row]
) -> Iterator[str]:
    details = None
    if question.whole:
        details = Details(ca.view("attribute"), ca.view("extension"))
    return show_list.lines(question.columns, rows, details)


_FORMATS: dict[
    str, Callable[[CertificationAuthority, _Question, Iterable[_Row]], Iterator[str]]
] = {"list": _as_list, "csv": _as_csv, "json": _as_json}


def _describe_schema(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "table",
        nargs="?",
        metavar="TABLE",
        type=str.lower,
        choices=_TABLES,
        help=f"one of {', '.join(_TABLES)} (default: requests and certificates)",
    )


def _schema(_ca: CertificationAuthority, arguments: Arguments) -> Report:
    """Show the columns of a table; all CAs have the same, but the folder is looked into first."""
    typed = arguments.maybe("table")
    columns = show_columns.of_view("request" if typed is None else show_columns.NAMES[typed])
    return Report(data=show_columns.data(columns), lines=("Schema:", *show_columns.lines(columns)))


COMMANDS = (
    Command(
        name="view",
        group="looking",
        help="show rows of the database: requests, extensions, attributes, CRLs",
        describe=_describe,
        more=_MORE,
        access=Access.READ,
        run=_view,
    ),
    Command(
        name="schema",
        group="looking",
        help="show the columns of the database",
        describe=_describe_schema,
        access=Access.READ,
        run=_schema,
    ),
)
