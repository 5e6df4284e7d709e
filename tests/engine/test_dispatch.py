"""Who is told what, when, in which order, and what happens when those who are told fall over."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import attrs
import pytest

from certsim import (
    CCertServerExit,
    CertificationAuthority,
    ComError,
    CRDisposition,
    Fidelity,
    PropType,
    RowDisposition,
)
from certsim._engine.journal import Notification, Transition
from tests.engine import engine_kit as kit
from tests.requests_kit import make_badly_signed_csr, make_csr

Log = list[tuple[object, ...]]


def test_modules_are_told_in_the_order_of_active() -> None:
    """Each event goes from module to module as they are plugged in."""
    log: Log = []
    names = ("C", "A", "B")
    with kit.make_ca(*(kit.Listener(name, log) for name in names)) as ca:
        ca.submit(make_csr())
    assert log == [(name, event) for event in (kit.ISSUED, kit.SHUTDOWN) for name in names]


def test_the_order_follows_active_when_an_administrator_turns_it_round() -> None:
    """The registry value, and not the order of plugging in, says who is first."""
    log: Log = []
    ca = kit.make_ca(kit.Listener("A", log), kit.Listener("B", log))
    ca.set_config(r"ExitModules\Active", ["B.Exit", "A.Exit"])
    with ca:
        ca.submit(make_csr())
    assert log[:2] == [("B", kit.ISSUED), ("A", kit.ISSUED)]


@pytest.mark.parametrize("mask", [0, 0x1, 0x2, 0x4, 0x40, 0x3FF & ~0x1, 0x3FF])
def test_a_module_hears_the_events_of_its_mask_alone(mask: int) -> None:
    """Issue, pend, deny and shutdown: each is heard just when its bit is in the mask."""
    log: Log = []
    verdicts = iter((kit.ISSUE, kit.PEND, kit.REFUSE))
    policy = kit.ScriptedPolicy(lambda _context, _new: next(verdicts))
    with kit.make_ca(kit.Listener("A", log, mask), policy=policy) as ca:
        for _ in range(3):
            ca.submit(make_csr())
    told = (kit.ISSUED, kit.PENDING, kit.DENIED, kit.SHUTDOWN)
    assert log == [("A", event) for event in told if event & mask]


def test_a_row_is_committed_before_modules_are_told() -> None:
    """Inside `Notify`, another thread's retrieve gets the finished certificate."""
    found: list[CRDisposition] = []

    def look(event: int, context: int) -> None:
        if event == kit.ISSUED:
            number = kit.request_id(context)
            found.append(kit.Worker(lambda: ca.retrieve(number)).result().disposition)

    ca = kit.make_ca(kit.Listener("A", [], act=look))
    with ca:
        ca.submit(make_csr())
    assert found == [CRDisposition.ISSUED]


def test_the_client_is_answered_only_after_the_last_module_has_returned() -> None:
    """While a module sits in `Notify`, submit does not return."""
    inside, go = threading.Event(), threading.Event()

    def hold(event: int, _context: int) -> None:
        if event == kit.ISSUED:
            inside.set()
            kit.wait(go)

    with kit.make_ca(kit.Listener("A", [], act=hold)) as ca:
        client = kit.Worker(lambda: ca.submit(make_csr()))
        kit.wait(inside)
        assert client.running
        go.set()
        assert client.result().disposition == CRDisposition.ISSUED


def test_verbs_inside_notify_answer_at_once_and_their_events_follow() -> None:
    """Post and drain: every module hears the outer event before anybody hears the inner one."""
    log: Log = []
    inner: list[CRDisposition] = []

    def again(event: int, context: int) -> None:
        if event == kit.ISSUED and kit.request_id(context) == 1:
            inner.append(ca.submit(make_csr()).disposition)
            ca.resubmit(99)
            log.append(("A", "returns"))

    ca = kit.make_ca(kit.Listener("A", log, 0x1, again), kit.Listener("B", log, 0x1))
    with ca:
        ca.submit(make_csr())
    assert inner == [CRDisposition.ISSUED]
    assert log == [("A", 1), ("A", "returns"), ("B", 1), ("A", 1), ("B", 1)]


