"""The verbs: one short method for each, and every change of a row through the door.

`submit` and `resubmit` pass the door twice. *Reserve* gives a new id or claims the standing row.
Reading, policy and signing run outside the lock. *Decide* commits the row with its journal entry;
then the event is told, and only then does the client get its answer. A process that dies between
the two passes leaves no row, or the row as it was; its id is lost. Other verbs about a row pass it
once for each.

What a request says and becomes is `processing`'s knowledge; revoking, importing, deleting, CRLs and
renewal have rooms of their own. This one authenticates nobody: requester, officer and
administrator are text for the record, and what they may do is asked only of a CA with `Security`.
Errors of every verb: `ComError` RPC_S_SERVER_UNAVAILABLE when the CA does not run, but for `view`
and `configure`; those of `access` when the caller may not. What callers need to know stands with
`CertificationAuthority`.
Source: MS-WCCE 3.2.1.4.2.1; MS-CSRA 3.1.4.1, 3.1.4.2; docs/rulings.md (Requests).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import attrs

from certsim._engine import (
    attributes,
    audit,
    ca_certificates,
    deleting,
    drafts,
    importing,
    messages,
    processing,
    publication,
    requests,
    revocation,
    views,
)
from certsim._engine.arguments import checked_id, checked_moment, checked_serial, kind_of
from certsim._engine.deleting import Wanted
from certsim._engine.dispatch import Dispatcher
from certsim._engine.door import Door, Errand
from certsim._engine.journal import Service as ServiceEntry
from certsim._engine.lifecycle import Guard, Verb
from certsim._engine.outcome import Outcome, outcome_of
from certsim._engine.processing import Arrival, Decision
from certsim._engine.published import PublishedCRL
from certsim._engine.publishing import Publisher
from certsim._engine.service import Service
from certsim._engine.state import CAState
from certsim.database.rows import AttributeRow, ExtensionRow, Row, Value
from certsim.errors import ComError
from certsim.facts.dispositions import (
    CERTIFIED,
    CR_FROM_ROW,
    CADisposition,
    CRDisposition,
)
from certsim.facts.flags import CRLKind, ExtensionFlag, ExtensionOrigin
from certsim.facts.hresults import HRESULT
from certsim.registry import Imported, RegistryValue

_IDENTITY = ("CAType", "CommonName", "CAServerName")
"""Values of the CA's own key that say who it is, as its certificates do."""
_Audited = Callable[[CAState, Row, str], None]
"""Put on record what became of a committed row, by whose doing."""
_ANSWERED: dict[int, CRDisposition] = {
    HRESULT.CERTSRV_E_PROPERTY_EMPTY: CRDisposition.INCOMPLETE,
    HRESULT.CERTSRV_E_BAD_REQUESTSTATUS: CRDisposition.ERROR,
}
"""What a resubmit answers instead of raising. Source: MS-CSRA 3.1.4.1.3 with product note 30."""

_UNKNOWN = {
    Verb.RETRIEVE: HRESULT.CERTSRV_E_PROPERTY_EMPTY,
    Verb.REVOKE: HRESULT.E_INVALIDARG,
}
"""What an unknown serial number is. Source: MS-WCCE 3.2.1.4.2.1.3; MS-CSRA 3.1.4.1.8."""


