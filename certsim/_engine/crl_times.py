"""When a CRL begins, when the next one is due, and until when the old one is good.

A list outlives the publication of its successor by the overlap, so that clients have time to fetch
that one; the clock skew widens both ends. The overlap is a setting or, as delivered, worked out
from the period. Everything here is arithmetic on values of the registry: a changed period counts
from the next publication on, so the periods are read at each; the overlaps wait for a start.
Source: MS-CSRA 3.1.4.1.6; TechNet cc731104 (overlap); a published lab (two CRLs of 99 years);
docs/rulings.md (CRLs).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from certsim._engine import validity
from certsim.errors import ComError
from certsim.facts.hresults import HRESULT
from certsim.registry import Registry

Period = tuple[int, str]
"""A number of units and their word, as `validity.after` takes them."""

_DELTA = ("CRLDeltaPeriodUnits", "CRLDeltaPeriod")
_OVERLAP = ("CRLOverlapUnits", "CRLOverlapPeriod")
_DELTA_OVERLAP = ("CRLDeltaOverlapUnits", "CRLDeltaOverlapPeriod")
_SECOND = timedelta(seconds=1)
_HALF_DAY = timedelta(hours=12)


@attrs.frozen
class Schedule:
    """Hold the registry's eight values on when to publish; 0 units of overlap leave it to the CA.

    Source: MS-CSRA 3.1.4.1.6; certsrv.h (names of the values).
    """

    period: Period
    overlap: Period
    delta_period: Period
    delta_overlap: Period

    @property
    def deltas(self) -> bool:
        """Tell whether there are delta CRLs: CRLDeltaPeriodUnits is not 0."""
        return self.delta_period[0] != 0

    def with_periods(self, other: Schedule) -> Schedule:
        """Return the periods of *other* with these overlaps."""
        return attrs.evolve(self, period=other.period, delta_period=other.delta_period)

    def at_present(self, registry: Registry) -> Schedule:
        """Return the periods as *registry* has them now, with these overlaps.

        Errors: as `read`, of the periods alone.
        """
        return attrs.evolve(self, period=_period(registry), delta_period=_read(registry, *_DELTA))

    @staticmethod
    def read(registry: Registry) -> Schedule:
        """Return the values as *registry* has them now.

        Errors: `ComError` E_INVALIDARG naming the value for a word that is no unit of time, a
        negative number, a base period of 0 units, or a value of another type.
        Source: TechNet on events 28 and 62; docs/rulings.md (CRLs).
        """
        return Schedule(
            period=_period(registry),
            overlap=_read(registry, *_OVERLAP),
            delta_period=_read(registry, *_DELTA),
            delta_overlap=_read(registry, *_DELTA_OVERLAP),
        )


def _period(registry: Registry) -> Period:
    period = _read(registry, "CRLPeriodUnits", "CRLPeriod")
    if not period[0]:
        raise ComError(HRESULT.E_INVALIDARG, "CRLPeriodUnits is at least 1, not 0")
    return period


def _read(registry: Registry, units: str, word: str) -> Period:
    period = registry.integer(units), registry.text(word)
    try:
        # The sum is of no use here: what is no period of time raises.
        validity.after(validity.END_OF_TIME, *period)
    except ComError as error:
        raise ComError(error.hresult, f"{units} and {word}: {error.strerror}") from error
    return period


DEFAULT = Schedule.read(Registry(""))
"""What a CA is delivered with."""


@attrs.frozen
class Times:
    """Hold the moments of one CRL, aware UTC in whole seconds; none is past the year 9999.

    *this_update* and *next_update* stand in the list, *next_publish* in an extension of it.
    Clients can be counted on to have the list from *propagation_complete* on. The names are those
    of the columns of the CRL table. Source: MS-CSRA 3.1.4.1.6, appendix note 4.
    """

    this_publish: datetime
    this_update: datetime
    next_publish: datetime
    next_update: datetime
    propagation_complete: datetime


def base(
    schedule: Schedule,
    skew: timedelta,
    now: datetime,
    not_before: datetime,
    next_publish: datetime | None = None,
) -> Times:
    """Return the times of a base CRL that is published *now*.

    *skew* is the clock skew, *not_before* the CA certificate's, *next_publish* a date that an
    administrator asked for in place of the period's end. An overlap of the CA's own is a tenth of
    the period but half a day at most; at least one and a half times the skew; at most the period,
    like a configured one. All moments are aware UTC in whole seconds. Source: MS-CSRA 3.1.4.1.6.
    """
    period = _span(now, schedule.period)
    overlap = min(max(min(period / 10, _HALF_DAY), 1.5 * skew), period)
    due = next_publish or now + period
    configured = min(_span(now, schedule.overlap), period)
    return _times(skew, now, not_before, due, configured, overlap)


def delta(
    schedule: Schedule,
    skew: timedelta,
    now: datetime,
    not_before: datetime,
    next_publish: datetime | None = None,
) -> Times:
    """Return the times of a delta CRL, from arguments as in `base`.

    Its own overlap is the delta period but half a day at most, at least one and a half times the
    skew, and at most the period of a base: that last bound is no slip of this file. A configured
    one is at most the delta's. Source: MS-CSRA 3.1.4.1.6; TechNet cc731104.
    """
    period = _span(now, schedule.delta_period)
    overlap = min(max(min(period, _HALF_DAY), 1.5 * skew), _span(now, schedule.period))
    due = next_publish or now + period
    configured = min(_span(now, schedule.delta_overlap), period)
    return _times(skew, now, not_before, due, configured, overlap)


def _span(now: datetime, period: Period) -> timedelta:
    """Return how long *period* is from *now* on; months and years differ, and 9999 ends it all."""
    return validity.after(now, *period) - now


def _times(
    skew: timedelta,
    now: datetime,
    not_before: datetime,
    next_publish: datetime,
    configured: timedelta,
    usual: timedelta,
) -> Times:
    """Put the times together from either overlap.

    The skew counts once in NextUpdate, as in the published lab. Propagation takes the overlap:
    with the skew if the CA worked it out, as it stands if it is a setting (docs/rulings.md, CRLs).
    """
    overlap = configured or usual - usual % _SECOND
    this_update = now - min(skew, now - not_before)
    return Times(
        this_publish=now,
        this_update=this_update,
        next_publish=next_publish,
        # A clock may have been set back to long before the CA certificate.
        next_update=max(_plus(next_publish, overlap + skew), this_update),
        propagation_complete=_plus(now, configured or overlap + skew),
    )


def _plus(moment: datetime, span: timedelta) -> datetime:
    return moment + min(span, validity.END_OF_TIME - moment)
