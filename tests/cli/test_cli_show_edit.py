"""The forms a configuration value may be typed in, on each kind of value that may be there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsim import ComError
from certsim.cli import show_edit
from certsim.cli.command import UsageError
from certsim.facts.registry import Flag
from certsim.registry import RegistryValue
from tests.codes import ERROR_FILE_NOT_FOUND, refused

FLAGS = (
    Flag("EDITF_A", 1, 1),
    Flag("EDITF_B", 0x40000, 0x40000),
    Flag("REQDISP_ISSUE", 0x100, 0x300),
    Flag("REQDISP_DENY", 0x200, 0x300),
)


def edited(old: RegistryValue | None, text: str) -> RegistryValue:
    """Return what *text* makes of *old*."""
    return show_edit.edited(old, text, FLAGS, "EditFlags")


@pytest.mark.parametrize("old", [None, 5, "text", ["a", "b"], b"\x00"])
@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("16", 16),
        ("0x10", 16),
        ("0XfF", 255),
        ("4294967295", 0xFFFFFFFF),
        ("4294967296", "4294967296"),
        ("0x100000000", "0x100000000"),
        ("Years", "Years"),
        ("", ""),
        ("+", "+"),
        ("-", "-"),
        (r"one\n", ["one"]),
        (r"one\ntwo", ["one", "two"]),
        (r"one\ntwo\n", ["one", "two"]),
        (r"\n", [""]),
        ("1.5", "1.5"),
    ],
)
def test_without_a_sign_the_form_decides(old: RegistryValue, text: str, new: RegistryValue) -> None:
    """A number, a list or text replaces whatever was there."""
    assert edited(old, text) == new


@pytest.mark.parametrize(
    ("old", "text", "new"),
    [
        (0x10, "+4", 0x14),
        (0x14, "-0x4", 0x10),
        (0x14, "-3", 0x14),
        (None, "+4", 4),
        (None, "-4", 0),
        (0x10, "+EDITF_B", 0x40010),
        (0x40011, "-EDITF_B", 0x11),
        (1, "-editf_a", 0),
        (None, "+EDITF_A", 1),
        (0xFFFFFFFF, "-EDITF_A", 0xFFFFFFFE),
        (0x101, "+REQDISP_DENY", 0x201),
        (0x201, "-REQDISP_DENY", 1),
        (0x101, "-REQDISP_DENY", 0x101),
        (0x300, "-0x100", 0x200),
        (["a"], "+b", ["a", "b"]),
        (["a"], "+a", ["a"]),
        (["a"], r"+b\nc\nb", ["a", "b", "c"]),
        (["a", "b", "a"], "-a", ["b"]),
        (["a", "b"], r"-a\nb", []),
        (["5"], "+5", ["5"]),
        (["a"], "+4", ["a", "4"]),
        (None, "+first", ["first"]),
    ],
)
def test_a_sign_changes_a_part(old: RegistryValue | None, text: str, new: RegistryValue) -> None:
    """Bits are set and cleared, by number or name; members come and go."""
    assert edited(old, text) == new


@pytest.mark.parametrize(
    ("old", "text", "told"),
    [
        (5, "+EDITF_C", "'EDITF_C' is no bit of EditFlags; it has EDITF_A, EDITF_B, REQDISP_ISSUE"),
        (5, "-nothing", "'nothing' is no bit of EditFlags"),
        (None, "-nothing", "'nothing' is no bit of EditFlags"),
        ("Years", "+5", "EditFlags is neither a number nor a list"),
        (b"\x01", "-x", "EditFlags is neither a number nor a list"),
        (["a"], "-b", "EditFlags has no member 'b'; see certsim getreg"),
    ],
)
def test_a_part_that_is_not_there_is_refused(
    old: RegistryValue | None, text: str, told: str
) -> None:
    """A slip in a name changes nothing, and is told with the names there are."""
    with pytest.raises(UsageError) as caught:
        edited(old, text)
    assert told in str(caught.value)


def test_a_file_gives_bytes(tmp_path: Path) -> None:
    """What follows an at sign is the path of a file."""
    (tmp_path / "blob").write_bytes(b"\x01\x00\xff")
    assert edited(None, f"@{tmp_path / 'blob'}") == b"\x01\x00\xff"
    with refused(ERROR_FILE_NOT_FOUND):
        edited(None, f"@{tmp_path / 'none'}")


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_bits_that_are_set_can_be_cleared(held: int, bits: int) -> None:
    """Adding bits and taking them out leaves what was there but for them."""
    more = edited(held, f"+{bits}")
    assert more == held | bits
    assert edited(more, f"-{bits:#x}") == held & ~bits


@given(st.text(), st.one_of(st.none(), st.integers(0, 9), st.text(), st.lists(st.text())))
def test_any_text_is_taken_or_refused(text: str, old: RegistryValue | None) -> None:
    """No text breaks the reader."""
    with suppress(UsageError, ComError):
        edited(old, text)
