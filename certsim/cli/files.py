"""The user's own files: requests, certificates and passphrases that are read, answers written.

What goes wrong with a file is a `ComError` that names it, as it is for Microsoft's tools. Files of
the CA's folder are not dealt with here.
Source: winerror.h (codes); RFC 7468 (PEM); docs/rulings.md (Command line).
"""

from __future__ import annotations

import binascii
import ssl
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from certsim import ComError
from certsim import files as whole_files
from certsim._engine.requests import MAX_TEXT
from certsim.facts.hresults import HRESULT

_LIMIT = MAX_TEXT
"""Bytes that are read of a file: the longest request there can be."""
_MODE = 0o644
_PEM = b"-----BEGIN CERTIFICATE-----"


def read(name: str, what: str, limit: int = _LIMIT) -> bytes:
    """Return what the file *name* holds; *what* it is for is said in errors.

    No more is read than *limit* bytes and one, so an endless device is refused like any large
    file. Errors: `ComError` ERROR_FILE_NOT_FOUND, E_ACCESSDENIED or what else the system says,
    ERROR_INVALID_DATA for a file that is too large.
    """
    try:
        with Path(name).open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise whole_files.failure(error, f"read {what} {name}") from error
    except ValueError as error:  # a name no system takes
        told = f"cannot read {what} {name}: {error}"
        raise ComError(HRESULT.ERROR_BAD_PATHNAME, told) from error
    if len(content) > limit:
        told = f"{what} {name} is over {limit:,} bytes, which none can be"
        raise ComError(HRESULT.ERROR_INVALID_DATA, told)
    return content


def read_certificate(name: str) -> bytes:
    """Return the certificate (DER) in the file *name*, which may be PEM.

    Whether DER is a certificate is the CA's to say. Errors: as `read`.
    """
    content = read(name, "certificate file")
    if _PEM not in content:
        return content
    try:
        text = content[content.index(_PEM) :].decode("ascii")
        end = text.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----")
        return ssl.PEM_cert_to_DER_cert(text[:end])
    except (ValueError, binascii.Error) as error:
        told = f"certificate file {name} is no whole PEM certificate"
        raise ComError(HRESULT.ERROR_INVALID_DATA, told) from error


def listed(names: Iterable[str]) -> list[str]:
    """Return *names* with each folder replaced by the files in it, in order of their names.

    Hidden files and folders inside are left out. Errors: `ComError` for a folder that cannot be
    listed, ERROR_FILE_NOT_FOUND for one without files.
    """
    found: list[str] = []
    for name in names:
        found += _inside(Path(name)) if Path(name).is_dir() else [name]
    return found


def _inside(folder: Path) -> list[str]:
    try:
        inside = sorted(
            str(path)
            for path in folder.iterdir()
            if path.is_file() and not path.name.startswith(".")
        )
    except OSError as error:
        raise whole_files.failure(error, f"read folder {folder}") from error
    if not inside:
        raise ComError(HRESULT.ERROR_FILE_NOT_FOUND, f"there are no files in folder {folder}")
    return inside


def check_free(path: Path, *, force: bool) -> None:
    """Refuse early what `write` would refuse late.

    Errors: `ComError` ERROR_FILE_EXISTS for a file that is there, unless *force*;
    ERROR_PATH_NOT_FOUND for a folder that is not.
    """
    if path.exists() and not force:
        raise ComError(HRESULT.ERROR_FILE_EXISTS, f"{path} is there already; --force replaces it")
    if not path.parent.is_dir():
        raise ComError(HRESULT.ERROR_PATH_NOT_FOUND, f"there is no folder {path.parent}")


def write(path: Path, data: bytes, *, force: bool) -> None:
    """Write *data* to the file at *path*, one that is there only with *force*.

    Errors: as `check_free`, and `ComError` for a disk that is full or a folder that is closed.
    """
    check_free(path, force=force)
    try:
        whole_files.replace(path, data, _MODE)
    except OSError as error:
        raise whole_files.failure(error, f"write {path}") from error


@contextmanager
def current_folder_importable() -> Iterator[None]:
    """Let `package.module:Name` find what lies in the current folder, as `python -m` does.

    The installed command `certsim` would otherwise look beside itself. The empty text stands for
    the current folder, even one that was deleted meanwhile.
    """
    before = list(sys.path)
    sys.path.insert(0, "")
    try:
        yield
    finally:
        sys.path[:] = before
