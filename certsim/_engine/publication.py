"""Writing lists and certificates to the places that the configuration names.

A place is a path or a URL with its tokens filled in. Files are written whole or not at all, so that
nobody reads half a list; a file that holds the very bytes already is left alone. A CA here reaches
files only: HTTP and FTP cannot be written to on Windows either, and there is no directory, so LDAP
lines are dropped at the start unless the CA is told to use one. What fails becomes a number and a
flag in the CRL table and an entry in the event log, and stops nothing.

No part of a path comes from a request: tokens are names and indices of the CA.
Source: MS-CSRA 3.1.4.1.6, product note 15; certsrv.h (CPF and CSURL constants); gradenegger.eu on
events 65 to 67; docs/rulings.md (CRLs).
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote

import attrs

from certsim._engine import ca_names, crl_table
from certsim._engine.journal import EventLogEntry
from certsim._engine.published import Location, first_failure
from certsim._engine.state import CAState
from certsim.database.rows import CRLRow, Value
from certsim.errors import printable, signed
from certsim.facts.flags import CRLPublishFlag, URLFlag
from certsim.facts.hresults import HRESULT
from certsim.facts.schema import COLUMNS

ATTEMPTS = 10
"""How often a list is tried before the CA gives up on it. Source: MS-CSRA 3.1.4.1.6."""
# One letter and a colon is a drive of Windows.
_SCHEME = re.compile("([A-Za-z][A-Za-z0-9+.-]+):")
_DRIVE = re.compile(r"[A-Za-z]:|\\\\")
_KINDS = {
    "file": CRLPublishFlag.FILE_ERROR,
    "http": CRLPublishFlag.HTTP_ERROR,
    "ftp": CRLPublishFlag.FTP_ERROR,
    "ldap": CRLPublishFlag.LDAP_ERROR,
}
_POSTPONED = {
    CRLPublishFlag.FILE_ERROR: CRLPublishFlag.POSTPONED_BASE_FILE_ERROR,
    CRLPublishFlag.LDAP_ERROR: CRLPublishFlag.POSTPONED_BASE_LDAP_ERROR,
}
_LASTING = (
    CRLPublishFlag.BASE | CRLPublishFlag.DELTA | CRLPublishFlag.SHADOW | CRLPublishFlag.MANUAL
)
"""The flags that say what a list is, and not how its last attempt went."""
_CODES = {
    errno.ENOENT: HRESULT.ERROR_PATH_NOT_FOUND,
    errno.ENOTDIR: HRESULT.ERROR_PATH_NOT_FOUND,
    errno.EACCES: HRESULT.E_ACCESSDENIED,
    errno.EPERM: HRESULT.E_ACCESSDENIED,
    errno.EROFS: HRESULT.E_ACCESSDENIED,
    errno.ENOSPC: HRESULT.ERROR_DISK_FULL,
    errno.EDQUOT: HRESULT.ERROR_DISK_FULL,
    errno.ENAMETOOLONG: HRESULT.ERROR_BAD_PATHNAME,
}
"""What a failed write would have been called on Windows; all others are ERROR_WRITE_FAULT."""
_WIN32 = 0x80070000
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


def failure_of(place: str) -> CRLPublishFlag:
    """Return which kind of place *place* is, as the flag that tells of its failure."""
    scheme = _SCHEME.match(place)
    if scheme is None:
        return CRLPublishFlag.FILE_ERROR
    return _KINDS.get(scheme[1].lower(), CRLPublishFlag.BADURL_ERROR)


def places(lines: Iterable[str], flag: int, tokens: Mapping[str, str]) -> list[str]:
    """Return the places of those *lines* that have *flag*, tokens filled in.

    In a URL the tokens' texts are percent-encoded, in a path they stand as they are.
    Source: MS-CSRA, product note 15; docs/rulings.md (CRLs).
    """
    return [
        ca_names.filled(place, tokens, encoded=bool(_SCHEME.match(place)))
        for place in ca_names.chosen(lines, flag)
    ]


def write(place: str, data: bytes) -> int:
    """Make *place* hold *data*; return 0 or the signed HRESULT of what stood in the way.

    The file is written beside its place and moved there in one step, with the rights of any new
    file. ERROR_BAD_PATHNAME (0x800700A1) is for places that cannot be written to by their nature,
    ERROR_PATH_NOT_FOUND (0x80070003) for a folder that is missing or on another machine.
    Source: MS-CSRA 3.1.4.1.6 (0x800700A1); docs/rulings.md (CRLs).
    """
    if failure_of(place) is not CRLPublishFlag.FILE_ERROR:
        return HRESULT.ERROR_BAD_PATHNAME
    local = local_path(place, windows=os.name == "nt")
    if local is None:
        return HRESULT.ERROR_PATH_NOT_FOUND
    try:
        path = Path(local)
        if path.exists() and not path.is_file():
            return HRESULT.E_ACCESSDENIED
        if not _holds(path, data):
            _put(path, data)
    except OSError as error:
        return code_of(error)
    except ValueError:
        # A character that no file system takes: a NUL, half of a surrogate pair.
        return HRESULT.ERROR_BAD_PATHNAME
    return HRESULT.S_OK


def local_path(place: str, *, windows: bool) -> str | None:
    r"""Return the path that *place* (a path or a `file:` URL) means here, `None` if none can be.

    Other hosts, drives and shares (`\\server\share`) can be reached on Windows alone. A relative
    path counts from the folder the process runs in. Source: RFC 8089; docs/rulings.md (CRLs).
    """
    if _SCHEME.match(place) is None:
        return place if windows or not _DRIVE.match(place) else None
    path = unquote(place.partition(":")[2]).replace("\\", "/")
    if path.startswith("//"):
        host, slash, rest = path[2:].partition("/")
        local = host.lower() in {"", "localhost"}
        if not windows and not local:
            return None
        path = f"/{rest}" if local else f"//{host}{slash}{rest}"
    if _DRIVE.match(path, 1):
        return path[1:] if windows else None
    return path


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False


def _put(path: Path, data: bytes) -> None:
    with TemporaryDirectory(prefix=".certsim", dir=path.parent) as folder:
        fresh = Path(folder, path.name)
        fresh.write_bytes(data)
        fresh.replace(path)


def code_of(error: OSError) -> int:
    """Return the signed HRESULT for *error*: on Windows its own, elsewhere the nearest."""
    win32 = getattr(error, "winerror", None)
    if win32:
        return signed(_WIN32 | win32)
    return _CODES.get(error.errno or 0, HRESULT.ERROR_WRITE_FAULT)


def attempt(state: CAState, row: CRLRow, base_errors: CRLPublishFlag) -> Attempt:
    """Write the list of *row* to all its places that do not have it, and log what failed.

    A delta does not go to a kind of place where its base failed in the same run (*base_errors*):
    E_ABORT, for a client would find a delta to a base it cannot get. Source: MS-CSRA 3.1.4.1.6.
    """
    delta = crl_table.is_delta(row)
    flag = URLFlag.SERVERPUBLISHDELTA if delta else URLFlag.SERVERPUBLISH
    tokens = state.tokens(crl_table.signer_of(state, row), delta=delta)
    locations, errors = [], CRLPublishFlag(0)
    for place in places(state.settings.crl_lines, flag, tokens):
        error, code = failure_of(place), int(HRESULT.E_ABORT)
        if error & base_errors and error in _POSTPONED:
            error = _POSTPONED[error]
        else:
            code = write(place, row.raw)
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
        for place in places(lines, URLFlag.SERVERPUBLISH, tokens):
            code = write(place, held.raw)
            if code:
                log(state, _CERTIFICATE_FAILED, code, f"certificate {held.index}: {place}")


def log(state: CAState, event_id: int, hresult: int, text: str) -> None:
    """Put a failure to publish, or to find out when, into the event log."""
    state.journal.log(
        EventLogEntry(
            state.now(), event_id, "", "Certificate Services", "PublishCRLs", int(hresult), text
        )
    )
