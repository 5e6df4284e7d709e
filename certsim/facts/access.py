"""Permissions: what a caller needs for each verb of a certification authority.

``ACCESS`` is keyed by the verb's name on ``CertificationAuthority``. One of the rights in a row is
enough unless it says ``all_needed``. Publishing a CRL is an administrator's business and revoking
an officer's, which surprises people and is documented. A verb that is missing here needs no right:
it has no caller to ask, like starting the service or its timer, or serves the program that runs
the CA.

Source: MS-CSRA 3.1.1.7 and 3.1.4, MS-WCCE 3.2.1.4.2.1, certsrv.h CA_ACCESS
constants; TechNet cc773161 (role separation).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from certsim.facts.basis import Basis
from certsim.facts.flags import CAAccess

ROLES: Final = CAAccess.ADMIN | CAAccess.OFFICER | CAAccess.AUDITOR | CAAccess.OPERATOR
"""The four roles; while roles are separated, an account may have one. Source: TechNet cc773161."""

IMPLIES_READ: Final = CAAccess.ENROLL | CAAccess.OFFICER | CAAccess.ADMIN
"""Who has one of these has READ as well. Source: MS-CSRA 3.1.1.7."""

RESTRICTED_METHODS: Final = frozenset(
    {"set_certificate_extension", "set_request_attributes", "deny", "resubmit", "revoke"}
)
"""The verbs that ask whether an officer is restricted. Source: MS-CSRA 3.1.4.1.1 to 3.1.4.1.8."""


class AccessFact(NamedTuple):
    """Say which of the rights in ``access`` a verb needs: any one, or all if ``all_needed``.

    Source: named by each row.
    """

    method: str
    access: CAAccess
    all_needed: bool
    source: str
    basis: Basis


_READERS: Final = CAAccess.READ | CAAccess.OFFICER | CAAccess.ADMIN
_BOTH: Final = CAAccess.ADMIN | CAAccess.OFFICER

RESUBMIT_DENIED: Final = AccessFact(
    "resubmit", CAAccess.ADMIN, False, "MS-CSRA 3.1.4.1.3", Basis.DOCUMENTED
)
"""What ``resubmit`` needs besides for a request that was denied."""

# A table: one row stays together.
# fmt: off
_ACCESS: Final[tuple[AccessFact, ...]] = (
    AccessFact("submit", CAAccess.ENROLL, False,
        "MS-WCCE 3.2.1.4.2.1", Basis.DOCUMENTED),
    AccessFact("retrieve", CAAccess.ENROLL, False,
        "MS-WCCE 3.2.1.4.2.1", Basis.DOCUMENTED),
    AccessFact("set_certificate_extension", CAAccess.OFFICER, False,
        "MS-CSRA 3.1.4.1.1", Basis.DOCUMENTED),
    AccessFact("set_request_attributes", CAAccess.OFFICER, False,
        "MS-CSRA 3.1.4.1.2", Basis.DOCUMENTED),
    AccessFact("resubmit", CAAccess.OFFICER, False,
        "MS-CSRA 3.1.4.1.3", Basis.DOCUMENTED),
    AccessFact("deny", CAAccess.OFFICER, False,
        "MS-CSRA 3.1.4.1.4", Basis.DOCUMENTED),
    AccessFact("revoke", CAAccess.OFFICER, False,
        "MS-CSRA 3.1.4.1.8", Basis.DOCUMENTED),
    AccessFact("import_certificate", CAAccess.OFFICER, False,
        "MS-CSRA 3.1.4.1.26", Basis.DOCUMENTED),
    AccessFact("is_valid", _READERS, False,
        "MS-CSRA 3.1.4.1.5", Basis.DOCUMENTED),
    AccessFact("view", _READERS, False,
        "MS-CSRA 3.1.4.1.12", Basis.DOCUMENTED),
    AccessFact("publish_crls", CAAccess.ADMIN, False,
        "MS-CSRA 3.1.4.2.1", Basis.DOCUMENTED),
    AccessFact("delete_rows", _BOTH, True,
        "MS-CSRA 3.1.4.2.18", Basis.DOCUMENTED),
    AccessFact("set_config", CAAccess.ADMIN, False,
        "MS-CSRA 3.1.4.2.15", Basis.DOCUMENTED),
    # What `set_config` is when it sets the AuditFilter: Windows has a method of its own for that.
    AccessFact("set_audit_filter", CAAccess.ADMIN | CAAccess.AUDITOR, False,
        "MS-CSRA 3.1.4.2.10", Basis.DOCUMENTED),
    # No method of the protocols: an administrator of the machine does it.
    AccessFact("renew", CAAccess.ADMIN, False,
        "win32 SecCrypto/certification-authority-renewal", Basis.ASSUMED),
)
# fmt: on

ACCESS: Final[Mapping[str, AccessFact]] = MappingProxyType({fact.method: fact for fact in _ACCESS})
