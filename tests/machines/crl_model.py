"""The lists a CA signs: who stands on them, how they are numbered, when the next ones are due.

Written by hand as the judge of the publish run. A list here is a handful of numbers and moments and
the entries in their order; places that lists are written to are not modelled.
Source: MS-CSRA 3.1.4.1.6, 3.1.4.2.1 (the run, times, what goes in); RFC 5280 5.2.4 (deltas);
docs/rulings.md (CRLs).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import attrs

from tests.machines.request_model import ISSUED, REVOKED, ModelRow, RefusedError

BASE, DELTA = 1, 2
"""CA_CRL_BASE and CA_CRL_DELTA. Source: sdk-api certadm (PublishCRLs)."""
INVALID, NO_FILE, ENDED = -0x7FF8FFA9, -0x7FF8FFFE, -0x7FF4FEFF
SKEW, HALF_DAY = timedelta(minutes=10), timedelta(hours=12)
RELEASED, REMOVE = -1, 8


@attrs.frozen
class Entry:
    """Be what a list says of one certificate."""

    serial: str
    date: datetime
    reason: int


@attrs.frozen
class CRL:
    """Be one list. *least* is the number of the base that a delta adds to, 0 in a base.

    It begins and ends with ThisUpdate and NextUpdate; it was *made* and is *spread* at the columns
    ThisPublish and PropagationComplete; its successor is *due*. *signer* is a certificate's index.
    """

    key: int
    signer: int
    number: int
    least: int
    begins: datetime
    made: datetime
    due: datetime
    ends: datetime
    spread: datetime
    entries: tuple[Entry, ...]
    shadow: bool = False

    @property
    def kind(self) -> int:
        """Return BASE or DELTA."""
        return DELTA if self.least else BASE


@attrs.frozen
class Certificate:
    """Be one certificate of the CA itself."""

    index: int
    key: int
    begins: datetime
    ends: datetime


@attrs.define
class Publisher:
    """Be what a CA knows of its lists.

    *period* and *delta_period* are the configured ones; no delta period, no deltas. With *oldest* a
    delta always adds to the oldest good base (CRLFlags 1); with *tidy* ended lists go (CRLFlags 2).
    """

    period: timedelta
    delta_period: timedelta
    oldest: bool = False
    tidy: bool = True
    last_number: int = 0
    table: list[CRL] = attrs.field(factory=list)

    def publish(
        self,
        kinds: int,
        date: datetime | None,
        now: datetime,
        certificates: Sequence[Certificate],
        rows: Iterable[ModelRow],
    ) -> list[CRL]:
        """Carry out one run for the *kinds* asked for; *date* stands for the period's end."""
        if not kinds or (date is not None and date < now):
            raise RefusedError(INVALID)
        if kinds == DELTA and not self.delta_period:
            raise RefusedError(INVALID)
        signers = valid(certificates, now)
        if not signers:
            raise RefusedError(ENDED)
        if not kinds & BASE:
            signers = [held for held in signers if self.good(held.key, now)]
        if not signers:
            raise RefusedError(NO_FILE)
        self.last_number += 1
        run = Run(self, self.last_number, now, date, sorted(rows, key=lambda row: -row.number))
        made = [crl for signer in signers for crl in run.of_key(signer, kinds)]
        self._sweep(now)
        return made

    def republish(self, kinds: int, now: datetime) -> list[CRL]:
        """Answer the newest lists of these *kinds*, which are written once more."""
        if not kinds:
            raise RefusedError(INVALID)
        keys = sorted({crl.key for crl in self.table})
        found = [
            crl
            for key in keys
            for kind in (BASE, DELTA)
            if kinds & kind and (crl := self.newest(key, kind)) is not None
        ]
        if not found:
            raise RefusedError(NO_FILE)
        self._sweep(now)
        return found

    def due(self, now: datetime, certificates: Sequence[Certificate]) -> int:
        """Return the kinds that the clock asks for."""
        kinds = 0
        for signer in valid(certificates, now):
            base, delta = self.newest(signer.key, BASE), self.newest(signer.key, DELTA)
            if base is None or base.due <= now:
                return BASE | DELTA
            if self.delta_period and (delta is None or delta.shadow or delta.due <= now):
                kinds = DELTA
        return kinds

    def of(self, key: int, kind: int) -> list[CRL]:
        """Return the lists of one key and *kind* that the table has, oldest first."""
        return [crl for crl in self.table if crl.key == key and crl.kind == kind]

    def newest(self, key: int, kind: int) -> CRL | None:
        """Return the newest of them, if there is one."""
        return next(reversed(self.of(key, kind)), None)

    def good(self, key: int, now: datetime) -> list[CRL]:
        """Return the bases of one key that have not ended."""
        return [crl for crl in self.of(key, BASE) if crl.ends >= now]

    def _sweep(self, now: datetime) -> None:
        """Forget lists that have ended, but never the newest of a kind."""
        if self.tidy:
            self.table = [
                crl
                for crl in self.table
                if crl.ends >= now or crl is self.newest(crl.key, crl.kind)
            ]


