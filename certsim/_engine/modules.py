"""Plugging modules in: find them, check them, initialise them.

A module comes as an instance, as a class or other callable without arguments, or as the text
`package.module:Name` or `path/to/file.py:Name`. What does not fit the socket is refused with a
message that names the module and the member. A module needs no base class: its members are
looked at on the object, since they may be set there.
Source: DESIGN 2 (module specs, ProgIDs), 4 (Initialize that fails); ca-behaviour.md 4.1, 4.6.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import ModuleType

import attrs

from certsim._engine import failures
from certsim._engine.contexts import Callee, Caller, thread
from certsim._engine.journal import Loading
from certsim._engine.state import CAState
from certsim.errors import ComError, ModuleLoadError, printable
from certsim.facts.events import ALL_EVENTS
from certsim.facts.hresults import HRESULT
from certsim.registry import serving

_PROGID = re.compile(r"[A-Za-z0-9_.-]+")


@attrs.frozen
class Socket:
    """Describe what a kind of module has to offer: each member with its number of arguments."""

    kind: str
    suffix: str
    folder: str
    members: Mapping[str, int]


EXIT = Socket(
    "exit module", ".Exit", "ExitModules", {"Initialize": 1, "Notify": 2, "GetDescription": 0}
)
POLICY = Socket(
    "policy module",
    ".Policy",
    "PolicyModules",
    {"Initialize": 1, "VerifyRequest": 4, "GetDescription": 0, "ShutDown": 0},
)


@attrs.frozen
class Plug:
    """Hold a module as it was handed in: its ProgID, what to call it in messages, its maker."""

    socket: Socket
    progid: str
    name: str
    make: Callable[[], object]


def plug(spec: object, socket: Socket, taken: Collection[str] = ()) -> Plug:
    """Return *spec* ready to be made at each start.

    The ProgID is the module's `_reg_progid_`, else its class name and the socket's suffix, with
    a number for a name that is *taken*. An instance is checked at once, anything else when it is
    made. Errors: `ModuleLoadError`.
    """
    name = printable(spec) if isinstance(spec, str) else printable(_name_of(spec))
    found = find(spec, socket) if isinstance(spec, str) else spec
    progid = _free(_progid(found, name, socket), socket, taken)
    if isinstance(found, type) or (callable(found) and not hasattr(found, "Initialize")):
        return Plug(socket, progid, name, found)
    check(found, name, socket)
    return Plug(socket, progid, name, lambda: found)


def _name_of(spec: object) -> str:
    named = getattr(spec, "__name__", None)
    return named if isinstance(named, str) else type(spec).__name__


def _progid(found: object, name: str, socket: Socket) -> str:
    progid = getattr(found, "_reg_progid_", None)
    if progid is None:
        return (re.sub(r"\W", "", _name_of(found)) or "Module") + socket.suffix
    fits = isinstance(progid, str) and _PROGID.fullmatch(progid) is not None
    if not fits or not progid.endswith(socket.suffix):
        raise ModuleLoadError(
            f"{socket.kind} {name}: the ProgID {progid!a:.60} has to be letters, digits, dots, "
            f"minus signs and underlines and to end in {socket.suffix}"
        )
    return str(progid)


def _free(progid: str, socket: Socket, taken: Collection[str]) -> str:
    stem, number, free = progid.removesuffix(socket.suffix), 2, progid
    while free in taken:
        free, number = f"{stem}{number}{socket.suffix}", number + 1
    return free


def find(spec: str, socket: Socket) -> object:
    """Return what the text `package.module:Name` or `path/to/file.py:Name` names.

    Errors: `ModuleLoadError`, also for a module that raises while it is imported.
    """
    where, colon, name = spec.rpartition(":")
    shown = printable(spec)
    if not colon or not where or not name:
        raise ModuleLoadError(
            f"{socket.kind} {shown}: write package.module:Name or path/to/file.py:Name"
        )
    try:
        module = _load_file(Path(where)) if where.endswith(".py") else _load_package(where)
    except ModuleLoadError as error:
        raise ModuleLoadError(f"{socket.kind} {shown}: {error}") from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        told = failures.describe_exception(error)
        raise ModuleLoadError(f"{socket.kind} {shown}: importing it failed: {told}") from error
    found = getattr(module, name, None)
    if found is None:
        raise ModuleLoadError(f"{socket.kind} {shown}: {where} defines no {name}")
    return found


def _load_package(dotted: str) -> ModuleType:
    try:
        return importlib.import_module(dotted)
    except ModuleNotFoundError as error:
        if error.name and (dotted == error.name or dotted.startswith(f"{error.name}.")):
            raise ModuleLoadError(f"there is no Python module {error.name}") from error
        raise


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise ModuleLoadError(f"there is no file {printable(str(path))}")
    name = f"certsim_module_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ModuleLoadError(f"{printable(str(path))} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)  # a file may import its neighbours, as a script may
    spec.loader.exec_module(module)
    return module


def check(module: object, name: str, socket: Socket) -> None:
    """Check that *module* has every member of *socket* and that each takes what it will be given.

    Errors: `ModuleLoadError` naming the module and the member.
    """
    for member, count in socket.members.items():
        method = getattr(module, member, None)
        if method is None:
            raise ModuleLoadError(f"{socket.kind} {name} has no {member}")
        if not callable(method):
            raise ModuleLoadError(f"{socket.kind} {name}: {member} is no method")
        if not takes(method, count):
            plural = "" if count == 1 else "s"
            raise ModuleLoadError(
                f"{socket.kind} {name}: {member} has to take {count} argument{plural}"
            )


def takes(method: object, count: int) -> bool:
    """Tell whether *method* can be called with *count* positional arguments."""
    if not callable(method):
        return False
    try:
        signature = inspect.signature(method)
    except (TypeError, ValueError):
        return True  # a built-in or COM object that does not tell; the call will
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


@attrs.frozen
class Absent:
    """Be a module that could not be made, as the event log tells of it."""

    progid: str

    def description(self) -> str:
        """Return the ProgID: there is nobody to ask."""
        return self.progid


class Hosted(Callee):
    """Be a module that was made, checked and initialised; *mask* is what it wants to hear."""

    __slots__ = ("mask", "module", "name", "notify")

    def __init__(self, plugged: Plug, module: object, state: CAState) -> None:
        """Take the made object; `mask` stays 0 until `Initialize` has answered."""
        socket = plugged.socket
        super().__init__(plugged.progid, rf"{state.registry.root}\{socket.folder}\{plugged.progid}")
        self.module, self.name = module, plugged.name
        self.mask = 0
        self.notify: Callable[[int, int], object] = getattr(module, "Notify", _never)

    def description(self) -> str:
        """Return what the module says of itself, or its ProgID when it cannot say."""
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
    """Call the module's `Initialize` with the sanitized CA name and return its answer."""
    before, thread.caller = thread.caller, Caller(state, hosted)
    try:
        with serving(state.registry):
            return hosted.module.Initialize(state.identity.sanitized)  # type: ignore[attr-defined]
    finally:
        thread.caller = before


