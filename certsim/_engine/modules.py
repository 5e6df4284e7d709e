"""Hosting modules: make them, check them, initialise them, and know them while the CA runs.

`specs` says what can be plugged in; here it becomes an object that the engine calls. When the CA
starts, a module is made (a class anew each time), looked over, and initialised, with its own
registry key open to it; at the stop it is forgotten. What comes in between, `Notify`,
`VerifyRequest` and `ShutDown`, is the loop's business (`dispatch`).

A fault of the author (a missing member) is a `ModuleLoadError` at once, where COM would find out
at the first call; a fault of the module at work is an entry in the event log. An exit module that
cannot be initialised stays out and the CA runs without it; without a working policy module it
does not run. Code in a module is trusted as it is on Windows: it runs in this process, unconfined.
Source: sdk-api certexit/nf-certexit-icertexit-initialize; gradenegger.eu on events 44 and 46;
docs/rulings.md (Modules).
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from certsim._engine import failures
from certsim._engine.contexts import Callee, Caller, thread
from certsim._engine.journal import Loading
from certsim._engine.specs import Plug, check
from certsim._engine.state import CAState
from certsim.errors import ComError, ModuleLoadError, shown
from certsim.facts.events import ALL_EVENTS
from certsim.facts.hresults import HRESULT
from certsim.registry import serving


@attrs.frozen
class Absent:
    """Be a module that could not be made, as the event log tells of it."""

    progid: str

    def description(self) -> str:
        """Return the ProgID: there is nobody to ask."""
        return self.progid


class Hosted(Callee):
    """Be a module that was made, checked and initialised; *mask* is what it wants to hear.

    Its `location` is its own key below the CA's, what the property ModuleRegistryLocation answers
    while it is called. `notify` is bound once here, since the loop calls it for every event.
    """

    __slots__ = ("mask", "module", "notify")

    def __init__(self, plugged: Plug, module: object, state: CAState) -> None:
        """Take the made object; `mask` stays 0 until `Initialize` has answered."""
        socket = plugged.socket
        super().__init__(plugged.progid, rf"{state.registry.root}\{socket.folder}\{plugged.progid}")
        self.module = module
        self.mask = 0
        self.notify: Callable[[int, int], object] = getattr(module, "Notify", _never)

    def description(self) -> str:
        """Return what the module says of itself, or its ProgID when it cannot say.

        Asked for when an entry for the event log is written, so a `GetDescription` that fails must
        not hide the failure that was to be told. Source: docs/rulings.md (Modules).
        """
        try:
            text = self.module.GetDescription()  # type: ignore[attr-defined]
        except KeyboardInterrupt:
            raise
        except BaseException:
            return self.progid
        return text if isinstance(text, str) and text else self.progid


def _never(_event: int, _context: int) -> None:
    """Stand where a policy module has no `Notify`."""


def make(plugged: Plug, state: CAState) -> Hosted:
    """Make the object behind *plugged* and check it.

    While it is made it already counts as the module being called, so a server object that its
    `__init__` creates knows whose key is meant by ModuleRegistryLocation.
    Errors: `ModuleLoadError` when making it raises or a member is wrong.
    """
    shell = Hosted(plugged, None, state)
    before, thread.caller = thread.caller, Caller(state, shell)
    try:
        shell.module = plugged.make()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        told = failures.describe_exception(error)
        raise ModuleLoadError(
            f"{plugged.socket.kind} {plugged.name}: making it failed: {told}"
        ) from error
    finally:
        thread.caller = before
    check(shell.module, plugged.name, plugged.socket)
    shell.notify = getattr(shell.module, "Notify", _never)
    return shell


def initialize(hosted: Hosted, state: CAState) -> object:
    """Call the module's `Initialize` with the sanitized CA name and return its answer.

    Published modules paste that text into a registry path as it is, so no host stands in front.
    Whatever the module raises goes through to the caller, which logs it.
    Source: sdk-api certexit/nf-certexit-icertexit-initialize; docs/rulings.md (Names and formats).
    """
    before, thread.caller = thread.caller, Caller(state, hosted)
    try:
        with serving(state.registry):
            return hosted.module.Initialize(state.identity.sanitized)  # type: ignore[attr-defined]
    finally:
        thread.caller = before


def start_exit(plugged: Plug, state: CAState) -> Hosted | None:
    """Make and initialise an exit module; return it with its mask, or `None` if it stays out.

    An `Initialize` that raises, or answers no int within 0x3FF, is event 46 (45) and the CA goes
    on without the module. Event 46 for this method has been seen; that the CA then runs is assumed,
    because a CA without exit modules is legal and they never change an outcome.
    Errors: `ModuleLoadError` for an object that does not fit the socket.
    Source: gradenegger.eu on event 46; docs/rulings.md (Modules).
    """
    hosted = make(plugged, state)
    try:
        mask = _mask(initialize(hosted, state))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        failures.log_failure(state, failures.EXIT, hosted, "Initialize", error)
        return None
    hosted.mask = mask
    state.journal.append((Loading, hosted.progid, mask))
    return hosted


def _mask(answer: object) -> int:
    """Return the mask if it is one: any of the ten bits, 0 included; True and False are none."""
    if isinstance(answer, int) and not isinstance(answer, bool) and not answer & ~ALL_EVENTS:
        return int(answer)
    raise ComError(
        HRESULT.E_INVALIDARG,
        f"Initialize answered {shown(answer, 60)}, not a mask of EXITEVENT bits up to 0x3FF",
    )


def start_policy(plugged: Plug, state: CAState) -> Hosted:
    """Make and initialise the policy module.

    Errors: `ModuleLoadError`, with event 9 for one that cannot be made and 44 (43) for one whose
    `Initialize` raises: a CA without a working policy module does not start. What `Initialize`
    answers is not looked at, since the interface gives it no result.
    Source: TechNet on policy module processing; docs/rulings.md (Modules).
    """
    try:
        hosted = make(plugged, state)
    except ModuleLoadError as error:
        failures.log(
            state, failures.NOT_LOADED, Absent(plugged.progid), "load", HRESULT.E_FAIL, str(error)
        )
        raise
    try:
        initialize(hosted, state)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        entry = failures.log_failure(state, failures.POLICY, hosted, "Initialize", error)
        raise ModuleLoadError(f"the CA cannot start: {entry}") from error
    state.journal.append((Loading, hosted.progid, None))
    return hosted
