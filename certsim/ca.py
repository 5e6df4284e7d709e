r"""The front door: a whole certification authority in one object, and the only wiring there is.

    with certsim.CertificationAuthority("Teaching CA", exit_modules=[MyExit]) as ca:
        outcome = ca.submit(csr, attributes="CertFile:true", requester=r"CONTOSO\alice")

A CA lives in memory, or in a folder: `create` makes one there and `open` comes back to it. It is a
model to imitate and never a CA to trust. Verbs may be called from any thread; modules are called on
the caller's.

Nobody is authenticated: *requester*, *officer*, *administrator* and *caller* are names that
whoever holds the object gives. With `security=` the CA asks what the one so named may do, as a
Windows CA asks for a role; without it everybody may do everything. The work is done in `_engine`;
this room checks little, decides nothing, and puts the parts together. The verbs themselves stand in
`verbs`. Source: README.md; docs/rulings.md (Requests, Modules, Folders, Left out).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Self

from cryptography import x509

from certsim._engine import crl_table, folder, founding, property_store
from certsim._engine.engine import Engine
from certsim._engine.fidelity import Fidelity
from certsim._engine.folder import Access
from certsim._engine.journal import Entry, EventLogEntry
from certsim._engine.security import Security
from certsim._engine.state import CAState
from certsim.errors import ComError, shown
from certsim.facts.dispositions import CAType
from certsim.facts.hresults import HRESULT
from certsim.policies.standalone import Standalone
from certsim.registry import Imported, RegistryValue, resolve
from certsim.sources import PrivateKey, Sources
from certsim.verbs import ADMINISTRATOR, Verbs

NAME, DNS_NAME, JOURNAL_LIMIT = "certsim Root CA", "ca.certsim.test", 10_000
"""What a CA is called, its host, and how many entries its journal holds, by default."""
DISPATCHED = (property_store.CCertServerExit, property_store.CCertServerPolicy)
"""What modules reach the engine through: wired in here, found by `activation.Dispatch`."""


class CertificationAuthority(Verbs):
    """Be a simulated Microsoft certification authority.

    It is made stopped: in memory by calling the class, in a folder by `create` and `open`. A
    stopped one answers for its certificate, CRLs, rows and journal, and its configuration and
    modules may be changed; every other verb raises `ComError` RPC_S_SERVER_UNAVAILABLE
    (0x800706BA). With *security* a verb raises E_ACCESSDENIED (0x80070005),
    CERTSRV_E_ROLECONFLICT or CERTSRV_E_RESTRICTEDOFFICER for an account that may not. In memory
    rows, journal and keys last as long as the object, through any number of stops and starts.
    """

    def __init__(
        self,
        name: str = NAME,
        *,
        exit_modules: Iterable[object] = (),
        policy_module: object = None,
        sources: Sources | None = None,
        ca_type: CAType = CAType.STANDALONE_ROOT,
        key: str | PrivateKey = "P-256",
        dns_name: str = DNS_NAME,
        config: Mapping[str, RegistryValue] | None = None,
        fidelity: Fidelity | None = None,
        issuer: CertificationAuthority | None = None,
        security: Security | None = None,
        journal_limit: int = JOURNAL_LIMIT,
    ) -> None:
        r"""Make a stopped CA in memory.

        *exit_modules*: instances (used at each start), classes or other callables without
        arguments (called at each start), or `"package.module:Name"`, `"path/to/file.py:Name"`.
        *policy_module*: likewise, or a function `(CCertServerPolicy, context) -> Verdict`; by
        default the standalone policy, which issues.
        *sources*: clock, chance and keys; the system's by default. *key*: "P-256", "P-384",
        "RSA-2048", "RSA-3072", "RSA-4096" or a private key. *dns_name*: the host in its URLs.
        *config*: certutil-style paths, `{r"policy\RequestDisposition": 0x101}`. *issuer*: the CA
        above this one, running or not, which signs its certificate without a row or an event; a
        type of root then becomes that of a subordinate. *security*: who may do what.
        *journal_limit*: entries kept.
        Errors: `ModuleLoadError` for a module that does not fit; `ComError` E_INVALIDARG for a
        name or a configuration that cannot be and a subordinate's type without an *issuer*,
        CERTSRV_E_BAD_REQUESTSUBJECT for a name over 64 characters, CERT_E_EXPIRED when the
        certificate of *issuer* has ended; `ValueError` for an unknown kind of key.
        """
        terms = _terms(sources, fidelity, issuer, security, journal_limit)
        founded = founding.found(name, dns_name, ca_type, key, terms)
        self._begin(founding.in_memory(founded, terms))
        self._furnish(exit_modules, policy_module or Standalone, config)

    @classmethod
    def create(
        cls,
        path: str | Path,
        name: str = NAME,
        *,
        exit_modules: Iterable[object] = (),
        policy_module: object = None,
        sources: Sources | None = None,
        ca_type: CAType = CAType.STANDALONE_ROOT,
        key: str | PrivateKey = "P-256",
        dns_name: str = DNS_NAME,
        config: Mapping[str, RegistryValue] | None = None,
        fidelity: Fidelity | None = None,
        issuer: CertificationAuthority | None = None,
        security: Security | None = None,
        journal_limit: int = JOURNAL_LIMIT,
        passphrase: bytes | None = None,
        synchronous: str = "NORMAL",
        lock_timeout: float = 10.0,
    ) -> CertificationAuthority:
        """Make the folder *path* with a new CA in it and return that, stopped.

        Modules that are named by a text are installed in the folder for good; other objects are
        lent to this CA object, which calls them behind those, and written nowhere. The default
        exit module is installed first. *passphrase* encrypts the private keys; *synchronous* is
        `NORMAL` (what is committed survives a process that is killed) or `FULL` (and a loss of
        power); *lock_timeout*: seconds that a start waits for another process to stop the CA. The
        other parameters are those of a CA in memory, and so are the errors; besides, `ComError`
        ERROR_ALREADY_EXISTS for a path that is not empty, and what the system has against writing
        there. Source: docs/rulings.md (Folders).
        """
        terms = _terms(sources, fidelity, issuer, security, journal_limit)
        access = Access(passphrase, synchronous, lock_timeout)
        founded = founding.found(name, dns_name, ca_type, key, terms)
        state = folder.create(path, founded, terms, access)
        try:
            return cls._in_folder(state, exit_modules, policy_module, config)
        except BaseException:
            folder.discard(state)
            raise

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        read_only: bool = False,
        exit_modules: Iterable[object] = (),
        policy_module: object = None,
        sources: Sources | None = None,
        fidelity: Fidelity | None = None,
        issuer: CertificationAuthority | None = None,
        security: Security | None = None,
        journal_limit: int = JOURNAL_LIMIT,
        passphrase: bytes | None = None,
        synchronous: str = "NORMAL",
        lock_timeout: float = 10.0,
    ) -> CertificationAuthority:
        """Return the CA in the folder *path*, stopped; it holds no lock and no connection.

        With *read_only* it cannot be started, and can be looked at while another process runs it
        or where nothing can be written; the *passphrase* is needed for a start alone. Modules are
        taken as by `create`; *issuer* is the CA above a subordinate, which a renewal asks for.
        Errors: `ComError` ERROR_PATH_NOT_FOUND for a folder without a CA, and what its registry,
        database and certificates have to say of damage. `start` raises ERROR_SHARING_VIOLATION
        (0x80070020), naming the holder, when another process runs the CA until *lock_timeout*.
        """
        terms = _terms(sources, fidelity, issuer, security, journal_limit)
        access = Access(passphrase, synchronous, lock_timeout, read_only)
        state = folder.open_(path, terms, access)
        return cls._in_folder(state, exit_modules, policy_module, None)

    @classmethod
    def _in_folder(
        cls,
        state: CAState,
        exit_modules: Iterable[object],
        policy_module: object,
        config: Mapping[str, RegistryValue] | None,
    ) -> CertificationAuthority:
        ca = cls.__new__(cls)
        ca._begin(state)  # noqa: SLF001  (its own class, here and below)
        ca._furnish(exit_modules, policy_module, config)  # noqa: SLF001
        return ca

    def _begin(self, state: CAState) -> None:
        self._state, self._engine = state, Engine(state)
        self._service = self._engine.service

    def _furnish(
        self,
        exit_modules: Iterable[object],
        policy_module: object,
        config: Mapping[str, RegistryValue] | None,
    ) -> None:
        """Plug in what was handed in and write the configuration."""
        plugs = self._service.plugs
        if policy_module is not None:
            plugs.install_policy(policy_module)
        for spec in exit_modules:
            plugs.install_exit(spec)
        for path, value in (config or {}).items():
            self._state.registry.write(*self._resolve(path), value)
        with suppress(ComError):  # what is wrong there is told by the start
            self._state.configure()

    def start(self) -> None:
        """Load the modules, call their `Initialize`, and let verbs in; may be repeated.

        Errors: `ModuleLoadError` for a module that does not fit and for a policy module that
        does not initialise; `ComError` E_INVALIDARG for an unusable configuration. The CA stays
        stopped then. An exit module that fails to initialise stays out and the CA runs: see
        `event_log`. Source: docs/rulings.md (Modules, Configuration).
        """
        self._service.start()

    def stop(self) -> None:
        """Let running verbs end, tell SHUTDOWN, call the policy module's `ShutDown`.

        Errors: `ComError` E_UNEXPECTED when a module calls it from inside one of its calls, since
        the stop would wait for itself. Source: docs/rulings.md (Events).
        """
        self._service.stop()

    def __enter__(self) -> Self:
        """Start the CA."""
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        """Stop the CA."""
        self.stop()

    @property
    def running(self) -> bool:
        """Tell whether verbs are let in."""
        return self._service.gate.open

    @property
    def name(self) -> str:
        """Return the CA's name as it was given."""
        return self._state.identity.name

    @property
    def server_key(self) -> int:
        """Return the number by which server objects bind to this CA: `CCertServerExit(ca)`."""
        return self._service.key

    def get_config(self, path: str) -> RegistryValue | None:
        r"""Return the configuration value at *path* (`ca\X`, `policy\X`, `exit\X`), or `None`.

        Errors: `ComError` E_INVALIDARG for a path without a name, ERROR_FILE_NOT_FOUND
        (0x80070002) for `exit\X` on a CA without exit modules.
        """
        return self._state.registry.read(*self._resolve(path))

    def set_config(
        self, path: str, value: RegistryValue | None, *, administrator: str = ADMINISTRATOR
    ) -> None:
        """Set a configuration value; it counts from the next start, CRL periods from the next run.

        *value*: int (32 bits, signed or unsigned), text, bytes or a list of text; `None` deletes
        it. Whether it makes sense is found out at the start. Errors: as `get_config`, and
        `ComError` E_INVALIDARG for a value of another type. Source: MS-CSRA 3.1.4.2.15.
        """
        self._engine.configure(*self._resolve(path), value, administrator)

    def config_key(self, path: str) -> tuple[str, dict[str, RegistryValue]]:
        r"""Return the full registry path of the key that *path* names, and its values.

        *path* is `ca`, `policy`, `exit` or a key below one (`exit\SMTP`). Errors: as `get_config`.
        """
        key, _ = self._resolve(rf"{path}\*")
        registry = self._state.registry
        return rf"{registry.root}\{key}".rstrip("\\"), registry.values(key)

    def export_config(self) -> str:
        """Return the whole configuration as the text of a `.reg` file."""
        return self._state.registry.export_reg()

    def import_config(self, text: str, *, administrator: str = ADMINISTRATOR) -> Imported:
        """Take over the values in the text of a `.reg` file, all or none; see `set_config`.

        Keys that are not this CA's are left out and counted. Errors: `ComError`
        ERROR_INVALID_DATA with the number of the line that is wrong.
        """
        return self._engine.import_config(text, administrator)

    def _resolve(self, path: str) -> tuple[str, str]:
        plugs = self._service.plugs
        return resolve(path, policy=lambda: plugs.policy_module, exits=lambda: plugs.exit_modules)

    def install_exit_module(self, spec: object, progid: str | None = None) -> str:
        """Plug an exit module in behind the others and return its ProgID.

        As on a server, the change counts from the next start. *progid* names it, instead of what
        it brings or its class is called; with that of an active module *spec* replaces its class.
        *spec* may be `None` for a name whose class is registered in the folder: a module that was
        removed is put back by it. Errors: `ModuleLoadError`. Source: docs/rulings.md (Modules).
        """
        return self._service.plugs.install_exit(spec, progid)

    def install_policy_module(self, spec: object, progid: str | None = None) -> str:
        """Make *spec* the policy module, as `install_exit_module`; there is always just one."""
        return self._service.plugs.install_policy(spec, progid)

    def remove_exit_module(self, progid: str) -> None:
        """Take an exit module out from the next start on. Errors: `ModuleLoadError` if unknown."""
        self._service.plugs.remove_exit(progid)

    @property
    def exit_modules(self) -> tuple[str, ...]:
        r"""Return the ProgIDs in `ExitModules\Active`, in the order they are called."""
        return self._service.plugs.exit_modules

    @property
    def policy_module(self) -> str:
        """Return the ProgID of the policy module."""
        return self._service.plugs.policy_module

    def module_class(self, progid: str) -> str:
        """Return the class that a folder has registered for *progid*; empty if there is none."""
        return self._service.plugs.class_of(progid)

    @property
    def certificate(self) -> x509.Certificate:
        """Return the CA's newest certificate."""
        return self.certificates[-1]

    @property
    def certificates(self) -> tuple[x509.Certificate, ...]:
        """Return the CA's certificates by index: one, and one more for each renewal."""
        if not self.running:
            self._state.refresh()
        return tuple(x509.load_der_x509_certificate(held.raw) for held in self._state.certificates)

    def crl(
        self, index: int | None = None, *, delta: bool = False
    ) -> x509.CertificateRevocationList:
        """Return the newest CRL of the key *index*, by default the newest key's.

        Errors: `ComError` ERROR_FILE_NOT_FOUND (0x80070002) when there is none, E_INVALIDARG for
        what is no index of a certificate, ERROR_FILE_CORRUPT for one that is damaged.
        """
        if not self.running:
            self._state.refresh()
        row = crl_table.current(self._state, index, delta=delta)
        try:
            return x509.load_der_x509_crl(row.raw)
        except (ValueError, x509.InvalidVersion) as error:
            raise ComError(
                HRESULT.ERROR_FILE_CORRUPT,
                f"CRL {row.row_id} of the database is damaged: publish the next one",
            ) from error

    @property
    def journal(self) -> tuple[Entry, ...]:
        """Return what happened, oldest first; `str()` of an entry is one line.

        It is a copy, and holds the last *journal_limit* entries. Reads are among them only while
        `tracing` is open.
        """
        return self._state.journal.entries()

    @property
    def event_log(self) -> tuple[EventLogEntry, ...]:
        """Return failures, oldest first, as the Windows event log tells them.

        Event ids are 46 and 45 for exit modules, 44, 43 and 9 for the policy module, 28, 62 and 65
        to 67 for CRLs, 0 for CA certificates. It holds the last *journal_limit* entries as well.
        Source: TechNet; gradenegger.eu; docs/rulings.md (Modules; CRLs).
        """
        return self._state.journal.event_log()

    def tracing(self) -> AbstractContextManager[None]:
        """Put reads of server objects, which are many, into the journal while it is open."""
        return self._state.journal.tracing()


def _terms(
    sources: Sources | None,
    fidelity: Fidelity | None,
    issuer: CertificationAuthority | None,
    security: Security | None,
    journal_limit: int,
) -> founding.Terms:
    """Return the terms with their defaults. Errors: `ComError` E_INVALIDARG for what is no CA."""
    if issuer is not None and not isinstance(issuer, CertificationAuthority):
        raise ComError(
            HRESULT.E_INVALIDARG, f"issuer is a CertificationAuthority, not {shown(issuer)}"
        )
    above = None if issuer is None else issuer._state  # noqa: SLF001  (its own class)
    return founding.Terms(
        sources or Sources.system(), fidelity or Fidelity(), above, security, journal_limit
    )
