"""Roles: who may call which verb, restricted officers, role separation.

The table of rights is written here by hand from the prose of MS-CSRA 3.1.4 and MS-WCCE 3.2.1.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import attrs
import hypothesis.strategies as st
import pytest
from hypothesis import given

from certsim import CCertServerExit, ComError, PropType
from certsim._engine import access
from certsim._engine.journal import Call
from certsim._engine.security import Security
from tests.engine import security_kit as kit
from tests.engine.engine_kit import BAD_REQUESTSTATUS, Listener, make_ca, rows, signed
from tests.engine.security_kit import ADMIN, AUDITOR, ENROLL, OFFICER, OPERATOR, READ
from tests.requests_kit import make_csr

BITS = (ADMIN, OFFICER, AUDITOR, OPERATOR, READ, ENROLL)
SUBSETS = [sum(chosen) for chosen in product(*((0, bit) for bit in BITS))]
ONE_OF: Mapping[str, tuple[int, ...]] = {
    "submit": (ENROLL,),
    "retrieve": (ENROLL,),
    "set_certificate_extension": (OFFICER,),
    "set_request_attributes": (OFFICER,),
    "deny": (OFFICER,),
    "resubmit": (OFFICER,),
    "revoke": (OFFICER,),
    "import_certificate": (OFFICER,),
    "is_valid": (READ, ENROLL, OFFICER, ADMIN),
    "view": (READ, ENROLL, OFFICER, ADMIN),
    "publish_crls": (ADMIN,),
    "renew": (ADMIN,),
}
"""Whoever has one of these rights may; ENROLL is among the readers' since it implies READ."""
RESTRICTED = (
    "set_certificate_extension",
    "set_request_attributes",
    "deny",
    "resubmit",
    "revoke",
)
BOB = r"CORP\bob"


def refusal(state_security: Security | None, method: str, account: str = BOB, **values: int) -> int:
    """Return the HRESULT, unsigned, that a check comes to; 0 when the caller is let through."""
    try:
        access.check(kit.make_state(state_security, **values), method, account)
    except ComError as error:
        return error.hresult & 0xFFFFFFFF
    return 0


def bob(rights: int) -> Security:
    """Return the permissions of a CA where Bob alone has any."""
    return Security({BOB: rights})


@pytest.mark.parametrize("method", ONE_OF)
def test_a_verb_takes_one_of_its_rights(method: str) -> None:
    """Of all sets of rights those with one of the method's are let through, and no others."""
    for rights in SUBSETS:
        expected = 0 if any(rights & right for right in ONE_OF[method]) else kit.ACCESS_DENIED
        assert refusal(bob(rights), method) == expected, rights


def test_deleting_rows_takes_both_rights() -> None:
    """An administrator who is no officer may not delete, nor an officer who is no administrator."""
    for rights in SUBSETS:
        both = rights & ADMIN and rights & OFFICER
        assert refusal(bob(rights), "delete_rows") == (0 if both else kit.ACCESS_DENIED), rights


def test_publishing_is_an_administrators_and_revoking_an_officers() -> None:
    """The oddity that everybody meets once holds."""
    assert refusal(bob(OFFICER), "publish_crls") == kit.ACCESS_DENIED
    assert refusal(bob(ADMIN), "revoke") == kit.ACCESS_DENIED


@pytest.mark.parametrize("method", [*ONE_OF, "delete_rows"])
def test_without_security_nobody_is_refused(method: str) -> None:
    """A CA that was given no permissions lets everybody do everything, separated roles or not."""
    assert refusal(None, method, RoleSeparationEnabled=1) == 0


def test_a_verb_of_no_known_name_is_a_mistake() -> None:
    """A check that nobody has written a right for does not pass silently."""
    with pytest.raises(KeyError):
        access.check(kit.make_state(bob(ADMIN)), "no_such_verb", BOB)


