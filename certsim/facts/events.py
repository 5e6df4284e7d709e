"""Exit events: the bits that an exit module asks for in ``Initialize`` and gets in ``Notify``.

One call of ``Notify`` carries exactly one bit; a mask may carry any of them. The bit 0x100 lies
between two named ones and has no public name: a third-party library calls it CertUnrevoked and
never saw it sent, so it stays an unknown bit here and certsim never sends it.

Source: sdk-api certexit/nf-certexit-icertexit-initialize and -notify; certexit.h; comments on the
ExitEvents enumeration of PKISolutions/ADCS-CertMod.
"""

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from certsim.facts.basis import Basis


class ExitEvent(enum.IntFlag, boundary=enum.KEEP):
    """Name the events of a certification authority; bits without a name are kept.

    ``~`` reaches only as far as the highest named bit: clear a bit with ``& ~int(event)``.

    Source: certexit.h EXITEVENT constants; sdk-api certexit/nf-certexit-icertexit-notify.
    """

    INVALID = 0
    CERTISSUED = 0x1
    CERTPENDING = 0x2
    CERTDENIED = 0x4
    CERTREVOKED = 0x8
    CERTRETRIEVEPENDING = 0x10
    CRLISSUED = 0x20
    SHUTDOWN = 0x40
    STARTUP = 0x80
    CERTIMPORTED = 0x200


# All bits that Initialize may return, the nameless 0x100 among them; a bit beyond keeps the module
# out. No page states the limit: it is certsim's ruling.
ALL_EVENTS: Final = 0x3FF


class EventFact(NamedTuple):
    """Describe one exit event.

    ``request_behind_context`` tells whether the context handed to ``Notify`` leads to a request
    row; without one the context is 0, which no page states.

    Source: sdk-api certexit/nf-certexit-icertexit-notify; sdk-api certif (SetContext).
    """

    event: ExitEvent
    symbol: str
    meaning: str
    request_behind_context: bool
    source: str
    basis: Basis


_PAGE: Final = "sdk-api certexit/nf-certexit-icertexit-initialize"
_HEADER: Final = "certexit.h, EXITEVENT constants"

# A table: one row stays together.
# fmt: off
EVENTS: Final[tuple[EventFact, ...]] = (
    EventFact(
        ExitEvent.INVALID, "EXITEVENT_INVALID",
        "No event: the mask of a module that wants none.", False,
        _PAGE, Basis.DOCUMENTED),
    EventFact(
        ExitEvent.CERTISSUED, "EXITEVENT_CERTISSUED",
        "A certificate was signed and stored.", True,
        _PAGE, Basis.DOCUMENTED),
    EventFact(
        ExitEvent.CERTPENDING, "EXITEVENT_CERTPENDING",
        "A request now waits for an officer.", True,
        _PAGE, Basis.DOCUMENTED),
    EventFact(
        ExitEvent.CERTDENIED, "EXITEVENT_CERTDENIED",
        "A request was refused, or failed once its row existed.", True,
        _PAGE, Basis.DOCUMENTED),
    EventFact(
        ExitEvent.CERTREVOKED, "EXITEVENT_CERTREVOKED",
        "A certificate was revoked, put on hold or released from hold.", True,
        _PAGE, Basis.DOCUMENTED),
    EventFact(
        ExitEvent.CERTRETRIEVEPENDING, "EXITEVENT_CERTRETRIEVEPENDING",
        "A requester fetched the outcome of a request that had been pending.", True,
        "sdk-api certcli/nf-certcli-icertrequest-retrievepending", Basis.DOCUMENTED),
    EventFact(
        ExitEvent.CRLISSUED, "EXITEVENT_CRLISSUED",
        "A publication run ended; once a run, however many lists it made.", False,
        _PAGE, Basis.DOCUMENTED),
    EventFact(
        ExitEvent.SHUTDOWN, "EXITEVENT_SHUTDOWN",
        "The service is about to stop.", False,
        _PAGE, Basis.DOCUMENTED),
    # Seen only in the header and in the mail settings' EventFilter; nobody saw a module get it.
    EventFact(
        ExitEvent.STARTUP, "EXITEVENT_STARTUP",
        "The service has started.", False,
        _HEADER, Basis.HEADER),
    EventFact(
        ExitEvent.CERTIMPORTED, "EXITEVENT_CERTIMPORTED",
        "A finished certificate was taken into the database.", True,
        _HEADER, Basis.HEADER),
)
# fmt: on

EVENT_BY_VALUE: Final[Mapping[int, EventFact]] = MappingProxyType(
    {fact.event.value: fact for fact in EVENTS}
)
