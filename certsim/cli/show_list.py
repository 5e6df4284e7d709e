"""A view as people read it: the schema of what is shown, the rows, and how many there were.

Requests that are shown in full bring their attributes and extensions along. Sums at the end count
what was shown; nothing is kept but the sums.
Source: published output of certutil -view; docs/rulings.md (Command line).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import attrs

from certsim._engine.views import View
from certsim.cli import show_columns, show_values
from certsim.database.rows import Value
from certsim.facts.display import TITLES
from certsim.facts.schema import Column

_Row = dict[str, Value | None]
_LONG_SIZE, _DATE_SIZE = 4, 8
_ID = "Request.RequestID"
_BUNCH = 256
"""Requests whose details are read at once."""


@attrs.define
class _Tally:
    """Count values and their sizes: of text its characters, of all else its bytes."""

    count: int = 0
    total: int = 0
    largest: int = 0

    def add(self, value: Value | None) -> None:
        """Count *value*, unless there is none."""
        if value is None:
            return
        size = _DATE_SIZE
        if isinstance(value, str | bytes):
            size = len(value)
        elif isinstance(value, int):
            size = _LONG_SIZE
        self._sum(1, size, size)

    def add_all(self, other: _Tally) -> None:
        """Count what *other* has counted."""
        self._sum(other.count, other.total, other.largest)

    def _sum(self, count: int, total: int, largest: int) -> None:
        self.count += count
        self.total += total
        self.largest = max(self.largest, largest)

    def line(self, what: str) -> str:
        """Return a line about what was counted: *what*, how many, and how long they are."""
        average = self.total // self.count if self.count else 0
        return (
            f"  {self.count} {what}: total size {self.total}, largest {self.largest},"
            f" average {average}"
        )


@attrs.define
class _Tallies:
    """Count the three kinds of value there are."""

    properties: _Tally = attrs.field(factory=_Tally)
    attributes: _Tally = attrs.field(factory=_Tally)
    extensions: _Tally = attrs.field(factory=_Tally)

    def lines(self) -> Iterator[str]:
        """Yield what was counted, kind by kind and together."""
        fields = _Tally()
        for tally in (self.properties, self.attributes, self.extensions):
            fields.add_all(tally)
        yield self.properties.line("row properties")
        yield self.attributes.line("request attributes")
        yield self.extensions.line("certificate extensions")
        yield fields.line("fields in all")


@attrs.frozen
class Details:
    """Hold what comes with requests that are shown in full: views of attributes and extensions."""

    attributes: View
    extensions: View


def lines(
    columns: Sequence[Column], rows: Iterable[_Row], details: Details | None
) -> Iterator[str]:
    """Yield the list of *rows*, and below each of them what *details* have of its request.

    *columns* are those of *rows*, among them the request's id if there are *details*.
    """
    tallies, index = _Tallies(), 0
    yield "Schema:"
    yield from show_columns.lines(columns)
    for index, (row, attributes, extensions) in enumerate(_whole(rows, details), 1):
        yield ""
        yield f"Row {index}:"
        for name, value in row.items():
            tallies.properties.add(value)
            yield from _field(TITLES[name].title, show_values.lines(name, value))
        yield from _attributes(attributes, tallies.attributes)
        yield from _extensions(extensions, tallies.extensions)
    yield ""
    yield f"Maximum Row Index: {index}"
    yield ""
    yield "1 row" if index == 1 else f"{index} rows"
    yield from tallies.lines()


def _whole(
    rows: Iterable[_Row], details: Details | None
) -> Iterator[tuple[_Row, Sequence[_Row], Sequence[_Row]]]:
    """Yield each of *rows* with its attributes and its extensions, read for a bunch at a time."""
    if details is None:
        yield from ((row, (), ()) for row in rows)
        return
    source = iter(rows)
    while bunch := list(islice(source, _BUNCH)):
        ids = [int(str(row[_ID])) for row in bunch]
        attributes = _by_request(details.attributes, "AttributeRequestId", ids)
        extensions = _by_request(details.extensions, "ExtensionRequestId", ids)
        for row, number in zip(bunch, ids, strict=True):
            yield row, attributes[number], extensions[number]


def _by_request(view: View, column: str, ids: Sequence[int]) -> Mapping[int, Sequence[_Row]]:
    """Return the rows of *view* that hang on the requests *ids*.

    Ids that lie close together are asked for as one span, which costs one reading instead of many.
    """
    found: dict[int, list[_Row]] = {number: [] for number in ids}
    first, last = min(ids), max(ids)
    spans = [(first, last)] if last - first < 4 * _BUNCH else [(number, number) for number in ids]
    for low, high in spans:
        for row in view.narrowed((column, ">=", low), (column, "<=", high)):
            found.get(int(str(row[column])), []).append(row)
    return found


def _field(title: str, told: Iterator[str]) -> Iterator[str]:
    """Yield a title with the first line of a value behind it, and the others below it."""
    yield f"  {title}: {next(told)}".rstrip()
    for line in told:
        yield f"    {line}"


def _attributes(rows: Iterable[_Row], tally: _Tally) -> Iterator[str]:
    """Yield the attributes of one request.

    A name stands in quotes, for it is the requester's and could be worded like a title.
    """
    for row in rows:
        value = row["AttributeValue"]
        tally.add(value)
        name = show_values.quoted(str(row["AttributeName"]))
        yield from _field(f"Request Attribute {name}", show_values.lines("AttributeValue", value))


def _extensions(rows: Iterable[_Row], tally: _Tally) -> Iterator[str]:
    """Yield the extensions of one request: identifier and title, then flags, then the bytes.

    Those that stay out of the certificate are among them; their flags tell.
    """
    for row in rows:
        tally.add(row["ExtensionRawValue"])
        for name in ("ExtensionName", "ExtensionFlags", "ExtensionRawValue"):
            yield from _field(TITLES[name].title, show_values.lines(name, row[name]))
