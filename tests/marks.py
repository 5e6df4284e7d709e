"""Marks that several files give to their tests: what another program is needed for, and how often.

A claim about anything that is drawn is tried a few times in the normal run, so that this takes no
minute, and very often behind `-m long`.
"""

from __future__ import annotations

import shutil

import pytest

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the openssl program is not installed"
)
needs_sqlite3 = pytest.mark.skipif(
    shutil.which("sqlite3") is None, reason="the sqlite3 program is not installed"
)


def few_or_many(few: int, many: int) -> pytest.MarkDecorator:
    """Give a test the `count` of its examples: a *few*, and *many* in the long run."""
    long_run = pytest.param(many, marks=pytest.mark.long)
    return pytest.mark.parametrize("count", [few, long_run])
