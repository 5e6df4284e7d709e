"""The table: what a verb may do to a row in a given state, and which event that fires.

Two rules. All knowledge of which step is legal lives here. And this room does not know how a
step is carried out: it names a guard, the verb's room finds out which guard holds.

A row that is being worked on is *claimed*: for everybody but the policy module's context it is
still what it was, or not there at all, and no verb may touch it. That state (Active, 8) has no
line in the table, so every verb on it is refused; the transitions below are what a verb does
from end to end, claim included.

The engine's door reads this table, and a test goes through every pair in it. Its judge is a model
written by hand elsewhere.

What is not here: who may do a step (`access`), what a step writes into the row besides its
state, and whether an event is held back by a `Fidelity` switch. Verbs that are about no row (a CRL,
a renewal of the CA) have no lines.
Source: MS-WCCE 3.2.1.4.2.1.3, 3.2.1.4.2.1.4.5; MS-CSRA 3.1.1.1.1, 3.1.4.1.3, 3.1.4.1.8,
3.1.4.1.26, 3.1.4.2.18; comments on ADCS.CertMod's events; docs/rulings.md (Requests, Revocation,
Events).
"""

from __future__ import annotations

from enum import StrEnum

import attrs

from certsim.errors import ComError
from certsim.facts.basis import Basis
from certsim.facts.dispositions import RowDisposition
from certsim.facts.events import ExitEvent
from certsim.facts.hresults import HRESULT


class Verb(StrEnum):
    """Name what can be asked of the engine; those from `IS_VALID` on are about no step of a row.

    The values are the names of `CertificationAuthority`'s methods, and what the journal prints; but
    `SET_AUDIT_FILTER`, which takes a right of its own, is `set_config` of one value.
    """

    SUBMIT = "submit"
    RESUBMIT = "resubmit"
    DENY = "deny"
    SET_ATTRIBUTES = "set_request_attributes"
    SET_EXTENSION = "set_certificate_extension"
    RETRIEVE = "retrieve"
    REVOKE = "revoke"
    IMPORT = "import_certificate"
    DELETE = "delete_rows"
    IS_VALID = "is_valid"
    VIEW = "view"
    PUBLISH = "publish_crls"
    RENEW = "renew"
    SET_CONFIG = "set_config"
    SET_AUDIT_FILTER = "set_audit_filter"


class Guard(StrEnum):
    """Name what has to hold for a step to be the one that is taken.

    Of the guards of one state and verb exactly one holds, but for `ALWAYS` beside `ONCE_PENDING`:
    there the engine takes the narrower one. `NOT_ON_HOLD` is in no line: what it asks is never
    possible. The values are words for the reference page and for the errors.
    """

    ALWAYS = "always"
    UNREADABLE = "the request cannot be read or is badly signed"
    ISSUE = "policy says issue and the certificate can be built"
    PEND = "policy says pending"
    DENY = "policy refuses"
    UNBUILDABLE = "policy says issue and the certificate cannot be built or signed"
    ONCE_PENDING = "the request had once been pending and its certificate is handed out"
    REVOKE = "the reason is another than hold"
    HOLD = "the reason is hold, and the certificate is not revoked for another one"
    RELEASE = "the certificate is on hold and to be released"
    NOT_ON_HOLD = "the certificate is not on hold"
    TOGGLE = "only PublishExpiredCertInCRL is to change"
    OWN = "the certificate is signed by this CA"
    FOREIGN = "the certificate is signed by another, and such ones are let in"
    WHOLE = "the row goes, with its attributes and extensions"
    PARTS = "attributes or extensions of the row go"


@attrs.frozen
class Step:
    """Hold one line: *before* (`None`: no row yet), *verb*, *guard*, *after*, *event*, proof.

    *after* is `None` when the row is gone. *event* is one bit of EXITEVENT_* or 0. *basis* says how
    well the line is known, its event included: a documented state with an assumed event is an
    assumed line.
    """

    before: RowDisposition | None
    verb: Verb
    guard: Guard
    after: RowDisposition | None
    event: ExitEvent
    source: str
    basis: Basis


