"""The table: what a verb may do to a row in a given state, and which event that fires.

Two rules. All knowledge of which step is legal lives here. And this room does not know how a
step is carried out: it names a guard, the engine finds out which guard holds.

A row that is being worked on is *claimed*: for everybody but the policy module's context it is
still what it was, or not there at all, and no verb may touch it. That state (Active, 8) has no
line in the table, so every verb on it is refused; the transitions below are what a verb does
from end to end, claim included.

Five readers use this table: the engine, the printed reference, the event matrix, the test that
goes through every pair, and the strategies. Its judge is a model written by hand elsewhere.

What is not here: who may do a step (certsim authenticates nobody), what a step writes into the
row besides its state, and whether an event is held back by a `Fidelity` switch. Revoking, releasing
and importing have no lines, since certsim has no such verbs; Revoked stands here because a
retrieval has an answer for every state a shelf can hold.
Source: MS-WCCE 3.2.1.4.2.1.3, 3.2.1.4.2.1.4.5; MS-CSRA 3.1.1.1.1, 3.1.4.1.3; comments on
ADCS.CertMod's events; docs/rulings.md (Requests, Events).
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
    """Name what a client or an officer can ask of the engine about one row.

    The values are the names of `CertificationAuthority`'s methods, and what the journal prints.
    """

    SUBMIT = "submit"
    RESUBMIT = "resubmit"
    DENY = "deny"
    SET_ATTRIBUTES = "set_request_attributes"
    SET_EXTENSION = "set_certificate_extension"
    RETRIEVE = "retrieve"


class Guard(StrEnum):
    """Name what has to hold for a step to be the one that is taken.

    Of the guards of one state and verb exactly one holds, but for `ALWAYS` beside `ONCE_PENDING`:
    there the engine takes the narrower one. The values are words for the reference page.
    """

    ALWAYS = "always"
    UNREADABLE = "the request cannot be read or is badly signed"
    ISSUE = "policy says issue and the certificate can be built"
    PEND = "policy says pending"
    DENY = "policy refuses"
    UNBUILDABLE = "policy says issue and the certificate cannot be built or signed"
    ONCE_PENDING = "the request had once been pending and its certificate is handed out"


@attrs.frozen
class Step:
    """Hold one line: *before* (`None`: no row yet), *verb*, *guard*, *after*, *event*, proof.

    *event* is one bit of EXITEVENT_* or 0. *basis* says how well the line is known, its event
    included: a documented state with an assumed event is an assumed line.
    """

    before: RowDisposition | None
    verb: Verb
    guard: Guard
    after: RowDisposition
    event: ExitEvent
    source: str
    basis: Basis


_R, _E, _D, _O, _A = RowDisposition, ExitEvent, Basis.DOCUMENTED, Basis.OBSERVED, Basis.ASSUMED
_WCCE, _CSRA = "MS-WCCE 3.2.1.4.2.1.4.5", "MS-CSRA 3.1.4.1.3"
_CERTMOD, _RULED = "ADCS.CertMod.Managed comments", "docs/rulings.md (Requests)"
_RETRIEVAL = "MS-WCCE 3.2.1.4.2.1.3; sdk-api certcli/nf-certcli-icertrequest-retrievepending"
_NONE = ExitEvent.INVALID


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
    *(_retrievals(state, Guard.ALWAYS, _NONE, _D) for state in RowDisposition if state != 8),
    _retrievals(_R.ISSUED, Guard.ONCE_PENDING, _E.CERTRETRIEVEPENDING, _A),
    _retrievals(_R.REVOKED, Guard.ONCE_PENDING, _E.CERTRETRIEVEPENDING, _A),
)
"""All steps, in the order of a request's life; no two have the same state, verb and guard."""

_STEPS = {(step.before, step.verb, step.guard): step for step in TABLE}
_LEGAL = {(step.before, step.verb) for step in TABLE}


def allow(before: RowDisposition | None, verb: Verb) -> None:
    """Check that *verb* can do anything at all to a row in the state *before*.

    Errors: `ComError` CERTSRV_E_BAD_REQUESTSTATUS (0x80094003).
    """
    if (before, verb) not in _LEGAL:
        state = "new" if before is None else before.name.replace("_", " ").title()
        raise ComError(
            HRESULT.CERTSRV_E_BAD_REQUESTSTATUS, f"{verb} is not possible: the row is {state}"
        )


def step(before: RowDisposition | None, verb: Verb, guard: Guard) -> Step:
    """Return the line for *verb* on a row in the state *before* while *guard* holds.

    Errors: `ComError` CERTSRV_E_BAD_REQUESTSTATUS (0x80094003) when there is none.
    """
    found = _STEPS.get((before, verb, guard))
    if found is None:
        allow(before, verb)
        raise ComError(HRESULT.E_UNEXPECTED, f"{verb}: the table has no line for “{guard}”")
    return found
