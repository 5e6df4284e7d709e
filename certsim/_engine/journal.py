"""What happened, in order: the journal, and the event log that failures go to.

The engine appends plain tuples, since it does so for every notification; they become the frozen
entries below when somebody reads them. Every entry prints as one line and turns into plain data
for JSON; nothing that came with a request gets onto a line unescaped.

Windows has no journal: this one is for people who want to see a CA think, and for tests. The event
log beside it imitates the entries about modules and CRLs, and leaves out those about requests and
the service. Both drop their oldest entries above a limit, and are kept apart so that a busy journal
does not push a failure out of the event log. The one here lives in memory, and `stored_journal` has
one that lives in the CA's database; what the engine asks of either is the same.
All times are aware UTC; durations are nanoseconds of the CA's stopwatch, which with seeded
sources counts its own reads, so that two runs print the same journal.
Source: TechNet on event 46 and on policy module processing (ids 9, 43, 44); docs/rulings.md
(Modules).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import Any, ClassVar

import attrs

from certsim.errors import describe, printable
from certsim.facts.dispositions import RowDisposition, Verdict
from certsim.facts.events import ExitEvent

_VERDICTS = {int(verdict): verdict.name for verdict in Verdict}
JsonValue = str | int | float | None


@attrs.frozen
class Entry:
    """Be one thing that happened.

    Entries are values: two with equal fields are equal, and none can be changed.
    """

    kinds: ClassVar[dict[str, type[Entry]]] = {}
    """Every kind of entry there is, by its name."""

    def __init_subclass__(cls) -> None:
        """Enter the new kind."""
        Entry.kinds[cls.kind()] = cls

    @classmethod
    def kind(cls) -> str:
        """Return the name of this kind of entry: `transition`."""
        return cls.__name__.lower()

    def __str__(self) -> str:
        """Return the entry as one line, whatever characters its values have."""
        return printable(self._line())

    def _line(self) -> str:
        """Return the entry in words; what does not print is escaped afterwards."""
        return repr(self)

    def as_dict(self) -> dict[str, JsonValue]:
        """Return the entry as plain data for JSON, `kind` first.

        Times become ISO 8601, bytes hexadecimal, enumerations their names; a value without a name
        stays a number.
        """
        fields = attrs.asdict(self, recurse=False)
        return {"kind": self.kind()} | {k: _plain(v) for k, v in fields.items()}


def _plain(value: object) -> JsonValue:
    """Return one field as JSON can hold it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, ExitEvent | RowDisposition | Verdict):
        return value.name or int(value)
    return value if isinstance(value, str | int | float | None) else str(value)


Told = tuple[Any, ...]
"""An entry as the engine appends it: `(Notification, module, event, …)`, its class, then values.

That a tuple may begin with one type and go on with any, typing cannot say.
"""


@attrs.frozen
class Call(Entry):
    """Record a verb as it came in: *when*, which *verb*, about which request, *by* whom.

    It stands before anything is asked about rows and rights, so a verb that is refused has left a
    line too. *by* is the account that the caller gave. A `tick` has no such entry: the clock calls.
    """

    when: datetime
    verb: str
    request_id: int | None
    by: str

    def _line(self) -> str:
        about = "" if self.request_id is None else f" request {self.request_id}"
        by = f" by {self.by}" if self.by else ""
        return f"{self.when:%Y-%m-%d %H:%M:%S} {self.verb}{about}{by}"


@attrs.frozen
class Transition(Entry):
    """Record that a row was committed: from *before* to *after*, with the *event* it fires.

    *before* is `None` for a new row, *after* for one that is gone, *event* 0 for a step that fires
    none. *status* (signed HRESULT) and *message* are the row's columns as committed. A retrieval
    that fires an event has an entry as well, though it commits nothing.
    """

    verb: str
    request_id: int
    before: RowDisposition | None
    after: RowDisposition | None
    event: ExitEvent
    status: int
    message: str

    def _line(self) -> str:
        before = self.before.name if self.before else "new"
        after = self.after.name if self.after else "deleted"
        fires = f", fires {self.event.name}" if self.event else ""
        status = f" {describe(self.status)}" if self.status else ""
        return f"request {self.request_id} {before} -> {after} ({self.message}){status}{fires}"


