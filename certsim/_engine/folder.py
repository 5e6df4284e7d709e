r"""A CA that lives in a folder: what is where, and how it is made, opened, locked and renewed.

    registry.reg      the configuration, and which modules are installed
    database.sqlite   requests, certificates, CRLs, journal
    keys/0.pem        the CA's private keys, by key index
    certificates/0.cer  the CA's own certificates, by index
    CertEnroll/       what the CA publishes
    lock              held while the CA runs, by the operating system

A folder is made beside its place and moved there as a whole, so half a CA is never found. A CA that
does not run holds nothing in it open. A renewal writes the key before the certificate, and it is
the certificate that counts.
Source: win32 SecCrypto (what a CA consists of); MS-CSRA, product note 15 (the lines of a Windows
CA that publish into CertEnroll); docs/rulings.md (Folders).
"""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from certsim import files
from certsim._engine import ca_certificates, columns, founding, key_files, specs
from certsim._engine.founding import Founded, Terms
from certsim._engine.homes import Home
from certsim._engine.key_files import StoredKey
from certsim._engine.plugs import ACTIVE
from certsim._engine.state import CAState, Identity, Settings
from certsim._engine.stored_journal import StoredJournal
from certsim._engine.x509 import CACertificate
from certsim.database.sqlite import SQLiteShelf
from certsim.errors import ComError, shown
from certsim.facts.dispositions import CAType
from certsim.facts.hresults import HRESULT
from certsim.facts.registry import DEFAULT_POLICY_KEY
from certsim.locks import FileLock
from certsim.registry import Registry, RegistryValue, StoredRegistry
from certsim.sources import PrivateKey, Sources

REGISTRY, DATABASE, LOCK = "registry.reg", "database.sqlite", "lock"
KEYS, CERTIFICATES, PUBLISHED = "keys", "certificates", "CertEnroll"
_PUBLIC = 0o644
_POLL = 20
"""How often in a second a lock is tried that another process holds."""
_DEFAULT_EXIT = "CertificateAuthority_MicrosoftDefault.Exit"
_DEFAULT_POLICY = DEFAULT_POLICY_KEY.rpartition("\\")[2]
_CLASSES = {
    _DEFAULT_EXIT: "certsim.exits.default:Default",
    _DEFAULT_POLICY: "certsim.policies.standalone:Standalone",
}
"""The classes behind the modules that every CA is delivered with."""
_CRL_LINES = [f"65:{PUBLISHED}/%3%8%9.crl", "6:http://%1/CertEnroll/%3%8%9.crl"]
_CERTIFICATE_LINES = [f"1:{PUBLISHED}/%1_%3%4.crt", "2:http://%1/CertEnroll/%1_%3%4.crt"]
# As a Windows CA has them, with the folder's own CertEnroll for the one below System32; the LDAP
# lines, which no CA here can use, are left out.


@attrs.frozen
class Access:
    """Hold how a folder is used: the *passphrase* of its keys, what a commit survives, patience.

    *synchronous* is SQLite's: NORMAL survives a process that is killed, FULL a loss of power.
    *lock_timeout* are seconds to wait for another process to stop the CA. With *read_only* nothing
    is written and the CA cannot be started. Errors: `ComError` E_INVALIDARG.
    """

    passphrase: bytes | None = attrs.field(default=None, repr=False)
    synchronous: str = "NORMAL"
    lock_timeout: float = 10.0
    read_only: bool = False

    def __attrs_post_init__(self) -> None:
        """Refuse what these cannot be."""
        if not isinstance(self.passphrase, bytes | None) or self.passphrase == b"":
            raise ComError(HRESULT.E_INVALIDARG, "a passphrase is bytes, at least one")
        if self.synchronous not in ("NORMAL", "FULL"):
            raise ComError(
                HRESULT.E_INVALIDARG,
                f"synchronous is NORMAL or FULL, not {shown(self.synchronous)}",
            )
        if not isinstance(self.lock_timeout, int | float) or not 0 <= self.lock_timeout < 1e6:
            raise ComError(
                HRESULT.E_INVALIDARG, f"lock_timeout cannot be {shown(self.lock_timeout)}"
            )


