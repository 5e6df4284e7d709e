"""Places to publish to: which the configuration names, and how they are written to.

A place is a path or a URL with its tokens filled in. Files are written whole or not at all, so that
nobody reads half a list; a file that holds the very bytes already is left alone. A CA here reaches
files only: HTTP and FTP cannot be written to on Windows either, and there is no directory.

No part of a path comes from a request: tokens are names and indices of the CA.
Source: MS-CSRA 3.1.4.1.6, product note 15; RFC 8089; docs/rulings.md (CRLs).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import unquote

from certsim import files
from certsim._engine import ca_names
from certsim.errors import code_of
from certsim.facts.flags import CRLPublishFlag
from certsim.facts.hresults import HRESULT

# One letter and a colon is a drive of Windows.
_SCHEME = re.compile("([A-Za-z][A-Za-z0-9+.-]+):")
_DRIVE = re.compile(r"[A-Za-z]:|\\\\")
_KINDS = {
    "file": CRLPublishFlag.FILE_ERROR,
    "http": CRLPublishFlag.HTTP_ERROR,
    "ftp": CRLPublishFlag.FTP_ERROR,
    "ldap": CRLPublishFlag.LDAP_ERROR,
}

_AS_ANY_FILE = 0o666


def failure_of(place: str) -> CRLPublishFlag:
    """Return which kind of place *place* is, as the flag that tells of its failure."""
    scheme = _SCHEME.match(place)
    if scheme is None:
        return CRLPublishFlag.FILE_ERROR
    return _KINDS.get(scheme[1].lower(), CRLPublishFlag.BADURL_ERROR)


def of(lines: Iterable[str], flag: int, tokens: Mapping[str, str]) -> list[str]:
    """Return the places of those *lines* that have *flag*, tokens filled in.

    In a URL the tokens' texts are percent-encoded, in a path they stand as they are.
    Source: MS-CSRA, product note 15; docs/rulings.md (CRLs).
    """
    return [
        ca_names.filled(place, tokens, encoded=bool(_SCHEME.match(place)))
        for place in ca_names.chosen(lines, flag)
    ]


def write(place: str, data: bytes, home: Path = Path()) -> int:
    """Make *place* hold *data*; return 0 or the signed HRESULT of what stood in the way.

    A relative path counts from the folder *home*. The file is written beside its place and moved
    there in one step, with the rights of any new file. ERROR_BAD_PATHNAME (0x800700A1) is for
    places that cannot be written to by their nature, ERROR_PATH_NOT_FOUND (0x80070003) for a folder
    that is missing or on another machine.
    Source: MS-CSRA 3.1.4.1.6 (0x800700A1); docs/rulings.md (CRLs).
    """
    if failure_of(place) is not CRLPublishFlag.FILE_ERROR:
        return HRESULT.ERROR_BAD_PATHNAME
    local = local_path(place, windows=os.name == "nt")
    if local is None:
        return HRESULT.ERROR_PATH_NOT_FOUND
    try:
        path = home / local
        if path.exists() and not path.is_file():
            return HRESULT.E_ACCESSDENIED
        if not _holds(path, data):
            files.replace(path, data, _AS_ANY_FILE)
    except OSError as error:
        return code_of(error, making=True)
    except ValueError:
        # A character that no file system takes: a NUL, half of a surrogate pair.
        return HRESULT.ERROR_BAD_PATHNAME
    return HRESULT.S_OK


def local_path(place: str, *, windows: bool) -> str | None:
    r"""Return the path that *place* (a path or a `file:` URL) means here, `None` if none can be.

    Other hosts, drives and shares (`\\server\share`) can be reached on Windows alone.
    Source: RFC 8089; docs/rulings.md (CRLs).
    """
    if _SCHEME.match(place) is None:
        foreign = _DRIVE.match(place) or "\\" in place
        return place if windows or not foreign else None
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
