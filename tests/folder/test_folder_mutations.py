"""The suite notices a CA in a folder that keeps its word no longer.

Each mutant is one small fault, planted for the length of one test; the check is a test of the
suite, called as it is, which has to fail by an assertion of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from certsim import ComError
from certsim._engine import key_files, places
from certsim._engine.dispatch import Dispatcher
from certsim._engine.plugs import Plugs
from certsim._engine.state import CAState
from certsim._engine.stored_journal import StoredJournal
from certsim.database import sqlite_numbers
from certsim.database.sqlite import SQLiteShelf
from certsim.locks import FileLock
from tests.conftest import Recorder
from tests.folder import test_folder, test_folder_modules
from tests.folder import test_folder_journal as journal
from tests.folder import test_folder_lock as lock

Patch = pytest.MonkeyPatch
Check = Callable[[Path], None]


def nothing_is_one_transaction(patch: Patch) -> None:
    """Keep what a step writes piece by piece, though the step fails."""
    honest = SQLiteShelf.transaction

    def torn(shelf: SQLiteShelf, kept: Callable[[], None]) -> object:
        return nullcontext() if shelf._connections.is_open else honest(shelf, kept)

    patch.setattr(SQLiteShelf, "transaction", torn)


def never_written_down(patch: Patch) -> None:
    """Keep no note that somebody has to hear."""
    patch.setattr(Dispatcher, "expect", lambda *_: 0)


def never_crossed_off(patch: Patch) -> None:
    """Forget that an event was told."""
    patch.setattr(SQLiteShelf, "remove_posted", lambda *_: None)


def answered_before_it_is_journaled(patch: Patch) -> None:
    """Let the journal wait for a better time."""
    patch.setattr(StoredJournal, "settle", lambda _: None)


def nobody_is_locked_out(patch: Patch) -> None:
    """Find every lock free."""
    patch.setattr(FileLock, "acquire", lambda *_: True)


def lock_by_process(patch: Patch) -> None:
    """Count a lock by process, as POSIX record locks are."""
    held: set[Path] = set()
    honest = FileLock.acquire

    def shared(lock: FileLock, attempts: int, text: str) -> bool:
        taken = lock._path in held or honest(lock, attempts, text)
        held.add(lock._path)
        return taken

    patch.setattr(FileLock, "acquire", shared)


def numbers_from_the_rows(patch: Patch) -> None:
    """Go on from the highest row that is left."""
    patch.setattr(sqlite_numbers, "keep", lambda _: None)
    patch.setattr(sqlite_numbers.Numbers, "save", lambda _: None)


def keys_for_everybody(patch: Patch) -> None:
    """Write keys with the rights of any file."""
    patch.setattr(key_files, "_OWNER_ALONE", 0o644)


def renewed_key_in_plain(patch: Patch) -> None:
    """Encrypt the first key alone."""
    honest = key_files.write

    def careless(path: Path, key: object, passphrase: bytes | None) -> None:
        honest(path, key, passphrase if path.name == "0.pem" else None)  # type: ignore[arg-type]

    patch.setattr(key_files, "write", careless)


def certificates_of_yesterday(patch: Patch) -> None:
    """Go on with the certificates that were there when the folder was opened."""
    patch.setattr(CAState, "refresh", lambda _: None)


def places_of_the_process(patch: Patch) -> None:
    """Count relative places from where the process runs."""
    honest = places.write
    patch.setattr(places, "write", lambda place, data, _home: honest(place, data))


def lent_for_ever(patch: Patch) -> None:
    """Write the names of objects into the registry."""
    honest = Plugs.install_exit

    def careless(self: Plugs, spec: object, progid: str | None = None) -> str:
        name = honest(self, spec, progid)
        if name in self._lent:
            self._lent.remove(name)
            self._activate([*self._active(), name])
        return name

    patch.setattr(Plugs, "install_exit", careless)


def unwritten(path: Path) -> None:
    """Fail to write what belongs to a row."""
    with pytest.MonkeyPatch.context() as patch:
        journal.test_a_row_whose_entry_cannot_be_written_is_not_there(path, Recorder(), patch)


def lent(path: Path) -> None:
    """Lend an object."""
    test_folder_modules.test_a_lent_object_is_called_and_written_down_nowhere(path, Recorder())


def moved(path: Path) -> None:
    """Move the folder, and look at it from elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        test_folder.test_a_folder_may_be_moved(path, patch)


MUTANTS: list[tuple[Callable[[Patch], None], Check]] = [
    (nothing_is_one_transaction, unwritten),
    (never_written_down, journal.test_an_event_is_written_down_before_it_is_told),
    (never_written_down, journal.test_an_event_whose_telling_was_cut_short_is_shown_as_such),
    (never_crossed_off, journal.test_an_event_that_was_told_leaves_nothing_open),
    (
        answered_before_it_is_journaled,
        journal.test_verbs_that_change_nothing_are_journaled_before_they_answer,
    ),
    (nobody_is_locked_out, lock.test_two_objects_of_one_process_exclude_each_other),
    (lock_by_process, lock.test_two_objects_of_one_process_exclude_each_other),
    (numbers_from_the_rows, test_folder.test_ids_of_deleted_rows_are_not_used_again),
    (keys_for_everybody, test_folder.test_keys_are_for_their_owner_alone),
    (renewed_key_in_plain, test_folder.test_a_passphrase_encrypts_every_key),
    (certificates_of_yesterday, lock.test_a_start_sees_what_others_have_changed_meanwhile),
    (places_of_the_process, moved),
    (lent_for_ever, lent),
]
CHECKS = list({check.__name__: check for _, check in MUTANTS}.values())


def marked(*what: object) -> object:
    """Return a case with the marks of its check, which stands last: it may have to be skipped."""
    return pytest.param(*what, marks=getattr(what[-1], "pytestmark", []))


def named(value: object) -> str:
    """Return a function's name, for the list of what was noticed."""
    return getattr(value, "__name__", "")


@pytest.mark.parametrize(("mutant", "check"), [marked(*pair) for pair in MUTANTS], ids=named)
def test_the_suite_notices_a_folder_made_wrong(
    mutant: Callable[[Patch], None], check: Check, monkeypatch: Patch, tmp_path: Path
) -> None:
    """The named check fails, by an assertion of its own, with this one fault."""
    mutant(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check(tmp_path)


@pytest.mark.parametrize("check", [marked(check) for check in CHECKS], ids=named)
def test_the_checks_pass_on_folders_as_they_are(check: Check, tmp_path: Path) -> None:
    """A check that failed on a sound folder would notice nothing."""
    complaints: list[str] = []
    with suppress(AssertionError, ComError):
        check(tmp_path)
        complaints.append("none")
    assert complaints == ["none"]
