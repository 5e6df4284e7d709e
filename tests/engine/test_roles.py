"""Role separation and restricted officers: who is refused although he has the right.

Source: MS-CSRA 3.1.4 and 3.1.1.7; docs/rulings.md (Roles and audit).
"""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from certsim import ComError
from certsim._engine import access
from certsim._engine.security import Security
from tests.codes import CERTSRV_E_RESTRICTEDOFFICER, CERTSRV_E_ROLECONFLICT, E_ACCESSDENIED, signed
from tests.engine import security_kit as kit
from tests.engine.security_kit import (
    ADMIN,
    AUDITOR,
    BOB,
    ENROLL,
    OFFICER,
    ONE_OF,
    OPERATOR,
    READ,
    RESTRICTED,
    SUBSETS,
    bob,
    refusal,
)

# Role separation.


@pytest.mark.parametrize("method", [*ONE_OF, "delete_rows"])
def test_separated_roles_refuse_whoever_has_two(method: str) -> None:
    """An account with two of the four roles is refused everything, and another as ever."""
    for rights in SUBSETS:
        roles = sum(1 for role in (ADMIN, OFFICER, AUDITOR, OPERATOR) if rights & role)
        found = refusal(bob(rights), method, RoleSeparationEnabled=1)
        assert found == (CERTSRV_E_ROLECONFLICT if roles > 1 else refusal(bob(rights), method)), (
            rights
        )


def test_everyones_role_counts_as_ones_own() -> None:
    """A role that everybody has and one of one's own are two."""
    security = Security({"Everyone": OFFICER, BOB: ADMIN})
    assert refusal(security, "deny", RoleSeparationEnabled=1) == CERTSRV_E_ROLECONFLICT
    assert refusal(security, "deny", "carol", RoleSeparationEnabled=1) == 0


def test_nobody_deletes_rows_while_roles_are_separated() -> None:
    """The verb wants two roles, and no account may have them."""
    refused = {refusal(bob(rights), "delete_rows", RoleSeparationEnabled=1) for rights in SUBSETS}
    assert refused == {E_ACCESSDENIED, CERTSRV_E_ROLECONFLICT}


def test_a_conflict_names_the_roles() -> None:
    """The message tells which roles are too many."""
    state = kit.make_state(Security.standalone(BOB), RoleSeparationEnabled=1)
    with pytest.raises(ComError, match="may not submit: it has the roles ADMIN and OFFICER"):
        access.check(state, "submit", BOB)


# Restricted officers.


def touches(pairs: list[tuple[str, str]], method: str = "revoke", **columns: str) -> bool:
    """Tell whether Bob, restricted to *pairs*, may touch Alice's request."""
    state = kit.make_state(Security({BOB: OFFICER}, officers={BOB: pairs}))
    try:
        access.check_row(state, method, BOB, kit.make_row(**columns))
    except ComError as error:
        return error.hresult != signed(CERTSRV_E_RESTRICTEDOFFICER)
    return True


@pytest.mark.parametrize(
    ("pairs", "allowed"),
    [
        ([], False),
        ([("*", "*")], True),
        ([(r"CORP\alice", "*")], True),
        ([("*", "WebServer")], True),
        ([(r"CORP\alice", "WebServer")], True),
        ([(r"corp\ALICE", "WEBSERVER")], True),
        ([(r"CORP\carol", "*")], False),
        ([("*", "User")], False),
        ([(r"CORP\alice", "User")], False),
        ([(r"CORP\carol", "WebServer")], False),
        ([(r"CORP\alice", "User"), (r"CORP\carol", "WebServer")], False),
        ([("*", "User"), (r"CORP\alice", "WebServer")], True),
        ([("*", "Web*")], False),
        ([("", "")], False),
    ],
)
def test_a_restricted_officer_touches_what_a_pair_fits(
    pairs: list[tuple[str, str]], *, allowed: bool
) -> None:
    """One pair has to fit requester and template both; only a star alone is any."""
    assert touches(pairs, CertificateTemplate="WebServer") is allowed


def test_a_request_for_no_template_fits_a_star() -> None:
    """A request that names no template is for those whose pairs do not ask for one."""
    assert touches([(r"CORP\alice", "*")])
    assert not touches([(r"CORP\alice", "WebServer")])


@pytest.mark.parametrize("method", [*ONE_OF, "delete_rows"])
def test_five_verbs_ask_whether_an_officer_is_restricted(method: str) -> None:
    """All other verbs pass over the restriction."""
    assert touches([], method) is (method not in RESTRICTED)


def test_an_officer_who_is_not_named_is_not_restricted() -> None:
    """A restriction of one officer leaves the others and a CA without security alone."""
    others = Security({BOB: OFFICER}, officers={r"CORP\carol": []})
    for security in (others, Security({BOB: OFFICER}), None):
        access.check_row(kit.make_state(security), "deny", BOB, kit.make_row())
    with pytest.raises(ComError, match="may not deny"):
        access.check_row(kit.make_state(others), "deny", r"Corp\CAROL", kit.make_row())


def test_everyone_may_be_restricted() -> None:
    """Pairs for everybody restrict everybody, and one's own pairs are added to them."""
    pairs = {"Everyone": [("*", "User")], BOB: [("*", "WebServer")]}
    state = kit.make_state(Security({"Everyone": OFFICER}, officers=pairs))
    row = kit.make_row(CertificateTemplate="WebServer")
    access.check_row(state, "deny", BOB, row)
    with pytest.raises(ComError, match=r"a request of CORP\\alice for template WebServer"):
        access.check_row(state, "deny", "carol", row)


NAMES = st.sampled_from(["*", "a", "B", "c"])
PAIRS = st.lists(st.tuples(NAMES, NAMES), max_size=4)


@given(pairs=PAIRS, requester=st.sampled_from("aBc"), template=st.sampled_from(["a", "b", "C", ""]))
def test_pairs_are_judged_one_by_one(
    pairs: list[tuple[str, str]], requester: str, template: str
) -> None:
    """For all lists of pairs, what is allowed is what one of them allows by itself."""
    security = Security({}, officers={BOB: pairs})
    expected = any(
        who in ("*", requester.lower(), requester.upper())
        and (what == "*" or what.lower() == template.lower())
        for who, what in pairs
    )
    assert security.reaches(BOB, requester, template) is expected


# What modules and the resubmit ask.


@pytest.mark.parametrize(
    ("security", "expected"),
    [
        (None, 1),
        (Security({"Everyone": ENROLL}), 1),
        (Security({r"corp\ALICE": ENROLL}), 1),
        (Security({r"CORP\alice": ADMIN | OFFICER | READ}), 0),
        (bob(ENROLL), 0),
    ],
)
def test_requester_access_is_the_requesters(security: Security | None, expected: int) -> None:
    """RequesterCAAccess is 1 for a row whose requester may enroll, whoever else may."""
    assert access.may_enroll(kit.make_state(security), kit.make_row()) == expected
