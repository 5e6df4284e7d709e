"""Somebody at the keyboard: an interrupted verb gives its row back, an interrupted stop can end.

Interruptions come from fixed places here, a module, the shelf, a clock or a wait, so that every
run is interrupted alike.
Source: docs/rulings.md (Events; Modules; Requests).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import attrs
import pytest

from certsim import CertificationAuthority, CRDisposition, Sources
from certsim._engine import door
from certsim.database.rows import Row
from tests.codes import (
    CERTSRV_E_PROPERTY_EMPTY,
    DENY,
    ISSUE,
    ON_ISSUED,
    ON_RETRIEVED,
    ON_SHUTDOWN,
    PEND,
    refused,
)
from tests.engine import engine_kit as kit
from tests.engine import values_kit
from tests.requests_kit import make_csr

LONGEST = 100
"""Readings of clock, stopwatch and chance that one verb may take; it takes far fewer."""


@pytest.fixture
def ca() -> Iterator[CertificationAuthority]:
    """Return a running CA with one pending request, which a resubmit issues."""
    policy = kit.ScriptedPolicy(lambda _context, new: PEND if new else ISSUE)
    with kit.make_ca(policy=policy) as running:
        running.submit(make_csr())
        yield running


def interrupt(*_arguments: object) -> None:
    """Be Ctrl-C."""
    raise KeyboardInterrupt


def resubmit(ca: CertificationAuthority) -> CRDisposition:
    """Have the first request decided again."""
    return ca.resubmit(1).disposition


def deny(ca: CertificationAuthority) -> CRDisposition:
    """Refuse the first request and return what a client is told."""
    ca.deny(1)
    return ca.retrieve(1).disposition


NEXT = [(resubmit, CRDisposition.ISSUED), (deny, CRDisposition.DENIED)]
Verb = Callable[[CertificationAuthority], CRDisposition]


# Rows


@pytest.mark.parametrize(("verb", "answer"), NEXT)
def test_a_resubmit_interrupted_while_it_commits_gives_the_row_back(
    ca: CertificationAuthority,
    monkeypatch: pytest.MonkeyPatch,
    verb: Verb,
    answer: CRDisposition,
) -> None:
    """The row is as it was, and the next verb finds it free."""
    before = kit.rows(ca)
    with monkeypatch.context() as patch:
        patch.setattr(ca._state.shelf, "commit", interrupt)
        with pytest.raises(KeyboardInterrupt):
            ca.resubmit(1)
    assert kit.rows(ca) == before
    assert verb(ca) == answer


def test_a_submit_interrupted_before_it_commits_leaves_no_row(
    ca: CertificationAuthority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody finds the request, it is not being worked on either, and its id is lost."""
    with monkeypatch.context() as patch:
        patch.setattr(ca._state.shelf, "commit", interrupt)
        with pytest.raises(KeyboardInterrupt):
            ca.submit(make_csr())
    with refused(CERTSRV_E_PROPERTY_EMPTY):
        ca.deny(2)
    assert ca.submit(make_csr()).request_id == 3


@pytest.mark.parametrize(("verb", "answer"), NEXT)
def test_a_submit_interrupted_after_it_commits_leaves_a_free_row(
    monkeypatch: pytest.MonkeyPatch, verb: Verb, answer: CRDisposition
) -> None:
    """A row that is on the shelf already can be decided by an officer."""
    policy = kit.ScriptedPolicy(lambda _context, new: PEND if new else ISSUE)
    with kit.make_ca(policy=policy) as ca:
        commit = ca._state.shelf.commit

        def late(row: Row, standing: Row | None) -> None:
            commit(row, standing)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(ca._state.shelf, "commit", late)
            with pytest.raises(KeyboardInterrupt):
                ca.submit(make_csr())
        assert verb(ca) == answer


