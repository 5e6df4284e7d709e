"""What a view answers: how values are compared, rows sorted, and columns shown.

Source: sdk-api certview; docs/rulings.md (Views).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from certsim._engine import views
from tests.codes import E_INVALIDARG, signed
from tests.engine.views_kit import ID, NOON, holding, ids, row

LATER = NOON + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("sign", "found"), [("=", [2]), ("<", [1]), ("<=", [1, 2]), (">", [3]), (">=", [2, 3])]
)
@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("PublicKeyLength", [-1, 0, 1]),
        ("CommonName", ["a", "B", "c"]),
        ("NotAfter", [NOON, LATER, LATER + timedelta(days=1)]),
    ],
)
def test_the_operators_compare(column: str, values: list[Any], sign: str, found: list[int]) -> None:
    """Each operator finds what lies on its side of the value in the middle."""
    state = holding(*(row(n, **{column: value}) for n, value in enumerate(values, 1)))
    asked = views.view(state, columns=[ID], where=[(column, sign, values[1])])
    assert ids(asked) == found


def test_a_status_may_be_written_as_winerror_has_it() -> None:
    """A LONG is signed, and an HRESULT written unsigned means the same."""
    state = holding(row(1, Request__StatusCode=signed(E_INVALIDARG)), row(2))
    for code in (E_INVALIDARG, signed(E_INVALIDARG)):
        found = views.view(state, columns=[ID], where=[("Request.StatusCode", "=", code)])
        assert ids(found) == [1]
    found = views.view(state, columns=[ID], where=[("Request.StatusCode", "<", 0)])
    assert ids(found) == [1]


def test_text_is_compared_without_its_letter_case() -> None:
    """What differs in case alone is equal, serial numbers included."""
    state = holding(row(1, SerialNumber="61ab"), row(2, SerialNumber="61AB"))
    found = views.view(state, columns=[ID], where=[("SerialNumber", "=", "61Ab")])
    assert ids(found) == [1, 2]


@pytest.mark.parametrize("sign", ["=", "<", "<=", ">", ">="])
def test_no_value_matches_nothing(sign: str) -> None:
    """A row without a value in a restricted column is never found; cleared text is no value."""
    state = holding(row(1), row(2, CommonName=""))
    assert list(views.view(state, where=[("CommonName", sign, "")])) == []
    assert list(views.view(state, where=[("NotAfter", sign, NOON)])) == []


def test_equal_rows_keep_the_order_of_their_ids() -> None:
    """Sorting is stable upwards and downwards, and rows without a value are the lowest."""
    rows = [row(n, UPN=text) for n, text in ((4, "b"), (1, "B"), (3, "a"))]
    state = holding(*rows, row(2))

    def order(order_by: str | None) -> list[Any]:
        return ids(views.view(state, columns=[ID], order_by=order_by))

    assert order("UPN") == order("+upn") == [2, 3, 1, 4]
    assert order("-UPN") == [1, 4, 3, 2]
    assert order(None) == [1, 2, 3, 4]


def test_a_column_named_twice_is_shown_once() -> None:
    """The row is a dict, and its names are the view's."""
    found = views.view(holding(row(1)), columns=["upn", ID, "UPN", ID.upper()])
    assert found.columns == ("UPN", ID)
    assert list(found) == [{"UPN": None, ID: 1}]


def test_no_columns_count_the_rows() -> None:
    """An empty list of columns is a question too."""
    assert list(views.view(holding(row(1), row(2)), columns=[])) == [{}, {}]