def start_exit(plugged: Plug, state: CAState) -> Hosted | None:
    """Make and initialise an exit module; return it with its mask, or `None` if it stays out.

    An `Initialize` that raises, or answers no int within 0x3FF, is event 46 (45) and the CA goes
    on without the module. Errors: `ModuleLoadError` for an object that does not fit the socket.
    """
    hosted = make(plugged, state)
    try:
        mask = _mask(initialize(hosted, state))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        failures.log_exit(state, hosted, "Initialize", error)
        return None
    hosted.mask = mask
    state.journal.append((Loading, hosted.progid, mask))
    return hosted


def _mask(answer: object) -> int:
    if isinstance(answer, int) and not isinstance(answer, bool) and not answer & ~ALL_EVENTS:
        return int(answer)
    raise ComError(
        HRESULT.E_INVALIDARG,
        f"Initialize answered {answer!r:.60}, not a mask of EXITEVENT bits up to 0x3FF",
    )


def start_policy(plugged: Plug, state: CAState) -> Hosted:
    """Make and initialise the policy module.

    Errors: `ModuleLoadError`, with event 9 for one that cannot be made and 44 for one whose
    `Initialize` raises: a CA without a working policy module does not start.
    """
    try:
        hosted = make(plugged, state)
    except ModuleLoadError as error:
        failures.log(state, 9, Absent(plugged.progid), "load", HRESULT.E_FAIL, str(error))
        raise
    try:
        initialize(hosted, state)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        entry = failures.log_policy(state, hosted, "Initialize", error)
        raise ModuleLoadError(f"the CA cannot start: {entry}") from error
    state.journal.append((Loading, hosted.progid, None))
    return hosted
