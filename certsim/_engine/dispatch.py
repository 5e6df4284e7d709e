"""The loop: the only caller of `Notify` and `VerifyRequest`.

`post` queues an event; the outermost `post` on a thread drains the queue, event by event and for
each event module by module. So a verb that a module calls inside `Notify` returns at once and
its events follow after those under way: every module hears the events of a thread in one order.
By the time anything is posted it has been committed, and the client has no answer yet.

Modules are called on the thread of whoever called the verb, outside the door's lock. Threads
do not wait for each other, so one module may be inside `Notify` several times over; only the
modules of one event run in turn. What goes wrong in a module is logged and told to nobody else:
an exit module has no veto. A slow module makes its caller wait, as it does on Windows.
Source: win32 SecCrypto/exit-modules (in turn, no reliance on the order); gradenegger.eu (slow
mail, event 46); ADCS.CertMod.Managed comments (threads); CONTRIBUTING.md (law 3);
docs/rulings.md (Verdicts; Events; Modules).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from certsim._engine import contexts, failures
from certsim._engine.contexts import Caller, thread
from certsim._engine.drafts import Draft
from certsim._engine.journal import Notification, Verification
from certsim._engine.lifecycle import Guard
from certsim._engine.modules import Hosted
from certsim._engine.state import CAState
from certsim.database.rows import Row
from certsim.errors import ComError, shown, signed
from certsim.facts.dispositions import Verdict
from certsim.facts.events import ExitEvent
from certsim.facts.hresults import HRESULT

_GUARDS: dict[int, Guard] = {
    Verdict.PENDING: Guard.PEND,
    Verdict.INSTANT_OK: Guard.ISSUE,
    Verdict.INSTANT_BAD: Guard.DENY,
}


class Ruling(NamedTuple):
    """Hold what policy decided: PEND, ISSUE or DENY, for a refusal its code and its words.

    *status* is a signed HRESULT; 0 with DENY is the plain VR_INSTANT_BAD, for which `processing`
    has a code. *text* is what an exception said, and empty for a verdict that is one.
    """

    guard: Guard
    status: int = 0
    text: str = ""


class _Posted(threading.local):
    """Hold what the outermost `post` of this thread has still to deliver; `None` outside one."""

    queue: deque[tuple[ExitEvent, Row | None, int]] | None = None


_Listener = tuple[Hosted, Callable[[int, int], object], str]
"""A module with its `Notify` and its ProgID, looked up once and not for each event."""


def _listener(module: Hosted) -> _Listener:
    return module, module.notify, module.progid


class Dispatcher:
    """Tell the modules of one CA what happened.

    Which module listens to what is fixed at a start: the mask is asked for once, by `Initialize`.
    Source: sdk-api certexit/nf-certexit-icertexit-initialize.
    """

    def __init__(self, state: CAState) -> None:
        """Begin with no module."""
        self._state = state
        self._listeners: dict[int, tuple[_Listener, ...]] = {}
        self._policy: Hosted | None = None
        self._posted = _Posted()

    def host(self, policy: Hosted, exits: Sequence[Hosted]) -> None:
        """Take in the modules of one start and note who wants to hear which event.

        *exits* are in the order of the value `Active` below ExitModules, and that is the order they
        are told in (assumed; no module may rely on it).
        """
        self._policy = policy
        self._listeners = {
            int(event): wanted
            for event in ExitEvent
            if (wanted := tuple(_listener(module) for module in exits if module.mask & event))
        }

    def expect(self, event: ExitEvent, request_id: int | None) -> int:
        """Write down, with the step that fires *event*, that modules have to hear of it.

        Returns what `post` takes; 0 for an event that nobody listens to.
        """
        return self._state.journal.expect(event, request_id) if event in self._listeners else 0

    def post(self, event: ExitEvent, row: Row | None = None, expected: int = 0) -> None:
        """Tell *event* to every module that asked for it; *row* is what its context shows.

        *expected* is what `expect` returned for it, and crossed off once all have been told.

        Returns when all have been told, but at once on a thread that is inside a `Notify`.
        Without a *row* the context is 0, where a module reads properties of the CA. Nothing a
        module does comes out of here but `KeyboardInterrupt`: a person who wants to leave may.
        Then what is queued behind the event under way is lost to the modules, not to the rows.
        Source: docs/rulings.md (Events; Contexts; Modules).
        """
        if event not in self._listeners:
            return
        posted = self._posted
        if posted.queue is not None:
            posted.queue.append((event, row, expected))
            return
        posted.queue = queue = deque([(event, row, expected)])
        delivered: list[int] = []
        try:
            while queue:
                event, row, expected = queue.popleft()
                self._deliver(event, row)
                if expected:
                    delivered.append(expected)
        finally:
            posted.queue = None
            self._state.journal.told(delivered)

    def _deliver(self, event: ExitEvent, row: Row | None) -> None:
        """Tell one event to its listeners, all at the same context, and journal each call."""
        state, listeners, value = self._state, self._listeners[event], int(event)
        context = 0 if row is None else contexts.open_context(state, row)
        request_id = None if row is None else row.request_id
        caller = Caller(state, listeners[0][0])
        before, thread.caller = thread.caller, caller
        append, stopwatch, kind = state.journal.append, state.sources.stopwatch, Notification
        try:
            started = stopwatch()
            for module, notify, progid in listeners:
                caller.module = module
                try:
                    notify(value, context)
                except KeyboardInterrupt:
                    raise
                except BaseException as error:
                    # Even SystemExit: a module must not end the service by accident.
                    failures.log_failure(state, failures.EXIT, module, "Notify", error, request_id)
                ended = stopwatch()
                append((kind, progid, event, context, request_id, ended - started))
                started = ended
        finally:
            thread.caller = before
            if context:
                contexts.close_context(context)

    def verify(self, draft: Draft, *, new_request: bool) -> Ruling:
        """Ask the policy module about *draft* and return what it decided.

        A verdict that is no VR_* value, or an exception, is a refusal with its code.
        *new_request* is False for a resubmit and reaches the module as the LONG bNewRequest; the
        fourth argument, Flags, is reserved and 0. The draft's context ends with the call, and so
        does every right to set something.
        Errors: `ComError` E_UNEXPECTED without a policy module, which no running CA is.
        Source: sdk-api certpol/nf-certpol-icertpolicy-verifyrequest; docs/rulings.md (Verdicts).
        """
        state, policy = self._state, self._policy
        if policy is None:
            raise ComError(HRESULT.E_UNEXPECTED, "no policy module is loaded")
        context = contexts.open_context(state, draft)
        before, thread.caller = thread.caller, Caller(state, policy)
        try:
            started = state.sources.stopwatch()
            verdict = policy.module.VerifyRequest(  # type: ignore[attr-defined]
                state.identity.sanitized, context, int(new_request), 0
            )
            ruling = self._judge(policy, verdict, draft.request_id)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            ruling = self._refuse(policy, error, draft.request_id)
        finally:
            thread.caller = before
            contexts.close_context(context)
        ended = state.sources.stopwatch()
        told = ruling.status or _TOLD[ruling.guard]
        state.journal.append(
            (Verification, policy.progid, draft.request_id, new_request, told, ended - started)
        )
        return ruling

    def _judge(self, policy: Hosted, verdict: object, request_id: int) -> Ruling:
        """Return what *verdict* means: 0, 1, 2, or an HRESULT of failure in either spelling.

        A bool is no verdict, although Python would take `True` for VR_INSTANT_OK: it is mostly
        an answer to another question. That a small positive code does no good as a return value
        has been observed; that E_FAIL stands for it is assumed.
        Source: TameMyCerts (codes above 2); docs/rulings.md (Verdicts).
        """
        if isinstance(verdict, int) and not isinstance(verdict, bool):
            if verdict in _GUARDS:
                return Ruling(_GUARDS[verdict])
            if signed(verdict) < 0:
                return Ruling(Guard.DENY, signed(verdict))
        error = ComError(
            HRESULT.E_FAIL, f"VerifyRequest answered {shown(verdict, 60)}, which is no verdict"
        )
        return self._refuse(policy, error, request_id)

    def _refuse(self, policy: Hosted, error: BaseException, request_id: int) -> Ruling:
        entry = failures.log_failure(
            self._state, failures.POLICY, policy, "VerifyRequest", error, request_id
        )
        return Ruling(Guard.DENY, entry.hresult, entry.text)

    def shut_down(self) -> None:
        """Tell SHUTDOWN to the exit modules, then call the policy module's `ShutDown`.

        A `ShutDown` that raises is logged (event 44 or 43) and stops nothing. Afterwards nobody
        listens until the next `host`. That exit modules come first is assumed: the page of
        `ShutDown` only promises that no request will follow.
        Source: sdk-api certpol/nf-certpol-icertpolicy-shutdown; docs/rulings.md (Events; Modules).
        """
        try:
            self.post(ExitEvent.SHUTDOWN)
        finally:
            policy, self._policy, self._listeners = self._policy, None, {}
            if policy is not None:
                self._shut_policy_down(policy)

    def _shut_policy_down(self, policy: Hosted) -> None:
        before, thread.caller = thread.caller, Caller(self._state, policy)
        try:
            policy.module.ShutDown()  # type: ignore[attr-defined]
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            failures.log_failure(self._state, failures.POLICY, policy, "ShutDown", error)
        finally:
            thread.caller = before


_TOLD = {guard: int(verdict) for verdict, guard in _GUARDS.items()}
