"""The two shelves, driven with the same steps: they keep, find and answer alike.

Memory is judged by tests of its own (tests/engine, views and CRL entries); here the file is judged
by it, open and closed, and after each step.
Source: docs/rulings.md (Requests, CRLs, Views).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from certsim.database.rows import Revocations, Row
from certsim.database.shelf import Condition, Question, Shelf
from certsim.database.sqlite import SQLiteShelf
from certsim.facts.views import SeekOperator
from tests.database import shelf_kit as kit
from tests.marks import few_or_many

SIGNS = [SeekOperator.EQ, SeekOperator.LT, SeekOperator.LE, SeekOperator.GT, SeekOperator.GE]
NUMBERS = st.integers(1, 6)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Draw a question that a view might ask."""
    table = draw(st.sampled_from(sorted(kit.TABLES)))
    columns = kit.TABLES[table]
    names = [column["name"] for column in columns]
    conditions = []
    for column in draw(st.lists(st.sampled_from(columns), max_size=2)):
        sign = SeekOperator.EQ if column["type"] == "BINARY" else draw(st.sampled_from(SIGNS))
        is_id = column["name"] == "RequestID" or column["name"].lower().endswith(
            ("requestid", "rowid")
        )
        value = draw(NUMBERS if is_id else kit.values(column["type"]))
        conditions.append(Condition(column["name"], sign, value))
    indexed = [column["name"] for column in columns if column["indexed"]]
    return Question(
        table,
        tuple(draw(st.lists(st.sampled_from(names), unique=True, max_size=5))),
        tuple(conditions),
        draw(st.none() | st.sampled_from(indexed)),
        draw(st.booleans()),
    )


WANTED = st.builds(
    Revocations,
    st.integers(0, 2),
    kit.values("DATE"),
    st.none() | kit.values("DATE"),
    st.none() | kit.values("DATE"),
)


@attrs.frozen
class Pair:
    """Hold the two shelves, and take each step on both."""

    memory: Shelf
    file: SQLiteShelf

    def commit(self, row: Row) -> None:
        """Keep *row*, in place of what stands there."""
        for shelf in (self.memory, self.file):
            with shelf.transaction():
                shelf.commit(row, shelf.get(row.request_id))

    def delete(self, number: int) -> None:
        """Forget a row, where there is one."""
        for shelf in (self.memory, self.file):
            if shelf.get(number) is not None:
                shelf.delete(number)

    def check(self, question: Question, wanted: Revocations) -> None:
        """Expect the same of both."""
        one, other = self.memory, self.file
        stored = list(one)
        assert list(other) == stored
        assert [other.get(number) for number in range(8)] == [one.get(n) for n in range(8)]
        assert other.crls() == one.crls()
        assert other.crl_entries(wanted) == one.crl_entries(wanted)
        for row in stored:
            serial = str(row.columns.get("SerialNumber", ""))
            for spelling in (serial, serial.swapcase()):
                assert other.by_serial(spelling) == one.by_serial(spelling)
        assert list(other.select(question)) == list(one.select(question))


@contextmanager
def pair(*, is_open: bool) -> Iterator[Pair]:
    """Yield two empty shelves."""
    with tempfile.TemporaryDirectory() as folder:
        shelf = kit.make_shelf(Path(folder))
        if is_open:
            with kit.running(shelf):
                yield Pair(kit.memory_shelf(), shelf)
        else:
            yield Pair(kit.memory_shelf(), shelf)


STEPS = ["commit", "commit", "commit", "change", "delete", "crl", "delete crl"]


def take(data: st.DataObject, shelves: Pair) -> None:
    """Draw a step and take it."""
    number = data.draw(NUMBERS)
    match data.draw(st.sampled_from(STEPS)):
        case "commit":
            shelves.commit(data.draw(kit.rows(number)))
        case "change":
            standing, new = shelves.memory.get(number), data.draw(kit.rows(number))
            if standing is not None:
                few = {name: new.columns[name] for name in list(new.columns)[:3]}
                kept = {**standing.columns, **few}
                shelves.commit(attrs.evolve(standing, columns=kept, was_pending=new.was_pending))
        case "delete":
            shelves.delete(number)
        case "crl":
            rows = [data.draw(kit.crl_rows(number)), data.draw(kit.crl_rows(number + 1))]
            for shelf in (shelves.memory, shelves.file):
                shelf.commit_crls(rows)
        case "delete crl":
            for shelf in (shelves.memory, shelves.file):
                shelf.delete_crls([number, 99])


@few_or_many(30, 1_500)
def test_both_shelves_keep_find_and_answer_alike(count: int) -> None:
    """For all steps and questions the file says what memory says, while open and while closed."""

    def claim(data: st.DataObject, is_open: bool) -> None:
        with pair(is_open=is_open) as shelves:
            for _ in range(data.draw(st.integers(1, 5))):
                take(data, shelves)
                shelves.check(data.draw(questions()), data.draw(WANTED))

    settings(max_examples=count, deadline=None)(given(st.data(), st.booleans())(claim))()


def every_question() -> Iterator[Question]:
    """Yield each column shown, each compared with each sign, each index sorted by, both ways."""
    for table, columns in kit.TABLES.items():
        names = tuple(column["name"] for column in columns)
        yield Question(table, names)
        for column in columns:
            name, kind = column["name"], column["type"]
            for sign in SIGNS if kind != "BINARY" else SIGNS[:1]:
                for value in kit.POOLS[kind]:
                    yield Question(table, names[:1], (Condition(name, sign, value),))
            if column["indexed"]:
                for falls in (False, True):
                    yield Question(table, (name,), (), name, falls)


def fill(shelves: Pair) -> None:
    """Put rows into both, with every value of the pools in every column."""
    for number in range(1, len(kit.POOLS["STRING"]) + 1):
        held: dict[str, Any] = {
            column["name"]: kit.POOLS[column["type"]][number % len(kit.POOLS[column["type"]])]
            for column in kit.TABLES["Request"]
            if number % 7 and column["name"] not in ("Request.RawName", "RawName")
        }
        row = kit.whole_row(number)
        held |= {"Request.RequestID": number, "RequestID": number}
        shelves.commit(attrs.evolve(row, columns=held, crl_entry=b"", public_key_info=b""))
        for shelf in (shelves.memory, shelves.file):
            crl = {
                column["name"]: kit.POOLS[column["type"]][number % len(kit.POOLS[column["type"]])]
                for column in kit.TABLES["CRL"]
            }
            shelf.commit_crls([kit.CRLRow(number, {**crl, "CRLRowId": number})])


def test_every_column_operator_and_order_answers_alike() -> None:
    """No column is compared, shown or sorted differently, whatever stands in it."""
    with pair(is_open=True) as shelves:
        fill(shelves)
        for question in every_question():
            one, other = (list(shelf.select(question)) for shelf in (shelves.memory, shelves.file))
            assert other == one, question
