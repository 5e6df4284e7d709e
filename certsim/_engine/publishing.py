"""Publish runs: asked for by a person, or due by the clock.

A run signs lists for every valid key, stores them, writes them to their places, stores how that
went, and then tells CRLISSUED, once. Runs take turns under a lock of their own, which is given back
before modules are told: one that publishes from inside `Notify` does not wait for itself.

There is no timer and no thread. `tick` does what Windows' timers would have done by now: it makes
the lists that are due, or else tries again what failed. A key that cannot sign makes the run fail
as a whole, before anything is stored.
Source: MS-CSRA 3.1.4.1.6, 3.1.4.2.1; ADCS.CertMod's comments (CRLISSUED once for each run);
docs/rulings.md (CRLs).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from certsim._engine import audit, ca_names, crl_table, crl_times, publication
from certsim._engine.arguments import checked_moment
from certsim._engine.crl_run import Run
from certsim._engine.crl_times import Schedule
from certsim._engine.door import Door, Errand
from certsim._engine.journal import Publication
from certsim._engine.publication import Attempt
from certsim._engine.published import PublishedCRL
from certsim._engine.state import CAState
from certsim.database.rows import CRLRow
from certsim.errors import ComError
from certsim.facts.flags import CRLKind, CRLPublishFlag
from certsim.facts.hresults import HRESULT

_NOBODY = "-"
"""The CA itself, where a person's name would stand. Source: MS-CSRA 3.1.4.1.6."""
_PATIENCE = timedelta(minutes=10)
"""How long after a failed attempt the next one follows. Source: MS-CSRA 3.1.4.1.6."""
_BOTH = CRLKind.BASE | CRLKind.DELTA
_BAD_PERIOD, _BAD_TIMES = 28, 62


