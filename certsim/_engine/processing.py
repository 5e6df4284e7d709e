"""What happens to a request between its two passes of the door: read it, ask policy, build.

Everything here runs outside the door's lock and changes nothing that others can see. The
result is a `Decision`: the draft, the guard that held, and what the row shall say.

The order is Microsoft's: read and check the request, work out the dates and the CA's own
extensions, ask policy, and only then put the subject together, take a serial number and sign. A
request that cannot be read never reaches policy. Whether the step is legal is the table's business
(`lifecycle`), storing it and telling of it the door's.

Nothing a client sends may end in anything but a row: whatever reading finds wrong becomes a
`RequestError` and so a Failed row. An exception of another kind that leaves this room is a fault of
certsim, or somebody at the keyboard.
Source: MS-WCCE 3.2.1.4.2.1.4 (steps), 3.2.1.4.2.1.4.5 (verdicts); win32 SecCrypto (processing
certificate requests); MS-CSRA 3.1.4.1.3 (resubmit); docs/rulings.md (Requests, Certificates).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from cryptography import x509

from certsim._engine import (
    attributes,
    building,
    messages,
    names,
    requests,
    revocation,
    serials,
    templates,
)
from certsim._engine.arguments import MAX_ACCOUNT
from certsim._engine.dispatch import Dispatcher, Ruling
from certsim._engine.drafts import Draft
from certsim._engine.lifecycle import Guard
from certsim._engine.state import CAState
from certsim._engine.submission import VERIFYING, RequestError
from certsim._engine.x509 import issuer_of
from certsim.database.rows import Row, Value
from certsim.errors import ComError
from certsim.facts.dispositions import CRDisposition
from certsim.facts.flags import RequestFlag, RequestType
from certsim.facts.hresults import HRESULT

ANSWERS: Mapping[Guard, CRDisposition] = {
    Guard.UNREADABLE: CRDisposition.ERROR,
    Guard.UNBUILDABLE: CRDisposition.ERROR,
    Guard.ISSUE: CRDisposition.ISSUED,
    Guard.PEND: CRDisposition.UNDER_SUBMISSION,
    Guard.DENY: CRDisposition.DENIED,
}
"""What the call itself answers. A later retrieval answers from the row: DENIED for UNBUILDABLE."""
_FULL_RESPONSE = int(RequestType.FULLRESPONSE)
_PKCS10 = _FULL_RESPONSE | int(RequestType.PKCS10)
_FORCE_UTF8 = int(RequestFlag.FORCEUTF8)
# CR_IN_FULLRESPONSE with the kind is what RequestType is seen to hold. Where a request cannot be
# read, that it counts as PKCS #10 is assumed, and so is CR_FLG_FORCEUTF8 on every request.
_MESSAGES: Mapping[Guard, str] = {
    Guard.UNBUILDABLE: "Error Constructing or Publishing Certificate",
    Guard.ISSUE: "Issued",
    Guard.PEND: "Taken Under Submission",
    Guard.DENY: "Denied by Policy Module",
}


class Arrival(NamedTuple):
    """Hold a request as it came in: its bytes, its attribute text, and who sent it.

    *data* is what is left when the transport is taken off, DER if it is a request at all.
    *requester* is an account name as text; nobody checks that it is theirs.
    """

    data: bytes
    attributes: str
    requester: str


class Decision(NamedTuple):
    """Hold what shall become of a request: which *guard* held, and what the row will say.

    *changes* are columns by name, the new state left out: that is in the table's line. The row is
    made of *draft* and *changes* under the lock, in one transaction.
    """

    guard: Guard
    draft: Draft
    changes: Mapping[str, Value]


def decide_new(
    state: CAState, dispatcher: Dispatcher, request_id: int, arrival: Arrival, now: datetime
) -> Decision:
    """Read a new request, ask policy about it, and build its certificate if policy says so.

    *request_id* is reserved, *now* (aware UTC) becomes SubmittedWhen and the start of the dates.
    A request that cannot be read is a decision too, with the HRESULT as its status; nothing is
    raised for it. Source: MS-WCCE 3.2.1.4.2.1.4.4; docs/rulings.md (Requests).
    """
    columns = _first_columns(request_id, arrival, now)
    try:
        draft = _read(state, request_id, columns, arrival)
    except RequestError as error:
        draft = Draft(request_id, columns)
        message = messages.join(error.stage, error.strerror)
        return _end(draft, Guard.UNREADABLE, now, error.hresult, message)
    return _decide(state, dispatcher, draft, now, new_request=True)


def decide_again(
    state: CAState, dispatcher: Dispatcher, row: Row, officer: str, now: datetime
) -> Decision:
    """Ask policy about a pending or denied *row* once more, as *officer* wishes.

    The request is not read again: attributes, extensions and names stand as an officer or policy
    left them. Dates are worked out anew from *now*, and what the last decision wrote is forgotten.
    Source: MS-CSRA 3.1.4.1.3; docs/rulings.md (Requests).
    """
    draft = Draft.of(row, _OUTCOME)
    _note_template(draft)
    note = f"Resubmitted by {officer}"
    return _decide(state, dispatcher, draft, now, new_request=False, note=note)


_OUTCOME = frozenset(("Request.StatusCode", "Request.DispositionMessage", "Request.ResolvedWhen"))


def _first_columns(request_id: int, arrival: Arrival, now: datetime) -> dict[str, Value]:
    requester = arrival.requester[:MAX_ACCOUNT]
    return {
        "Request.RequestID": request_id,
        "RequestID": request_id,
        "Request.RawRequest": arrival.data,
        "Request.RequestAttributes": arrival.attributes[: attributes.TEXT_LIMIT],
        "Request.RequestType": _PKCS10,
        "Request.RequestFlags": _FORCE_UTF8,
        "Request.SubmittedWhen": now,
        "Request.RequesterName": requester,
        "Request.CallerName": requester,
    }


def _read(state: CAState, request_id: int, columns: dict[str, Value], arrival: Arrival) -> Draft:
    """Return the draft of a readable request, and note in *columns* what is known of it by then.

    *columns* fills as reading gets on, so the row of a request that fails half-way, a renewal whose
    attributes are too long for example, tells as much as was understood. Errors: `RequestError`.
    """
    try:
        _check_sizes(arrival)
        submission = requests.read(arrival.data)
        columns["Request.RequestType"] = submission.request_type | _FULL_RESPONSE
        columns["Request.RawName"] = submission.raw_name
        if state.settings.enforce_name_lengths:
            names.check_lengths(submission.subject.parts)
        if submission.old_certificate is not None:
            _check_old(state, submission.old_certificate, columns)
        rows = attributes.merge(submission.attributes, attributes.parse(arrival.attributes))
        attributes.check_limits(rows)
    except RequestError:
        raise
    except ComError as error:
        raise RequestError(error.hresult, error.strerror) from error
    info = submission.public_key_info
    draft = Draft(request_id, columns, rows, submission.extensions, info)
    draft.subject = submission.subject
    _note_template(draft)
    return draft


def _note_template(draft: Draft) -> None:
    template = templates.named(draft)
    if template:
        draft.columns["CertificateTemplate"] = template


def _check_sizes(arrival: Arrival) -> None:
    """Refuse texts that their columns cannot hold; the Failed row keeps their beginning."""
    if len(arrival.requester) > MAX_ACCOUNT:
        raise ComError(
            HRESULT.E_INVALIDARG, f"the requester's name is over {MAX_ACCOUNT} characters"
        )
    if len(arrival.attributes) > requests.MAX_REQUEST:
        raise ComError(
            HRESULT.E_INVALIDARG, f"the attributes are over {requests.MAX_REQUEST} characters"
        )


def _check_old(state: CAState, raw: bytes, columns: dict[str, Value]) -> None:
    """Check that the certificate to be renewed is this CA's and still valid; note it if so.

    Errors: `RequestError` CERT_E_ISSUERCHAINING, CERT_E_EXPIRED or CERT_E_REVOKED. That the CA
    looks at all three is certsim's reading of "verifying the signing certificate" (basis assumed).
    Source: docs/rulings.md (Kinds and signatures).
    """
    try:
        old = x509.load_der_x509_certificate(raw)
    except (ValueError, x509.InvalidVersion, Warning) as error:
        # A client chose these bytes; some that are odd only warn, which may count as an error.
        raise RequestError(
            HRESULT.CRYPT_E_ASN1_CORRUPT, "the old certificate cannot be read", VERIFYING
        ) from error
    if old.not_valid_after_utc < state.now():
        raise RequestError(HRESULT.CERT_E_EXPIRED, "the old certificate has expired", VERIFYING)
    if issuer_of(old, state.certificates) is None:
        raise RequestError(
            HRESULT.CERT_E_ISSUERCHAINING, "the old certificate is not this CA's", VERIFYING
        )
    standing = state.shelf.by_serial(serials.text_of(old.serial_number))
    if standing is not None and revocation.in_force(standing, state.now()):
        raise RequestError(HRESULT.CERT_E_REVOKED, "the old certificate is revoked", VERIFYING)
    columns["Request.RawOldCertificate"] = raw
    columns["Request.RequestFlags"] = int(RequestFlag.FORCEUTF8 | RequestFlag.RENEWAL)


def _decide(
    state: CAState,
    dispatcher: Dispatcher,
    draft: Draft,
    now: datetime,
    *,
    new_request: bool,
    note: str = "",
) -> Decision:
    # Dates and extensions come first: denied rows have been seen with NotBefore and NotAfter, so
    # policy is asked about a certificate that is all but made. Source: published lab transcripts.
    issuer = state.issuer
    building.prepare(draft, state, issuer, now)
    ruling = dispatcher.verify(draft, new_request=new_request)
    if ruling.guard is not Guard.ISSUE:
        return _without_certificate(draft, ruling, now, note)
    try:
        built = building.certify(draft, state, issuer)
    except ComError as error:
        message = messages.join(_MESSAGES[Guard.UNBUILDABLE], error.strerror, note)
        return _end(draft, Guard.UNBUILDABLE, now, error.hresult, message)
    message = messages.join(_MESSAGES[Guard.ISSUE], building.shortening(draft, issuer), note)
    return _end(draft, Guard.ISSUE, now, 0, message, built)


def _without_certificate(draft: Draft, ruling: Ruling, now: datetime, note: str) -> Decision:
    """Return the end of a request that policy refuses or leaves pending.

    VR_INSTANT_BAD brings no code of its own; the one put here is that of an officer's denial.
    Source: docs/rulings.md (Verdicts).
    """
    status = ruling.status
    if ruling.guard is Guard.DENY:
        status = status or HRESULT.CERTSRV_E_ADMIN_DENIED_REQUEST
    message = messages.join(_MESSAGES[ruling.guard], ruling.text, note)
    return _end(draft, ruling.guard, now, status, message)


def _end(
    draft: Draft,
    guard: Guard,
    now: datetime,
    status: int,
    message: str,
    built: Mapping[str, Value] | None = None,
) -> Decision:
    """Return the decision; a pending row has no ResolvedWhen yet (basis assumed)."""
    changes: dict[str, Value] = {
        "Request.StatusCode": int(status),
        "Request.DispositionMessage": message,
    }
    if guard is Guard.PEND:
        draft.was_pending = True
    else:
        changes["Request.ResolvedWhen"] = now
    if built is not None:
        draft.forget_names()
        changes |= built
    return Decision(guard, draft, changes)
