"""Single values: as people read them, as a spreadsheet takes them, as JSON has them."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsim.cli import show_values


def told(name: str, value: int | str | bytes | datetime | None) -> list[str]:
    """Return the lines of a value."""
    return list(show_values.lines(name, value))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("RequestID", 7, "0x7 (7)"),
        ("RequestID", 0, "0x0"),
        ("Request.Disposition", 20, "0x14 (20) -- Issued"),
        ("Request.Disposition", 9, "0x9 (9) -- Pending"),
        ("Request.Disposition", 77, "0x4d (77)"),
        ("Request.RevokedReason", 1, "0x1 (1) -- Key Compromise"),
        ("Request.RevokedReason", -1, "0xffffffff (-1) -- Released from Hold"),
        ("Request.StatusCode", 0, "0x0 (WIN32: 0) -- Success."),
        ("Request.StatusCode", -1, "0xffffffff (-1) -- no meaning on record"),
        ("CommonName", "web.example", '"web.example"'),
        ("CommonName", 'say "hi"', '"say ""hi"""'),
        ("CommonName", "", '""'),
        ("CommonName", None, "EMPTY"),
        ("ExtensionName", "2.5.29.15", '"2.5.29.15" Key Usage'),
        ("ExtensionName", "1.2.3.4", '"1.2.3.4"'),
        ("CommonName", "2.5.29.15", '"2.5.29.15"'),
    ],
)
def test_a_value_on_one_line(name: str, value: int | str | None, expected: str) -> None:
    """Numbers come in both spellings with their meaning, text in quotes, nothing as EMPTY."""
    assert told(name, value) == [expected]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (-2147024809, "0x80070057 (WIN32: 87 E_INVALIDARG) -- An argument cannot be used"),
        (
            -2146877436,
            "0x80094004 (-2146877436 CERTSRV_E_PROPERTY_EMPTY) -- No value was set, or there is",
        ),
    ],
)
def test_a_result_code_is_explained(code: int, expected: str) -> None:
    """A wrapped Win32 error is told by its own number, other codes by their signed one."""
    (line,) = told("Request.StatusCode", code)
    assert line.startswith(expected)


def test_the_bits_of_a_word_stand_below_it() -> None:
    """A word of bits lists each that is set, in hexadecimal and decimal where they differ."""
    assert told("Request.RequestFlags", 0x16) == [
        "0x16 (22)",
        "CR_FLG_RENEWAL -- 2",
        "CR_FLG_FORCEUTF8 -- 4",
        "CR_FLG_ENROLLONBEHALFOF -- 10 (16)",
    ]


def test_a_word_may_hold_numbers_among_its_bits() -> None:
    """The format inside a request's type is one number, and is not taken for two bits."""
    assert told("Request.RequestType", 0x40300) == [
        "0x40300 (262912)",
        "CR_IN_PKCS7 -- 300 (768)",
        "CR_IN_FULLRESPONSE -- 40000 (262144)",
    ]


def test_the_flags_of_an_extension_name_their_origin() -> None:
    """Critical is a bit, the origin a number in the upper half."""
    assert told("ExtensionFlags", 0x30001) == [
        "0x30001 (196609)",
        "EXTENSION_CRITICAL_FLAG -- 1",
        "EXTENSION_ORIGIN_ADMIN -- 30000 (196608)",
    ]


def test_text_of_several_values_is_broken_over_lines() -> None:
    """Each value of a name part is in quotes of its own, so that none can pass for a new field."""
    assert told("OrgUnit", "Web\n  Serial Number: 1") == ["", '"Web"', '"  Serial Number: 1"']


def test_bytes_are_dumped() -> None:
    """Offset, pairs and ASCII, sixteen bytes a line; what is not ASCII is a dot."""
    assert told("RawName", bytes(range(0x38, 0x50)) + b"\x00\x1b\xff") == [
        "27 bytes",
        "0000  38 39 3a 3b 3c 3d 3e 3f 40 41 42 43 44 45 46 47  89:;<=>?@ABCDEFG",
        "0010  48 49 4a 4b 4c 4d 4e 4f 00 1b ff                 HIJKLMNO...",
    ]


@given(st.binary(max_size=200))
def test_a_dump_holds_every_byte(data: bytes) -> None:
    """The pairs of a dump, read back, are the bytes it was made from."""
    pairs = "".join(line[6:53] for line in show_values.dump(data))
    assert bytes.fromhex(pairs) == data


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (-5, -5),
        (b"\x30\x82", "3082"),
        ("plain", "plain"),
        ("=1+1", "'=1+1"),
        ("+49 30 1", "'+49 30 1"),
        ("-x", "'-x"),
        ("@sum", "'@sum"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\uff1d1", "'\uff1d1"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(value: int | str | bytes | None, cell: int | str) -> None:
    """Text that a spreadsheet would compute gets an apostrophe; numbers and the rest do not."""
    assert show_values.cell(value) == cell


@given(st.text())
def test_no_text_becomes_a_formula_and_none_is_lost(text: str) -> None:
    """Whatever the text, its cell begins with no sign of a formula, and holds it whole."""
    cell = str(show_values.cell(text))
    assert not re.match(r"[=+\-@\t\r\n]", cell)
    assert cell.endswith(text)


@given(
    st.integers(-(2**31), 2**31 - 1), st.sampled_from(["Request.RequestFlags", "CRLPublishFlags"])
)
def test_the_bits_that_are_told_are_set(value: int, name: str) -> None:
    """No line names a bit that the number has not."""
    for line in told(name, value)[1:]:
        bit = int(line.rpartition(" -- ")[2].partition(" ")[0], 16)
        assert value & bit