@attrs.frozen
class Run:
    """Be one run, which gives one *number* to all its lists; *rows* come newest first."""

    publisher: Publisher
    number: int
    now: datetime
    date: datetime | None
    rows: Sequence[ModelRow]

    def of_key(self, signer: Certificate, kinds: int) -> list[CRL]:
        """Sign what one key has to sign: a base, a delta, or once a shadow in a delta's place."""
        publisher, before = self.publisher, self.publisher.newest(signer.key, DELTA)
        made = []
        if kinds & BASE:
            made.append(self._base(signer))
        good = publisher.good(signer.key, self.now)
        if kinds & DELTA and publisher.delta_period:
            spread = [crl for crl in good if crl.spread <= self.now]
            least = spread[-1] if spread and not publisher.oldest else good[0]
            made.append(self._delta(signer, least, good[0], before))
        elif kinds & DELTA and before is not None and not before.shadow:
            made.append(self._delta(signer, made[0], good[0], before, shadow=True))
        return made

    def _base(self, signer: Certificate) -> CRL:
        """Sign a base: all that is revoked by now, ended ones only if no base has told of it."""
        previous = self.publisher.newest(signer.key, BASE)
        entries = tuple(
            Entry(row.serial, row.effective, row.reason)
            for row in self.rows
            if self._revoked(row, signer.key, previous)
        )
        return self._signed(signer, entries, None, shadow=False)

    def _delta(
        self,
        signer: Certificate,
        least: CRL,
        oldest: CRL,
        previous: CRL | None,
        *,
        shadow: bool = False,
    ) -> CRL:
        """Sign a delta: what was revoked or released since the *oldest* good base began."""
        entries = []
        for row in self.rows:
            if row.told is None or row.told < oldest.begins:
                continue
            if self._revoked(row, signer.key, previous):
                entries.append(Entry(row.serial, row.effective, row.reason))
            elif self._released(row, signer.key):
                entries.append(Entry(row.serial, row.effective, REMOVE))
        return self._signed(signer, tuple(entries), least, shadow=shadow)

    def _revoked(self, row: ModelRow, key: int, previous: CRL | None) -> bool:
        if row.state != REVOKED or row.key != key or row.effective > self.now:
            return False
        return previous is None or row.ends >= previous.made or row.lasting == 1

    def _released(self, row: ModelRow, key: int) -> bool:
        released = row.state == ISSUED and row.reason == RELEASED and row.key == key
        return released and row.effective <= self.now <= row.ends

    def _signed(
        self, signer: Certificate, entries: tuple[Entry, ...], least: CRL | None, *, shadow: bool
    ) -> CRL:
        """Give a list its times and put it into the table; a shadow lasts as long as a base."""
        base_like = least is None or shadow
        period = self.publisher.period if base_like else self.publisher.delta_period
        usual = min(period / 10, HALF_DAY) if base_like else min(period, HALF_DAY)
        overlap = min(max(usual, 1.5 * SKEW), self.publisher.period)
        due = self.date or self.now + period
        crl = CRL(
            signer.key,
            signer.index,
            self.number,
            least.number if least else 0,
            max(self.now - SKEW, signer.begins),
            self.now,
            due,
            due + overlap + SKEW,
            self.now + overlap + SKEW,
            entries,
            shadow,
        )
        self.publisher.table.append(crl)
        return crl


def valid(certificates: Sequence[Certificate], now: datetime) -> list[Certificate]:
    """Return who signs: of each key that has a living certificate the newest certificate."""
    newest = {held.key: held for held in certificates}
    living = {held.key for held in certificates if held.ends >= now}
    return [newest[key] for key in sorted(living)]
