"""`certsim log`: what happened, oldest first: the event log, the journal, the security audit.

One line for each entry, as everywhere. The event log has failures; the journal everything, as far
back as it is kept; the audit those of the journal's entries that Windows would write into its
security log. Nothing is read but the folder: who looks at a CA that runs sees what was written so
far, and waits for nobody. With `--json` the result is an array of entries, each with its kind
(`eventlogentry`, `transition` …) and the fields of that kind: times in ISO 8601, bytes in
hexadecimal, names for what has one.
Source: docs/rulings.md (Command line).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from certsim import CertificationAuthority
from certsim._engine.audit import AuditEntry
from certsim._engine.journal import Entry, EventLogEntry
from certsim.cli import show_typed
from certsim.cli.command import Access, Arguments, Command, Report

_MORE = """
examples:
  certsim log CA                       failures of modules, CRLs that could not be published
  certsim log CA --journal --limit 20  the last twenty things that happened
  certsim log CA --audit --json        the security audit (see AuditFilter), for a program
"""


def _describe(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    for name, told in (
        ("events", "the event log: failures (default)"),
        ("journal", "the journal: all that happened"),
        ("audit", "the security audit"),
    ):
        which.add_argument(
            f"--{name}", dest="log", action="store_const", const=name, default="events", help=told
        )
    parser.add_argument(
        "--limit", metavar="N", type=show_typed.count, help="only the last N entries"
    )


def _log(ca: CertificationAuthority, arguments: Arguments) -> Report:
    """Show entries, all or the last ones.

    They are in memory already, a log having its limit; so what is printed is a copy of one moment.
    """
    entries = _entries(ca, arguments.text("log"))
    limit = arguments.maybe_number("limit")
    if limit is not None:
        entries = entries[max(0, len(entries) - limit) :]
    return Report(data=(entry.as_dict() for entry in entries), lines=map(_line, entries))


def _entries(ca: CertificationAuthority, log: str) -> Sequence[Entry]:
    """Return the entries of one log, oldest first."""
    if log == "events":
        return ca.event_log
    if log == "journal":
        return ca.journal
    return [entry for entry in ca.journal if isinstance(entry, AuditEntry)]


def _line(entry: Entry) -> str:
    """Return an entry's line; one of the event log tells here when it was.

    Times are UTC as in the journal, since lines of both are laid side by side.
    """
    if isinstance(entry, EventLogEntry):
        return f"{entry.when:%Y-%m-%d %H:%M:%S} {entry}"
    return str(entry)


COMMANDS = (
    Command(
        name="log",
        group="looking",
        help="show what happened: event log, journal, security audit",
        describe=_describe,
        more=_MORE,
        access=Access.READ,
        run=_log,
    ),
)
