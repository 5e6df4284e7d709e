"""The validity check: what it looks at, from which moment on, and what it leaves out.

Source: MS-CSRA 3.1.4.1.5; docs/rulings.md (Revocation).
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certsim import CADisposition, Sources
from tests.codes import ON_REVOKED
from tests.conftest import Recorder
from tests.engine import engine_kit as kit
from tests.engine.revocation_kit import DAY, HOLD, HOUR, NOON, Stand, put
from tests.machines import readback
from tests.requests_kit import make_csr


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
        assert [reason for _, _, reason in readback.entries(published.crl)] == [8]
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
    listener = kit.Listener("Asker", [], ON_REVOKED, lambda _event, _context: seen.append(check()))
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
