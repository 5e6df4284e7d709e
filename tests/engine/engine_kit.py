"""What the tests of life cycle and dispatch share: modules that do as they are told, and threads.

Modules here keep what they saw and let the test judge it, since the engine survives whatever a
module raises, failed assertions included.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

import attrs

from certsim import CCertServerExit, CertificationAuthority, PropType, Sources
from certsim._engine.journal import Call, Entry
from certsim.database.rows import Row
from tests.codes import EVERY_BIT, ISSUE, ON_ISSUED

PATIENCE = 20
"""Seconds after which a wait counts as a deadlock; no test waits that long when all is well."""

SPINS = 20_000_000
"""Looks at a flag that nobody announces; a few seconds at the most."""

T = TypeVar("T")


@attrs.define
class ScriptedPolicy:
    """Be a policy module that answers what the test wants; `answer` may also raise."""

    answer: Callable[[int, int], object] = lambda _context, _new: ISSUE
    log: list[tuple[object, ...]] = attrs.field(factory=list)

    def Initialize(self, strConfig: str) -> None:
        """Note the call."""
        self.log.append(("policy", "Initialize"))

    def VerifyRequest(self, strConfig: str, context: int, new: int, flags: int) -> object:
        """Answer as scripted."""
        return self.answer(context, new)

    def GetDescription(self) -> str:
        """Return a name for the event log."""
        return "Scripted policy"

    def ShutDown(self) -> None:
        """Note the call."""
        self.log.append(("policy", "ShutDown"))


def always(verdict: object) -> ScriptedPolicy:
    """Return a policy module whose every answer is *verdict*."""
    return ScriptedPolicy(lambda _context, _new: verdict)


def raising(error: BaseException) -> Callable[..., object]:
    """Return a callable that raises *error* whatever it is given."""

    def fail(*_arguments: object) -> object:
        raise error

    return fail


HEARD: list[int] = []
"""What all `Deaf` modules have heard; whoever uses them clears it first."""


class Deaf:
    """Be the smallest exit module there is."""

    def Initialize(self, strConfig: str) -> int:
        """Ask for issued certificates."""
        return ON_ISSUED

    def Notify(self, event: int, context: int) -> None:
        """Note the event for all objects alike."""
        HEARD.append(event)

    def GetDescription(self) -> str:
        """Return what it is."""
        return "Deaf"


@attrs.define
class Listener:
    """Be an exit module with a name and a mask that logs (name, event) and then acts."""

    name: str
    log: list[tuple[object, ...]]
    mask: object = EVERY_BIT
    act: Callable[[int, int], object] = lambda _event, _context: None

    @property
    def _reg_progid_(self) -> str:
        return f"{self.name}.Exit"

    def Initialize(self, strConfig: str) -> object:
        """Answer the mask."""
        return self.mask

    def Notify(self, event: int, context: int) -> None:
        """Log the event, then do what the test wants done."""
        self.log.append((self.name, event))
        self.act(event, context)

    def GetDescription(self) -> str:
        """Return a name for the event log."""
        return f"Listener {self.name}"


def make_ca(*exits: object, policy: object = None, **options: object) -> CertificationAuthority:
    """Return a stopped, seeded CA with these modules."""
    options.setdefault("sources", Sources.seeded(1))
    return CertificationAuthority("Test CA", exit_modules=exits, policy_module=policy, **options)  # type: ignore[arg-type]


def request_id(context: int) -> int:
    """Return the request behind *context*, as a module reads it."""
    server = CCertServerExit()
    server.SetContext(context)
    found = server.GetRequestProperty("RequestID", PropType.LONG)
    if not isinstance(found, int):
        raise TypeError(found)
    return found


def rows(ca: CertificationAuthority) -> tuple[Row, ...]:
    """Return the whole shelf; rows are frozen, so this is a picture of the moment."""
    return tuple(ca._state.shelf)


def happenings(ca: CertificationAuthority) -> tuple[Entry, ...]:
    """Return what the journal tells beyond that verbs were called."""
    return tuple(entry for entry in ca.journal if not isinstance(entry, Call))


class Worker(Generic[T]):
    """Run one call on a thread of its own and hand back what came of it."""

    def __init__(self, call: Callable[[], T]) -> None:
        """Begin at once."""
        self._call = call
        self._result: list[T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result.append(self._call())
        except BaseException as error:
            self._error = error

    @property
    def running(self) -> bool:
        """Tell whether the call has not returned yet."""
        return self._thread.is_alive()

    def result(self) -> T:
        """Wait for the call and return its result, or raise what it raised."""
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            raise AssertionError("the call never came back: a deadlock")
        if self._error is not None:
            raise self._error
        return self._result[0]


def wait(event: threading.Event) -> None:
    """Wait for *event*; a wait that is never answered is a failure."""
    if not event.wait(PATIENCE):
        raise AssertionError("the event never came: a deadlock")


def until_closed(ca: CertificationAuthority) -> None:
    """Return once a stop on another thread has closed the door to new verbs."""
    for _ in range(SPINS):
        if not ca.running:
            return
    raise AssertionError("the stop never began")
