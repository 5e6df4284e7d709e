"""Default values of the registry: names of the header, values written down by hand."""

from typing import Any

import pytest

from certsim.facts.basis import Basis
from certsim.facts.registry import CA_DEFAULTS, POLICY_DEFAULTS, RegistryFact

# Publication of CRLs as a new server has it: certutil -getreg, published output; TechNet wiki
# 16227 and 20652; MS-CSRA 3.1.4.1.6.
PUBLICATION = {
    "CRLPeriod": "Weeks",
    "CRLPeriodUnits": 1,
    "CRLOverlapPeriod": "Hours",
    "CRLOverlapUnits": 0,
    "CRLDeltaPeriod": "Days",
    "CRLDeltaPeriodUnits": 1,
    "CRLDeltaOverlapPeriod": "Minutes",
    "CRLDeltaOverlapUnits": 0,
    "EKUOIDsForPublishExpiredCertInCRL": ("1.3.6.1.5.5.7.3.3", "1.3.6.1.4.1.311.61.1.1"),
}
# Absent on a new server, which is the same as 0.
OFF = {"AuditFilter", "RoleSeparationEnabled"}
UNITS = {"Years", "Months", "Weeks", "Days", "Hours", "Minutes", "Seconds"}
TABLES = [pytest.param(CA_DEFAULTS, id="ca"), pytest.param(POLICY_DEFAULTS, id="policy")]

values = {row.name: row.default for row in CA_DEFAULTS}


@pytest.mark.parametrize("table", TABLES)
def test_names_are_those_of_the_header(
    table: tuple[RegistryFact, ...], oracle: dict[str, Any]
) -> None:
    """Every value is one that the header names, in the header's spelling, and stands once."""
    names = [row.name for row in table]
    known = {value for key, value in oracle["string_constants"].items() if key.startswith("wszREG")}
    assert set(names) <= known
    assert len({name.lower() for name in names}) == len(names)


def test_a_new_authority_publishes_weekly_and_daily() -> None:
    """The schedule and the exceptions of expired certificates are those of a new server."""
    assert {name: values[name] for name in PUBLICATION} == PUBLICATION


@pytest.mark.parametrize("name", sorted(name for name in PUBLICATION if name.endswith("Period")))
def test_units_of_time_are_words_of_the_header(name: str) -> None:
    """A unit is one of the seven words, so that a schedule can be read."""
    assert values[name] in UNITS


@pytest.mark.parametrize("name", sorted(OFF))
def test_what_windows_leaves_absent_is_off(name: str) -> None:
    """Nothing is audited and roles are not separated until somebody asks for it: no value, off."""
    assert name not in values


def test_the_schedule_has_no_assumed_value() -> None:
    """Each value of the schedule was documented or seen."""
    bases = {row.basis for row in CA_DEFAULTS if row.name in PUBLICATION}
    assert bases == {Basis.DOCUMENTED, Basis.OBSERVED}


@pytest.mark.parametrize("table", TABLES)
def test_values_are_of_the_registry_s_types(table: tuple[RegistryFact, ...]) -> None:
    """A DWORD fits 32 bits unsigned; other values are text or several texts."""
    for row in table:
        match row.default:
            case int():
                assert 0 <= row.default <= 0xFFFFFFFF, row.name
            case str():
                assert row.default != "", row.name
            case several:
                assert all(isinstance(text, str) and text for text in several), row.name
