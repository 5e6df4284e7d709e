"""The journal of a CA that outlives its process: entries and open events in the CA's database.

Entries wait in memory until the next transaction, which is never far: a step of the life cycle
carries along what has been appended so far, and before a verb answers the rest is written. So a
process that is killed loses no entry of a verb that was answered, unless the disk was full: then
what has been done is answered, and its entries wait for room. Which events modules have to hear
is written with the step that fires them, and crossed off when all have been told; what the next
start finds there was cut short, and gets an entry that says so.

An entry is kept as JSON with its fields' names, so that people can read it with any tool. Enums are
numbers there, moments ISO 8601. Threads share the waiting entries; what a step appends stays with
its thread until the step is kept, for if it fails nothing of it has happened.
Source: CONTRIBUTING.md (laws 2 and 3); docs/rulings.md (Folders).
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import get_type_hints

import attrs

from certsim._engine.failures import logger
from certsim._engine.journal import Entry, EventLogEntry, Journal, Told
from certsim.database.sqlite import SQLiteShelf
from certsim.errors import ComError, shown
from certsim.facts.dispositions import RowDisposition
from certsim.facts.events import ExitEvent
from certsim.facts.hresults import HRESULT

_PRUNED_AFTER = 1_000
"""Entries that are written before old ones are looked for: pruning each time would cost more."""


class _Step(threading.local):
    """Hold what a step under way on this thread has appended; `None` outside one."""

    appended: list[Told] | None = None


class StoredJournal(Journal):
    """Keep the last *limit* entries in the database of *shelf*, and the event log beside.

    Where the database is open for reading alone, the entries of this process stay in it.
    """

    def __init__(self, limit: int, shelf: SQLiteShelf, *, read_only: bool = False) -> None:
        """Begin with nothing waiting."""
        super().__init__(limit)
        self._limit, self._shelf, self._read_only = limit, shelf, read_only
        self._waiting: deque[Told] = deque(maxlen=limit if read_only else None)
        self._told: deque[int] = deque()
        self._step = _Step()
        self._written = 0
        self.append = self._append

    def _append(self, entry: Told) -> None:
        appended = self._step.appended
        (self._waiting if appended is None else appended).append(entry)

    def log(self, entry: EventLogEntry) -> None:
        """Append a failure; the event log is the entries of this kind."""
        self.append((type(entry), *attrs.astuple(entry, recurse=False)))

    @contextmanager
    def step(self) -> Iterator[None]:
        """Keep what is appended on this thread and written to the shelf inside: all or nothing.

        Whatever waited before goes along. Errors: those of the shelf's `transaction`; what waited
        waits on then, as much of it as the journal would keep.
        """
        mine: list[Told] = []
        self._step.appended = mine
        waited: list[Told] = []
        told: list[int] = []

        def kept() -> None:
            # Others append behind, and nobody but the one who writes takes away.
            for _ in waited:
                self._waiting.popleft()
            for _ in told:
                self._told.popleft()

        try:
            with self._shelf.transaction(kept):
                yield
                while len(self._waiting) > self._limit:
                    self._waiting.popleft()
                waited += self._waiting
                told += self._told
                self._write((*waited, *mine))
                self._shelf.remove_posted(told)
        finally:
            self._step.appended = None

    def _write(self, entries: Collection[Told]) -> None:
        self._shelf.add_entries(map(_encoded, entries))
        self._written += len(entries)
        if self._written >= _PRUNED_AFTER:
            self._shelf.prune(self._limit)
            self._written = 0

    def expect(self, event: ExitEvent, request_id: int | None) -> int:
        """Note inside a `step` that modules have to hear *event*; return what `told` takes."""
        return self._shelf.add_posted(int(event), request_id)

    def told(self, expected: Sequence[int]) -> None:
        """Cross off what has been told, and write the entries that tell of it.

        Where they find no room they wait for the next step, as in `settle`.
        """
        if expected:
            self._told.extend(expected)
            self._settle()

    def resume(self) -> list[tuple[ExitEvent, int | None]]:
        """Return the events that a process before this one did not live to tell, and forget them.

        To be called inside a `step`, by a CA that holds the folder's lock. Old entries make room.
        """
        posted = [note for note in self._shelf.posted() if note[0] not in self._told]
        self._shelf.remove_posted([number for number, _, _ in posted])
        self._shelf.prune(self._limit)
        return [(ExitEvent(event), request_id) for _, event, request_id in posted]

    def settle(self) -> None:
        """Write what waits, if anything does; what finds no room waits for the next step.

        No verb fails for it: what it has done is done, and its caller has to be told.
        """
        if self._waiting and not self._read_only:
            self._settle()

    def _settle(self) -> None:
        try:
            with self.step():
                pass
        except ComError as error:
            logger.warning("the journal waits to be written: %s", error)

    def entries(self) -> tuple[Entry, ...]:
        """Return what is in the database, oldest first, and what this process could not write."""
        return self._kept(None)

    def event_log(self) -> tuple[EventLogEntry, ...]:
        """Return the failures among the entries, oldest first."""
        kept = self._kept(frozenset({EventLogEntry.kind()}))
        return tuple(entry for entry in kept if isinstance(entry, EventLogEntry))

    def _kept(self, kinds: Collection[str] | None) -> tuple[Entry, ...]:
        waiting, stored = self._seen(kinds)
        entries = [kind(*values) for kind, *values in waiting]
        fresh = [entry for entry in entries if kinds is None or entry.kind() in kinds]
        kept = (*(_decoded(*row) for row in stored), *fresh)
        return kept[max(0, len(kept) - self._limit) :]

    def _seen(self, kinds: Collection[str] | None) -> tuple[list[Told], list[tuple[str, str]]]:
        """Return what waits and what is stored, at a moment when nothing is in between."""
        while True:
            waiting = list(self._waiting)
            stored = self._shelf.entries(kinds, self._limit)
            if not waiting or (self._waiting and self._waiting[0] is waiting[0]):
                return waiting, stored


@cache
def _fields(kind: str) -> Mapping[str, Callable[[object], object]]:
    """Return the fields of a kind of entry, each with what turns its JSON back into a value."""
    made: type = Entry.kinds[kind]
    hints = get_type_hints(made)
    names = (field.name for field in attrs.fields(made))
    return {name: _FROM_JSON.get(hints[name], _same) for name in names}


def _encoded(entry: Told) -> tuple[str, str]:
    """Return the kind of an entry, and its fields as JSON."""
    made, *values = entry
    kind = made.kind()
    fields = dict(zip(_fields(kind), values, strict=True))
    return kind, _to_json(fields)


def _decoded(kind: str, text: str) -> Entry:
    """Return the entry that `_encoded` wrote.

    Errors: `ComError` ERROR_FILE_CORRUPT for what it did not write.
    """
    try:
        fields = _fields(kind)
        held = {name: fields[name](value) for name, value in json.loads(text).items()}
        return Entry.kinds[kind](**held)
    except (LookupError, TypeError, ValueError) as error:
        raise ComError(
            HRESULT.ERROR_FILE_CORRUPT, f"the journal has an entry that cannot be read: {kind:.40}"
        ) from error


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"an entry holds {shown(value)}")


_to_json = json.JSONEncoder(default=_moment).encode
"""Write JSON; made once, since making an encoder takes as long as an entry."""


def _same(value: object) -> object:
    return value


_FROM_JSON: Mapping[object, Callable[..., object]] = {
    datetime: datetime.fromisoformat,
    ExitEvent: ExitEvent,
    RowDisposition | None: lambda value: None if value is None else RowDisposition(value),
    tuple[tuple[str, str | int | None], ...]: lambda pairs: tuple(map(tuple, pairs)),
}
