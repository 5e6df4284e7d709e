"""What the tests of the audit share: which bit lets which event out, and records made by one call.

The table is written by hand from the list of methods in MS-CSRA 3.1.4.2.10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from certsim._engine.audit import AuditEntry
from certsim._engine.journal import Entry
from certsim._engine.state import CAState
from tests.engine import security_kit as kit

SERVICE, BACKUP, REQUESTS, REVOCATION, SECURITY, KEYS, SETTINGS = (1 << n for n in range(7))
ALL = 0x7F


def audited(state: CAState) -> list[AuditEntry]:
    """Return what is on record."""
    return [entry for entry in state.journal.entries() if isinstance(entry, AuditEntry)]


def only(entries: Iterable[Entry]) -> AuditEntry:
    """Return the one entry there is."""
    (entry,) = entries
    if not isinstance(entry, AuditEntry):
        raise TypeError(entry)
    return entry


def recorded(write: Callable[[CAState], object], **values: int) -> AuditEntry:
    """Return the one entry that *write* puts on record of a CA that audits everything."""
    state = kit.make_state(**{"AuditFilter": ALL, **values})
    write(state)
    return only(state.journal.entries())
