"""A shelf that is closed holds nothing, and one that is open reads row by row.

Source: sqlite.org/wal (what lies beside a file); docs/rulings.md (Views).
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from certsim._engine import columns
from certsim.database.shelf import Question
from certsim.database.sqlite import SQLiteShelf
from tests.database import shelf_kit as kit
from tests.engine.engine_kit import Worker

STATE = Question("Request", ("Request.RequestID", "Request.Disposition"))
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def open_files(folder: Path) -> list[str]:
    """Return which files of *folder* this process holds open."""
    held = []
    for found in Path("/proc/self/fd").iterdir():
        try:
            held.append(str(found.readlink()))
        except FileNotFoundError:
            continue  # the listing itself
    return [name for name in held if name.startswith(str(folder))]


@needs_proc
def test_a_closed_shelf_holds_no_file(tmp_path: Path) -> None:
    """Neither before it is opened, nor between two uses, nor when it has been closed."""
    shelf = kit.make_shelf(tmp_path)
    shelf.commit(kit.row(1))
    assert len(list(shelf)) == 1
    assert open_files(tmp_path) == []
    with kit.running(shelf):
        shelf.get(1)
        assert Worker(lambda: shelf.get(1)).result() == kit.row(1)
        assert open_files(tmp_path)
    assert open_files(tmp_path) == []
    assert kit.beside(tmp_path / "database.sqlite") == ["database.sqlite"]


@needs_proc
def test_a_loop_that_is_broken_off_holds_no_file(tmp_path: Path) -> None:
    """An answer that nobody reads to its end keeps neither connection nor log."""
    shelf = kit.make_shelf(tmp_path)
    for number in (1, 2, 3):
        shelf.commit(kit.row(number))
    with kit.running(shelf):
        loop = shelf.select(STATE)
        next(loop)
    assert open_files(tmp_path) == []
    assert kit.beside(tmp_path / "database.sqlite") == ["database.sqlite"]
    assert [number for number, _ in loop] == [2, 3]


@needs_proc
def test_a_reader_that_outlasts_the_ca_holds_no_file_afterwards(tmp_path: Path) -> None:
    """Its connection is closed by whoever is last."""
    shelf = kit.make_shelf(tmp_path)
    reading, stopped = threading.Event(), threading.Event()

    def read_for_long() -> None:
        with shelf._connections.reading():
            reading.set()
            stopped.wait(10)

    with kit.running(shelf):
        worker = Worker(read_for_long)
        assert reading.wait(10)
    stopped.set()
    worker.result()
    assert open_files(tmp_path) == []
    assert kit.beside(tmp_path / "database.sqlite") == ["database.sqlite"]


def test_reading_a_stopped_ca_leaves_the_file_alone(tmp_path: Path) -> None:
    """Not a byte is written, and no time of writing changes."""
    shelf = kit.make_shelf(tmp_path)
    shelf.commit(kit.row(1))
    path = tmp_path / "database.sqlite"
    before = path.read_bytes(), path.stat().st_mtime_ns
    for use in (list, SQLiteShelf.crls, SQLiteShelf.check, SQLiteShelf.posted, SQLiteShelf.new_id):
        use(SQLiteShelf(path, columns.worked_out))
        assert kit.beside(path) == ["database.sqlite"]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_loop_over_an_open_shelf_shows_rows_as_they_are_when_it_gets_there(
    tmp_path: Path,
) -> None:
    """A changed row is shown changed, a deleted one is left out, a new one waits."""
    shelf = kit.make_shelf(tmp_path)
    rows = [kit.row(number, Request__Disposition=9) for number in range(1, 5)]
    with kit.running(shelf):
        for row in rows:
            shelf.commit(row)
        loop = shelf.select(STATE)
        assert next(loop) == (1, 9)
        shelf.commit(kit.row(2, Request__Disposition=31), rows[1])
        shelf.delete(3)
        shelf.commit(kit.row(5, Request__Disposition=9))
        assert list(loop) == [(2, 31), (4, 9)]


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("falls", [True, False])
def test_more_rows_than_are_read_at_once_come_in_order(
    tmp_path: Path, *, is_open: bool, falls: bool
) -> None:
    """None is missing and none comes twice, up and down, where ids have gaps."""
    shelf = kit.make_shelf(tmp_path)
    numbers = list(range(1, 1600, 3))
    with shelf.transaction():
        for number in numbers:
            shelf.commit(kit.row(number, Request__Disposition=number % 2))
    if is_open:
        shelf.open()
    for order_by in ("Request.RequestID", "Request.Disposition"):
        question = Question("Request", ("Request.RequestID",), (), order_by, falls)
        found = [number for (number,) in shelf.select(question)]
        by_state = sorted(numbers, key=lambda number: number % 2, reverse=falls)
        by_id = sorted(numbers, reverse=falls)
        assert found == (by_id if order_by == "Request.RequestID" else by_state)
    shelf.close()


def test_two_shelves_on_one_file_see_each_other(tmp_path: Path) -> None:
    """A reader of another process sees what the running one has kept."""
    shelf = kit.make_shelf(tmp_path)
    other = SQLiteShelf(tmp_path / "database.sqlite", columns.worked_out, read_only=True)
    with kit.running(shelf):
        for number in (1, 2):
            shelf.commit(kit.row(number))
            assert other.get(number) == kit.row(number)
            assert len(list(other)) == number


def test_an_open_that_fails_can_be_tried_again(tmp_path: Path) -> None:
    """Nothing is held by a shelf that could not be opened."""
    shelf = kit.make_shelf(tmp_path)
    path = tmp_path / "database.sqlite"
    away = path.rename(tmp_path / "away")
    with pytest.raises(kit.ComError):
        shelf.open()
    shelf.close()
    away.rename(path)
    with kit.running(shelf):
        shelf.commit(kit.row(1))
    shelf.close()
    assert list(shelf) == [kit.row(1)]


def test_durability_is_what_was_asked_for(tmp_path: Path) -> None:
    """FULL waits for the disk at each commit, NORMAL when the log is put into the file."""
    kit.make_shelf(tmp_path)
    for asked, number in (("NORMAL", 1), ("FULL", 2)):
        shelf = SQLiteShelf(tmp_path / "database.sqlite", columns.worked_out, synchronous=asked)
        with kit.running(shelf), shelf.transaction() as connection:
            found = connection.execute("PRAGMA synchronous").fetchone()  # type: ignore[attr-defined]
            assert found == (number,)


def test_a_process_that_died_while_it_put_the_log_into_the_file_has_lost_nothing(
    tmp_path: Path,
) -> None:
    """The first page tells already of pages that are in the log alone."""
    shelf = kit.make_shelf(tmp_path)
    rows = [kit.whole_row(number) for number in range(1, 40)]
    with kit.running(shelf):
        for row in rows:
            shelf.commit(row)
        dead = tmp_path / "dead" / "database.sqlite"
        dead.parent.mkdir()
        log = (tmp_path / "database.sqlite-wal").read_bytes()
        data = (tmp_path / "database.sqlite").read_bytes()
        dead.with_name("database.sqlite-wal").write_bytes(log)
        dead.write_bytes(first_page(log) + data[4096:])
    for use in (SQLiteShelf.check, SQLiteShelf.open, SQLiteShelf.close):
        found = SQLiteShelf(dead, columns.worked_out)
        use(found)
        assert list(found) == rows
        found.close()


def first_page(log: bytes) -> bytes:
    """Return the newest first page in *log*: a header of 32 bytes, then frames of 24 and a page.

    Source: sqlite.org/fileformat2, section 4.1.
    """
    frames = (log[at : at + 24 + 4096] for at in range(32, len(log), 24 + 4096))
    return [frame[24:] for frame in frames if frame[:4] == (1).to_bytes(4)][-1]
