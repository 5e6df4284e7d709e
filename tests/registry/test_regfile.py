r"""The .reg format: what is written is what regedit writes, and all of it can be read again.

Expected texts are Windows' own: published exports, and what reg.exe did in the tests of Wine
(programs/reg/tests). Source: KB310516.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import certsim
from certsim import regfile
from tests.codes import ERROR_INVALID_DATA, refused, signed
from tests.registry.drawn import HEADER, MACHINE, anything, keys, names, values

KEY = rf"{MACHINE}\SOFTWARE\Test"
paths = st.lists(keys, min_size=1, max_size=3).map(lambda parts: "\\".join((MACHINE, *parts)))
changes = st.lists(
    st.one_of(
        st.tuples(paths, st.just("") | names, st.none() | values),
        st.tuples(paths, st.none(), st.none()),
    ),
    max_size=8,
)


def body(*lines: str) -> str:
    """Return a file of one key with these lines in it."""
    return "\n".join((HEADER, "", f"[{KEY}]", *lines, ""))


def one(*lines: str) -> Any:
    """Return the value of the only entry on these lines."""
    ((key, _, value),) = regfile.parse(body(*lines))
    assert key == KEY
    return value


def complaint(text: str) -> str:
    """Return what is said of a file that cannot be read."""
    with pytest.raises(certsim.ComError) as caught:
        regfile.parse(text)
    assert caught.value.hresult == signed(ERROR_INVALID_DATA)
    return str(caught.value.strerror)


@given(changes)
def test_all_that_is_composed_is_parsed(told: list[Any]) -> None:
    """For all entries: the same keys, names and values come back, in their order."""
    assert regfile.parse(regfile.compose(told)) == told


@given(changes)
def test_windows_bytes_are_read_as_what_they_were_made_of(told: list[Any]) -> None:
    """For all entries: through UTF-16 and lines with CR LF they come back the same."""
    text = regfile.decode(regfile.encode_windows(regfile.compose(told)))
    assert regfile.parse(text) == told


@given(st.text(max_size=200))
def test_whatever_is_read_is_read_or_refused(junk: str) -> None:
    """For all texts: what is no entry is refused with the number of a line, and nothing else."""
    told = certsim.ComError(0, "line 0: all was well")
    try:
        regfile.parse(body(junk))
    except certsim.ComError as error:
        told = error
    assert re.match(r"line [0-9]+: .", str(told.strerror))


def test_an_export_is_regedit_s_to_the_byte() -> None:
    """Numbers, quotes, backslashes, a default value, a folded list: as reg.exe exports them."""
    told: list[Any] = [
        (rf"{KEY}\1", "DWORD", 0x100),
        (rf"{KEY}\1", "String", "Your text here..."),
        (rf"{KEY}\2", "Binary", b"\x11\x22\x33\x44"),
        (rf"{KEY}\3", 'double"quote', '"Hello, World!"'),
        (rf"{KEY}\3", "single'quote", 8),
        (rf"{KEY}\3\x", "", "Default value name"),
        (rf"{KEY}\3\x", "Multiple strings", ["Line1", "Line2", "Line3"]),
        (rf"{KEY}\4", "Backslash", r"Use \\ to escape a backslash"),
        (rf"{KEY}\4", r"\foo\bar", ""),
        (rf"{KEY}\4", "No bytes", b""),
    ]
    lines = [
        HEADER,
        "",
        rf"[{KEY}\1]",
        '"DWORD"=dword:00000100',
        '"String"="Your text here..."',
        "",
        rf"[{KEY}\2]",
        '"Binary"=hex:11,22,33,44',
        "",
        rf"[{KEY}\3]",
        r'"double\"quote"="\"Hello, World!\""',
        '"single\'quote"=dword:00000008',
        "",
        rf"[{KEY}\3\x]",
        '@="Default value name"',
        '"Multiple strings"=hex(7):4c,00,69,00,6e,00,65,00,31,00,00,00,4c,00,69,00,6e,\\',
        "  00,65,00,32,00,00,00,4c,00,69,00,6e,00,65,00,33,00,00,00,00,00",
        "",
        rf"[{KEY}\4]",
        r'"Backslash"="Use \\\\ to escape a backslash"',
        r'"\\foo\\bar"=""',
        '"No bytes"=hex:',
        "",
        "",
    ]
    made = regfile.encode_windows(regfile.compose(told))
    assert made == b"\xff\xfe" + "\r\n".join(lines).encode("utf-16-le")


def test_long_lines_are_folded_where_regedit_folds_them() -> None:
    """A published export of a long value has 23 bytes on its first line, 25 on each further one."""
    text = r'%SystemRoot%\System32\rundll32.exe "%ProgramFiles%\Windows Photo Viewer\PhotoViewer'
    data = text.encode("utf-16-le")
    made = regfile.compose([(KEY, "", data)]).splitlines()[3:-1]
    # Published as @=hex(2):25,00,53…, whose head is three characters longer than this one's.
    assert [len(line) for line in made[:3]] == [79, 78, 78]
    assert all(line.endswith(",\\") for line in made[:-1])
    assert all(line.startswith("  ") for line in made[1:])
    assert regfile.parse(body(*made)) == [(KEY, "", data)]


@pytest.mark.parametrize(
    ("name", "length"), [("x" * 18, 80), ("x" * 19, 78), ("x" * 20, 79), ("x" * 90, 101)]
)
def test_no_line_of_bytes_is_longer_than_eighty(name: str, length: int) -> None:
    """With the backslash it fills up to 80 columns; a long name has a byte at least behind it."""
    first, *_ = regfile.compose([(KEY, name, bytes(40))]).splitlines()[3:]
    assert len(first) == length


@pytest.mark.parametrize("text", ["two\r\nlines", "nul\0inside", "bell\a", "half\ud800", "\x85"])
def test_text_that_quotes_cannot_hold_is_written_as_bytes(text: str) -> None:
    """Control characters and halves of pairs go into hex(1), the NUL at the end included."""
    (line,) = regfile.compose([(KEY, "x", text)]).splitlines()[3:-1]
    data = text.encode("utf-16-le", "surrogatepass") + b"\0\0"
    assert line == f'"x"=hex(1):{data.hex(",")}'


@given(anything)
@example("")
def test_bytes_of_a_text_may_lack_their_end(text: str) -> None:
    """For all texts: one NUL at the end belongs to the format, and it may be missing."""
    data = text.encode("utf-16-le", "surrogatepass")
    assert one(f'"x"=hex(1):{(data + bytes(2)).hex(",")}') == text
    assert one(f'"x"=hex(1):{data.hex(",")}') == text.removesuffix("\0")


@pytest.mark.parametrize(
    ("data", "items"),
    [
        ("", []),
        ("00,00", []),
        ("00,00,00,00", [""]),
        ("61,00,00,00,00,00", ["a"]),
        ("61,00,00,00", ["a"]),
        ("61,00", ["a"]),
        ("61,00,00,00,62,00", ["a", "b"]),
        ("61,00,00,00,62,00,00,00,00,00", ["a", "b"]),
        ("61,00,00,00,00,00,62,00,00,00,00,00", ["a", "", "b"]),
    ],
)
def test_lists_may_lack_their_ends(data: str, items: list[str]) -> None:
    """A list ends with two NULs, and programs that forgot one or both are understood."""
    assert one(f'"x"=hex(7):{data}') == items


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("dword:1", 1),
        ("dword:4444", 0x4444),
        ("dword:FFFFffff", 0xFFFFFFFF),
        ("hex(4):40,30,20,10", 0x10203040),
        ("hex(3):12,34", b"\x12\x34"),
        ("hex(00000003):12", b"\x12"),
        ("hex:11,22,", b"\x11\x22"),
        ("hex: 1, a ,ff", b"\x01\x0a\xff"),
        ("hex:11,\\\n  22,\\\n  33", b"\x11\x22\x33"),
        ("hex:11,\\;comment\r\n\r\n  22", b"\x11\x22"),
        ("hex:11, \\\n  ;comment\n  22", b"\x11\x22"),
        ('"#no comment"', "#no comment"),
        ('"two\r\nlines"', "two\r\nlines"),
        (r'"C:\\path\\\"x\""', r'C:\path\"x"'),
        ("-", None),
    ],
)
def test_values_are_read_as_windows_reads_them(written: str, value: object) -> None:
    """Short numbers, types by number, folded bytes, comments, line breaks in quotes."""
    for line in (f'"x"={written}', f'\t"x" = {written} ', f'"x"={written};"y"="no value"'):
        assert one(line) == value
    assert one(f"@={written}") == value


def test_comments_and_empty_lines_are_passed_over() -> None:
    """Lines that begin with a semicolon or a number sign say nothing, wherever they stand."""
    text = body("; one", "  # two", "", '"x"="1" ; three', "\t", '"y"="2"', ";")
    assert [name for _, name, _ in regfile.parse(text.replace("\n", "\r\n"))] == ["x", "y"]
    assert regfile.parse(text)[0][2] == "1"
    assert regfile.parse(HEADER) == []
    assert regfile.parse(f"\ufeff {HEADER}\t\r\n") == []


def test_brackets_end_at_the_last_one_of_their_line() -> None:
    """A key may have brackets in its name."""
    assert regfile.parse(f'{HEADER}\n[{MACHINE}\\a]b]\n@="x"')[0][0] == rf"{MACHINE}\a]b"


def test_deletions() -> None:
    """A minus sign deletes: a value, a default value, a key."""
    text = body('"x"=-', "@= - ;gone", "", f"[-{KEY}\\Sub]", "", f"[{KEY}]", '"y"="z"')
    assert regfile.parse(text) == [
        (KEY, "x", None),
        (KEY, "", None),
        (rf"{KEY}\Sub", None, None),
        (KEY, "y", "z"),
    ]


def test_a_key_is_named_again_after_it_has_been_deleted() -> None:
    """What is written after a deletion stands below a key of its own."""
    told: list[Any] = [(KEY, "x", 1), (KEY, None, None), (KEY, "x", 2)]
    assert regfile.compose(told).count(f"[{KEY}]") == 2
    assert regfile.parse(regfile.compose(told)) == told


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('"x"=hex(2):25,00,00,00', "REG_EXPAND_SZ"),
        ('"x"=hex(b):01,00,00,00,00,00,00,00', "REG_QWORD"),
        ('"x"=hex(0):', "REG_NONE"),
        ('"x"=hex(abcd):00', "0xabcd"),
    ],
)
def test_other_types_are_refused_by_their_names(line: str, named: str) -> None:
    """A type that is none of the four is named, with the value and the line."""
    told = complaint(body("", line))
    assert told.startswith("line 5: 'x' ")
    assert named in told


def test_other_types_are_no_matter_until_their_value_is_asked_for() -> None:
    """A scan goes over them, so that whoever wants other entries gets those."""
    first, second = regfile.scan(body('"x"=hex(b):01', '"y"=dword:2'))
    assert (first.name, first.line, second.name, second.line) == ("x", 4, "y", 5)
    assert second.value() == 2
    with refused(ERROR_INVALID_DATA):
        first.value()


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("nonsense", "expected a [key]"),
        ("[no end", "expected a [key]"),
        ("no beginning]", "expected a [key]"),
        ('NameNoQuotes="x"', "expected a [key]"),
        ('"NameNoEndQuote=2', "expected a [key]"),
        ('"x"', "expected a [key]"),
        ('"x"=', "'x'"),
        ('"x"=Asdf', "'x'"),
        ('"x"="no end', "'x'"),
        ('"x"="foo"bar"', "'x'"),
        ('"x"="C:\\temp"', "backslash"),
        ('"x"="1" # comment', "'x'"),
        ('"x"=dword:', "'x'"),
        ('"x"=dword:123456789', "'x'"),
        ('"x"=dword:0x12', "'x'"),
        ('"x"=dword:1234 5678', "'x'"),
        ('"x"=dword:12\\\n34', "'x'"),
        ('"x"=hex(7:00', "'x'"),
        ('"x"=hex:zz', "'x'"),
        ('"x"=hex:11,\\', "'x'"),
        ('"x"=hex:11,\\\n"y"="z"', "'x'"),
        ('"x"=hex:1\\\n1', "'x'"),
        ('"x"=hex:11\\\n,11', "'x'"),
        ('"x"=-1', "'x'"),
        ('"x"=hex:111', "'x' are no REG_BINARY"),
        ('"x"=hex:11,,22', "'x' are no REG_BINARY"),
        ('"x"=hex:11 22', "'x' are no REG_BINARY"),
        ('"x"=hex(4):11', "'x' are no REG_DWORD"),
        ('"x"=hex(1):61', "'x' are no REG_SZ"),
        ('"x"=hex(7):61,00,00', "'x' are no REG_MULTI_SZ"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(line: str, part: str) -> None:
    """Nothing is passed over: the line on which the entry begins, and what is wrong with it."""
    told = complaint(body('"a"="two', 'lines"', '"b"=hex:00,\\', "  11", line))
    assert told.startswith("line 8: ")
    assert part in told


@pytest.mark.parametrize("text", [f'{HEADER}\n"x"="1"', f'{HEADER}\n[-{KEY}]\n"x"="1"'])
def test_a_value_without_a_key_is_refused(text: str) -> None:
    """Before the first key and after a deleted one no value can stand."""
    assert "stands below no [key]" in complaint(text)


@pytest.mark.parametrize(
    "first",
    ["", "\n", "Windows Registry Editor Version 4.00", HEADER.lower(), f"{HEADER}1", f"\n{HEADER}"],
)
def test_the_first_line_has_to_be_the_header(first: str) -> None:
    """Anything else is told apart by line 1, as reg.exe refuses it too."""
    assert complaint(f"{first}\n[{KEY}]\n").startswith("line 1: a registry file begins with")


def test_the_older_format_is_refused_by_name() -> None:
    """REGEDIT4 has other encodings, so it is not guessed at."""
    assert "REGEDIT4" in complaint("REGEDIT4\r\n\r\n")


def test_damage_in_a_long_line_is_found_at_once() -> None:
    """A wrong character behind very many good bytes is no reason to try every way to read them."""
    assert "'x'" in complaint(body('"x"=hex:' + "00," * 200_000 + "zz"))
    assert "'x'" in complaint(body('"x"="' + r"\\" * 200_000))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8", "utf-8-sig"])
def test_encodings_are_told_apart(encoding: str) -> None:
    """UTF-16 with its mark, and UTF-8 with and without one."""
    assert regfile.decode(f'{HEADER}\n"ü"'.encode(encoding)) == f'{HEADER}\n"ü"'


@pytest.mark.parametrize(
    "data", [b"\xff\xfea", "ü".encode("latin-1"), HEADER.encode("utf-16-be"), b"\xfe\xff\0a"]
)
def test_other_encodings_are_refused(data: bytes) -> None:
    """Half a character, ANSI, and UTF-16 with its big end first are refused or no header."""
    with refused(ERROR_INVALID_DATA):
        regfile.parse(regfile.decode(data))
