r"""The front door: a whole certification authority in one object, and the only wiring there is.

    with certsim.CertificationAuthority("Teaching CA", exit_modules=[MyExit]) as ca:
        outcome = ca.submit(csr, attributes="CertFile:true", requester=r"CONTOSO\alice")

A CA lives in memory, with a key and a root certificate of its own. It is a model to imitate and
never a CA to trust. Verbs may be called from any thread; modules are called on the caller's.

Nobody is authenticated: *requester* and *officer* are text for the record, and whoever holds the
object may use every verb, where a Windows CA asks for a role. The work is done in `_engine`; this
room checks little, decides nothing, and puts the parts together.
Source: README.md; docs/rulings.md (Requests, Modules, Left out).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from types import TracebackType
from typing import Self

from cryptography import x509

from certsim._engine import names, property_store, specs, validity
from certsim._engine import x509 as certificates
from certsim._engine.engine import Engine
from certsim._engine.fidelity import Fidelity
from certsim._engine.journal import Entry, EventLogEntry, Journal
from certsim._engine.outcome import Outcome
from certsim._engine.state import CAState, Identity, Settings
from certsim.database.memory import MemoryShelf
from certsim.database.rows import Value
from certsim.errors import ComError
from certsim.facts.dispositions import CAType
from certsim.facts.hresults import HRESULT
from certsim.policies.function import FunctionPolicy
from certsim.policies.standalone import Standalone
from certsim.registry import Registry, RegistryValue, resolve
from certsim.sources import PrivateKey, Sources

_ROOT_YEARS = 5
"""Years a root CA's certificate lives. Source: certsrv.h (default validity of a root)."""
DISPATCHED = (property_store.CCertServerExit, property_store.CCertServerPolicy)
"""What modules reach the engine through: wired in here, found by `activation.Dispatch`."""
_USER, _OFFICER = r"CERTSIM\user", r"CERTSIM\officer"


