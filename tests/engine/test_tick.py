"""What the clock brings: lists that are due, places that are tried again, and when it gives up.

A CA has no timer here, so each test lets time pass and calls `tick`, as a timer would.
Source: MS-CSRA 3.1.4.1.6; gradenegger.eu on events 65 to 67; docs/rulings.md (CRLs).
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from certsim import CertificationAuthority
from tests.codes import ON_CRL, RPC_S_SERVER_UNAVAILABLE, refused
from tests.engine import publishing_kit as kit
from tests.engine.engine_kit import Listener, Worker

TEN_MINUTES, SECOND = timedelta(minutes=10), timedelta(seconds=1)


def ticks(ca: CertificationAuthority, step: timedelta, span: timedelta) -> Counter[str]:
    """Call `tick` now and after each *step*, through *span*; count what was published."""
    ca.tick()
    for _ in range(span // step):
        kit.advance(ca, step)
        ca.tick()
    return Counter(what for what, _, _ in kit.told(ca))


# What is due


def test_a_start_publishes_nothing() -> None:
    """The first tick does."""
    with kit.make_ca() as ca:
        assert kit.table(ca) == ()
        ca.tick()
    assert kit.told(ca) == [("base", 0, 1), ("delta", 0, 1)]


def test_a_stopped_ca_has_no_clock() -> None:
    """It is refused like any other verb."""
    with refused(RPC_S_SERVER_UNAVAILABLE):
        kit.make_ca().tick()


@pytest.mark.parametrize("step", [kit.HOUR, kit.DAY])
def test_a_year_has_its_lists(step: timedelta) -> None:
    """53 bases, one each week, and a delta each day, the first one included; all with a number."""
    log: list[tuple[object, ...]] = []
    with kit.make_ca(Listener("A", log, ON_CRL)) as ca:
        assert ticks(ca, step, 365 * kit.DAY) == {"base": 53, "delta": 366}
        assert kit.number(ca.crl(delta=True)) == 366
        assert kit.number(ca.crl()) == 365
    assert len(log) == 366
    assert len(kit.table(ca)) == 3  # the newest of each, and yesterday's delta is still good


def test_a_year_without_deltas_has_bases_alone() -> None:
    """One each week."""
    with kit.make_ca(CRLDeltaPeriodUnits=0) as ca:
        assert ticks(ca, kit.DAY, 365 * kit.DAY) == {"base": 53}


def test_a_list_is_due_at_its_next_publication_and_not_before() -> None:
    """A second earlier there is nothing to do."""
    with kit.make_ca() as ca:
        ca.tick()
        kit.advance(ca, kit.DAY - SECOND)
        assert ca.tick() == ()
        kit.advance(ca, SECOND)
        ca.tick()
        assert ca.tick() == ()
    assert kit.told(ca)[2:] == [("delta", 0, 2)]


def test_a_delta_that_was_missed_is_made_up_for_once() -> None:
    """After a pause there is one run, however many periods have passed."""
    with kit.make_ca() as ca:
        ca.tick()
        kit.advance(ca, 4 * kit.DAY)
        ca.tick()
        kit.advance(ca, 40 * kit.DAY)
        ca.tick()
    assert kit.told(ca)[2:] == [("delta", 0, 2), ("base", 0, 3), ("delta", 0, 3)]


def test_a_persons_run_moves_the_next_one() -> None:
    """What was published by hand is not due on the day it would have been."""
    with kit.make_ca() as ca:
        ca.tick()
        kit.advance(ca, 5 * kit.DAY)
        ca.publish_crls(next_update=kit.START + 6 * kit.DAY)
        kit.advance(ca, kit.DAY - SECOND)
        assert ca.tick() == ()
        kit.advance(ca, SECOND)
        ca.tick()
    assert kit.told(ca)[4:] == [("base", 0, 3), ("delta", 0, 3)]


def test_a_new_key_is_due_at_once_and_takes_the_others_along() -> None:
    """One run for all keys, one number, one event."""
    log: list[tuple[object, ...]] = []
    with kit.make_ca(Listener("A", log, ON_CRL)) as ca:
        ca.tick()
        ca.renew(new_key=True)
        published = ca.tick()
    assert [(crl.key_index, crl.number) for crl in published] == [(0, 2), (0, 2), (1, 2), (1, 2)]
    assert log == [("A", ON_CRL)] * 2


def test_deltas_switched_on_again_are_due_at_once() -> None:
    """The shadow left behind lasts a week, and counts as none."""
    with kit.make_ca() as ca:
        ca.tick()
        ca.set_config(r"ca\CRLDeltaPeriodUnits", 0)
        kit.advance(ca, kit.WEEK)
        ca.tick()
        kit.advance(ca, kit.DAY)
        assert ca.tick() == ()
        ca.set_config(r"ca\CRLDeltaPeriodUnits", 1)
        ca.tick()
    assert kit.told(ca)[2:] == [("base", 0, 2), ("shadow delta", 0, 2), ("delta", 0, 3)]


def test_the_clocks_runs_are_nobodys() -> None:
    """A list of the CA's own accord has no MANUAL flag."""
    with kit.make_ca() as ca:
        ca.tick()
    assert [row.number("CRLPublishFlags") for row in kit.table(ca)] == [
        kit.BASE | kit.COMPLETE,
        kit.DELTA | kit.COMPLETE,
    ]


