"""Result codes against the published numbers, signed and unsigned."""

from typing import Any

import pytest

from certsim.facts.basis import Basis
from certsim.facts.hresults import HRESULT, HRESULT_FACTS, HRESULTS
from tests.codes import signed

# Codes that certsim uses and facts.json does not list: wrapped Win32 numbers, and one of OLE's.
ADDED = {
    "ERROR_PATH_NOT_FOUND": 0x80070000 + 3,
    "ERROR_WRITE_PROTECT": 0x80070000 + 19,
    "ERROR_WRITE_FAULT": 0x80070000 + 29,
    "ERROR_SHARING_VIOLATION": 0x80070000 + 32,
    "ERROR_DISK_FULL": 0x80070000 + 112,
    "ERROR_BAD_PATHNAME": 0x80070000 + 161,
    "ERROR_UNKNOWN_REVISION": 0x80070000 + 1305,
    "ERROR_FILE_CORRUPT": 0x80070000 + 1392,
    "ERROR_OBJECT_ALREADY_EXISTS": 0x80070000 + 5010,
    "DISP_E_EXCEPTION": 0x80020009,
    "CO_E_CLASSSTRING": 0x800401F3,
}


def published_codes(oracle: dict[str, Any]) -> dict[str, int]:
    """Collect symbol and unsigned number of every published code."""
    return {
        row["name"].removeprefix("WIN32 "): int(row["value"], 16)
        for group in ("hresults", "hresults_other")
        for row in oracle[group]
    }


def test_rows_are_the_sheet_s_and_the_added_ones(oracle: dict[str, Any]) -> None:
    """No code is missing and none is made up."""
    stored = {row.symbol: row.value for row in HRESULT_FACTS}
    assert stored == published_codes(oracle) | ADDED
    assert len(HRESULT_FACTS) == 123 + 127 + 11


def test_members_are_signed(oracle: dict[str, Any]) -> None:
    """Each symbol is a member with the number that COM returns."""
    for symbol, value in (published_codes(oracle) | ADDED).items():
        assert int(HRESULT[symbol]) == signed(value), symbol


def test_members_have_published_names_only(oracle: dict[str, Any]) -> None:
    """Beside the symbols there is one alias, the short spelling of the specification."""
    assert set(HRESULT.__members__) - set(published_codes(oracle)) - set(ADDED) == {
        "ERROR_OBJECT_EXISTS"
    }
    assert HRESULT["ERROR_OBJECT_EXISTS"] is HRESULT["ERROR_OBJECT_ALREADY_EXISTS"]


def test_rows_are_found_by_signed_number(oracle: dict[str, Any]) -> None:
    """Every published number leads to a row of that number."""
    for symbol, value in published_codes(oracle).items():
        assert HRESULTS[signed(value)].value == value, symbol
        assert HRESULTS[HRESULT[symbol]].value == value, symbol


def test_the_first_of_two_names_answers() -> None:
    """Where names share a number the engine's name wins over the library's."""
    assert HRESULTS[0].symbol == "S_OK"
    assert HRESULTS[signed(0x80095000)].symbol == "CERTDB_E_JET_ERROR"
    assert HRESULT["NTE_OP_OK"] is HRESULT.S_OK


def test_a_known_code_prints_with_its_name() -> None:
    """The representation shows symbol and signed number."""
    assert repr(HRESULT.E_INVALIDARG) == "<HRESULT.E_INVALIDARG: -2147024809>"


@pytest.mark.parametrize(
    ("symbol", "code"),
    [
        ("ERROR_FILE_NOT_FOUND", 2),
        ("ERROR_INVALID_DATA", 13),
        ("E_INVALIDARG", 87),
        ("RPC_S_SERVER_UNAVAILABLE", 1722),
    ],
)
def test_win32_errors_are_wrapped(symbol: str, code: int) -> None:
    """A Win32 code sits in the low word, under facility 7 and with the top bit set."""
    assert HRESULT[symbol] & 0xFFFFFFFF == 0x80070000 | code


def test_every_code_says_something_of_its_own() -> None:
    """A meaning is one sentence, ended, and not the symbol again."""
    for row in HRESULT_FACTS:
        assert row.meaning.endswith("."), row.symbol
        assert row.symbol not in row.meaning


def test_codes_are_graded_as_header(oracle: dict[str, Any], basis_of_tag: dict[str, Basis]) -> None:
    """All of them come from winerror.h, as the published tags say."""
    tags = {row["tag"] for group in ("hresults", "hresults_other") for row in oracle[group]}
    assert {row.basis for row in HRESULT_FACTS} == {basis_of_tag[tag] for tag in tags}
