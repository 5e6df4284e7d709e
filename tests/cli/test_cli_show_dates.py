"""Dates: shown by the machine's clock with its zone named, typed by it or with a zone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsim.cli import show_columns, show_values
from certsim.cli.show_restrict import Selection, select

NOW = datetime(2026, 7, 1, 10, 30, tzinfo=UTC)
REQUESTS = show_columns.of_view("request")


@pytest.fixture
def two_hours_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the machine into a zone two hours ahead of UTC, called HERE."""
    if not hasattr(time, "tzset"):
        pytest.skip("the zone of a process can be set on POSIX alone")
    monkeypatch.setenv("TZ", "HERE-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def selected(text: str) -> Selection:
    """Return what *text* selects among requests."""
    return select(text, REQUESTS, NOW)


def told(value: datetime) -> list[str]:
    """Return the lines of a date."""
    return list(show_values.lines("NotAfter", value))


@pytest.mark.usefixtures("two_hours_east")
def test_dates_are_local_and_name_their_zone() -> None:
    """A moment in UTC is shown by the clock on the wall."""
    assert told(NOW) == ["2026-07-01 12:30:00 HERE"]


@pytest.mark.usefixtures("two_hours_east")
def test_a_date_at_the_end_of_all_years_stays_utc() -> None:
    """RFC 5280's date for no end is past the last moment that a zone to the east can show."""
    assert told(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)) == ["9999-12-31 23:59:59 UTC"]


def test_programs_get_dates_in_utc() -> None:
    """JSON and CSV know no zone but UTC."""
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-7)))
    assert show_values.plain(elsewhere) == "2026-07-01T10:30:00+00:00"
    assert show_values.cell(elsewhere) == "2026-07-01T10:30:00+00:00"


@pytest.mark.usefixtures("two_hours_east")
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-31T14:30Z", datetime(2026, 5, 31, 14, 30, tzinfo=UTC)),
        ("2026-05-31 14:30:15Z", datetime(2026, 5, 31, 14, 30, 15, tzinfo=UTC)),
        ("2026-05-31T14:30+05:30", datetime(2026, 5, 31, 9, 0, tzinfo=UTC)),
        ("2026-05-31T14:30-01:00", datetime(2026, 5, 31, 15, 30, tzinfo=UTC)),
        ("2026-05-31T14:30Z+1:06", datetime(2026, 6, 1, 20, 30, tzinfo=UTC)),
        ("2026-05-31", datetime(2026, 5, 30, 22, 0, tzinfo=UTC)),
        ("2026-05-31 00:30", datetime(2026, 5, 30, 22, 30, tzinfo=UTC)),
        ("2026-05-31+02:00", datetime(2026, 6, 1, 22, 0, tzinfo=UTC)),
        ("now", NOW),
        ("NOW+30:00", NOW + timedelta(days=30)),
        ("now-1:06", NOW - timedelta(days=1, hours=6)),
    ],
)
def test_dates(text: str, moment: datetime) -> None:
    """A date is local unless it names a zone; days and hours behind it move it."""
    assert selected(f"NotAfter<{text}") == Selection((("NotAfter", "<", moment),))


@given(st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)))  # noqa: DTZ001  (local time)
def test_a_date_as_it_is_shown_is_local(when: datetime) -> None:
    """Written without a zone, a date is that of the machine's clock."""
    exact = when.replace(microsecond=0, fold=0)
    found = selected(f"NotAfter={exact:%Y-%m-%d %H:%M:%S}").where[0][2]
    assert found == exact.astimezone(UTC)
