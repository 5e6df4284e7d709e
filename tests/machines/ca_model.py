"""A certificate's life after it was issued, and a CA's: revoke, import, delete, publish, renew.

The second half of the judge, on top of `request_model`; the lists are in `crl_model`. Like those it
is written by hand from the prose, and looks at none of certsim's tables.
Source: MS-CSRA 3.1.4.1.5, 3.1.4.1.6, 3.1.4.1.8, 3.1.4.1.26, 3.1.4.2.18; win32
SecCrypto/certification-authority-renewal; comments of ADCS.CertMod on its events; docs/rulings.md
(Revocation, Import, Deleting rows, The CA's own certificates).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import attrs

from tests.machines.crl_model import CRL, INVALID, RELEASED, SKEW, Certificate, Publisher
from tests.machines.request_model import (
    BAD_STATUS,
    DENIED,
    FAILED,
    FOREIGN,
    ISSUED,
    PENDING,
    REVOKED,
    ModelRow,
    RefusedError,
    RequestModel,
)

ON_REVOKED, ON_CRL, ON_IMPORTED = 0x8, 0x20, 0x200
IS_REVOKED, IS_VALID, IS_INVALID = 2, 3, 4
INVALID_DATA, NO_MATCH = -0x7FF8FFF3, -0x7FF6DFF7
CHAINING, EXISTS = -0x7FF4FEF9, -0x7FF8EC6E
HOLD = 6
REASONS = (0, 1, 2, 3, 4, 5, HOLD, 8, RELEASED)
SWITCHES = {-2: 1, -3: 0}
"""The numbers that set and clear PublishExpiredCertInCRL. Source: MS-CSRA 3.1.4.1.8."""
DWORD = 2**32
_LIFE_OF_A_CA = 5


@attrs.frozen
class Found:
    """Be a certificate that is imported: *key* is that of its CA, `None` for a foreign one.

    *ours* tells whether its public key is the one all requests here are for.
    """

    serial: str
    ends: datetime
    key: int | None
    ours: bool


@attrs.define
class Model(RequestModel):
    """Be a whole CA. With *foreign_allowed* it is configured to take foreign certificates."""

    foreign_allowed: bool = False
    lists: Publisher = attrs.field(kw_only=True)
    certificates: list[Certificate] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        """Begin with one certificate."""
        self._certify(0)

    def pass_time(self, span: timedelta) -> None:
        """Move the clock."""
        self.now += span

    def revoke(self, serial: str, reason: object, effective: object, officer: str) -> None:
        """Revoke, hold, release, or set whether the certificate outlives its end on lists."""
        self._must_run()
        wanted = _reason(reason)
        row = self._with_serial(serial)
        if row is None:
            raise RefusedError(INVALID)
        when = self._moment(effective)
        if wanted in SWITCHES:
            row.lasting = SWITCHES[wanted]
            return
        if not _may(row, wanted):
            raise RefusedError(INVALID_DATA)
        row.state = ISSUED if wanted == RELEASED else REVOKED
        row.reason, row.effective, row.told = wanted, when, self.now
        row.crooked |= when > self.now
        row.message = (f"Revoked by {officer}",)
        self._tell(ON_REVOKED, row)

    def _moment(self, effective: object) -> datetime:
        if effective is None:
            return self.now
        if not isinstance(effective, datetime) or effective.tzinfo is None:
            raise RefusedError(INVALID)
        return effective

    def is_valid(self, serial: str) -> int:
        """Answer the check, which looks at state and effective date alone."""
        self._must_run()
        row = self._with_serial(serial)
        if row is None or row.state == FOREIGN:
            return IS_INVALID
        return IS_REVOKED if row.state == REVOKED and row.effective <= self.now else IS_VALID

    def take_in(self, found: Found, officer: str, *, foreign: bool, existing: bool) -> int:
        """Import a certificate: as a new row, or to complete the oldest request for its key."""
        self._must_run()
        if found.key is None and not (foreign and self.foreign_allowed):
            raise RefusedError(CHAINING)
        waiting = self._waiting(found) if existing else None
        there = self._with_serial(found.serial)
        if there is not None:
            if there.state == FOREIGN and found.key is None:
                return there.number
            raise RefusedError(EXISTS)
        if waiting is not None and found.key is None:
            raise RefusedError(BAD_STATUS)
        row = waiting or self._new_row("imported")
        row.state, row.status, row.message = ISSUED, 0, (f"Imported by {officer}",)
        row.serial, row.ends, row.resolved, row.crooked = found.serial, found.ends, self.now, True
        if found.key is None:
            row.state = FOREIGN
        else:
            row.key = found.key
        self._tell(ON_IMPORTED, row)
        return row.number

    def _waiting(self, found: Found) -> ModelRow:
        for row in sorted(self.rows.values(), key=lambda row: row.number):
            if row.state == PENDING and found.ours:
                return row
        raise RefusedError(NO_MATCH)

    def delete(self, number: int) -> int:
        """Delete one row, whatever its state; one that is not there is no error."""
        self._must_run()
        return 1 if self.rows.pop(number, None) else 0

    def delete_attributes(self, number: int) -> int:
        """Delete the attributes of a row, which stays."""
        self._must_run()
        row = self.rows.get(number)
        if row is None or not row.colour:
            return 0
        row.colour = ""
        return 1

    def delete_expired(self, before: datetime) -> int:
        """Delete rows with a certificate that had ended."""
        return self._delete(lambda row: row.state in (ISSUED, REVOKED) and row.ends < before)

    def delete_idle(self, before: datetime) -> int:
        """Delete rows without a certificate on which nothing had happened since."""
        return self._delete(
            lambda row: (
                row.state in (PENDING, FAILED, DENIED) and (row.resolved or row.submitted) < before
            )
        )

    def _delete(self, meant: Callable[[ModelRow], bool]) -> int:
        self._must_run()
        gone = [row.number for row in self.rows.values() if meant(row)]
        for number in gone:
            del self.rows[number]
        return len(gone)

    def delete_lists(self, before: datetime) -> int:
        """Delete rows of the CRL table by their end."""
        self._must_run()
        kept = [crl for crl in self.lists.table if crl.ends >= before]
        gone = len(self.lists.table) - len(kept)
        self.lists.table = kept
        return gone

    def publish(self, kinds: int, date: datetime | None, *, again: bool) -> list[CRL]:
        """Sign lists, or write the newest once more; either is told once."""
        self._must_run()
        if again:
            made = self.lists.republish(kinds, self.now)
        else:
            rows = self.rows.values()
            made = self.lists.publish(kinds, date, self.now, self.certificates, rows)
        self._tell(ON_CRL, None)
        return made

    def tick(self) -> list[CRL]:
        """Publish what is due."""
        self._must_run()
        kinds = self.lists.due(self.now, self.certificates)
        return self.publish(kinds, None, again=False) if kinds else []

    def renew(self, *, new_key: bool) -> None:
        """Go on with a new certificate, told to nobody."""
        self._must_run()
        self._certify(len(self.certificates) if new_key else self.newest_key)

    def _certify(self, key: int) -> None:
        leap_day = (self.now.month, self.now.day) == (2, 29)
        day = 28 if leap_day else self.now.day
        ends = self.now.replace(year=self.now.year + _LIFE_OF_A_CA, day=day)
        self.newest_key = key
        self.certificates.append(Certificate(len(self.certificates), key, self.now - SKEW, ends))


def _reason(reason: object) -> int:
    """Return the reason meant by a number in either spelling of a DWORD."""
    if type(reason) is not int:
        raise RefusedError(INVALID)
    meant = reason - DWORD if DWORD // 2 <= reason < DWORD else reason
    if meant not in REASONS and meant not in SWITCHES:
        raise RefusedError(INVALID)
    return meant


def _may(row: ModelRow, reason: int) -> bool:
    """Tell whether a row may be revoked for *reason*."""
    on_hold = row.state == REVOKED and row.reason == HOLD
    if reason == RELEASED:
        return on_hold
    if reason == HOLD:
        return row.state == ISSUED or on_hold
    return row.state in (ISSUED, REVOKED)
