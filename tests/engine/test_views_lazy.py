"""When a view reads: row by row, no more than it needs, and beside the verbs of a running CA.

Source: docs/rulings.md (Views).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from certsim._engine import columns, views
from certsim.database.memory import MemoryShelf
from certsim.database.rows import AttributeRow, CRLRow, ExtensionRow, Row, Value
from tests.codes import PEND
from tests.engine import engine_kit as kit
from tests.engine.views_kit import ID, STATE, holding, ids, row
from tests.requests_kit import make_csr

# --- lazy ----------------------------------------------------------------------------------------


class Noted(dict[str, Value]):
    """Be the columns of a row and note which are asked for."""

    def __init__(self, number: int, log: list[tuple[int, str]]) -> None:
        super().__init__({ID: number, "UPN": "upn", "CommonName": "name"})
        self._log = log

    def get(self, name: str, default: Any = None) -> Any:
        self._log.append((self[ID], name))  # type: ignore[arg-type]
        return super().get(name, default)


def test_a_row_is_read_when_the_loop_comes_to_it() -> None:
    """Nothing is read before the first row is asked for, and then only what was asked for."""
    log: list[tuple[int, str]] = []
    state = holding(*(Row(number, Noted(number, log)) for number in (1, 2, 3)))
    found = iter(views.view(state, columns=["UPN"], where=[("CommonName", "=", "name")]))
    log.clear()
    next(found)
    assert log == [(1, "CommonName"), (1, "UPN")]
    next(found)
    assert log[2:] == [(2, "CommonName"), (2, "UPN")]


def test_a_row_that_does_not_pass_is_not_shown_or_read_further() -> None:
    """The first restriction that fails ends the reading of a row."""
    log: list[tuple[int, str]] = []
    state = holding(Row(1, Noted(1, log)))
    log.clear()
    where: list[views.Restriction] = [("CommonName", "=", "other"), ("UPN", "=", "upn")]
    assert list(views.view(state, columns=["UPN"], where=where)) == []
    assert log == [(1, "CommonName")]


def test_what_nobody_asks_for_is_not_decoded() -> None:
    """Names, keys and hashes of an issued row stay encoded until a view wants them."""
    with kit.make_ca() as ca:
        ca.submit(make_csr())
    state = holding(attrs.evolve(kit.rows(ca)[0]))
    (kept,) = state.shelf
    assert not kept.decoded
    assert ids(views.view(state, columns=[ID], where=[(STATE, "=", 20)], order_by=ID)) == [1]
    assert not kept.decoded
    assert ids(views.view(state, columns=["CommonName"]), "CommonName") == ["www.example.test"]
    assert len(kept.decoded) == 1


class Walked(MemoryShelf):
    """Be a shelf that counts how often it is walked through."""

    walks = 0

    def __iter__(self) -> Iterator[Row]:
        self.walks += 1
        return super().__iter__()


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("request", ID),
        ("request", "RequestID"),
        ("extension", "ExtensionRequestId"),
        ("attribute", "AttributeRequestId"),
    ],
)
def test_one_request_is_found_without_a_walk(table: str, column: str) -> None:
    """Who asks for one id gets it from the shelf directly, and nothing for one that is not."""
    one = (AttributeRow("n", "v"),), (ExtensionRow("1.2", 0, b""),)
    rows = [Row(number, {ID: number, "RequestID": number}, *one) for number in (1, 2, 3)]
    shelf = Walked(columns.read)
    state = holding(*rows, shelf=shelf)

    def found(*where: views.Restriction) -> list[Any]:
        return ids(views.view(state, table, columns=[column], where=where), column)

    assert found((column, "=", 2)) == [2]
    assert found((column, "=", 4)) == found((column, "=", -1)) == []
    assert found((column, ">", 1), (column, "=", 3)) == [3]
    assert found((column, "=", 1), (column, "=", 3)) == []
    assert shelf.walks == 0
    assert found((column, ">=", 2)) == [2, 3]
    assert shelf.walks == 1


# --- beside the verbs ----------------------------------------------------------------------------


def test_each_iteration_asks_anew() -> None:
    """A view is a question: iterated later it tells of later, also while an older loop runs."""
    with kit.make_ca() as ca:
        asked = ca.view("log", columns=[ID])
        assert ids(asked) == []
        ca.submit(make_csr())
        early = iter(asked)
        assert next(early) == {ID: 1}
        ca.submit(make_csr())
        assert ids(asked) == [1, 2]
        assert list(early) == []


def test_a_stopped_ca_can_be_viewed() -> None:
    """Neither the start nor the stop makes a difference."""
    ca = kit.make_ca()
    asked = ca.view(columns=[ID])
    assert ids(asked) == []
    with ca:
        ca.submit(make_csr())
    assert ids(asked) == [1]


def test_a_loop_sees_rows_as_they_are_when_it_comes_to_them() -> None:
    """A row changed beside the loop shows its new state, a deleted one is gone, a new one waits."""
    with kit.make_ca(policy=kit.always(PEND)) as ca:
        for _ in range(4):
            ca.submit(make_csr())
        loop = iter(ca.view(columns=[ID, STATE]))
        assert next(loop) == {ID: 1, STATE: 9}
        ca.deny(2)
        ca._state.shelf.delete(3)
        ca.submit(make_csr())
        assert list(loop) == [{ID: 2, STATE: 31}, {ID: 4, STATE: 9}]


def test_views_can_be_read_while_another_thread_submits() -> None:
    """A loop on one thread and verbs on another do not disturb each other."""
    with kit.make_ca() as ca:
        asked = ca.view("log", columns=[ID, "SerialNumber"], order_by="-RequestID")
        worker = kit.Worker(lambda: [ca.submit(make_csr()).request_id for _ in range(40)])
        seen = []
        while worker.running:
            seen.append(ids(asked))
        assert worker.result() == list(range(1, 41))
        assert ids(asked) == list(range(40, 0, -1))
    for rows in seen:
        assert rows == list(range(len(rows), 0, -1))


def test_rows_that_are_handed_out_change_nothing() -> None:
    """What a caller does with a row stays with the caller."""
    state = holding(row(1, UPN="a"), crls=(CRLRow(1, {"CRLNumber": 1}),))
    for name, column in (("request", "UPN"), ("crl", "CRLNumber")):
        asked = views.view(state, name, columns=[column])
        before = list(asked)
        for found in asked:
            found[column] = "changed"
        assert list(asked) == before


def test_a_view_cannot_be_changed() -> None:
    """Columns are asked for once and stay."""
    asked = views.view(holding(row(1)), columns=[ID])
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        asked.columns = ("UPN",)  # type: ignore[misc]
    assert ids(asked) == [1]