@pytest.mark.parametrize(("verb", "answer"), NEXT)
def test_an_interrupted_policy_module_gives_the_row_back(verb: Verb, answer: CRDisposition) -> None:
    """Ctrl-C inside `VerifyRequest` decides nothing."""
    answers = iter([PEND, None, ISSUE])

    def decide(_context: int, _new: int) -> object:
        found = next(answers)
        return interrupt() if found is None else found

    with kit.make_ca(policy=kit.ScriptedPolicy(decide)) as ca:
        ca.submit(make_csr())
        with pytest.raises(KeyboardInterrupt):
            ca.resubmit(1)
        assert verb(ca) == answer


@attrs.define
class Fuse:
    """Interrupt at the reading that *left* counts down to; 0 never does."""

    left: int = 0

    def burn(self) -> None:
        """Count one reading."""
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def fused(fuse: Fuse) -> Sources:
    """Return seeded sources each of whose readings burns the fuse."""
    calm = Sources.seeded(1)

    class Clock:
        def now(self) -> object:
            fuse.burn()
            return calm.clock.now()

    def stopwatch() -> int:
        fuse.burn()
        return calm.stopwatch()

    def random_bytes(count: int) -> bytes:
        fuse.burn()
        return calm.random_bytes(count)

    return Sources(Clock(), stopwatch, random_bytes, calm.make_key, repeatable=True)  # type: ignore[arg-type]


def moments(call: Callable[[], object], fuse: Fuse) -> Iterator[int]:
    """Interrupt *call* at its first reading, its second, and so on until it comes through."""
    for moment in range(1, LONGEST):
        fuse.left = moment
        try:
            call()
        except KeyboardInterrupt:
            yield moment
        else:
            fuse.left = 0
            return
    raise AssertionError("the call never came through")


def test_whenever_a_resubmit_is_interrupted_the_row_is_free() -> None:
    """At each reading of clock, stopwatch or chance, the claim is gone and nobody is shut out."""
    fuse = Fuse()
    with kit.make_ca(policy=kit.always(PEND), sources=fused(fuse)) as ca:
        ca.submit(make_csr())
        interrupted = 0
        for interrupted in moments(lambda: ca.resubmit(1), fuse):
            ca.set_request_attributes(1, f"Moment:{interrupted}")
        assert interrupted > 1
        assert kit.rows(ca)[0].attributes[0].value == str(interrupted)


def test_an_interruption_on_the_way_to_the_door_gives_the_row_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between policy's word and the commit nothing has been decided yet."""
    policy = kit.ScriptedPolicy(lambda _context, new: PEND if new else ISSUE)
    with kit.make_ca(policy=policy) as ca:
        ca.submit(make_csr())
        with monkeypatch.context() as patch:
            patch.setattr(door.Door, "apply", lambda *_, **__: interrupt())
            with pytest.raises(KeyboardInterrupt):
                ca.resubmit(1)
            with pytest.raises(KeyboardInterrupt):
                ca.submit(make_csr())
        assert ca.resubmit(1).disposition == CRDisposition.ISSUED
        with refused(CERTSRV_E_PROPERTY_EMPTY):
            ca.deny(2)


@pytest.mark.parametrize("verdict", [PEND, ISSUE, DENY])
def test_whenever_a_submit_is_interrupted_its_id_is_free(verdict: int) -> None:
    """No id stays claimed: a denial finds no row, or one whose state it may or may not change."""
    fuse = Fuse()
    with kit.make_ca(policy=kit.always(verdict), sources=fused(fuse)) as ca:
        assert [*moments(lambda: ca.submit(make_csr()), fuse)] != []
        last = kit.rows(ca)[-1].request_id
        answers = [values_kit.attempt(ca.resubmit, number) for number in range(1, last + 1)]
    assert [found for found in answers if "being worked on" in str(found)] == []


