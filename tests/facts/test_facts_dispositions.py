"""The four number spaces, their bridges and the reasons of a revocation."""

import enum
import pickle
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography import x509

from certsim.facts.basis import Basis
from certsim.facts.dispositions import (
    CA_DISPOSITIONS,
    CA_FROM_ROW,
    CA_TYPES,
    CR_DISPOSITIONS,
    CR_FROM_ROW,
    REVOCATION_REASONS,
    ROW_DISPOSITIONS,
    VALIDITY_ANSWERS,
    VERDICTS,
    CADisposition,
    CAType,
    CRDisposition,
    DispositionFact,
    RevocationReason,
    RowDisposition,
    Verdict,
)

# The header's second names for a number already taken.
BOUNDS = {"DB_DISP_QUEUE_MAX", "DB_DISP_LOG_MIN", "DB_DISP_LOG_FAILED_MIN"}

TABLES = [
    (RowDisposition, ROW_DISPOSITIONS, "DB_DISP"),
    (CRDisposition, CR_DISPOSITIONS, "CR_DISP"),
    (CADisposition, CA_DISPOSITIONS, "CA_DISP"),
    (Verdict, VERDICTS, "VR"),
    (CAType, CA_TYPES, "ENUM_CATYPES"),
]


@pytest.mark.parametrize(("kind", "table", "group"), TABLES)
def test_symbols_and_values_are_published(
    kind: type[enum.IntEnum],
    table: tuple[DispositionFact, ...],
    group: str,
    oracle: dict[str, Any],
) -> None:
    """Rows, members and the header's constants are the same set."""
    published = {k: v for k, v in oracle["constants"][group].items() if k not in BOUNDS}
    assert {row.symbol: row.value.value for row in table} == published
    assert [row.value for row in table] == list(kind)


@pytest.mark.parametrize(
    ("kind", "prefix", "group"),
    [(CRDisposition, "CR_DISP_", "CR_DISP"), (CADisposition, "CA_DISP_", "CA_DISP"),
     (Verdict, "VR_", "VR")],
)  # fmt: skip
def test_members_are_spelled_like_their_symbols(
    kind: type[enum.IntEnum], prefix: str, group: str, oracle: dict[str, Any]
) -> None:
    """A member is the symbol without its prefix."""
    spelled = {prefix + member.name: member.value for member in kind}
    assert spelled == oracle["constants"][group]


def test_row_states_are_the_sheet_s(oracle: dict[str, Any]) -> None:
    """The database knows ten states."""
    assert sorted(RowDisposition) == sorted(int(value) for value in oracle["dispositions"])


def test_the_failed_state_keeps_the_header_s_symbol() -> None:
    """The state called Failed is ERROR in the header."""
    symbols = {row.value: row.symbol for row in ROW_DISPOSITIONS}
    assert symbols[RowDisposition.FAILED] == "DB_DISP_ERROR"


def test_client_sees_what_the_sheet_says(oracle: dict[str, Any]) -> None:
    """Each state with a client value maps to it; transient and inner rows map to nothing."""
    expected = {
        int(row): int(facts["client"].split()[0])
        for row, facts in oracle["dispositions"].items()
        if facts["client"][0].isdigit()
    }
    expected[30] = 1  # facts.json has words here: the status code of the error
    assert {int(row): int(answer) for row, answer in CR_FROM_ROW.items()} == expected


def test_validity_check_answers_six_states() -> None:
    """Issued is valid, revoked is revoked; what nobody asks of a server is assumed."""
    assert {int(row): int(answer) for row, answer in CA_FROM_ROW.items()} == {
        9: 5,
        12: 4,
        20: 3,
        21: 2,
        30: 4,
        31: 4,
    }
    assumed = {int(fact.row) for fact in VALIDITY_ANSWERS if fact.basis is Basis.ASSUMED}
    assert assumed == {9, 12, 30, 31}


@pytest.mark.parametrize("bridge", [CR_FROM_ROW, CA_FROM_ROW])
@pytest.mark.parametrize("row", [8, 15, 16, 17])
def test_bridges_leave_inner_rows_out(bridge: Mapping[RowDisposition, object], row: int) -> None:
    """Rows at work and the authority's own rows have no answer for the outside."""
    assert RowDisposition(row) not in bridge


def test_reasons_are_published(oracle: dict[str, Any]) -> None:
    """The non-negative reasons are the header's, member for symbol."""
    positive = {f"CRL_REASON_{r.name}": r.value for r in RevocationReason if r >= 0}
    assert positive == oracle["constants"]["CRL_REASON"]
    assert {r.symbol: r.value.value for r in REVOCATION_REASONS if r.value >= 0} == positive


def test_each_reason_has_one_row() -> None:
    """Table and enumeration run in step, the three special codes included."""
    assert [row.value for row in REVOCATION_REASONS] == list(RevocationReason)
    assert len(REVOCATION_REASONS) == 13


def test_reasons_are_those_of_the_internet_profile() -> None:
    """The names agree with an independent implementation's flags."""
    names = {r.name.replace("_", "").lower() for r in RevocationReason if r >= 0}
    assert names == {flag.value.lower() for flag in x509.ReasonFlags}


@pytest.mark.parametrize(
    ("unsigned", "name", "signed"),
    [
        (0xFFFFFFFF, "RELEASE", -1),
        (0xFFFFFFFE, "PUBLISH_EXPIRED", -2),
        (0xFFFFFFFD, "DROP_EXPIRED", -3),
    ],
)
def test_special_reasons_are_found_unsigned_and_signed(
    unsigned: int, name: str, signed: int
) -> None:
    """A DWORD from the wire and a LONG from COM are one reason."""
    assert RevocationReason(unsigned) is RevocationReason[name]
    assert RevocationReason(signed) is RevocationReason[name]
    assert int(RevocationReason[name]) == signed


@pytest.mark.parametrize("value", [7, 11, -4, 0xFFFFFFFC, 0x1FFFFFFFF])
def test_unlisted_reasons_are_refused(value: int) -> None:
    """A number outside the list is no reason."""
    with pytest.raises(ValueError, match="RevocationReason"):
        RevocationReason(value)


@pytest.mark.parametrize("reason", list(RevocationReason))
def test_reasons_survive_pickling(reason: RevocationReason) -> None:
    """A reason keeps its identity through a store."""
    assert pickle.loads(pickle.dumps(reason)) is reason  # noqa: S301  (our own bytes)