def test_a_refusal_names_account_method_and_rights() -> None:
    """The message tells who wanted what, and what it would have taken."""
    with pytest.raises(ComError, match=r"CORP\\bob may not revoke, which takes OFFICER") as found:
        access.check(kit.make_state(bob(ADMIN)), "revoke", BOB)
    assert found.value.hresult == signed(kit.ACCESS_DENIED)
    with pytest.raises(ComError, match="delete_rows, which takes ADMIN and OFFICER"):
        access.check(kit.make_state(bob(ADMIN)), "delete_rows", BOB)
    with pytest.raises(ComError, match="view, which takes ADMIN or OFFICER or READ"):
        access.check(kit.make_state(bob(AUDITOR)), "view", BOB)


def test_a_hostile_account_stays_on_one_line() -> None:
    """A refused name cannot forge a line, nor fill a screen."""
    hostile = "bob\r\nroot may revoke\x1b[2J\u202e" + "x" * 10_000
    with pytest.raises(ComError) as found:
        access.check(kit.make_state(bob(ADMIN)), "revoke", hostile)
    assert str(found.value).isprintable()
    assert len(str(found.value)) < 300


# Permissions as data.


@pytest.mark.parametrize("rights", SUBSETS)
def test_three_rights_imply_read(rights: int) -> None:
    """ENROLL, OFFICER and ADMIN bring READ with them, AUDITOR and OPERATOR do not."""
    implied = READ if rights & (ENROLL | OFFICER | ADMIN) else 0
    assert bob(rights).access(BOB) == rights | implied


def test_a_standalone_ca_begins_with_its_defaults() -> None:
    """Everybody may enroll; an administrator is an officer as well."""
    security = Security.standalone(BOB, r"CORP\carol")
    assert security.access("anybody") == ENROLL | READ
    for account in (BOB, r"CORP\carol"):
        assert security.access(account) == ADMIN | OFFICER | ENROLL | READ
    assert Security.standalone().access(BOB) == ENROLL | READ


@pytest.mark.parametrize("spelling", ["Everyone", "EVERYONE"])
def test_everyone_may_be_an_administrator(spelling: str) -> None:
    """Letting everybody administer takes nobody's right to enroll."""
    assert Security.standalone(spelling).access("x") == ADMIN | OFFICER | ENROLL | READ


def test_everyones_rights_are_added_to_ones_own() -> None:
    """An account has what it is given and what everybody has."""
    security = Security({"Everyone": ENROLL, BOB: OPERATOR})
    assert security.access(BOB) == ENROLL | OPERATOR | READ
    assert security.access("Everyone") == ENROLL | READ
    assert Security({BOB: ENROLL}).access("Everyone") == 0


def test_account_names_ignore_case() -> None:
    """Two spellings are one account, whose rights add up."""
    security = Security({r"Corp\Bob": OFFICER, r"CORP\BOB": AUDITOR, "everyone": ENROLL})
    assert security.access(r"corp\bob") == OFFICER | AUDITOR | ENROLL | READ
    assert refusal(security, "revoke", r"cORP\bOB") == 0


def test_an_officers_pairs_add_up() -> None:
    """Two spellings of a restricted officer are one, who may touch what either may."""
    security = Security({}, officers={BOB: [("*", "a")], BOB.lower(): [("*", "b")]})
    assert security.reaches(BOB, "x", "a")
    assert security.reaches(BOB, "x", "b")
    assert not security.reaches(BOB, "x", "c")


def test_an_account_without_rights_may_do_nothing() -> None:
    """Permissions without everybody leave strangers outside."""
    assert {refusal(bob(ADMIN), method, "eve") for method in ONE_OF} == {kit.ACCESS_DENIED}


def test_permissions_are_a_picture() -> None:
    """What was given may change afterwards; the permissions do not, nor can they be replaced."""
    given, pairs = {BOB: ENROLL}, [("*", "*")]
    security = Security(given, officers={BOB: pairs})
    given[BOB] = ADMIN
    pairs.clear()
    assert security == Security({BOB: ENROLL}, officers={BOB: [("*", "*")]})
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        security.permissions = {}  # type: ignore[misc]