_R, _E, _D, _O, _A = RowDisposition, ExitEvent, Basis.DOCUMENTED, Basis.OBSERVED, Basis.ASSUMED
_WCCE, _CSRA = "MS-WCCE 3.2.1.4.2.1.4.5", "MS-CSRA 3.1.4.1.3"
_CERTMOD, _RULED = "ADCS.CertMod.Managed comments", "docs/rulings.md (Requests)"
_RETRIEVAL = "MS-WCCE 3.2.1.4.2.1.3; sdk-api certcli/nf-certcli-icertrequest-retrievepending"
_REVOCATION = f"MS-CSRA 3.1.4.1.8; {_CERTMOD}"
_REVOKED_AGAIN = "MS-CSRA 3.1.4.1.8; docs/rulings.md (Revocation)"
_IMPORT, _IMPORTED = "MS-CSRA 3.1.4.1.26", f"MS-CSRA 3.1.4.1.26; {_CERTMOD}"
_DELETE = "MS-CSRA 3.1.4.2.18; docs/rulings.md (Events)"
_NONE = ExitEvent.INVALID
_AT_REST = tuple(state for state in _R if state is not _R.ACTIVE)


def _decisions(before: RowDisposition, where: str) -> tuple[Step, ...]:
    """Return the four ends of a resubmit; a Denied row comes back exactly as a Pending one.

    Only the way to Issued has been watched on a running CA. That a custom policy may leave the
    row pending is MS-CSRA 3.2.4.1.3; which events the other three fire nobody has written down.
    """
    return (
        Step(before, Verb.RESUBMIT, Guard.ISSUE, _R.ISSUED, _E.CERTISSUED, where, _O),
        Step(before, Verb.RESUBMIT, Guard.DENY, _R.DENIED, _E.CERTDENIED, where, _A),
        Step(before, Verb.RESUBMIT, Guard.PEND, _R.PENDING, _E.CERTPENDING, where, _A),
        Step(before, Verb.RESUBMIT, Guard.UNBUILDABLE, _R.DENIED, _E.CERTDENIED, _RULED, _A),
    )


def _retrievals(state: RowDisposition, guard: Guard, event: ExitEvent, basis: Basis) -> Step:
    """Return a line in which nothing but the event, if any, comes of a retrieval."""
    return Step(state, Verb.RETRIEVE, guard, state, event, _RETRIEVAL, basis)


def _deletions(state: RowDisposition) -> tuple[Step, ...]:
    """Return the lines of a deletion, which asks for no state; that it is not told is assumed."""
    return (
        Step(state, Verb.DELETE, Guard.WHOLE, None, _NONE, _DELETE, _A),
        Step(state, Verb.DELETE, Guard.PARTS, state, _NONE, _DELETE, _A),
    )


