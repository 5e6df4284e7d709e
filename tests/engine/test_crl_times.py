"""When CRLs begin, are due and end: two published lists, the defaults, and a model for the rest.

The model counts whole seconds with fractions where the rule has them, and knows nothing of dates
but how long a period is; that is asked of the calendar here and not of the engine.
Source: MS-CSRA 3.1.4.1.6; TechNet cc731104; a published lab; docs/rulings.md (CRLs).
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import certsim
from certsim._engine import crl_times
from certsim._engine.crl_times import Schedule, Times
from certsim.registry import Registry
from tests.codes import E_INVALIDARG, signed

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
SKEW = timedelta(minutes=10)
DELIVERED = Schedule((1, "Weeks"), (0, "Hours"), (1, "Days"), (0, "Minutes"))
HALF_DAY = 12 * 3600
FIXED = {"Seconds": 1, "Minutes": 60, "Hours": 3600, "Days": 86_400, "Weeks": 604_800}
MONTHS = {"Months": 1, "Years": 12}


def ticks(moment: datetime) -> int:
    """Return a moment as whole seconds before the last one there is, negative."""
    return -((LAST - moment) // timedelta(seconds=1))


def span(now: datetime, units: int, word: str) -> int:
    """Return how many seconds a period takes from *now* on, none of them past the last moment."""
    if word in FIXED:
        return min(units * FIXED[word], -ticks(now))
    month = now.year * 12 + now.month - 1 + units * MONTHS[word]
    year, month = month // 12, month % 12 + 1
    if year > 9999:
        return -ticks(now)
    day = min(now.day, calendar.monthrange(year, month)[1])
    return (now.replace(year=year, month=month, day=day) - now) // timedelta(seconds=1)


class Model(NamedTuple):
    """Be the five moments, in seconds before the last one."""

    this_publish: int
    this_update: int
    next_publish: int
    next_update: int
    propagation_complete: int


def model(
    kind: str,
    schedule: Schedule,
    skew: int,
    now: datetime,
    not_before: datetime,
    given_date: datetime | None,
) -> Model:
    """Return the moments by the rule, written down once more."""
    base_period = span(now, *schedule.period)
    if kind == "base":
        period, configured = base_period, span(now, *schedule.overlap)
        start = min(Fraction(period, 10), Fraction(HALF_DAY))
    else:
        period, configured = span(now, *schedule.delta_period), span(now, *schedule.delta_overlap)
        start = Fraction(min(period, HALF_DAY))
    configured = min(configured, period)
    raw = configured or int(min(max(start, Fraction(3, 2) * skew), base_period))
    moment = ticks(now)
    due = moment + period if given_date is None else ticks(given_date)
    begin = max(moment - skew, ticks(not_before))
    return Model(
        moment,
        begin,
        due,
        max(min(due + raw + skew, 0), begin),
        min(moment + (raw if configured else raw + skew), 0),
    )


def counted(times: Times) -> Model:
    """Return the moments that came out, as the model counts them."""
    return Model(*(ticks(moment) for moment in attrs.astuple(times)))


def made(
    kind: str,
    schedule: Schedule = DELIVERED,
    skew: timedelta = SKEW,
    now: datetime = NOW,
    not_before: datetime = LONG_AGO,
    next_publish: datetime | None = None,
) -> Times:
    """Return the times of a base or a delta."""
    make = crl_times.base if kind == "base" else crl_times.delta
    return make(schedule, skew, now, not_before, next_publish)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (datetime(2023, 1, 10, 13, 6, tzinfo=UTC), datetime(2122, 1, 11, 1, 26, tzinfo=UTC)),
        (datetime(2023, 1, 11, 7, 48, tzinfo=UTC), datetime(2122, 1, 11, 20, 8, tzinfo=UTC)),
    ],
)
def test_two_published_lists_of_99_years(first: datetime, last: datetime) -> None:
    """From ThisUpdate to NextUpdate there are 99 years and 12 h 20 min, as two lists showed."""
    schedule = attrs.evolve(DELIVERED, period=(99, "Years"))
    times = made("base", schedule, now=first + SKEW)
    assert (times.this_update, times.next_update) == (first, last)


def test_a_base_as_delivered() -> None:
    """A base is due in a week, good for 12 h 10 min more, and starts ten minutes ago."""
    assert made("base") == Times(
        this_publish=NOW,
        this_update=NOW - timedelta(minutes=10),
        next_publish=NOW + timedelta(days=7),
        next_update=NOW + timedelta(days=7, hours=12, minutes=10),
        propagation_complete=NOW + timedelta(hours=12, minutes=10),
    )


def test_a_delta_as_delivered() -> None:
    """A delta is due in a day and good for 12 h 10 min more."""
    assert made("delta") == Times(
        this_publish=NOW,
        this_update=NOW - timedelta(minutes=10),
        next_publish=NOW + timedelta(days=1),
        next_update=NOW + timedelta(days=1, hours=12, minutes=10),
        propagation_complete=NOW + timedelta(hours=12, minutes=10),
    )


def overlap(times: Times) -> timedelta:
    """Return by how long a list outlives the next publication, the skew left out."""
    return times.next_update - times.next_publish - SKEW


@pytest.mark.parametrize(
    ("kind", "period", "delta_period", "hours"),
    [
        ("base", (10, "Hours"), (1, "Days"), 1),
        ("base", (6, "Days"), (1, "Days"), 12),
        ("base", (5, "Minutes"), (1, "Days"), 1 / 12),
        ("base", (1, "Hours"), (1, "Days"), 1 / 4),
        ("delta", (1, "Weeks"), (3, "Hours"), 3),
        ("delta", (2, "Hours"), (1, "Days"), 2),
        ("delta", (1, "Weeks"), (1, "Minutes"), 1 / 4),
        ("delta", (1, "Weeks"), (0, "Days"), 1 / 4),
    ],
)
def test_the_overlap_of_the_cas_own(
    kind: str, period: tuple[int, str], delta_period: tuple[int, str], hours: float
) -> None:
    """It is a tenth or the whole of a period, at most 12 h, at least 15 min, at most a base's."""
    times = made(kind, attrs.evolve(DELIVERED, period=period, delta_period=delta_period))
    assert overlap(times) == timedelta(hours=hours)
    assert times.propagation_complete == NOW + timedelta(hours=hours) + SKEW


