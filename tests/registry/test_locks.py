"""Locks: one holder at a time, within a process and between two, and none left behind by a crash.

Source: flock(2).
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import certsim
from certsim.locks import FileLock
from tests.codes import E_ACCESSDENIED, ERROR_FILE_NOT_FOUND, refused

HOLDER = """
import sys
from pathlib import Path
from certsim.locks import FileLock
lock = FileLock(Path(sys.argv[1]))
assert lock.acquire(1, "process of the test")
print("held", flush=True)
sys.stdin.read()
"""


def hold(path: Path) -> subprocess.Popen[str]:
    """Start a process that takes the lock and keeps it until its input ends."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def end(child: subprocess.Popen[str]) -> None:
    """Close what leads to a process, and wait until it is gone."""
    for stream in (child.stdin, child.stdout):
        assert stream is not None
        stream.close()
    child.wait()


def test_two_objects_exclude_each_other(tmp_path: Path) -> None:
    """What one holds the other does not get, until the first lets go; then it does."""
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.acquire(1, "first")
    assert not second.acquire(1, "second")
    assert not first.acquire(1, "first, again")
    second.release()
    assert not second.acquire(2, "second")
    first.release()
    assert second.acquire(1, "second")
    assert not first.acquire(1, "first")
    second.release()


def test_the_holder_is_told_and_forgotten(tmp_path: Path) -> None:
    """What the holder says of itself can be read while it holds, and not after."""
    path = tmp_path / "lock"
    lock = FileLock(path)
    assert lock.holder() == ""
    for text in ("a long text about process 1", "über\ud800", ""):
        assert lock.acquire(1, text)
        assert FileLock(path).holder() == text.replace("\ud800", "\\ud800")
        lock.release()
        assert FileLock(path).holder() == ""


def test_no_attempts_take_nothing(tmp_path: Path) -> None:
    """Without a look the lock is not taken, free as it is."""
    lock = FileLock(tmp_path / "lock")
    assert not lock.acquire(0, "me")
    assert lock.acquire(1, "me")
    lock.release()


def test_who_waits_gets_it_when_it_becomes_free(tmp_path: Path) -> None:
    """Threads that all want the lock have it in turn, each alone."""
    path, inside, most = tmp_path / "lock", [0], [0]
    errors: list[BaseException] = []

    def work() -> None:
        lock = FileLock(path)
        try:
            for _ in range(5):
                assert lock.acquire(10_000, "worker")
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                path.stat()  # gives other threads their chance
                inside[0] -= 1
                lock.release()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert (inside, most) == ([0], [1])


def test_another_process_excludes_and_is_named(tmp_path: Path) -> None:
    """A lock held elsewhere is not to be had, and is as soon as that process ends."""
    path = tmp_path / "lock"
    child = hold(path)
    lock = FileLock(path)
    try:
        assert not lock.acquire(2, "me")
        assert lock.holder() == "process of the test"
    finally:
        end(child)
    assert lock.acquire(1, "me")
    lock.release()


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    """After a kill the file is there with its text, and the lock is free."""
    path = tmp_path / "lock"
    child = hold(path)
    child.kill()
    end(child)
    lock = FileLock(path)
    assert lock.holder() == "process of the test"
    assert lock.acquire(1, "me")
    assert lock.holder() == "me"
    lock.release()


def test_a_program_started_by_the_holder_does_not_hold_it(tmp_path: Path) -> None:
    """A child that runs another program lets the lock go with its parent's release."""
    lock = FileLock(tmp_path / "lock")
    assert lock.acquire(1, "me")
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, text=True
    )
    lock.release()
    other = FileLock(tmp_path / "lock")
    assert other.acquire(1, "other")
    other.release()
    assert child.stdin is not None
    child.stdin.close()
    child.wait()


def test_files_that_cannot_be_opened_are_named(tmp_path: Path) -> None:
    """A missing folder and a folder in the file's place are errors, with the path in them."""
    with refused(ERROR_FILE_NOT_FOUND):
        FileLock(tmp_path / "missing" / "lock").acquire(1, "me")
    with refused(E_ACCESSDENIED):
        FileLock(tmp_path).acquire(1, "me")
    with pytest.raises(certsim.ComError, match=str(tmp_path)):
        FileLock(tmp_path).acquire(1, "me")


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_the_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    """Who may open the file could take the lock and keep it."""
    lock = FileLock(tmp_path / "lock")
    assert lock.acquire(1, "me")
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
    lock.release()