TABLE: tuple[Step, ...] = (
    Step(None, Verb.SUBMIT, Guard.UNREADABLE, _R.FAILED, _E.CERTDENIED, _CERTMOD, _O),
    Step(None, Verb.SUBMIT, Guard.ISSUE, _R.ISSUED, _E.CERTISSUED, _WCCE, _D),
    Step(None, Verb.SUBMIT, Guard.PEND, _R.PENDING, _E.CERTPENDING, _WCCE, _D),
    Step(None, Verb.SUBMIT, Guard.DENY, _R.DENIED, _E.CERTDENIED, _WCCE, _D),
    Step(None, Verb.SUBMIT, Guard.UNBUILDABLE, _R.DENIED, _E.CERTDENIED, _RULED, _A),
    *_decisions(_R.PENDING, f"{_CSRA}; {_CERTMOD}"),
    *_decisions(_R.DENIED, f"{_CSRA}; {_RULED}"),
    Step(_R.PENDING, Verb.DENY, Guard.ALWAYS, _R.DENIED, _E.CERTDENIED, f"MS-CSRA; {_CERTMOD}", _O),
    Step(_R.PENDING, Verb.SET_ATTRIBUTES, Guard.ALWAYS, _R.PENDING, _NONE, _RULED, _A),
    Step(_R.PENDING, Verb.SET_EXTENSION, Guard.ALWAYS, _R.PENDING, _NONE, _RULED, _A),
    *(_retrievals(state, Guard.ALWAYS, _NONE, _D) for state in _AT_REST),
    _retrievals(_R.ISSUED, Guard.ONCE_PENDING, _E.CERTRETRIEVEPENDING, _A),
    _retrievals(_R.REVOKED, Guard.ONCE_PENDING, _E.CERTRETRIEVEPENDING, _A),
    Step(_R.ISSUED, Verb.REVOKE, Guard.REVOKE, _R.REVOKED, _E.CERTREVOKED, _REVOCATION, _D),
    Step(_R.ISSUED, Verb.REVOKE, Guard.HOLD, _R.REVOKED, _E.CERTREVOKED, _REVOCATION, _D),
    Step(_R.REVOKED, Verb.REVOKE, Guard.REVOKE, _R.REVOKED, _E.CERTREVOKED, _REVOKED_AGAIN, _A),
    Step(_R.REVOKED, Verb.REVOKE, Guard.HOLD, _R.REVOKED, _E.CERTREVOKED, _REVOKED_AGAIN, _A),
    Step(_R.REVOKED, Verb.REVOKE, Guard.RELEASE, _R.ISSUED, _E.CERTREVOKED, _REVOCATION, _O),
    *(
        Step(state, Verb.REVOKE, Guard.TOGGLE, state, _NONE, _REVOKED_AGAIN, _A)
        for state in (_R.ISSUED, _R.REVOKED, _R.FOREIGN)
    ),
    Step(None, Verb.IMPORT, Guard.OWN, _R.ISSUED, _E.CERTIMPORTED, _IMPORT, _A),
    Step(
        None, Verb.IMPORT, Guard.FOREIGN, _R.FOREIGN, _E.CERTIMPORTED, f"{_IMPORT}; {_CERTMOD}", _O
    ),
    Step(_R.PENDING, Verb.IMPORT, Guard.OWN, _R.ISSUED, _E.CERTIMPORTED, _IMPORT, _A),
    *(line for state in _AT_REST for line in _deletions(state)),
)
"""All steps, in the order of a request's life; no two have the same state, verb and guard."""

_STEPS = {(step.before, step.verb, step.guard): step for step in TABLE}
_LEGAL = {(step.before, step.verb) for step in TABLE}
_REFUSALS = {Verb.REVOKE: HRESULT.ERROR_INVALID_DATA}
"""What a verb is refused with, where it is not CERTSRV_E_BAD_REQUESTSTATUS. MS-CSRA 3.1.4.1.8."""


def allow(before: RowDisposition | None, verb: Verb) -> None:
    """Check that *verb* can do anything at all to a row in the state *before*.

    Errors: `ComError` CERTSRV_E_BAD_REQUESTSTATUS (0x80094003), for a revocation
    ERROR_INVALID_DATA (0x8007000D).
    """
    if (before, verb) not in _LEGAL:
        raise _refusal(before, verb)


def _refusal(before: RowDisposition | None, verb: Verb, guard: str = "") -> ComError:
    state = "new" if before is None else before.name.replace("_", " ").title()
    why = f"the row is {state}, and {guard}" if guard else f"the row is {state}"
    code = _REFUSALS.get(verb, HRESULT.CERTSRV_E_BAD_REQUESTSTATUS)
    return ComError(code, f"{verb} is not possible: {why}")


def step(before: RowDisposition | None, verb: Verb, guard: Guard) -> Step:
    """Return the line for *verb* on a row in the state *before* while *guard* holds.

    Errors: as `allow`, when there is none.
    """
    found = _STEPS.get((before, verb, guard))
    if found is None:
        allow(before, verb)
        raise _refusal(before, verb, guard)
    return found
