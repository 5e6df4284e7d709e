"""Roles through the verbs: what a refusal leaves undone, and what each right is enough for.

Source: MS-CSRA 3.1.4; MS-WCCE 3.2.1.4; docs/rulings.md (Roles and audit).
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from certsim import CCertServerExit, ComError, PropType
from certsim._engine.journal import Call
from certsim._engine.security import Security
from tests.codes import (
    CERTSRV_E_BAD_REQUESTSTATUS,
    CERTSRV_E_RESTRICTEDOFFICER,
    CERTSRV_E_ROLECONFLICT,
    E_ACCESSDENIED,
    signed,
)
from tests.engine import security_kit as kit
from tests.engine.engine_kit import Listener, make_ca, rows
from tests.engine.security_kit import RESTRICTED
from tests.requests_kit import make_csr

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
def test_a_refused_verb_has_done_nothing(
    open_office: kit.OpenOffice, method: str, account: str
) -> None:
    """E_ACCESSDENIED: no row is changed, no module hears, and the journal has the call alone."""
    office = open_office()
    before, told = rows(office.ca), len(office.ca.journal)
    certificate = office.ca.certificate
    with pytest.raises(ComError, match=f"may not {method}, which takes") as found:
        office.call(method, account)
    assert found.value.hresult == signed(E_ACCESSDENIED)
    assert (rows(office.ca), office.heard) == (before, [])
    assert [type(entry) for entry in office.ca.journal[told:]] == [Call]
    assert office.ca.certificate == certificate


@pytest.mark.parametrize("method", ENOUGH)
def test_a_verb_works_with_just_the_right_it_takes(
    open_office: kit.OpenOffice, method: str
) -> None:
    """The account that has what the verb takes and no more is let through."""
    open_office().call(method, ENOUGH[method])


def test_a_denied_request_comes_back_by_an_administrator_alone(open_office: kit.OpenOffice) -> None:
    """To an officer it is in the wrong state; one who is an administrator too gets it issued."""
    office = open_office()
    refused = office.ca.resubmit(3, officer=kit.BOB)
    assert (refused.disposition, refused.status) == (1, signed(CERTSRV_E_BAD_REQUESTSTATUS))
    assert office.heard == []
    assert office.ca.resubmit(3, officer=kit.DAVE).disposition == 3


@pytest.mark.parametrize("method", RESTRICTED)
def test_a_restricted_officer_is_refused_by_the_row(
    open_office: kit.OpenOffice, method: str
) -> None:
    """CERTSRV_E_RESTRICTEDOFFICER, and nothing happens; with a pair that fits the verb works."""
    wrong, right = [("*", "User")], [(kit.ALICE, "WebServer")]
    office = open_office(Security(kit.STAFF, officers={kit.BOB: wrong}))
    before = rows(office.ca)
    with pytest.raises(ComError, match=f"may not {method} a request of") as found:
        office.call(method, kit.BOB)
    assert found.value.hresult == signed(CERTSRV_E_RESTRICTEDOFFICER)
    assert (rows(office.ca), office.heard) == (before, [])
    open_office(Security(kit.STAFF, officers={kit.BOB: right})).call(method, kit.BOB)


def test_role_separation_counts_from_the_next_start(open_office: kit.OpenOffice) -> None:
    """The setting is read at the start; then whoever has two roles is refused what they did."""
    office = open_office()
    office.ca.set_config(r"ca\RoleSeparationEnabled", 1, administrator=kit.CAROL)
    office.call("revoke", kit.DAVE)
    office.ca.stop()
    office.ca.start()
    for method in ("deny", "delete_rows"):
        with pytest.raises(ComError, match="it has the roles ADMIN and OFFICER") as found:
            office.call(method, kit.DAVE)
        assert found.value.hresult == signed(CERTSRV_E_ROLECONFLICT)
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


def test_an_unknown_serial_number_is_no_answer_to_a_stranger(open_office: kit.OpenOffice) -> None:
    """Whoever may not ask does not learn which certificates there are."""
    office = open_office()
    for method in (office.ca.revoke, lambda serial: office.ca.retrieve(serial_number=serial)):
        with pytest.raises(ComError) as found:
            method("00ff")
        assert found.value.hresult == signed(E_ACCESSDENIED)
