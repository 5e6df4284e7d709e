"""Revoke, hold, release, and the two numbers: every row of the transition table, every refusal.

Source: MS-CSRA 3.1.4.1.8; sdk-api certadm/nf-certadm-icertadmin-revokecertificate; docs/rulings.md
(Revocation).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography import x509

from certsim import ComError, RevocationReason, RowDisposition
from tests.codes import (
    E_INVALIDARG,
    ERROR_INVALID_DATA,
    ON_REVOKED,
    RPC_S_SERVER_UNAVAILABLE,
    signed,
)
from tests.engine import engine_kit as kit
from tests.engine.revocation_kit import (
    DAY,
    DROP,
    HOLD,
    HOUR,
    KEEP,
    MADE,
    NOON,
    RELEASE,
    UNCERTIFIED,
    R,
    Stand,
    newest,
    put,
    refuses,
)
from tests.requests_kit import make_csr

OFFICER = r"CONTOSO\carol"
REASONS = {"revoke": 1, "revoke otherwise": 4, "hold": HOLD, "release": RELEASE, "keep": KEEP,
           "drop": DROP}  # fmt: skip
STATES = {"issued": R.ISSUED, "on hold": R.REVOKED, "revoked": R.REVOKED, "released": R.ISSUED}
STANDINGS = [*MADE, "foreign", *UNCERTIFIED]
LEGAL: dict[tuple[str, str], tuple[RowDisposition, list[int]]] = {
    # By hand from MS-CSRA 3.1.4.1.8: (standing, what) -> (new state, events).
    **{(standing, "revoke"): (R.REVOKED, [ON_REVOKED]) for standing in MADE},
    **{(standing, "revoke otherwise"): (R.REVOKED, [ON_REVOKED]) for standing in MADE},
    ("issued", "hold"): (R.REVOKED, [ON_REVOKED]),
    ("released", "hold"): (R.REVOKED, [ON_REVOKED]),
    ("on hold", "hold"): (R.REVOKED, [ON_REVOKED]),
    ("on hold", "release"): (R.ISSUED, [ON_REVOKED]),
    **{(standing, what): (STATES[standing], []) for standing in MADE for what in ("keep", "drop")},
    ("foreign", "keep"): (R.FOREIGN, []),
    ("foreign", "drop"): (R.FOREIGN, []),
}
NO_REASONS = [
    7, 9, 10, 11, 255, -4, -7, 0xFFFFFFFC, 0x100000000, 0x1FFFFFFFF, -(2**32), 2**80,
    True, False, "1", b"1", 1.0, None, [1],
]  # fmt: skip


# Every standing with every word


@pytest.mark.parametrize(("standing", "what"), LEGAL)
def test_a_legal_revocation_takes_the_step_of_the_prose(
    stand: Stand, standing: str, what: str
) -> None:
    """Each pair of the hand-written table ends in its state and is heard as its events."""
    ca, recorder = stand
    ca.revoke(put(stand, standing), REASONS[what])
    assert (kit.rows(ca)[-1].disposition, recorder.events) == LEGAL[standing, what]


@pytest.mark.parametrize(
    ("standing", "what"),
    [(s, what) for s in STANDINGS for what in REASONS if (s, what) not in LEGAL],
)
def test_any_other_revocation_is_invalid_data_and_changes_nothing(
    stand: Stand, standing: str, what: str
) -> None:
    """A hold over another reason, a release of what is not on hold, rows of no issued one."""
    refuses(stand, ERROR_INVALID_DATA, put(stand, standing), REASONS[what])


# Arguments


@pytest.mark.parametrize("serial", ["00deadbeef", "", "4d", "certificate 1", "\0", "x" * 99])
@pytest.mark.parametrize("reason", [1, HOLD, RELEASE, KEEP])
def test_an_unknown_serial_number_is_an_invalid_argument(
    stand: Stand, serial: str, reason: int
) -> None:
    """MS-CSRA gives E_INVALIDARG for it, whatever the reason."""
    put(stand, "issued")
    refuses(stand, E_INVALIDARG, serial, reason)


def test_the_letter_case_of_a_serial_number_counts(stand: Stand) -> None:
    """A serial number in capitals is an unknown one, and one with blanks too."""
    serials = [put(stand, "issued") for _ in range(8)]
    serial = next(found for found in serials if found.upper() != found)
    refuses(stand, E_INVALIDARG, serial.upper(), 1)
    refuses(stand, E_INVALIDARG, f" {serial}", 1)


@pytest.mark.parametrize("serial", [None, 1, b"4d", ["4d"], 4.0])
def test_what_is_no_text_is_no_serial_number(stand: Stand, serial: object) -> None:
    """E_INVALIDARG, for the validity check too."""
    put(stand, "issued")
    refuses(stand, E_INVALIDARG, serial, 1)
    with pytest.raises(ComError) as caught:
        stand[0].is_valid(serial)  # type: ignore[arg-type]
    assert caught.value.hresult == signed(E_INVALIDARG)


@pytest.mark.parametrize("reason", NO_REASONS)
@pytest.mark.parametrize("standing", ["issued", "on hold", "revoked"])
def test_a_number_that_is_no_reason_is_an_invalid_argument(
    stand: Stand, standing: str, reason: object
) -> None:
    """7, 9, 10 and all that the protocol does not list; truth values and text besides."""
    refuses(stand, E_INVALIDARG, put(stand, standing), reason)


@pytest.mark.parametrize("effective", ["2026-01-01", 0, 1.5, True, NOON.date(), NOON.time()])
def test_what_is_no_datetime_is_no_effective_date(stand: Stand, effective: object) -> None:
    """E_INVALIDARG."""
    refuses(stand, E_INVALIDARG, put(stand, "issued"), 1, effective=effective)


@pytest.mark.parametrize("reason", [1, HOLD, RELEASE])
def test_a_date_without_a_time_zone_is_no_effective_date(stand: Stand, reason: int) -> None:
    """E_INVALIDARG, since nobody could say which moment it is."""
    serial = put(stand, "on hold")
    refuses(stand, E_INVALIDARG, serial, reason, effective=NOON.replace(tzinfo=None))


def test_a_stopped_ca_revokes_and_checks_nothing(stand: Stand) -> None:
    """RPC_S_SERVER_UNAVAILABLE."""
    ca, _ = stand
    serial = put(stand, "issued")
    ca.stop()
    refuses(stand, RPC_S_SERVER_UNAVAILABLE, serial, 1)
    with pytest.raises(ComError) as caught:
        ca.is_valid(serial)
    assert caught.value.hresult == signed(RPC_S_SERVER_UNAVAILABLE)


# What is written


@pytest.mark.parametrize("reason", [0, 1, 2, 3, 4, 5, HOLD, 8])
def test_a_revocation_writes_reason_dates_and_message(stand: Stand, reason: int) -> None:
    """Rows 14 and 15; status and ResolvedWhen are those of the issue."""
    ca, _ = stand
    serial = put(stand, "issued")
    before = newest(ca)
    ca._state.sources.clock.advance(HOUR)  # type: ignore[attr-defined]
    ca.revoke(serial, reason, effective=NOON - DAY, officer=OFFICER)
    assert newest(ca) == before | {
        "Request.Disposition": 21,
        "Request.RevokedReason": reason,
        "Request.RevokedWhen": NOON + HOUR,
        "Request.RevokedEffectiveWhen": NOON - DAY,
        "Request.DispositionMessage": rf"Revoked by {OFFICER}",
    }


def test_a_revocation_without_words_is_unspecified_and_counts_from_now(stand: Stand) -> None:
    """Reason 0, effective at the moment of the call."""
    ca, _ = stand
    ca.revoke(put(stand, "issued"))
    columns = newest(ca)
    assert columns["Request.RevokedReason"] == 0
    assert columns["Request.RevokedEffectiveWhen"] == NOON


@pytest.mark.parametrize(("standing", "reason"), [("on hold", 6), ("on hold", 1), ("revoked", 4)])
def test_a_second_revocation_replaces_reason_dates_and_message(
    stand: Stand, standing: str, reason: int
) -> None:
    """Rows 16 and 18: nothing of the first is left."""
    ca, recorder = stand
    serial = put(stand, standing)
    ca._state.sources.clock.advance(DAY)  # type: ignore[attr-defined]
    ca.revoke(serial, reason, effective=NOON + 9 * DAY, officer=OFFICER)
    columns = newest(ca)
    assert columns["Request.RevokedReason"] == reason
    assert columns["Request.RevokedWhen"] == NOON + DAY
    assert columns["Request.RevokedEffectiveWhen"] == NOON + 9 * DAY
    assert columns["Request.DispositionMessage"] == rf"Revoked by {OFFICER}"
    assert recorder.events == [ON_REVOKED]


@pytest.mark.parametrize("spelling", [-1, 0xFFFFFFFF, RevocationReason.RELEASE])
@pytest.mark.parametrize("effective", [None, NOON - DAY, NOON + DAY])
def test_a_release_leaves_the_reason_minus_one_and_both_dates(
    stand: Stand, spelling: int, effective: datetime | None
) -> None:
    """Row 17: the row is Issued, RevokedWhen is now, the message says Revoked by."""
    ca, recorder = stand
    serial = put(stand, "on hold")
    ca._state.sources.clock.advance(HOUR)  # type: ignore[attr-defined]
    ca.revoke(serial, spelling, effective=effective, officer=OFFICER)
    columns = newest(ca)
    assert columns["Request.Disposition"] == 20
    assert columns["Request.RevokedReason"] == -1
    assert columns["Request.RevokedWhen"] == NOON + HOUR
    assert columns["Request.RevokedEffectiveWhen"] == (effective or NOON + HOUR)
    assert columns["Request.DispositionMessage"] == rf"Revoked by {OFFICER}"
    assert recorder.events == [ON_REVOKED]


@pytest.mark.parametrize(
    ("spelling", "value"),
    [
        (-2, 1),
        (0xFFFFFFFE, 1),
        (RevocationReason.PUBLISH_EXPIRED, 1),
        (-3, 0),
        (0xFFFFFFFD, 0),
        (RevocationReason.DROP_EXPIRED, 0),
    ],
)
@pytest.mark.parametrize("standing", [*MADE, "foreign"])
def test_the_two_numbers_set_one_column_and_are_told_to_nobody(
    stand: Stand, standing: str, spelling: int, value: int
) -> None:
    """Row 19: PublishExpiredCertInCRL changes and nothing else, a date given with it neither."""
    ca, recorder = stand
    serial = put(stand, standing)
    before = newest(ca)
    ca.revoke(serial, spelling, effective=NOON + DAY, officer=OFFICER)
    assert newest(ca) == before | {"PublishExpiredCertInCRL": value}
    assert recorder.events == []


def test_the_two_numbers_undo_each_other(stand: Stand) -> None:
    """The last one counts."""
    ca, _ = stand
    serial = put(stand, "revoked")
    seen = []
    for number in (KEEP, KEEP, DROP, DROP, KEEP):
        ca.revoke(serial, number)
        seen.append(newest(ca)["PublishExpiredCertInCRL"])
    assert seen == [1, 1, 0, 0, 1]


def test_an_effective_date_is_kept_as_whole_seconds_of_utc(stand: Stand) -> None:
    """Fractions are cut, and another time zone is translated."""
    ca, _ = stand
    given = datetime(2026, 1, 3, 8, 30, 59, 999_999, tzinfo=timezone(timedelta(hours=-5)))
    ca.revoke(put(stand, "issued"), 1, effective=given)
    found = newest(ca)["Request.RevokedEffectiveWhen"]
    assert found == datetime(2026, 1, 3, 13, 30, 59, tzinfo=UTC)
    assert isinstance(found, datetime)
    assert found.tzinfo is UTC


def test_an_officers_control_characters_do_not_get_into_the_message(stand: Stand) -> None:
    """They are written as escapes."""
    ca, _ = stand
    ca.revoke(put(stand, "issued"), 1, officer="mal\nlory\x1b[2J")
    assert str(newest(ca)["Request.DispositionMessage"]).isprintable()


@pytest.mark.parametrize(
    ("usages", "lasting"),
    [
        (["1.3.6.1.5.5.7.3.3"], 1),
        (["1.3.6.1.5.5.7.3.1", "1.3.6.1.4.1.311.61.1.1"], 1),
        (["1.3.6.1.5.5.7.3.1"], None),
    ],
)
def test_a_certificate_for_signing_code_stays_on_the_lists_from_the_start(
    usages: list[str], lasting: int | None
) -> None:
    """The column is 1 at the issue, and an officer may clear it."""
    named = x509.ExtendedKeyUsage([x509.ObjectIdentifier(usage) for usage in usages])
    with kit.make_ca(config={r"policy\RequestDisposition": 0x101}) as ca:
        number = ca.submit(make_csr()).request_id
        ca.set_certificate_extension(number, "2.5.29.37", named.public_bytes())
        serial = str(ca.resubmit(number).serial_number)
        assert newest(ca).get("PublishExpiredCertInCRL") == lasting
        ca.revoke(serial, DROP)
        assert newest(ca)["PublishExpiredCertInCRL"] == 0
