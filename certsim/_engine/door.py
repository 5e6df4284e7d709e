"""The door: every change of a row goes through `Door.apply`, in one order.

Look up, change, commit, journal, audit, post; and the verb's answer comes after all of these. Where
rows outlive the process, all from commit to post is written down in one transaction. Rows change
under one lock, modules are called outside it. A row that is being decided is *claimed*: it
stands as it was, and every verb but a retrieval is refused.

Which steps are legal is `lifecycle`'s knowledge, what a step writes that of the room behind the
verb; the door knows the order alone. What it asks about the caller is in `access`.
Source: MS-WCCE 3.2.1.4.2.1; win32 SecCrypto, processing certificate requests; CONTRIBUTING.md
(laws 2, 3, 9).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import NamedTuple

from certsim._engine import access, lifecycle
from certsim._engine.arguments import MAX_ACCOUNT, checked_account
from certsim._engine.dispatch import Dispatcher
from certsim._engine.journal import Call, Transition
from certsim._engine.lifecycle import Guard, Verb
from certsim._engine.state import CAState
from certsim.database.rows import CRLRow, Row, Value
from certsim.errors import ComError
from certsim.facts.dispositions import RowDisposition
from certsim.facts.events import ExitEvent
from certsim.facts.hresults import HRESULT

Change = Callable[[Row, Mapping[str, Value]], Row | None]
"""Take the standing row and the column of its new state; return the row to commit, or `None`."""


class Errand(NamedTuple):
    """Hold one call of a verb that was let in: which *verb*, *by* whom, *now*, and about which row.

    *now* is the moment that counts for all the verb writes. *request_id* is `None` for a verb that
    is about no row, or makes one.
    """

    verb: Verb
    by: str
    now: datetime
    request_id: int | None


class Door:
    """Let one step of the life cycle through at a time."""

    def __init__(self, state: CAState, dispatcher: Dispatcher) -> None:
        """Begin with no row claimed."""
        self._state, self._dispatcher = state, dispatcher
        self._lock = threading.Lock()
        self._claims: dict[int, tuple[Errand, Row]] = {}
        # Two steps are taken either way and merely not told, if the readings say so.
        told = {
            Guard.UNREADABLE: state.fidelity.denied_when_failed,
            Guard.ONCE_PENDING: state.fidelity.retrieve_pending,
        }
        self._silent = frozenset(guard for guard, wanted in told.items() if not wanted)

    def admit(self, verb: Verb, by: str, request_id: int | None = None) -> Errand:
        """Journal that *by* called *verb*, check the right to, and return the errand.

        The entry stands also for a verb that is refused.
        Errors: `ComError` E_INVALIDARG for an account that is no text; those of `access.check`.
        """
        state = self._state
        told = checked_account(by)[:MAX_ACCOUNT]
        now = state.now()
        state.journal.append((Call, now, verb, request_id, told))
        access.check(state, verb, by)
        return Errand(verb, by, now, request_id)

    def reserve(self, verb: Verb, by: str) -> tuple[int, Errand]:
        """Admit a verb that makes a row; return the new request id, claimed, and the errand.

        The id is lost if nothing is decided about it, or *by* may not call the verb.
        """
        with self._lock:
            request_id = self._state.shelf.new_id()
        errand = self.admit(verb, by, request_id)
        self._claims[request_id] = errand, Row(request_id, {})
        return request_id, errand

    def claim(self, errand: Errand) -> Row:
        """Return the standing row for a verb that decides it, and let nobody else at it.

        Errors: those of `apply`; nothing is claimed then.
        """
        with self._lock:
            row = self._find(errand)
            lifecycle.allow(row.disposition, errand.verb)
            access.check_row(self._state, errand.verb, errand.by, row)
            self._claims[row.request_id] = errand, row
        return row

    def release(self, errand: Errand) -> None:
        """Give up the claim that is this very errand's; no harm if it has none any more."""
        if self._claimed(errand) is not None and errand.request_id is not None:
            del self._claims[errand.request_id]

    def _claimed(self, errand: Errand) -> Row | None:
        """Return the row that this very errand has claimed, as it stands: nobody may change it."""
        holder, row = self._claims.get(errand.request_id or 0, (None, None))
        return row if holder is errand else None

    def apply(
        self,
        errand: Errand,
        change: Change,
        *,
        guard: Callable[[Row], Guard] = lambda _: Guard.ALWAYS,
        audit: Callable[[Row], None] | None = None,
    ) -> Row:
        """Take one step of the life cycle: look up, change, commit, journal, audit, post.

        *change* gets the standing row (a blank one for a new id) and the column that tells its new
        state; a row it returns unchanged is not committed, and for `None` the row is deleted.
        *guard* says which step it is, and may refuse. An errand that holds the claim on its row
        gives it up by this. Returns the row as it is now, a deleted one as it was.
        Errors: `ComError` CERTSRV_E_PROPERTY_EMPTY for an unknown id, CERTSRV_E_BAD_REQUESTSTATUS
        for a row that another errand has claimed, those of `access.check_row` and
        `lifecycle.step`; nothing changes then.
        """
        state = self._state
        try:
            with self._lock:
                standing = self._standing(errand)
                before = standing.disposition if standing.columns else None
                step = lifecycle.step(before, errand.verb, guard(standing))
                if errand.request_id is None:
                    standing = Row(state.shelf.new_id(), {})
                end = {} if step.after is None else {"Request.Disposition": int(step.after)}
                row = change(standing, end)
                event = ExitEvent.INVALID if step.guard in self._silent else step.event
                # A retrieval that is not told keeps nothing, and need not find room on the disk.
                with nullcontext() if row is standing and not event else state.journal.step():
                    if row is None:
                        state.shelf.delete(standing.request_id)
                    elif row is not standing:
                        state.shelf.commit(row, standing if before is not None else None)
                    self._journal(errand.verb, standing, row, before, event)
                    row = row or standing
                    if audit is not None and state.settings.audit_filter:
                        audit(row)
                    expected = self._dispatcher.expect(event, row.request_id)
        finally:
            self.release(errand)
        self._dispatcher.post(event, row, expected)
        return row

    def _standing(self, errand: Errand) -> Row:
        """Return the row a step starts from, a blank one where there is none yet."""
        if errand.request_id is None:
            return _BLANK
        claimed = self._claimed(errand)
        if claimed is not None:
            return claimed
        row = self._find(errand)
        access.check_row(self._state, errand.verb, errand.by, row)
        return row

    def _find(self, errand: Errand) -> Row:
        """Return the row that an errand is about; a retrieval may look at a claimed row."""
        request_id = errand.request_id
        if request_id in self._claims and errand.verb != Verb.RETRIEVE:
            raise ComError(
                HRESULT.CERTSRV_E_BAD_REQUESTSTATUS, f"request {request_id} is being worked on"
            )
        row = None if request_id is None else self._state.shelf.get(request_id)
        if row is None:
            raise ComError(HRESULT.CERTSRV_E_PROPERTY_EMPTY, f"there is no request {request_id}")
        return row

    def _journal(
        self,
        verb: str,
        standing: Row,
        row: Row | None,
        before: RowDisposition | None,
        event: ExitEvent,
    ) -> None:
        """Journal the step from *standing* to *row*.

        A retrieval leaves the row alone; only one that fires an event is worth an entry.
        """
        if row is standing and not event:
            return
        after, held = (None, standing) if row is None else (row.disposition, row)
        status = held.columns["Request.StatusCode"]
        self._state.journal.append(
            (Transition, verb, held.request_id, before, after, event, status, held.message)
        )

    def add_crls(self, rows: Iterable[CRLRow]) -> int:
        """Keep new *rows* of the CRL table; from now on modules have to hear CRLISSUED.

        Returns what `publish` takes.
        """
        with self._lock, self._state.journal.step():
            self._state.shelf.commit_crls(rows)
            return self._dispatcher.expect(ExitEvent.CRLISSUED, None)

    def forget_crls(self, gone: Iterable[int]) -> int:
        """Forget the rows of the CRL table with ids in *gone*; return how many went."""
        shelf = self._state.shelf
        with self._lock, self._state.journal.step():
            going = {row.row_id for row in shelf.crls()} & set(gone)
            shelf.delete_crls(going)
        return len(going)

    def publish(
        self, rows: Iterable[CRLRow], surplus: Iterable[int], expected: int | None
    ) -> Callable[[], None]:
        """Keep what publishing has made of *rows* that are still there; *surplus* ids go.

        *expected* is what `add_crls` returned, `None` for lists that are not new. Returns what
        tells the modules, CRLISSUED, once the caller has given its own lock back.
        """
        shelf, event = self._state.shelf, ExitEvent.CRLISSUED
        with self._lock, self._state.journal.step():
            there = {row.row_id for row in shelf.crls()}
            shelf.commit_crls(row for row in rows if row.row_id in there)
            shelf.delete_crls(there & set(surplus))
            told = self._dispatcher.expect(event, None) if expected is None else expected
        return lambda: self._dispatcher.post(event, None, told)


_BLANK = Row(0, {})
