"""Views against a model: plain lists of what was put in, filtered and sorted by hand.

Rows are drawn with their columns kept, so the model knows every value without asking certsim to
decode one. The model compares with `<` and `==` alone and sorts by insertion; types and indexes of
the columns are those of the published schema.
Source: certutil -schema (data/facts.json); docs/rulings.md (Views).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from operator import itemgetter
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from certsim import ComError
from certsim._engine import columns, views
from certsim._engine.state import CAState
from certsim.database.memory import MemoryShelf
from certsim.database.rows import AttributeRow, CRLRow, ExtensionRow, Row
from tests.codes import E_INVALIDARG, signed
from tests.engine import engine_kit as kit
from tests.engine import values_kit
from tests.marks import few_or_many

Fields = dict[str, Any]
SCHEMA: dict[str, list[Fields]] = {
    table: [
        {**column, "name": f"Request.{column['name']}" if table == "Request" else column["name"]}
        for column in columns
    ]
    for table, columns in values_kit.facts()["schema"].items()
}
IDS = {"Request.RequestID", "RequestID", "ExtensionRequestId", "AttributeRequestId", "CRLRowId"}
FEW = {
    *("Request.RequestID", "RequestID", "Request.Disposition", "Request.StatusCode"),
    *("Request.SubmittedWhen", "NotAfter", "Request.CommonName", "CommonName", "UPN"),
    *("SerialNumber", "Request.RawRequest", "Request.RawArchivedKey"),
}
COLUMNS = {
    "request": [one for one in SCHEMA["Request"] + SCHEMA["Certificate"] if one["name"] in FEW],
    "extension": SCHEMA["Extension"],
    "attribute": SCHEMA["Attribute"],
    "crl": SCHEMA["CRL"],
}
"""What is asked of each table: of the first, which is wide, so few that questions meet answers.

None of them is what another column is worked out from, so a row has what it keeps and no more.
"""
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
POOLS: dict[str, list[Any]] = {
    "LONG": [-(2**31), -2, 0, 9, 20, 21, 2**31 - 1],
    "STRING": ["a", "A", "b", "B_", "ba", "Straße", "STRASSE", "Σας", "ΣΑΣ", "z", "\ud800", "\0b"],
    "BINARY": [b"", b"\x00", b"a"],
    "DATE": [NOON, NOON + timedelta(seconds=1), NOON + timedelta(days=400)],
}
"""Few values, so that rows meet restrictions and each other."""
SIGNS = ["=", "<", "<=", ">", ">="]


@cache
def empty() -> CAState:
    """Return the state of a CA that has seen nothing."""
    return kit.make_ca()._state


def drawn(column: Fields) -> st.SearchStrategy[Any]:
    """Return a strategy for values of *column*."""
    return st.sampled_from(POOLS[column["type"]])


def records(table: str) -> st.SearchStrategy[Fields]:
    """Return a strategy for rows in which any column but the ids may have no value."""
    free = {one["name"]: drawn(one) for one in COLUMNS[table] if one["name"] not in IDS}
    return st.fixed_dictionaries({}, optional=free)


@attrs.frozen
class Database:
    """Hold a CA's state and, beside it, what its tables hold in the order of storage."""

    state: CAState = attrs.field(repr=False)
    tables: dict[str, list[Fields]]


@st.composite
def databases(draw: st.DrawFn) -> Database:
    """Draw a database whose request ids are committed in any order."""
    shelf = MemoryShelf(columns.read)
    tables: dict[str, list[Fields]] = {name: [] for name in COLUMNS}
    ids = st.lists(st.integers(1, 9), unique=True, min_size=3, max_size=7)
    extensions = st.tuples(*map(drawn, SCHEMA["Extension"][1:])).map(ExtensionRow._make)
    attributes = st.tuples(*map(drawn, SCHEMA["Attribute"][1:])).map(AttributeRow._make)
    for number in draw(ids):
        row = Row(
            number,
            {**draw(records("request")), "Request.RequestID": number, "RequestID": number},
            tuple(draw(st.lists(attributes, max_size=2))),
            tuple(draw(st.lists(extensions, max_size=2))),
        )
        shelf.commit(row)
        tables["request"].append(dict(row.columns))
        for table, held in ("extension", row.extensions), ("attribute", row.attributes):
            names = [column["name"] for column in COLUMNS[table]]
            tables[table] += [dict(zip(names, (number, *one), strict=True)) for one in held]
    for number in draw(ids):
        crl = draw(records("crl"))
        shelf.commit_crls([CRLRow(number, crl)])
        tables["crl"].append({**crl, "CRLRowId": number})
    for table, found in tables.items():
        found.sort(key=itemgetter(COLUMNS[table][0]["name"]))
    return Database(attrs.evolve(empty(), shelf=shelf), tables)


@attrs.frozen
class Question:
    """Hold what is asked of a table."""

    columns: list[str]
    where: list[tuple[str, str, Any]]
    order_by: str | None

    def arguments(self) -> Fields:
        """Return it as the verb takes it."""
        return attrs.asdict(self)


@st.composite
def questions(draw: st.DrawFn, table: str) -> Question:
    """Draw a question that makes sense."""
    columns = COLUMNS[table]
    where = []
    for column in draw(st.lists(st.sampled_from(columns), max_size=2)):
        sign = "=" if column["type"] == "BINARY" else draw(st.sampled_from(SIGNS))
        values = st.integers(1, 9) if column["name"] in IDS else drawn(column)
        where.append((column["name"], sign, draw(values)))
    indexed = [column["name"] for column in columns if column["indexed"]]
    order = st.builds("{}{}".format, st.sampled_from(["", "+", "-"]), st.sampled_from(indexed))
    names = st.lists(st.sampled_from([column["name"] for column in columns]), unique=True)
    return Question(draw(names), where, draw(st.none() | order))


