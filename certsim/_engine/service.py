r"""The service around the engine: start, stop, and the gate that every verb goes through.

A start takes the configuration as it stands, loads the policy module and the exit modules that
`ExitModules\Active` names, and opens the gate; a stop closes it, waits for the verbs inside, tells
SHUTDOWN and lets the policy module go. Both may be repeated. A CA in a folder holds the folder's
lock and its connections to the database in between, and at no other time.

That a change of the configuration or of the list of modules counts from the next start is the way
of Windows, and half the questions of people who write modules come from it. There is no process and
no thread of its own here: modules run on the threads of those who call verbs, and the service is
merely the time during which verbs are let in.

A start that fails leaves a stopped CA behind, and the modules that were initialised by then are
not told: on Windows their process would have ended.
Source: MS-CSRA 3.1.4.2.15 (a change counts from the next start) and its `Active` values; sdk-api
certpol/nf-certpol-icertpolicy-shutdown; docs/rulings.md (Events, Modules, Configuration).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from certsim import registry as registries
from certsim._engine import audit, contexts, modules, publishing, serials
from certsim._engine.dispatch import Dispatcher
from certsim._engine.journal import Service as ServiceEntry
from certsim._engine.journal import Undelivered
from certsim._engine.plugs import Plugs
from certsim._engine.state import CAState
from certsim.errors import ComError
from certsim.facts.events import ExitEvent
from certsim.facts.hresults import HRESULT


class Gate:
    """Let verbs in while the service runs, and tell when the last one has left.

    `with gate.passed():` is one verb. A verb called from inside another one, by a module, is let in
    even while the service waits to stop.
    Source: docs/rulings.md (Requests, for the code and for verbs inside verbs).
    """

    def __init__(self, settle: Callable[[], None]) -> None:
        """Begin closed. *settle* is called before the outermost verb of a thread answers."""
        self._settle = settle
        self._lock = threading.Lock()
        self._left = threading.Condition(self._lock)
        self._inside = 0
        self._thread = _Depth()
        self.open = False

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Be inside until the context ends.

        Errors: `ComError` RPC_S_SERVER_UNAVAILABLE when closed. Going in and out is one piece,
        which an interruption takes back as a whole.
        """
        thread, counted = self._thread, False
        try:
            with self._lock:
                if not self.open and not thread.depth:
                    raise ComError(
                        HRESULT.RPC_S_SERVER_UNAVAILABLE,
                        "the certification authority is not running",
                    )
                self._inside, counted = self._inside + 1, True
            thread.depth += 1
            try:
                yield
            finally:
                thread.depth -= 1
                if not thread.depth:
                    self._settle()
        finally:
            if counted:
                with self._lock:
                    self._inside -= 1
                    if not self.open and not self._inside:
                        self._left.notify_all()

    @property
    def inside(self) -> bool:
        """Tell whether this thread is inside a verb."""
        return self._thread.depth > 0

    def close(self) -> None:
        """Let no more verbs in and wait for those inside; no thread inside may call this.

        Whoever interrupts the wait finds the gate open again, so that nothing is half closed.
        """
        with self._lock:
            self.open = False
            try:
                self._left.wait_for(lambda: not self._inside)
            except BaseException:
                self.open = True
                raise


class _Depth(threading.local):
    """Count how many verbs deep this thread is; a stop from inside would wait for itself."""

    depth = 0


class Service:
    """Start and stop one CA.

    `key` is the number under which server objects bound to this CA find it. Starts and stops take
    turns under one lock; a module that calls either during a start or a stop does nothing by it.
    """

    def __init__(self, state: CAState, dispatcher: Dispatcher) -> None:
        """Begin stopped, without modules."""
        self.gate = Gate(state.journal.settle)
        self.key = contexts.new_key(state)
        self._state, self._dispatcher = state, dispatcher
        self._switch = threading.RLock()
        self._busy = self._entered = False
        self.plugs = Plugs(state)

    def start(self) -> None:
        """Load the modules and open for verbs; nothing happens when the CA runs already.

        Errors: `ModuleLoadError` for a module that does not fit its socket and for a policy
        module that cannot be made or initialised; `ComError` E_INVALIDARG for a configuration
        that cannot be used. The CA stays stopped then. An exit module that fails to initialise is
        an entry in the event log and no error. STARTUP is told last, and by default not at all
        (`Fidelity.startup`): the header has it, and ADCS.CertMod's author never saw it arrive.
        """
        if self.gate.inside:
            return  # it runs, and whoever stops it just now waits for this very verb
        with self._switch:
            if self._busy or self.gate.open:
                return
            self._busy = True
            try:
                self._open()
            finally:
                self._busy = False
            if self._state.fidelity.startup:
                self._tell_startup()

    def _tell_startup(self) -> None:
        try:
            with self.gate.passed():
                self._dispatcher.post(ExitEvent.STARTUP)
        except BaseException:
            # Ctrl-C: a caller whose `start` did not return has no reason to stop the CA.
            self.gate.open = False
            self._withdraw()
            raise

    def _open(self) -> None:
        state = self._state
        if self._entered:
            self._withdraw()  # a stop was interrupted
        try:
            state.home.enter()
            self._entered = True
            self._load()
            with state.journal.step():
                state.journal.append((ServiceEntry, state.now(), "started"))
                audit.started(state)
        except BaseException:
            self._withdraw()
            raise
        self.gate.open = True

    def _load(self) -> None:
        """Take the configuration, tell of events that were never delivered, host the modules."""
        state = self._state
        state.refresh()
        serials.settle(state.registry, state.sources.random_bytes)
        publishing.check_schedule(state)
        state.configure()
        registries.mount(state.registry)
        contexts.enter(self.key)
        with state.journal.step():
            for event, request_id in state.journal.resume():
                state.journal.append((Undelivered, state.now(), event, request_id))
        policy = modules.start_policy(self.plugs.policy(), state)
        started = [modules.start_exit(plug, state) for plug in self.plugs.exits()]
        self._dispatcher.host(policy, [hosted for hosted in started if hosted])

    def stop(self) -> None:
        """Wait for running verbs, tell SHUTDOWN, let policy go; nothing happens when stopped.

        The policy module is promised that no request will follow its `ShutDown`; that the exit
        modules are told before it is assumed. No error of a module keeps the CA from stopping.
        Errors: `ComError` E_UNEXPECTED on a thread that is inside a verb, where a module called
        it: the stop would wait for itself. A CA whose last journal entries find no room has stopped
        all the same, and those of `Journal.step` say so.
        """
        if self.gate.inside:
            raise ComError(
                HRESULT.E_UNEXPECTED, "a module cannot stop the CA from inside one of its calls"
            )
        with self._switch:
            if self._busy or not self._entered:
                return
            audit.stopping(self._state)
            self.gate.close()
            self._busy = True
            try:
                self._close()
            finally:
                self._busy = False

    def _close(self) -> None:
        try:
            try:
                self._dispatcher.shut_down()
            finally:
                self._tell_stopped()
        finally:
            self._withdraw()

    def _tell_stopped(self) -> None:
        state = self._state
        with state.journal.step():  # what waits is written now or, perhaps, never
            state.journal.append((ServiceEntry, state.now(), "stopped"))
            audit.stopped(state)

    def _withdraw(self) -> None:
        """Leave nothing behind: no context, no key that modules can open, no lock."""
        contexts.leave(self.key)
        registries.unmount(self._state.registry)
        try:
            self._state.journal.settle()
        finally:
            self._state.home.leave()
            self._entered = False
