"""Ctrl-C at any moment of a verb: a CA in a folder goes on, and tells nobody what is not so.

A timer sends the signal at random moments within a submit, so that every line has its turn. What
another program finds in the database is the witness.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from certsim import CertificationAuthority
from tests.conftest import Recorder
from tests.marks import few_or_many
from tests.requests_kit import make_csr

SEED = 11
LONGEST = 0.004
"""Seconds until the signal at the most; a submit takes about a quarter of that."""


def interrupt(_number: int, _frame: object) -> None:
    """Be Ctrl-C."""
    raise KeyboardInterrupt


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    """Press Ctrl-C once, after so many *seconds*, if the body has not ended by then."""
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except BaseException as error:
        if isinstance(error, Exception):
            raise  # what gets through is the interruption, or what a library has made of it
    finally:
        signal.signal(signal.SIGALRM, before)


def ids(folder: Path) -> list[int]:
    """Return the requests that another program finds."""
    with closing(sqlite3.connect(folder / "database.sqlite")) as database:
        return [
            number
            for (number,) in database.execute("SELECT RequestID FROM Request ORDER BY RequestID")
        ]


@pytest.mark.skipif(os.name == "nt", reason="timers that send signals are POSIX")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@few_or_many(150, 5_000)
def test_a_verb_that_is_interrupted_leaves_a_ca_that_works(
    tmp_path: Path, recorder: Recorder, count: int
) -> None:
    """The next answer is kept, its events are told, and the CA stops and opens again."""
    chance = random.Random(SEED)  # noqa: S311  (it chooses moments)
    folder = tmp_path / "ca"
    answered: list[int] = []
    with CertificationAuthority.create(folder, exit_modules=[recorder]) as ca:
        for _ in range(count):
            with interrupted_after(chance.uniform(0.0001, LONGEST)):
                answered.append(ca.submit(make_csr()).request_id)
            outcome = ca.submit(make_csr())
            answered.append(outcome.request_id)
            assert ids(folder)[-1] == outcome.request_id
        assert ca.running
    assert not ca.running
    assert set(answered) <= set(ids(folder))
    assert len(set(answered)) == len(answered)
    with CertificationAuthority.open(folder, lock_timeout=0) as again:
        assert again.submit(make_csr()).request_id > answered[-1]


@pytest.mark.skipif(os.name == "nt", reason="timers that send signals are POSIX")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@few_or_many(40, 1_000)
def test_a_life_that_is_interrupted_can_be_gone_on_with(tmp_path: Path, count: int) -> None:
    """Wherever a start or a stop is cut short, the next ones work, and no lock is left."""
    chance = random.Random(SEED)  # noqa: S311  (it chooses moments)
    folder = tmp_path / "ca"
    ca = CertificationAuthority.create(folder, lock_timeout=0)
    for _ in range(count):
        with interrupted_after(chance.uniform(0.0001, 4 * LONGEST)):
            ca.start()
            ca.submit(make_csr())
            ca.stop()
        ca.stop()
        assert not ca.running
        with CertificationAuthority.open(folder, lock_timeout=0) as other:
            assert other.submit(make_csr()).certificate is not None
