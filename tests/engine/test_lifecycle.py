"""Every state with every verb: it is in the table of the prose, or refused and nothing changed.

What is expected is written here by hand. These are the verbs that name a row by its request id;
test_revocation.py has those that name a certificate, and test_import.py what brings one in.
Source: MS-WCCE 3.2.1.4.2.1; MS-CSRA 3.1.4.1.3, 3.1.4.2.18; sdk-api certadm (ICertAdmin,
ICertAdmin2); docs/rulings.md (Requests, Deleting rows, Events).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs
import pytest

from certsim import CertificationAuthority, ComError, CRDisposition, Outcome, RowDisposition
from tests.codes import (
    CERTSRV_E_ADMIN_DENIED_REQUEST,
    CERTSRV_E_BAD_REQUESTSTATUS,
    CERTSRV_E_PROPERTY_EMPTY,
    E_INVALIDARG,
    ISSUE,
    ON_DENIED,
    ON_ISSUED,
    ON_RETRIEVED,
    PEND,
    signed,
)
from tests.conftest import Recorder
from tests.engine import engine_kit as kit
from tests.requests_kit import make_csr

R = RowDisposition
OID = "1.3.6.1.4.1.99999.1"
NEW_ID = 77
VERBS: dict[str, Callable[[CertificationAuthority, int], Outcome | int | None]] = {
    "resubmit": lambda ca, number: ca.resubmit(number),
    "deny": lambda ca, number: ca.deny(number),
    "set_request_attributes": lambda ca, number: ca.set_request_attributes(number, "Colour:red"),
    "set_certificate_extension": lambda ca, number: ca.set_certificate_extension(number, OID, 7),
    "retrieve": lambda ca, number: ca.retrieve(number),
    "delete_rows": lambda ca, number: ca.delete_rows(row_id=number),
    "delete_attributes": lambda ca, number: ca.delete_rows("attribute", row_id=number),
    "delete_extensions": lambda ca, number: ca.delete_rows("extension", row_id=number),
}
DELETIONS = tuple(verb for verb in VERBS if verb.startswith("delete"))
AT_REST = [state for state in R if state is not R.ACTIVE]


# By hand from MS-CSRA 3.1.4.1.3, 3.1.4.2.18, sdk-api certadm (ICertAdmin) and, for what a
# retrieval answers, MS-WCCE 3.2.1.4.2.1.3: (state, verb) -> (new state, events), when policy issues
# and the request was never pending before it got into this state. `None`: the row is gone.
LEGAL: dict[tuple[RowDisposition, str], tuple[RowDisposition | None, list[int]]] = {
    (R.PENDING, "resubmit"): (R.ISSUED, [ON_ISSUED]),
    (R.DENIED, "resubmit"): (R.ISSUED, [ON_ISSUED]),
    (R.PENDING, "deny"): (R.DENIED, [ON_DENIED]),
    (R.PENDING, "set_request_attributes"): (R.PENDING, []),
    (R.PENDING, "set_certificate_extension"): (R.PENDING, []),
    (R.PENDING, "retrieve"): (R.PENDING, []),
    (R.FOREIGN, "retrieve"): (R.FOREIGN, []),
    (R.CA_CERT, "retrieve"): (R.CA_CERT, []),
    (R.CA_CERT_CHAIN, "retrieve"): (R.CA_CERT_CHAIN, []),
    (R.KRA_CERT, "retrieve"): (R.KRA_CERT, []),
    (R.ISSUED, "retrieve"): (R.ISSUED, []),
    (R.REVOKED, "retrieve"): (R.REVOKED, []),
    (R.FAILED, "retrieve"): (R.FAILED, []),
    (R.DENIED, "retrieve"): (R.DENIED, []),
    **{(state, "delete_rows"): (None, []) for state in AT_REST},
    **{(state, "delete_attributes"): (state, []) for state in AT_REST},
    **{(state, "delete_extensions"): (state, []) for state in AT_REST},
}


# MS-WCCE 3.2.1.4.2.1.3; the rows of CAs and recovery agents have no answer of their own there.
RETRIEVED = {
    R.PENDING: CRDisposition.UNDER_SUBMISSION,
    R.FOREIGN: CRDisposition.INCOMPLETE,
    R.CA_CERT: CRDisposition.INCOMPLETE,
    R.CA_CERT_CHAIN: CRDisposition.INCOMPLETE,
    R.KRA_CERT: CRDisposition.INCOMPLETE,
    R.ISSUED: CRDisposition.ISSUED,
    R.REVOKED: CRDisposition.REVOKED,
    R.FAILED: CRDisposition.ERROR,
    R.DENIED: CRDisposition.DENIED,
}


ILLEGAL = [(state, verb) for state in R for verb in VERBS if (state, verb) not in LEGAL]
Shelved = tuple[CertificationAuthority, kit.ScriptedPolicy, Recorder]


@pytest.fixture
def shelved(recorder: Recorder) -> Iterator[Shelved]:
    """Return a running CA, its policy module, which issues, and its exit module."""
    policy = kit.ScriptedPolicy()
    with kit.make_ca(recorder, policy=policy) as ca:
        yield ca, policy, recorder


def put(shelved: Shelved, state: RowDisposition, *, was_pending: bool = False) -> int:
    """Put a row in *state* onto the shelf and return its id.

    Columns come from a request that was really submitted; no event of that is left behind.
    """
    ca, policy, recorder = shelved
    answer, policy.answer = policy.answer, lambda _context, _new: PEND
    number = ca.submit(make_csr()).request_id
    policy.answer = answer
    row = ca._state.shelf.get(number)
    assert row is not None
    columns = {**row.columns, "Request.Disposition": int(state)}
    ca._state.shelf.commit(attrs.evolve(row, columns=columns, was_pending=was_pending))
    recorder.heard.clear()
    return number


def picture(shelved: Shelved) -> tuple[object, ...]:
    """Return everything a refused verb must leave as it was."""
    ca, _, recorder = shelved
    return kit.rows(ca), kit.happenings(ca), tuple(recorder.heard), ca.event_log


def refusal(verb: str, ca: CertificationAuthority, number: int) -> tuple[int, object]:
    """Call *verb*, which has to be refused; return its HRESULT, and the answer if it has one."""
    if verb == "resubmit" and type(number) is int:
        outcome = ca.resubmit(number)
        assert outcome.request_id == number
        assert outcome.raw_certificate is None
        return outcome.status, outcome.disposition
    with pytest.raises(ComError) as caught:
        VERBS[verb](ca, number)
    return caught.value.hresult, None


@pytest.mark.parametrize(("state", "verb"), LEGAL)
def test_a_legal_verb_takes_the_step_of_the_prose(
    shelved: Shelved, state: RowDisposition, verb: str
) -> None:
    """Each pair of the hand-written table ends in its state and is heard as its events."""
    ca, _, recorder = shelved
    number = put(shelved, state)
    VERBS[verb](ca, number)
    after, events = LEGAL[state, verb]
    left = [row.disposition for row in kit.rows(ca)]
    assert (left, recorder.events) == ([] if after is None else [after], events)


@pytest.mark.parametrize(("state", "verb"), ILLEGAL)
def test_an_illegal_verb_is_refused_and_changes_nothing(
    shelved: Shelved, state: RowDisposition, verb: str
) -> None:
    """Every other pair is CERTSRV_E_BAD_REQUESTSTATUS, and row, journal and modules rest."""
    ca, *_ = shelved
    number = put(shelved, state, was_pending=True)
    before = picture(shelved)
    code, answer = refusal(verb, ca, number)
    assert code == signed(CERTSRV_E_BAD_REQUESTSTATUS)
    assert answer == (CRDisposition.ERROR if verb == "resubmit" else None)
    assert picture(shelved) == before


@pytest.mark.parametrize("number", [NEW_ID, 0, -1, 2**40])
@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in DELETIONS])
def test_an_unknown_request_is_property_empty_and_changes_nothing(
    shelved: Shelved, verb: str, number: int
) -> None:
    """No row: CERTSRV_E_PROPERTY_EMPTY, which a resubmit answers as INCOMPLETE."""
    ca, *_ = shelved
    put(shelved, R.PENDING)
    before = picture(shelved)
    code, answer = refusal(verb, ca, number)
    assert code == signed(CERTSRV_E_PROPERTY_EMPTY)
    assert answer == (CRDisposition.INCOMPLETE if verb == "resubmit" else None)
    assert picture(shelved) == before


@pytest.mark.parametrize("number", [NEW_ID, 0, -1, 2**40])
@pytest.mark.parametrize("verb", DELETIONS)
def test_deleting_what_is_not_there_is_no_error(shelved: Shelved, verb: str, number: int) -> None:
    """No row: none went, and that is an answer."""
    ca, *_ = shelved
    put(shelved, R.PENDING)
    before = picture(shelved)
    assert VERBS[verb](ca, number) == 0
    assert picture(shelved) == before


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("nonsense", ["1", 1.0, True, [], b"\x01"])
def test_what_is_no_request_id_is_an_invalid_argument(
    shelved: Shelved, verb: str, nonsense: object
) -> None:
    """A text, a float, a bool or a list is E_INVALIDARG, even where it equals a standing id."""
    ca, *_ = shelved
    put(shelved, R.PENDING)
    before = picture(shelved)
    code, _ = refusal(verb, ca, nonsense)  # type: ignore[arg-type]
    assert code == signed(E_INVALIDARG)
    assert picture(shelved) == before


@pytest.mark.parametrize("state", list(R))
def test_a_submit_makes_a_new_row_and_touches_no_other(
    shelved: Shelved, state: RowDisposition
) -> None:
    """Whatever stands on the shelf, a submit adds one row with the next id."""
    ca, _, recorder = shelved
    number = put(shelved, state)
    (standing,) = kit.rows(ca)
    outcome = ca.submit(make_csr())
    assert outcome.request_id == number + 1
    assert kit.rows(ca)[0] == standing
    assert [row.disposition for row in kit.rows(ca)] == [state, R.ISSUED]
    assert recorder.events == [ON_ISSUED]


def meddled(shelved: Shelved, state: RowDisposition | None, verb: str) -> None:
    """Call *verb* while policy decides a row (`None`: a new one); it has to be refused."""
    ca, policy, recorder = shelved
    seen: list[object] = []
    number = 1 if state is None else put(shelved, state)

    def meddle(_context: int, _new: int) -> int:
        before = picture(shelved)
        seen.append(refusal(verb, ca, number)[0])
        seen.append(picture(shelved) == before)
        return ISSUE

    policy.answer = meddle
    outcome = ca.submit(make_csr()) if state is None else ca.resubmit(number)
    assert seen == [signed(CERTSRV_E_BAD_REQUESTSTATUS), True]
    assert (outcome.request_id, outcome.disposition) == (number, CRDisposition.ISSUED)
    assert recorder.events == [ON_ISSUED]


CLAIMED_REFUSED = [verb for verb in VERBS if verb != "retrieve"]


@pytest.mark.parametrize("verb", CLAIMED_REFUSED)
@pytest.mark.parametrize("state", [R.PENDING, R.DENIED])
def test_a_standing_claimed_row_refuses_every_other_verb(
    shelved: Shelved, state: RowDisposition, verb: str
) -> None:
    """While policy decides, the row is Active: a second verb is CERTSRV_E_BAD_REQUESTSTATUS."""
    meddled(shelved, state, verb)


@pytest.mark.parametrize("verb", [verb for verb in CLAIMED_REFUSED if verb not in DELETIONS])
def test_a_new_claimed_row_refuses_every_other_verb(shelved: Shelved, verb: str) -> None:
    """So is the id of a request that is decided for the first time."""
    meddled(shelved, None, verb)


@pytest.mark.parametrize("verb", DELETIONS)
def test_a_new_claimed_row_cannot_be_deleted_for_it_is_not_there(
    shelved: Shelved, verb: str
) -> None:
    """Nothing is deleted, and the request is decided as if nobody had tried."""
    ca, policy, recorder = shelved
    seen: list[object] = []

    def meddle(_context: int, _new: int) -> int:
        seen.append(VERBS[verb](ca, 1))
        return ISSUE

    policy.answer = meddle
    outcome = ca.submit(make_csr())
    assert (seen, outcome.disposition) == ([0], CRDisposition.ISSUED)
    assert [row.disposition for row in kit.rows(ca)] == [R.ISSUED]
    assert recorder.events == [ON_ISSUED]


def test_a_new_claimed_row_is_not_there_for_a_retrieval(shelved: Shelved) -> None:
    """Before the decision a new request is seen through the policy's context alone."""
    ca, policy, _ = shelved
    seen: list[int] = []

    def look(context: int, _new: int) -> int:
        seen.append(kit.request_id(context))
        seen.append(refusal("retrieve", ca, 1)[0])
        return ISSUE

    policy.answer = look
    ca.submit(make_csr())
    assert seen == [1, signed(CERTSRV_E_PROPERTY_EMPTY)]


