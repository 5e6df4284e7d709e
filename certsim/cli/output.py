"""How lines get out: to standard output, to standard error, and what shows that work goes on.

Whatever is said is printable and in what the stream's encoding has: a Windows console or a log file
in ASCII must not end a command, and nothing from a request may steer a terminal.
Source: docs/rulings.md (Command line).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO, TypeVar

from certsim.errors import printable

_STEP = 100
"""Items between two signs of life."""
_T = TypeVar("_T")


def fitting(text: str, stream: TextIO) -> str:
    """Return *text* with what the encoding of *stream* lacks spelled as escapes."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def say(text: str, stream: TextIO) -> None:
    """Print one line, and at once, or what modules print by other means would overtake it."""
    print(fitting(printable(text), stream), file=stream, flush=True)


def complain(text: str) -> None:
    """Print one line about what is wrong on standard error, if somebody still reads that."""
    if sys.stderr is not None:
        with suppress(OSError):
            say(f"certsim: {text}", sys.stderr)


def counted(items: Iterable[_T], what: str) -> Iterator[_T]:
    """Yield *items* and count them on standard error: `1,200 requests`.

    Only where somebody sees nothing else: standard error is a terminal and standard output goes
    to a file or a pipe. On a terminal of its own the output is the sign of life.
    """
    shown = _is_terminal(sys.stderr) and not _is_terminal(sys.__stdout__)
    number = 0
    try:
        for number, item in enumerate(items, 1):
            yield item
            if shown and number % _STEP == 0:
                print(f"\r{number:,} {what}", end="", file=sys.stderr, flush=True)
    finally:
        if shown and number >= _STEP:
            print(f"\r{number:,} {what}", file=sys.stderr, flush=True)


@contextmanager
def working(what: str, pause: float = 1.0) -> Iterator[None]:
    """Show on standard error that *what* goes on until the context ends, where that is a terminal.

    Nothing is shown of work that takes less than a *pause* (seconds), then a dot for each. For work
    that has no items to be counted.
    """
    if not _is_terminal(sys.stderr):
        yield
        return
    done = threading.Event()
    dots = threading.Thread(target=_dot, args=(what, done, pause), daemon=True)
    dots.start()
    try:
        yield
    finally:
        done.set()
        dots.join()


def _dot(what: str, done: threading.Event, pause: float) -> None:
    if done.wait(pause):
        return
    print(f"{what} ", end="", file=sys.stderr, flush=True)
    while not done.wait(pause):
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr, flush=True)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()
