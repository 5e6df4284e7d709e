"""Signs of life: shown on a terminal, and nowhere else."""

from __future__ import annotations

import io
import sys
import threading

import pytest

from certsim.cli.output import working

PATIENCE = 20


class Terminal(io.StringIO):
    """Be a terminal that tells when a *mark* has been written to it."""

    def __init__(self, mark: str) -> None:
        """Wait for *mark*."""
        super().__init__()
        self._mark, self.marked = mark, threading.Event()

    def isatty(self) -> bool:
        """Be one."""
        return True

    def write(self, text: str) -> int:
        """Take *text* and look at all that has been written."""
        count = super().write(text)
        if self._mark in self.getvalue():
            self.marked.set()
        return count


def test_work_that_goes_on_is_told_with_dots(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes on is named once, and the line ends with the work."""
    terminal = Terminal("...")
    monkeypatch.setattr(sys, "stderr", terminal)
    with working("publishing CRLs", 0.001):
        assert terminal.marked.wait(PATIENCE)
    told = terminal.getvalue()
    assert told.startswith("publishing CRLs ...")
    assert told.rstrip("\n").removeprefix("publishing CRLs ").strip(".") == ""
    assert told.endswith(".\n")


def test_short_work_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to be reassured within the first pause."""
    terminal = Terminal("")
    monkeypatch.setattr(sys, "stderr", terminal)
    with working("publishing CRLs", PATIENCE):
        pass
    assert terminal.getvalue() == ""


def test_a_pipe_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are no dots in a log file, however long it takes."""
    pipe, waited = io.StringIO(), threading.Event()
    monkeypatch.setattr(sys, "stderr", pipe)
    with working("publishing CRLs", 0.001):
        waited.wait(0.05)
    assert pipe.getvalue() == ""


def test_an_error_ends_the_dots(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes through, and no thread is left behind."""
    monkeypatch.setattr(sys, "stderr", Terminal(""))
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), working("publishing CRLs", 0.001):
        raise KeyboardInterrupt
    assert threading.active_count() == before
