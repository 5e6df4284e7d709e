"""What the tests of a policy module's setters share: a subject, and policies that set one thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryptography.x509.oid import NameOID

from tests.codes import CERTSRV_E_PROPERTY_EMPTY, E_INVALIDARG, ISSUE
from tests.engine import values_kit as kit

EMPTY, WRONG = kit.code(CERTSRV_E_PROPERTY_EMPTY), kit.code(E_INVALIDARG)
PRIVATE = "1.3.6.1.4.1.99999.5"
COUNTRY, ORGANIZATION, COMMON = (
    NameOID.COUNTRY_NAME,
    NameOID.ORGANIZATION_NAME,
    NameOID.COMMON_NAME,
)
SUBJECT = kit.name((COUNTRY, "DE"), (ORGANIZATION, "Contoso"), (COMMON, "www"))


def setting(name: str, kind: int, value: object) -> Callable[[Any], object]:
    """Return a change: one property set."""
    return lambda server: server.SetCertificateProperty(name, kind, value)


def after(change: Callable[[Any], object], look: Callable[[Any], Any], **more: Any) -> Any:
    """Return what an exit module sees once policy has made a *change* and issued."""

    def decide(server: Any, _context: int) -> int:
        change(server)
        return ISSUE

    return kit.in_notify(look, kit.csr(SUBJECT), policy=decide, **more)


def extension(
    server: Any, kind: int, flags: object, value: object, oid: object = PRIVATE
) -> object:
    """Return what setting an extension answers."""
    return kit.attempt(server.SetCertificateExtension, oid, kind, flags, value)