@attrs.frozen
class Verification(Entry):
    """Record one call of the policy module: its *verdict* and how long it took, in ns.

    *verdict* is a VR_* number (0 to 2) or, for any other refusal, the negative HRESULT that the
    call came to, also when it raised. *new_request* is false for a resubmit.
    Source: sdk-api certpol/nf-certpol-icertpolicy-verifyrequest.
    """

    module: str
    request_id: int
    new_request: bool
    verdict: int
    duration: int

    def _line(self) -> str:
        verdict = _VERDICTS.get(self.verdict) or describe(self.verdict)
        return f"{self.module} VerifyRequest(request {self.request_id}) = {verdict}"


@attrs.frozen
class Notification(Entry):
    """Record one call of `Notify`, whatever came of it, with its *duration* in ns.

    A call that failed has an `EventLogEntry` before this one. *context* is 0 and
    *request_id* `None` for an event without a request.
    """

    module: str
    event: ExitEvent
    context: int
    request_id: int | None
    duration: int

    def _line(self) -> str:
        about = "" if self.request_id is None else f" request {self.request_id}"
        return f"{self.module} heard {self.event.name}{about}"


@attrs.frozen
class Read(Entry):
    """Record one call of a server object by a module; kept only while a trace is on.

    *arguments* and *result* are written out; *hresult* is 0, or the code the call failed with.
    """

    module: str
    context: int
    method: str
    arguments: str
    result: str
    hresult: int

    def _line(self) -> str:
        answer = describe(self.hresult) if self.hresult else self.result
        return f"{self.module} {self.method}({self.arguments}) = {answer}"


@attrs.frozen
class Loading(Entry):
    """Record a module that was initialised, with the *mask* of events it asked for.

    *mask* is `None` for a policy module, which asks for none.
    """

    module: str
    mask: int | None

    def _line(self) -> str:
        if self.mask is None:
            return f"{self.module} initialized"
        return f"{self.module} initialized, wants {_mask_text(self.mask)}"


def _mask_text(mask: int) -> str:
    """Return the names of the bits in *mask*; 0x100, which no header names, as a number."""
    named = [event.name for event in ExitEvent if event and event & mask and event.name]
    unnamed = mask & ~sum(event for event in ExitEvent)
    return ", ".join([*named, *([f"0x{unnamed:X}"] if unnamed else [])]) or "nothing"


@attrs.frozen
class Service(Entry):
    """Record that the CA started or stopped, or was renewed."""

    when: datetime
    what: str

    def _line(self) -> str:
        return f"{self.when:%Y-%m-%d %H:%M:%S} certification authority {self.what}"


@attrs.frozen
class Undelivered(Entry):
    """Record an *event* that was fired, but of which not every module is known to have been told.

    The CA wrote down that it had to tell of it, and its process ended before it wrote down that it
    had; *when* is the start that found out. *request_id* is `None` for an event without a request.
    """

    when: datetime
    event: ExitEvent
    request_id: int | None

    def _line(self) -> str:
        about = "" if self.request_id is None else f" of request {self.request_id}"
        return (
            f"{self.when:%Y-%m-%d %H:%M:%S} {self.event.name}{about} not told to every module:"
            " the process ended before"
        )


@attrs.frozen
class Publication(Entry):
    """Record one CRL that was published: *what* (base, delta, shadow delta), whose and how.

    *entries* counts the certificates on it; *status* is the first failing place's HRESULT, signed,
    0 if the list is everywhere. A list that is published again has another entry.
    """

    when: datetime
    what: str
    key_index: int
    number: int
    entries: int
    status: int

    def _line(self) -> str:
        status = f", {describe(self.status)}" if self.status else ""
        return (
            f"{self.when:%Y-%m-%d %H:%M:%S} {self.what} CRL {self.number} of key {self.key_index}"
            f" published, entries: {self.entries}{status}"
        )


