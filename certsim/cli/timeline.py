"""The timeline: a tour told in lines for people.

Every step has a numbered title; below it, each line begins with a word that says what it tells:
`call` (what the CA was asked), `policy` (the verdict), `row` (what became of the request), `crl`
(a list that was published), `heard` (a module was told an event), `read` (what the module asked its
server object, and got), `FAILED` (an event-log entry), `module` (one that was initialised),
`service` (start, stop and renewal), `answer` (what the caller got), `entry` (a certificate on a CRL
that the answer has).

Whatever came with a request or from a module is printed with its control characters spelled out,
and a long line goes on further to the right than any line begins, so that no value can pass for a
line of its own. The journal escapes what it knows to be foreign; here every line is escaped once
more as a whole, which changes nothing in one that is clean.

There are no colours: the words at the left do their work, and they survive a file, a mail and a
terminal that has none.
Source: CONTRIBUTING.md (law 3: a row is committed before its event is told).
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence

import certsim
from certsim import CADisposition, Outcome
from certsim._engine.journal import (
    Call,
    Entry,
    EventLogEntry,
    Loading,
    Notification,
    Publication,
    Read,
    Transition,
    Verification,
)
from certsim._engine.published import PublishedCRL
from certsim._engine.specs import POLICY
from certsim.cli import tour
from certsim.cli.output import fitting
from certsim.cli.tour import Deleted, Imported, Scene, Tally
from certsim.errors import describe, printable

_WIDTH = 98
"""Columns a row may have, whatever the terminal: output that is compared must not depend on it."""
_LABEL = 9
_INDENT = "    "
_Line = tuple[str, str]
"""A label and what follows it."""


def tell_beginning(name: str) -> None:
    """Print the heading, with the CA's *name* as it was given."""
    _say(f"certsim {certsim.__version__}: a guided tour of {name}", _INDENT * 2)
    _say("A simulated CA in memory: a model to imitate, never a CA to trust.")


def tell_title(number: int, title: str) -> None:
    """Print a step's title, so that it stands before all that its modules print.

    It goes on further in than a label stands: the name of a request file is part of it.
    """
    _say("")
    _say(f"{number:2}. {title}", _INDENT * 2)


def tell_scene(scene: Scene) -> None:
    """Print what happened in a step and what the caller was answered.

    A step without an answer (start, stop, an officer's denial or revocation) has no such line.
    """
    for label, text in (*_lines(scene.journal), *_answer(scene)):
        _say(f"{_INDENT}{label:<{_LABEL}}{text}", _INDENT + " " * (_LABEL + 2))


def tell_end(tallies: Sequence[Tally], *, failed: bool) -> None:
    """Print what each module heard, and why the exit status is what it is.

    *failed* counts policy modules too, which have no line of their own.
    """
    _say("")
    _say("Summary")
    for tally in tallies:
        _say(f"{_INDENT}{tally.progid}: {_sum(tally)}", _INDENT * 2)
    _say("A module failed: exit status 1." if failed else "No module failed: exit status 0.")


