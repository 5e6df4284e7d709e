"""The CRL table, read: whose a list is, which is the newest, which are still good.

Bases and deltas of all keys stand in one table, in the order they were signed. A list belongs to a
CA *key* and not to a certificate: two certificates with one key have one series of lists between
them, which is known by the index of the first. Expired rows go after a while (CRLFlags 2), but the
newest of each kind never does, for the next run has to know when it was published.
Source: MS-CSRA 3.1.4.1.6, appendix note 4; win32 SecCrypto/certification-authority-renewal;
docs/rulings.md (CRLs).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from certsim._engine.state import CAState
from certsim._engine.x509 import CACertificate
from certsim.database.rows import CRLRow
from certsim.errors import ComError, shown
from certsim.facts.flags import CRLFlag, CRLPublishFlag
from certsim.facts.hresults import HRESULT


def is_delta(row: CRLRow) -> bool:
    """Tell a delta from a base, which has no minimum base. Source: MS-CSRA appendix note 4."""
    return row.number("CRLMinBase") != 0


def is_shadow(row: CRLRow) -> bool:
    """Tell whether *row* is the last delta, made when deltas had just been switched off."""
    return bool(row.number("CRLPublishFlags") & CRLPublishFlag.SHADOW)


def key_of(row: CRLRow) -> int:
    """Return the index of the key that signed *row*: the upper half of CRLNameId."""
    return row.number("CRLNameId") >> 16


def signer_of(state: CAState, row: CRLRow) -> CACertificate:
    """Return the CA certificate under which *row* was signed, by the lower half of CRLNameId."""
    return state.certificates[row.number("CRLNameId") & 0xFFFF]


def keys(state: CAState) -> list[int]:
    """Return the indices of all keys the CA ever had."""
    return sorted({held.key_index for held in state.certificates})


def signers(state: CAState, now: datetime) -> list[CACertificate]:
    """Return the certificates that sign lists at *now*: for each valid key its newest one.

    A key is valid while one of its certificates has not ended; with CRLFlags 0x200 for ever.
    Source: MS-CSRA 3.1.4.1.6; certsrv.h, CRLF_PUBLISH_EXPIRED_CERT_CRLS.
    """
    for_ever = state.settings.crl_flags & CRLFlag.PUBLISH_EXPIRED_CERT_CRLS
    newest = {held.key_index: held for held in state.certificates}
    valid = {held.key_index for held in state.certificates if for_ever or held.not_after >= now}
    return [newest[key] for key in sorted(valid)]


def lists(state: CAState, key_index: int, *, delta: bool) -> list[CRLRow]:
    """Return the bases or the deltas of one key, oldest first."""
    return [
        row for row in state.shelf.crls() if key_of(row) == key_index and is_delta(row) is delta
    ]


def newest(state: CAState, key_index: int, *, delta: bool) -> CRLRow | None:
    """Return the newest base or delta of one key, `None` before there is one."""
    return next(reversed(lists(state, key_index, delta=delta)), None)


def unexpired(rows: Sequence[CRLRow], now: datetime) -> list[CRLRow]:
    """Return those of *rows* whose NextUpdate is not past."""
    return [row for row in rows if row.moment("CRLNextUpdate") >= now]


def minimum_base(good: Sequence[CRLRow], now: datetime, crl_flags: int) -> CRLRow:
    """Return the base that a delta adds to, out of the *good* ones: unexpired, oldest first.

    It is the newest that clients can be counted on to have, for want of one the oldest; with
    CRLFlags 1 always the oldest. So a delta right after a base still adds to the one before.
    Source: MS-CSRA 3.1.4.1.6; TechNet cc731104.
    """
    known = [row for row in good if row.moment("CRLPropagationComplete") <= now]
    if known and not crl_flags & CRLFlag.DELTA_USE_OLDEST_UNEXPIRED_BASE:
        return known[-1]
    return good[0]


def current(state: CAState, key_index: int | None, *, delta: bool) -> CRLRow:
    """Return the newest base or delta of the key *key_index*, by default of the newest key.

    Errors: `ComError` ERROR_FILE_NOT_FOUND (0x80070002) when there is none, also for the index of
    a certificate that shares its key with an earlier one; E_INVALIDARG for what is no index.
    Source: MS-CSRA 3.1.4.2.2; the exit sample.
    """
    if key_index is None:
        key_index = state.issuer.key_index
    count = len(state.certificates)
    if (
        not isinstance(key_index, int)
        or isinstance(key_index, bool)
        or key_index not in range(count)
    ):
        raise ComError(HRESULT.E_INVALIDARG, f"{shown(key_index)} is no index below {count}")
    row = newest(state, key_index, delta=delta)
    if row is None:
        kind = "delta" if delta else "base"
        raise ComError(HRESULT.ERROR_FILE_NOT_FOUND, f"key {key_index} has no {kind} CRL")
    return row


def surplus(state: CAState, now: datetime) -> tuple[int, ...]:
    """Return the ids of the rows that may go: expired, and not the newest of their kind and key.

    None with CRLFlags 2 off. Source: certsrv.h, CRLF_DELETE_EXPIRED_CRLS; docs/rulings.md (CRLs).
    """
    if not state.settings.crl_flags & CRLFlag.DELETE_EXPIRED_CRLS:
        return ()
    return tuple(
        row.row_id
        for key in keys(state)
        for delta in (False, True)
        for row in lists(state, key, delta=delta)[:-1]
        if row.moment("CRLNextUpdate") < now
    )
