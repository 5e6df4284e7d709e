"""Files that are replaced whole or not at all, and how a failure with a file is told.

Whoever opens a file that is written here finds the old contents or the new ones, never half of
them; contents are on the disk before they take the old ones' place. On Windows a file that somebody
has open cannot be replaced, and the one who writes is told so.
Source: POSIX rename; docs/rulings.md (Folders).
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

from certsim.errors import ComError, code_of

_LATER = 1_000
"""Nanoseconds from one time of change to the next at least; NTFS counts in hundreds of them."""


def failure(error: OSError, doing: str) -> ComError:
    """Return *error* as what a caller gets told: `cannot <doing>: No space left on device`."""
    return ComError(code_of(error), f"cannot {doing}: {error.strerror or type(error).__name__}")


def replace(path: Path, data: bytes, mode: int, *, newer_than: int = 0) -> os.stat_result:
    """Make *path* a file of *data* with the rights *mode*; return its status.

    *newer_than*, in nanoseconds: the time of change of the contents that are replaced. The new
    one is later even where the clock's ticks are coarse, so that no two contents look alike to
    those who go by it. Several threads and processes may replace one file at once, and one of
    them is the last. Errors: `OSError`, and what was there before is there still.
    """
    fresh = path.with_name(f"{_beginning(path)}{os.getpid()}-{threading.get_ident()}")
    fresh.unlink(missing_ok=True)  # a process of the same number was killed
    try:
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(file, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        written = fresh.stat()
        if written.st_mtime_ns <= newer_than:
            os.utime(fresh, ns=(written.st_atime_ns, newer_than + _LATER))
            written = fresh.stat()
        fresh.replace(path)
        _sync(path.parent)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return written


def _sync(folder: Path) -> None:
    """See the names in *folder* to the disk, where the system has a way to."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def sweep(path: Path) -> None:
    """Remove what processes that were killed have left of their attempts to replace *path*.

    Nobody may be replacing it meanwhile. Errors: `OSError`.
    """
    for left in path.parent.iterdir():
        if left.name.startswith(_beginning(path)):
            left.unlink(missing_ok=True)


def sweep_folder(folder: Path) -> None:
    """Do the same for every file of *folder*. Errors: `OSError`."""
    for left in folder.glob(".*.certsim-*"):
        left.unlink(missing_ok=True)


def _beginning(path: Path) -> str:
    """Return how the names of unfinished files for *path* begin, short enough for any name."""
    return f".{path.name[:50]}.certsim-"
