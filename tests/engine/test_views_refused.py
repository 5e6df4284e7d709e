"""Views that cannot be: unknown names, values of another type, orders and restrictions of no shape.

Source: certutil -schema (data/facts.json); sdk-api certview; docs/rulings.md (Views).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from certsim import ComError
from certsim._engine import views
from certsim._engine.state import CAState
from certsim.facts.views import VIEWS
from tests.codes import E_INVALIDARG, signed
from tests.engine import values_kit
from tests.engine.views_kit import ID, NOON, SAMPLES, STATE, TABLES, holding, ids, row

UNLIKE: dict[str, list[Any]] = {
    "LONG": [None, True, "7", 7.0, 2**32, -(2**31) - 1, 10**5000, NOON],
    "STRING": [None, 7, b"text", ["text"]],
    "BINARY": [None, "text", 7, bytearray(b"\x01")],
    "DATE": [None, 7, "2026-01-01", datetime(2026, 1, 1, 12), NOON.date()],  # noqa: DTZ001
}
"""For each type what is not of it."""


def refusal(state: CAState, **arguments: Any) -> str:
    """Return the message with which a view is refused; the code has to be E_INVALIDARG."""
    with pytest.raises(ComError) as caught:
        views.view(state, **arguments)
    assert caught.value.hresult == signed(E_INVALIDARG)
    return str(caught.value)


@pytest.mark.parametrize("name", ["nothing", "", "requests", "Certificate", None, 7, b"log"])
def test_an_unknown_view_is_refused_with_the_list(name: Any) -> None:
    """The message tells what was asked for and what there is."""
    message = refusal(holding(), name=name)
    assert (repr(name) if isinstance(name, str) else type(name).__name__) in message
    assert all(known in message for known in VIEWS)


@pytest.mark.parametrize("table", sorted(TABLES))
def test_columns_of_other_tables_are_refused(table: str) -> None:
    """A table knows its own columns only: to show, to restrict and to sort by."""
    state = holding()
    for other in sorted(set(TABLES) - {table}):
        for name, kind in TABLES[other].items():
            assert name in refusal(state, name=table, columns=[name])
            assert name in refusal(state, name=table, where=[(name, "=", SAMPLES[kind])])
            assert name in refusal(state, name=table, order_by=name)


@pytest.mark.parametrize("name", ["", " ", "Request.", "Nothing", "-RequestID", 7, None, b"UPN"])
def test_unknown_columns_are_refused(name: Any) -> None:
    """What is no column is refused, wherever it stands."""
    refusal(holding(), columns=["UPN", name])
    refusal(holding(), where=[("RequestID", "=", 1), (name, "=", 1)])


@pytest.mark.parametrize("table", sorted(TABLES))
def test_values_of_another_type_are_refused(table: str) -> None:
    """A restriction takes the column's type and says which; nothing is converted."""
    spoken = {"LONG": "int", "STRING": "text", "BINARY": "bytes", "DATE": "datetime with a time"}
    state = holding()
    for name, kind in TABLES[table].items():
        for value in UNLIKE[kind]:
            message = refusal(state, name=table, where=[(name, "=", value)])
            assert name in message
            assert spoken[kind] in message.partition(name)[2]


@pytest.mark.parametrize("table", sorted(TABLES))
def test_only_indexed_columns_sort(table: str) -> None:
    """A column sorts if the published schema has an index on it."""
    state = holding()
    for name in TABLES[table]:
        indexed = is_indexed(table, name)
        for order in (name, f"+{name}", f"-{name}"):
            if indexed:
                assert list(views.view(state, table, order_by=order)) == []
            else:
                assert name in refusal(state, name=table, order_by=order)


def is_indexed(table: str, name: str) -> bool:
    """Return what the published schema says."""
    schema = values_kit.facts()["schema"]
    parts = {"request": "Certificate", "extension": "Extension", "attribute": "Attribute"}
    part = "Request" if name.startswith("Request.") else parts.get(table, "CRL")
    bare = name.removeprefix("Request.")
    return any(column["indexed"] for column in schema[part] if column["name"] == bare)


@pytest.mark.parametrize("order", ["", "-", "+", "--RequestID", "+-RequestID", "RequestID-", 7, []])
def test_an_order_is_a_column_with_one_sign_at_most(order: Any) -> None:
    """Other shapes are refused."""
    refusal(holding(), order_by=order)


@pytest.mark.parametrize("sign", ["==", "!=", "<>", "=<", "", " =", "in", None, 1, ["="]])
def test_an_unknown_operator_is_refused(sign: Any) -> None:
    """The five signs are all there is; the message names the other and the column."""
    message = refusal(holding(), where=[(STATE, sign, 20)])
    assert STATE in message
    assert (repr(sign) if isinstance(sign, str) else type(sign).__name__) in message


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">="])
def test_bytes_have_no_order(sign: str) -> None:
    """A BINARY column can be asked for equality only."""
    state = holding(row(1, RawCertificate=b"a"), row(2, RawCertificate=b"b"))
    assert "RawCertificate" in refusal(state, where=[("RawCertificate", sign, b"a")])
    assert ids(views.view(state, columns=[ID], where=[("RawCertificate", "=", b"b")])) == [2]


@pytest.mark.parametrize(
    "where",
    [(STATE, "=", 20), [(STATE, "=")], [(STATE, "=", 20, 1)], ["a=b"], [None], [{}], "", b"", 7],
)
def test_restrictions_are_triples_in_a_list(where: Any) -> None:
    """One triple without a list, or what is no triple, is refused; letters are not taken apart."""
    refusal(holding(), where=where)


@pytest.mark.parametrize("columns", ["RequestID", "", b"UPN", 7, True])
def test_one_name_is_no_list_of_columns(columns: Any) -> None:
    """A plain text is not taken letter by letter."""
    assert "*columns*" in refusal(holding(), columns=columns)


def test_refusals_come_before_the_first_row() -> None:
    """What is wrong is told by the call, not by the loop."""
    refusal(holding(), where=[("Nothing", "=", 1)])
