"""Engines made wrong: each function here puts one small fault in, for the length of a test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import attrs
import pytest

from certsim import RowDisposition
from certsim._engine import (
    building,
    contexts,
    dispatch,
    door,
    engine,
    failures,
    journal,
    lifecycle,
    service,
)
from certsim._engine.lifecycle import Guard, Verb
from certsim.database.memory import MemoryShelf
from certsim.facts.events import ExitEvent
from tests.engine import engine_kit as kit

Patch = pytest.MonkeyPatch
R = RowDisposition
Dispatcher = dispatch.Dispatcher


def mask_inverted(patch: Patch) -> None:
    """Tell modules what they did not ask for."""
    host = Dispatcher.host

    def inverted(self: Dispatcher, policy: object, exits: Sequence[attrs.AttrsInstance]) -> None:
        host(self, policy, exits)  # type: ignore[arg-type]
        self._listeners = {
            int(event): tuple(
                (m, m.notify, m.progid)  # type: ignore[attr-defined]
                for m in exits
                if not m.mask & event  # type: ignore[attr-defined]
            )
            for event in ExitEvent
            if not all(m.mask & event for m in exits)  # type: ignore[attr-defined]
        }

    patch.setattr(Dispatcher, "host", inverted)


def _rehosted(patch: Patch, change: Callable[[Sequence[object]], Sequence[object]]) -> None:
    host = Dispatcher.host
    patch.setattr(Dispatcher, "host", lambda self, policy, exits: host(self, policy, change(exits)))


def order_reversed(patch: Patch) -> None:
    """Tell the last module first."""
    _rehosted(patch, lambda exits: exits[::-1])


def first_module_only(patch: Patch) -> None:
    """Forget all modules but one."""
    _rehosted(patch, lambda exits: exits[:1])


def _step_changed(
    patch: Patch, before: RowDisposition | None, verb: Verb, guard: Guard, **changes: object
) -> None:
    step = lifecycle._STEPS[before, verb, guard]
    changed = attrs.evolve(step, **changes)  # type: ignore[arg-type]
    patch.setitem(lifecycle._STEPS, (before, verb, guard), changed)


def events_swapped(patch: Patch) -> None:
    """Call what was issued pending, and what pends issued."""
    _step_changed(patch, None, Verb.SUBMIT, Guard.ISSUE, event=ExitEvent.CERTPENDING)
    _step_changed(patch, None, Verb.SUBMIT, Guard.PEND, event=ExitEvent.CERTISSUED)


def resubmit_is_silent(patch: Patch) -> None:
    """Fire nothing when an officer's resubmit is refused."""
    _step_changed(patch, R.PENDING, Verb.RESUBMIT, Guard.DENY, event=ExitEvent.INVALID)


def unreadable_is_denied(patch: Patch) -> None:
    """Put what cannot be read into the wrong state."""
    _step_changed(patch, None, Verb.SUBMIT, Guard.UNREADABLE, after=R.DENIED)


def issued_can_be_denied(patch: Patch) -> None:
    """Let an officer deny what has been issued."""
    step = attrs.evolve(lifecycle._STEPS[R.PENDING, Verb.DENY, Guard.ALWAYS], before=R.ISSUED)
    patch.setitem(lifecycle._STEPS, (R.ISSUED, Verb.DENY, Guard.ALWAYS), step)
    patch.setattr(lifecycle, "_LEGAL", lifecycle._LEGAL | {(R.ISSUED, Verb.DENY)})


def denied_stays_denied(patch: Patch) -> None:
    """Refuse to resubmit a denied request."""
    patch.setattr(lifecycle, "_LEGAL", lifecycle._LEGAL - {(R.DENIED, Verb.RESUBMIT)})


def commit_dropped(patch: Patch) -> None:
    """Keep no row."""
    patch.setattr(MemoryShelf, "commit", lambda _self, *_rows: None)


def notify_before_commit(patch: Patch) -> None:
    """Commit only when the modules have been told."""
    commit, post = MemoryShelf.commit, Dispatcher.post
    late: list[tuple[object, ...]] = []
    patch.setattr(MemoryShelf, "commit", lambda self, *rows: late.append((self, *rows)))

    def told_first(
        self: Dispatcher, event: ExitEvent, row: object = None, expected: int = 0
    ) -> None:
        post(self, event, row, expected)  # type: ignore[arg-type]
        while late:
            commit(*late.pop())  # type: ignore[arg-type]

    patch.setattr(Dispatcher, "post", told_first)


def told_in_the_midst(patch: Patch) -> None:
    """Deliver an inner event at once, before others have heard the outer one."""

    def at_once(self: Dispatcher, event: ExitEvent, row: object = None, _expected: int = 0) -> None:
        if event in self._listeners:
            self._deliver(event, row)  # type: ignore[arg-type]

    patch.setattr(Dispatcher, "post", at_once)