def test_unusable_periods_are_logged_when_something_is_published() -> None:
    """Not at every tick."""
    with kit.make_ca() as ca:
        ca.set_config(r"ca\CRLPeriod", "")
        ticks(ca, kit.HOUR, kit.DAY)
        assert kit.logged(ca) == [62, 62]


def test_two_ticks_at_once_publish_once() -> None:
    """The second finds nothing due."""
    with kit.make_ca() as ca:
        workers = [Worker(ca.tick) for _ in range(4)]
        published = sorted(len(worker.result()) for worker in workers)
    assert published == [0, 0, 0, 2]


# What is tried again


def test_a_place_that_failed_is_tried_again_after_ten_minutes(tmp_path: Path) -> None:
    """Not before, and not after it has worked."""
    with kit.make_ca(lines=[f"65:{tmp_path}/late/ca%9.crl"]) as ca:
        first = ca.tick()
        (tmp_path / "late").mkdir()
        kit.advance(ca, TEN_MINUTES - SECOND)
        assert ca.tick() == ()
        kit.advance(ca, SECOND)
        again = ca.tick()
        assert [crl.status for crl in again] == [0, 0]
        assert [crl.raw for crl in again] == [crl.raw for crl in first]
        kit.advance(ca, TEN_MINUTES)
        assert ca.tick() == ()
    assert kit.names(tmp_path / "late") == ["ca+.crl", "ca.crl"]
    assert [row.number("CRLPublishAttempts") for row in kit.table(ca)] == [2, 2]


def test_only_lists_that_failed_are_tried_again(tmp_path: Path) -> None:
    """A base that is at its places has no part in the retries of its delta, and the other way."""
    with kit.make_ca(lines=[f"1:{tmp_path}/ca.crl", "64:http://www.test/ca+.crl"]) as ca:
        ca.tick()
        kit.advance(ca, TEN_MINUTES)
        ca.tick()
    assert kit.told(ca)[2:] == [("delta", 0, 1)]


def test_after_ten_attempts_the_clock_gives_up() -> None:
    """Event 67 says so; then nothing is tried until the next list, which has ten again."""
    log: list[tuple[object, ...]] = []
    exit_module = Listener("A", log, ON_CRL)
    lines = ["1:http://www.test/ca.crl"]
    with kit.make_ca(exit_module, lines=lines, CRLDeltaPeriodUnits=0) as ca:
        assert ticks(ca, TEN_MINUTES, 6 * kit.DAY) == {"base": 10}
        assert kit.logged(ca) == [65] * 10 + [67]
        assert "10" in ca.event_log[-1].text
        (row,) = kit.table(ca)
        assert row.number("CRLPublishAttempts") == 10
        assert row.moment("CRLLastPublished") == kit.START + 9 * TEN_MINUTES
        assert len(log) == 10
        kit.advance(ca, kit.DAY)
        assert ticks(ca, TEN_MINUTES, kit.DAY) == {"base": 20}
        assert kit.logged(ca) == ([65] * 10 + [67]) * 2


def test_a_person_may_try_oftener(tmp_path: Path) -> None:
    """Attempts go on counting, and the clock stays out of it; giving up is told once."""
    with kit.make_ca(lines=[f"1:{tmp_path}/late/ca.crl"], CRLDeltaPeriodUnits=0) as ca:
        ca.publish_crls()
        for _ in range(10):
            ca.publish_crls(republish=True)
        assert kit.logged(ca) == [65] * 10 + [67, 65]
        (tmp_path / "late").mkdir()
        kit.advance(ca, kit.HOUR)
        assert ca.tick() == ()
        (base,) = ca.publish_crls(republish=True)
    assert base.status == 0
    assert kit.table(ca)[0].number("CRLPublishAttempts") == 12


def test_what_is_due_comes_before_what_failed() -> None:
    """A new list takes the old one's place, and the old one is not tried any more."""
    with kit.make_ca(lines=["64:http://www.test/ca+.crl"]) as ca:
        ca.tick()
        kit.advance(ca, kit.DAY)
        ca.tick()
        kit.advance(ca, TEN_MINUTES)
        ca.tick()
    assert kit.told(ca)[2:] == [("delta", 0, 2), ("delta", 0, 2)]
