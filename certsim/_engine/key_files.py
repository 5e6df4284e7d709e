"""The CA's private keys as files: PKCS #8 in PEM, readable by their owner alone.

A key is encrypted when there is a passphrase, and else protected by the file's mode and nothing
more. It is read when it is first needed, so a CA that is only looked at needs no passphrase. No
message has more of a key in it than the name of its file.
Source: RFC 5958; RFC 7468; docs/security.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from certsim import files
from certsim._engine.x509 import signer
from certsim.errors import ComError
from certsim.facts.hresults import HRESULT
from certsim.sources import PrivateKey

_OWNER_ALONE = 0o600


def write(path: Path, key: PrivateKey, passphrase: bytes | None) -> None:
    """Write *key* to *path*, encrypted if there is a *passphrase*, and see it to the disk.

    A file that is there already, left behind by a renewal that did not come to its end, is
    replaced. Errors: `OSError`.
    """
    protection = NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
    files.replace(path, pem, _OWNER_ALONE)


class StoredKey:
    """Be the signing of a key that lives in a file, which is read at the first call.

    *public* is what the CA's certificate says, and has to fit. As a callable it takes the bytes to
    be signed and returns the signature's; errors are those of `unlock`.
    """

    def __init__(
        self,
        path: Path,
        public: CertificatePublicKeyTypes,
        passphrase: bytes | None,
        *,
        repeatable: bool,
    ) -> None:
        """Note where the key is; nothing is read yet."""
        self._path, self._public = path, public
        self._passphrase, self._repeatable = passphrase, repeatable
        self._sign: Callable[[bytes], bytes] | None = None

    def __call__(self, data: bytes) -> bytes:
        """Return the signature of *data*."""
        return self.unlock()(data)

    def unlock(self) -> Callable[[bytes], bytes]:
        """Read the key, unless it has been read before, and return its signing.

        Errors: `ComError` NTE_BAD_KEYSET for a file that is missing, damaged or another key's,
        NTE_SILENT_CONTEXT for a passphrase that is needed and was not given,
        NTE_DECRYPTION_FAILURE for a wrong one.
        """
        if self._sign is None:
            key = self._read()
            if key.public_key() != self._public:
                raise self._refusal(HRESULT.NTE_BAD_KEYSET, "is not the key of its certificate")
            self._sign = signer(key, repeatable=self._repeatable)
        return self._sign

    def _read(self) -> PrivateKey:
        try:
            pem = self._path.read_bytes()
        except OSError as error:
            raise self._refusal(
                HRESULT.NTE_BAD_KEYSET, f"cannot be read: {error.strerror}"
            ) from error
        encrypted = b"ENCRYPTED" in pem
        if encrypted and self._passphrase is None:
            raise self._refusal(HRESULT.NTE_SILENT_CONTEXT, "is encrypted; give its passphrase")
        try:
            key = load_pem_private_key(pem, self._passphrase if encrypted else None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            if encrypted:
                raise self._refusal(
                    HRESULT.NTE_DECRYPTION_FAILURE, "does not open with this passphrase"
                ) from error
            raise self._refusal(HRESULT.NTE_BAD_KEYSET, "is damaged") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise self._refusal(HRESULT.NTE_BAD_KEYSET, "is not the key of its certificate")
        return key

    def _refusal(self, code: HRESULT, what: str) -> ComError:
        return ComError(code, f"the key file {self._path} {what}")