def _sum(tally: Tally) -> str:
    """Return what a module's line in the summary says; one that stayed out could hear nothing."""
    if not tally.loaded:
        return "stayed out, since its Initialize failed"
    return f"heard {_count(tally.heard, 'event')}, {_count(tally.failures, 'failure')}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _say(text: str, hanging: str = "") -> None:
    """Print one line, on as many rows as it needs, in what the output's encoding can say.

    Rows after the first begin with *hanging*. A word longer than a row stays whole, so that
    serial numbers and paths can be copied. Letters that the encoding lacks become escapes, since
    a Windows console or a log file in ASCII must not end the tour. Each line is flushed, or
    what modules print through other means would overtake it.
    """
    rows = textwrap.wrap(
        fitting(printable(text), sys.stdout),
        _WIDTH,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    print("\n".join(rows), flush=True)


def _lines(journal: Iterable[Entry]) -> Iterator[_Line]:
    """Turn a step's entries into lines.

    The journal has a module's reads and failures before the call in which they happened, since
    a call is written down when it is over; here they follow it. What the policy module reads is
    left out, since the tour is about exit modules, but not how it fails. An event that nobody
    asked for gets a line too: a wrong mask is the commonest reason for a module that stays silent.
    """
    inside: list[_Line] = []
    heard = fired = False
    for entry in journal:
        if isinstance(entry, Read) and entry.module.endswith(POLICY.suffix):
            continue
        if _in_call(entry):
            inside.append(_line(entry))
            continue
        yield from (_line(entry), *inside)
        inside = []
        heard = heard or isinstance(entry, Notification)
        fired = fired or _fires(entry)
    yield from inside
    if fired and not heard:
        yield "heard", "by nobody: no module asked for this event"


def _fires(entry: Entry) -> bool:
    """Tell whether *entry* stands for something that modules may have asked to hear."""
    return isinstance(entry, Publication) or (isinstance(entry, Transition) and bool(entry.event))


def _in_call(entry: Entry) -> bool:
    """Tell whether *entry* happened inside a call whose own entry is still to come.

    A failure of `Initialize` or `ShutDown` stands alone: nothing else is journaled for those.
    """
    if isinstance(entry, EventLogEntry):
        return entry.method in ("Notify", "VerifyRequest")
    return isinstance(entry, Read)


def _line(entry: Entry) -> _Line:
    """Return label and text of one entry.

    Times are left out but for CRLs and the CA's own life, names of request properties get
    quotation marks as in the module's source, and a kind of entry without a label of its own goes
    by its class.
    """
    match entry:
        case Read():
            asked = f'"{entry.arguments}"' if entry.arguments else ""
            answer = describe(entry.hresult) if entry.hresult else entry.result
            return "  read", f"  {entry.method}({asked})" + (f" = {answer}" if answer else "")
        case Call():
            about = "" if entry.request_id is None else f" request {entry.request_id}"
            by = f" by {entry.by}" if entry.by else ""
            return "call", f"{entry.verb}{about}{by}"
        case Verification():
            return "policy", str(entry).removeprefix(f"{entry.module} ")
        case Notification():
            return "heard", f"{entry.event.name} by {entry.module}"
        case Transition():
            return "row", _change(entry)
    return _LABELS.get(type(entry), type(entry).__name__.lower()), str(entry)


_LABELS: dict[type[Entry], str] = {
    EventLogEntry: "FAILED",
    Loading: "module",
    Publication: "crl",
}


def _change(entry: Transition) -> str:
    """Tell what became of a row: `request 1 new -> ISSUED, fires CERTISSUED`.

    Its message is left to the client's answer, which has it too.
    """
    before = entry.before.name if entry.before else "new"
    after = entry.after.name if entry.after else "deleted"
    status = f" {describe(entry.status)}" if entry.status else ""
    fires = f", fires {entry.event.name}" if entry.event else ""
    return f"request {entry.request_id} {before} -> {after}{status}{fires}"


def _answer(scene: Scene) -> Iterator[_Line]:
    """Return the lines that tell what the caller got, if there is anything to tell."""
    if scene.error is not None:
        yield "answer", str(scene.error)
    elif scene.answer == ():
        yield "answer", "nothing was due"
    elif isinstance(scene.answer, tuple):
        for published in scene.answer:
            yield from _published(published)
    elif scene.answer is not None:
        yield "answer", _text(scene.answer)


def _published(published: PublishedCRL) -> Iterator[_Line]:
    """Return the line of a CRL, and one for each certificate on it."""
    yield "answer", str(published)
    for serial_number, reason in tour.entries(published):
        yield "  entry", f"  {serial_number} {reason}"


def _text(answer: Outcome | CADisposition | Imported | Deleted) -> str:
    match answer:
        case Outcome():
            return _outcome(answer)
        case CADisposition():
            return answer.name
        case Imported():
            return f"request {answer.request_id}"
        case Deleted():
            return f"{_count(answer.deleted, 'row')} deleted"


def _outcome(outcome: Outcome) -> str:
    """Return an outcome without the request's number, which the lines above it have."""
    serial = f", serial number {outcome.serial_number}" if outcome.serial_number else ""
    return str(outcome).removeprefix(f"request {outcome.request_id}: ") + serial