@pytest.mark.parametrize(
    "given",
    [
        None,
        [BOB],
        {5: ENROLL},
        {None: ENROLL},
        {BOB: "ENROLL"},
        {BOB: None},
        {BOB: True},
        {BOB: 0.5},
        {BOB: 0x10},
        {BOB: 0xFF},
        {BOB: -1},
        {BOB: 1 << 40},
    ],
    ids=repr,
)
def test_wrong_permissions_are_refused(given: object) -> None:
    """What is no mapping from names to the six rights is E_INVALIDARG with a sentence."""
    with pytest.raises(ComError, match=r"is no mapping|is text, not|are CAAccess bits") as found:
        Security(given)  # type: ignore[arg-type]
    assert found.value.hresult == signed(kit.E_INVALIDARG)


@pytest.mark.parametrize(
    "given",
    [
        None,
        [(BOB, "*")],
        {5: [("*", "*")]},
        {BOB: 5},
        {BOB: None},
        {BOB: "*"},
        {BOB: ("*", "*")},
        {BOB: [("*",)]},
        {BOB: [("*", "*", "*")]},
        {BOB: [("*", None)]},
        {BOB: [(5, "*")]},
    ],
    ids=repr,
)
def test_wrong_officer_rights_are_refused(given: object) -> None:
    """What is no mapping from names to pairs of text is E_INVALIDARG with a sentence."""
    with pytest.raises(ComError, match=r"is no mapping|is text, not|is no (list|pair)") as found:
        Security({BOB: OFFICER}, officers=given)  # type: ignore[arg-type]
    assert found.value.hresult == signed(kit.E_INVALIDARG)


def test_an_account_that_is_no_text_is_refused() -> None:
    """To ask for the rights of a number is E_INVALIDARG, and so is a number as administrator."""
    with pytest.raises(ComError, match="is text, not 5"):
        bob(ENROLL).access(5)  # type: ignore[arg-type]
    with pytest.raises(ComError, match="is text, not"):
        Security.standalone([BOB])  # type: ignore[arg-type]


# Role separation.


@pytest.mark.parametrize("method", [*ONE_OF, "delete_rows"])
def test_separated_roles_refuse_whoever_has_two(method: str) -> None:
    """An account with two of the four roles is refused everything, and another as ever."""
    for rights in SUBSETS:
        roles = sum(1 for role in (ADMIN, OFFICER, AUDITOR, OPERATOR) if rights & role)
        found = refusal(bob(rights), method, RoleSeparationEnabled=1)
        assert found == (kit.ROLE_CONFLICT if roles > 1 else refusal(bob(rights), method)), rights


def test_everyones_role_counts_as_ones_own() -> None:
    """A role that everybody has and one of one's own are two."""
    security = Security({"Everyone": OFFICER, BOB: ADMIN})
    assert refusal(security, "deny", RoleSeparationEnabled=1) == kit.ROLE_CONFLICT
    assert refusal(security, "deny", "carol", RoleSeparationEnabled=1) == 0


def test_nobody_deletes_rows_while_roles_are_separated() -> None:
    """The verb wants two roles, and no account may have them."""
    refused = {refusal(bob(rights), "delete_rows", RoleSeparationEnabled=1) for rights in SUBSETS}
    assert refused == {kit.ACCESS_DENIED, kit.ROLE_CONFLICT}


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
        return error.hresult != signed(kit.RESTRICTED_OFFICER)
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


# Through the verbs.

ENOUGH: Mapping[str, str] = {
    **dict.fromkeys(("submit", "retrieve", "is_valid", "view"), kit.ALICE),
    **dict.fromkeys((*RESTRICTED, "import_certificate"), kit.BOB),
    **dict.fromkeys(("publish_crls", "renew"), kit.CAROL),
    "delete_rows": kit.DAVE,
}
TOO_LITTLE = [
    *((method, kit.EVE) for method in ENOUGH),
    *((method, kit.CAROL) for method in (*RESTRICTED, "import_certificate", "submit", "retrieve")),
    *((method, kit.BOB) for method in ("publish_crls", "renew", "delete_rows")),
    ("delete_rows", kit.CAROL),
]


@pytest.mark.parametrize(("method", "account"), TOO_LITTLE)
def test_a_refused_verb_has_done_nothing(method: str, account: str) -> None:
    """E_ACCESSDENIED: no row is changed, no module hears, and the journal has the call alone."""
    office = kit.Office()
    before, told = rows(office.ca), len(office.ca.journal)
    certificate = office.ca.certificate
    with pytest.raises(ComError, match=f"may not {method}, which takes") as found:
        office.call(method, account)
    assert found.value.hresult == signed(kit.ACCESS_DENIED)
    assert (rows(office.ca), office.heard) == (before, [])
    assert [type(entry) for entry in office.ca.journal[told:]] == [Call]
    assert office.ca.certificate == certificate


