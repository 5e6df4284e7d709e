"""Files of older versions: brought up to date when they are written to, and read before by nobody.

There is one version so far, so older files are planted: one from before the first version, and
steps beyond the last one.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from certsim import ComError
from certsim._engine import columns
from certsim.database import sqlite_schema
from certsim.database.sqlite import SQLiteShelf
from tests.codes import signed
from tests.database import shelf_kit as kit
from tests.database.shelf_kit import CERTDB_E_JET_ERROR, ERROR_UNKNOWN_REVISION

NEXT = ("CREATE TABLE certsim_Later (Number INTEGER)", "ALTER TABLE Request ADD COLUMN New TEXT")


def facts(path: Path, sql: str) -> object:
    """Return what the first row of *sql* has first."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchone()[0]


def plant(folder: Path) -> Path:
    """Return a file of certsim's from before its first version: no table yet."""
    path = folder / "database.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {int.from_bytes(b'csim')}")
        connection.execute("PRAGMA journal_mode = WAL")
    return path


def test_a_file_without_a_version_becomes_one_of_this(tmp_path: Path) -> None:
    """The start of the CA makes the tables, and what was made before is kept."""
    path = plant(tmp_path)
    shelf = SQLiteShelf(path, columns.worked_out)
    shelf.check()
    with kit.running(shelf):
        shelf.commit(kit.whole_row())
    assert facts(path, "PRAGMA user_version") == 1
    assert list(shelf) == [kit.whole_row()]


def test_steps_are_taken_in_turn_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file takes the steps that it lacks, with its rows, and none of them twice."""
    shelf = kit.make_shelf(tmp_path)
    shelf.commit(kit.row(1))
    later = ("INSERT INTO certsim_Later VALUES (1)",)
    monkeypatch.setattr(sqlite_schema, "STEPS", (*sqlite_schema.STEPS, NEXT, later))
    path = tmp_path / "database.sqlite"
    for _ in range(2):
        with kit.running(shelf):
            assert shelf.get(1) == kit.row(1)
        assert facts(path, "PRAGMA user_version") == 3
        assert facts(path, "SELECT count(*) FROM certsim_Later") == 1


def test_a_step_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a step is none: the version stays, and so do the tables."""
    shelf = kit.make_shelf(tmp_path)
    shelf.commit(kit.row(1))
    steps = sqlite_schema.STEPS
    monkeypatch.setattr(sqlite_schema, "STEPS", (*steps, NEXT, ("CREATE NONSENSE",)))
    path = tmp_path / "database.sqlite"
    with pytest.raises(ComError) as caught:
        shelf.open()
    assert caught.value.hresult == signed(CERTDB_E_JET_ERROR)
    assert str(path) in str(caught.value)
    monkeypatch.setattr(sqlite_schema, "STEPS", steps)
    assert facts(path, "PRAGMA user_version") == 1
    assert facts(path, "SELECT count(*) FROM sqlite_master WHERE name = 'certsim_Later'") == 0
    assert list(shelf) == [kit.row(1)]


@pytest.mark.parametrize("read_only", [False, True])
def test_an_older_file_is_not_read_before_it_is_brought_up_to_date(
    tmp_path: Path, *, read_only: bool
) -> None:
    """Reading changes nothing, so the line tells what does."""
    path = plant(tmp_path)
    before = path.read_bytes()
    shelf = SQLiteShelf(path, columns.worked_out, read_only=read_only)
    with pytest.raises(ComError) as caught:
        list(shelf)
    assert caught.value.hresult == signed(ERROR_UNKNOWN_REVISION)
    assert "start the CA" in str(caught.value)
    assert (path.read_bytes(), kit.beside(path)) == (before, [path.name])


def test_a_later_version_that_only_the_log_knows_of_is_refused(tmp_path: Path) -> None:
    """A later certsim was killed before its step came into the file itself."""
    kit.make_shelf(tmp_path)
    path = tmp_path / "database.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA user_version = 7")
        before = path.read_bytes()
        assert before[60:64] == (1).to_bytes(4)
        for use in (SQLiteShelf.check, SQLiteShelf.open, SQLiteShelf.crls):
            with pytest.raises(ComError) as caught:
                use(SQLiteShelf(path, columns.worked_out))
            assert caught.value.hresult == signed(ERROR_UNKNOWN_REVISION)
        assert path.read_bytes() == before
