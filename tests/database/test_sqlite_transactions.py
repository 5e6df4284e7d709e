"""All or nothing, and who sees it when: transactions, readers beside a writer, a disk that is full.

Source: sqlite.org/wal; CONTRIBUTING.md (laws 2 and 9).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from certsim import ComError
from certsim._engine import columns
from certsim.database.rows import CRLRow, Revocations
from certsim.database.shelf import Question
from certsim.database.sqlite import SQLiteShelf
from tests.codes import E_UNEXPECTED, ERROR_DISK_FULL, signed
from tests.database import shelf_kit as kit
from tests.engine.engine_kit import Worker

ALL = Question("Request", ("Request.RequestID",))


@pytest.fixture(params=["open", "closed"])
def shelf(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[SQLiteShelf]:
    """Return a shelf, open as in a running CA or closed as in a stopped one."""
    made = kit.make_shelf(tmp_path)
    if request.param == "open":
        made.open()
    yield made
    made.close()


def ids(shelf: SQLiteShelf) -> list[Any]:
    """Return the ids of all rows."""
    return [number for (number,) in shelf.select(ALL)]


class Stop(Exception):  # noqa: N818
    """Be what goes wrong in a test."""


def write_everything(shelf: SQLiteShelf) -> None:
    """Write to every table."""
    shelf.commit(kit.whole_row(1))
    shelf.commit_crls([CRLRow(1, {"CRLRowId": 1, "CRLNumber": 5})])
    shelf.add_entries([("call", "{}")])
    shelf.add_posted(1, 1)


def everything(shelf: SQLiteShelf) -> list[object]:
    """Return what every table holds."""
    entries = shelf.crl_entries(Revocations(0, kit.NOON))
    found = [list(shelf.select(Question(t, (kit.TABLES[t][0]["name"],)))) for t in kit.TABLES]
    return [list(shelf), shelf.crls(), entries, shelf.entries(None, 9), shelf.posted(), *found]


def test_a_transaction_is_kept_as_a_whole(shelf: SQLiteShelf) -> None:
    """What was written inside is there at the end, in every table."""
    empty = everything(shelf)
    with shelf.transaction():
        write_everything(shelf)
    assert all(after != before for after, before in zip(everything(shelf), empty, strict=True))


@pytest.mark.parametrize("error", [Stop, KeyboardInterrupt, ComError])
def test_a_transaction_that_fails_leaves_nothing(
    shelf: SQLiteShelf, error: type[BaseException]
) -> None:
    """Whatever error leaves it, nothing of it stays, and the next one works."""
    empty = everything(shelf)
    with pytest.raises(error), shelf.transaction():  # noqa: PT012
        write_everything(shelf)
        raise error(*[5] * (error is ComError))
    assert everything(shelf) == empty
    write_everything(shelf)
    assert everything(shelf) != empty


def test_an_inner_transaction_is_a_part_of_the_outer_one(shelf: SQLiteShelf) -> None:
    """Its end keeps nothing yet."""
    with pytest.raises(Stop), shelf.transaction():  # noqa: PT012
        with shelf.transaction():
            shelf.commit(kit.row(1))
        raise Stop
    assert ids(shelf) == []


def test_an_inner_error_that_is_swallowed_undoes_the_whole(shelf: SQLiteShelf) -> None:
    """Half a step is not kept because somebody caught the error too early."""
    with pytest.raises(ComError) as caught, shelf.transaction():  # noqa: PT012
        shelf.commit(kit.row(1))
        with suppress(ComError):
            shelf.commit(kit.row(1))  # there already
        shelf.commit(kit.row(2))
    assert caught.value.hresult == signed(E_UNEXPECTED)
    assert ids(shelf) == []
    shelf.commit(kit.row(3))
    assert ids(shelf) == [3]


def test_a_row_that_is_not_there_cannot_be_deleted(shelf: SQLiteShelf) -> None:
    """As in memory, the id is told."""
    shelf.commit(kit.row(1))
    for each in (shelf, kit.memory_shelf()):
        with pytest.raises(KeyError, match="7"):
            each.delete(7)
    assert ids(shelf) == [1]


def test_the_writer_reads_what_it_has_written(shelf: SQLiteShelf) -> None:
    """Inside a transaction, its own thread sees the rows as they will be."""
    with shelf.transaction():
        write_everything(shelf)
        assert shelf.get(1) == kit.whole_row(1)
        assert ids(shelf) == [1]
        assert shelf.posted() == [(1, 1, 1)]
        shelf.delete(1)
        assert ids(shelf) == []


def test_readers_neither_wait_nor_see_what_is_not_kept(shelf: SQLiteShelf) -> None:
    """Another thread, and another process's connection, read the rows of before at once."""
    shelf.commit(kit.row(1))
    with shelf.transaction():
        shelf.commit(kit.row(2))
        assert Worker(lambda: ids(shelf)).result() == [1]
        assert Worker(lambda: shelf.get(2)).result() is None
        path = shelf._connections._path
        with closing(sqlite3.connect(path, timeout=0)) as other:
            assert other.execute("SELECT count(*) FROM Request").fetchone() == (1,)
    assert Worker(lambda: ids(shelf)).result() == [1, 2]


