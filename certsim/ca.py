r"""The front door: a whole certification authority in one object, and the only wiring there is.

    with certsim.CertificationAuthority("Teaching CA", exit_modules=[MyExit]) as ca:
        outcome = ca.submit(csr, attributes="CertFile:true", requester=r"CONTOSO\alice")

A CA lives in memory, with a key and a root certificate of its own. It is a model to imitate and
never a CA to trust. Verbs may be called from any thread; modules are called on the caller's.

Nobody is authenticated: *requester*, *officer*, *administrator* and *caller* are names that
whoever holds the object gives. With `security=` the CA asks what the one so named may do, as a
Windows CA asks for a role; without it everybody may do everything. The work is done in `_engine`;
this room checks little, decides nothing, and puts the parts together.
Source: README.md; docs/rulings.md (Requests, Modules, Left out).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from typing import Self

from cryptography import x509

from certsim._engine import crl_table, founding, property_store
from certsim._engine.engine import Engine
from certsim._engine.fidelity import Fidelity
from certsim._engine.journal import Entry, EventLogEntry
from certsim._engine.outcome import Outcome
from certsim._engine.published import PublishedCRL
from certsim._engine.security import Security
from certsim._engine.state import CAState
from certsim._engine.views import Restriction, View
from certsim.database.rows import Value
from certsim.errors import ComError, shown
from certsim.facts.dispositions import CADisposition, CAType, RevocationReason
from certsim.facts.flags import CRLKind
from certsim.facts.hresults import HRESULT
from certsim.policies.standalone import Standalone
from certsim.registry import RegistryValue, resolve
from certsim.sources import PrivateKey, Sources

DISPATCHED = (property_store.CCertServerExit, property_store.CCertServerPolicy)
"""What modules reach the engine through: wired in here, found by `activation.Dispatch`."""
_USER, _OFFICER, _ADMINISTRATOR = r"CERTSIM\user", r"CERTSIM\officer", r"CERTSIM\administrator"


class CertificationAuthority:
    """Be a simulated Microsoft certification authority.

    It is made stopped. A stopped one answers for its certificate, CRLs, rows, configuration and
    journal, and its modules may be changed; every other verb raises `ComError`
    RPC_S_SERVER_UNAVAILABLE (0x800706BA). With *security* a verb raises E_ACCESSDENIED
    (0x80070005), CERTSRV_E_ROLECONFLICT or CERTSRV_E_RESTRICTEDOFFICER for an account that may
    not. Rows, journal and keys last as long as the object, through any number of stops and starts.
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
        issuer: CertificationAuthority | None = None,
        security: Security | None = None,
        journal_limit: int = 10_000,
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
        self._state: CAState = founding.establish(
            name,
            dns_name,
            ca_type,
            key,
            sources or Sources.system(),
            fidelity or Fidelity(),
            _state_of(issuer),
            security,
            journal_limit,
        )
        self._engine = Engine(self._state)
        self._service = self._engine.service
        policy = Standalone if policy_module is None else policy_module
        self._service.install_policy(policy, founding.as_policy)
        for spec in exit_modules:
            self._service.install_exit(spec)
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
        self,
        request_id: int | None = None,
        *,
        serial_number: str | None = None,
        requester: str = _USER,
    ) -> Outcome:
        """Return what has become of a request, with its certificate if there is one.

        Errors: `ComError` CERTSRV_E_PROPERTY_EMPTY when there is no such request, E_INVALIDARG
        unless exactly one of the two is given. Source: MS-WCCE 3.2.1.4.2.1.3.
        """
        return self._engine.retrieve(request_id, serial_number, requester)

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

    def set_request_attributes(
        self, request_id: int, attributes: str | Mapping[str, str], *, officer: str = _OFFICER
    ) -> None:
        """Add or replace attributes of a pending request; the text sent with it stays as it was.

        Errors: as `deny`; E_INVALIDARG for a name over 127 or a value over 4,096 characters.
        Source: sdk-api certadm/nf-certadm-icertadmin-setrequestattributes.
        """
        self._engine.set_request_attributes(request_id, attributes, officer)

    def set_certificate_extension(
        self,
        request_id: int,
        oid: str,
        value: Value,
        *,
        critical: bool = False,
        disabled: bool = False,
        officer: str = _OFFICER,
    ) -> None:
        """Store an extension of a pending request.

        bytes are taken as the encoded value, text becomes an IA5String, an int an INTEGER, an
        aware `datetime` a Time. Errors: as `deny`; E_INVALIDARG for no OID of at most 31
        characters or a value that cannot be encoded.
        Source: sdk-api certadm/nf-certadm-icertadmin-setcertificateextension.
        """
        self._engine.set_certificate_extension(
            request_id, oid, value, officer, critical=critical, disabled=disabled
        )

    def revoke(
        self,
        serial_number: str,
        reason: int = RevocationReason.UNSPECIFIED,
        *,
        effective: datetime | None = None,
        officer: str = _OFFICER,
    ) -> None:
        """Revoke a certificate, put it on hold, or release it from hold.

        *reason*: 0 to 6 or 8; `RevocationReason.RELEASE` (-1) releases; PUBLISH_EXPIRED (-2) and
        DROP_EXPIRED (-3) revoke nothing and set PublishExpiredCertInCRL. *effective*: aware, past
        or future, now by default; until then the certificate is valid and on no CRL.
        Errors: `ComError` E_INVALIDARG for an unknown serial number (letter case counts), any other
        reason or a naive date; ERROR_INVALID_DATA (0x8007000D) for a certificate that was not
        issued, a hold on one that is revoked for another reason, or a release of one that is not
        on hold. Source: MS-CSRA 3.1.4.1.8.
        """
        self._engine.revoke(serial_number, reason, effective, officer)

    def is_valid(self, serial_number: str, *, caller: str = _USER) -> CADisposition:
        """Tell whether a certificate is VALID, REVOKED or, with an unknown serial number, INVALID.

        Nobody looks at its dates. Source: MS-CSRA 3.1.4.1.5.
        """
        return self._engine.is_valid(serial_number, caller)

    def publish_crls(
        self,
        *,
        base: bool = True,
        delta: bool = True,
        republish: bool = False,
        next_update: datetime | None = None,
        administrator: str = _ADMINISTRATOR,
    ) -> tuple[PublishedCRL, ...]:
        """Sign and publish CRLs: a base and a delta for each CA key, with one number for all.

        A *delta* beside a base is left out while delta CRLs are off. *republish*: write the newest
        ones once more. *next_update*: aware, instead of the configured period. A location that
        fails stands in the result and in the CRL table, and does not raise.
        Errors: `ComError` E_INVALIDARG for neither kind, a *next_update* in the past, and a delta
        alone while delta CRLs are off; ERROR_FILE_NOT_FOUND (0x80070002) for a delta without a
        base, or nothing to republish; CERT_E_EXPIRED when the CA's certificates have ended;
        NTE_FAIL when a key does not sign. Source: MS-CSRA 3.1.4.1.6, 3.1.4.2.1.
        """
        asked = {CRLKind.BASE: base, CRLKind.DELTA: delta, CRLKind.REPUBLISH: republish}
        kinds = CRLKind(sum(kind for kind, wanted in asked.items() if wanted))
        return self._engine.publish_crls(kinds, next_update, administrator)

    def tick(self) -> tuple[PublishedCRL, ...]:
        """Publish the CRLs that are due by the CA's clock, and try failed locations again.

        A CA here has no timer of its own: whoever moves the clock calls this. Errors: NTE_FAIL when
        a key does not sign. Source: MS-CSRA 3.1.4.1.6 (timers, retries); docs/rulings.md (CRLs).
        """
        return self._engine.tick()

    def crl(
        self, index: int | None = None, *, delta: bool = False
    ) -> x509.CertificateRevocationList:
        """Return the newest CRL of the key *index*, by default the newest key's.

        Errors: `ComError` ERROR_FILE_NOT_FOUND (0x80070002) when there is none, E_INVALIDARG for
        what is no index of a certificate.
        """
        return x509.load_der_x509_crl(crl_table.current(self._state, index, delta=delta).raw)

    def import_certificate(
        self,
        certificate: bytes | x509.Certificate,
        *,
        allow_foreign: bool = False,
        existing_row: bool = False,
        officer: str = _OFFICER,
    ) -> int:
        """Take a certificate (DER) into the database and return its request id.

        *allow_foreign* lets in one this CA did not sign, if KRAFlags has bit 1 too. *existing_row*
        completes the pending request for the same key instead of making a row.
        Errors: `ComError` ERROR_INVALID_DATA for anything but DER, CERTSRV_E_ENCODING_LENGTH over
        16,384 bytes, CERT_E_ISSUERCHAINING for a foreign one, ERROR_OBJECT_EXISTS for a serial
        number that is there, CRYPT_E_NO_MATCH without such a request, CERTSRV_E_BAD_REQUESTSTATUS
        for one that is being decided. Source: MS-CSRA 3.1.4.1.26; docs/rulings.md (Import).
        """
        return self._engine.import_certificate(
            certificate, officer, allow_foreign=allow_foreign, existing_row=existing_row
        )

    def delete_rows(
        self,
        table: str = "request",
        *,
        row_id: int | None = None,
        expired_before: datetime | None = None,
        last_changed_before: datetime | None = None,
        administrator: str = _ADMINISTRATOR,
    ) -> int:
        """Delete rows by id or by date and return how many went; none is no error.

        *table*: "request", "crl", or "extension" and "attribute", whose rows go by request id.
        *expired_before*: certificates (or CRLs) that had ended; *last_changed_before*: pending,
        failed and denied requests. Errors: `ComError` E_INVALIDARG unless exactly one of the three
        is given, CERTSRV_E_BAD_REQUESTSTATUS for a row being decided. Source: MS-CSRA 3.1.4.2.18.
        """
        return self._engine.delete_rows(
            table, row_id, expired_before, last_changed_before, administrator
        )

    def renew(self, *, new_key: bool = False, administrator: str = _ADMINISTRATOR) -> None:
        """Give the CA a new certificate, for the same key or a new one; it signs with it at once.

        A subordinate's is signed by its issuer. Errors: `ComError` CERT_E_EXPIRED when the issuer's
        certificate has ended, E_INVALIDARG for a new key that cannot be made, NTE_FAIL for signing.
        Source: win32 SecCrypto/certification-authority-renewal.
        """
        self._engine.renew(administrator, new_key=new_key)

    def view(
        self,
        name: str = "request",
        *,
        columns: Iterable[str] | None = None,
        where: Iterable[Restriction] = (),
        order_by: str | None = None,
        caller: str = _USER,
    ) -> View:
        """Return a view of the database: rows as dictionaries, read while you go through it.

        *name*: a table ("request", "extension", "attribute", "crl") or a predefined view of the
        first ("queue", "log", "failed", "revoked"). *where*: triples like
        `("Request.Disposition", ">=", 20)`. *order_by*: an indexed column, `"-RequestID"` for
        descending. Works on a stopped CA. Errors: `ComError` E_INVALIDARG naming the column, the
        operator or the value that cannot be. Source: sdk-api certview (ICertView2).
        """
        return self._engine.view(name, columns, where, order_by, caller)

    def get_config(self, path: str) -> RegistryValue | None:
        r"""Return the configuration value at *path* (`ca\X`, `policy\X`, `exit\X`), or `None`.

        Errors: `ComError` E_INVALIDARG for a path without a name, ERROR_FILE_NOT_FOUND
        (0x80070002) for `exit\X` on a CA without exit modules.
        """
        return self._state.registry.read(*self._resolve(path))

    def set_config(
        self, path: str, value: RegistryValue, *, administrator: str = _ADMINISTRATOR
    ) -> None:
        """Set a configuration value; it counts from the next start, CRL periods from the next run.

        *value*: int (32 bits, signed or unsigned), text, bytes or a list of text. Whether it makes
        sense is found out at the start. Errors: as `get_config`, and `ComError` E_INVALIDARG for a
        value of another type. Source: MS-CSRA 3.1.4.2.15.
        """
        self._engine.configure(*self._resolve(path), value, administrator)

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
        """Return the CA's newest certificate."""
        return self.certificates[-1]

    @property
    def certificates(self) -> tuple[x509.Certificate, ...]:
        """Return the CA's certificates by index: one, and one more for each renewal."""
        return tuple(x509.load_der_x509_certificate(held.raw) for held in self._state.certificates)

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


def _state_of(issuer: CertificationAuthority | None) -> CAState | None:
    """Return the furniture of the CA above. Errors: `ComError` E_INVALIDARG for what is no CA."""
    if issuer is not None and not isinstance(issuer, CertificationAuthority):
        raise ComError(
            HRESULT.E_INVALIDARG, f"issuer is a CertificationAuthority, not {shown(issuer)}"
        )
    return None if issuer is None else issuer._state  # noqa: SLF001  (its own class)
