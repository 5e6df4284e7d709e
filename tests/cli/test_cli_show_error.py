"""`certsim error`: a code in each spelling, on record or not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsim.cli import show_error
from certsim.cli.command import Report, UsageError
from tests.cli.show_kit import VERBS, typed
from tests.codes import signed


def explained(text: str) -> Report:
    """Return what is told of a code."""
    verb = VERBS["error"]
    return verb.run(typed("error", text))  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "text",
    [
        "0x80094004",
        "0X80094004",
        "-2146877436",
        "2148089860",
        "CERTSRV_E_PROPERTY_EMPTY",
        "certsrv_e_property_empty",
    ],
)
def test_each_spelling_leads_to_the_code(text: str) -> None:
    """Hexadecimal, signed, unsigned, by name."""
    made = explained(text)
    assert made.failure is None
    assert list(made.lines) == [
        "0x80094004 = -2146877436 = 2148089860 = CERTSRV_E_PROPERTY_EMPTY",
        "  No value was set, or there is no such row.",
        "  severity: failure",
        "  facility: 9 FACILITY_SECURITY, security: providers, messages, Certificate Services",
        "  code: 0x4004 (16388)",
        "  source: winerror.h (header)",
    ]


def test_a_win32_error_is_told_by_its_number() -> None:
    """Facility 7 wraps an error of Windows itself."""
    made = explained("0x80070002")
    assert "  Win32 error: 2" in made.lines
    assert isinstance(made.data, dict)
    assert made.data["win32"] == 2
    assert made.data["facility_symbol"] == "FACILITY_WIN32"


def test_a_bare_win32_number_is_understood() -> None:
    """5 is taken for 0x80070005, which is on record; 1 has a meaning of its own."""
    assert next(iter(explained("5").lines)).startswith("0x80070005 = ")
    assert next(iter(explained("1").lines)) == "0x00000001 = 1 = 1 = S_FALSE"
    assert explained("4999").failure is not None


def test_success_is_no_failure() -> None:
    """Zero is success, and Win32's success as well."""
    lines = list(explained("0").lines)
    assert lines[0] == "0x00000000 = 0 = 0 = S_OK"
    assert "  severity: success" in lines
    assert "  Win32 error: 0" in lines


def test_an_unknown_code_is_taken_apart_and_fails() -> None:
    """Its parts are told all the same, and the command ends as failed."""
    made = explained("0x80041234")
    assert list(made.lines) == [
        "0x80041234 = -2147216844 = 2147750452",
        "  no meaning on record",
        "  severity: failure",
        "  facility: 4 FACILITY_ITF, the interface that was called",
        "  code: 0x1234 (4660)",
    ]
    assert made.failure is not None
    assert "0x80041234 is not on record" in str(made.failure)
    assert "  facility: 1000, unknown here" in explained("0x83E80001").lines
    customer = list(explained("0xA0090001").lines)
    assert customer[3].startswith("  facility: 9 FACILITY_SECURITY")


@pytest.mark.parametrize("text", ["", "x", "0x", "0x1FFFFFFFF", "-2147483649", "4294967296", "1.5"])
def test_what_is_no_code_is_a_slip(text: str) -> None:
    """Neither a number of 32 bits nor a name."""
    with pytest.raises(UsageError) as caught:
        show_error.parse(text)
    assert "is no result code" in str(caught.value)


@given(st.integers(0, 2**32 - 1))
def test_every_code_has_an_answer(code: int) -> None:
    """All spellings of a number mean the same code, and each code can be told."""
    for text in (f"0x{code:08X}", str(code), str(signed(code))):
        assert show_error.parse(text) == signed(code)
    assert all(line.isprintable() for line in show_error.lines(signed(code)))
    assert show_error.data(signed(code))["unsigned"] == code