def test_all_modules_hear_the_events_of_a_thread_in_one_order() -> None:
    """Two modules that both call verbs from `Notify` hear one and the same sequence."""
    heard: dict[str, list[tuple[int, int]]] = {"A": [], "B": []}
    left = {"A": 3, "B": 3}

    def chatter(name: str) -> Callable[[int, int], None]:
        def act(event: int, context: int) -> None:
            if not context:
                return
            heard[name].append((event, kit.request_id(context)))
            if left[name]:
                left[name] -= 1
                policy.answer = lambda _context, _new: left[name] % 3
                ca.submit(make_csr())

        return act

    policy = kit.ScriptedPolicy()
    modules = [kit.Listener(name, [], act=chatter(name)) for name in heard]
    ca = kit.make_ca(*modules, policy=policy)
    with ca:
        ca.submit(make_csr())
    assert len(heard["A"]) == 7
    assert heard["A"] == heard["B"]
    assert [number for _, number in heard["A"]] == list(range(1, 8))


def test_a_context_shows_the_row_as_it_was_when_the_event_was_fired() -> None:
    """An officer's denial inside `Notify` of pending does not change what the context shows."""
    seen: list[tuple[int, object]] = []

    def deny(event: int, context: int) -> None:
        if not context:
            return
        if event == kit.PENDING:
            ca.deny(kit.request_id(context))
        server = CCertServerExit()
        server.SetContext(context)
        seen.append((event, server.GetRequestProperty("Disposition", PropType.LONG)))

    ca = kit.make_ca(kit.Listener("A", [], act=deny), policy=kit.always(kit.PEND))
    with ca:
        ca.submit(make_csr())
    assert seen == [(kit.PENDING, 9), (kit.DENIED, 31)]


def test_a_verb_inside_verify_request_is_carried_out() -> None:
    """A policy module may submit; the inner request is decided and told before the outer one."""
    log: Log = []

    def nested(context: int, _new: int) -> int:
        if kit.request_id(context) == 1:
            ca.submit(make_csr())
        return kit.ISSUE

    def note(_event: int, context: int) -> None:
        log.append(("request", kit.request_id(context)))

    listener = kit.Listener("A", [], 0x1, note)
    ca = kit.make_ca(listener, policy=kit.ScriptedPolicy(nested))
    with ca:
        outcome = ca.submit(make_csr())
    assert outcome.request_id == 1
    assert log == [("request", 2), ("request", 1)]


class Pywin32Error(Exception):
    """Look like an error that carries its code as `scode`, as pywin32's exceptions do."""

    def __init__(self, scode: int) -> None:
        self.scode = scode
        super().__init__("from pywin32")


class LyingError(Exception):
    """Be an exception whose code is a truth value and whose text cannot be had."""

    hresult = True

    def __str__(self) -> str:
        raise RuntimeError("no text")


class TrappedCodeError(Exception):
    """Be an exception that raises when asked for its code."""

    @property
    def hresult(self) -> int:
        raise RuntimeError("not even that")


class ExitingTextError(Exception):
    """Be an exception whose text ends the interpreter."""

    def __str__(self) -> str:
        raise SystemExit(3)


