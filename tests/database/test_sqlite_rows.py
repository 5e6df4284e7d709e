"""A row comes back from the file as it was put in: nothing more, nothing less, nothing else.

Source: docs/rulings.md (Views, for the order of text).
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certsim.database import sqlite_rows
from certsim.database.rows import Row
from certsim.database.shelf import Condition, Question
from certsim.facts.views import SeekOperator
from tests.database import shelf_kit as kit
from tests.database.shelf_kit import NOON
from tests.marks import few_or_many

any_text = st.text(st.characters(exclude_categories=()))


def folded(text: str) -> list[int]:
    """Return *text* as it is compared: code points, A to Z as a to z."""
    return [ord(char) + 32 if "A" <= char <= "Z" else ord(char) for char in text]


@pytest.fixture(scope="module")
def judge() -> sqlite3.Connection:
    """Return a database that compares."""
    with closing(sqlite3.connect(":memory:", check_same_thread=False)) as connection:
        yield connection


@given(
    one=st.sampled_from(kit.POOLS["STRING"]) | any_text,
    other=st.sampled_from(kit.POOLS["STRING"]) | any_text,
)
def test_stored_text_compares_as_the_text_does(
    judge: sqlite3.Connection, one: str, other: str
) -> None:
    """For all texts, NUL and half characters included, NOCASE says what the ruling says."""
    kept = [sqlite_rows.stored(text) for text in (one, other)]
    sql = "SELECT ?1 < ?2 COLLATE NOCASE, ?1 = ?2 COLLATE NOCASE"
    less, equal = judge.execute(sql, kept).fetchone()
    assert (bool(less), bool(equal)) == (folded(one) < folded(other), folded(one) == folded(other))


@few_or_many(100, 2_000)
def test_every_row_comes_back_equal(count: int) -> None:
    """For all rows: columns, parts that policy gave, cleared ones, attributes, extensions."""
    with tempfile.TemporaryDirectory() as folder:
        shelf = kit.make_shelf(Path(folder))
        with kit.running(shelf):

            def claim(row: Row) -> None:
                shelf.commit(row, shelf.get(row.request_id))
                found = shelf.get(row.request_id)
                assert found == row
                assert found is not None
                assert {name: type(value) for name, value in found.columns.items()} == {
                    name: type(value) for name, value in row.columns.items()
                }

            strategy = st.integers(1, 9).flatmap(kit.rows)
            settings(max_examples=count, deadline=None)(given(strategy)(claim))()


def test_every_row_is_drawn_with_every_kind_of_value(tmp_path: Path) -> None:
    """A row with all columns comes back, parts of names among them."""
    shelf = kit.make_shelf(tmp_path)
    whole = kit.whole_row(5)
    shelf.commit(whole)
    assert shelf.get(5) == whole
    assert list(shelf) == [whole]


def test_columns_that_are_worked_out_do_not_come_back(tmp_path: Path) -> None:
    """They are in the table for people; a row has what it was given."""
    shelf = kit.make_shelf(tmp_path)
    row = attrs.evolve(
        kit.row(1, Request__RawName=kit.name_of("a"), RawCertificate=b"c", CommonName=""),
        public_key_info=kit.key_info(),
    )
    shelf.commit(row)
    found = shelf.get(1)
    assert found == row
    assert found is not None
    assert found.columns["CommonName"] == ""


def test_cleared_text_is_no_value_to_a_view(tmp_path: Path) -> None:
    """Empty text that policy left is not shown, not found, and sorts with what is not there."""
    shelf = kit.make_shelf(tmp_path)
    for number, more in ((1, {"UPN": "b"}), (2, {"UPN": ""}), (3, {}), (4, {"UPN": "a"})):
        shelf.commit(kit.row(number, **more))
    ids = ("Request.RequestID",)
    for falls, order in ((False, [2, 3, 4, 1]), (True, [1, 4, 2, 3])):
        found = shelf.select(Question("Request", ids, (), "UPN", falls))
        assert [number for (number,) in found] == order
    for sign, passing in ((SeekOperator.GE, [1, 4]), (SeekOperator.EQ, []), (SeekOperator.LE, [])):
        found = shelf.select(Question("Request", ids, (Condition("UPN", sign, ""),)))
        assert [number for (number,) in found] == passing


@pytest.mark.parametrize("hours", [-5, 0, 3])
def test_moments_are_kept_in_utc(tmp_path: Path, hours: int) -> None:
    """Whatever zone a moment is written in, it is the same one."""
    shelf = kit.make_shelf(tmp_path)
    written = NOON.astimezone(timezone(timedelta(hours=hours)))
    shelf.commit(kit.row(1, NotAfter=written))
    (found,) = shelf.select(Question("Request", ("NotAfter",)))
    assert found == (NOON,)
    assert found[0].tzinfo is UTC  # type: ignore[union-attr]


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001
def test_moments_sort_as_time_does(moment: datetime) -> None:
    """For all moments the text of the later one is the greater, fractions of a second included."""
    earlier, later = moment.replace(tzinfo=UTC), moment.replace(tzinfo=UTC)
    later += timedelta(microseconds=1)
    assert sqlite_rows.moment(earlier) < sqlite_rows.moment(later)
    assert sqlite_rows.moment(earlier) < sqlite_rows.moment(earlier + timedelta(hours=1))


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("Certificate", "NotAfter", "'tomorrow'"),
        ("Certificate", "NotAfter", "7"),
        ("Certificate", "RawCertificate", "'text'"),
        ("Certificate", "SerialNumber", "x'00ff'"),
        ("Request", "Disposition", "'issued'"),
        ("Request", "certsim_Kept", "'Nothing'"),
        ("Request", "RequesterName", "CAST(x'ff' AS TEXT)"),
    ],
)
def test_a_value_that_certsim_never_wrote_is_told_as_damage(
    tmp_path: Path, table: str, column: str, value: str
) -> None:
    """Whoever edits the file by hand is told which file holds what it cannot hold."""
    shelf = kit.make_shelf(tmp_path)
    shelf.commit(kit.whole_row())
    path = tmp_path / "database.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"UPDATE {table} SET {column} = {value}")  # noqa: S608
    with kit.any_damage(path):
        shelf.get(1)
