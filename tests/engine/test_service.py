"""Many threads at the verbs, and the service around them: start, stop, and what waits for what."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from certsim import CertificationAuthority, ComError, CRDisposition, Fidelity
from tests.codes import (
    CERTSRV_E_BAD_REQUESTSTATUS,
    E_UNEXPECTED,
    ISSUE,
    ON_ISSUED,
    ON_SHUTDOWN,
    ON_STARTUP,
    PEND,
    RPC_S_SERVER_UNAVAILABLE,
    signed,
)
from tests.engine import engine_kit as kit
from tests.requests_kit import make_csr

Log = list[tuple[object, ...]]


def returns(value: object) -> Callable[..., object]:
    """Return a callable that answers *value*."""
    return lambda *_: value


def test_the_lock_is_not_held_while_policy_decides() -> None:
    """Two clients meet inside the policy module: each waits there for the other."""
    meeting = threading.Barrier(2)

    def meet(_context: int, _new: int) -> int:
        meeting.wait(kit.PATIENCE)
        return ISSUE

    with kit.make_ca(policy=kit.ScriptedPolicy(meet)) as ca:
        clients = [kit.Worker(lambda: ca.submit(make_csr())) for _ in range(2)]
        outcomes = [client.result() for client in clients]
    assert {outcome.request_id for outcome in outcomes} == {1, 2}
    assert {outcome.disposition for outcome in outcomes} == {CRDisposition.ISSUED}
    assert len({outcome.serial_number for outcome in outcomes}) == 2


def test_the_lock_is_not_held_while_modules_are_told() -> None:
    """Two clients meet inside one exit module, whose `Notify` so overlaps with itself."""
    meeting = threading.Barrier(2)

    def meet(_event: int, _context: int) -> None:
        meeting.wait(kit.PATIENCE)

    with kit.make_ca(kit.Listener("A", [], 0x1, meet)) as ca:
        clients = [kit.Worker(lambda: ca.submit(make_csr())) for _ in range(2)]
        assert {client.result().request_id for client in clients} == {1, 2}
    assert ca.event_log == ()


def test_many_threads_lose_no_event_and_share_no_id() -> None:
    """Eight clients at once: each id once, each request heard once, no serial twice."""
    heard: list[int] = []
    listener = kit.Listener("A", [], 0x1, lambda _e, context: heard.append(kit.request_id(context)))

    with kit.make_ca(listener) as ca:
        clients = [kit.Worker(lambda: [ca.submit(make_csr()) for _ in range(10)]) for _ in range(8)]
        outcomes = [outcome for client in clients for outcome in client.result()]
    assert sorted(outcome.request_id for outcome in outcomes) == list(range(1, 81))
    assert sorted(heard) == list(range(1, 81))
    assert len({outcome.serial_number for outcome in outcomes}) == 80


def test_of_two_officers_one_decides() -> None:
    """While one resubmit is being decided on another thread, a denial is refused."""
    inside, go = threading.Event(), threading.Event()

    def hold(_context: int, new: int) -> int:
        if new:
            return PEND
        inside.set()
        kit.wait(go)
        return ISSUE

    with kit.make_ca(policy=kit.ScriptedPolicy(hold)) as ca:
        ca.submit(make_csr())
        officer = kit.Worker(lambda: ca.resubmit(1))
        kit.wait(inside)
        with pytest.raises(ComError) as caught:
            ca.deny(1)
        second = ca.resubmit(1)
        go.set()
        assert officer.result().disposition == CRDisposition.ISSUED
    assert caught.value.hresult == second.status == signed(CERTSRV_E_BAD_REQUESTSTATUS)


def test_stop_waits_for_running_verbs_and_lets_no_new_one_in() -> None:
    """A stop that finds a submit inside returns after it, and SHUTDOWN is heard last."""
    log: Log = []
    inside, go = threading.Event(), threading.Event()

    def hold(_context: int, _new: int) -> int:
        inside.set()
        kit.wait(go)
        return ISSUE

    ca = kit.make_ca(kit.Listener("A", log), policy=kit.ScriptedPolicy(hold))
    ca.start()
    client = kit.Worker(lambda: ca.submit(make_csr()))
    kit.wait(inside)
    stopping = kit.Worker(ca.stop)
    kit.until_closed(ca)
    with pytest.raises(ComError) as caught:
        ca.retrieve(1)
    assert stopping.running
    assert log == []
    go.set()
    assert client.result().disposition == CRDisposition.ISSUED
    stopping.result()
    assert caught.value.hresult == signed(RPC_S_SERVER_UNAVAILABLE)
    assert log == [("A", ON_ISSUED), ("A", ON_SHUTDOWN)]


def test_a_verb_inside_a_running_verb_is_let_in_while_the_service_stops() -> None:
    """A module's own verb is part of the verb that the stop waits for."""
    inside, go = threading.Event(), threading.Event()
    inner: list[CRDisposition] = []

    def act(event: int, context: int) -> None:
        if event == ON_ISSUED:
            inside.set()
            kit.wait(go)
            inner.append(ca.retrieve(kit.request_id(context)).disposition)

    ca = kit.make_ca(kit.Listener("A", [], act=act))
    ca.start()
    client = kit.Worker(lambda: ca.submit(make_csr()))
    kit.wait(inside)
    stopping = kit.Worker(ca.stop)
    kit.until_closed(ca)
    go.set()
    client.result()
    stopping.result()
    assert inner == [CRDisposition.ISSUED]


