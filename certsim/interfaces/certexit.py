"""certexit.h: the socket that an exit module fills.

An exit module learns what the CA has decided and has no say in it. A CA may have none or several.

Source: sdk-api certexit; win32 SecCrypto/exit-modules.
"""

from typing import Protocol

from certsim.interfaces.certmod import ICertManageModule


class ICertExit(Protocol):
    """Hear of the CA's decisions.

    Implemented by each exit module, called by the engine. The ProgID of a module ends in `.Exit`.
    The engine may call one module on several threads at once, for different requests.

    IID: e19ae1a0-7364-11d0-8816-00a0c903b83c
    Source: sdk-api certexit/nn-certexit-icertexit
    Basis: IID header; overlapping calls observed.
    """

    def Initialize(self, strConfig: str, /) -> int:
        """Set the module up and return the events it wants.

        Called once for each load, when the CA starts. `strConfig` is the sanitized name of the CA,
        without a machine in front. The answer is the OR of EXITEVENT_* bits; 0 (EXITEVENT_INVALID)
        asks for none, and leaves a loaded module that is never notified.

        Errors: one that is raised puts event 46 (COM error) or 45 (any other) into the event log
        and keeps the module out, while the CA runs on. An answer that is no int, or has bits beyond
        0x3FF, counts as such an error.

        Source: sdk-api certexit/nf-certexit-icertexit-initialize
        Basis: event 46 documented; the sanitized form of the name observed; the module that asks
        for nothing, and what follows an error, assumed.
        """

    def Notify(self, ExitEvent: int, Context: int, /) -> None:
        """Take note of one event.

        `ExitEvent` has exactly one EXITEVENT_* bit, one that `Initialize` asked for. `Context` goes
        to `ICertServerExit.SetContext`; it is 0 for events that have no request: CRLISSUED,
        SHUTDOWN and STARTUP. All modules that want the event hear of it in turn, in an order on
        which nobody may rely, and the next one waits for this one to return.

        Errors: a COM error writes event 46 with the module's description, the method and the code;
        any other exception writes event 45. The CA's decision stands and the next module is called.

        Source: sdk-api certexit/nf-certexit-icertexit-notify
        Basis: event 46 documented; context 0, and going on after an error, assumed.
        """

    def GetDescription(self) -> str:
        """Return a text for people that says what the module does.

        The CA's console shows it, and clients can ask for it (CR_PROP_EXITDESCRIPTION).

        Source: sdk-api certexit/nf-certexit-icertexit-getdescription
        """


class ICertExit2(ICertExit, Protocol):
    """Hear of the CA's decisions, and offer a management object.

    Implemented by exit modules that can be configured; administration tools ask for it.

    IID: 0abf484b-d049-464d-a7ed-552e7529b0ff
    Source: sdk-api certexit/nn-certexit-icertexit2
    Basis: IID header.
    """

    def GetManageModule(self) -> ICertManageModule:
        """Return the module's management object, which the module makes itself.

        Source: sdk-api certexit/nf-certexit-icertexit2-getmanagemodule
        """