@pytest.mark.parametrize("state", [R.PENDING, R.DENIED])
def test_a_standing_claimed_row_is_retrieved_as_it_was(
    shelved: Shelved, state: RowDisposition
) -> None:
    """While an officer's resubmit is being decided, a client still sees the last state."""
    ca, policy, _ = shelved
    number = put(shelved, state)
    seen: list[CRDisposition] = []

    def look(_context: int, _new: int) -> int:
        seen.append(ca.retrieve(number).disposition)
        return ISSUE

    policy.answer = look
    ca.resubmit(number)
    assert seen == [RETRIEVED[state]]


@pytest.mark.parametrize("state", RETRIEVED)
@pytest.mark.parametrize("was_pending", [False, True])
def test_a_retrieval_answers_by_state_and_fires_for_certificates_once_pending(
    shelved: Shelved, state: RowDisposition, *, was_pending: bool
) -> None:
    """Each state has its client answer; only Issued and Revoked rows once pending are heard."""
    ca, _, recorder = shelved
    number = put(shelved, state, was_pending=was_pending)
    before = kit.rows(ca)
    outcome = ca.retrieve(number)
    heard = [ON_RETRIEVED] if was_pending and state in (R.ISSUED, R.REVOKED) else []
    assert outcome.disposition == RETRIEVED[state]
    assert recorder.events == heard
    assert kit.rows(ca) == before


def test_a_denial_by_an_officer_is_told_in_row_and_retrieval(shelved: Shelved) -> None:
    """Row 12: the status is CERTSRV_E_ADMIN_DENIED_REQUEST, the message names the officer."""
    ca, *_ = shelved
    number = put(shelved, R.PENDING)
    ca.deny(number, officer=r"CONTOSO\bob")
    outcome = ca.retrieve(number)
    assert outcome.status == signed(CERTSRV_E_ADMIN_DENIED_REQUEST)
    assert outcome.message == r"Denied by CONTOSO\bob"
    assert "Request.ResolvedWhen" in kit.rows(ca)[0].columns
