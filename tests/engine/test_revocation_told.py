"""What is seen of a revocation from outside: by modules, clients, other threads, in the journal.

Source: MS-CSRA 3.1.4.1.8; comments of ADCS.CertMod (CERTREVOKED); docs/rulings.md (Revocation).
"""

from __future__ import annotations

from certsim import CADisposition, CCertServerExit, ComError, CRDisposition, PropType
from certsim._engine.journal import Transition
from tests.codes import ERROR_INVALID_DATA, ON_ISSUED, ON_REVOKED, signed
from tests.conftest import Recorder
from tests.engine import engine_kit as kit
from tests.engine.revocation_kit import DAY, HOLD, HOUR, KEEP, NOON, RELEASE, R, Stand, put, refuses
from tests.requests_kit import make_csr


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
    ca.install_exit_module(kit.Listener("Reader", [], ON_REVOKED, read))
    ca.stop()
    ca.start()
    ca.revoke(serial, HOLD, officer="a")
    ca._state.sources.clock.advance(HOUR)  # type: ignore[attr-defined]
    ca.revoke(serial, RELEASE, effective=NOON + DAY, officer="b")
    assert seen == [
        (ON_REVOKED, 21, HOLD, NOON, NOON, "Revoked by a"),
        (ON_REVOKED, 20, -1, NOON + HOUR, NOON + DAY, "Revoked by b"),
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

    with kit.make_ca(kit.Listener("Strict", [], ON_ISSUED, strict), recorder) as ca:
        ca.submit(make_csr())
        assert recorder.events == [ON_ISSUED, ON_REVOKED]
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
    assert sorted(results) == sorted([0, *[signed(ERROR_INVALID_DATA)] * 7])
    assert recorder.events == [ON_REVOKED]


def test_the_journal_has_a_step_for_each_revocation_and_none_for_a_refusal(stand: Stand) -> None:
    """Before and after, and the event; a toggle is a step without one."""
    ca, _ = stand
    serial = put(stand, "issued")
    for reason in (HOLD, RELEASE, KEEP):
        ca.revoke(serial, reason)
    refuses(stand, ERROR_INVALID_DATA, serial, RELEASE)
    steps = [entry for entry in ca.journal if isinstance(entry, Transition)][1:]
    assert [(step.before, step.after, step.event) for step in steps] == [
        (R.ISSUED, R.REVOKED, ON_REVOKED),
        (R.REVOKED, R.ISSUED, ON_REVOKED),
        (R.ISSUED, R.ISSUED, 0),
    ]
