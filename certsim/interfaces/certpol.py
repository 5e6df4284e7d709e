"""certpol.h: the socket that the policy module fills.

The policy module decides on each request. A CA has exactly one.

Source: sdk-api certpol; win32 SecCrypto/policy-modules.
"""

from typing import Protocol

from certsim.interfaces.certmod import ICertManageModule


class ICertPolicy(Protocol):
    """Decide what becomes of requests.

    Implemented by the policy module, called by the engine. The ProgID of the module ends in
    `.Policy`.

    IID: 38bb5a00-7636-11d0-b413-00a0c91bbf8c
    Source: sdk-api certpol/nn-certpol-icertpolicy
    Basis: IID header.
    """

    def Initialize(self, strConfig: str, /) -> None:
        """Set the module up when the CA starts.

        `strConfig` is the sanitized name of the CA alone, as for `ICertExit.Initialize`.

        Errors: one that is raised keeps the CA from starting (`ModuleLoadError`, event 44 or 9).

        Source: sdk-api certpol/nf-certpol-icertpolicy-initialize
        Basis: the form of the name, and a start that always fails after an error, assumed.
        """

    def VerifyRequest(self, strConfig: str, Context: int, bNewRequest: int, Flags: int, /) -> int:
        """Return the verdict on one request.

        `strConfig` as for `Initialize`. `Context` goes to `ICertServerPolicy.SetContext` and ends
        with this call. `bNewRequest` is 1 for a new request and 0 for one that an officer resubmits
        and so has approved already. `Flags` is reserved and 0.

        The answer: VR_PENDING 0, VR_INSTANT_OK 1, VR_INSTANT_BAD 2, or a failing HRESULT as a
        signed LONG, with which the request is denied. VR_INSTANT_BAD leaves the status
        CERTSRV_E_ADMIN_DENIED_REQUEST (0x80094014).

        Errors: one that is raised denies the request with its code and writes event 44 (COM error)
        or 43 (any other). An answer of 3 and above, None or no int is E_FAIL (0x80004005) with
        event 44.

        Source: sdk-api certpol/nf-certpol-icertpolicy-verifyrequest
        Basis: HRESULT as answer sample; the status of VR_INSTANT_BAD, and answers outside the list,
        assumed.
        """

    def GetDescription(self) -> str:
        """Return a text for people that says what the module does.

        Clients can ask the CA for it (CR_PROP_POLICYDESCRIPTION).

        Source: sdk-api certpol/nf-certpol-icertpolicy-getdescription
        """

    def ShutDown(self) -> None:
        """Release what the module holds, since the CA stops and no request will follow.

        Exit modules hear EXITEVENT_SHUTDOWN before this call.

        Source: sdk-api certpol/nf-certpol-icertpolicy-shutdown
        Basis: the order against the exit modules assumed.
        """


class ICertPolicy2(ICertPolicy, Protocol):
    """Decide what becomes of requests, and offer a management object.

    Implemented by policy modules that can be configured; administration tools ask for it.

    IID: 3db4910e-8001-4bf1-aa1b-f43a808317a0
    Source: sdk-api certpol/nn-certpol-icertpolicy2
    Basis: IID header.
    """

    def GetManageModule(self) -> ICertManageModule:
        """Return the module's management object, which the module makes itself.

        Source: sdk-api certpol/nf-certpol-icertpolicy2-getmanagemodule
        """
