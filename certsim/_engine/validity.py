"""How long a certificate lives: registry periods, calendar arithmetic, the clock skew.

A period is a number and an English word, as in `ValidityPeriodUnits` and `ValidityPeriod`. KB254632
names the units and says nothing of arithmetic; here months and years follow the calendar, so that
a year from 1 March is 1 March whatever February did. Who asks for the sum decides where it starts:
the CA counts from the moment of the request and not from the backdated NotBefore.
Source: KB254632; unit words from the SDK and event 28; docs/rulings.md (Certificates).
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from certsim.errors import ComError, shown
from certsim.facts.hresults import HRESULT

_FIXED = {
    "seconds": timedelta(seconds=1),
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
}
_MONTHS = {"months": 1, "years": 12}
_SHORTEST_MONTH = 28
END_OF_TIME = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The last moment an X.509 date can tell. Source: RFC 5280 4.1.2.5."""


@lru_cache(maxsize=64)
def after(start: datetime, units: int, word: str) -> datetime:
    """Return *start* plus *units* of the unit *word* (Seconds … Years, case ignored).

    Months and years move along the calendar and stop at a shorter month's last day; a sum past
    the year 9999 is `END_OF_TIME`. *start* is aware UTC, and so is the result; sums are kept, since
    a CA asks for few. Errors: `ComError` E_INVALIDARG for another word or a negative count.
    """
    unit = word.strip().lower()
    if units < 0 or (unit not in _FIXED and unit not in _MONTHS):
        raise ComError(HRESULT.E_INVALIDARG, f"{units} {shown(word)} is no period of time")
    try:
        if unit in _FIXED:
            return min(start + units * _FIXED[unit], END_OF_TIME)
        return _add_months(start, units * _MONTHS[unit])
    except (OverflowError, ValueError):
        return END_OF_TIME


def _add_months(start: datetime, months: int) -> datetime:
    """Return *start* some calendar months on: a month after 31 January is 28 or 29 February."""
    years, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month + 1
    if year > END_OF_TIME.year:
        return END_OF_TIME
    if start.day <= _SHORTEST_MONTH:
        return start.replace(year=year, month=month)
    last = calendar.monthrange(year, month)[1]
    return start.replace(year=year, month=month, day=min(start.day, last))
