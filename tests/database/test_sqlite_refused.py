"""Files that cannot be used: each is refused with one line that names it, and left as it is.

Source: sqlite.org/fileformat2 (where the header has what).
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from certsim import ComError
from certsim._engine import columns
from certsim.database import sqlite_connections, sqlite_files
from certsim.database.sqlite import SQLiteShelf
from tests.codes import (
    E_ACCESSDENIED,
    ERROR_BAD_PATHNAME,
    ERROR_FILE_NOT_FOUND,
    ERROR_INVALID_DATA,
    ERROR_SHARING_VIOLATION,
    signed,
)
from tests.database import shelf_kit as kit
from tests.database.shelf_kit import (
    CERTDB_E_JET_ERROR,
    ERROR_FILE_CORRUPT,
    ERROR_FILE_EXISTS,
    ERROR_UNKNOWN_REVISION,
    ERROR_WRITE_PROTECT,
)

PAGE = 4096
"""Bytes of a page, as SQLite makes them."""
Use = Callable[[SQLiteShelf], object]
USES: dict[str, Use] = {
    "check": lambda shelf: shelf.check(),
    "open": lambda shelf: shelf.open(),
    "get": lambda shelf: shelf.get(1),
    "select": lambda shelf: shelf.crls(),
    "commit": lambda shelf: shelf.commit(kit.row(9)),
    "new id": lambda shelf: shelf.new_id(),
    "posted": lambda shelf: shelf.posted(),
}


def filled(folder: Path) -> Path:
    """Return the path of a good database with some rows."""
    shelf = kit.make_shelf(folder)
    for number in range(1, 4):
        shelf.commit(kit.whole_row(number))
    return folder / "database.sqlite"


def refusal(path: Path, use: Use, code: int, *words: str) -> None:
    """Expect *use* to be refused with one line, and nothing to be changed or left beside."""
    before, names = path.read_bytes() if path.is_file() else b"", kit.beside(path)
    shelf = SQLiteShelf(path, columns.worked_out)
    with pytest.raises(ComError) as caught:
        use(shelf)
    shelf.close()
    line = str(caught.value)
    assert caught.value.hresult == signed(code), line
    assert "\n" not in line
    assert all(word in line for word in (str(path), *words)), line
    assert (path.read_bytes() if path.is_file() else b"", kit.beside(path)) == (before, names)


each_use = pytest.mark.parametrize("use", USES.values(), ids=USES)


def patched(path: Path, at: int, data: bytes) -> None:
    """Write *data* into the file."""
    whole = bytearray(path.read_bytes())
    whole[at : at + len(data)] = data
    path.write_bytes(whole)


@each_use
def test_a_missing_file_is_not_made(tmp_path: Path, use: Use) -> None:
    """Nobody gets an empty database by misspelling a name."""
    refusal(tmp_path / "database.sqlite", use, ERROR_FILE_NOT_FOUND, "missing")


@each_use
@pytest.mark.parametrize("data", [b"", b"SQLite format 3\0", b"text\n" * 100, bytes(5000)])
def test_what_is_no_database_is_refused(tmp_path: Path, use: Use, data: bytes) -> None:
    """An empty file is no new database but a lost one."""
    path = tmp_path / "database.sqlite"
    path.write_bytes(data)
    refusal(path, use, ERROR_FILE_CORRUPT, "damaged", "backup")


@each_use
def test_a_database_of_another_application_is_refused(tmp_path: Path, use: Use) -> None:
    """Its tables are none of ours, and nothing is added to them."""
    path = tmp_path / "database.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE Request (RequestID INTEGER PRIMARY KEY)")
    refusal(path, use, ERROR_INVALID_DATA, "another application")


@each_use
def test_a_database_of_a_later_version_is_refused(tmp_path: Path, use: Use) -> None:
    """The line says which version it is, which one is known, and what to do."""
    path = filled(tmp_path)
    patched(path, 60, (99).to_bytes(4))
    refusal(path, use, ERROR_UNKNOWN_REVISION, "99", "newer certsim")


@each_use
def test_a_file_that_was_cut_is_refused(tmp_path: Path, use: Use) -> None:
    """A copy that was broken off is not taken for the whole."""
    path = filled(tmp_path)
    path.write_bytes(path.read_bytes()[:-PAGE])
    refusal(path, use, ERROR_FILE_CORRUPT, "whole")


@pytest.mark.parametrize("use", [USES["check"], USES["open"]], ids=["check", "open"])
def test_pages_that_were_overwritten_are_found(tmp_path: Path, use: Use) -> None:
    """Whatever page of a small file is garbage, it is noticed before the file is used."""
    (tmp_path / "good").mkdir()
    good = filled(tmp_path / "good")
    size = good.stat().st_size
    for page in range(size // PAGE):
        folder = tmp_path / f"page {page}"
        folder.mkdir()
        path = folder / "database.sqlite"
        shutil.copy(good, path)
        patched(path, page * PAGE + 100 * (page == 0), b"\xff" * 1500)
        refusal(path, use, ERROR_FILE_CORRUPT, "damaged")


def test_a_table_that_is_missing_is_named(tmp_path: Path) -> None:
    """Somebody dropped it with a tool."""
    path = filled(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TABLE Extension")
    refusal(path, USES["open"], ERROR_FILE_CORRUPT, "Extension")


def test_damage_in_a_big_file_is_told_when_it_is_met(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is too big to be looked through first answers until it cannot."""
    path = filled(tmp_path)
    monkeypatch.setattr(sqlite_connections, "_SMALL", 0)
    with closing(sqlite3.connect(path)) as connection:
        sql = "SELECT rootpage FROM sqlite_master WHERE name = 'certsim_Posted'"
        (page,) = connection.execute(sql).fetchone()
    patched(path, (page - 1) * PAGE, b"\xff" * PAGE)
    shelf = SQLiteShelf(path, columns.worked_out)
    with kit.running(shelf):
        assert shelf.get(1) == kit.whole_row(1)
        with pytest.raises(ComError) as caught:
            shelf.posted()
        assert caught.value.hresult == signed(ERROR_FILE_CORRUPT)
        assert shelf.get(2) == kit.whole_row(2)


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    """It cannot be read, and the line says so."""
    path = tmp_path / "database.sqlite"
    path.mkdir()
    refusal(path, USES["open"], E_ACCESSDENIED, "cannot be read")


