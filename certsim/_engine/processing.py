"""What happens to a request between its two passes of the door: read it, ask policy, build.

Everything here runs outside the engine's lock and changes nothing that others can see. The
result is a `Decision`: the draft, the guard that held, and what the row shall say.
Source: ca-behaviour.md 1.2 (steps 6 to 10), 1.3, 1.8 (messages); DESIGN 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from certsim._engine import attributes, building, names, requests, templates
from certsim._engine.dispatch import Dispatcher, Ruling
from certsim._engine.drafts import Draft
from certsim._engine.lifecycle import Guard
from certsim._engine.state import CAState
from certsim._engine.submission import VERIFYING, RequestError
from certsim.database.rows import Row, Value
from certsim.errors import ComError
from certsim.facts.dispositions import CRDisposition
from certsim.facts.flags import RequestFlag, RequestType
from certsim.facts.hresults import HRESULT

MAX_REQUESTER = 2048
"""Characters a requester's name may have. Source: interfaces.md 4.1 (RequesterName)."""
MAX_MESSAGE = 8192
"""Characters a disposition message may have. Source: interfaces.md 4.1."""

ANSWERS: Mapping[Guard, CRDisposition] = {
    Guard.UNREADABLE: CRDisposition.ERROR,
    Guard.UNBUILDABLE: CRDisposition.ERROR,
    Guard.ISSUE: CRDisposition.ISSUED,
    Guard.PEND: CRDisposition.UNDER_SUBMISSION,
    Guard.DENY: CRDisposition.DENIED,
}
_FULL_RESPONSE = int(RequestType.FULLRESPONSE)
_PKCS10 = _FULL_RESPONSE | int(RequestType.PKCS10)
_FORCE_UTF8 = int(RequestFlag.FORCEUTF8)
_MESSAGES: Mapping[Guard, str] = {
    Guard.UNBUILDABLE: "Error Constructing or Publishing Certificate",
    Guard.ISSUE: "Issued",
    Guard.PEND: "Taken Under Submission",
    Guard.DENY: "Denied by Policy Module",
}


class Arrival(NamedTuple):
    """Hold a request as it came in: its bytes, its attribute text, and who sent it."""

    data: bytes
    attributes: str
    requester: str


class Decision(NamedTuple):
    """Hold what shall become of a request: which *guard* held, and what the row will say."""

    guard: Guard
    draft: Draft
    changes: Mapping[str, Value]


def join(*pieces: str) -> str:
    """Return the pieces of a disposition message with two blanks between them, as Windows does."""
    return "  ".join(piece for piece in pieces if piece)


def decide_new(
    state: CAState, dispatcher: Dispatcher, request_id: int, arrival: Arrival, now: datetime
) -> Decision:
    """Read a new request, ask policy about it, and build its certificate if policy says so."""
    columns = _first_columns(request_id, arrival, now)
    try:
        draft = _read(state, request_id, columns, arrival)
    except RequestError as error:
        draft = Draft(request_id, columns)
        message = join(error.stage, error.strerror)
        return _end(draft, Guard.UNREADABLE, now, error.hresult, message)
    return _decide(state, dispatcher, draft, now, new_request=True)


def decide_again(
    state: CAState, dispatcher: Dispatcher, row: Row, officer: str, now: datetime
) -> Decision:
    """Ask policy about a pending or denied *row* once more, as *officer* wishes."""
    draft = Draft.of(row, _OUTCOME)
    note = f"Resubmitted by {officer}"
    return _decide(state, dispatcher, draft, now, new_request=False, note=note)


_OUTCOME = frozenset(("Request.StatusCode", "Request.DispositionMessage", "Request.ResolvedWhen"))


def _first_columns(request_id: int, arrival: Arrival, now: datetime) -> dict[str, Value]:
    requester = arrival.requester[:MAX_REQUESTER]
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
    """Return the draft of a readable request. Errors: `RequestError`."""
    try:
        _check_sizes(arrival)
        submission = requests.read(arrival.data)
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
    columns["Request.RequestType"] = submission.request_type | _FULL_RESPONSE
    columns["Request.RawName"] = submission.raw_name
    info = submission.public_key_info
    draft = Draft(request_id, columns, rows, submission.extensions, info)
    draft.subject = submission.subject
    template = templates.named(rows, draft)
    if template:
        draft.columns["CertificateTemplate"] = template
    return draft


def _check_sizes(arrival: Arrival) -> None:
    if len(arrival.requester) > MAX_REQUESTER:
        raise ComError(
            HRESULT.E_INVALIDARG, f"the requester's name is over {MAX_REQUESTER} characters"
        )
    if len(arrival.attributes) > requests.MAX_REQUEST:
        raise ComError(
            HRESULT.E_INVALIDARG, f"the attributes are over {requests.MAX_REQUEST} characters"
        )


def _check_old(state: CAState, raw: bytes, columns: dict[str, Value]) -> None:
    """Check that the certificate to be renewed is this CA's and still valid; note it if so.

    Errors: `RequestError` CERT_E_ISSUERCHAINING or CERT_E_EXPIRED. That the CA looks at both is
    certsim's reading of "verifying the signing certificate" (basis assumed).
    """
    old = x509.load_der_x509_certificate(raw)
    if old.not_valid_after_utc < state.now():
        raise RequestError(HRESULT.CERT_E_EXPIRED, "the old certificate has expired", VERIFYING)
    try:
        old.verify_directly_issued_by(x509.load_der_x509_certificate(state.issuer.raw))
    except (ValueError, TypeError, InvalidSignature) as error:
        raise RequestError(
            HRESULT.CERT_E_ISSUERCHAINING, "the old certificate is not this CA's", VERIFYING
        ) from error
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
    building.prepare(draft, state, now)
    ruling = dispatcher.verify(draft, new_request=new_request)
    if ruling.guard is not Guard.ISSUE:
        return _without_certificate(draft, ruling, now, note)
    try:
        built = building.certify(draft, state)
    except ComError as error:
        message = join(_MESSAGES[Guard.UNBUILDABLE], error.strerror, note)
        return _end(draft, Guard.UNBUILDABLE, now, error.hresult, message)
    message = join(_MESSAGES[Guard.ISSUE], building.shortening(draft, state), note)
    return _end(draft, Guard.ISSUE, now, 0, message, built)


def _without_certificate(draft: Draft, ruling: Ruling, now: datetime, note: str) -> Decision:
    status = ruling.status
    if ruling.guard is Guard.DENY:
        status = status or HRESULT.CERTSRV_E_ADMIN_DENIED_REQUEST
    message = join(_MESSAGES[ruling.guard], ruling.text, note)
    return _end(draft, ruling.guard, now, status, message)


def _end(
    draft: Draft,
    guard: Guard,
    now: datetime,
    status: int,
    message: str,
    built: Mapping[str, Value] | None = None,
) -> Decision:
    changes: dict[str, Value] = {
        "Request.StatusCode": int(status),
        "Request.DispositionMessage": message[:MAX_MESSAGE],
    }
    if guard is Guard.PEND:
        draft.was_pending = True
    else:
        changes["Request.ResolvedWhen"] = now
    if built is not None:
        draft.forget_names()
        changes |= built
    return Decision(guard, draft, changes)
