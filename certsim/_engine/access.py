"""Whether a verb is let through: the CA's `Security` asked about one caller, method and row.

What each method asks for is a table in `facts.access`; what an account has is the CA's data in
`security`. Here the two meet, and a refusal becomes its HRESULT. A CA without security refuses
nobody. Nothing here changes anything, and a refused verb has done nothing.
Source: MS-CSRA 3.1.1.7 and the access check of each method in 3.1.4; docs/rulings.md (Roles and
audit).
"""

from __future__ import annotations

from certsim._engine.columns import Source
from certsim._engine.state import CAState
from certsim.database.rows import Row
from certsim.errors import ComError
from certsim.facts.access import ACCESS, RESTRICTED_METHODS, RESUBMIT_DENIED, ROLES
from certsim.facts.dispositions import RowDisposition
from certsim.facts.flags import CAAccess
from certsim.facts.hresults import HRESULT


def check(state: CAState, method: str, account: str) -> None:
    """Check that *account* may call *method*, a verb's name; `KeyError` for one of no known name.

    Errors: `ComError` CERTSRV_E_ROLECONFLICT (0x80094008) for an account that has two roles while
    roles are separated: it may do nothing at all then. E_ACCESSDENIED (0x80070005) for one that
    lacks the right. Source: MS-CSRA 3.1.4 (the access checks); certsrv.h (RoleSeparationEnabled).
    """
    if state.security is None:
        return
    rights = state.security.access(account)
    if state.settings.role_separation and (rights & ROLES).bit_count() > 1:
        raise ComError(
            HRESULT.CERTSRV_E_ROLECONFLICT,
            f"{account:.60} may not {method}: it has the roles {_named(rights & ROLES, 'and')}",
        )
    fact = ACCESS[method]
    held = rights & fact.access
    if not held or (fact.all_needed and held != fact.access):
        wanted = _named(fact.access, "and" if fact.all_needed else "or")
        raise ComError(
            HRESULT.E_ACCESSDENIED, f"{account:.60} may not {method}, which takes {wanted}"
        )


def _named(rights: CAAccess, conjunction: str) -> str:
    return f" {conjunction} ".join(str(right.name) for right in rights)


def check_row(state: CAState, method: str, account: str, row: Row) -> None:
    """Check that *account* may do *method* to this very *row*: officers may be restricted.

    Errors: `ComError` CERTSRV_E_RESTRICTEDOFFICER (0x80094009) for a row of another requester or
    template than the account's pairs have; CERTSRV_E_BAD_REQUESTSTATUS, as if the state were
    wrong, for a denied row that is resubmitted by somebody who is no administrator.
    Source: MS-CSRA 3.1.4.1 (officer rights in each method), 3.1.4.1.3 (denied rows).
    """
    security = state.security
    if security is None or method not in RESTRICTED_METHODS:
        return
    denied = method == RESUBMIT_DENIED.method and row.disposition is RowDisposition.DENIED
    if denied and RESUBMIT_DENIED.access not in security.access(account):
        raise ComError(
            HRESULT.CERTSRV_E_BAD_REQUESTSTATUS, "only an administrator resubmits a denied row"
        )
    requester, template = _text(row, "Request.RequesterName"), _text(row, "CertificateTemplate")
    if not security.reaches(account, requester, template):
        raise ComError(
            HRESULT.CERTSRV_E_RESTRICTEDOFFICER,
            f"{account:.60} may not {method} a request of {requester:.60} for template"
            f" {template or 'none'}",
        )


def _text(row: Source, column: str) -> str:
    return str(row.columns.get(column, ""))


def may_enroll(state: CAState, row: Source) -> int:
    """Return the property RequesterCAAccess: 1 if the requester of *row* may enroll, else 0.

    Source: certsrv.h, wszPROPREQUESTERCAACCESS; the policy sample.
    """
    security = state.security
    requester = _text(row, "Request.RequesterName")
    return int(security is None or CAAccess.ENROLL in security.access(requester))
