"""Founding a CA: its type above and below others, and what no CA can be made of.

Source: certsrv.h (ENUM_CATYPES); docs/rulings.md (The CA's own certificates, Roles and audit).
"""

from __future__ import annotations

from typing import Any

import pytest

from certsim import CAType, CertificationAuthority, Sources
from tests.codes import E_INVALIDARG, refused
from tests.engine import engine_kit as kit

ENTERPRISE_ROOT, ENTERPRISE_SUB, STANDALONE_ROOT, STANDALONE_SUB = 0, 1, 3, 4
# Source: certsrv.h, ENUM_CATYPES


@pytest.mark.parametrize("security", [{r"CORP\bob": 1}, True, "Everyone", object])
def test_what_is_no_security_is_refused(security: Any) -> None:
    """A mapping of rights is not yet the permissions of a CA."""
    with refused(E_INVALIDARG):
        kit.make_ca(security=security)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sources": 1},
        {"sources": Sources},
        {"fidelity": "strict"},
        {"journal_limit": "many"},
        {"journal_limit": 10.0},
        {"journal_limit": -1},
    ],
    ids=str,
)
def test_an_argument_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    """It is told at once, and not at the first verb that uses it."""
    with refused(E_INVALIDARG):
        CertificationAuthority(**wrong)


@pytest.mark.parametrize("ca_type", [99, 2, -1, None, "STANDALONE_ROOT"])
def test_what_is_no_type_of_ca_is_refused(ca_type: Any) -> None:
    """Numbers outside the list and words for them are none."""
    with refused(E_INVALIDARG):
        kit.make_ca(ca_type=ca_type)


@pytest.mark.parametrize("ca_type", [ENTERPRISE_SUB, STANDALONE_SUB])
def test_a_subordinates_type_needs_a_ca_above_it(ca_type: int) -> None:
    """Nobody would sign its certificate; below another CA it is what it says."""
    with refused(E_INVALIDARG):
        kit.make_ca(ca_type=ca_type)
    below = CertificationAuthority("Sub", ca_type=CAType(ca_type), issuer=kit.make_ca())
    assert below.get_config(r"ca\CAType") == ca_type


@pytest.mark.parametrize(
    ("asked", "found"),
    [(ENTERPRISE_ROOT, ENTERPRISE_SUB), (STANDALONE_ROOT, STANDALONE_SUB)],
)
def test_a_root_below_another_ca_is_a_subordinate(asked: int, found: int) -> None:
    """Its type becomes the one that goes with having an issuer."""
    below = CertificationAuthority("Sub", ca_type=CAType(asked), issuer=kit.make_ca())
    assert below.get_config(r"ca\CAType") == found
