"""Contexts: the opaque numbers that point a server object at one row, and who is being called.

A context lives from the first `Notify` of an event to the end of its last (for the policy module:
during `VerifyRequest`). Numbers are process-wide, never 0 and never used twice, so a stale one
finds nothing. Server objects hold numbers alone; what a number means is looked up here at each
read, which is why nothing that a module is handed leads to a row that could be changed.

Context 0 is no entry here: it stands for the CA, and `state_at_zero` finds out which one, since
several may run in a process where Windows has one for each service. The room has no lock. Each
change is a single step on a dictionary or a counter, which CPython does as one.
Source: sdk-api certif/nf-certif-icertserverexit-setcontext; ADCS.CertMod.Managed comments (one
module called on several threads); docs/rulings.md (Contexts), most of it assumed.
"""

from __future__ import annotations

import itertools
import threading
from weakref import WeakValueDictionary

from certsim._engine.drafts import Draft
from certsim._engine.state import CAState
from certsim.database.rows import Row
from certsim.errors import ComError, shown
from certsim.facts.hresults import HRESULT

Target = tuple[CAState, Row | Draft]
"""What a context shows: a committed row to exit modules, the draft to the policy module."""

live: dict[int, Target] = {}
"""The contexts that are alive. Only this room writes here; server objects look numbers up."""
_numbers = itertools.count(1)
# Weak, so that a server object which a module keeps does not keep a discarded CA alive.
_states: WeakValueDictionary[int, CAState] = WeakValueDictionary()
_running: dict[int, CAState] = {}
_keys = itertools.count(1)


class Callee:
    """Be a module that can be called: its ProgID and the registry path of its own key."""

    __slots__ = ("location", "progid")

    def __init__(self, progid: str, location: str) -> None:
        """Take both as the engine worked them out when the module was plugged in."""
        self.progid, self.location = progid, location


class Caller:
    """Tell which CA is calling, and which module it is calling just now."""

    __slots__ = ("module", "state")

    def __init__(self, state: CAState, module: Callee) -> None:
        """Note both; *module* changes while one event goes from module to module."""
        self.state, self.module = state, module


class _Thread(threading.local):
    caller: Caller | None = None


thread = _Thread()
"""What goes on on this thread: `thread.caller` is set around every call of a module."""


def open_context(state: CAState, row: Row | Draft) -> int:
    """Return a new context that shows *row* of the CA *state*.

    Whoever opens one closes it in a `finally`: a context left open would show its row for ever.
    """
    number = next(_numbers)
    live[number] = (state, row)
    return number


def close_context(number: int) -> None:
    """Let the context *number* die: every later use of it fails."""
    del live[number]


def find(number: int) -> Target:
    """Return what the context *number* shows.

    Errors: `ComError` E_INVALIDARG for a number that is stale or invented (assumed: the page of
    `SetContext` names no code). Source: docs/rulings.md (Contexts).
    """
    target = live.get(number) if isinstance(number, int) else None
    if target is None:
        raise ComError(
            HRESULT.E_INVALIDARG,
            f"context {shown(number)} is not alive: a context ends with the call it was given to",
        )
    return target


def new_key(state: CAState) -> int:
    """Return a number under which server objects find *state* for as long as it exists."""
    key = next(_keys)
    _states[key] = state
    return key


def enter(key: int) -> None:
    """Let the CA *key* answer at context 0 for objects that are not bound to a CA.

    It does from before the modules are initialised, since `Initialize` may ask for CA properties.
    """
    _running[key] = _states[key]


def leave(key: int) -> None:
    """Undo `enter`; no harm for a CA that has not entered."""
    _running.pop(key, None)


def _bound_state(bound: int) -> CAState:
    state = _states.get(bound)
    if state is None:
        raise ComError(
            HRESULT.RPC_S_SERVER_UNAVAILABLE,
            "the certification authority this object is bound to is gone",
        )
    return state


def state_at_zero(bound: int | None) -> CAState:
    """Return the CA that answers at context 0.

    That is the one an object is *bound* to, else the one whose call is running on this thread,
    else the only running CA of the process. A bound one answers while it is stopped, too.
    Errors: `ComError` RPC_S_SERVER_UNAVAILABLE when none runs or the bound one is gone,
    E_UNEXPECTED when several do. Source: docs/rulings.md (Contexts), where all of it is assumed.
    """
    if bound is not None:
        return _bound_state(bound)
    if thread.caller is not None:
        return thread.caller.state
    running = list(_running.values())
    if len(running) == 1:
        return running[0]
    if not running:
        raise ComError(
            HRESULT.RPC_S_SERVER_UNAVAILABLE, "no certification authority runs in this process"
        )
    raise ComError(
        HRESULT.E_UNEXPECTED,
        f"{len(running)} certification authorities run in this process: say which one you mean, "
        "CCertServerExit(ca)",
    )
