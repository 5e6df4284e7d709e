"""Views and restrictions against the published constants, and the bounds of the header."""

import operator
from collections.abc import Mapping
from typing import Any

import pytest

from certsim.facts.basis import Basis
from certsim.facts.views import SEEK, VIEWS, SeekOperator, ViewFact

SYMBOLS = {
    "queue": "CV_COLUMN_QUEUE_DEFAULT",
    "log": "CV_COLUMN_LOG_DEFAULT",
    "failed": "CV_COLUMN_LOG_FAILED_DEFAULT",
    "revoked": "CV_COLUMN_LOG_REVOKED_DEFAULT",
    "request": "",
    "extension": "CV_COLUMN_EXTENSION_DEFAULT",
    "attribute": "CV_COLUMN_ATTRIBUTE_DEFAULT",
    "crl": "CV_COLUMN_CRL_DEFAULT",
}
# The states of rows by the words of the pages. An imported row was never asked for here, and rows
# 15 to 17 are the authority's own.
UNRESOLVED, ISSUED, REVOKED, FAILED = {8, 9}, {20}, {21}, {30, 31}
STATES = {
    "queue": UNRESOLVED,
    "log": ISSUED | REVOKED | FAILED,
    "failed": FAILED,
    "revoked": REVOKED,
}
SIGNS = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
# What each sign is called in the header.
NAMES = {"=": "EQ", "<": "LT", "<=": "LE", ">": "GT", ">=": "GE"}
NO_OPERATOR = {"CVR_SEEK_MASK", "CVR_SEEK_NODELTA"}
BOUNDS = {
    "queue": "DB_DISP_QUEUE_MAX",
    "log": "DB_DISP_LOG_MIN",
    "failed": "DB_DISP_LOG_FAILED_MIN",
    "revoked": "DB_DISP_REVOKED",
}


def columns_of(table: str, oracle: dict[str, Any]) -> list[str]:
    """Return the published columns of a table; that of requests has those of its two halves."""
    schema = oracle["schema"]
    if table != "Request":
        return [str(column["name"]) for column in schema[table]]
    asked = [f"Request.{column['name']}" for column in schema["Request"]]
    return asked + [str(column["name"]) for column in schema["Certificate"]]


def test_the_views_are_the_published_default_sets(oracle: dict[str, Any]) -> None:
    """Each constant for a default set has its view, and one view stands for all requests."""
    assert {name: view.symbol for name, view in VIEWS.items()} == SYMBOLS
    published = {name for name in oracle["constants"]["CV"] if name.startswith("CV_COLUMN_")}
    assert {view.symbol for view in VIEWS.values()} - {""} == published


@pytest.mark.parametrize("name", SYMBOLS)
def test_a_view_is_found_by_its_own_name(name: str) -> None:
    """Key and name of a row are one."""
    assert VIEWS[name].name == name


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_columns_are_columns_of_the_table(view: ViewFact, oracle: dict[str, Any]) -> None:
    """A view shows, each once, and restricts what its table has."""
    known = columns_of(view.table, oracle)
    restricted = [column for column, _, _ in view.restrictions]
    assert set(view.columns) | set(restricted) <= set(known)
    assert len(set(view.columns)) == len(view.columns) > 0


@pytest.mark.parametrize("name", ["request", "extension", "attribute", "crl"])
def test_a_whole_table_is_shown_whole(name: str, oracle: dict[str, Any]) -> None:
    """Four views restrict nothing and leave no column out."""
    view = VIEWS[name]
    assert view.restrictions == ()
    assert list(view.columns) == columns_of(view.table, oracle)


@pytest.mark.parametrize("name", STATES)
def test_restrictions_let_the_documented_states_through(name: str, oracle: dict[str, Any]) -> None:
    """Of all states of a row, those that the pages describe pass."""
    let_through = {
        state
        for state in map(int, oracle["dispositions"])
        if all(SIGNS[sign](state, value) for _, sign, value in VIEWS[name].restrictions)
    }
    assert let_through == STATES[name]


@pytest.mark.parametrize(("name", "symbol"), BOUNDS.items())
def test_bounds_are_those_of_the_header(name: str, symbol: str, oracle: dict[str, Any]) -> None:
    """Each bound is a constant of the header, set on the disposition."""
    ((column, _, value),) = VIEWS[name].restrictions
    assert column == "Request.Disposition"
    assert value == oracle["constants"]["DB_DISP"][symbol]


def test_what_a_decision_needs_is_in_the_queue() -> None:
    """An officer sees who asked, when, for which name, and the request itself."""
    wanted = {"Request.RequestID", "Request.RequesterName", "Request.SubmittedWhen"}
    assert wanted | {"Request.CommonName", "Request.RawRequest"} <= set(VIEWS["queue"].columns)


def test_no_chosen_set_of_columns_passes_for_documented() -> None:
    """The queue's set is published, and `request` has none; the others are certsim's choice."""
    known = {name for name, view in VIEWS.items() if view.basis is not Basis.ASSUMED}
    assert known == {"queue", "request"}


def test_operators_have_the_numbers_of_the_header(oracle: dict[str, Any]) -> None:
    """None is missing, and the mask and the switch beside them are no operators."""
    published = {
        name: number
        for name, number in oracle["constants"]["CVR"].items()
        if name.startswith("CVR_SEEK_") and name not in NO_OPERATOR
    }
    members = SeekOperator.__members__.items()
    assert {f"CVR_SEEK_{name}": int(member) for name, member in members} == published


def test_signs_lead_to_their_operators() -> None:
    """The five signs of certutil mean what they say, and == is none of them."""
    assert {sign: member.name for sign, member in SEEK.items()} == NAMES


@pytest.mark.parametrize("table", [VIEWS, SEEK], ids=["VIEWS", "SEEK"])
def test_the_mappings_cannot_be_written(table: Mapping[str, object]) -> None:
    """Nobody adds a view or an operator from outside."""
    with pytest.raises(TypeError, match="does not support item assignment"):
        table["x"] = None  # type: ignore[index]
