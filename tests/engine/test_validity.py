"""Periods and dates: how long a certificate lives, and what tells that it was shortened.

`after` is judged by a model that counts months on its fingers; the rest is seen from outside.
Source: KB254632; MS-WCCE and MS-CSRA (clock skew); RFC 5280 4.1.2.5; docs/rulings.md
(Certificates).
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import certsim
from certsim._engine import validity
from tests.codes import E_INVALIDARG, ISSUE, PEND, refused, signed
from tests.engine import values_kit as kit

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
FIXED = {"Seconds": 1, "Minutes": 60, "Hours": 3600, "Days": 86_400, "Weeks": 604_800}
MONTHS = {"Months": 1, "Years": 12}
WORDS = [*FIXED, *MONTHS]
moments = st.datetimes(datetime(1951, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)


def model(start: datetime, units: int, word: str) -> datetime:
    """Return the end of a period by the slow way: month by month."""
    if word in FIXED:
        seconds = units * FIXED[word]
        room = int((LAST - start).total_seconds())
        return start + timedelta(seconds=seconds) if seconds <= room else LAST
    year, month = start.year, start.month
    for _ in range(min(units * MONTHS[word], 120_000)):
        month += 1
        if month > 12:
            year, month = year + 1, 1
    if year > 9999:
        return LAST
    return start.replace(
        year=year, month=month, day=min(start.day, calendar.monthrange(year, month)[1])
    )


@settings(max_examples=150, deadline=None)
@given(start=moments, units=st.integers(0, 500), word=st.sampled_from(WORDS))
@example(datetime(2024, 2, 29, tzinfo=UTC), 1, "Years")
@example(datetime(2026, 1, 31, tzinfo=UTC), 1, "Months")
@example(datetime(2026, 12, 31, tzinfo=UTC), 2, "Months")
@example(datetime(9999, 12, 1, tzinfo=UTC), 1, "Months")
def test_periods_move_along_the_calendar(start: datetime, units: int, word: str) -> None:
    """For all starts, counts and units the end is the model's."""
    assert validity.after(start, units, word) == model(start, units, word)


@given(
    start=moments,
    units=st.tuples(st.integers(0, 2**32), st.integers(0, 2**32)),
    word=st.sampled_from(WORDS),
)
def test_more_units_never_end_earlier(start: datetime, units: tuple[int, int], word: str) -> None:
    """`after` is monotone in the count, and never before its start nor past the year 9999."""
    fewer, more = sorted(units)
    first, second = validity.after(start, fewer, word), validity.after(start, more, word)
    assert start <= first <= second <= LAST


@given(starts=st.tuples(moments, moments), units=st.integers(0, 2**32), word=st.sampled_from(WORDS))
def test_a_later_start_never_ends_earlier(
    starts: tuple[datetime, datetime], units: int, word: str
) -> None:
    """`after` is monotone in the start, too."""
    early, late = sorted(starts)
    assert validity.after(early, units, word) <= validity.after(late, units, word)


@pytest.mark.parametrize("word", ["years", "YEARS", " Years "])
def test_unit_words_ignore_case_and_outer_blanks(word: str) -> None:
    """The registry's words are taken in any case."""
    assert validity.after(NOW, 1, word) == NOW.replace(year=2027)


@pytest.mark.parametrize("word", ["Years", "Days"])
def test_a_negative_count_is_refused(word: str) -> None:
    """A count below 0 is E_INVALIDARG; the registry, which knows no sign, can hold none."""
    with refused(E_INVALIDARG):
        validity.after(NOW, -1, word)


@pytest.mark.parametrize("word", ["Decades", "", "Year"])
def test_what_is_no_period_is_refused(word: str) -> None:
    """Another word is E_INVALIDARG, and no CA starts with it."""
    with refused(E_INVALIDARG):
        validity.after(NOW, 1, word)
    ca = kit.authority(config={r"ca\ValidityPeriod": word})
    with refused(E_INVALIDARG):
        ca.start()


def dates(**more: object) -> tuple[datetime, datetime, str]:
    """Return start, end and disposition message of a certificate under this configuration."""
    with kit.authority(**more) as ca:  # type: ignore[arg-type]
        outcome = ca.submit(kit.csr())
    assert outcome.certificate is not None, str(outcome)
    found = outcome.certificate
    return found.not_valid_before_utc, found.not_valid_after_utc, outcome.message


def test_defaults_are_one_year_less_ten_minutes_of_skew() -> None:
    """A standalone CA issues for a year from now, and starts ten minutes ago."""
    assert dates() == (NOW - timedelta(minutes=10), NOW.replace(year=2027), "Issued")


