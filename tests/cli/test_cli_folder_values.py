"""What single arguments mean, for any text that could be typed."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certsim.cli import values
from certsim.cli.output import fitting

KINDS = (values.number, values.request_id, values.serial_number, values.serial_numbers)


@given(st.integers(-(2**64), 2**64))
def test_numbers_are_decimal_or_hexadecimal(number: int) -> None:
    """Both spellings of one number are that number."""
    assert values.number(str(number)) == number
    assert values.number(f"{number:#x}".replace("x", "X")) == number


@given(st.text())
@example("9" * 5_000)
@example("0" * 5_000)
def test_whatever_is_typed_is_a_value_or_refused(text: str) -> None:
    """No text brings another exception than argparse's own; others give `None` or themselves."""
    for kind in (*KINDS, values.reason):
        with suppress(argparse.ArgumentTypeError):
            kind(text)
    values.period(text)
    values.moment(text)
    values.attributes(text)
    assert values.is_request_id(text) in (True, False)


@given(st.binary(min_size=1, max_size=20), st.sampled_from(["", " ", ":"]), st.booleans())
def test_a_serial_number_is_whole_lower_case_bytes(
    raw: bytes,
    between: str,
    capitals: bool,
) -> None:
    """However it is typed, one number is one text."""
    typed = raw.hex(between) if between else raw.hex()
    assert values.serial_number(typed.upper() if capitals else typed) == raw.hex()


def test_an_odd_number_of_digits_gets_a_zero() -> None:
    """Other tools leave the first one out."""
    assert values.serial_number("abc") == "0abc"


@pytest.mark.parametrize(
    ("text", "is_id"),
    [
        ("1", True),
        ("0042", True),
        ("2147483647", True),
        ("2147483648", False),
        ("61000000000000000001", False),
        ("1a", False),
        ("٣", False),
        ("", False),
        ("-1", False),
    ],
)
def test_an_id_is_told_from_a_serial_number(text: str, is_id: bool) -> None:
    """Few digits, all decimal, are an id."""
    assert values.is_request_id(text) is is_id


@given(st.integers(0, 99_999), st.integers(0, 99_999))
def test_a_period_is_days_and_hours(days: int, hours: int) -> None:
    """`dd:hh`, each with leading zeros or without."""
    assert values.period(f"{days}:{hours:02}") == timedelta(days=days, hours=hours)


@given(st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001
def test_a_moment_with_a_zone_is_that_moment(naive: datetime) -> None:
    """And one without is an aware moment too, in local time."""
    moment = naive.replace(tzinfo=UTC)
    assert values.moment(moment.isoformat()) == moment
    local = values.moment(naive.isoformat())
    assert local is not None
    assert local.utcoffset() is not None
    assert local.replace(tzinfo=None) == naive


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX time zone")
def test_a_date_without_a_zone_is_local_time() -> None:
    """Five hours west of Greenwich noon comes at 17:00 UTC."""
    program = "from certsim.cli import values; print(values.moment('2026-01-31T12:00'))"
    environment = {**os.environ, "TZ": "EST5", "PYTHONPATH": str(Path(__file__).parents[2])}
    told = subprocess.check_output([sys.executable, "-c", program], env=environment, text=True)
    assert told == "2026-01-31 12:00:00-05:00\n"


@pytest.mark.parametrize("text", ["1/22/2001", "tomorrow", "2026-13-01", ""])
def test_no_other_date_is_taken(text: str) -> None:
    """What would mean another day on another machine is refused."""
    assert values.moment(text) is None


REASONS = {
    "Unspecified": 0,
    "KeyCompromise": 1,
    "CACompromise": 2,
    "AffiliationChanged": 3,
    "Superseded": 4,
    "CessationOfOperation": 5,
    "CertificateHold": 6,
    "RemoveFromCRL": 8,
    "Unrevoke": -1,
}


@pytest.mark.parametrize("name", REASONS)
def test_reasons_have_the_numbers_of_the_protocol(name: str) -> None:
    """By name, by symbol, with blanks, and by number, signed or not."""
    number = REASONS[name]
    blanks = re.sub("(?<=[a-z])(?=[A-Z])", " ", name)
    for spelling in (name, name.upper(), blanks, f"CRL_REASON_{blanks.replace(' ', '_')}"):
        assert values.reason(spelling) == number
    assert values.reason(str(number)) == number


@given(st.text(), st.sampled_from(["ascii", "cp1252", "utf-8", "utf-16"]))
def test_every_line_fits_its_stream(text: str, encoding: str) -> None:
    """Whatever an encoding lacks is spelled; what it has stays."""

    class Stream:
        """Be a stream of that encoding."""

    stream = Stream()
    stream.encoding = encoding  # type: ignore[attr-defined]
    fitting(text, stream).encode(encoding)  # type: ignore[arg-type]
    if text.isascii():
        assert fitting(text, stream) == text  # type: ignore[arg-type]
