"""The door: one short method a verb, and every change of a row through `_apply`.

`submit` and `resubmit` pass the door twice. *Reserve*, under the lock, gives a new id or claims
the standing row; a claimed row refuses every other verb. Reading, policy and signing run outside
the lock. *Decide*, under the lock again, commits the row with its journal entry; then the event
is told, and only then does the client get its answer.

A process that dies between the two passes leaves no row, or the row as it was; its id is lost.
Which steps are legal is `lifecycle`'s knowledge, what a request says and becomes `processing`'s;
this room knows the order alone. It authenticates nobody: requester and officer are text for the
record, and whoever may call a verb may do what it does.
Source: MS-WCCE 3.2.1.4.2.1; MS-CSRA 3.1.4.1.3; win32 SecCrypto, processing certificate requests;
CONTRIBUTING.md (laws 2, 3, 9); docs/rulings.md (Requests).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import attrs

from certsim._engine import attributes, drafts, lifecycle, processing, requests
from certsim._engine.dispatch import Dispatcher
from certsim._engine.journal import Call, Transition
from certsim._engine.lifecycle import Guard, Verb
from certsim._engine.outcome import Outcome, outcome_of
from certsim._engine.processing import Arrival, Decision
from certsim._engine.service import Service
from certsim._engine.state import CAState
from certsim.database.rows import AttributeRow, ExtensionRow, Row, Value
from certsim.errors import ComError
from certsim.facts.dispositions import CR_FROM_ROW, CRDisposition, RowDisposition
from certsim.facts.events import ExitEvent
from certsim.facts.flags import ExtensionFlag, ExtensionOrigin
from certsim.facts.hresults import HRESULT
from certsim.facts.properties import PropType

_Change = Callable[[Row, Mapping[str, Value]], Row]
"""Take the standing row and the columns of its new state; return the row to commit."""
_ID_BITS = 63
_CERTIFIED = frozenset((RowDisposition.ISSUED, RowDisposition.REVOKED))
_KINDS: dict[type, PropType] = {
    bytes: PropType.BINARY,
    str: PropType.STRING,
    int: PropType.LONG,
    datetime: PropType.DATE,
}


class Engine:
    """Carry out the verbs of one CA."""

    def __init__(self, state: CAState) -> None:
        """Take the CA's furniture; nothing runs until `service.start`."""
        self.state = state
        self._dispatcher = Dispatcher(state)
        self.service = Service(state, self._dispatcher)
        self._lock = threading.Lock()
        self._claimed: set[int] = set()
        # Two steps are taken either way and merely not told, if the readings say so.
        silent = (
            () if state.fidelity.denied_when_failed else (Guard.UNREADABLE,),
            () if state.fidelity.retrieve_pending else (Guard.ONCE_PENDING,),
        )
        self._silent = frozenset(sum(silent, ()))

    def submit(self, request: object, given: str | Mapping[str, str], requester: str) -> Outcome:
        """Decide a new request; refusal is an outcome, not an error.

        *request* is DER, PEM or base64 as bytes or text, or a parsed request; *given* the lines
        `Name:Value` or a mapping. The answer is ISSUED, UNDER_SUBMISSION, DENIED or ERROR, and
        a row stands behind each of them.
        Errors: `ComError` E_INVALIDARG for a request over the size limit and for arguments of
        no known kind; no row is made then. RPC_S_SERVER_UNAVAILABLE when the CA does not run,
        here and in every other verb.
        Source: MS-WCCE 3.2.1.4.2.1; docs/rulings.md (Requests).
        """
        with self.service.gate:
            data = requests.decode_transport(request)
            arrival = Arrival(data, attributes.as_text(given), _account(requester))
            with self._lock:
                request_id = self.state.shelf.new_id()
                self._claimed.add(request_id)
            try:
                now = self._call(Verb.SUBMIT, request_id, requester)
                decision = processing.decide_new(
                    self.state, self._dispatcher, request_id, arrival, now
                )
            except BaseException:
                # Mostly an interruption. The id is lost then: none is given out twice.
                self._claimed.discard(request_id)
                raise
            return self._decide(Verb.SUBMIT, decision)

    def resubmit(self, request_id: int, officer: str) -> Outcome:
        """Ask policy once more about a pending or denied request.

        An unknown id answers INCOMPLETE with CERTSRV_E_PROPERTY_EMPTY, a wrong state ERROR with
        CERTSRV_E_BAD_REQUESTSTATUS; neither raises. That denied ones may come back is MS-CSRA's
        word against the SDK page's; that any officer may bring them is certsim's simplification.
        Errors: `ComError` E_INVALIDARG for what is no request id or no account name.
        Source: MS-CSRA 3.1.4.1.3 with product note 30; docs/rulings.md (Requests).
        """
        with self.service.gate:
            now = self._call(Verb.RESUBMIT, _checked_id(request_id), officer)
            try:
                with self._lock:
                    row = self._find(request_id, Verb.RESUBMIT)
                    lifecycle.allow(row.disposition, Verb.RESUBMIT)
                    self._claimed.add(request_id)
            except ComError as error:
                unknown = error.hresult == HRESULT.CERTSRV_E_PROPERTY_EMPTY
                answer = CRDisposition.INCOMPLETE if unknown else CRDisposition.ERROR
                return Outcome(request_id, answer, error.hresult, error.strerror)
            try:
                decision = processing.decide_again(self.state, self._dispatcher, row, officer, now)
            except BaseException:
                self._claimed.discard(request_id)
                raise
            return self._decide(Verb.RESUBMIT, decision)

    def _decide(self, verb: Verb, decision: Decision) -> Outcome:
        draft, changes = decision.draft, decision.changes
        row = self._apply(
            verb,
            draft.request_id,
            lambda _, end: draft.row({**changes, **end}),
            guard=lambda _: decision.guard,
            claimed=True,
        )
        return outcome_of(row, processing.ANSWERS[decision.guard])

    def deny(self, request_id: int, officer: str) -> None:
        """Refuse a pending request in the name of *officer*.

        Errors: `ComError` CERTSRV_E_PROPERTY_EMPTY for an unknown id,
        CERTSRV_E_BAD_REQUESTSTATUS for a request that is not pending (both codes assumed).
        Source: MS-CSRA (status and message of newer servers); docs/rulings.md (Requests).
        """
        with self.service.gate:
            now = self._call(Verb.DENY, _checked_id(request_id), officer)
            changes: dict[str, Value] = {
                "Request.StatusCode": int(HRESULT.CERTSRV_E_ADMIN_DENIED_REQUEST),
                "Request.DispositionMessage": processing.join(f"Denied by {officer}"),
                "Request.ResolvedWhen": now,
            }
            self._apply(Verb.DENY, request_id, lambda row, end: _changed(row, changes | {**end}))

    def set_request_attributes(self, request_id: int, given: str | Mapping[str, str]) -> None:
        """Add or replace attributes of a pending request.

        The column RequestAttributes keeps the text that came with the request.
        Errors: as `deny`, and `ComError` E_INVALIDARG for a name over 127 or a value over 4,096
        characters. Source: sdk-api certadm/nf-certadm-icertadmin-setrequestattributes.
        """
        with self.service.gate:
            rows = attributes.parse(attributes.as_text(given))
            attributes.check_limits(rows, attributes.ADMIN_NAME_LIMIT, attributes.ADMIN_VALUE_LIMIT)
            self._call(Verb.SET_ATTRIBUTES, _checked_id(request_id), "")
            self._apply(Verb.SET_ATTRIBUTES, request_id, lambda row, _: _with_attributes(row, rows))

    def set_certificate_extension(
        self, request_id: int, oid: str, value: Value, *, critical: bool, disabled: bool
    ) -> None:
        """Store an extension of a pending request with origin ADMIN.

        The Python type of *value* says what it becomes: bytes as they are, text an IA5String,
        int an INTEGER, `datetime` a Time. Errors: as `deny`, and those of
        `drafts.encode_extension` and `drafts.check_oid`. An extension of that OID is replaced.
        Source: sdk-api certadm/nf-certadm-icertadmin-setcertificateextension.
        """
        with self.service.gate:
            drafts.check_oid(oid)
            encoded = drafts.encode_extension(_kind_of(value), value)
            flags = int(ExtensionOrigin.ADMIN)
            flags |= ExtensionFlag.CRITICAL if critical else 0
            flags |= ExtensionFlag.DISABLE if disabled else 0
            put = ExtensionRow(oid, int(flags), encoded)
            self._call(Verb.SET_EXTENSION, _checked_id(request_id), "")
            self._apply(Verb.SET_EXTENSION, request_id, lambda row, _: _with_extension(row, put))

    def retrieve(self, request_id: int | None, serial_number: str | None) -> Outcome:
        """Return what has become of a request, with its certificate once there is one.

        Anybody may ask. *serial_number* is compared as text with the lower-case hexadecimal that
        is stored, so letter case counts. A failed row answers ERROR, a refused one DENIED.
        Errors: `ComError` E_INVALIDARG unless exactly one of the two is given (code assumed),
        CERTSRV_E_PROPERTY_EMPTY when there is no such row.
        Source: MS-WCCE 3.2.1.4.2.1.3, 3.2.1.4.3.1.2; docs/rulings.md (Requests).
        """
        with self.service.gate:
            if (request_id is None) == (serial_number is None):
                raise ComError(
                    HRESULT.E_INVALIDARG, "retrieve takes a request id or a serial number"
                )
            if request_id is None:
                request_id = self._id_of(serial_number)
            self._call(Verb.RETRIEVE, _checked_id(request_id), "")
            row = self._apply(Verb.RETRIEVE, request_id, _same, guard=_retrieval)
            answer = CR_FROM_ROW.get(row.disposition, CRDisposition.INCOMPLETE)
            return outcome_of(row, answer)

    def _id_of(self, serial_number: object) -> int:
        """Return the request whose certificate has *serial_number*. Errors: as `retrieve`."""
        if not isinstance(serial_number, str):
            raise ComError(HRESULT.E_INVALIDARG, f"{serial_number!r:.40} is no serial number")
        found = self.state.shelf.by_serial(serial_number)
        if found is None:
            raise ComError(
                HRESULT.CERTSRV_E_PROPERTY_EMPTY,
                f"there is no certificate with the serial number {serial_number:.60}",
            )
        return found.request_id

    def _call(self, verb: Verb, request_id: int, by: str) -> datetime:
        """Journal that a verb was called and return the moment that counts for all it does."""
        now = self.state.now()
        told = _account(by)[: processing.MAX_REQUESTER]
        self.state.journal.append((Call, now, verb, request_id, told))
        return now

    def _apply(
        self,
        verb: Verb,
        request_id: int,
        change: _Change,
        *,
        guard: Callable[[Row], Guard] = lambda _: Guard.ALWAYS,
        claimed: bool = False,
    ) -> Row:
        """Take one step of the life cycle: look up, change, commit, journal, post.

        *change* gets the standing row (a blank one for a new id) and the column that tells its
        new state; a row it returns unchanged is not committed. *guard* says which step it is.
        *claimed*: the caller holds the claim on this row, and gives it up by deciding.
        """
        state = self.state
        try:
            with self._lock:
                standing = self._standing(request_id) if claimed else self._find(request_id, verb)
                before = standing.disposition if standing.columns else None
                step = lifecycle.step(before, verb, guard(standing))
                row = change(standing, {"Request.Disposition": int(step.after)})
                event = ExitEvent.INVALID if step.guard in self._silent else step.event
                if row is not standing:
                    state.shelf.commit(row)
                self._journal(verb, standing, row, before, event)
        finally:
            if claimed:
                self._claimed.discard(request_id)
        if event:
            self._dispatcher.post(event, row)
        return row

    def _journal(
        self,
        verb: Verb,
        standing: Row,
        row: Row,
        before: RowDisposition | None,
        event: ExitEvent,
    ) -> None:
        """Journal the step from *standing* to *row*.

        A retrieval leaves the row alone; only one that fires an event is worth an entry.
        """
        if row is standing and not event:
            return
        after, status, message = row.disposition, row.columns["Request.StatusCode"], row.message
        self.state.journal.append(
            (Transition, verb, row.request_id, before, after, event, status, message)
        )

    def _standing(self, request_id: int) -> Row:
        """Return the row behind a claim: the standing one, or a blank one for a new id."""
        return self.state.shelf.get(request_id) or Row(request_id, {})

    def _find(self, request_id: int, verb: Verb) -> Row:
        """Return the row that *verb* is about; a retrieval may look at a claimed row.

        Errors: `ComError` CERTSRV_E_BAD_REQUESTSTATUS for a row that somebody else has claimed,
        CERTSRV_E_PROPERTY_EMPTY when there is none.
        """
        if request_id in self._claimed and verb is not Verb.RETRIEVE:
            raise ComError(
                HRESULT.CERTSRV_E_BAD_REQUESTSTATUS, f"request {request_id} is being worked on"
            )
        row = self.state.shelf.get(request_id)
        if row is None:
            raise ComError(HRESULT.CERTSRV_E_PROPERTY_EMPTY, f"there is no request {request_id}")
        return row


def _account(name: object) -> str:
    if not isinstance(name, str):
        raise ComError(HRESULT.E_INVALIDARG, f"an account name is text, not {name!r:.40}")
    return name


def _checked_id(request_id: object) -> int:
    if not isinstance(request_id, int) or isinstance(request_id, bool):
        raise ComError(HRESULT.E_INVALIDARG, f"{request_id!r:.40} is no request id")
    if request_id.bit_length() > _ID_BITS:
        raise ComError(HRESULT.E_INVALIDARG, "a request id is a number of at most 63 bits")
    return request_id


def _kind_of(value: object) -> PropType:
    for kind, proptype in _KINDS.items():
        if isinstance(value, kind) and not isinstance(value, bool):
            return proptype
    raise ComError(
        HRESULT.E_INVALIDARG,
        f"an extension is bytes, text, an int or a datetime, not {value!r:.40}",
    )


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
    handed_out = row.was_pending and row.disposition in _CERTIFIED
    return Guard.ONCE_PENDING if handed_out else Guard.ALWAYS
