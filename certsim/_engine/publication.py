"""Publishing lists and certificates: which places get what, and the books that are kept about it.

What fails becomes a number and a flag in the CRL table and an entry in the event log, and stops
nothing; the CA tries such a place again. How a place is written to is the business of `places`.
Source: MS-CSRA 3.1.4.1.6, product note 15; certsrv.h (CPF and CSURL constants); gradenegger.eu on
events 65 to 67; docs/rulings.md (CRLs).
"""

from __future__ import annotations

from datetime import datetime

import attrs

from certsim._engine import crl_table, places
from certsim._engine.failures import logger
from certsim._engine.journal import EventLogEntry
from certsim._engine.published import Location, first_failure
from certsim._engine.state import CAState
from certsim.database.rows import CRLRow, Value
from certsim.errors import printable
from certsim.facts.flags import CRLPublishFlag, URLFlag
from certsim.facts.hresults import HRESULT
from certsim.facts.schema import COLUMNS

ATTEMPTS = 10
"""How often a list is tried before the CA gives up on it. Source: MS-CSRA 3.1.4.1.6."""
_POSTPONED = {
    CRLPublishFlag.FILE_ERROR: CRLPublishFlag.POSTPONED_BASE_FILE_ERROR,
    CRLPublishFlag.LDAP_ERROR: CRLPublishFlag.POSTPONED_BASE_LDAP_ERROR,
}
_LASTING = (
    CRLPublishFlag.BASE | CRLPublishFlag.DELTA | CRLPublishFlag.SHADOW | CRLPublishFlag.MANUAL
)
"""The flags that say what a list is, and not how its last attempt went."""
_BASE_FAILED, _DELTA_FAILED, _GIVEN_UP = 65, 66, 67
# No source tells the id of the entry about a CA certificate's file.
_CERTIFICATE_FAILED = 0
_LONGEST_NAME = 128
_LONGEST_TEXT = COLUMNS["CRLPublishError"].max_length


@attrs.frozen
class Attempt:
    """Hold how writing one list went: its *locations* in order, and the error flags of all."""

    locations: tuple[Location, ...]
    errors: CRLPublishFlag


def attempt(state: CAState, row: CRLRow, base_errors: CRLPublishFlag) -> Attempt:
    """Write the list of *row* to all its places that do not have it, and log what failed.

    A delta does not go to a kind of place where its base failed in the same run (*base_errors*):
    E_ABORT, for a client would find a delta to a base it cannot get. Source: MS-CSRA 3.1.4.1.6.
    """
    delta = crl_table.is_delta(row)
    flag = URLFlag.SERVERPUBLISHDELTA if delta else URLFlag.SERVERPUBLISH
    tokens = state.tokens(crl_table.signer_of(state, row), delta=delta)
    locations, errors = [], CRLPublishFlag(0)
    for place in places.of(state.settings.crl_lines, flag, tokens):
        error, code = places.failure_of(place), int(HRESULT.E_ABORT)
        if error & base_errors and error in _POSTPONED:
            error = _POSTPONED[error]
        else:
            code = places.write(place, row.raw, state.home.path)
        locations.append(Location(printable(place), int(code)))
        if code:
            errors |= error
            about = f"key {crl_table.key_of(row)}: {place}"
            log(state, _DELTA_FAILED if delta else _BASE_FAILED, code, about)
    return Attempt(tuple(locations), errors)


def noted(state: CAState, row: CRLRow, attempt: Attempt, now: datetime, by: str) -> CRLRow:
    """Return *row* with what came of an attempt at *now*, in the name of *by* (`-`: the CA).

    The tenth attempt that fails is the last the CA makes by itself, and is logged.
    Source: MS-CSRA 3.1.4.1.6, appendix note 4; gradenegger.eu on event 67.
    """
    count = row.number("CRLPublishAttempts") + 1
    outcome = attempt.errors or CRLPublishFlag.COMPLETE
    status = first_failure(attempt.locations)
    columns: dict[str, Value] = {
        **row.columns,
        "CRLLastPublished": now,
        "CRLPublishAttempts": count,
        "CRLPublishFlags": int(row.number("CRLPublishFlags") & int(_LASTING) | outcome),
        "CRLPublishStatusCode": status,
    }
    columns.pop("CRLPublishError", None)
    if attempt.errors:
        columns["CRLPublishError"] = _error_text(row, attempt.locations, by)
        if count == ATTEMPTS:
            log(state, _GIVEN_UP, status, f"{count} attempts, no more until the next CRL")
    return attrs.evolve(row, columns=columns)


def _error_text(row: CRLRow, locations: tuple[Location, ...], by: str) -> str:
    """Return the column CRLPublishError: a line for each failed attempt, then the failed places.

    A line is who asked, ` -- ` and the numbers of the places that failed, counted from 0. Lines
    of long ago are dropped. Source: MS-CSRA 3.1.4.1.6.
    """
    earlier = str(row.columns.get("CRLPublishError", "")).partition("\n\n")[0].splitlines()
    failed = {str(index): tried.place for index, tried in enumerate(locations) if tried.hresult}
    line = f"{printable(by)[:_LONGEST_NAME]} -- {' '.join(failed)}"
    lines = [*earlier, line][-ATTEMPTS:]
    return "\n".join((*lines, "", *failed.values()))[:_LONGEST_TEXT]


def publish_certificates(state: CAState) -> None:
    """Write each of the CA's certificates to the places for them; the event log tells of failures.

    Source: MS-CSRA, product note 15; docs/rulings.md (CRLs).
    """
    lines = state.settings.certificate_lines
    for held in state.certificates:
        tokens = state.tokens(held)
        for place in places.of(lines, URLFlag.SERVERPUBLISH, tokens):
            code = places.write(place, held.raw, state.home.path)
            if code:
                log(state, _CERTIFICATE_FAILED, code, f"certificate {held.index}: {place}")


def log(state: CAState, event_id: int, hresult: int, text: str) -> None:
    """Put a failure to publish, or to find out when, into event log, journal and logger."""
    entry = EventLogEntry(
        state.now(), event_id, "", "Certificate Services", "PublishCRLs", int(hresult), text
    )
    state.journal.log(entry)
    logger.error("%s", entry)
