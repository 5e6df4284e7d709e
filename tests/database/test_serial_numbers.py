"""Rows by serial number, on both shelves: letter case counts, and of several bearers the newest.

Source: MS-CSRA; docs/rulings.md (Requests).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from certsim.database.shelf import Shelf
from tests.database import shelf_kit as kit


@pytest.fixture(params=["memory", "open", "closed"])
def shelf(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shelf]:
    """Return an empty shelf of each kind."""
    made = kit.memory_shelf() if request.param == "memory" else kit.make_shelf(tmp_path)
    if request.param != "closed":
        made.open()
    yield made
    made.close()


def test_letter_case_counts(shelf: Shelf) -> None:
    """A serial number in capitals is an unknown one."""
    shelf.commit(kit.row(1, SerialNumber="61ab"))
    assert shelf.by_serial("61ab") == kit.row(1, SerialNumber="61ab")
    assert shelf.by_serial("61AB") is None


@pytest.mark.parametrize("serial", ["", "6", "61a", "61abc", "%", "61a_", "' OR 1=1 --", "\0"])
def test_what_no_row_bears_finds_none(shelf: Shelf, serial: str) -> None:
    """No part of a number, no pattern and no piece of a language of questions."""
    shelf.commit(kit.row(1, SerialNumber="61ab"))
    shelf.commit(kit.row(2))
    assert shelf.by_serial(serial) is None


def test_a_row_is_found_by_the_number_it_bears_now(shelf: Shelf) -> None:
    """One that it has given up finds it no more."""
    one, other = kit.row(1, SerialNumber="a"), kit.row(1, SerialNumber="b")
    shelf.commit(one)
    shelf.commit(other, one)
    assert (shelf.by_serial("a"), shelf.by_serial("b")) == (None, other)


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
def test_of_several_bearers_the_newest_request_is_found(
    shelf: Shelf, order: tuple[int, ...]
) -> None:
    """In whatever order they were committed; when it goes, the next newest."""
    rows = {number: kit.row(number, SerialNumber="a") for number in order}
    for number in order:
        shelf.commit(rows[number])
    for newest in (3, 2, 1):
        assert shelf.by_serial("a") == rows[newest]
        shelf.delete(newest)
    assert shelf.by_serial("a") is None