FAILURES = [
    (ComError(0x80070005, "no"), 46, 0x80070005),
    (ComError(-2147024891, "no"), 46, 0x80070005),
    (ComError(0x80094004), 46, 0x80094004),
    (ComError(0, "a success that was raised"), 46, kit.E_FAIL),
    (Pywin32Error(0x80070057), 46, 0x80070057),
    (Pywin32Error(-2147024809), 46, 0x80070057),
    (ValueError("plain"), 45, kit.E_FAIL),
    (OSError(2, "no such file"), 45, kit.E_FAIL),
    (LyingError(), 45, kit.E_FAIL),
    (SystemExit(1), 45, kit.E_FAIL),
    (GeneratorExit(), 45, kit.E_FAIL),
    (BaseExceptionGroup("several", [SystemExit(1), ValueError("x")]), 45, kit.E_FAIL),
    (RecursionError("too deep"), 45, kit.E_FAIL),
    (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad\nline"), 45, kit.E_FAIL),
    (TrappedCodeError(), 45, kit.E_FAIL),
    (ExitingTextError(), 45, kit.E_FAIL),
]


@pytest.mark.parametrize(
    ("error", "event_id", "code"), FAILURES, ids=lambda value: repr(value)[:40]
)
def test_a_module_that_raises_is_logged_and_stops_nobody(
    error: BaseException, event_id: int, code: int
) -> None:
    """Event 46 for a COM error, 45 for anything else; the next module hears, the outcome stands."""
    log: Log = []
    bad = kit.Listener("Bad", log, 0x1, kit.raising(error))
    with kit.make_ca(bad, kit.Listener("Next", log, 0x1)) as ca:
        outcome = ca.submit(make_csr())
        assert ca.retrieve(outcome.request_id).disposition == CRDisposition.ISSUED
    (entry,) = ca.event_log
    assert outcome.disposition == CRDisposition.ISSUED
    assert log == [("Bad", 1), ("Next", 1)]
    assert (entry.event_id, entry.hresult) == (event_id, kit.signed(code))
    assert (entry.module, entry.method, entry.request_id) == ("Listener Bad", "Notify", 1)
    assert len(str(entry).splitlines()) == 1


def test_a_failure_at_shutdown_is_logged_without_a_request() -> None:
    """SHUTDOWN stands at context 0, so the entry names no request."""
    bad = kit.Listener("Bad", [], kit.SHUTDOWN, kit.raising(ComError(0x80070005)))
    with kit.make_ca(bad) as ca:
        pass
    assert [(entry.event_id, entry.request_id) for entry in ca.event_log] == [(46, None)]


def test_failures_reach_the_logger_of_the_library(caplog: pytest.LogCaptureFixture) -> None:
    """The entry of the event log is also a record of the logger `certsim`."""
    bad = kit.Listener("Bad", [], 0x1, kit.raising(ComError(0x80070005)))
    with caplog.at_level(logging.ERROR, "certsim"), kit.make_ca(bad) as ca:
        ca.submit(make_csr())
    (record,) = [record for record in caplog.records if record.name == "certsim"]
    assert record.getMessage() == str(ca.event_log[0])


def test_a_keyboard_interrupt_gets_out_and_leaves_the_thread_usable() -> None:
    """Ctrl-C in `Notify` ends the submit; the row stands, and later events are heard as ever."""
    log: Log = []
    bad = kit.Listener("Bad", log, 0x1, kit.raising(KeyboardInterrupt()))
    with kit.make_ca(bad, kit.Listener("Next", log, 0x1)) as ca:
        with pytest.raises(KeyboardInterrupt):
            ca.submit(make_csr())
        assert ca.retrieve(1).disposition == CRDisposition.ISSUED
        bad.act = lambda _event, _context: None
        assert ca.submit(make_csr()).request_id == 2
    assert log == [("Bad", 1), ("Bad", 1), ("Next", 1)]
    assert ca.event_log == ()


def test_a_keyboard_interrupt_in_policy_leaves_no_row_and_no_claim() -> None:
    """A submit that was broken off has no row; a resubmit that was leaves the row as it was."""
    policy = kit.always(kit.PEND)
    with kit.make_ca(policy=policy) as ca:
        ca.submit(make_csr())
        before = kit.rows(ca)
        policy.answer = kit.raising(KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            ca.submit(make_csr())
        with pytest.raises(KeyboardInterrupt):
            ca.resubmit(1)
        assert kit.rows(ca) == before
        ca.deny(1)
        with pytest.raises(ComError) as caught:
            ca.deny(2)
    assert caught.value.hresult == kit.signed(kit.PROPERTY_EMPTY)


def test_contexts_die_after_the_event_and_numbers_are_never_used_again() -> None:
    """One number for all modules of one event, a new one for each event, stale afterwards."""
    contexts: list[int] = []

    def note(_event: int, context: int) -> None:
        contexts.append(context)

    two = [kit.Listener(name, [], 0x1, note) for name in "AB"]
    with kit.make_ca(*two) as ca:
        for _ in range(3):
            ca.submit(make_csr())
    first, second = contexts[::2], contexts[1::2]
    assert first == second
    assert len({*first}) == 3
    assert 0 not in first
    for context in first:
        with pytest.raises(ComError) as caught:
            CCertServerExit().SetContext(context)
        assert caught.value.hresult == kit.signed(kit.E_INVALIDARG)


def test_a_context_lives_until_the_last_module_has_heard() -> None:
    """A module that keeps its context may use it while the next one is being told."""
    kept: list[int] = []
    seen: list[int] = []
    keeper = kit.Listener("A", [], 0x1, lambda _event, context: kept.append(context))
    reader = kit.Listener("B", [], 0x1, lambda *_: seen.append(kit.request_id(kept[0])))
    with kit.make_ca(keeper, reader) as ca:
        ca.submit(make_csr())
    assert seen == [1]


def test_shutdown_has_context_zero_and_comes_before_policy_shuts_down() -> None:
    """Exit modules hear SHUTDOWN first, then the policy module's `ShutDown` is called."""
    log: Log = []
    contexts: list[int] = []
    listener = kit.Listener("A", log, kit.SHUTDOWN, lambda _e, context: contexts.append(context))
    policy = kit.ScriptedPolicy(log=log)
    with kit.make_ca(listener, policy=policy):
        pass
    assert log == [("policy", "Initialize"), ("A", kit.SHUTDOWN), ("policy", "ShutDown")]
    assert contexts == [0]


@pytest.mark.parametrize(
    ("error", "event_id"), [(ComError(0x80070005), 44), (ValueError("x"), 43), (SystemExit(), 43)]
)
def test_a_policy_module_that_fails_to_shut_down_is_logged(
    error: BaseException, event_id: int
) -> None:
    """The CA is stopped all the same, and can be started again."""

    class Stubborn(kit.ScriptedPolicy):
        def ShutDown(self) -> None:
            raise error

    ca = kit.make_ca(policy=Stubborn())
    with ca:
        pass
    assert not ca.running
    assert [(e.event_id, e.method) for e in ca.event_log] == [(event_id, "ShutDown")]
    with ca:
        assert ca.submit(make_csr()).disposition == CRDisposition.ISSUED


@pytest.mark.parametrize("wanted", [False, True])
def test_startup_is_heard_only_when_asked_for(*, wanted: bool) -> None:
    """STARTUP reaches modules with `Fidelity(startup=True)` alone, at context 0."""
    log: Log = []
    contexts: list[int] = []
    listener = kit.Listener("A", log, kit.STARTUP, lambda _e, context: contexts.append(context))
    with kit.make_ca(listener, fidelity=Fidelity(startup=wanted)):
        pass
    assert log == [("A", kit.STARTUP)] * wanted
    assert contexts == [0] * wanted


@pytest.mark.parametrize("told", [False, True])
def test_failed_requests_are_told_as_denied_unless_switched_off(*, told: bool) -> None:
    """`denied_when_failed` silences unreadable requests and no others."""
    log: Log = []
    fidelity = Fidelity(denied_when_failed=told)
    policy = kit.always(kit.REFUSE)
    with kit.make_ca(kit.Listener("A", log, kit.DENIED), policy=policy, fidelity=fidelity) as ca:
        failed = ca.submit(make_badly_signed_csr())
        assert log == [("A", kit.DENIED)] * told
        ca.submit(make_csr())
    assert failed.disposition == CRDisposition.ERROR
    assert log == [("A", kit.DENIED)] * (1 + told)


@pytest.mark.parametrize("told", [False, True])
def test_retrievals_of_once_pending_requests_are_told_unless_switched_off(*, told: bool) -> None:
    """`retrieve_pending` decides on CERTRETRIEVEPENDING, which comes at each such retrieval."""
    log: Log = []
    fidelity = Fidelity(retrieve_pending=told)
    policy = kit.always(kit.PEND)
    with kit.make_ca(kit.Listener("A", log, kit.RETRIEVED), policy=policy, fidelity=fidelity) as ca:
        ca.submit(make_csr())
        ca.retrieve(1)
        policy.answer = lambda _context, _new: kit.ISSUE
        outcome = ca.resubmit(1)
        ca.retrieve(1)
        ca.retrieve(serial_number=outcome.serial_number)
    assert log == [("A", kit.RETRIEVED)] * (2 * told)


@attrs.frozen
class Ruling:
    """Be a policy module's answer, and what has to become of the request.

    Source: docs/rulings.md (Verdicts).
    """

    answer: Callable[..., object]
    disposition: CRDisposition
    status: int
    message: str
    event: int
    logged: int | None = None


def returns(value: object) -> Callable[..., object]:
    """Return a callable that answers *value*."""
    return lambda *_: value


D, _DENIED = CRDisposition.DENIED, "Denied by Policy Module"
RULINGS = [
    Ruling(returns(0), CRDisposition.UNDER_SUBMISSION, 0, "Taken Under Submission", kit.PENDING),
    Ruling(returns(1), CRDisposition.ISSUED, 0, "Issued", kit.ISSUED),
    Ruling(returns(2), D, kit.ADMIN_DENIED, _DENIED, kit.DENIED),
    Ruling(returns(-2146877418), D, 0x80094016, _DENIED, kit.DENIED),
    Ruling(returns(0x80094016), D, 0x80094016, _DENIED, kit.DENIED),
    Ruling(returns(3), D, kit.E_FAIL, _DENIED, kit.DENIED, 44),
    Ruling(returns(2**31 - 1), D, kit.E_FAIL, _DENIED, kit.DENIED, 44),
    Ruling(returns(None), D, kit.E_FAIL, _DENIED, kit.DENIED, 44),
    Ruling(returns("1"), D, kit.E_FAIL, _DENIED, kit.DENIED, 44),
    Ruling(returns(value=True), D, kit.E_FAIL, _DENIED, kit.DENIED, 44),
    Ruling(returns(1.0), D, kit.E_FAIL, _DENIED, kit.DENIED, 44),
    Ruling(
        kit.raising(ComError(0x80070005, "keep out")), D, 0x80070005,
        f"{_DENIED}  keep out", kit.DENIED, 44,
    ),
    Ruling(kit.raising(Pywin32Error(0x80094009)), D, 0x80094009,
           f"{_DENIED}  from pywin32", kit.DENIED, 44),
    Ruling(kit.raising(ComError(87, "a Win32 code")), D, 87,
           f"{_DENIED}  a Win32 code", kit.DENIED, 44),
    Ruling(kit.raising(ValueError("oops")), D, kit.E_FAIL, _DENIED, kit.DENIED, 43),
    Ruling(kit.raising(SystemExit("bye")), D, kit.E_FAIL, _DENIED, kit.DENIED, 43),
]  # fmt: skip


@pytest.mark.parametrize("ruling", RULINGS)
def test_a_verdict_is_judged_as_ruled(ruling: Ruling) -> None:
    """Status, message, disposition, event and event-log id of each thing policy may say."""
    log: Log = []
    policy = kit.ScriptedPolicy(ruling.answer)
    with kit.make_ca(kit.Listener("A", log, 0x3F), policy=policy) as ca:
        outcome = ca.submit(make_csr())
        assert ca.retrieve(1).disposition == ruling.disposition
    assert (outcome.disposition, outcome.status) == (ruling.disposition, kit.signed(ruling.status))
    assert outcome.message.startswith(ruling.message)
    assert log == [("A", ruling.event)]
    logged = [(e.event_id, e.module, e.method, e.hresult, e.request_id) for e in ca.event_log]
    entry = (ruling.logged, "Scripted policy", "VerifyRequest", kit.signed(ruling.status), 1)
    assert logged == ([entry] if ruling.logged else [])


def test_the_lock_is_not_held_while_policy_decides() -> None:
    """Two clients meet inside the policy module: each waits there for the other."""
    meeting = threading.Barrier(2)

    def meet(_context: int, _new: int) -> int:
        meeting.wait(kit.PATIENCE)
        return kit.ISSUE

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
            return kit.PEND
        inside.set()
        kit.wait(go)
        return kit.ISSUE

    with kit.make_ca(policy=kit.ScriptedPolicy(hold)) as ca:
        ca.submit(make_csr())
        officer = kit.Worker(lambda: ca.resubmit(1))
        kit.wait(inside)
        with pytest.raises(ComError) as caught:
            ca.deny(1)
        second = ca.resubmit(1)
        go.set()
        assert officer.result().disposition == CRDisposition.ISSUED
    assert caught.value.hresult == second.status == kit.signed(kit.BAD_REQUESTSTATUS)


def test_stop_waits_for_running_verbs_and_lets_no_new_one_in() -> None:
    """A stop that finds a submit inside returns after it, and SHUTDOWN is heard last."""
    log: Log = []
    inside, go = threading.Event(), threading.Event()

    def hold(_context: int, _new: int) -> int:
        inside.set()
        kit.wait(go)
        return kit.ISSUE

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
    assert caught.value.hresult == kit.signed(kit.SERVER_UNAVAILABLE)
    assert log == [("A", kit.ISSUED), ("A", kit.SHUTDOWN)]


def test_a_verb_inside_a_running_verb_is_let_in_while_the_service_stops() -> None:
    """A module's own verb is part of the verb that the stop waits for."""
    inside, go = threading.Event(), threading.Event()
    inner: list[CRDisposition] = []

    def act(event: int, context: int) -> None:
        if event == kit.ISSUED:
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
        return kit.ISSUE

    listener = kit.Listener("A", [], act=halt if place == "Notify" else returns(None))  # type: ignore[arg-type]
    policy = kit.ScriptedPolicy(halt if place == "VerifyRequest" else returns(kit.ISSUE))
    ca = kit.make_ca(listener, policy=policy)
    with ca:
        kit.Worker(lambda: ca.submit(make_csr())).result()
        assert ca.running
    assert codes == [kit.signed(kit.E_UNEXPECTED)]


@pytest.mark.parametrize("verb", ["stop", "start"])
def test_switching_from_inside_a_verb_while_another_thread_stops_is_no_deadlock(
    verb: str,
) -> None:
    """A module that stops or starts the CA, while a stop waits for it, is answered."""
    inside, go, asked = threading.Event(), threading.Event(), threading.Event()

    def halt(event: int, _context: int) -> None:
        if event == kit.ISSUED:
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


@pytest.mark.parametrize("event", [kit.SHUTDOWN, kit.STARTUP])
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
    assert log == [("A", kit.STARTUP), ("A", kit.SHUTDOWN)]
    assert [entry.event_id for entry in ca.event_log] == [46] * (event == kit.STARTUP)


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
    ca = kit.make_ca(policy=kit.always(kit.PEND))
    if started:
        with ca:
            ca.submit(make_csr())
    before = (ca.journal, kit.rows(ca))
    with pytest.raises(ComError) as caught:
        STOPPED_VERBS[verb](ca)
    assert caught.value.hresult == kit.signed(kit.SERVER_UNAVAILABLE)
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
    ca = kit.make_ca(kit.Listener("A", log, kit.SHUTDOWN), policy=policy)
    for number in (1, 2):
        ca.start()
        ca.start()
        assert ca.submit(make_csr()).request_id == number
        ca.stop()
        ca.stop()
    once = [("policy", "Initialize"), ("A", kit.SHUTDOWN), ("policy", "ShutDown")]
    assert log == once * 2


def test_verbs_inside_shutdown_find_the_service_closed() -> None:
    """By the time SHUTDOWN is told no verb is let in any more."""
    codes: list[int] = []

    def ask(_event: int, _context: int) -> None:
        with pytest.raises(ComError) as caught:
            ca.submit(make_csr())
        codes.append(caught.value.hresult)

    ca = kit.make_ca(kit.Listener("A", [], kit.SHUTDOWN, ask))
    with ca:
        pass
    assert codes == [kit.signed(kit.SERVER_UNAVAILABLE)]


def test_two_authorities_in_one_process_do_not_hear_each_other() -> None:
    """Each CA's modules hear its own events; rows and journals are its own too."""
    first: Log = []
    second: Log = []
    with (
        kit.make_ca(kit.Listener("A", first, 0x3F)) as one,
        kit.make_ca(kit.Listener("B", second, 0x3F), policy=kit.always(kit.REFUSE)) as two,
    ):
        one.submit(make_csr())
        two.submit(make_csr())
        two.submit(make_csr())
    assert first == [("A", kit.ISSUED)]
    assert second == [("B", kit.DENIED)] * 2
    assert (len(kit.rows(one)), len(kit.rows(two))) == (1, 2)


def test_a_module_of_one_authority_may_call_another_one() -> None:
    """The other CA's event is told at once, its queue being its own, under its own context."""
    log: Log = []

    def forward(_event: int, context: int) -> None:
        before = kit.request_id(context)
        two.submit(make_csr())
        log.append(("first", before == kit.request_id(context)))

    two = kit.make_ca(kit.Listener("B", log, 0x1))
    with two, kit.make_ca(kit.Listener("A", log, 0x1, forward)) as one:
        one.submit(make_csr())
    assert log == [("A", 1), ("B", 1), ("first", True)]


def test_the_journal_tells_commit_before_notification() -> None:
    """The order of the entries is the order of the law: committed, then told, module by module."""
    with kit.make_ca(kit.Listener("A", [], 0x1), kit.Listener("B", [], 0x1)) as ca:
        ca.submit(make_csr())
        told = [e for e in ca.journal if isinstance(e, Transition | Notification)]
    assert isinstance(told[0], Transition)
    assert told[0].after == RowDisposition.ISSUED
    assert [e.module for e in told[1:] if isinstance(e, Notification)] == ["A.Exit", "B.Exit"]


def test_a_keyboard_interrupt_at_shutdown_still_ends_in_a_stopped_ca() -> None:
    """Ctrl-C while SHUTDOWN is told gets out; the CA is stopped and starts again."""
    interrupts: list[BaseException] = [KeyboardInterrupt()]

    def press(_event: int, _context: int) -> None:
        if interrupts:
            raise interrupts.pop()

    ca = kit.make_ca(kit.Listener("A", [], kit.SHUTDOWN, press))
    ca.start()
    with pytest.raises(KeyboardInterrupt):
        ca.stop()
    assert not ca.running
    with ca:
        assert ca.submit(make_csr()).disposition == CRDisposition.ISSUED