class CertificationAuthority:
    """Be a simulated Microsoft certification authority.

    It is made stopped. A stopped one answers for its certificate, configuration and journal, and
    its modules may be changed; every verb raises `ComError` RPC_S_SERVER_UNAVAILABLE (0x800706BA).
    Rows, journal and key last as long as the object, through any number of stops and starts.
    """

    def __init__(
        self,
        name: str = "certsim Root CA",
        *,
        exit_modules: Iterable[object] = (),
        policy_module: object = None,
        sources: Sources | None = None,
        ca_type: CAType = CAType.STANDALONE_ROOT,
        key: str | PrivateKey = "P-256",
        dns_name: str = "ca.certsim.test",
        config: Mapping[str, RegistryValue] | None = None,
        fidelity: Fidelity | None = None,
        journal_limit: int = 10_000,
    ) -> None:
        r"""Make a stopped CA in memory.

        *exit_modules*: instances (used at each start), classes or other callables without
        arguments (called at each start), or `"package.module:Name"`, `"path/to/file.py:Name"`.
        *policy_module*: likewise, or a function `(CCertServerPolicy, context) -> Verdict`; by
        default the standalone policy, which issues.
        *sources*: clock, chance and keys; the system's by default. *key*: "P-256", "P-384",
        "RSA-2048", "RSA-3072", "RSA-4096" or a private key. *dns_name*: the host in its URLs.
        *config*: certutil-style paths, `{r"policy\RequestDisposition": 0x101}`. *journal_limit*:
        entries kept.
        Errors: `ModuleLoadError` for a module that does not fit; `ComError` E_INVALIDARG for a
        name or a configuration that cannot be, CERTSRV_E_BAD_REQUESTSUBJECT for a name over 64
        characters; `ValueError` for an unknown kind of key.
        """
        sources = sources or Sources.system()
        identity = Identity.of(_checked_name(name), dns_name, CAType(ca_type))
        registry = Registry(identity.sanitized)
        registry.write("", "CAType", int(identity.ca_type))
        registry.write("", "CommonName", identity.name)
        registry.write("", "CAServerName", identity.dns_name)
        signing_key = sources.make_key(key) if isinstance(key, str) else key
        root = _root(name, signing_key, sources)
        self._state = CAState(
            identity,
            sources,
            registry,
            fidelity or Fidelity(),
            MemoryShelf(),
            Journal(journal_limit),
            (root,),
            Settings.snapshot(registry, identity, root),
        )
        self._engine = Engine(self._state)
        self._service = self._engine.service
        policy = Standalone if policy_module is None else policy_module
        self._service.install_policy(policy, _as_policy)
        for spec in exit_modules:
            self._service.install_exit(spec)
        for path, value in (config or {}).items():
            self.set_config(path, value)

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

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
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

    def submit(
        self,
        request: object,
        *,
        attributes: str | Mapping[str, str] = "",
        requester: str = _USER,
    ) -> Outcome:
        r"""Ask for a certificate; a refusal is an outcome and does not raise.

        *request*: DER, PEM or base64 as bytes or text (PKCS #10, PKCS #7, CMC), or an
        `x509.CertificateSigningRequest`. *attributes*: `Name:Value` lines or a mapping.
        *requester*: the account, `DOMAIN\user`. Errors: `ComError` E_INVALIDARG, and no row, for
        a request over 65,536 bytes or an argument of no known kind; RPC_S_SERVER_UNAVAILABLE
        (0x800706BA), as for every verb, on a stopped CA.
        Source: MS-WCCE 3.2.1.4.2.1.
        """
        return self._engine.submit(request, attributes, requester)

    def retrieve(
        self, request_id: int | None = None, *, serial_number: str | None = None
    ) -> Outcome:
        """Return what has become of a request, with its certificate if there is one.

        Errors: `ComError` CERTSRV_E_PROPERTY_EMPTY when there is no such request, E_INVALIDARG
        unless exactly one of the two is given. Source: MS-WCCE 3.2.1.4.2.1.3.
        """
        return self._engine.retrieve(request_id, serial_number)

    def resubmit(self, request_id: int, *, officer: str = _OFFICER) -> Outcome:
        """Ask policy once more about a pending or denied request; never raises for its state.

        An unknown id answers INCOMPLETE with CERTSRV_E_PROPERTY_EMPTY, a wrong state ERROR with
        CERTSRV_E_BAD_REQUESTSTATUS. Source: MS-CSRA 3.1.4.1.3.
        """
        return self._engine.resubmit(request_id, officer)

    def deny(self, request_id: int, *, officer: str = _OFFICER) -> None:
        """Refuse a pending request.

        Errors: `ComError` CERTSRV_E_PROPERTY_EMPTY for an unknown id,
        CERTSRV_E_BAD_REQUESTSTATUS unless the request is pending.
        Source: sdk-api certadm/nf-certadm-icertadmin-denyrequest.
        """
        self._engine.deny(request_id, officer)

    def set_request_attributes(self, request_id: int, attributes: str | Mapping[str, str]) -> None:
        """Add or replace attributes of a pending request; the text sent with it stays as it was.

        Errors: as `deny`; E_INVALIDARG for a name over 127 or a value over 4,096 characters.
        Source: sdk-api certadm/nf-certadm-icertadmin-setrequestattributes.
        """
        self._engine.set_request_attributes(request_id, attributes)

    def set_certificate_extension(
        self,
        request_id: int,
        oid: str,
        value: Value,
        *,
        critical: bool = False,
        disabled: bool = False,
    ) -> None:
        """Store an extension of a pending request.

        bytes are taken as the encoded value, text becomes an IA5String, an int an INTEGER, an
        aware `datetime` a Time. Errors: as `deny`; E_INVALIDARG for no OID of at most 31
        characters or a value that cannot be encoded.
        Source: sdk-api certadm/nf-certadm-icertadmin-setcertificateextension.
        """
        self._engine.set_certificate_extension(
            request_id, oid, value, critical=critical, disabled=disabled
        )

    def get_config(self, path: str) -> RegistryValue | None:
        r"""Return the configuration value at *path* (`ca\X`, `policy\X`, `exit\X`), or `None`.

        Errors: `ComError` E_INVALIDARG for a path without a name, ERROR_FILE_NOT_FOUND
        (0x80070002) for `exit\X` on a CA without exit modules.
        """
        return self._state.registry.read(*self._resolve(path))

    def set_config(self, path: str, value: RegistryValue) -> None:
        """Set a configuration value; it counts from the next start.

        *value*: int (32 bits, signed or unsigned), text, bytes or a list of text. Whether it makes
        sense is found out at the start. Errors: as `get_config`, and `ComError` E_INVALIDARG for a
        value of another type. Source: MS-CSRA 3.1.4.2.15.
        """
        self._state.registry.write(*self._resolve(path), value)

    def _resolve(self, path: str) -> tuple[str, str]:
        service = self._service
        return resolve(path, policy=service.policy_module, exits=lambda: service.exit_modules)

    def install_exit_module(self, spec: object) -> str:
        """Plug an exit module in behind the others and return its ProgID; as on a server, the
        change counts from the next start. Errors: `ModuleLoadError`.
        """
        return self._service.install_exit(spec)

    def remove_exit_module(self, progid: str) -> None:
        """Take an exit module out from the next start on. Errors: `ModuleLoadError` if unknown."""
        self._service.remove_exit(progid)

    @property
    def exit_modules(self) -> tuple[str, ...]:
        r"""Return the ProgIDs in `ExitModules\Active`, in the order they are called."""
        return self._service.exit_modules

    @property
    def certificate(self) -> x509.Certificate:
        """Return the CA's newest certificate: self-signed, and made together with the object."""
        return x509.load_der_x509_certificate(self._state.issuer.raw)

    @property
    def journal(self) -> tuple[Entry, ...]:
        """Return what happened, oldest first; `str()` of an entry is one line.

        It is a copy, and holds the last *journal_limit* entries. Reads are among them only while
        `tracing` is open.
        """
        return self._state.journal.entries()

    @property
    def event_log(self) -> tuple[EventLogEntry, ...]:
        """Return the failures of modules, oldest first, as the Windows event log tells them.

        Event ids are 46 and 45 for exit modules, 44, 43 and 9 for the policy module. Like the
        journal it holds the last *journal_limit* entries.
        Source: TechNet on events 9 and 43 to 46; docs/rulings.md (Modules).
        """
        return self._state.journal.event_log()

    def tracing(self) -> AbstractContextManager[None]:
        """Put every read of a server object into the journal while the context is open.

        It is off otherwise, since reads would soon push everything else out of the journal.
        """
        return self._state.journal.tracing()


