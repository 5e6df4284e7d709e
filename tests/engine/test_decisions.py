"""The ends of a submit and of a resubmit: state, answer, status, message and event of each.

Expected values are written by hand. Source: MS-WCCE 3.2.1.4.2.1; MS-CSRA 3.1.4.1.3;
docs/rulings.md (Requests, Events).
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest

from certsim import CertificationAuthority, CRDisposition, Outcome, RowDisposition
from certsim.database.rows import Row
from tests.codes import (
    CERTSRV_E_ADMIN_DENIED_REQUEST,
    CERTSRV_E_BAD_REQUESTSUBJECT,
    CRYPT_E_ASN1_BADTAG,
    DENY,
    NTE_BAD_SIGNATURE,
    ON_DENIED,
    ON_ISSUED,
    ON_PENDING,
    PEND,
    signed,
)
from tests.conftest import Recorder
from tests.engine import engine_kit as kit
from tests.requests_kit import make_badly_signed_csr, make_csr, make_nameless_csr

R = RowDisposition
Shelved = tuple[CertificationAuthority, kit.ScriptedPolicy, Recorder]


@pytest.fixture
def shelved(recorder: Recorder) -> Iterator[Shelved]:
    """Return a running CA, its policy module, which issues, and its exit module."""
    policy = kit.ScriptedPolicy()
    with kit.make_ca(recorder, policy=policy) as ca:
        yield ca, policy, recorder


@attrs.frozen
class End:
    """Be one end of a submit or a resubmit, by hand from the documents above."""

    request: str
    verdict: object
    after: RowDisposition
    answer: CRDisposition
    event: int
    status: int
    message: str


REQUESTS = {
    "good": make_csr(),
    "nameless": make_nameless_csr(),
    "badly signed": make_badly_signed_csr(),
    "garbage": b"\xff garbage",
}


_BUILD = "Error Constructing or Publishing Certificate"
_VERIFY = "Error Verifying Request Signature or Signing Certificate"
DECIDED = [
    End("good", 1, R.ISSUED, CRDisposition.ISSUED, ON_ISSUED, 0, "Issued"),
    End(
        "good", 0, R.PENDING, CRDisposition.UNDER_SUBMISSION, ON_PENDING, 0,
        "Taken Under Submission",
    ),
    End(
        "good", 2, R.DENIED, CRDisposition.DENIED, ON_DENIED, CERTSRV_E_ADMIN_DENIED_REQUEST,
        "Denied by Policy Module",
    ),
    End(
        "good", signed(0x80090016), R.DENIED, CRDisposition.DENIED, ON_DENIED, 0x80090016,
        "Denied by Policy Module",
    ),
    End("nameless", 1, R.DENIED, CRDisposition.ERROR, ON_DENIED, CERTSRV_E_BAD_REQUESTSUBJECT,
        _BUILD),
    End("nameless", 2, R.DENIED, CRDisposition.DENIED, ON_DENIED, CERTSRV_E_ADMIN_DENIED_REQUEST,
        "Denied by Policy Module"),
]  # fmt: skip


UNREADABLE = [
    End("badly signed", 1, R.FAILED, CRDisposition.ERROR, ON_DENIED, NTE_BAD_SIGNATURE, _VERIFY),
    End("garbage", 1, R.FAILED, CRDisposition.ERROR, ON_DENIED, CRYPT_E_ASN1_BADTAG,
        "Error Parsing Request"),
]  # fmt: skip


def check_end(end: End, row: Row, outcome: Outcome, recorder: Recorder, note: str = "") -> None:
    """Compare row, answer and events with one hand-written end."""
    assert row.disposition == end.after
    assert outcome.disposition == end.answer
    assert outcome.status == row.columns["Request.StatusCode"] == signed(end.status)
    assert outcome.message == row.message
    assert outcome.message.split("  ")[0] == end.message
    assert not note or outcome.message.endswith(f"  {note}")
    assert recorder.events == [end.event]
    assert (outcome.raw_certificate is not None) == (end.after is R.ISSUED)
    assert ("Request.ResolvedWhen" in row.columns) == (end.after is not R.PENDING)


@pytest.mark.parametrize("end", DECIDED + UNREADABLE)
def test_a_submit_ends_as_the_prose_says(shelved: Shelved, end: End) -> None:
    """Rows 1 to 5 of the transition table: state, answer, status, message, event."""
    ca, policy, recorder = shelved
    policy.answer = lambda _context, _new: end.verdict
    outcome = ca.submit(REQUESTS[end.request])
    check_end(end, kit.rows(ca)[0], outcome, recorder)


@pytest.mark.parametrize("end", DECIDED)
@pytest.mark.parametrize("first", [PEND, DENY])
def test_a_resubmit_ends_as_the_prose_says(shelved: Shelved, end: End, first: int) -> None:
    """Rows 7 to 11: a Denied row comes back just as a Pending one, and the officer is noted."""
    ca, policy, recorder = shelved
    policy.answer = lambda _context, _new: first
    number = ca.submit(REQUESTS[end.request]).request_id
    recorder.heard.clear()
    asked: list[int] = []

    def decide(_context: int, new: int) -> object:
        asked.append(new)
        return end.verdict

    policy.answer = decide
    outcome = ca.resubmit(number, officer=r"CONTOSO\bob")
    check_end(end, kit.rows(ca)[0], outcome, recorder, r"Resubmitted by CONTOSO\bob")
    assert asked == [0]


def test_a_row_that_could_not_be_built_is_denied_at_a_later_retrieve(shelved: Shelved) -> None:
    """The submit answers ERROR, the row is Denied, and so says each retrieve."""
    ca, *_ = shelved
    outcome = ca.submit(make_nameless_csr())
    later = ca.retrieve(outcome.request_id)
    assert (outcome.disposition, later.disposition) == (CRDisposition.ERROR, CRDisposition.DENIED)
    assert later.status == outcome.status
