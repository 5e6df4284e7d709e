"""Say hello to every certificate: the smallest exit module that does something.

    certsim run examples/hello_exit.py:HelloExit

An exit module is a class with three methods. It needs no base class. On a Windows CA the same
three make up the COM interface ICertExit.
"""

import certsim
from certsim import ExitEvent, PropType

WANTED = (
    ExitEvent.CERTISSUED
    | ExitEvent.CERTPENDING
    | ExitEvent.CERTDENIED
    | ExitEvent.CERTRETRIEVEPENDING
    | ExitEvent.CERTREVOKED
    | ExitEvent.CERTIMPORTED
    | ExitEvent.CRLISSUED
    | ExitEvent.SHUTDOWN
)


class HelloExit:
    def Initialize(self, strConfig: str) -> int:
        # Called once, when the CA starts. The answer is a mask: the events this module will hear.
        print(f"Hello from an exit module of {strConfig}")
        return WANTED

    def Notify(self, event: int, context: int) -> None:
        # Called after the fact. Nothing done here changes what the client is answered.
        if event == ExitEvent.SHUTDOWN:
            print("Goodbye")
            return  # no request stands behind this event, so its context is 0

        # A server object reads the CA's database. SetContext aims it at the request in question,
        # and has to come first.
        server = certsim.Dispatch("CertificateAuthority.ServerExit")
        server.SetContext(context)
        if event == ExitEvent.CRLISSUED:
            # Context 0 again: it shows the CA's own properties.
            crl = server.GetCertificateProperty("RawCRL", PropType.BINARY)
            print(f"CRLs were published; the newest base has {len(crl)} bytes")
            return
        number = server.GetCertificateProperty("RequestID", PropType.LONG)
        if event == ExitEvent.CERTISSUED:
            serial = server.GetCertificateProperty("SerialNumber", PropType.STRING)
            print(f"Request {number} was issued: serial number {serial}")
        elif event == ExitEvent.CERTPENDING:
            print(f"Request {number} waits for an officer")
        elif event == ExitEvent.CERTDENIED:
            why = server.GetRequestProperty("DispositionMessage", PropType.STRING)
            print(f"Request {number} was not granted: {why}")
        elif event == ExitEvent.CERTRETRIEVEPENDING:
            print(f"Request {number} was pending once, and its certificate has been fetched")
        elif event == ExitEvent.CERTREVOKED:
            # A hold and its end are told as revocations too.
            reason = server.GetRequestProperty("RevokedReason", PropType.LONG)
            print(f"Request {number} was revoked or released: reason {reason}")
        elif event == ExitEvent.CERTIMPORTED:
            print(f"Request {number} is an imported certificate")

    def GetDescription(self) -> str:
        # The event log calls the module by this name when it fails.
        return "Hello exit module"
