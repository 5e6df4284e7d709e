"""Locks that processes hold against one another, each by a file.

A lock is the operating system's and not the file's: it ends with the process that holds it, however
that comes to its end, and a file that is there tells nothing. So nobody has to clean up after a
crash. It is advice, kept among those who ask; and a child that a process forks, without starting
another program, holds it with its parent. Network file systems may not know such locks.
Source: flock(2); msvcrt `_locking`.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

from certsim.errors import ComError
from certsim.files import failure

_TAKEN = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK})
"""How the system says that somebody else holds the lock."""
_PAUSE = 0.05  # seconds from one attempt to the next

if sys.platform == "win32":
    import msvcrt

    # Windows lets nobody read what is locked, so that is one byte far behind the holder's text.
    _BYTE = 1 << 30

    def _lock(file: int) -> None:
        os.lseek(file, _BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

    def _unlock(file: int) -> None:
        os.lseek(file, _BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


class FileLock:
    """Be one lock, for whoever holds it through this object.

    Two objects with the same file exclude each other within a process as they do between two. The
    file stays when the lock is released: to delete it could leave two holders of two files.
    """

    def __init__(self, path: Path) -> None:
        """Choose the file; nothing is opened yet."""
        self._path = path
        self._file: int | None = None
        self._guard = threading.Lock()

    def acquire(self, attempts: int, holder_text: str) -> bool:
        """Take the lock, in up to *attempts* looks 50 ms apart; return whether it was free.

        *holder_text* says to others who has it. The object that holds the lock finds it taken,
        too. Errors: `ComError` for a file that cannot be opened (E_ACCESSDENIED,
        ERROR_FILE_NOT_FOUND …) or locked.
        """
        pause = threading.Event()
        for attempt in range(attempts):
            if attempt:
                pause.wait(_PAUSE)
            if self._take(holder_text):
                return True
        return False

    def _take(self, holder_text: str) -> bool:
        with self._guard:
            file = self._open()
            try:
                _lock(file)
                self._file = file
            except OSError as error:
                os.close(file)
                if error.errno in _TAKEN:
                    return False
                raise self._failure(error) from error
            except BaseException:
                os.close(file)
                raise
            with suppress(OSError):  # on a full disk the lock holds without a name
                os.ftruncate(file, 0)
                os.lseek(file, 0, os.SEEK_SET)
                os.write(file, holder_text.encode("utf-8", "backslashreplace"))
            return True

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> ComError:
        return failure(error, f"lock with the file {self._path}")

    def release(self) -> None:
        """Let go; nothing happens if this object does not hold the lock."""
        with self._guard:
            if self._file is None:
                return
            file, self._file = self._file, None
            try:
                with suppress(OSError):
                    os.ftruncate(file, 0)
                _unlock(file)
            finally:
                os.close(file)

    def holder(self) -> str:
        """Return what the holder says of itself; empty if that is not to be had.

        To be asked when the lock was found taken: after a crash the text of the last holder is
        still there.
        """
        try:
            return self._path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
