"""Permissions: who may call which verb, and what permissions can be.

The table of rights is written by hand from the prose of MS-CSRA 3.1.4 and MS-WCCE 3.2.1.4.
"""

from __future__ import annotations

import attrs
import pytest

from certsim import ComError
from certsim._engine import access
from certsim._engine.security import Security
from tests.codes import E_ACCESSDENIED, E_INVALIDARG, signed
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
    SUBSETS,
    bob,
    refusal,
)


@pytest.mark.parametrize("method", ONE_OF)
def test_a_verb_takes_one_of_its_rights(method: str) -> None:
    """Of all sets of rights those with one of the method's are let through, and no others."""
    for rights in SUBSETS:
        expected = 0 if any(rights & right for right in ONE_OF[method]) else E_ACCESSDENIED
        assert refusal(bob(rights), method) == expected, rights


def test_deleting_rows_takes_both_rights() -> None:
    """An administrator who is no officer may not delete, nor an officer who is no administrator."""
    for rights in SUBSETS:
        both = rights & ADMIN and rights & OFFICER
        assert refusal(bob(rights), "delete_rows") == (0 if both else E_ACCESSDENIED), rights


def test_publishing_is_an_administrators_and_revoking_an_officers() -> None:
    """The oddity that everybody meets once holds."""
    assert refusal(bob(OFFICER), "publish_crls") == E_ACCESSDENIED
    assert refusal(bob(ADMIN), "revoke") == E_ACCESSDENIED


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
    assert found.value.hresult == signed(E_ACCESSDENIED)
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
    assert {refusal(bob(ADMIN), method, "eve") for method in ONE_OF} == {E_ACCESSDENIED}


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
    assert found.value.hresult == signed(E_INVALIDARG)


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
    assert found.value.hresult == signed(E_INVALIDARG)


def test_an_account_that_is_no_text_is_refused() -> None:
    """To ask for the rights of a number is E_INVALIDARG, and so is a number as administrator."""
    with pytest.raises(ComError, match="is text, not 5"):
        bob(ENROLL).access(5)  # type: ignore[arg-type]
    with pytest.raises(ComError, match="is text, not"):
        Security.standalone([BOB])  # type: ignore[arg-type]