@pytest.mark.parametrize("kind", ["base", "delta"])
@pytest.mark.parametrize("span_", [timedelta(minutes=1), timedelta(hours=23)])
def test_a_configured_overlap_is_taken_as_it_is(kind: str, span_: timedelta) -> None:
    """However short, it bounds propagation by itself; the skew counts in NextUpdate."""
    units = (span_ // timedelta(minutes=1), "Minutes")
    times = made(kind, attrs.evolve(DELIVERED, overlap=units, delta_overlap=units))
    assert overlap(times) == span_
    assert times.propagation_complete == NOW + span_


@pytest.mark.parametrize(("kind", "days"), [("base", 7), ("delta", 1)])
def test_a_configured_overlap_is_no_longer_than_the_period(kind: str, days: int) -> None:
    """Forty days count as the week of a base, or the day of a delta."""
    times = made(kind, attrs.evolve(DELIVERED, overlap=(40, "Days"), delta_overlap=(40, "Days")))
    assert overlap(times) == timedelta(days=days)


@pytest.mark.parametrize("kind", ["base", "delta"])
def test_a_date_that_was_asked_for_moves_the_end(kind: str) -> None:
    """A given date stands in place of the period's end, and the overlap stays the period's."""
    asked = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    times = made(kind, next_publish=asked)
    assert times.next_publish == asked
    assert times.next_update == asked + timedelta(hours=12, minutes=10)


@pytest.mark.parametrize("kind", ["base", "delta"])
def test_no_list_begins_before_the_ca_certificate(kind: str) -> None:
    """ThisUpdate is the CA certificate's NotBefore where the skew would reach behind it."""
    start = NOW - timedelta(minutes=3)
    assert made(kind, not_before=start).this_update == start


schedules = st.builds(
    Schedule,
    *(
        st.tuples(
            st.integers(low, 100) | st.integers(low, 2**32 - 1),
            st.sampled_from([*FIXED, *MONTHS]),
        )
        for low in (1, 0, 0, 0)
    ),
)
moments = st.datetimes(datetime(1951, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
skews = st.integers(0, 3600) | st.integers(0, 366 * 86_400)
kinds = st.sampled_from(["base", "delta"])


@settings(max_examples=400, deadline=None)
@given(
    kind=kinds,
    schedule=schedules,
    skew=skews,
    now=moments,
    not_before=moments,
    next_publish=st.none() | moments,
)
@example("base", DELIVERED, 1, LAST, LONG_AGO, None)
@example("base", attrs.evolve(DELIVERED, period=(7, "Seconds")), 1, NOW, LONG_AGO, None)
@example("delta", attrs.evolve(DELIVERED, delta_period=(1, "Months")), 601, NOW, LONG_AGO, LAST)
def test_times_follow_the_rule(
    kind: str,
    schedule: Schedule,
    skew: int,
    now: datetime,
    not_before: datetime,
    next_publish: datetime | None,
) -> None:
    """For all schedules, skews and moments the five moments are the model's."""
    found = made(kind, schedule, timedelta(seconds=skew), now, not_before, next_publish)
    assert counted(found) == model(kind, schedule, skew, now, not_before, next_publish)


@given(kind=kinds, schedule=schedules, skew=skews, now=moments)
def test_moments_come_in_their_order(
    kind: str, schedule: Schedule, skew: int, now: datetime
) -> None:
    """A list begins, is published, replaced and ends in that order, and has spread by then."""
    times = made(kind, schedule, timedelta(seconds=skew), now, datetime(1950, 1, 1, tzinfo=UTC))
    assert times.this_update <= times.this_publish == now
    assert now <= times.next_publish <= times.next_update <= LAST
    assert now <= times.propagation_complete <= times.next_update
    assert all(moment.microsecond == 0 for moment in attrs.astuple(times))


@given(kind=kinds, schedule=schedules, two=st.tuples(skews, skews), now=moments)
def test_a_longer_skew_widens_both_ends(
    kind: str, schedule: Schedule, two: tuple[int, int], now: datetime
) -> None:
    """More skew never makes a list begin later or end earlier, and never moves the next one."""
    start = datetime(1950, 1, 1, tzinfo=UTC)
    narrow, wide = (made(kind, schedule, timedelta(seconds=s), now, start) for s in sorted(two))
    assert wide.this_update <= narrow.this_update
    assert narrow.next_update <= wide.next_update
    assert narrow.next_publish == wide.next_publish


def test_the_registry_as_delivered() -> None:
    """A CA is delivered with weekly bases, daily deltas and overlaps of its own."""
    found = Schedule.read(Registry("Test CA"))
    assert found == DELIVERED == crl_times.DEFAULT
    assert found.deltas


def test_a_schedule_is_what_the_registry_says_at_that_moment() -> None:
    """All eight values are read, and a later change does not reach what was read."""
    registry = Registry("Test CA")
    for number, part in enumerate(("", "Delta"), 1):
        registry.write("", f"CRL{part}PeriodUnits", number)
        registry.write("", f"CRL{part}Period", "Months")
        registry.write("", f"CRL{part}OverlapUnits", number + 2)
        registry.write("", f"CRL{part}OverlapPeriod", "days")
    found = Schedule.read(registry)
    registry.write("", "CRLPeriodUnits", 9)
    assert found == Schedule((1, "Months"), (3, "days"), (2, "Months"), (4, "days"))


def test_no_units_turn_deltas_off() -> None:
    """CRLDeltaPeriodUnits 0 is how deltas are disabled."""
    registry = Registry("Test CA")
    registry.write("", "CRLDeltaPeriodUnits", 0)
    assert not Schedule.read(registry).deltas


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((f"CRL{part}Units", "1") for part in ("Period", "Overlap")),
        *((f"CRLDelta{part}Units", b"1") for part in ("Period", "Overlap")),
        ("CRLPeriodUnits", 0),
        ("CRLPeriod", "Fortnights"),
        ("CRLPeriod", ""),
        ("CRLOverlapPeriod", "Hour"),
        ("CRLDeltaPeriod", "Decades"),
        ("CRLDeltaOverlapPeriod", 5),
    ],
)
def test_what_is_no_period_is_refused_by_name(name: str, value: int | str | bytes) -> None:
    """A wrong word, number or type is E_INVALIDARG, and the message names the value."""
    registry = Registry("Test CA")
    registry.write("", name, value)
    with pytest.raises(certsim.ComError) as caught:
        Schedule.read(registry)
    assert caught.value.hresult == signed(E_INVALIDARG)
    assert name in str(caught.value.strerror)