def test_a_file_is_not_made_over_another(tmp_path: Path) -> None:
    """What is there stays, whatever it is."""
    path = tmp_path / "database.sqlite"
    path.write_bytes(b"letters")
    refusal(path, lambda shelf: shelf.create(), ERROR_FILE_EXISTS)


def test_a_file_is_not_made_where_there_is_no_folder(tmp_path: Path) -> None:
    """The line names the path."""
    path = tmp_path / "nowhere" / "database.sqlite"
    with pytest.raises(ComError) as caught:
        SQLiteShelf(path, columns.worked_out).create()
    assert caught.value.hresult == signed(ERROR_BAD_PATHNAME)
    assert str(path) in str(caught.value)


def test_a_file_that_cannot_be_finished_is_not_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a database would be found damaged later."""
    monkeypatch.setattr(sqlite_connections.sqlite_schema, "STEPS", (("CREATE NONSENSE",),))
    with pytest.raises(ComError) as caught:
        kit.make_shelf(tmp_path)
    assert caught.value.hresult == signed(CERTDB_E_JET_ERROR)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "write", [USES["commit"], lambda shelf: shelf.delete(1), lambda shelf: shelf.add_posted(1, 1)]
)
def test_read_only_means_that_nothing_is_written(tmp_path: Path, write: Use) -> None:
    """The writing methods are refused, the others work, and the file stays as it is."""
    path = filled(tmp_path)
    before = path.read_bytes()
    shelf = SQLiteShelf(path, columns.worked_out, read_only=True)
    with kit.running(shelf):
        with pytest.raises(ComError) as caught:
            write(shelf)
        assert caught.value.hresult == signed(ERROR_WRITE_PROTECT)
        assert str(path) in str(caught.value)
        assert len(list(shelf)) == 3
    assert (path.read_bytes(), kit.beside(path)) == (before, [path.name])


_READER = """
import sys
from pathlib import Path
from certsim._engine import columns
from certsim.database.sqlite import SQLiteShelf
shelf = SQLiteShelf(Path(sys.argv[1]), columns.worked_out, read_only=True)
shelf.check()
print(len(list(shelf)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs `unshare` and read-only mounts")
def test_a_folder_that_cannot_be_written_to_can_be_read(tmp_path: Path) -> None:
    """A copy on a read-only medium opens for reading, though no log can be made beside it."""
    filled(tmp_path)
    script = 'mount --bind -o ro "$1" "$1" && exec "$2" -c "$3" "$1/database.sqlite"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", tmp_path, sys.executable, _READER],
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(f"no read-only mount to be had here: {done.stderr.strip()}")
    assert (done.stdout, done.stderr) == ("3\n", "")


def test_a_file_that_somebody_else_writes_to_is_waited_for_and_then_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The patience ends with a line that says so, and later on all is well."""
    path = filled(tmp_path)
    monkeypatch.setattr(sqlite_files, "PATIENCE", 0.05)
    shelf = SQLiteShelf(path, columns.worked_out)
    with kit.running(shelf), closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ComError) as caught:
            shelf.commit(kit.row(9))
        assert caught.value.hresult == signed(ERROR_SHARING_VIOLATION)
        other.execute("ROLLBACK")
        shelf.commit(kit.row(9))
        assert shelf.get(9) == kit.row(9)


def test_a_file_that_changes_while_it_is_read_is_not_trusted(tmp_path: Path) -> None:
    """Whoever reads a file at rest is told when it did not rest."""
    path = filled(tmp_path)
    shelf = SQLiteShelf(path, columns.worked_out)

    def read_beside_a_writer() -> None:
        with (
            shelf._connections.reading(),
            closing(sqlite3.connect(path, isolation_level=None)) as other,
        ):
            other.execute("UPDATE Request SET Disposition = 9")
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    with pytest.raises(ComError) as caught:
        read_beside_a_writer()
    assert caught.value.hresult == signed(ERROR_SHARING_VIOLATION)
    assert "try again" in str(caught.value)