@pytest.mark.parametrize("method", ENOUGH)
def test_a_verb_works_with_just_the_right_it_takes(method: str) -> None:
    """The account that has what the verb takes and no more is let through."""
    kit.Office().call(method, ENOUGH[method])


def test_a_denied_request_comes_back_by_an_administrator_alone() -> None:
    """To an officer it is in the wrong state; one who is an administrator too gets it issued."""
    office = kit.Office()
    refused = office.ca.resubmit(3, officer=kit.BOB)
    assert (refused.disposition, refused.status) == (1, signed(BAD_REQUESTSTATUS))
    assert office.heard == []
    assert office.ca.resubmit(3, officer=kit.DAVE).disposition == 3


@pytest.mark.parametrize("method", RESTRICTED)
def test_a_restricted_officer_is_refused_by_the_row(method: str) -> None:
    """CERTSRV_E_RESTRICTEDOFFICER, and nothing happens; with a pair that fits the verb works."""
    wrong, right = [("*", "User")], [(kit.ALICE, "WebServer")]
    office = kit.Office(Security(kit.STAFF, officers={kit.BOB: wrong}))
    before = rows(office.ca)
    with pytest.raises(ComError, match=f"may not {method} a request of") as found:
        office.call(method, kit.BOB)
    assert found.value.hresult == signed(kit.RESTRICTED_OFFICER)
    assert (rows(office.ca), office.heard) == (before, [])
    kit.Office(Security(kit.STAFF, officers={kit.BOB: right})).call(method, kit.BOB)


def test_role_separation_counts_from_the_next_start() -> None:
    """The setting is read at the start; then whoever has two roles is refused what they did."""
    office = kit.Office()
    office.ca.set_config(r"ca\RoleSeparationEnabled", 1, administrator=kit.CAROL)
    office.call("revoke", kit.DAVE)
    office.ca.stop()
    office.ca.start()
    for method in ("deny", "delete_rows"):
        with pytest.raises(ComError, match="it has the roles ADMIN and OFFICER") as found:
            office.call(method, kit.DAVE)
        assert found.value.hresult == signed(kit.ROLE_CONFLICT)
    office.call("deny", kit.BOB)


def test_modules_read_whether_the_requester_may_enroll() -> None:
    """RequesterCAAccess is 1 for Alice, and 0 for the officer who imports a certificate."""
    found: list[object] = []

    def look(_event: int, context: int) -> None:
        server = CCertServerExit()
        server.SetContext(context)
        found.append(server.GetCertificateProperty("RequesterCAAccess", PropType.LONG))

    ca = make_ca(
        Listener("Ear", [], act=look), security=Security(kit.STAFF), config={r"ca\KRAFlags": 1}
    )
    with ca:
        ca.submit(make_csr(), requester=kit.ALICE)
        ca.import_certificate(kit.make_stranger(), allow_foreign=True, officer=kit.BOB)
        assert found == [1, 0]


def test_the_defaults_of_a_standalone_ca() -> None:
    """Anybody submits, and one administrator does the rest."""
    with make_ca(security=Security.standalone(kit.DAVE)) as ca:
        outcome = ca.submit(make_csr(), requester="whoever")
        with pytest.raises(ComError, match="whoever may not revoke"):
            ca.revoke(str(outcome.serial_number), officer="whoever")
        ca.revoke(str(outcome.serial_number), officer=kit.DAVE.lower())
        assert ca.is_valid(str(outcome.serial_number), caller="whoever") == 2


def test_an_unknown_serial_number_is_no_answer_to_a_stranger() -> None:
    """Whoever may not ask does not learn which certificates there are."""
    office = kit.Office()
    for method in (office.ca.revoke, lambda serial: office.ca.retrieve(serial_number=serial)):
        with pytest.raises(ComError) as found:
            method("00ff")
        assert found.value.hresult == signed(kit.ACCESS_DENIED)
