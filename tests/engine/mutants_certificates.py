"""Engines made wrong, the second half: revoking, importing, deleting, publishing, renewing.

As in `mutants`, each function puts one small fault in for the length of a test. A shelf that keeps
the index of a deleted row's serial number is not among them: it answers like one that does not.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest

from certsim import CADisposition, RowDisposition
from certsim._engine import (
    crl_run,
    crl_table,
    dispatch,
    door,
    engine,
    importing,
    lifecycle,
)
from certsim._engine.lifecycle import Guard, Verb
from certsim.database.memory import MemoryShelf
from certsim.database.rows import Revocations
from certsim.facts.events import ExitEvent
from certsim.facts.flags import CRLKind

Patch = pytest.MonkeyPatch
R = RowDisposition
HOUR = timedelta(hours=1)


def _revocation_changed(
    patch: Patch, before: RowDisposition, guard: Guard, **changes: object
) -> None:
    key = before, Verb.REVOKE, guard
    changed = attrs.evolve(lifecycle._STEPS[key], **changes)  # type: ignore[arg-type]
    patch.setitem(lifecycle._STEPS, key, changed)


def release_leaves_revoked(patch: Patch) -> None:
    """Write all that a release writes, and leave the row Revoked."""
    _revocation_changed(patch, R.REVOKED, Guard.RELEASE, after=R.REVOKED)


def release_is_silent(patch: Patch) -> None:
    """Tell nobody of a release."""
    _revocation_changed(patch, R.REVOKED, Guard.RELEASE, event=ExitEvent.INVALID)


def second_revocation_is_silent(patch: Patch) -> None:
    """Tell of the first revocation only."""
    for guard in (Guard.REVOKE, Guard.HOLD):
        _revocation_changed(patch, R.REVOKED, guard, event=ExitEvent.INVALID)


def toggle_fires(patch: Patch) -> None:
    """Tell of a change of PublishExpiredCertInCRL."""
    for state in (R.ISSUED, R.REVOKED):
        _revocation_changed(patch, state, Guard.TOGGLE, event=ExitEvent.CERTREVOKED)


def hold_over_another_reason(patch: Patch) -> None:
    """Put on hold what is revoked for another reason."""
    step = lifecycle._STEPS[R.REVOKED, Verb.REVOKE, Guard.HOLD]
    patch.setitem(lifecycle._STEPS, (R.REVOKED, Verb.REVOKE, Guard.NOT_ON_HOLD), step)


def refused_like_a_request(patch: Patch) -> None:
    """Refuse a revocation with the code that other verbs have for a wrong state."""
    patch.setattr(lifecycle, "_REFUSALS", {})


def future_date_counts(patch: Patch) -> None:
    """Call revoked what is going to be."""
    honest = engine.Engine.is_valid

    def hasty(self: engine.Engine, serial_number: str, caller: str) -> CADisposition:
        answer = honest(self, serial_number, caller)
        row = self.state.shelf.by_serial(serial_number)
        revoked = row is not None and row.disposition is R.REVOKED
        return CADisposition.REVOKED if revoked else answer

    patch.setattr(engine.Engine, "is_valid", hasty)


def foreign_is_valid(patch: Patch) -> None:
    """Vouch for what another CA has issued."""
    honest = engine.Engine.is_valid

    def kind(self: engine.Engine, serial_number: str, caller: str) -> CADisposition:
        answer = honest(self, serial_number, caller)
        there = self.state.shelf.by_serial(serial_number) is not None
        return CADisposition.VALID if there and answer is CADisposition.INVALID else answer

    patch.setattr(engine.Engine, "is_valid", kind)


def _entries_changed(patch: Patch, change: Callable[[Revocations], Revocations]) -> None:
    honest = MemoryShelf.crl_entries
    patch.setattr(MemoryShelf, "crl_entries", lambda self, wanted: honest(self, change(wanted)))


def future_date_is_listed(patch: Patch) -> None:
    """List what is going to be revoked."""
    later = timedelta(days=400)
    _entries_changed(patch, lambda wanted: wanted._replace(effective=wanted.effective + later))


def ended_are_dropped_early(patch: Patch) -> None:
    """Leave out an ended certificate on the first list after its end."""
    _entries_changed(patch, lambda wanted: wanted._replace(ended=wanted.effective))


def ended_stay_for_ever(patch: Patch) -> None:
    """Leave no ended certificate out."""
    _entries_changed(patch, lambda wanted: wanted._replace(ended=None))


def delta_forgets(patch: Patch) -> None:
    """Put into a delta what the last hour brought, not what a client may have missed."""

    def recent(wanted: Revocations) -> Revocations:
        if wanted.since is None:
            return wanted
        return wanted._replace(since=max(wanted.since, wanted.effective - HOUR))

    _entries_changed(patch, recent)


def released_are_left_out(patch: Patch) -> None:
    """Say nothing in a delta of what was released."""
    honest = MemoryShelf.crl_entries

    def silent(self: MemoryShelf, wanted: Revocations) -> list[bytes]:
        released = {row.crl_entry for row in self if row.disposition is R.ISSUED}
        return [entry for entry in honest(self, wanted) if entry not in released]

    patch.setattr(MemoryShelf, "crl_entries", silent)


def oldest_first(patch: Patch) -> None:
    """List the oldest request first."""
    honest = MemoryShelf.crl_entries
    patch.setattr(MemoryShelf, "crl_entries", lambda self, wanted: honest(self, wanted)[::-1])


def number_for_each_key(patch: Patch) -> None:
    """Count on within one run."""
    honest = crl_run.Run.lists

    def counting(self: crl_run.Run, signer: Any, kinds: CRLKind) -> Any:
        number = self.number + signer.key_index
        return honest(attrs.evolve(self, number=number), signer, kinds)

    patch.setattr(crl_run.Run, "lists", counting)


def delta_adds_to_the_newest_base(patch: Patch) -> None:
    """Count on clients to have a base that was signed a moment ago."""
    patch.setattr(crl_table, "minimum_base", lambda good, *_: good[-1])


def newest_key_alone(patch: Patch) -> None:
    """Sign no lists for the keys before the newest."""
    honest = crl_table.signers
    patch.setattr(crl_table, "signers", lambda state, now: honest(state, now)[-1:])


def told_for_each_list(patch: Patch) -> None:
    """Fire CRLISSUED once for each list of a run."""
    honest = door.Door.publish

    def chatty(self: Any, rows: Any, surplus: Any, expected: Any) -> Any:
        tell = honest(self, rows, surplus, expected)
        return lambda: [tell() for _ in rows]

    patch.setattr(door.Door, "publish", chatty)


def told_before_it_is_stored(patch: Patch) -> None:
    """Fire CRLISSUED while the lists of before are the newest."""
    commit, post = MemoryShelf.commit_crls, dispatch.Dispatcher.post
    late: list[tuple[MemoryShelf, object]] = []
    patch.setattr(MemoryShelf, "commit_crls", lambda self, rows: late.append((self, rows)))

    def told_first(
        self: dispatch.Dispatcher, event: ExitEvent, row: object = None, expected: int = 0
    ) -> None:
        post(self, event, row, expected)  # type: ignore[arg-type]
        while late:
            commit(*late.pop(0))  # type: ignore[arg-type]

    patch.setattr(dispatch.Dispatcher, "post", told_first)


def import_looks_for_nothing(patch: Patch) -> None:
    """Take in a certificate whose serial number is there."""
    patch.setattr(importing, "known", lambda *_: None)


def deleted_stay_listed(patch: Patch) -> None:
    """Forget a row, and keep it on the lists."""
    delete = MemoryShelf.delete

    def half(self: MemoryShelf, request_id: int) -> None:
        kept = dict(self._listed)
        delete(self, request_id)
        self._listed = kept

    patch.setattr(MemoryShelf, "delete", half)


def deleted_ids_come_back(patch: Patch) -> None:
    """Give the id of a deleted row to the next request."""
    delete = MemoryShelf.delete

    def reusing(self: MemoryShelf, request_id: int) -> None:
        delete(self, request_id)
        self._last_id = max(self._rows, default=0)

    patch.setattr(MemoryShelf, "delete", reusing)


def deletion_is_told(patch: Patch) -> None:
    """Fire CERTREVOKED for a row that goes."""
    key = R.ISSUED, Verb.DELETE, Guard.WHOLE
    step = attrs.evolve(lifecycle._STEPS[key], event=ExitEvent.CERTREVOKED)
    patch.setitem(lifecycle._STEPS, key, step)


def imported_row_is_told_unstored(patch: Patch) -> None:
    """Tell modules of an import before it is committed."""
    commit, post = MemoryShelf.commit, dispatch.Dispatcher.post
    late: list[tuple[object, ...]] = []
    patch.setattr(MemoryShelf, "commit", lambda self, *rows: late.append((self, *rows)))

    def told_first(
        self: dispatch.Dispatcher, event: ExitEvent, row: object = None, expected: int = 0
    ) -> None:
        post(self, event, row, expected)  # type: ignore[arg-type]
        while late:
            commit(*late.pop(0))

    patch.setattr(dispatch.Dispatcher, "post", told_first)


def renewed_key_does_not_sign(patch: Patch) -> None:
    """Go on signing with the first key for ever."""
    state = engine.CAState
    patch.setattr(state, "issuer", property(lambda self: self.certificates[0]))