@pytest.mark.parametrize(
    ("word", "units", "end"),
    [
        ("Seconds", 90, NOW + timedelta(seconds=90)),
        ("Hours", 5, NOW + timedelta(hours=5)),
        ("Weeks", 2, NOW + timedelta(weeks=2)),
        ("Months", 13, datetime(2027, 2, 1, 12, tzinfo=UTC)),
        ("Years", 4, NOW.replace(year=2030)),
    ],
)
def test_the_registry_period_counts_from_now(word: str, units: int, end: datetime) -> None:
    """The period is counted from now and not from NotBefore."""
    config = {r"ca\ValidityPeriod": word, r"ca\ValidityPeriodUnits": units}
    assert dates(config=config)[1:] == (end, "Issued")


@pytest.mark.parametrize("minutes", [0, 1, 60 * 24])
def test_clock_skew_moves_the_start_alone(minutes: int) -> None:
    """ClockSkewMinutes moves NotBefore into the past, but never before the CA's own start."""
    start, end, _ = dates(config={r"ca\ClockSkewMinutes": minutes})
    assert start == NOW - timedelta(minutes=min(minutes, 10))
    assert end == NOW.replace(year=2027)


def test_a_skew_of_a_day_counts_once_the_ca_is_older() -> None:
    """On a CA that has run for a while a long skew is applied in full."""
    sources = certsim.Sources.seeded(1)
    with kit.authority(sources=sources, config={r"ca\ClockSkewMinutes": 1440}) as ca:
        sources.clock.advance(timedelta(days=10))
        found = ca.submit(kit.csr()).certificate
    assert found is not None
    assert found.not_valid_before_utc == NOW + timedelta(days=9)


def test_an_impossible_clock_skew_is_refused_at_start_or_survived() -> None:
    """A DWORD of minutes that reaches before year 1 does not make submit raise a Python error."""
    ca = kit.authority(config={r"ca\ClockSkewMinutes": 0xFFFFFFFF})
    try:
        ca.start()
    except certsim.ComError as error:
        assert error.hresult == signed(E_INVALIDARG)  # noqa: PT017  (either end is right)
    else:
        with ca:
            assert ca.submit(kit.csr()).request_id == 1


def test_the_ca_certificates_end_is_the_limit_and_the_message_says_so() -> None:
    """A period past the CA's end is cut there; the certificate is issued and the message tells."""
    config = {r"ca\ValidityPeriodUnits": 7}
    with kit.authority(config=config) as ca:
        outcome = ca.submit(kit.csr())
        end = ca.certificate.not_valid_after_utc
    assert outcome.certificate is not None
    assert outcome.certificate.not_valid_after_utc == end
    assert outcome.message.startswith("Issued  ")
    assert "shortened" in outcome.message


def test_shortening_by_policy_is_told() -> None:
    """A NotAfter that policy moved forward is reported in the disposition message."""

    def decide(server: object, _context: int) -> int:
        server.SetCertificateProperty("NotAfter", kit.DATE, NOW + timedelta(days=1))  # type: ignore[attr-defined]
        return ISSUE

    _, end, message = dates(policy=decide)
    assert end == NOW + timedelta(days=1)
    assert message.startswith("Issued  ")
    assert "shortened" in message


def test_an_expired_ca_issues_nothing() -> None:
    """Past the end of its certificate the CA denies with CERT_E_EXPIRED."""
    sources = certsim.Sources.seeded(1)
    with kit.authority(sources=sources) as ca:
        sources.clock.advance(timedelta(days=366 * 6))
        outcome = ca.submit(kit.csr())
        assert outcome.status == signed(0x800B0101)
        assert ca.retrieve(1).disposition == certsim.CRDisposition.DENIED


def test_a_resubmitted_request_is_dated_anew() -> None:
    """Dates are computed again when an officer lets a request through later."""
    sources = certsim.Sources.seeded(1)
    with kit.authority(sources=sources, policy=kit.always(PEND)) as ca:
        ca.submit(kit.csr())
        sources.clock.advance(timedelta(days=30))
        found = ca.resubmit(1).certificate
    assert found is not None
    assert found.not_valid_before_utc == NOW + timedelta(days=30, minutes=-10)


def test_a_count_that_is_no_number_keeps_the_ca_from_starting() -> None:
    """ValidityPeriodUnits of another registry type is an unusable configuration, not 0 units."""
    ca = kit.authority(config={r"ca\ValidityPeriodUnits": "2"})
    with refused(E_INVALIDARG), ca:
        pass
