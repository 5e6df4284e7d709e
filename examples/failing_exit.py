"""Fail on purpose, and see that the CA does not mind.

    certsim run examples/failing_exit.py:FailingExit

An exit module hears of what has been decided and committed. When it fails, the CA writes the
failure into its event log and carries on: the client gets its certificate all the same.
"""

import certsim
from certsim import ExitEvent

E_ACCESSDENIED = 0x80070005


class FailingExit:
    def Initialize(self, strConfig: str) -> int:
        return ExitEvent.CERTISSUED | ExitEvent.CERTPENDING | ExitEvent.CERTDENIED

    def Notify(self, event: int, context: int) -> None:
        if event == ExitEvent.CERTISSUED:
            # The polite way: an error with a code. The event log has it as event 46.
            raise certsim.ComError(E_ACCESSDENIED, "the web server lets nobody in")
        if event == ExitEvent.CERTDENIED:
            # A mistake in the module. The event log has it as event 45, with the line it is in.
            print(1 / 0)
        # For a pending request all is well.

    def GetDescription(self) -> str:
        return "Failing exit module"
