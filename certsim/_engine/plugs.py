r"""Which modules are plugged in, and where that is written.

A CA in memory keeps what it was handed: instances, classes, functions. A CA in a folder outlives
the process and keeps names, as Windows does: `ExitModules\Active` and `PolicyModules\Active` hold
ProgIDs, and the registration of the class behind each says which Python class it is. An object that
is handed to such a CA is *lent*: it is called behind the modules that are installed, for as long as
the CA object lives, and written down nowhere.

Removing a module takes its ProgID out of `Active` and leaves the registration of its class, so
that it can be put back by its name. Every change counts from the next start.
Source: MS-CSRA (the `Active` values, their restart); win32 SecCrypto (exit modules); pywin32 (where
the class of a COM server in Python is registered); docs/rulings.md (Modules; Folders).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from certsim._engine import failures, modules, specs
from certsim._engine.specs import Plug, Socket
from certsim._engine.state import CAState
from certsim.errors import ModuleLoadError, shown
from certsim.facts.hresults import HRESULT

ACTIVE = "Active"


class Plugs:
    """Hold the modules of one CA from one start to the next."""

    def __init__(self, state: CAState) -> None:
        """Begin with what the registry has."""
        self._state, self._registry = state, state.registry
        self._lock = threading.RLock()  # a file that is plugged in may plug in another
        self._held: dict[str, Plug] = {}
        self._lent: list[str] = []
        self._policy: Plug | None = None

    @property
    def exit_modules(self) -> tuple[str, ...]:
        r"""Return the ProgIDs in the order of `ExitModules\Active`, those of lent modules last."""
        return (*self._active(), *self._lent)

    @property
    def policy_module(self) -> str:
        """Return the ProgID of the policy module; empty before one has been installed."""
        if self._policy is not None:
            return self._policy.progid
        return next(iter(self._registry.listed(specs.POLICY.folder, ACTIVE)), "")

    def _active(self) -> list[str]:
        return self._registry.listed(specs.EXIT.folder, ACTIVE)

    def class_of(self, progid: str) -> str:
        """Return the class that is registered for *progid*, empty for what was handed in."""
        if progid.lower() in self._held:
            return ""
        return self._registry.registered_class(progid) or ""

    def install_exit(self, spec: object, progid: str | None = None) -> str:
        """Plug *spec* in behind the others, from the next start on; return its ProgID.

        *progid* is the name it gets instead of its own; a module of that name that is active is
        replaced in its place. *spec* may be `None` for a name whose class is registered.
        A running CA goes on with the modules it was started with. Errors: `ModuleLoadError`.
        """
        with self._lock:
            plug, lasting = self._plug(spec, specs.EXIT, progid)
            if lasting:  # what was lent under the name gives way
                self._lent = _without(plug.progid, self._lent)
                self._held.pop(plug.progid.lower(), None)
            if not _among(plug.progid, self.exit_modules):
                if lasting or not self._state.home.lasting:
                    self._activate([*self._active(), plug.progid])
                else:
                    self._lent.append(plug.progid)
            if not lasting:
                self._held[plug.progid.lower()] = plug
        return plug.progid

    def install_policy(self, spec: object, progid: str | None = None) -> str:
        """Make *spec* the policy module, from the next start on; there is always just one.

        A function of two arguments gets its wrapper. Returns the ProgID. Errors: `ModuleLoadError`.
        """
        with self._lock:
            plug, lasting = self._plug(spec, specs.POLICY, progid)
            self._policy = None if lasting else plug
            if lasting or not self._state.home.lasting:
                self._registry.write(specs.POLICY.folder, ACTIVE, plug.progid)
        return plug.progid

    def _plug(self, spec: object, socket: Socket, progid: str | None) -> tuple[Plug, bool]:
        """Return *spec* ready to be made, and whether it is a folder's and registered now."""
        if spec is None and progid is not None:
            spec = self._registry.registered_class(progid)
            if spec is None:
                raise ModuleLoadError(
                    f"no class is registered for {shown(progid, 80)}: say which one it is, as"
                    " package.module:Name or path/to/file.py:Name"
                )
        taken = self.exit_modules if socket is specs.EXIT else ()
        if progid is None and isinstance(spec, str) and self._state.home.lasting:
            progid = self._name_of(_absolute(spec), taken)
        plug = specs.plug(spec, socket, taken, progid)
        lasting = self._state.home.lasting and isinstance(spec, str)
        if lasting:
            modules.make(plug, self._state)  # one that does not fit would keep the CA from starting
            self._registry.register_class(plug.progid, _absolute(str(spec)))
        return plug, lasting

    def _name_of(self, spec: str, active: Iterable[str]) -> str | None:
        """Return the name under which *spec* is plugged in already: once is enough."""
        registered = self._registry.registered_class
        return next((name for name in active if registered(name) == spec), None)

    def remove_exit(self, progid: str) -> None:
        """Take the exit module *progid* (case is ignored) out, from the next start on.

        Errors: `ModuleLoadError` for a ProgID that is not active.
        """
        with self._lock:
            before = self.exit_modules
            if not isinstance(progid, str) or not _among(progid, before):
                active = ", ".join(before) or "none"
                raise ModuleLoadError(
                    f"no exit module {shown(progid, 80)} is active; active: {active}"
                )
            if _among(progid, self._active()):
                self._activate(_without(progid, self._active()))
            self._lent = _without(progid, self._lent)
            self._held.pop(progid.lower(), None)

    def _activate(self, progids: Iterable[str]) -> None:
        self._registry.write(specs.EXIT.folder, ACTIVE, list(progids))

    def policy(self) -> Plug:
        """Return the policy module for a start.

        Errors: `ModuleLoadError`, with event 9, for one that is registered and cannot be found.
        """
        if self._policy is not None:
            return self._policy
        progid = self.policy_module
        try:
            return self._registered(progid, specs.POLICY)
        except ModuleLoadError as error:
            self._log(failures.NOT_LOADED, progid, HRESULT.E_FAIL, str(error))
            raise

    def exits(self) -> Iterator[Plug]:
        """Yield the exit modules for a start, in order.

        One that nobody installed or that cannot be found any more is event 46, and left out
        (assumed). Source: docs/rulings.md (Modules).
        """
        for progid in self.exit_modules:
            try:
                yield self._held.get(progid.lower()) or self._registered(progid, specs.EXIT)
            except ModuleLoadError as error:
                self._log(failures.EXIT.error, progid, HRESULT.CO_E_CLASSSTRING, str(error))

    def _registered(self, progid: str, socket: Socket) -> Plug:
        spec = self._registry.registered_class(progid)
        if spec is None:
            raise ModuleLoadError(
                f"{socket.folder}\\Active names {shown(progid, 80)}, which nobody has installed"
            )
        return specs.plug(spec, socket, progid=progid)

    def _log(self, event_id: int, progid: str, code: HRESULT, text: str) -> None:
        failures.log(self._state, event_id, modules.Absent(progid), "load", code, text)


def _among(progid: str, names: Iterable[str]) -> bool:
    return progid.lower() in {name.lower() for name in names}


def _without(progid: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.lower() != progid.lower()]


def _absolute(spec: str) -> str:
    """Return *spec* as it is found from any folder: a file's path is made absolute."""
    where, _, name = spec.rpartition(":")
    return f"{Path(where).absolute()}:{name}" if where.endswith(".py") else spec