def test_an_interrupted_listener_does_not_take_the_row_along() -> None:
    """What was committed before the event stays, and the next event is heard."""
    log: list[tuple[object, ...]] = []
    policy = kit.ScriptedPolicy(lambda _context, new: PEND if new else ISSUE)
    listener = kit.Listener("A", log, ON_ISSUED | ON_RETRIEVED, interrupt)
    with kit.make_ca(listener, policy=policy) as ca:
        ca.submit(make_csr())
        with pytest.raises(KeyboardInterrupt):
            ca.resubmit(1)
        with pytest.raises(KeyboardInterrupt):
            ca.retrieve(1)
    assert log == [("A", ON_ISSUED), ("A", ON_RETRIEVED)]
    assert [row.disposition for row in kit.rows(ca)] == [20]


# The service


@attrs.define
class Ending(kit.ScriptedPolicy):
    """Be a policy module whose `ShutDown` may be interrupted once."""

    interrupts: int = 0

    def ShutDown(self) -> None:
        """Note the call, then do as told."""
        self.log.append(("policy", "ShutDown"))
        self.interrupts -= 1
        if self.interrupts == 0:
            raise KeyboardInterrupt


def test_an_interrupted_module_does_not_keep_policy_from_its_end() -> None:
    """Ctrl-C inside SHUTDOWN still lets policy go, and the CA is stopped and starts again."""
    log: list[tuple[object, ...]] = []
    interrupts = iter([True, False])

    def once(_event: int, _context: int) -> None:
        if next(interrupts):
            raise KeyboardInterrupt

    policy = kit.ScriptedPolicy(log=log)
    ca = kit.make_ca(kit.Listener("A", log, ON_SHUTDOWN, once), policy=policy)
    ca.start()
    with pytest.raises(KeyboardInterrupt):
        ca.stop()
    one_life = [("policy", "Initialize"), ("A", ON_SHUTDOWN), ("policy", "ShutDown")]
    assert log == one_life
    assert not ca.running
    with ca:
        assert ca.submit(make_csr()).disposition == CRDisposition.ISSUED
    assert log == [*one_life, *one_life]


def test_an_interrupted_policy_module_is_stopped_all_the_same() -> None:
    """Ctrl-C inside `ShutDown` leaves a stopped CA, which starts again."""
    policy = Ending(interrupts=1)
    ca = kit.make_ca(policy=policy)
    ca.start()
    with pytest.raises(KeyboardInterrupt):
        ca.stop()
    assert not ca.running
    with ca:
        assert ca.submit(make_csr()).disposition == CRDisposition.ISSUED
    assert policy.log == [("policy", "Initialize"), ("policy", "ShutDown")] * 2


def test_an_interrupted_stop_can_be_taken_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a verb is waited for; a second stop ends the service and tells of it."""
    inside, go = threading.Event(), threading.Event()
    log: list[tuple[object, ...]] = []

    def hold(_context: int, _new: int) -> int:
        inside.set()
        kit.wait(go)
        return ISSUE

    policy = kit.ScriptedPolicy(hold, log)
    ca = kit.make_ca(kit.Listener("A", log, ON_SHUTDOWN), policy=policy)
    ca.start()
    client = kit.Worker(lambda: ca.submit(make_csr()))
    kit.wait(inside)
    stopping, patient = threading.current_thread(), threading.Condition.wait

    def impatient(condition: threading.Condition, timeout: float | None = None) -> bool:
        """Interrupt whoever stops the CA; events wait through conditions too."""
        if threading.current_thread() is stopping:
            raise KeyboardInterrupt
        return patient(condition, timeout)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Condition, "wait", impatient)
        with pytest.raises(KeyboardInterrupt):
            ca.stop()
    go.set()
    assert client.result().disposition == CRDisposition.ISSUED
    ca.stop()
    assert not ca.running
    one_life = [("policy", "Initialize"), ("A", ON_SHUTDOWN), ("policy", "ShutDown")]
    assert log == one_life
    with ca:
        assert ca.submit(make_csr()).disposition == CRDisposition.ISSUED
    assert log == [*one_life, *one_life]
