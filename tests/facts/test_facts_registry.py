"""Default values of the registry: names of the header, values written down by hand."""

from typing import Any

import pytest

from certsim.facts.basis import Basis
from certsim.facts.registry import (
    CA_DEFAULTS,
    FLAGS,
    POLICY_DEFAULTS,
    VALUE_TYPES,
    FlagsFact,
    RegistryFact,
)

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

# The group of the header behind each value, and how its symbols begin.
GROUPS = {
    "EditFlags": ("EDITF", "EDITF_"),
    "RequestDisposition": ("REQDISP", "REQDISP_"),
    "RevocationType": ("REVEXT/ISSCERT", "REVEXT_"),
    "IssuerCertURLFlags": ("REVEXT/ISSCERT", "ISSCERT_"),
    "PublishCertFlags": ("EXITPUB", "EXITPUB_"),
    "EventFilter": ("EXITEVENT", "EXITEVENT_"),
    "CRLFlags": ("CRLF", "CRLF_"),
    "KRAFlags": ("KRAF", "KRAF_"),
    "InterfaceFlags": ("IF", "IF_"),
    "DBFlags": ("DBFLAGS", "DBFLAGS_"),
    "SetupStatus": ("SETUP", "SETUP_"),
    "LogLevel": ("CERTLOG", "CERTLOG_"),
    "CAType": ("ENUM_CATYPES", "ENUM_"),
}
# Numbers of a group that are no flag of their own: masks, defaults put together, no event at all.
NO_FLAGS = ("MASK", "DEFAULT_", "EVENT_INVALID")

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


def named(number: int, fact: FlagsFact) -> list[str]:
    """Return the symbols of a number, as a tool would find them."""
    return [flag.symbol for flag in fact.flags if number & flag.mask == flag.bits]


@pytest.mark.parametrize("name", GROUPS)
def test_symbols_of_numbers_are_the_header_s(name: str, oracle: dict[str, Any]) -> None:
    """A value has every symbol of its group, with the header's number, and each once."""
    group, prefix = GROUPS[name]
    published = {
        symbol: number
        for symbol, number in oracle["constants"][group].items()
        if symbol.startswith(prefix) and not any(part in symbol for part in NO_FLAGS)
    }
    fact = FLAGS[name.lower()]
    assert fact.name == name
    assert {flag.symbol: flag.bits for flag in fact.flags} == published
    assert len(fact.flags) == len(published)


def test_values_with_symbols_are_known_by_name(oracle: dict[str, Any]) -> None:
    """They are found by their names in lower case, and the header has those names."""
    known = {value for key, value in oracle["string_constants"].items() if key.startswith("wszREG")}
    assert {fact.name for fact in FLAGS.values()} <= known
    assert set(FLAGS) == {fact.name.lower() for fact in FLAGS.values()}
    assert set(FLAGS) == {name.lower() for name in GROUPS} | {"auditfilter"}


@pytest.mark.parametrize(
    ("name", "number", "symbols"),
    [
        (
            "EditFlags",
            0x83EE,
            """
            EDITF_REQUESTEXTENSIONLIST EDITF_DISABLEEXTENSIONLIST EDITF_ADDOLDKEYUSAGE
            EDITF_ATTRIBUTEENDDATE EDITF_BASICCONSTRAINTSCRITICAL EDITF_BASICCONSTRAINTSCA
            EDITF_ENABLEAKIKEYID EDITF_ATTRIBUTECA EDITF_ATTRIBUTEEKU
            """,
        ),
        ("RequestDisposition", 0x101, "REQDISP_ISSUE REQDISP_PENDINGFIRST"),
        ("RequestDisposition", 0, "REQDISP_PENDING"),
        ("LogLevel", 3, "CERTLOG_WARNING"),
        ("CAType", 3, "ENUM_STANDALONE_ROOTCA"),
        ("InterfaceFlags", 0x41, "IF_LOCKICERTREQUEST IF_NOREMOTEICERTADMINBACKUP"),
        ("AuditFilter", 0x7F, "SERVICE BACKUP REQUESTS REVOCATION SECURITY KEYS CONFIGURATION"),
        ("EventFilter", 0x100, ""),
    ],
)
def test_numbers_are_told_in_symbols(name: str, number: int, symbols: str) -> None:
    """Bits have a symbol each, a number in a word or of a list has one, a nameless bit none."""
    assert named(number, FLAGS[name.lower()]) == symbols.split()


def test_symbols_stand_for_plain_numbers() -> None:
    """Bits and masks fit 32 bits, and no symbol is met twice in a table."""
    for fact in FLAGS.values():
        for flag in fact.flags:
            assert type(flag.bits) is type(flag.mask) is int
            assert flag.bits & ~flag.mask == 0
            assert 0 < flag.mask <= 0xFFFFFFFF
        assert len({flag.symbol for flag in fact.flags}) == len(fact.flags)


def test_types_of_value_have_their_numbers() -> None:
    """Numbers of winnt.h, for those certsim keeps and those it names when it refuses them."""
    found = {VALUE_TYPES[number] for number in (1, 3, 4, 7)}
    assert found == {"REG_SZ", "REG_BINARY", "REG_DWORD", "REG_MULTI_SZ"}
    assert (VALUE_TYPES[2], VALUE_TYPES[11]) == ("REG_EXPAND_SZ", "REG_QWORD")
    assert sorted(VALUE_TYPES) == list(range(12))
