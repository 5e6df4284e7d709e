"""Modules that are plugged in under load: one decides, one notes, and three get in the way.

Each exit module notes what it heard in a ledger, so that every event can be counted with each.
"""

from __future__ import annotations

import os
import threading

import attrs

import certsim
from certsim import ComError, PropType
from tests.codes import (
    E_FAIL,
    EVERY_BIT,
    ON_ISSUED,
    ON_PENDING,
    ON_REVOKED,
    ON_SHUTDOWN,
    signed,
)
from tests.stress.stress_kit import CHILD, Clerk, Heard, Ledger


@attrs.define
class Script:
    """Be a policy module that answers what the request's attributes say, or fails."""

    def Initialize(self, strConfig: str) -> None:
        """Need nothing."""

    def VerifyRequest(self, strConfig: str, context: int, new: int, flags: int) -> int:
        """Answer the attribute Verdict to a new request, Again to one that is resubmitted."""
        server = certsim.Dispatch("CertificateAuthority.ServerPolicy")
        server.SetContext(context)
        word = server.GetRequestAttribute("Verdict" if new else "Again")
        if word == "fail":
            raise ComError(signed(E_FAIL), "policy fails")
        return int(word)

    def GetDescription(self) -> str:
        """Return a name for the event log."""
        return "Script"

    def ShutDown(self) -> None:
        """Have nothing to let go of."""


@attrs.define
class Recorder:
    """Be an exit module that notes all it hears in a ledger, but that the CA stops."""

    ledger: Ledger

    def Initialize(self, strConfig: str) -> int:
        """Ask for everything."""
        return EVERY_BIT & ~ON_SHUTDOWN

    def Notify(self, event: int, context: int) -> None:
        """Note the event and the row behind its context."""
        where = f"{os.getpid()}-{threading.get_ident()}"
        if not context:
            self.ledger.heard.append(Heard(event, None, None, "", where))
            return
        server = certsim.Dispatch("CertificateAuthority.ServerExit")
        server.SetContext(context)
        about = server.GetRequestProperty("RequestID", PropType.LONG)
        state = server.GetRequestProperty("Disposition", PropType.LONG)
        message = server.GetRequestProperty("DispositionMessage", PropType.STRING)
        self.ledger.heard.append(Heard(event, about, state, message, where))

    def GetDescription(self) -> str:
        """Return a name for the event log."""
        return "Recorder"


class Sleeper(Recorder):
    """Be an exit module that takes its time before it notes anything."""

    def Notify(self, event: int, context: int) -> None:
        """Let other threads go first."""
        threading.Event().wait(0.001)
        super().Notify(event, context)


class Raiser(Recorder):
    """Be an exit module that fails, one way or another, once it has noted what it heard."""

    def Notify(self, event: int, context: int) -> None:
        """Fail."""
        super().Notify(event, context)
        if event in (ON_ISSUED, ON_REVOKED):
            raise ComError(signed(E_FAIL), "I fail")
        raise OSError("I fail, too")


class Caller(Recorder):
    """Be an exit module that calls verbs of the CA in which it is called.

    What it does is told to it as well, but what it submitted it leaves alone, and nothing follows
    upon a denial or a revocation: so there is an end.
    """

    clerk: Clerk

    def Notify(self, event: int, context: int) -> None:
        """Note the event, and have something done about the row."""
        super().Notify(event, context)
        if context:
            server = certsim.Dispatch("CertificateAuthority.ServerExit")
            server.SetContext(context)
            self._react(event, server)

    def _react(self, event: int, server: certsim.CCertServerExit) -> None:
        clerk, chosen = self.clerk, self.clerk.chance.random()
        about = server.GetRequestProperty("RequestID", PropType.LONG)
        requester = server.GetRequestProperty("RequesterName", PropType.STRING)
        if event == ON_PENDING and chosen < 0.2:
            clerk.call("deny", about)
        elif event == ON_REVOKED:
            clerk.call("retrieve", about)
        elif event == ON_ISSUED and requester != CHILD and chosen < 0.2:
            clerk.call("submit", CHILD)
        elif event == ON_ISSUED and chosen < 0.4:
            serial = server.GetCertificateProperty("SerialNumber", PropType.STRING)
            clerk.call("revoke", serial)