@pytest.mark.parametrize("place", ["Notify", "VerifyRequest"])
def test_stopping_from_inside_a_call_is_refused(place: str) -> None:
    """A module that stops the CA inside a verb gets E_UNEXPECTED, and the CA runs on."""
    codes: list[int] = []

    def halt(*_arguments: int) -> int:
        if ca.running:
            with pytest.raises(ComError) as caught:
                ca.stop()
            codes.append(caught.value.hresult)
        return ISSUE

    listener = kit.Listener("A", [], act=halt if place == "Notify" else returns(None))  # type: ignore[arg-type]
    policy = kit.ScriptedPolicy(halt if place == "VerifyRequest" else returns(ISSUE))
    ca = kit.make_ca(listener, policy=policy)
    with ca:
        kit.Worker(lambda: ca.submit(make_csr())).result()
        assert ca.running
    assert codes == [signed(E_UNEXPECTED)]


@pytest.mark.parametrize("verb", ["stop", "start"])
def test_switching_from_inside_a_verb_while_another_thread_stops_is_no_deadlock(
    verb: str,
) -> None:
    """A module that stops or starts the CA, while a stop waits for it, is answered."""
    inside, go, asked = threading.Event(), threading.Event(), threading.Event()

    def halt(event: int, _context: int) -> None:
        if event == ON_ISSUED:
            inside.set()
            kit.wait(go)
            try:
                getattr(ca, verb)()
            finally:
                asked.set()

    ca = kit.make_ca(kit.Listener("A", [], act=halt))
    ca.start()
    client = kit.Worker(lambda: ca.submit(make_csr()))
    kit.wait(inside)
    stopping = kit.Worker(ca.stop)
    kit.until_closed(ca)
    go.set()
    answered = asked.wait(1)
    if not answered:
        ca._service._withdraw()  # what hangs must not answer at context 0 in other tests
    assert answered, "the module waits for a stop that waits for the module"
    client.result()
    stopping.result()


@pytest.mark.parametrize("event", [ON_SHUTDOWN, ON_STARTUP])
def test_stopping_inside_startup_or_shutdown_leaves_the_service_in_order(event: int) -> None:
    """Nobody hears SHUTDOWN twice, and the CA starts and stops again as if nothing had been."""
    log: Log = []

    def halt(heard: int, _context: int) -> None:
        if heard == event:
            ca.stop()

    ca = kit.make_ca(kit.Listener("A", log, act=halt), fidelity=Fidelity(startup=True))
    ca.start()
    ca.stop()
    assert not ca.running
    assert log == [("A", ON_STARTUP), ("A", ON_SHUTDOWN)]
    assert [entry.event_id for entry in ca.event_log] == [46] * (event == ON_STARTUP)


STOPPED_VERBS: dict[str, Callable[[CertificationAuthority], object]] = {
    "submit": lambda ca: ca.submit(make_csr()),
    "resubmit": lambda ca: ca.resubmit(1),
    "deny": lambda ca: ca.deny(1),
    "set_request_attributes": lambda ca: ca.set_request_attributes(1, "A:b"),
    "set_certificate_extension": lambda ca: ca.set_certificate_extension(1, "1.2.3.4", 1),
    "retrieve": lambda ca: ca.retrieve(1),
    "retrieve nonsense": lambda ca: ca.retrieve(),
    "submit too much": lambda ca: ca.submit(b"\x30" * 200_000),
}


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("verb", STOPPED_VERBS)
def test_verbs_on_a_stopped_ca_are_refused(verb: str, *, started: bool) -> None:
    """RPC_S_SERVER_UNAVAILABLE before the first start and after a stop; nothing is journaled."""
    ca = kit.make_ca(policy=kit.always(PEND))
    if started:
        with ca:
            ca.submit(make_csr())
    before = (ca.journal, kit.rows(ca))
    with pytest.raises(ComError) as caught:
        STOPPED_VERBS[verb](ca)
    assert caught.value.hresult == signed(RPC_S_SERVER_UNAVAILABLE)
    assert (ca.journal, kit.rows(ca)) == before


def test_reading_works_on_a_stopped_ca() -> None:
    """Certificate, journal, event log and configuration need no running service."""
    ca = kit.make_ca()
    assert ca.certificate.subject == ca.certificate.issuer
    assert (ca.journal, ca.event_log) == ((), ())
    assert ca.get_config(r"ca\CommonName") is not None or ca.name == "Test CA"


def test_start_and_stop_may_be_repeated() -> None:
    """A second start or stop does nothing; rows live on, and ids go on rising."""
    log: Log = []
    policy = kit.ScriptedPolicy(log=log)
    ca = kit.make_ca(kit.Listener("A", log, ON_SHUTDOWN), policy=policy)
    for number in (1, 2):
        ca.start()
        ca.start()
        assert ca.submit(make_csr()).request_id == number
        ca.stop()
        ca.stop()
    once = [("policy", "Initialize"), ("A", ON_SHUTDOWN), ("policy", "ShutDown")]
    assert log == once * 2


def test_verbs_inside_shutdown_find_the_service_closed() -> None:
    """By the time SHUTDOWN is told no verb is let in any more."""
    codes: list[int] = []

    def ask(_event: int, _context: int) -> None:
        with pytest.raises(ComError) as caught:
            ca.submit(make_csr())
        codes.append(caught.value.hresult)

    ca = kit.make_ca(kit.Listener("A", [], ON_SHUTDOWN, ask))
    with ca:
        pass
    assert codes == [signed(RPC_S_SERVER_UNAVAILABLE)]
