"""Files replaced in one step: whole, late enough, and with nothing left beside them.

Source: POSIX rename; winerror.h.
"""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from certsim import files
from certsim.errors import code_of
from tests.codes import ERROR_DISK_FULL, signed

posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    """What was there is gone, and nothing else is in the folder."""
    path = tmp_path / "file"
    for data in (b"first, and long", b"", b"third"):
        status = files.replace(path, data, 0o600)
        assert path.read_bytes() == data
        assert (status.st_ino, status.st_size) == (path.stat().st_ino, len(data))
    assert list(tmp_path.iterdir()) == [path]


@posix_only
def test_rights_are_those_asked_for(tmp_path: Path) -> None:
    """They are the new file's, whatever the old one's were, less what the process never gives."""
    path = tmp_path / "file"
    for mode, kept in ((0o644, 0o640), (0o600, 0o600), (0o666, 0o640)):
        before = os.umask(0o027)
        try:
            files.replace(path, b"", mode)
        finally:
            os.umask(before)
        assert path.stat().st_mode & 0o777 == kept


def test_the_time_of_change_is_later_than_what_is_replaced(tmp_path: Path) -> None:
    """It is now, unless that is not late enough."""
    path = tmp_path / "file"
    now = files.replace(path, b"", 0o600).st_mtime_ns
    future = now + 10**15
    later = files.replace(path, b"", 0o600, newer_than=future)
    assert future < later.st_mtime_ns == path.stat().st_mtime_ns
    assert files.replace(path, b"", 0o600).st_mtime_ns < future


def test_names_at_the_limit_of_the_system_are_no_matter(tmp_path: Path) -> None:
    """What stands beside the file while it is written has a name no longer than any."""
    path = tmp_path / ("x" * 255)
    files.replace(path, b"data", 0o600)
    assert path.read_bytes() == b"data"


def test_neighbours_with_like_names_are_left_alone(tmp_path: Path) -> None:
    """A file of somebody's beside the one that is replaced is not mistaken for an attempt."""
    names = {"file.new", "file.tmp", ".file", ".file.swp", "file~"}
    for name in names:
        (tmp_path / name).write_text(name, encoding="ascii")
    files.replace(tmp_path / "file", b"data", 0o600)
    files.sweep(tmp_path / "file")
    assert {path.name for path in tmp_path.iterdir()} == names | {"file"}


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """A folder in the file's place cannot be replaced; what was written for it is gone."""
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(OSError, match="folder"):
        files.replace(path, b"data", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_threads_that_replace_one_file_leave_one_s_whole_data(tmp_path: Path) -> None:
    """Each writes a file of its own first, so no two get mixed."""
    path, errors = tmp_path / "file", []

    def work(letter: bytes) -> None:
        try:
            for _ in range(20):
                files.replace(path, letter * 10_000, 0o600)
                found = path.read_bytes()
                assert found == found[:1] * 10_000
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert list(tmp_path.iterdir()) == [path]


def test_failures_are_named_as_windows_names_them() -> None:
    """The nearest code, the system's own where there is one, and the system's words."""
    told = files.failure(OSError(errno.ENOSPC, "No space"), "write /x")
    assert (told.hresult, told.strerror) == (signed(ERROR_DISK_FULL), "cannot write /x: No space")
    strange = OSError(errno.EIO, "Input/output error")
    strange.winerror = 33  # type: ignore[attr-defined]
    assert code_of(strange) == signed(0x80070021)
    assert files.failure(OSError(), "read /x").strerror == "cannot read /x: OSError"
