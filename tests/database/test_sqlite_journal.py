"""The journal's tables: the newest entries in order, the event log beside, events not yet told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certsim.database.sqlite import SQLiteShelf
from tests.database import shelf_kit as kit

LOG = "eventlogentry"


@pytest.fixture(params=["open", "closed"])
def shelf(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[SQLiteShelf]:
    """Return a shelf, open as in a running CA or closed as in a stopped one."""
    made = kit.make_shelf(tmp_path)
    if request.param == "open":
        made.open()
    yield made
    made.close()


def test_entries_come_back_in_order(shelf: SQLiteShelf) -> None:
    """Those of several writings stand one after another."""
    first, later = [("call", "1"), (LOG, "2")], [("call", "3")]
    shelf.add_entries(first)
    shelf.add_entries(later)
    assert shelf.entries(None, 9) == first + later


def test_the_newest_are_shown_oldest_first(shelf: SQLiteShelf) -> None:
    """A limit leaves out the oldest."""
    shelf.add_entries(("call", str(number)) for number in range(5))
    assert shelf.entries(None, 2) == [("call", "3"), ("call", "4")]
    assert shelf.entries(None, 0) == []


def test_kinds_can_be_asked_for(shelf: SQLiteShelf) -> None:
    """The limit counts those that are asked for alone."""
    shelf.add_entries([(LOG, "1"), ("call", "2"), ("service", "3"), ("call", "4")])
    assert shelf.entries({LOG, "service"}, 9) == [(LOG, "1"), ("service", "3")]
    assert shelf.entries([LOG], 1) == [(LOG, "1")]
    assert shelf.entries([], 9) == []


def test_every_text_comes_back(shelf: SQLiteShelf) -> None:
    """Nothing in an entry is read as anything but text."""
    texts = [("call", "'; DROP TABLE Request; --"), ("Kind", '{"a": "\u00e9\U0001f600"}')]
    shelf.add_entries(texts)
    assert shelf.entries(None, 9) == texts


entries = st.lists(st.sampled_from(["call", LOG]), max_size=12)


@settings(max_examples=60, deadline=None)
@given(kinds=entries, limit=st.integers(0, 6))
def test_pruning_keeps_the_newest_and_the_newest_failures(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str], limit: int
) -> None:
    """For all journals: a failure is not pushed out by what goes well."""
    shelf = kit.make_shelf(tmp_path_factory.mktemp("shelf"))
    with kit.running(shelf):
        written = [(kind, str(number)) for number, kind in enumerate(kinds)]
        shelf.add_entries(written)
        shelf.prune(limit)
        newest = written[len(written) - min(limit, len(written)) :]
        failures = [entry for entry in written if entry[0] == LOG]
        kept = {*newest, *failures[len(failures) - min(limit, len(failures)) :]}
        assert shelf.entries(None, 99) == [entry for entry in written if entry in kept]


def test_events_are_crossed_off_one_by_one(shelf: SQLiteShelf) -> None:
    """What is left is what nobody has heard, in order, with and without a request."""
    numbers = [shelf.add_posted(1, 5), shelf.add_posted(0x20, None), shelf.add_posted(8, 5)]
    assert shelf.posted() == [(numbers[0], 1, 5), (numbers[1], 0x20, None), (numbers[2], 8, 5)]
    shelf.remove_posted([numbers[0], numbers[2]])
    assert shelf.posted() == [(numbers[1], 0x20, None)]
    shelf.remove_posted([])
    shelf.remove_posted(number for number in numbers)
    assert shelf.posted() == []


def test_notes_that_stand_at_once_have_numbers_of_their_own(shelf: SQLiteShelf) -> None:
    """Crossing off one of two like events leaves the other."""
    with shelf.transaction():
        first, second = shelf.add_posted(1, 5), shelf.add_posted(1, 5)
    shelf.remove_posted([first])
    assert shelf.posted() == [(second, 1, 5)]