def _checked_name(name: str) -> str:
    """Return *name* if a CA can have it.

    It becomes the common name of the CA's own certificate, so it has that property's limit.
    Errors: `ComError` E_INVALIDARG for none, CERTSRV_E_BAD_REQUESTSUBJECT for one too long.
    Source: win32 SecCrypto/name-properties.
    """
    if not isinstance(name, str) or not name.strip():
        raise ComError(HRESULT.E_INVALIDARG, "a certification authority needs a name")
    names.check_lengths([_common_name(name)])
    return name


def _common_name(name: str) -> names.Part:
    return names.make_part(names.OID_BY_NAME["CommonName"], name)


def _as_policy(found: object) -> object:
    """Return what to plug in for *found*: a function of two arguments gets its wrapper."""
    if not callable(found) or isinstance(found, type) or hasattr(found, "VerifyRequest"):
        return found
    return FunctionPolicy(found) if specs.takes(found, 2) else found


def _root(name: str, key: PrivateKey, sources: Sources) -> certificates.CACertificate:
    """Return a root certificate for *key*, ten minutes old like all that a CA signs.

    Its serial number has no request id to be made of, hence 15 bytes of chance behind a first
    byte that keeps it positive and its length the same. Source: docs/rulings.md (Certificates).
    """
    now = sources.clock.now()
    subject = names.encode([_common_name(name)])
    serial = (b"\x10" + sources.random_bytes(15)).hex()
    return certificates.self_sign(
        key,
        subject,
        serial,
        now - timedelta(minutes=10),
        validity.after(now, _ROOT_YEARS, "Years"),
        repeatable=sources.repeatable,
    )