class Publisher:
    """Carry out the publish runs of one CA."""

    def __init__(self, state: CAState, door: Door) -> None:
        """Begin with no run under way."""
        self._state, self._door = state, door
        self._lock = threading.Lock()

    def publish(
        self, kinds: CRLKind, next_update: object, errand: Errand
    ) -> tuple[PublishedCRL, ...]:
        """Publish the *kinds* of lists (CA_CRL_ bits) in one run.

        *next_update*, an aware `datetime` or `None`, takes the place of the configured periods.
        With REPUBLISH the newest lists are written once more, to places that do not have them, and
        the date is ignored. A delta beside a base is left out while deltas are off.
        Errors: `ComError` E_INVALIDARG for neither kind, a date that is past or none, a delta alone
        while deltas are off; ERROR_FILE_NOT_FOUND (0x80070002) for a delta without a good base and
        for nothing to republish; CERT_E_EXPIRED when no key is valid any more; those of signing.
        Source: MS-CSRA 3.1.4.1.6, 3.1.4.2.1; docs/rulings.md (CRLs).
        """
        if not kinds & _BOTH:
            raise ComError(HRESULT.E_INVALIDARG, "a run publishes base CRLs, delta CRLs or both")
        again = bool(kinds & CRLKind.REPUBLISH)
        date = None if again else _checked_date(next_update, errand.now)
        audit.publication_asked(self._state, kinds, date, errand.by)
        with self._lock:
            now = self._state.now()  # later than the errand's, if another run came first
            if again:
                published, tell = self._distribute(self._newest(kinds), now, errand.by)
            else:
                rows, expected = self._signed(kinds, date, now, manual=True)
                published, tell = self._distribute(rows, now, errand.by, expected)
        tell()
        return published

    def tick(self) -> tuple[PublishedCRL, ...]:
        """Publish what is due by the CA's clock, all in one run; else try failed places again.

        A base is due when its key has none or NextPublish has come, and takes a delta along; a
        delta likewise while deltas are on. Places are tried again ten minutes after they failed,
        up to ten times in all. Nothing due: an empty tuple. Errors: those of signing.
        Source: MS-CSRA 3.1.4.1.6; docs/rulings.md (CRLs).
        """
        with self._lock:
            now = self._state.now()
            kinds = self._due(now)
            expected = None
            if kinds:
                rows, expected = self._signed(kinds, None, now, manual=False)
            else:
                rows = [row for row in self._standing(_BOTH) if _to_retry(row, now)]
            if not rows:
                return ()
            published, tell = self._distribute(rows, now, _NOBODY, expected)
        tell()
        return published

    def _signed(
        self, kinds: CRLKind, date: datetime | None, now: datetime, *, manual: bool
    ) -> tuple[list[CRLRow], int]:
        """Sign the lists of one run and store them; return them, and what `Door.add_crls` says.

        Unusable periods are event 62, and those a CA is delivered with take their place.
        """
        state = self._state
        schedule, wrong = _schedule(state)
        if wrong is not None:
            publication.log(state, _BAD_TIMES, wrong.hresult, wrong.strerror)
        if kinds == CRLKind.DELTA and not schedule.deltas:
            raise ComError(HRESULT.E_INVALIDARG, "delta CRLs are off: CRLDeltaPeriodUnits is 0")
        signers = crl_table.signers(state, now)
        if not signers:
            raise ComError(HRESULT.CERT_E_EXPIRED, "every certificate of the CA has ended")
        if not kinds & CRLKind.BASE:
            signers = [held for held in signers if self._has_base(held.key_index, now)]
        if not signers:
            raise ComError(HRESULT.ERROR_FILE_NOT_FOUND, "there is no base for a delta to add to")
        run = Run(state, schedule, state.shelf.new_crl_number(), now, date, manual)
        rows = [row for signer in signers for row in run.lists(signer, kinds)]
        return rows, self._door.add_crls(rows)

    def _has_base(self, key_index: int, now: datetime) -> bool:
        bases = crl_table.lists(self._state, key_index, delta=False)
        return bool(crl_table.unexpired(bases, now))

    def _standing(self, kinds: CRLKind) -> list[CRLRow]:
        """Return the newest lists of these *kinds* of all keys, each base before its delta."""
        wanted = [kind is CRLKind.DELTA for kind in _BOTH if kind & kinds]
        found = (
            crl_table.newest(self._state, key, delta=delta)
            for key in crl_table.keys(self._state)
            for delta in wanted
        )
        return [row for row in found if row is not None]

    def _newest(self, kinds: CRLKind) -> list[CRLRow]:
        rows = self._standing(kinds)
        if not rows:
            raise ComError(HRESULT.ERROR_FILE_NOT_FOUND, "there is no CRL to publish again")
        return rows

    def _due(self, now: datetime) -> CRLKind:
        """Return the kinds that are due; one key's are all keys'."""
        state = self._state
        valid = [signer.key_index for signer in crl_table.signers(state, now)]
        if any(_over(crl_table.newest(state, key, delta=False), now) for key in valid):
            return _BOTH
        schedule, _ = _schedule(state)
        if schedule.deltas:
            last = [crl_table.newest(state, key, delta=True) for key in valid]
            # Once deltas are on again, a shadow counts as none.
            if any(_over(row, now) or (row and crl_table.is_shadow(row)) for row in last):
                return CRLKind.DELTA
        return CRLKind(0)

    def _distribute(
        self, rows: Sequence[CRLRow], now: datetime, by: str, expected: int | None = None
    ) -> tuple[tuple[PublishedCRL, ...], Callable[[], None]]:
        """Write the stored *rows* to their places, store how that went, and put it on record.

        Returns what was published, and what tells the modules so.
        """
        state, done, published = self._state, [], []
        base_errors: dict[int, CRLPublishFlag] = {}
        for row in rows:
            key = crl_table.key_of(row)
            attempt = publication.attempt(state, row, base_errors.get(key, CRLPublishFlag(0)))
            if not crl_table.is_delta(row):
                base_errors[key] = attempt.errors
            done.append(publication.noted(state, row, attempt, now, by))
            published.append(self._recorded(row, attempt, now))
        publication.publish_certificates(state)
        return tuple(published), self._door.publish(done, crl_table.surplus(state, now), expected)

    def _recorded(self, row: CRLRow, attempt: Attempt, now: datetime) -> PublishedCRL:
        """Journal and audit one list; return it as its caller gets it."""
        state, key, number = self._state, crl_table.key_of(row), row.number("CRLNumber")
        delta, entries = crl_table.is_delta(row), row.number("CRLCount")
        kind = CRLKind.DELTA if delta else CRLKind.BASE
        published = PublishedCRL(kind, key, number, row.raw, attempt.locations)
        what = ("shadow delta" if crl_table.is_shadow(row) else "delta") if delta else "base"
        state.journal.append((Publication, now, what, key, number, entries, published.status))
        places = [location.place for location in attempt.locations]
        container = state.identity.sanitized + ca_names.suffix(key)
        audit.published(state, row, container, places, base=not delta)
        return published


def check_schedule(state: CAState) -> None:
    """Refuse a start whose CRL periods cannot be used: event 28.

    Errors: `ComError` E_INVALIDARG, which names the value. Source: TechNet cc726359 (event 28).
    """
    try:
        Schedule.read(state.registry)
    except ComError as wrong:
        publication.log(state, _BAD_PERIOD, wrong.hresult, wrong.strerror)
        raise


def _schedule(state: CAState) -> tuple[Schedule, ComError | None]:
    """Return the periods as the registry has them now; the defaults and the reason if it cannot.

    The overlaps are those the CA was started with. Source: MS-CSRA 3.1.4.2.15; TechNet cc731104.
    """
    try:
        return state.settings.schedule.at_present(state.registry), None
    except ComError as error:
        return state.settings.schedule.with_periods(crl_times.DEFAULT), error


def _over(row: CRLRow | None, now: datetime) -> bool:
    return row is None or row.moment("CRLNextPublish") <= now


def _to_retry(row: CRLRow, now: datetime) -> bool:
    complete = row.number("CRLPublishFlags") & CRLPublishFlag.COMPLETE
    given_up = row.number("CRLPublishAttempts") >= publication.ATTEMPTS
    return not complete and not given_up and row.moment("CRLLastPublished") + _PATIENCE <= now


def _checked_date(date: object, now: datetime) -> datetime | None:
    wanted = checked_moment(date)
    if wanted is not None and wanted < now:
        raise ComError(HRESULT.E_INVALIDARG, f"the next update would be past: {wanted}")
    return wanted
