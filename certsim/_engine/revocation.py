"""Revoke, hold, release: what an officer's words mean, and what they write into a row.

Windows has one call for all of it. A reason from the list revokes, or changes reason and date of
what is revoked already; 6 puts on hold; -1 releases from hold; and two more numbers revoke nothing
but say whether the certificate stays on the CRLs once it has ended. Which of these a row allows is
the table's business (`lifecycle`): this room finds out which one is meant, and touches no shelf.

The CRL entry is encoded here, once, so that a list of a million of them is a join and a signature.
Source: MS-CSRA 3.1.4.1.8, 3.1.4.1.5; sdk-api certadm/nf-certadm-icertadmin-revokecertificate;
comments of ADCS.CertMod (the release); docs/rulings.md (Revocation).
"""

from __future__ import annotations

from datetime import datetime

import attrs

from certsim._engine import crls, messages
from certsim._engine.door import Errand
from certsim._engine.lifecycle import Guard
from certsim.database.rows import Row, Value
from certsim.errors import ComError, shown
from certsim.facts.dispositions import CA_FROM_ROW, CADisposition, RevocationReason, RowDisposition
from certsim.facts.hresults import HRESULT

_HOLD, _RELEASE = RevocationReason.CERTIFICATE_HOLD, RevocationReason.RELEASE
TOGGLES: dict[RevocationReason, int] = {
    RevocationReason.PUBLISH_EXPIRED: 1,
    RevocationReason.DROP_EXPIRED: 0,
}
_ACCEPTED = frozenset((*range(7), RevocationReason.REMOVE_FROM_CRL, _RELEASE, *TOGGLES))
"""What the protocol takes; 9 and 10 are in the header only. Source: MS-CSRA 3.1.4.1.8."""


def checked_reason(reason: object) -> RevocationReason:
    """Return *reason*, a number in either spelling of a DWORD, as the reason it is.

    Errors: `ComError` E_INVALIDARG for a number that cannot be asked for.
    """
    try:
        if isinstance(reason, int) and not isinstance(reason, bool):
            found = RevocationReason(reason)
            if found in _ACCEPTED:
                return found
    except ValueError:
        pass
    raise ComError(HRESULT.E_INVALIDARG, f"{shown(reason)} is no reason to revoke a certificate")


def guard(row: Row, reason: RevocationReason) -> Guard:
    """Return which step of the table *reason* asks for, on *row* as it stands."""
    if reason in TOGGLES:
        return Guard.TOGGLE
    revoked = row.disposition is RowDisposition.REVOKED
    on_hold = revoked and row.columns.get("Request.RevokedReason") == _HOLD
    if reason == _RELEASE:
        return Guard.RELEASE if on_hold else Guard.NOT_ON_HOLD
    if reason == _HOLD:
        return Guard.NOT_ON_HOLD if revoked and not on_hold else Guard.HOLD
    return Guard.REVOKE


def changed(
    row: Row,
    reason: RevocationReason,
    effective: datetime | None,
    errand: Errand,
    end: dict[str, Value],
) -> Row:
    """Return *row* revoked, put on hold, released, or with its PublishExpiredCertInCRL set.

    *effective*, the moment of the *errand* for `None`, becomes RevokedEffectiveWhen; *end* has the
    new disposition. A release leaves both dates and the reason -1 in the row, and "Revoked by" in
    its message.
    Source: MS-CSRA 3.1.4.1.8; docs/rulings.md (Revocation).
    """
    if reason in TOGGLES:
        lasting = {"PublishExpiredCertInCRL": TOGGLES[reason]}
        return attrs.evolve(row, columns={**row.columns, **lasting})
    effective = effective or errand.now
    columns: dict[str, Value] = {
        **row.columns,
        **end,
        "Request.RevokedReason": int(reason),
        "Request.RevokedEffectiveWhen": effective,
        "Request.RevokedWhen": errand.now,
        "Request.DispositionMessage": messages.join(f"Revoked by {errand.by}"),
    }
    serial = str(row.columns["SerialNumber"])
    return attrs.evolve(row, columns=columns, crl_entry=crls.entry(serial, effective, int(reason)))


def in_force(row: Row, now: datetime) -> bool:
    """Tell whether *row* is revoked and the effective date has come."""
    if row.disposition is not RowDisposition.REVOKED:
        return False
    return row.moment("Request.RevokedEffectiveWhen") <= now


def validity(row: Row | None, now: datetime) -> CADisposition:
    """Return the answer of the validity check for *row*; `None`: no such serial number.

    Disposition and effective date are all that is looked at; an ended certificate is valid here.
    Source: MS-CSRA 3.1.4.1.5.
    """
    if row is None:
        return CADisposition.INVALID
    answer = CA_FROM_ROW.get(row.disposition, CADisposition.INCOMPLETE)
    if answer is CADisposition.REVOKED and not in_force(row, now):
        return CADisposition.VALID
    return answer
