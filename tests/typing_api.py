"""The sockets as a type checker sees them; never run, only checked with `mypy --strict`.

Each `type: ignore` marks code that has to be refused: `warn_unused_ignores`, part of strict, fails
if it is accepted one day.
"""

from datetime import UTC, datetime
from typing import assert_type

from certsim import CADisposition, CertificationAuthority, PublishedCRL, RevocationReason, Security
from certsim.interfaces import (
    ICertExit,
    ICertExit2,
    ICertManageModule,
    ICertPolicy,
    ICertServerExit,
    ICertServerPolicy,
)


class PlainExit:
    """Fill the exit socket without a base class, with parameter names of its own."""

    def Initialize(self, ca_name: str) -> int:
        """Ask for issued certificates if the CA has a name."""
        return 1 if ca_name else 0

    def Notify(self, event: int, context: int) -> None:
        """Hear of an event."""

    def GetDescription(self) -> str:
        """Describe the module."""
        return "plain exit"


class ManagedExit(PlainExit):
    """Fill the second exit socket with a management object."""

    def GetManageModule(self) -> "PlainManager":
        """Hand out the management object."""
        return PlainManager()


class PlainPolicy:
    """Fill the policy socket without a base class."""

    def Initialize(self, ca_name: str) -> None:
        """Hear the CA's name."""

    def VerifyRequest(self, _ca_name: str, _context: int, new: int, _flags: int) -> int:
        """Leave new requests pending and issue what an officer approved."""
        return 0 if new else 1

    def GetDescription(self) -> str:
        """Describe the module."""
        return "plain policy"

    def ShutDown(self) -> None:
        """Hear of the end."""


class PlainManager:
    """Fill the management socket with texts only, which is less than the socket allows."""

    def GetProperty(self, _config: str, _storage: str, name: str, _flags: int) -> str:
        """Answer each name with itself."""
        return name

    def SetProperty(
        self, config: str, storage: str, name: str, flags: int, value: int | datetime | bytes | str
    ) -> None:
        """Ignore the value."""

    def Configure(self, config: str, storage: str, flags: int) -> None:
        """Show nothing."""


class DeafExit:
    """Lack Notify, and so fill no socket."""

    def Initialize(self, ca_name: str) -> int:
        """Ask for issued certificates if the CA has a name."""
        return 1 if ca_name else 0

    def GetDescription(self) -> str:
        """Describe the module."""
        return "deaf exit"


class KeywordExit(DeafExit):
    """Want the context by keyword, which no caller of the socket gives."""

    def Notify(self, event: int, *, context: int) -> None:
        """Hear of an event."""


def plug_exit(module: ICertExit) -> None:
    """Take what fills the exit socket."""


def plug_managed_exit(module: ICertExit2) -> None:
    """Take what fills the second exit socket."""


def plug_policy(module: ICertPolicy) -> None:
    """Take what fills the policy socket."""


def plug_manager(manager: ICertManageModule) -> None:
    """Take what fills the management socket."""


def plain_classes_fill_the_sockets() -> None:
    """Show that having the methods is enough."""
    plug_exit(PlainExit())
    plug_exit(ManagedExit())
    plug_managed_exit(ManagedExit())
    plug_policy(PlainPolicy())
    plug_manager(PlainManager())


def incomplete_classes_are_refused() -> None:
    """Show that a missing or misshapen method is noticed."""
    plug_exit(DeafExit())  # type: ignore[arg-type]
    plug_exit(KeywordExit())  # type: ignore[arg-type]
    plug_managed_exit(PlainExit())  # type: ignore[arg-type]
    plug_policy(PlainExit())  # type: ignore[arg-type]


def exit_modules_read_and_cannot_write(server: ICertServerExit) -> None:
    """Show the types of what is read, and that the setters are not there."""
    server.SetContext(1)
    assert_type(server.GetRequestProperty("RequestID", 1), int | datetime | bytes | str)
    assert_type(server.GetRequestAttribute("CertFile"), str)
    assert_type(server.GetCertificateExtensionFlags(), int)
    assert_type(server.EnumerateExtensions(), str | None)
    server.SetContext(Context=1)  # type: ignore[call-arg]
    server.SetCertificateProperty("UPN", 4, "")  # type: ignore[attr-defined]
    server.SetCertificateExtension("2.5.29.15", 3, 0, b"")  # type: ignore[attr-defined]


def policy_modules_write(server: ICertServerPolicy) -> None:
    """Show that a property may be cleared and an extension may not."""
    server.SetCertificateProperty("CommonName", 4, None)
    server.SetCertificateExtension("2.5.29.15", 3, 1, b"\x03\x02\x05\xa0")
    server.SetCertificateExtension("2.5.29.15", 3, 1, None)  # type: ignore[arg-type]


def a_test_drives_a_whole_ca(root: CertificationAuthority) -> None:
    """Show the types of what the verbs return."""
    security = Security.standalone("admin")
    with CertificationAuthority("Sub", issuer=root, security=security) as ca:
        ca.revoke("0a", RevocationReason.RELEASE, effective=datetime.now(UTC))
        ca.revoke("0a", 0xFFFFFFFF)
        ca.revoke("0a", "keyCompromise")  # type: ignore[arg-type]
        assert_type(ca.is_valid("0a"), CADisposition)
        assert_type(ca.publish_crls(delta=False), tuple[PublishedCRL, ...])
        assert_type(ca.delete_rows(row_id=1), int)
        for row in ca.view("log", where=[("Request.Disposition", "=", 20)]):
            assert_type(row, dict[str, int | str | bytes | datetime | None])
        ca.view(where=[("Request.Disposition", 20)])  # type: ignore[list-item]


def code_that_reads_serves_both_sides(server: ICertServerPolicy) -> None:
    """Show that the policy's object can stand where an exit module's is asked for."""
    exit_modules_read_and_cannot_write(server)
