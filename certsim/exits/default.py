r"""What the exit module of a new Windows CA does: it puts certificates into a folder on request.

A certificate is written when two agree: the operator, by the bit EXITPUB_FILE of PublishCertFlags,
and the client, by a request attribute called CertFile. The client chooses whether, and never where:
the file is `<RequestID>.cer` in the folder of published files, and what the attribute says is not
read. (Windows 2000 took a path from it.)

It sends no mail, and publishes to no directory, for there is none here: EXITPUB_ACTIVEDIRECTORY
and EXITPUB_REMOVEOLDCERTS, which are about a directory, have no effect.
Source: the exit sample (when and what is written); certsrv.h (EXITPUB constants, names of values);
MS-WCCE 2.2.2.7.10 (CertFile).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from certsim.activation import Dispatch
from certsim.errors import ComError, code_of, shown
from certsim.facts import events
from certsim.facts.flags import PublishFlag
from certsim.facts.hresults import HRESULT
from certsim.facts.properties import PropType
from certsim.interfaces import ICertServerExit
from certsim.registry import Key, open_key

FLAGS = "PublishCertFlags"
"""The DWORD of the module's own key that says where to publish to. Source: certsrv.h."""
FOLDER = "CertEnrollDirectory"
r"""The string of the module's own key that names the folder of published files, an absolute path.

Windows has no such value: there the folder is `System32\CertSrv\CertEnroll`, always.
"""
_MODE = 0o644
"""Published files are for everybody to read, and for their owner to write."""


class Default:
    """Publish certificates to files as the default exit module of a Windows CA does.

    Its registry key holds PublishCertFlags and CertEnrollDirectory; they are read when the CA
    starts, and without the first nothing is published. Nothing is kept between events, so calls may
    overlap on several threads.
    """

    _reg_progid_ = "CertificateAuthority_MicrosoftDefault.Exit"

    def Initialize(self, strConfig: str, /) -> int:
        """Read the module's registry key and ask for CERTISSUED, whatever stands in the key.

        A key without values is no error. Errors: `ComError` E_INVALIDARG for a value of another
        type and a folder whose path is relative, since that would be another folder for each
        process; the module stays out then.
        Source: the exit sample, which asks for its events even without a key.
        """
        server = Dispatch("CertificateAuthority.ServerExit")
        key = open_key(server.GetCertificateProperty("ModuleRegistryLocation", PropType.STRING))
        self._to_file = bool(_flags(key) & PublishFlag.FILE)
        self._folder = _folder(key)
        return events.ExitEvent.CERTISSUED

    def Notify(self, ExitEvent: int, Context: int, /) -> None:
        """Write the certificate that was issued, if both the flag and the attribute say so.

        Errors: `ComError` ERROR_PATH_NOT_FOUND when no folder is configured, and those of
        `_write_new`. The certificate stays issued, and the event log tells.
        Source: the exit sample.
        """
        if not self._to_file:
            return
        server = Dispatch("CertificateAuthority.ServerExit")
        server.SetContext(Context)
        if not _asked_for(server):
            return
        number = server.GetRequestProperty("RequestID", PropType.LONG)
        if self._folder is None:
            raise ComError(
                HRESULT.ERROR_PATH_NOT_FOUND,
                f"the certificate of request {number} is in no file: set {FOLDER} in the module's"
                " registry key to the absolute path of a folder, and start the CA anew",
            )
        # The name is made of the request's number alone; nothing a client says comes near a path.
        path = self._folder / f"{number}.cer"
        _write_new(path, server.GetCertificateProperty("RawCertificate", PropType.BINARY))

    def GetDescription(self) -> str:
        """Return what Windows' own module calls itself. Source: MS-CSRA (exit descriptions)."""
        return "Windows default"


def _flags(key: Key) -> int:
    """Return PublishCertFlags, 0 when it is absent. Errors: `ComError` E_INVALIDARG for no number.

    The sample takes a value of another type for 0; here it is told (docs/rulings.md,
    Configuration).
    """
    value = key.get(FLAGS, 0)
    if not isinstance(value, int):
        raise ComError(HRESULT.E_INVALIDARG, f"{FLAGS} is a number, not {shown(value)}")
    return value


def _folder(key: Key) -> Path | None:
    """Return the folder that CertEnrollDirectory names, `None` when it is absent or empty.

    Errors: `ComError` E_INVALIDARG for what is no absolute path.
    """
    value = key.get(FOLDER, "")
    if not isinstance(value, str) or (value and not Path(value).is_absolute()):
        raise ComError(HRESULT.E_INVALIDARG, f"{FOLDER} is an absolute path, not {shown(value)}")
    return Path(value) if value else None


def _asked_for(server: ICertServerExit) -> bool:
    """Tell whether the request has the attribute CertFile, whatever it says."""
    try:
        server.GetRequestAttribute("CertFile")
    except ComError as error:
        if error.hresult == HRESULT.CERTSRV_E_PROPERTY_EMPTY:
            return False
        raise
    return True


def _write_new(path: Path, data: bytes) -> None:
    """Write *data* to *path*, where nothing may stand yet; what could not be finished is removed.

    No link is followed at the path's end, be it one that leads nowhere.
    Errors: `ComError` ERROR_FILE_EXISTS, ERROR_PATH_NOT_FOUND for a folder that is missing,
    E_ACCESSDENIED, ERROR_DISK_FULL, ERROR_BAD_PATHNAME for a path that no file system takes,
    ERROR_WRITE_FAULT for the rest.
    """
    try:
        # Exclusive, so that neither an earlier certificate nor a planted link is written through.
        file = open(path, "xb", opener=partial(os.open, mode=_MODE))  # noqa: SIM115  (just below)
        with _whole_or_gone(path), file:
            file.write(data)
    except OSError as error:
        code = code_of(error, making=True)
        told = (
            f"{path} was not written ({error.strerror or error}); the CA still has the certificate"
        )
        raise ComError(code, told) from error
    except ValueError as error:
        # A NUL, half of a surrogate pair.
        raise ComError(HRESULT.ERROR_BAD_PATHNAME, f"{path} cannot be a path: {error}") from error


@contextmanager
def _whole_or_gone(path: Path) -> Iterator[None]:
    """Remove the file at *path* if what is done to it raises, Ctrl-C included."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise
