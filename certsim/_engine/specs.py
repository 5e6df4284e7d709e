"""Module specs: from what a user hands in to something that can be made, and the check of it.

A module comes as an instance, as a class or other callable without arguments, or as the text
`package.module:Name` or `path/to/file.py:Name`. What does not fit the socket is refused with a
message that names the module and the member. A module needs no base class: its members are
looked at on the object, since they may be set there.

When a module is plugged in it gets its ProgID and, if it is an instance, is looked over; nothing
of it is called but what importing its file runs. Making and initialising it is left to `modules`.
Source: win32 SecCrypto (exit modules, policy modules, for the members and the endings of ProgIDs);
MS-CSRA (the `Active` values); docs/rulings.md (Modules).
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
from certsim.errors import ModuleLoadError, shown
from certsim.policies.function import FunctionPolicy

_PROGID = re.compile(r"[A-Za-z0-9_.-]+")


@attrs.frozen
class Socket:
    """Describe what a kind of module has to offer: each member with its number of arguments.

    *kind* names it in messages, *suffix* ends its ProgIDs, *folder* is the registry key below the
    CA's own in which `Active` stands. `GetManageModule` is no member here: the tool that manages a
    CA asks for it, the CA never does. *adapt* puts around a spec what makes a module of it.
    """

    kind: str
    suffix: str
    folder: str
    members: Mapping[str, int]
    adapt: Callable[[object], object] = lambda found: found


def _as_policy(found: object) -> object:
    """Return what to plug in for *found*: a function of two arguments gets its wrapper."""
    if not callable(found) or isinstance(found, type) or hasattr(found, "VerifyRequest"):
        return found
    return FunctionPolicy(found) if takes(found, 2) else found


EXIT = Socket(
    "exit module", ".Exit", "ExitModules", {"Initialize": 1, "Notify": 2, "GetDescription": 0}
)
POLICY = Socket(
    "policy module",
    ".Policy",
    "PolicyModules",
    {"Initialize": 1, "VerifyRequest": 4, "GetDescription": 0, "ShutDown": 0},
    _as_policy,
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


def plug(
    spec: object,
    socket: Socket,
    taken: Collection[str] = (),
    progid: str | None = None,
) -> Plug:
    """Return *spec* ready to be made at each start.

    The ProgID is *progid* if that is given. Else it is the module's `_reg_progid_`, or its class
    name and the socket's suffix, with a number for a name that is *taken* (`My.Exit`, `My2.Exit`,
    …). An instance is checked at once, anything else when it is made. Something that can be called
    and has an `Initialize` of its own counts as an instance, so a module may define `__call__`. A
    function of two arguments may stand in for a policy module.
    Errors: `ModuleLoadError` for a text that leads nowhere, a ProgID of other characters or with
    another ending, an instance that does not fit. Source: docs/rulings.md (Modules).
    """
    name = spec if isinstance(spec, str) else _name_of(spec)
    found = socket.adapt(find(spec, socket) if isinstance(spec, str) else spec)
    if progid is None:
        progid = _free(_progid(found, name, socket), socket, taken)
    else:
        progid = _checked(progid, name, socket)
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
    progid = _member(found, name, "_reg_progid_", socket)
    if progid is None:
        return (re.sub(r"\W", "", _name_of(found)) or "Module") + socket.suffix
    return _checked(progid, name, socket)


def _checked(progid: object, name: str, socket: Socket) -> str:
    text = progid if isinstance(progid, str) else ""
    if _PROGID.fullmatch(text) is None or not text.endswith(socket.suffix):
        raise ModuleLoadError(
            f"{socket.kind} {name}: the ProgID {shown(progid, 60)} has to be letters, digits, "
            f"dots, minus signs and underlines and to end in {socket.suffix}"
        )
    return text


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
    relative = where.startswith(".") and not where.endswith(".py")
    if not colon or not where or not name or relative or ":" in where.removesuffix(".py")[2:]:
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
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def check(module: object, name: str, socket: Socket) -> None:
    """Check that *module* has every member of *socket* and that each takes what it will be given.

    *name* is what messages call it. Types are not looked at, a wrong one shows in the first call.
    Errors: `ModuleLoadError` naming the module and the member.
    """
    for member, count in socket.members.items():
        method = _member(module, name, member, socket)
        if method is None:
            raise ModuleLoadError(f"{socket.kind} {name} has no {member}")
        if not callable(method):
            raise ModuleLoadError(f"{socket.kind} {name}: {member} is no method")
        if inspect.iscoroutinefunction(method):
            raise ModuleLoadError(
                f"{socket.kind} {name}: {member} is async, but the engine calls it and waits for"
                " nothing: write a plain method"
            )
        if not takes(method, count):
            plural = "" if count == 1 else "s"
            raise ModuleLoadError(
                f"{socket.kind} {name}: {member} has to take {count} argument{plural}"
            )


def _member(module: object, name: str, member: str, socket: Socket) -> object:
    """Return what *module* has as *member*, `None` without one; a property may raise anything."""
    try:
        return getattr(module, member, None)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        told = failures.describe_exception(error)
        raise ModuleLoadError(f"{socket.kind} {name}: reading {member} failed: {told}") from error


def takes(method: Callable[..., object], count: int) -> bool:
    """Tell whether *method* can be called with *count* positional arguments.

    Names do not count, since COM passes by position; more parameters with defaults are welcome.
    """
    try:
        signature = inspect.signature(method)
    except (TypeError, ValueError):
        return True  # a built-in or COM object that does not tell; the call will
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True
