r"""The service around the engine: start, stop, and the gate that every verb goes through.

A start takes the configuration as it stands, loads the policy module and the exit modules that
`ExitModules\Active` names, and opens the gate; a stop closes it, waits for the verbs inside, tells
SHUTDOWN and lets the policy module go. Both may be repeated. (`PolicyModules\Active` is written
for those who read it; there is one policy module, and the constructor was told which.)

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
from collections.abc import Callable, Iterable

from certsim import registry as registries
from certsim._engine import audit, contexts, failures, modules, publishing, serials, specs
from certsim._engine.dispatch import Dispatcher
from certsim._engine.journal import Service as ServiceEntry
from certsim._engine.specs import Plug
from certsim._engine.state import CAState
from certsim.errors import ComError, ModuleLoadError, shown
from certsim.facts.events import ExitEvent
from certsim.facts.hresults import HRESULT

ACTIVE = "Active"


class Gate:
    """Let verbs in while the service runs, and tell when the last one has left.

    `with gate:` is one verb. A verb called from inside another one, by a module, is let in even
    while the service waits to stop. Errors: `ComError` RPC_S_SERVER_UNAVAILABLE when closed.
    Source: docs/rulings.md (Requests, for the code and for verbs inside verbs).
    """

    def __init__(self) -> None:
        """Begin closed."""
        self._lock = threading.Lock()
        self._left = threading.Condition(self._lock)
        self._inside = 0
        self._thread = _Depth()
        self.open = False

    def __enter__(self) -> None:
        """Go in."""
        thread = self._thread
        with self._lock:
            if not self.open and not thread.depth:
                raise ComError(
                    HRESULT.RPC_S_SERVER_UNAVAILABLE, "the certification authority is not running"
                )
            self._inside += 1
        thread.depth += 1

    def __exit__(self, *_exception: object) -> None:
        """Go out."""
        self._thread.depth -= 1
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
        self.gate = Gate()
        self.key = contexts.new_key(state)
        self._state, self._dispatcher = state, dispatcher
        self._switch = threading.RLock()
        self._busy = False
        self._plugging = threading.RLock()  # a file that is plugged in may plug in another
        self._exits: dict[str, Plug] = {}
        self._policy: Plug | None = None

    @property
    def exit_modules(self) -> tuple[str, ...]:
        r"""Return the ProgIDs that `ExitModules\Active` names, in its order."""
        return tuple(self._state.registry.listed(specs.EXIT.folder, ACTIVE))

    @property
    def policy_module(self) -> str:
        """Return the ProgID of the policy module; empty before one has been installed."""
        return self._policy.progid if self._policy else ""

    def install_exit(self, spec: object) -> str:
        """Plug *spec* in behind the others, from the next start on; return its ProgID.

        A running CA goes on with the modules it was started with. Errors: `ModuleLoadError`.
        """
        with self._plugging:
            plug = specs.plug(spec, specs.EXIT, self.exit_modules)
            self._exits[plug.progid.lower()] = plug
            self._activate((*self.exit_modules, plug.progid))
        return plug.progid

    def remove_exit(self, progid: str) -> None:
        """Take the exit module *progid* (case is ignored) out, from the next start on.

        Errors: `ModuleLoadError` for a ProgID that is not active.
        """
        wanted = progid.lower() if isinstance(progid, str) else ""
        with self._plugging:
            kept = [name for name in self.exit_modules if name.lower() != wanted]
            if len(kept) == len(self.exit_modules):
                active = ", ".join(kept) or "none"
                raise ModuleLoadError(
                    f"no exit module {shown(progid, 80)} is active; active: {active}"
                )
            self._activate(kept)
            self._exits.pop(wanted, None)

    def install_policy(self, spec: object, adapt: Callable[[object], object]) -> None:
        """Make *spec* the policy module, from the next start on; there is always just one.

        *adapt* turns what the spec leads to into what is plugged in. Errors: `ModuleLoadError`.
        """
        self._policy = specs.plug(spec, specs.POLICY, adapt=adapt)
        self._state.registry.write(specs.POLICY.folder, ACTIVE, self._policy.progid)

    def _activate(self, progids: Iterable[str]) -> None:
        self._state.registry.write(specs.EXIT.folder, ACTIVE, list(progids))

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
            with self.gate:
                self._dispatcher.post(ExitEvent.STARTUP)
        except BaseException:
            # Ctrl-C: a caller whose `start` did not return has no reason to stop the CA.
            self.gate.open = False
            self._withdraw()
            raise

    def _open(self) -> None:
        state = self._state
        serials.settle(state.registry, state.sources.random_bytes)
        publishing.check_schedule(state)
        state.configure()
        registries.mount(state.registry)
        contexts.enter(self.key)
        try:
            if self._policy is None:
                raise ModuleLoadError("the CA has no policy module")
            policy = modules.start_policy(self._policy, state)
            started = [modules.start_exit(plug, state) for plug in self._active_plugs()]
            self._dispatcher.host(policy, [hosted for hosted in started if hosted])
        except BaseException:
            self._withdraw()
            raise
        state.journal.append((ServiceEntry, state.now(), "started"))
        audit.started(state)
        self.gate.open = True

    def _active_plugs(self) -> Iterable[Plug]:
        """Yield what is active, in order; a ProgID nobody installed is event 46 (assumed)."""
        for progid in self.exit_modules:
            plug = self._exits.get(progid.lower())
            if plug is None:
                code = HRESULT.CO_E_CLASSSTRING
                text = "ExitModules\\Active names it, but no such module was installed"
                failures.log(
                    self._state, failures.EXIT.error, modules.Absent(progid), "load", code, text
                )
            else:
                yield plug

    def stop(self) -> None:
        """Wait for running verbs, tell SHUTDOWN, let policy go; nothing happens when stopped.

        The policy module is promised that no request will follow its `ShutDown`; that the exit
        modules are told before it is assumed. No error of a module keeps the CA from stopping.
        Errors: `ComError` E_UNEXPECTED on a thread that is inside a verb, where a module called
        it: the stop would wait for itself.
        """
        if self.gate.inside:
            raise ComError(
                HRESULT.E_UNEXPECTED, "a module cannot stop the CA from inside one of its calls"
            )
        with self._switch:
            if self._busy or not self.gate.open:
                return
            audit.stopping(self._state)
            self.gate.close()
            self._busy = True
            try:
                self._dispatcher.shut_down()
            finally:
                self._withdraw()
                self._busy = False
                self._state.journal.append((ServiceEntry, self._state.now(), "stopped"))
                audit.stopped(self._state)

    def _withdraw(self) -> None:
        contexts.leave(self.key)
        registries.unmount(self._state.registry)