class Folder(Home):
    """Be the home, in the folder *path*, of the CA called *name*."""

    lasting = True

    def __init__(
        self,
        path: Path,
        name: str,
        registry: Registry,
        shelf: SQLiteShelf,
        sources: Sources,
        access: Access,
    ) -> None:
        """Note what is where; nothing is opened."""
        self.path, self._name = path, name
        self._registry, self._shelf = registry, shelf
        self._sources, self._access = sources, access
        self._lock = FileLock(path / LOCK)
        self._keys: dict[int, StoredKey] = {}

    def enter(self) -> None:
        """Take the folder's lock, open the database and read the keys.

        Errors: `ComError` ERROR_SHARING_VIOLATION (0x80070020) naming who holds the lock,
        E_ACCESSDENIED for a CA that was opened for reading alone; those of the database and of
        `StoredKey.unlock`.
        """
        if self._access.read_only:
            raise ComError(
                HRESULT.E_ACCESSDENIED, f"{self.path} was opened for reading alone: nothing starts"
            )
        since = self._sources.clock.now()
        me = f"process {os.getpid()} on {platform.node()} since {since:%Y-%m-%d %H:%M:%S} UTC"
        try:
            if not self._lock.acquire(1 + int(self._access.lock_timeout * _POLL), me):
                raise ComError(
                    HRESULT.ERROR_SHARING_VIOLATION,
                    f"the CA in {self.path} runs already: {self._lock.holder()};"
                    " stop it there first",
                )
            self._shelf.open()
            self._sweep(len(self.certificates()))
            for key in self._keys.values():
                key.unlock()
            self._tell_where()
        except BaseException:
            self.leave()
            raise

    def _sweep(self, count: int) -> None:
        """Remove what is left of renewals that a killed process did not finish.

        *count* is how many certificates there are; the next one may have been begun.
        """
        try:
            for index in range(count + 1):
                files.sweep(self._key(index))
                files.sweep(self._certificate(index))
            files.sweep_folder(self.path / PUBLISHED)
        except OSError as error:
            raise files.failure(error, f"clear up in {self.path}") from error

    def _tell_where(self) -> None:
        """Write down where the folder is for the default exit module, which cannot know.

        A folder may have been moved, and a copy must not publish into what it was copied from.
        """
        place = (rf"{specs.EXIT.folder}\{_DEFAULT_EXIT}", "CertEnrollDirectory")
        published = str(self.path / PUBLISHED)
        if self._registry.read(*place) != published:
            self._registry.write(*place, published)

    def leave(self) -> None:
        """Close the database and give the lock back."""
        try:
            self._shelf.close()
        finally:
            self._lock.release()

    def certificates(self) -> tuple[CACertificate, ...]:
        """Read the CA's certificates; their keys are read when something is to be signed.

        Errors: `ComError` ERROR_FILE_NOT_FOUND for a folder without any, ERROR_INVALID_DATA for a
        file that holds no certificate of this CA.
        """
        found: list[CACertificate] = []
        while (path := self._certificate(len(found))).exists():
            found.append(self._read(path))
        if not found:
            raise ComError(HRESULT.ERROR_FILE_NOT_FOUND, f"there is no certificate {path}")
        return tuple(found)

    def _certificate(self, index: int) -> Path:
        return self.path / CERTIFICATES / f"{index}.cer"

    def _key(self, index: int) -> Path:
        return self.path / KEYS / f"{index}.pem"

    def _read(self, path: Path) -> CACertificate:
        try:
            certificate = x509.load_der_x509_certificate(path.read_bytes())
            public = certificate.public_key()
            return ca_certificates.read(
                self._name, certificate, lambda index: self._signing(index, public)
            )
        except OSError as error:
            raise files.failure(error, f"read {path}") from error
        except (ValueError, x509.ExtensionNotFound) as error:
            raise ComError(
                HRESULT.ERROR_INVALID_DATA, f"{path} is no certificate of this CA: put it back"
            ) from error

    def _signing(self, index: int, public: CertificatePublicKeyTypes) -> StoredKey:
        """Return the signing of the key *index*, which is read once for all its certificates."""
        if index not in self._keys:
            self._keys[index] = StoredKey(
                self._key(index),
                public,
                self._access.passphrase,
                repeatable=self._sources.repeatable,
            )
        return self._keys[index]

    def keep(self, certificate: CACertificate, key: PrivateKey | None) -> None:
        """Keep a new *certificate* and, if that is new too, its *key*.

        Errors: `ComError` with what stood in the way; the CA is as it was then.
        """
        path = of_key = self._key(certificate.key_index)
        try:
            if key is not None:
                key_files.write(of_key, key, self._access.passphrase)
            path = self._certificate(certificate.index)
            files.replace(path, certificate.raw, _PUBLIC)
        except OSError as error:
            if key is not None:
                of_key.unlink(missing_ok=True)
            raise files.failure(error, f"write {path}") from error


def create(path: str | Path, founded: Founded, terms: Terms, access: Access) -> CAState:
    """Make the folder *path* for a new CA and return its state.

    Errors: `ComError` ERROR_ALREADY_EXISTS for a path where something is, an empty folder aside;
    E_ACCESSDENIED, ERROR_DISK_FULL and their like when it cannot be written; nothing is left then.
    """
    try:
        whole = Path(path).absolute()
    except OSError as error:
        raise files.failure(error, f"make {path}") from error
    try:
        if whole.exists() and not (whole.is_dir() and not any(whole.iterdir())):
            raise ComError(HRESULT.ERROR_ALREADY_EXISTS, f"{whole} is there already and not empty")
        whole.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".certsim", dir=whole.parent) as outer:
            fresh = Path(outer, "ca")
            try:
                _furnish(fresh, founded, access)
            except ComError as error:  # which names files where nobody will find them
                told = error.strerror.replace(str(fresh), str(whole))
                raise ComError(error.hresult, told) from error
            _move(fresh, whole)
    except OSError as error:
        raise files.failure(error, f"make {whole}") from error
    return open_(whole, terms, access)


