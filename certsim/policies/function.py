"""A policy module around one plain function: enough for most lessons and tests.

The front door puts it around any function of two arguments that is given as `policy_module`. It
has no registry key and no settings. A lesson that wants to decide about resubmitted requests too
needs a class with `VerifyRequest`.
Source: docs/rulings.md (Verdicts); sdk-api certpol/nf-certpol-icertpolicy-verifyrequest.
"""

from __future__ import annotations

from collections.abc import Callable

from certsim.activation import Dispatch
from certsim.facts.dispositions import Verdict
from certsim.interfaces import ICertServerPolicy

Decide = Callable[[ICertServerPolicy, int], int]


class FunctionPolicy:
    """Ask a function `(server, context) -> Verdict` about every new request.

    *server* is a `CCertServerPolicy` that is aimed at the request already. A resubmitted request
    is issued without asking: an officer has approved it. Extensions that came with the request
    stay disabled unless the function enables them.
    """

    def __init__(self, decide: Decide) -> None:
        """Take the function; it may answer anything, and the engine judges what is no verdict."""
        self._decide = decide

    def Initialize(self, strConfig: str, /) -> None:
        """Have nothing to do."""

    def VerifyRequest(self, strConfig: str, Context: int, bNewRequest: int, Flags: int, /) -> int:
        """Return the function's verdict, or issue what comes back from an officer.

        What the function raises goes on to the engine, which denies the request with it.
        """
        if not bNewRequest:
            return Verdict.INSTANT_OK
        server: ICertServerPolicy = Dispatch("CertificateAuthority.ServerPolicy")
        server.SetContext(Context)
        return self._decide(server, Context)

    def GetDescription(self) -> str:
        """Return the function's name."""
        return f"Policy function {getattr(self._decide, '__name__', 'without a name')}"

    def ShutDown(self) -> None:
        """Have nothing to let go of."""