def plain(value: Any) -> Any:
    """Return a value as it is compared: text without the case of the letters A to Z."""
    if isinstance(value, str):
        return [ord(char) + 32 if "A" <= char <= "Z" else ord(char) for char in value]
    return value


def holds(value: Any, sign: str, wanted: Any) -> bool:
    """Tell whether a restriction holds; the model's own reading of the signs."""
    if value is None:
        return False
    equal = plain(value) == plain(wanted)
    if sign == "=":
        return bool(equal)
    less = plain(value) < plain(wanted)
    return bool({"<": less, "<=": less or equal, ">": not (less or equal), ">=": not less}[sign])


def is_before(one: Any, other: Any) -> bool:
    """Tell whether *one* belongs before *other*; no value belongs before every value."""
    if one is None or other is None:
        return one is None and other is not None
    return bool(plain(one) < plain(other))


def answer(rows: list[Fields], question: Question) -> list[Fields]:
    """Return the rows that the model thinks right, by filter and insertion sort."""
    found: list[Fields] = []
    order = question.order_by or ""
    name = order.lstrip("+-")
    for row in rows:
        if not all(holds(row.get(column), *rest) for column, *rest in question.where):
            continue
        place = len(found)
        while name and place and goes_before(row.get(name), found[place - 1].get(name), order):
            place -= 1
        found.insert(place, row)
    return [{column: row.get(column) for column in question.columns} for row in found]


def goes_before(one: Any, other: Any, order: str) -> bool:
    """Tell whether *one* has to move before *other* in this order."""
    return is_before(other, one) if order[0] == "-" else is_before(one, other)


Claim = Callable[[st.DataObject, Database, str], None]


def for_all(claim: Claim, count: int) -> None:
    """Try a *claim* about a database and a table of it, *count* times."""
    tables = st.sampled_from(sorted(COLUMNS))
    settings(max_examples=count, deadline=None)(given(st.data(), databases(), tables)(claim))()


@few_or_many(50, 2000)
def test_a_view_is_what_the_model_says(count: int) -> None:
    """For all rows, columns, restrictions and orders the answer is the model's, twice over."""

    def claim(data: st.DataObject, base: Database, table: str) -> None:
        question = data.draw(questions(table))
        asked = views.view(base.state, table, **question.arguments())
        wanted = answer(base.tables[table], question)
        assert asked.columns == tuple(question.columns)
        assert [list(row.items()) for row in asked] == [list(row.items()) for row in wanted]
        assert list(asked) == wanted

    for_all(claim, count)


@few_or_many(50, 2000)
def test_an_answer_does_not_hang_on_spelling(count: int) -> None:
    """Names in any letter case, a LONG written unsigned, another time zone: the same answer."""

    def respelled(value: Any) -> Any:
        if isinstance(value, int):
            return value % 2**32
        return value.astimezone(timezone(timedelta(hours=5))) if type(value) is datetime else value

    def claim(data: st.DataObject, base: Database, table: str) -> None:
        def recased(text: str) -> str:
            return data.draw(st.sampled_from([text.upper(), text.lower(), text.swapcase()]))

        asked = data.draw(questions(table))
        other = views.view(
            base.state,
            recased(table),
            columns=iter([recased(name) for name in asked.columns]),
            where=[[recased(name), sign, respelled(value)] for name, sign, value in asked.where],  # type: ignore[misc]
            order_by=asked.order_by and recased(asked.order_by),
        )
        assert list(other) == list(views.view(base.state, table, **asked.arguments()))
        assert other.columns == tuple(asked.columns)

    for_all(claim, count)


@few_or_many(50, 2000)
def test_more_restrictions_never_find_more(count: int) -> None:
    """For all questions, the rows of `A and B` are those of A that are also those of B."""

    def claim(data: st.DataObject, base: Database, table: str) -> None:
        one, two = data.draw(questions(table)), data.draw(questions(table))
        every = [column["name"] for column in COLUMNS[table]]

        def rows(*where: tuple[str, str, Any]) -> list[Fields]:
            return list(views.view(base.state, table, columns=every, where=where))

        both = rows(*one.where, *two.where)
        assert both == rows(*two.where, *one.where)
        assert both == [row for row in rows(*one.where) if row in rows(*two.where)]

    for_all(claim, count)


anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.binary(max_size=5),
    st.floats(), st.datetimes(), st.sampled_from(["=", "Request.RequestID", "NotAfter", "request"]),
)  # fmt: skip
anything_nested = st.recursive(
    anything,
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner, inner),
    max_leaves=6,
)


@given(anything, anything_nested, anything_nested, anything)
def test_whatever_is_asked_the_error_is_e_invalidarg(
    name: Any, columns: Any, where: Any, order_by: Any
) -> None:
    """No argument brings an error of Python's own; what is taken can be iterated."""
    for arguments in (
        {"name": name, "columns": columns, "where": where, "order_by": order_by},
        {"columns": columns},
        {"where": where},
        {"order_by": order_by},
    ):
        try:
            found = list(views.view(empty(), **arguments))
        except ComError as error:
            assert error.hresult == signed(E_INVALIDARG)  # noqa: PT017
        else:
            assert found == []
