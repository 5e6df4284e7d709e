"""Ids and numbers: each is handed out once, whatever goes and whoever comes back.

Source: MS-WCCE 3.2.1.4.2.1.4.4; docs/rulings.md (Requests, CRLs).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certsim._engine import columns
from certsim.database.rows import CRLRow
from certsim.database.shelf import Shelf
from certsim.database.sqlite import SQLiteShelf
from tests.database import shelf_kit as kit

SERIES: dict[str, Callable[[Shelf], int]] = {
    "request": lambda shelf: shelf.new_id(),
    "crl": lambda shelf: shelf.new_crl_id(),
    "crl number": lambda shelf: shelf.new_crl_number(),
}
each_series = pytest.mark.parametrize("take", SERIES.values(), ids=SERIES)


def again(shelf: SQLiteShelf) -> SQLiteShelf:
    """Return the shelf of another process with the same file."""
    return SQLiteShelf(shelf._connections._path, columns.worked_out)


def keep(shelf: SQLiteShelf, number: int) -> None:
    """Keep a row and a CRL with this number."""
    shelf.commit(kit.row(number))
    shelf.commit_crls([CRLRow(number, {"CRLRowId": number, "CRLNumber": number})])


def forget(shelf: SQLiteShelf, number: int) -> None:
    """Forget both."""
    shelf.delete(number)
    shelf.delete_crls([number])


@each_series
def test_the_first_is_1(tmp_path: Path, take: Callable[[Shelf], int]) -> None:
    """Both shelves begin there."""
    for shelf in (kit.make_shelf(tmp_path), kit.memory_shelf()):
        assert [take(shelf) for _ in range(3)] == [1, 2, 3]


@each_series
def test_rows_are_counted_from(tmp_path: Path, take: Callable[[Shelf], int]) -> None:
    """Another process goes on behind the highest that stands."""
    shelf = kit.make_shelf(tmp_path)
    keep(shelf, 7)
    keep(shelf, 3)
    assert take(again(shelf)) == 8
    with kit.running(again(shelf)) as other:
        assert take(other) == 8


@each_series
def test_a_row_that_is_gone_keeps_its_number(tmp_path: Path, take: Callable[[Shelf], int]) -> None:
    """Neither the same process nor another hands it out again."""
    shelf = kit.make_shelf(tmp_path)
    keep(shelf, 5)
    forget(shelf, 5)
    assert take(again(shelf)) == 6
    with kit.running(again(shelf)) as other:
        keep(other, take(other))
        forget(other, 6)
        assert take(other) == 7
    assert take(again(shelf)) == 8


@each_series
def test_a_number_that_was_lost_is_lost(tmp_path: Path, take: Callable[[Shelf], int]) -> None:
    """A service that stops in good order has its numbers written down, used or not."""
    shelf = kit.make_shelf(tmp_path)
    with kit.running(shelf):
        assert [take(shelf), take(shelf)] == [1, 2]
    with kit.running(again(shelf)) as other:
        assert take(other) == 3


@each_series
def test_a_deletion_that_is_undone_changes_nothing(
    tmp_path: Path, take: Callable[[Shelf], int]
) -> None:
    """The rows are there, and the numbers go on."""
    shelf = kit.make_shelf(tmp_path)
    keep(shelf, 5)
    with pytest.raises(ZeroDivisionError), shelf.transaction():  # noqa: PT012
        forget(shelf, 5)
        raise ZeroDivisionError
    assert len(list(shelf)) == len(shelf.crls()) == 1
    assert take(shelf) == 6


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.sampled_from(["take", "delete", "stop", "kill"]), max_size=12))
def test_no_number_is_handed_out_twice(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    """For all lives of a database: what was committed under a number stays the only one."""
    shelf = kit.make_shelf(tmp_path_factory.mktemp("shelf"))
    shelf.open()
    used: list[int] = []
    for step in steps:
        if step == "take":
            used.append(shelf.new_id())
            keep(shelf, used[-1])
        elif step == "delete" and shelf.get(used[-1] if used else 0):
            forget(shelf, used[-1])
        elif step == "stop":
            shelf.close()
            shelf.open()
        elif step == "kill":
            shelf._connections.close()  # without a word
            shelf = again(shelf)
            shelf.open()
    shelf.close()
    assert used == sorted(set(used))