def test_writers_take_turns(shelf: SQLiteShelf) -> None:
    """Several threads write at once, and each transaction is whole."""

    def write(first: int) -> None:
        for number in range(first, 21, 4):
            with shelf.transaction():
                shelf.commit(kit.row(number))
                shelf.add_entries([("call", str(number))])

    workers = [Worker(lambda first=first: write(first)) for first in (1, 2, 3, 4)]
    for worker in workers:
        worker.result()
    assert ids(shelf) == list(range(1, 21))
    assert sorted(int(text) for _, text in shelf.entries(None, 99)) == list(range(1, 21))


def test_a_reader_sees_one_state_of_a_row(shelf: SQLiteShelf) -> None:
    """Columns and extensions that were written together are read together."""
    one, other = kit.whole_row(1), kit.row(1, Request__Disposition=31)
    shelf.commit(one)
    done = threading.Event()

    def change() -> None:
        standing, new = one, other
        for _ in range(60):
            shelf.commit(new, standing)
            standing, new = new, standing
        done.set()

    worker, seen = Worker(change), []
    while not done.is_set():
        seen.append(shelf.get(1))
    worker.result()
    assert all(found in (one, other) for found in seen)


# --- a disk that is full -------------------------------------------------------------------------


def narrow(shelf: SQLiteShelf, pages: int) -> None:
    """Let the file have no more than *pages* pages more than it has."""
    with shelf.transaction() as connection:
        assert isinstance(connection, sqlite3.Connection)
        (now,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {now + pages}")


FILL: dict[str, Callable[[SQLiteShelf, int], None]] = {
    "row": lambda shelf, n: shelf.commit(kit.row(n, RawCertificate=bytes(5000))),
    "crl": lambda shelf, n: shelf.commit_crls(
        [CRLRow(n, {"CRLRowId": n, "CRLRawCRL": bytes(9000)})]
    ),
    "entry": lambda shelf, n: shelf.add_entries([("call", f"{n:5000}")]),
}


@pytest.mark.parametrize("fill", FILL.values(), ids=FILL)
def test_a_full_disk_is_told_and_loses_nothing(
    tmp_path: Path, fill: Callable[[SQLiteShelf, int], None]
) -> None:
    """The step that had no room is undone, those before it stand, and with room all goes on."""
    shelf = kit.make_shelf(tmp_path)
    with kit.running(shelf):
        shelf.commit(kit.whole_row(1))
        narrow(shelf, 20)
        with pytest.raises(ComError) as caught:  # noqa: PT012
            for number in range(2, 99):
                fill(shelf, number)
        kept = everything(shelf)
        assert caught.value.hresult == signed(ERROR_DISK_FULL)
        assert str(tmp_path / "database.sqlite") in str(caught.value)
        assert "make room" in str(caught.value)
        with pytest.raises(ComError):
            fill(shelf, 99)
        assert everything(shelf) == kept
        narrow(shelf, 9999)
        fill(shelf, 99)
        grown = everything(shelf)
        assert grown != kept
    assert everything(SQLiteShelf(tmp_path / "database.sqlite", columns.worked_out)) == grown


def test_a_step_of_several_parts_is_undone_when_the_last_has_no_room(tmp_path: Path) -> None:
    """The row goes with the entry that could not be written."""
    shelf = kit.make_shelf(tmp_path)
    with kit.running(shelf):
        narrow(shelf, 4)
        with pytest.raises(ComError), shelf.transaction():  # noqa: PT012
            shelf.commit(kit.row(1))
            shelf.add_entries([("call", "x" * 99_999)])
        assert ids(shelf) == []
        shelf.commit(kit.row(1))
        assert ids(shelf) == [1]
