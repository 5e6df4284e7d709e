"""Write every issued certificate into a folder, one file for each request.

    FILE_EXIT_FOLDER=certs certsim run examples/file_exit.py:FileExit

Without the variable the files go to a new folder among the system's temporary files.
"""

import os
import tempfile
from pathlib import Path

import certsim
from certsim import ComError, ExitEvent, PropType

ERROR_FILE_EXISTS = 0x80070050


class FileExit:
    def __init__(self, folder: str | None = None) -> None:
        # The CA makes the module without arguments; a test may hand in a folder of its own.
        self.chosen = folder or os.environ.get("FILE_EXIT_FOLDER")
        self.written = 0

    def Initialize(self, strConfig: str) -> int:
        self.folder = Path(self.chosen or tempfile.mkdtemp(prefix="certsim-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        return ExitEvent.CERTISSUED | ExitEvent.SHUTDOWN

    def Notify(self, event: int, context: int) -> None:
        if event == ExitEvent.SHUTDOWN:
            print(f"Certificates written to {self.folder}: {self.written}")
            return
        server = certsim.Dispatch("CertificateAuthority.ServerExit")
        server.SetContext(context)
        number = server.GetCertificateProperty("RequestID", PropType.LONG)
        certificate = server.GetCertificateProperty("RawCertificate", PropType.BINARY)
        self.write(number, certificate)

    def write(self, number: int, certificate: bytes) -> None:
        # The name is made of the request's number alone. A name taken from the request, say its
        # common name, would let a client choose where on the CA's disk a file appears.
        path = self.folder / f"{number}.cer"
        try:
            with path.open("xb") as file:  # x: a file that is there already is left alone
                file.write(certificate)
        except FileExistsError as error:
            # A COM error reaches the event log with its code, as event 46.
            raise ComError(ERROR_FILE_EXISTS, f"{path.name} is there already") from error
        self.written += 1

    def GetDescription(self) -> str:
        return "File exit module"