@attrs.frozen
class EventLogEntry(Entry):
    """Record a failure of a module, or of the CA's own, as the Windows event log would.

    *event_id*: 9 policy module not loaded, 43 and 44 policy failure, 45 exit module raised, 46
    exit module returned an error; 28 and 62 unusable CRL periods at a start and at a publication,
    65 base and 66 delta CRL not at its place, 67 given up; 0 where Windows' number is not known.
    *progid* is the name a module is plugged in under, empty for the CA; *module* the description
    it gives of itself, *hresult* signed, *text* its own words. The parts are those of the Windows
    entry; the sentence they make is certsim's.
    Source: TechNet on events 28 and 46; gradenegger.eu on events 44, 46 and 62 to 67;
    docs/rulings.md (Modules, CRLs).
    """

    when: datetime
    event_id: int
    progid: str
    module: str
    method: str
    hresult: int
    text: str
    request_id: int | None = None

    def _line(self) -> str:
        about = "" if self.request_id is None else f" for request {self.request_id}"
        return (
            f"event {self.event_id}: {self.module}: {self.method}{about} failed with"
            f" {describe(self.hresult)}: {self.text}"
        )


_AT_ONCE: AbstractContextManager[None] = nullcontext()


class Journal:
    """Keep the last *limit* entries as tuples of (class, values…), and the event log beside.

    Any thread may append while another reads: appending to a deque is atomic, and readers copy
    first. `traces` counts the traces that are on; server objects look at it before each read.

    Five methods are there for a journal that outlives the process, and do nothing in this one:
    `step` is what one change of the database goes through, `expect` and `told` say which events the
    modules have to hear and have heard, `resume` which they never heard; `settle` comes before
    an answer.
    """

    def __init__(self, limit: int) -> None:
        """Begin empty. A *limit* of 0 keeps nothing."""
        self._entries: deque[Told] = deque(maxlen=limit)
        self._event_log: deque[EventLogEntry] = deque(maxlen=limit)
        self.append: Callable[[Told], None] = self._entries.append
        """Take an entry."""
        self.traces = 0

    def step(self) -> AbstractContextManager[None]:
        """Keep what is appended on this thread and written to the shelf inside: all or nothing."""
        return _AT_ONCE

    def expect(self, event: ExitEvent, request_id: int | None) -> int:
        """Note inside a `step` that modules have to hear *event*; return what `told` takes."""
        del event, request_id
        return 0

    def told(self, expected: Sequence[int]) -> None:
        """Note that the events noted as *expected* have been told to every module."""

    def resume(self) -> list[tuple[ExitEvent, int | None]]:
        """Return the events that modules should have heard before a process ended; forget them."""
        return []

    def settle(self) -> None:
        """See to it that everything appended so far outlives the process, if that can be."""

    def log(self, entry: EventLogEntry) -> None:
        """Put a failure into the event log and into the journal."""
        self._event_log.append(entry)
        self.append((type(entry), *attrs.astuple(entry, recurse=False)))

    def entries(self) -> tuple[Entry, ...]:
        """Return the journal's entries, oldest first."""
        return tuple(kind(*values) for kind, *values in list(self._entries))

    def event_log(self) -> tuple[EventLogEntry, ...]:
        """Return the event log, oldest first."""
        return tuple(self._event_log)

    @contextmanager
    def tracing(self) -> Iterator[None]:
        """Journal every read of a server object while the context is open.

        Traces may overlap; reads are kept until the last one ends. A trace costs a module time,
        which is why it is off by default.
        """
        self.traces += 1
        try:
            yield
        finally:
            self.traces -= 1