def _move(fresh: Path, whole: Path) -> None:
    """Move what was made into its place; an empty folder that is there stays the folder it is.

    Then the registry comes last, by which a CA is known.
    """
    if not whole.exists():
        fresh.replace(whole)
        return
    for part in sorted(fresh.iterdir(), key=lambda part: part.name == REGISTRY):
        part.replace(whole / part.name)


def _furnish(folder: Path, founded: Founded, access: Access) -> None:
    """Make *folder* with all that a new CA has."""
    for name in (".", CERTIFICATES, PUBLISHED):
        (folder / name).mkdir()
    (folder / KEYS).mkdir(mode=0o700)
    registry = StoredRegistry.create(folder / REGISTRY, founded.identity.sanitized)
    founding.register(registry, founded.identity)
    for progid, spec in _CLASSES.items():
        registry.register_class(progid, spec)
    for key, name, value in _values():
        registry.write(key, name, value)
    SQLiteShelf(folder / DATABASE, columns.worked_out).create()
    key_files.write(folder / KEYS / "0.pem", founded.key, access.passphrase)
    files.replace(folder / CERTIFICATES / "0.cer", founded.certificate.raw, _PUBLIC)


def _values() -> Iterable[tuple[str, str, RegistryValue]]:
    """Return what a CA in a folder has in its registry beside what every CA has.

    Source: MS-CSRA (Active); certsrv.h (names); docs/rulings.md (Default exit module).
    """
    module = rf"{specs.EXIT.folder}\{_DEFAULT_EXIT}"
    return (
        (specs.EXIT.folder, ACTIVE, [_DEFAULT_EXIT]),
        (module, "PublishCertFlags", 0),
        (specs.POLICY.folder, ACTIVE, _DEFAULT_POLICY),
        ("", "CRLPublicationURLs", _CRL_LINES),
        ("", "CACertPublicationURLs", _CERTIFICATE_LINES),
    )


def open_(path: str | Path, terms: Terms, access: Access) -> CAState:
    """Return the state of the CA in the folder *path*; it is stopped, and nothing is held open.

    Errors: `ComError` ERROR_PATH_NOT_FOUND for a folder without a CA, and what its registry, its
    database and its certificates say of damage.
    """
    try:
        whole = Path(path).absolute()
    except OSError as error:
        raise files.failure(error, f"open {path}") from error
    if not (whole / REGISTRY).is_file():
        raise ComError(
            HRESULT.ERROR_PATH_NOT_FOUND, f"there is no CA in {whole}: `certsim init` makes one"
        )
    registry = StoredRegistry.open(whole / REGISTRY, read_only=access.read_only)
    shelf = SQLiteShelf(
        whole / DATABASE,
        columns.worked_out,
        synchronous=access.synchronous,
        read_only=access.read_only,
    )
    shelf.check()
    identity = _identity(registry, whole / REGISTRY)
    home = Folder(whole, identity.name, registry, shelf, terms.sources, access)
    return CAState(
        identity,
        terms.sources,
        registry,
        terms.fidelity,
        shelf,
        StoredJournal(terms.journal_limit, shelf, read_only=access.read_only),
        home.certificates(),
        _settings(registry, identity),
        terms.parent,
        terms.security,
        home,
    )


def _identity(registry: Registry, path: Path) -> Identity:
    """Return who the registry in the file *path* says the CA is. Errors: ERROR_INVALID_DATA."""
    kind = registry.read("", "CAType")
    try:
        if not isinstance(kind, int) or kind not in {*CAType}:
            raise ComError(HRESULT.E_INVALIDARG, f"{shown(kind)} is no CAType")
        name, host = registry.text("CommonName"), registry.text("CAServerName")
        ca_certificates.common_name(name)
        return Identity.of(name, host, CAType(kind))
    except ComError as error:
        raise ComError(
            HRESULT.ERROR_INVALID_DATA, f"{path} does not say which CA it is of: {error.strerror}"
        ) from error


def _settings(registry: Registry, identity: Identity) -> Settings:
    """Return the settings of a CA that has not been started; what is wrong is told by the start."""
    try:
        return Settings.snapshot(registry)
    except ComError:
        return Settings.snapshot(Registry(identity.sanitized))


def discard(state: CAState) -> None:
    """Take away all that is in the folder of a CA whose making did not come to its end."""
    folder = state.home.path
    for part in folder.iterdir():
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()
