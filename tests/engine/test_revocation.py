"""Revoke, hold, release, and the two numbers: every row of the transition table, every refusal.

Source: MS-CSRA 3.1.4.1.8, 3.1.4.1.5; sdk-api certadm/nf-certadm-icertadmin-revokecertificate;
comments of ADCS.CertMod (CERTREVOKED); docs/rulings.md (Revocation).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certsim import (
    CADisposition,
    CCertServerExit,
    CertificationAuthority,
    ComError,
    CRDisposition,
    PropType,
    RevocationReason,
    RowDisposition,
    Sources,
)
from certsim._engine.journal import Transition
from tests.conftest import Recorder
from tests.engine import engine_kit as kit
from tests.machines.drawn import STRANGERS
from tests.requests_kit import make_csr

R = RowDisposition
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REVOKED, HOLD, RELEASE, KEEP, DROP = 0x8, 6, -1, -2, -3
INVALID_DATA = 0x8007000D
# Source: certexit.h; MS-CSRA 3.1.4.1.8; winerror.h
OFFICER = r"CONTOSO\carol"
REASONS = {"revoke": 1, "revoke otherwise": 4, "hold": HOLD, "release": RELEASE, "keep": KEEP,
           "drop": DROP}  # fmt: skip
MADE = {"issued": (), "on hold": (HOLD,), "revoked": (1,), "released": (HOLD, RELEASE)}
"""How a certificate of our own gets into each standing: the reasons it is revoked for."""
STATES = {"issued": R.ISSUED, "on hold": R.REVOKED, "revoked": R.REVOKED, "released": R.ISSUED}
UNCERTIFIED = ["PENDING", "CA_CERT", "CA_CERT_CHAIN", "KRA_CERT", "FAILED", "DENIED", "ACTIVE"]
STANDINGS = [*MADE, "foreign", *UNCERTIFIED]
LEGAL: dict[tuple[str, str], tuple[RowDisposition, list[int]]] = {
    # By hand from MS-CSRA 3.1.4.1.8: (standing, what) -> (new state, events).
    **{(standing, "revoke"): (R.REVOKED, [REVOKED]) for standing in MADE},
    **{(standing, "revoke otherwise"): (R.REVOKED, [REVOKED]) for standing in MADE},
    ("issued", "hold"): (R.REVOKED, [REVOKED]),
    ("released", "hold"): (R.REVOKED, [REVOKED]),
    ("on hold", "hold"): (R.REVOKED, [REVOKED]),
    ("on hold", "release"): (R.ISSUED, [REVOKED]),
    **{(standing, what): (STATES[standing], []) for standing in MADE for what in ("keep", "drop")},
    ("foreign", "keep"): (R.FOREIGN, []),
    ("foreign", "drop"): (R.FOREIGN, []),
}
NO_REASONS = [
    7, 9, 10, 11, 255, -4, -7, 0xFFFFFFFC, 0x100000000, 0x1FFFFFFFF, -(2**32), 2**80,
    True, False, "1", b"1", 1.0, None, [1],
]  # fmt: skip
Stand = tuple[CertificationAuthority, Recorder]


@pytest.fixture
def stand(recorder: Recorder) -> Iterator[Stand]:
    """Return a running CA that takes foreign certificates, and its exit module."""
    with kit.make_ca(recorder, config={r"ca\KRAFlags": 1}) as ca:
        yield ca, recorder


def put(stand: Stand, standing: str) -> str:
    """Bring a certificate into a standing and return its serial number; nobody has heard of it."""
    ca, recorder = stand
    if standing == "foreign":
        ca.import_certificate(STRANGERS[0][1], allow_foreign=True)
    else:
        ca.submit(make_csr())
    serial = newest(ca)["SerialNumber"]
    for reason in MADE.get(standing, ()):
        ca.revoke(str(serial), reason)
    if standing in UNCERTIFIED:
        row = kit.rows(ca)[-1]
        columns = {**row.columns, "Request.Disposition": int(R[standing])}
        ca._state.shelf.commit(attrs.evolve(row, columns=columns))
    recorder.heard.clear()
    return str(serial)


def newest(ca: CertificationAuthority) -> dict[str, object]:
    """Return the columns of the row with the highest id."""
    return dict(kit.rows(ca)[-1].columns)


def picture(stand: Stand) -> tuple[object, ...]:
    """Return everything a refused verb must leave as it was."""
    ca, recorder = stand
    return kit.rows(ca), kit.happenings(ca), tuple(recorder.heard), ca.event_log


def refused(stand: Stand, code: int, serial: object, *reason: object, **more: object) -> None:
    """Check that a revocation is refused with *code* and changes nothing."""
    before = picture(stand)
    with pytest.raises(ComError) as caught:
        stand[0].revoke(serial, *reason, **more)  # type: ignore[arg-type]
    assert caught.value.hresult == kit.signed(code)
    assert picture(stand) == before


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
    refused(stand, INVALID_DATA, put(stand, standing), REASONS[what])


# Arguments


@pytest.mark.parametrize("serial", ["00deadbeef", "", "4d", "certificate 1", "\0", "x" * 99])
@pytest.mark.parametrize("reason", [1, HOLD, RELEASE, KEEP])
def test_an_unknown_serial_number_is_an_invalid_argument(
    stand: Stand, serial: str, reason: int
) -> None:
    """MS-CSRA gives E_INVALIDARG for it, whatever the reason."""
    put(stand, "issued")
    refused(stand, kit.E_INVALIDARG, serial, reason)


def test_the_letter_case_of_a_serial_number_counts(stand: Stand) -> None:
    """A serial number in capitals is an unknown one, and one with blanks too."""
    serials = [put(stand, "issued") for _ in range(8)]
    serial = next(found for found in serials if found.upper() != found)
    refused(stand, kit.E_INVALIDARG, serial.upper(), 1)
    refused(stand, kit.E_INVALIDARG, f" {serial}", 1)


@pytest.mark.parametrize("serial", [None, 1, b"4d", ["4d"], 4.0])
def test_what_is_no_text_is_no_serial_number(stand: Stand, serial: object) -> None:
    """E_INVALIDARG, for the validity check too."""
    put(stand, "issued")
    refused(stand, kit.E_INVALIDARG, serial, 1)
    with pytest.raises(ComError) as caught:
        stand[0].is_valid(serial)  # type: ignore[arg-type]
    assert caught.value.hresult == kit.signed(kit.E_INVALIDARG)


@pytest.mark.parametrize("reason", NO_REASONS)
@pytest.mark.parametrize("standing", ["issued", "on hold", "revoked"])
def test_a_number_that_is_no_reason_is_an_invalid_argument(
    stand: Stand, standing: str, reason: object
) -> None:
    """7, 9, 10 and all that the protocol does not list; truth values and text besides."""
    refused(stand, kit.E_INVALIDARG, put(stand, standing), reason)


@pytest.mark.parametrize("effective", ["2026-01-01", 0, 1.5, True, NOON.date(), NOON.time()])
def test_what_is_no_datetime_is_no_effective_date(stand: Stand, effective: object) -> None:
    """E_INVALIDARG."""
    refused(stand, kit.E_INVALIDARG, put(stand, "issued"), 1, effective=effective)


@pytest.mark.parametrize("reason", [1, HOLD, RELEASE])
def test_a_date_without_a_time_zone_is_no_effective_date(stand: Stand, reason: int) -> None:
    """E_INVALIDARG, since nobody could say which moment it is."""
    serial = put(stand, "on hold")
    refused(stand, kit.E_INVALIDARG, serial, reason, effective=NOON.replace(tzinfo=None))


def test_a_stopped_ca_revokes_and_checks_nothing(stand: Stand) -> None:
    """RPC_S_SERVER_UNAVAILABLE."""
    ca, _ = stand
    serial = put(stand, "issued")
    ca.stop()
    refused(stand, kit.SERVER_UNAVAILABLE, serial, 1)
    with pytest.raises(ComError) as caught:
        ca.is_valid(serial)
    assert caught.value.hresult == kit.signed(kit.SERVER_UNAVAILABLE)


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
    assert recorder.events == [REVOKED]


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
    assert recorder.events == [REVOKED]


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


# What is seen from outside


def test_what_a_module_reads_when_a_certificate_is_revoked_and_released(
    stand: Stand,
) -> None:
    """The release tells reason -1 and state Issued: by these a module knows it from the hold."""
    ca, _ = stand
    seen: list[tuple[object, ...]] = []

    def read(event: int, context: int) -> None:
        server = CCertServerExit()
        server.SetContext(context)
        seen.append(
            (
                event,
                server.GetRequestProperty("Disposition", PropType.LONG),
                server.GetRequestProperty("RevokedReason", PropType.LONG),
                server.GetRequestProperty("RevokedWhen", PropType.DATE),
                server.GetRequestProperty("RevokedEffectiveWhen", PropType.DATE),
                server.GetRequestProperty("DispositionMessage", PropType.STRING),
            )
        )

    serial = put(stand, "issued")
    ca.install_exit_module(kit.Listener("Reader", [], REVOKED, read))
    ca.stop()
    ca.start()
    ca.revoke(serial, HOLD, officer="a")
    ca._state.sources.clock.advance(HOUR)  # type: ignore[attr-defined]
    ca.revoke(serial, RELEASE, effective=NOON + DAY, officer="b")
    assert seen == [
        (REVOKED, 21, HOLD, NOON, NOON, "Revoked by a"),
        (REVOKED, 20, -1, NOON + HOUR, NOON + DAY, "Revoked by b"),
    ]


def test_a_retrieval_tells_revoked_and_still_gives_the_certificate(stand: Stand) -> None:
    """CR_DISP_REVOKED while it is revoked, CR_DISP_ISSUED before and after a release."""
    ca, _ = stand
    serial, answers = put(stand, "issued"), []
    for reason in (None, HOLD, RELEASE):
        if reason is not None:
            ca.revoke(serial, reason)
        outcome = ca.retrieve(serial_number=serial)
        answers.append((outcome.disposition, outcome.serial_number, outcome.status))
        assert outcome.raw_certificate is not None
    assert [answer[0] for answer in answers] == [
        CRDisposition.ISSUED,
        CRDisposition.REVOKED,
        CRDisposition.ISSUED,
    ]
    assert {answer[1:] for answer in answers} == {(serial, 0)}


def test_a_revocation_from_inside_notify_follows_the_event_it_was_called_in(
    recorder: Recorder,
) -> None:
    """The verb answers at once; every module hears the issue before it hears of the revocation."""
    answered: list[CADisposition] = []

    def strict(_event: int, _context: int) -> None:
        serial = str(kit.rows(ca)[-1].columns["SerialNumber"])
        ca.revoke(serial, 1)
        answered.append(ca.is_valid(serial))

    with kit.make_ca(kit.Listener("Strict", [], kit.ISSUED, strict), recorder) as ca:
        ca.submit(make_csr())
        assert recorder.events == [kit.ISSUED, REVOKED]
    assert answered == [CADisposition.REVOKED]


def test_of_many_that_release_at_once_one_succeeds(stand: Stand) -> None:
    """The others find it released: the guard is asked under the lock."""
    ca, recorder = stand
    serial = put(stand, "on hold")

    def release() -> int:
        try:
            ca.revoke(serial, RELEASE)
        except ComError as error:
            return error.hresult
        return 0

    results = [worker.result() for worker in [kit.Worker(release) for _ in range(8)]]
    assert sorted(results) == sorted([0, *[kit.signed(INVALID_DATA)] * 7])
    assert recorder.events == [REVOKED]


def test_the_journal_has_a_step_for_each_revocation_and_none_for_a_refusal(stand: Stand) -> None:
    """Before and after, and the event; a toggle is a step without one."""
    ca, _ = stand
    serial = put(stand, "issued")
    for reason in (HOLD, RELEASE, KEEP):
        ca.revoke(serial, reason)
    refused(stand, INVALID_DATA, serial, RELEASE)
    steps = [entry for entry in ca.journal if isinstance(entry, Transition)][1:]
    assert [(step.before, step.after, step.event) for step in steps] == [
        (R.ISSUED, R.REVOKED, REVOKED),
        (R.REVOKED, R.ISSUED, REVOKED),
        (R.ISSUED, R.ISSUED, 0),
    ]


# The validity check


@pytest.mark.parametrize(
    ("standing", "answer"),
    [
        ("issued", CADisposition.VALID),
        ("released", CADisposition.VALID),
        ("on hold", CADisposition.REVOKED),
        ("revoked", CADisposition.REVOKED),
        ("foreign", CADisposition.INVALID),
    ],
)
def test_the_validity_check_answers_by_standing(
    stand: Stand, standing: str, answer: CADisposition
) -> None:
    """And fires nothing."""
    ca, recorder = stand
    assert ca.is_valid(put(stand, standing)) is answer
    assert recorder.events == []


def test_an_unknown_serial_number_is_an_answer(stand: Stand) -> None:
    """INVALID, and so is one in capitals; no error."""
    ca, _ = stand
    serials = [put(stand, "issued") for _ in range(8)]
    serial = next(found for found in serials if found.upper() != found)
    assert ca.is_valid("00") is CADisposition.INVALID
    assert ca.is_valid(serial.upper()) is CADisposition.INVALID


@pytest.mark.parametrize("reason", [1, HOLD])
def test_a_revocation_counts_from_its_effective_date_on(stand: Stand, reason: int) -> None:
    """Until then the certificate is valid and on no list; that very moment counts."""
    ca, _ = stand
    serial, clock = put(stand, "issued"), ca._state.sources.clock
    ca.revoke(serial, reason, effective=NOON + HOUR)
    seen = []
    for step in (timedelta(0), HOUR - timedelta(seconds=1), timedelta(seconds=1)):
        clock.advance(step)  # type: ignore[attr-defined]
        (base,) = ca.publish_crls(delta=False)
        seen.append((ca.is_valid(serial), len(list(base.crl))))
    valid, revoked = CADisposition.VALID, CADisposition.REVOKED
    assert seen == [(valid, 0), (valid, 0), (revoked, 1)]


def test_a_date_to_come_may_be_missing_on_deltas_until_the_next_base(stand: Stand) -> None:
    """A delta has what was *told* since the oldest good base: the letter of MS-CSRA 3.1.4.1.6."""
    ca, _ = stand
    clock = ca._state.sources.clock
    serial = put(stand, "issued")
    ca.revoke(serial, 1, effective=NOON + 9 * DAY)
    seen = []
    for days in (1, 7, 2, 7):
        clock.advance(days * DAY)  # type: ignore[attr-defined]
        lists = ca.publish_crls(base=days != 2)
        seen.append((ca.is_valid(serial), [len(list(found.crl)) for found in lists]))
    valid, revoked = CADisposition.VALID, CADisposition.REVOKED
    assert seen == [(valid, [0, 0]), (valid, [0, 0]), (revoked, [0]), (revoked, [1, 0])]


def test_a_revocation_for_reason_8_is_listed_as_just_that(stand: Stand) -> None:
    """The protocol takes the number; a client reads such an entry as a removal."""
    ca, _ = stand
    serial = put(stand, "issued")
    ca.revoke(serial, 8)
    for published in ca.publish_crls():
        (entry,) = published.crl
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
        assert reason is x509.ReasonFlags.remove_from_crl
    assert ca.is_valid(serial) is CADisposition.REVOKED


def test_nobody_looks_at_the_end_of_a_certificate(stand: Stand) -> None:
    """An ended certificate is valid, and can still be revoked."""
    ca, _ = stand
    serial = put(stand, "issued")
    ca._state.sources.clock.advance(3 * 365 * DAY)  # type: ignore[attr-defined]
    assert ca.is_valid(serial) is CADisposition.VALID
    ca.revoke(serial, 1)
    assert ca.is_valid(serial) is CADisposition.REVOKED


def test_a_check_from_inside_the_revocations_event_already_says_revoked(
    recorder: Recorder,
) -> None:
    """The commit comes before the event."""
    seen: list[CADisposition] = []
    listener = kit.Listener("Asker", [], REVOKED, lambda _event, _context: seen.append(check()))
    with kit.make_ca(listener, recorder) as ca:
        serial = str(ca.submit(make_csr()).serial_number)

        def check() -> CADisposition:
            return ca.is_valid(serial)

        ca.revoke(serial, 1)
    assert seen == [CADisposition.REVOKED]


def test_a_certificate_revoked_before_it_was_issued_is_revoked() -> None:
    """A date long past is no mistake, also one before the certificate's own life."""
    with kit.make_ca(sources=Sources.seeded(1)) as ca:
        outcome = ca.submit(make_csr())
        assert outcome.raw_certificate is not None
        begins = x509.load_der_x509_certificate(outcome.raw_certificate).not_valid_before_utc
        ca.revoke(str(outcome.serial_number), 1, effective=begins - 400 * DAY)
        (base,) = ca.publish_crls(delta=False)
        (entry,) = base.crl
        assert entry.revocation_date_utc == begins - 400 * DAY
        assert base.crl.public_bytes(Encoding.DER) == base.raw