def failure_not_logged(patch: Patch) -> None:
    """Say nothing when an exit module fails."""
    honest = failures.log_failure

    def silent(state: Any, ids: failures.EventIds, *rest: Any) -> Any:
        return None if ids is failures.EXIT else honest(state, ids, *rest)

    patch.setattr(failures, "log_failure", silent)


def failure_ends_the_round(patch: Patch) -> None:
    """Do not tell the modules behind one that failed."""

    def impatient(self: Dispatcher, event: ExitEvent, row: object) -> None:
        context = contexts.open_context(self._state, row)  # type: ignore[arg-type]
        for module, notify, _ in self._listeners[event]:
            try:
                notify(int(event), context)
            except Exception as error:
                failures.log_failure(self._state, failures.EXIT, module, "Notify", error, 1)
                break
        contexts.close_context(context)

    patch.setattr(Dispatcher, "_deliver", impatient)


def queue_left_behind(patch: Patch) -> None:
    """Forget to clear the thread's queue when Ctrl-C gets out."""

    def careless(self: Dispatcher, event: ExitEvent, row: object = None, expected: int = 0) -> None:
        posted = self._posted
        if posted.queue is not None:
            posted.queue.append((event, row, expected))  # type: ignore[arg-type]
        elif event in self._listeners:
            posted.queue = dispatch.deque([(event, row, expected)])  # type: ignore[list-item]
            while posted.queue:
                self._deliver(*posted.queue.popleft()[:2])
            posted.queue = None

    patch.setattr(Dispatcher, "post", careless)


def scode_unknown(patch: Patch) -> None:
    """Know COM errors by `hresult` alone."""
    patch.setattr(failures, "com_code", lambda error: getattr(error, "hresult", None))


def truth_is_a_verdict(patch: Patch) -> None:
    """Take True for 1."""
    judge = Dispatcher._judge
    patch.setattr(
        Dispatcher,
        "_judge",
        lambda self, policy, verdict, number: judge(
            self, policy, int(verdict) if isinstance(verdict, bool) else verdict, number
        ),
    )


def policy_shut_down_first(patch: Patch) -> None:
    """Shut the policy module down before the exit modules hear SHUTDOWN."""

    def hasty(self: Dispatcher) -> None:
        assert self._policy is not None
        self._policy.module.ShutDown()  # type: ignore[attr-defined]
        self.post(ExitEvent.SHUTDOWN)

    patch.setattr(Dispatcher, "shut_down", hasty)


def claims_forgotten(patch: Patch) -> None:
    """Let every verb touch a row that is being worked on."""

    class Forgetful(dict[int, door.Errand]):
        def __contains__(self, _request_id: object) -> bool:
            """Deny it."""
            return False

    build = door.Door.__init__

    def built(self: door.Door, *parts: Any) -> None:
        build(self, *parts)
        self._claims = Forgetful()

    patch.setattr(door.Door, "__init__", built)


def pending_forgotten(patch: Patch) -> None:
    """Fire no CERTRETRIEVEPENDING."""
    patch.setattr(engine, "_retrieval", lambda _row: Guard.ALWAYS)


def ids_skip(patch: Patch) -> None:
    """Count requests by two."""
    new_id = MemoryShelf.new_id
    patch.setattr(MemoryShelf, "new_id", lambda self: new_id(self) and new_id(self))


def serials_repeat(patch: Patch) -> None:
    """Give every certificate one serial number."""
    patch.setattr(building.serials, "new_serial", lambda *_: "4d0000000000000001")


def contexts_live_on(patch: Patch) -> None:
    """Never let a context die."""
    patch.setattr(contexts, "close_context", lambda _number: None)


def policy_under_lock(patch: Patch) -> None:
    """Let one request after the other into the policy module."""
    verify, lock = Dispatcher.verify, engine.threading.Lock()

    def locked(self: Dispatcher, draft: object, *, new_request: bool) -> dispatch.Ruling:
        with lock:
            return verify(self, draft, new_request=new_request)  # type: ignore[arg-type]

    patch.setattr(Dispatcher, "verify", locked)
    patch.setattr(kit, "PATIENCE", 0.3)


def stop_does_not_wait(patch: Patch) -> None:
    """Stop while verbs are inside."""
    patch.setattr(service.Gate, "close", lambda self: setattr(self, "open", False))
    patch.setattr(kit, "PATIENCE", 0.3)


def gate_left_open(patch: Patch) -> None:
    """Let verbs into a stopped CA."""
    patch.setattr(service.Gate, "passed", lambda _self: nullcontext())


def notification_journaled_first(patch: Patch) -> None:
    """Tell what happened back to front."""
    entries = journal.Journal.entries
    patch.setattr(journal.Journal, "entries", lambda self: entries(self)[::-1])
