"""Permissions of the verbs, against a table written by hand from the specification."""

from typing import Any

import pytest

from certsim.facts.access import (
    ACCESS,
    IMPLIES_READ,
    RESTRICTED_METHODS,
    RESUBMIT_DENIED,
    ROLES,
)
from certsim.facts.basis import Basis

# MS-CSRA 3.1.4 and MS-WCCE 3.2.1.4.2.1; "or": one is enough, "and": both are needed.
NEEDED = {
    "submit": "ENROLL",
    "retrieve": "ENROLL",
    "set_certificate_extension": "OFFICER",
    "set_request_attributes": "OFFICER",
    "resubmit": "OFFICER",
    "deny": "OFFICER",
    "revoke": "OFFICER",
    "import_certificate": "OFFICER",
    "is_valid": "READ or OFFICER or ADMIN",
    "view": "READ or OFFICER or ADMIN",
    "publish_crls": "ADMIN",
    "delete_rows": "ADMIN and OFFICER",
    "renew": "ADMIN",
    "set_config": "ADMIN",
    "set_audit_filter": "ADMIN or AUDITOR",
}


def bits(names: list[str], oracle: dict[str, Any]) -> int:
    """Return the published bits of *names* put together."""
    group = oracle["constants"]["CA_ACCESS"]
    return sum(int(group[f"CA_ACCESS_{name}"]) for name in names)


def test_the_verbs_are_the_listed_ones() -> None:
    """Each verb that asks for a right has a row, found by its own name."""
    assert set(ACCESS) == set(NEEDED)
    assert all(fact.method == name for name, fact in ACCESS.items())


@pytest.mark.parametrize(("method", "words"), NEEDED.items())
def test_a_verb_needs_what_the_specification_says(
    method: str, words: str, oracle: dict[str, Any]
) -> None:
    """Rights are the published bits, and whether one of them is enough is told."""
    fact = ACCESS[method]
    assert int(fact.access) == bits(words.replace(" and ", " or ").split(" or "), oracle)
    assert fact.all_needed == (" and " in words)


def test_a_denied_request_takes_an_administrator_besides(oracle: dict[str, Any]) -> None:
    """The officer's right to resubmit stops at a refusal."""
    assert RESUBMIT_DENIED.method == "resubmit"
    assert int(RESUBMIT_DENIED.access) == bits(["ADMIN"], oracle)
    assert RESUBMIT_DENIED.basis is Basis.DOCUMENTED
    assert RESUBMIT_DENIED.source.startswith("MS-CSRA ")


def test_roles_are_four_of_the_bits_reserved_for_roles(oracle: dict[str, Any]) -> None:
    """Enrolling and reading are no roles."""
    assert int(ROLES) == bits(["ADMIN", "OFFICER", "AUDITOR", "OPERATOR"], oracle)
    assert int(ROLES) & ~bits(["MASKROLES"], oracle) == 0


def test_three_rights_imply_reading(oracle: dict[str, Any]) -> None:
    """Who may enroll, officiate or administer may read; auditors and operators may not."""
    assert int(IMPLIES_READ) == bits(["ENROLL", "OFFICER", "ADMIN"], oracle)


def test_restricted_officers_are_stopped_where_requests_are_touched() -> None:
    """Five verbs ask for the officer's restrictions, each a verb of officers."""
    assert {
        "set_certificate_extension",
        "set_request_attributes",
        "deny",
        "resubmit",
        "revoke",
    } == RESTRICTED_METHODS
    assert {NEEDED[method] for method in RESTRICTED_METHODS} == {"OFFICER"}


def test_what_the_protocols_do_not_have_is_assumed() -> None:
    """Renewal has no method of its own, so its row is certsim's."""
    assumed = {method for method, fact in ACCESS.items() if fact.basis is Basis.ASSUMED}
    assert assumed == {"renew"}
