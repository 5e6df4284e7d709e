"""Plugging modules in: find them, check them, initialise them.

A module comes as an instance, as a class or other callable without arguments, or as the text
`package.module:Name` or `path/to/file.py:Name`. What does not fit the socket is refused with a
message that names the module and the member. A module needs no base class: its members are
looked at on the object, since they may be set there.

Two moments matter. When a module is plugged in, it gets its ProgID and, if it is an instance, is
looked over; nothing of it is called. When the CA starts, it is made (a class anew each time),
looked over, and initialised, with its own registry key open to it. What comes after, `Notify`,
`VerifyRequest` and `ShutDown`, is the loop's business (`dispatch`).

A fault of the author (a missing member, a file that does not import) is a `ModuleLoadError` at
once, where COM would find out at the first call; a fault of the module at work is an entry in the
event log. Code in a module is trusted as it is on Windows: it runs in this process, unconfined.
Source: win32 SecCrypto (exit modules, policy modules, for the members and the endings of ProgIDs);
MS-CSRA (the `Active` values); TechNet on event 46 and on policy module processing;
docs/rulings.md (Modules).
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
from certsim.errors import ComError, ModuleLoadError
from certsim.facts.events import ALL_EVENTS
from certsim.facts.hresults import HRESULT
from certsim.registry import serving

_PROGID = re.compile(r"[A-Za-z0-9_.-]+")


@attrs.frozen
class Socket:
    """Describe what a kind of module has to offer: each member with its number of arguments.

    *kind* names it in messages, *suffix* ends its ProgIDs, *folder* is the registry key below the
    CA's own in which `Active` stands. `GetManageModule` is no member here: the tool that manages a
    CA asks for it, the CA never does.
    """

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
    """Hold a module as it was handed in: its ProgID, what to call it in messages, its maker.

    *make* returns a fresh object for a class and the same one for an instance, so what a module
    keeps on itself outlives a restart only if an instance was plugged in.
    """

    socket: Socket
    progid: str
    name: str
    make: Callable[[], object]


def plug(spec: object, socket: Socket, taken: Collection[str] = ()) -> Plug:
    """Return *spec* ready to be made at each start.

    The ProgID is the module's `_reg_progid_`, else its class name and the socket's suffix, with
    a number for a name that is *taken* (`My.Exit`, `My2.Exit`, …). An instance is checked at once,
    anything else when it is made. Something that can be called and has an `Initialize` of its own
    counts as an instance, so a module may define `__call__`.
    Errors: `ModuleLoadError` for a text that leads nowhere, a ProgID of other characters or with
    another ending, an instance that does not fit. Source: docs/rulings.md (Modules).
    """
    name = spec if isinstance(spec, str) else _name_of(spec)
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
    """Return the ProgID that *found* asks for or gets; it becomes a part of a registry path.

    `_reg_progid_` is the attribute that pywin32 registers a COM server under, so a module that has
    one for Windows keeps its name here.
    """
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
    names = {name.lower() for name in taken}  # registry keys ignore case
    while free.lower() in names:
        free, number = f"{stem}{number}{socket.suffix}", number + 1
    return free


def find(spec: str, socket: Socket) -> object:
    """Return what the text `package.module:Name` or `path/to/file.py:Name` names.

    Errors: `ModuleLoadError`, also for a module that raises while it is imported.
    """
    where, colon, name = spec.rpartition(":")
    if not colon or not where or not name:
        raise ModuleLoadError(
            f"{socket.kind} {spec}: write package.module:Name or path/to/file.py:Name"
        )
    try:
        module = _load_file(Path(where)) if where.endswith(".py") else _load_package(where)
    except ModuleLoadError as error:
        raise ModuleLoadError(f"{socket.kind} {spec}: {error}") from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        told = failures.describe_exception(error)
        raise ModuleLoadError(f"{socket.kind} {spec}: importing it failed: {told}") from error
    found = getattr(module, name, None)
    if found is None:
        raise ModuleLoadError(f"{socket.kind} {spec}: {where} defines no {name}")
    return found


def _load_package(dotted: str) -> ModuleType:
    """Import *dotted*; that it is missing and that it misses something are told apart."""
    try:
        return importlib.import_module(dotted)
    except ModuleNotFoundError as error:
        if error.name and (dotted == error.name or dotted.startswith(f"{error.name}.")):
            raise ModuleLoadError(f"there is no Python module {error.name}") from error
        raise


def _load_file(path: Path) -> ModuleType:
    """Run the file at *path* anew, whether or not it has been loaded before.

    It is entered among the loaded modules first, since pickling, `inspect` and dataclasses look a
    class up by the module it says it is from.
    """
    if not path.is_file():
        raise ModuleLoadError(f"there is no file {path}")
    name = f"certsim_module_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ModuleLoadError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)  # a file may import its neighbours, as a script may
    spec.loader.exec_module(module)
    return module


def check(module: object, name: str, socket: Socket) -> None:
    """Check that *module* has every member of *socket* and that each takes what it will be given.

    *name* is what messages call it. Types are not looked at, a wrong one shows in the first call.
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
    """Tell whether *method* can be called with *count* positional arguments.

    Names do not count, since COM passes by position; more parameters with defaults are welcome.
    """
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
    """Be a module that was made, checked and initialised; *mask* is what it wants to hear.

    Its `location` is its own key below the CA's, what the property ModuleRegistryLocation answers
    while it is called. `notify` is bound once here, since the loop calls it for every event.
    """

    __slots__ = ("mask", "module", "name", "notify")

    def __init__(self, plugged: Plug, module: object, state: CAState) -> None:
        """Take the made object; `mask` stays 0 until `Initialize` has answered."""
        socket = plugged.socket
        super().__init__(plugged.progid, rf"{state.registry.root}\{socket.folder}\{plugged.progid}")
        self.module, self.name = module, plugged.name
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
        failures.log_exit(state, hosted, "Initialize", error)
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
        f"Initialize answered {answer!r:.60}, not a mask of EXITEVENT bits up to 0x3FF",
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