class Engine:
    """Carry out the verbs of one CA."""

    def __init__(self, state: CAState) -> None:
        """Take the CA's furniture; nothing runs until `service.start`."""
        self.state = state
        self._dispatcher = Dispatcher(state)
        self.service = Service(state, self._dispatcher)
        self._door = Door(state, self._dispatcher)
        self._publisher = Publisher(state, self._door)
        self._renewing = threading.Lock()

    def submit(self, request: object, given: str | Mapping[str, str], requester: str) -> Outcome:
        """Decide a new request; refusal is an outcome, not an error.

        A row stands behind each answer: ISSUED, UNDER_SUBMISSION, DENIED or ERROR.
        Errors: `ComError` E_INVALIDARG, and no row, for a request over the size limit and for
        arguments of no known kind. Source: MS-WCCE 3.2.1.4.2.1; docs/rulings.md (Requests).
        """
        with self.service.gate.passed():
            data = requests.decode_transport(request)
            arrival = Arrival(data, attributes.as_text(given), requester)
            request_id, errand = self._door.reserve(Verb.SUBMIT, requester)
            try:
                decision = processing.decide_new(
                    self.state, self._dispatcher, request_id, arrival, errand.now
                )
                return self._decide(errand, decision, audit.submitted)
            finally:
                self._door.release(errand)  # if an interruption came: the id is lost then

    def resubmit(self, request_id: int, officer: str) -> Outcome:
        """Ask policy once more about a pending or denied request.

        An unknown id answers INCOMPLETE with CERTSRV_E_PROPERTY_EMPTY, a wrong state ERROR with
        CERTSRV_E_BAD_REQUESTSTATUS; neither raises. That denied ones may come back is MS-CSRA's
        word against the SDK page's. Errors: `ComError` E_INVALIDARG for what is no request id.
        Source: MS-CSRA 3.1.4.1.3 with product note 30; docs/rulings.md (Requests).
        """
        with self.service.gate.passed():
            errand = self._door.admit(Verb.RESUBMIT, officer, checked_id(request_id))
            try:
                row = self._door.claim(errand)
            except ComError as error:
                answer = _ANSWERED.get(error.hresult)
                if answer is None:
                    raise
                return Outcome(request_id, answer, error.hresult, error.strerror)
            try:
                decision = processing.decide_again(
                    self.state, self._dispatcher, row, officer, errand.now
                )
                return self._decide(errand, decision, audit.resubmitted)
            finally:
                self._door.release(errand)

    def _decide(self, errand: Errand, decision: Decision, audited: _Audited) -> Outcome:
        draft, changes = decision.draft, decision.changes
        row = self._door.apply(
            errand,
            lambda _, end: draft.row({**changes, **end}),
            guard=lambda _: decision.guard,
            audit=lambda row: audited(self.state, row, errand.by),
        )
        return outcome_of(row, processing.ANSWERS[decision.guard])

    def deny(self, request_id: int, officer: str) -> None:
        """Refuse a pending request in the name of *officer*.

        Source: MS-CSRA (status and message of newer servers); docs/rulings.md (Requests).
        """
        with self.service.gate.passed():
            errand = self._door.admit(Verb.DENY, officer, checked_id(request_id))
            changes: dict[str, Value] = {
                "Request.StatusCode": int(HRESULT.CERTSRV_E_ADMIN_DENIED_REQUEST),
                "Request.DispositionMessage": messages.join(f"Denied by {officer}"),
                "Request.ResolvedWhen": errand.now,
            }
            self._door.apply(
                errand,
                lambda row, end: _changed(row, changes | {**end}),
                audit=lambda row: audit.denied(self.state, row, officer),
            )

    def set_request_attributes(
        self, request_id: int, given: str | Mapping[str, str], officer: str
    ) -> None:
        """Add or replace attributes of a pending request.

        Source: sdk-api certadm/nf-certadm-icertadmin-setrequestattributes.
        """
        with self.service.gate.passed():
            text = attributes.as_text(given)
            rows = attributes.parse(text)
            attributes.check_limits(rows, attributes.ADMIN_NAME_LIMIT, attributes.ADMIN_VALUE_LIMIT)
            self._door.apply(
                self._door.admit(Verb.SET_ATTRIBUTES, officer, checked_id(request_id)),
                lambda row, _: _with_attributes(row, rows),
                audit=lambda row: audit.attributes_set(self.state, row, text, officer),
            )

    def set_certificate_extension(
        self,
        request_id: int,
        oid: str,
        value: Value,
        officer: str,
        *,
        critical: bool,
        disabled: bool,
    ) -> None:
        """Store an extension of a pending request with origin ADMIN, in place of any of that OID.

        The Python type of *value* says what it becomes. Errors: those of
        `drafts.encode_extension` and `drafts.check_oid`.
        Source: sdk-api certadm/nf-certadm-icertadmin-setcertificateextension.
        """
        with self.service.gate.passed():
            drafts.check_oid(oid)
            kind = kind_of(value)
            encoded = drafts.encode_extension(kind, value)
            flags = int(ExtensionOrigin.ADMIN)
            flags |= ExtensionFlag.CRITICAL if critical else 0
            flags |= ExtensionFlag.DISABLE if disabled else 0
            put = ExtensionRow(oid, int(flags), encoded)
            self._door.apply(
                self._door.admit(Verb.SET_EXTENSION, officer, checked_id(request_id)),
                lambda row, _: _with_extension(row, put),
                audit=lambda row: audit.extension_set(self.state, row, put, kind, officer),
            )

    def retrieve(
        self, request_id: int | None, serial_number: str | None, requester: str
    ) -> Outcome:
        """Return what has become of a request, with its certificate once there is one.

        *serial_number* is compared as text with the lower-case hexadecimal that is stored. A
        failed row answers ERROR, a refused one DENIED.
        Source: MS-WCCE 3.2.1.4.2.1.3, 3.2.1.4.3.1.2; docs/rulings.md (Requests).
        """
        with self.service.gate.passed():
            if (request_id is None) == (serial_number is None):
                raise ComError(
                    HRESULT.E_INVALIDARG, "retrieve takes a request id or a serial number"
                )
            if request_id is None:
                errand = self._admit_by_serial(Verb.RETRIEVE, serial_number, requester)
            else:
                errand = self._door.admit(Verb.RETRIEVE, requester, checked_id(request_id))
            row = self._door.apply(errand, _same, guard=_retrieval)
            answer = CR_FROM_ROW.get(row.disposition, CRDisposition.INCOMPLETE)
            return outcome_of(row, answer)

    def _admit_by_serial(self, verb: Verb, serial_number: str | None, by: str) -> Errand:
        """Let a verb about a serial number in; who may not call it learns of no certificate.

        Errors: `ComError` E_INVALIDARG for no text; for an unknown one the code *verb* has for it.
        """
        wanted = checked_serial(serial_number)
        row = self.state.shelf.by_serial(wanted)
        errand = self._door.admit(verb, by, None if row is None else row.request_id)
        if row is None:
            raise ComError(
                _UNKNOWN[verb], f"there is no certificate with the serial number {wanted:.60}"
            )
        return errand

    def revoke(self, serial_number: str, reason: int, effective: object, officer: str) -> None:
        """Revoke, hold or release a certificate, or say whether it outlives its end on CRLs.

        Errors: `ComError` E_INVALIDARG for an unknown serial number, reason or date;
        ERROR_INVALID_DATA for a row on which the step is not possible.
        Source: MS-CSRA 3.1.4.1.8; docs/rulings.md (Revocation).
        """
        with self.service.gate.passed():
            meant, when = revocation.checked_reason(reason), checked_moment(effective)
            errand = self._admit_by_serial(Verb.REVOKE, serial_number, officer)
            try:
                self._door.apply(
                    errand,
                    lambda row, end: revocation.changed(row, meant, when, errand, {**end}),
                    guard=lambda row: revocation.guard(row, meant),
                    audit=None
                    if meant in revocation.TOGGLES
                    else lambda row: audit.revoked(self.state, row, meant, officer),
                )
            except ComError as error:
                if error.hresult != HRESULT.CERTSRV_E_PROPERTY_EMPTY:
                    raise
                raise ComError(_UNKNOWN[Verb.REVOKE], "the row was deleted meanwhile") from error

    def is_valid(self, serial_number: str, caller: str) -> CADisposition:
        """Answer the validity check, which looks at disposition and effective date alone.

        An unknown serial number is an answer, INVALID, and no error. Source: MS-CSRA 3.1.4.1.5.
        """
        with self.service.gate.passed():
            row = self.state.shelf.by_serial(checked_serial(serial_number))
            errand = self._door.admit(
                Verb.IS_VALID, caller, None if row is None else row.request_id
            )
            return revocation.validity(row, errand.now)

    def import_certificate(
        self, certificate: object, officer: str, *, allow_foreign: bool, existing_row: bool
    ) -> int:
        """Take a certificate into the database and return its request id.

        Errors: those of `importing.read`, `importing.waiting` and `importing.take_in`.
        Source: MS-CSRA 3.1.4.1.26; docs/rulings.md (Import).
        """
        with self.service.gate.passed():
            errand = self._door.admit(Verb.IMPORT, officer)
            found = importing.read(self.state, certificate, allow_foreign=allow_foreign)
            if existing_row:
                errand = errand._replace(request_id=importing.waiting(self.state, found))
            return importing.take_in(self.state, self._door, errand, found)

    def delete_rows(
        self,
        table: object,
        row_id: object,
        expired_before: object,
        last_changed_before: object,
        administrator: str,
    ) -> int:
        """Delete what is wanted and return how many rows went; none is no error.

        Errors: those of `Wanted.of` and `deleting.carry_out`.
        Source: MS-CSRA 3.1.4.2.18; docs/rulings.md (Deleting rows).
        """
        with self.service.gate.passed():
            wanted = Wanted.of(table, row_id, expired_before, last_changed_before)
            about = wanted.row_id if wanted.table == deleting.REQUEST else None
            errand = self._door.admit(Verb.DELETE, administrator, about)
            return deleting.carry_out(self.state, self._door, errand, wanted)

    def publish_crls(
        self, kinds: CRLKind, next_update: object, administrator: str
    ) -> tuple[PublishedCRL, ...]:
        """Publish CRLs of the *kinds* asked for, in one run. Errors: those of `Publisher.publish`.

        Source: MS-CSRA 3.1.4.1.6, 3.1.4.2.1; docs/rulings.md (CRLs).
        """
        with self.service.gate.passed():
            errand = self._door.admit(Verb.PUBLISH, administrator)
            return self._publisher.publish(kinds, next_update, errand)

    def tick(self) -> tuple[PublishedCRL, ...]:
        """Publish what is due by now, as the CA's own timer would."""
        with self.service.gate.passed():
            return self._publisher.tick()

    def renew(self, administrator: str, *, new_key: bool) -> None:
        """Give the CA its next certificate, and publish it where CA certificates go.

        Errors: those of `ca_certificates.next_certificate`.
        Source: win32 SecCrypto/certification-authority-renewal; docs/rulings.md (The CA's own
        certificates).
        """
        with self.service.gate.passed(), self._renewing:
            state = self.state
            errand = self._door.admit(Verb.RENEW, administrator)
            renewed = ca_certificates.next_certificate(state, new_key=new_key)
            state.certificates = (*state.certificates, renewed)
            what = f"renewed: certificate {renewed.index}, key {renewed.key_index}"
            state.journal.append((ServiceEntry, errand.now, what))
            publication.publish_certificates(state)

    def configure(
        self, key: str, name: str, value: RegistryValue | None, administrator: str
    ) -> None:
        """Set a configuration value, or delete it for `None`, whether the CA runs or not.

        The AuditFilter has a right of its own, which auditors have as well. Errors: those of the
        registry; `ComError` E_INVALIDARG for what says who a CA in a folder is.
        Source: MS-CSRA 3.1.4.2.10, 3.1.4.2.15; docs/rulings.md (Roles and audit).
        """
        registry = self.state.registry
        if not key and name.lower() in map(str.lower, _IDENTITY) and self.state.home.lasting:
            raise ComError(HRESULT.E_INVALIDARG, f"{name} is of the CA's making and stays")
        with self._configuring(audit.configuring(key, name), administrator):
            if value is None:
                registry.delete_value(key, name)
            else:
                registry.write(key, name, value)
            audit.configured(self.state, key, name, registry.read(key, name), administrator)

    def import_config(self, text: str, administrator: str) -> Imported:
        """Take over the values of a `.reg` text.

        Like an edit of the registry it is not audited: nobody asks the CA there. What says who a CA
        in a folder is stays as it is, whatever the text says.
        """
        registry = self.state.registry
        kept = {name: registry.read("", name) for name in _IDENTITY if self.state.home.lasting}
        with self._configuring(Verb.SET_CONFIG, administrator):
            imported = registry.import_reg(text)
            for name, value in kept.items():
                if value is not None and registry.read("", name) != value:
                    registry.write("", name, value)
            return imported

    @contextmanager
    def _configuring(self, verb: Verb, administrator: str) -> Iterator[None]:
        """Let *administrator* configure, on a stopped CA too, and keep what is appended."""
        journal = self.state.journal
        try:
            self._door.admit(verb, administrator)
            with journal.step():
                yield
        finally:
            journal.settle()

    def view(
        self,
        name: str,
        columns: Iterable[str] | None,
        where: Iterable[views.Restriction],
        order_by: str | None,
        caller: str,
    ) -> views.View:
        """Return a view of the database, as it is each time it is gone through."""
        self._door.admit(Verb.VIEW, caller)
        if self.service.gate.open:
            self.state.journal.settle()
        return views.view(self.state, name, columns=columns, where=where, order_by=order_by)


def _changed(row: Row, changes: Mapping[str, Value]) -> Row:
    return attrs.evolve(row, columns={**row.columns, **changes})


def _same(row: Row, _end: Mapping[str, Value]) -> Row:
    return row


def _with_attributes(row: Row, rows: Sequence[AttributeRow]) -> Row:
    return attrs.evolve(row, attributes=attributes.merge(row.attributes, rows))


def _with_extension(row: Row, put: ExtensionRow) -> Row:
    held = {extension.name: extension for extension in row.extensions} | {put.name: put}
    return attrs.evolve(row, extensions=tuple(held.values()))


def _retrieval(row: Row) -> Guard:
    handed_out = row.was_pending and row.disposition in CERTIFIED
    return Guard.ONCE_PENDING if handed_out else Guard.ALWAYS
