"""Errors: COM's four values in pywin32's places, and text that cannot steer a terminal.

Source: pywin32 `com_error`; winerror.h.
"""

from __future__ import annotations

import pickle
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import certsim
from certsim import errors
from tests.engine import values_kit as kit

unsigned = st.integers(0, 2**32 - 1)


@given(unsigned)
def test_codes_go_in_signed_or_unsigned(code: int) -> None:
    """Both forms of a code make the same error, which tells it signed."""
    for given_code in (code, code - 2**32 if code >= 2**31 else code):
        error = certsim.ComError(given_code)
        assert -(2**31) <= error.hresult < 2**31
        assert error.hresult & 0xFFFFFFFF == code
        assert errors.signed(error.hresult) == error.hresult


def test_the_four_values_stand_where_pywin32_has_them() -> None:
    """hresult, strerror, excepinfo and argerror are attributes and `args` alike."""
    info = (0, "source", "text", None, 0, -1)
    error = certsim.ComError(0x80070057, "words", info, 2)
    assert error.args == (-2147024809, "words", info, 2)
    assert (error.hresult, error.strerror, error.excepinfo, error.argerror) == error.args
    plain = certsim.ComError(0x80070057, "words")
    assert plain.args == (-2147024809, "words", None, None)


def test_com_error_is_the_same_class_under_pywin32s_name() -> None:
    """`except com_error` catches what the engine raises, and CertSimError catches it, too."""
    assert certsim.com_error is certsim.ComError
    assert issubclass(certsim.ComError, certsim.CertSimError)
    assert issubclass(certsim.ModuleLoadError, certsim.CertSimError)
    assert not issubclass(certsim.ModuleLoadError, certsim.ComError)
    with pytest.raises(certsim.CertSimError):
        raise certsim.com_error(0x80004005)


@pytest.mark.parametrize(
    "row", [*kit.facts()["hresults"]], ids=lambda row: str(row.get("symbol", row.get("name")))
)
def test_known_codes_print_with_their_symbol(row: dict[str, Any]) -> None:
    """The published codes are told by number and symbol, with words of their own."""
    code = int(str(row["value"]), 16) if isinstance(row["value"], str) else row["value"]
    symbol = str(row.get("symbol", row.get("name"))).removeprefix("WIN32 ")
    text = str(certsim.ComError(code))
    assert text.startswith(f"0x{code & 0xFFFFFFFF:08X} ")
    told = text.split(":", maxsplit=1)[0].split()[1]
    same = {
        str(one.get("symbol", one.get("name"))).removeprefix("WIN32 ")
        for one in kit.facts()["hresults"]
        if str(one["value"]) == str(row["value"])
    }
    assert told in same, symbol
    assert certsim.ComError(code).strerror


def test_unknown_codes_print_as_numbers() -> None:
    """A code nobody knows is told by its number alone, and that it is unknown."""
    text = str(certsim.ComError(0xDEADBEEF))
    assert text.startswith("0xDEADBEEF: ")
    assert len(text) > len("0xDEADBEEF: ")


def test_an_empty_text_is_kept() -> None:
    """Only a missing text is replaced by the code's meaning."""
    assert certsim.ComError(0x80070057, "").strerror == ""


@given(st.text(st.characters()))
@example("a\nb\r\x1b[31m\u202e\u2028\ud800\x00\x7f\x85\xad")
@example("Größe 東京 🔑")
def test_printable_text_is_one_line_without_controls(text: str) -> None:
    """For all texts nothing is left that ends a line, steers a terminal or turns direction."""
    found = errors.printable(text)
    assert found.splitlines() in ([], [found])
    for char in found:
        assert unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    found.encode()


@given(st.text(st.characters(whitelist_categories=["L", "N", "P", "S"])))
def test_what_prints_already_is_left_alone(text: str) -> None:
    """Text that prints comes back as it was."""
    assert errors.printable(text) == text


@given(unsigned, st.text(st.characters()))
def test_an_error_prints_on_one_line(code: int, text: str) -> None:
    """Whatever the words, `str` of an error is one printable line."""
    assert str(certsim.ComError(code, text)).isprintable()


def test_an_error_survives_pickling() -> None:
    """A ComError crosses to another process with all that it says."""
    error = certsim.ComError(0x80094004, "empty", None, 1)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(again), again.args, str(again)) == (type(error), error.args, str(error))


def test_log_lines_of_hostile_errors_are_one_line() -> None:
    """What a module raises with control characters reaches the event log as one line."""

    def decide(_server: Any, _context: int) -> int:
        raise certsim.ComError(0x80004005, "one\ntwo\x1b[2J\u202e")

    with kit.authority(policy=decide) as ca:
        ca.submit(kit.csr())
        (entry,) = ca.event_log
    assert str(entry).isprintable()
