"""Who is told what, when, and in which order."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from certsim import CCertServerExit, ComError, CRDisposition, Fidelity, PropType, RowDisposition
from certsim._engine.journal import Notification, Transition
from tests.codes import (
    DENY,
    E_INVALIDARG,
    ISSUE,
    ON_DENIED,
    ON_ISSUED,
    ON_PENDING,
    ON_RETRIEVED,
    ON_SHUTDOWN,
    ON_STARTUP,
    PEND,
    signed,
)
from tests.engine import engine_kit as kit
from tests.requests_kit import make_badly_signed_csr, make_csr

Log = list[tuple[object, ...]]


def test_modules_are_told_in_the_order_of_active() -> None:
    """Each event goes from module to module as they are plugged in."""
    log: Log = []
    names = ("C", "A", "B")
    with kit.make_ca(*(kit.Listener(name, log) for name in names)) as ca:
        ca.submit(make_csr())
    assert log == [(name, event) for event in (ON_ISSUED, ON_SHUTDOWN) for name in names]


def test_the_order_follows_active_when_an_administrator_turns_it_round() -> None:
    """The registry value, and not the order of plugging in, says who is first."""
    log: Log = []
    ca = kit.make_ca(kit.Listener("A", log), kit.Listener("B", log))
    ca.set_config(r"ExitModules\Active", ["B.Exit", "A.Exit"])
    with ca:
        ca.submit(make_csr())
    assert log[:2] == [("B", ON_ISSUED), ("A", ON_ISSUED)]


@pytest.mark.parametrize("mask", [0, 0x1, 0x2, 0x4, 0x40, 0x3FF & ~0x1, 0x3FF])
def test_a_module_hears_the_events_of_its_mask_alone(mask: int) -> None:
    """Issue, pend, deny and shutdown: each is heard just when its bit is in the mask."""
    log: Log = []
    verdicts = iter((ISSUE, PEND, DENY))
    policy = kit.ScriptedPolicy(lambda _context, _new: next(verdicts))
    with kit.make_ca(kit.Listener("A", log, mask), policy=policy) as ca:
        for _ in range(3):
            ca.submit(make_csr())
    told = (ON_ISSUED, ON_PENDING, ON_DENIED, ON_SHUTDOWN)
    assert log == [("A", event) for event in told if event & mask]


def test_a_row_is_committed_before_modules_are_told() -> None:
    """Inside `Notify`, another thread's retrieve gets the finished certificate."""
    found: list[CRDisposition] = []

    def look(event: int, context: int) -> None:
        if event == ON_ISSUED:
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
        if event == ON_ISSUED:
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
        if event == ON_ISSUED and kit.request_id(context) == 1:
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
        if event == ON_PENDING:
            ca.deny(kit.request_id(context))
        server = CCertServerExit()
        server.SetContext(context)
        seen.append((event, server.GetRequestProperty("Disposition", PropType.LONG)))

    ca = kit.make_ca(kit.Listener("A", [], act=deny), policy=kit.always(PEND))
    with ca:
        ca.submit(make_csr())
    assert seen == [(ON_PENDING, 9), (ON_DENIED, 31)]


def test_a_verb_inside_verify_request_is_carried_out() -> None:
    """A policy module may submit; the inner request is decided and told before the outer one."""
    log: Log = []

    def nested(context: int, _new: int) -> int:
        if kit.request_id(context) == 1:
            ca.submit(make_csr())
        return ISSUE

    def note(_event: int, context: int) -> None:
        log.append(("request", kit.request_id(context)))

    listener = kit.Listener("A", [], 0x1, note)
    ca = kit.make_ca(listener, policy=kit.ScriptedPolicy(nested))
    with ca:
        outcome = ca.submit(make_csr())
    assert outcome.request_id == 1
    assert log == [("request", 2), ("request", 1)]


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
        assert caught.value.hresult == signed(E_INVALIDARG)


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
    listener = kit.Listener("A", log, ON_SHUTDOWN, lambda _e, context: contexts.append(context))
    policy = kit.ScriptedPolicy(log=log)
    with kit.make_ca(listener, policy=policy):
        pass
    assert log == [("policy", "Initialize"), ("A", ON_SHUTDOWN), ("policy", "ShutDown")]
    assert contexts == [0]


@pytest.mark.parametrize("wanted", [False, True])
def test_startup_is_heard_only_when_asked_for(*, wanted: bool) -> None:
    """STARTUP reaches modules with `Fidelity(startup=True)` alone, at context 0."""
    log: Log = []
    contexts: list[int] = []
    listener = kit.Listener("A", log, ON_STARTUP, lambda _e, context: contexts.append(context))
    with kit.make_ca(listener, fidelity=Fidelity(startup=wanted)):
        pass
    assert log == [("A", ON_STARTUP)] * wanted
    assert contexts == [0] * wanted


@pytest.mark.parametrize("told", [False, True])
def test_failed_requests_are_told_as_denied_unless_switched_off(*, told: bool) -> None:
    """`denied_when_failed` silences unreadable requests and no others."""
    log: Log = []
    fidelity = Fidelity(denied_when_failed=told)
    policy = kit.always(DENY)
    with kit.make_ca(kit.Listener("A", log, ON_DENIED), policy=policy, fidelity=fidelity) as ca:
        failed = ca.submit(make_badly_signed_csr())
        assert log == [("A", ON_DENIED)] * told
        ca.submit(make_csr())
    assert failed.disposition == CRDisposition.ERROR
    assert log == [("A", ON_DENIED)] * (1 + told)


@pytest.mark.parametrize("told", [False, True])
def test_retrievals_of_once_pending_requests_are_told_unless_switched_off(*, told: bool) -> None:
    """`retrieve_pending` decides on CERTRETRIEVEPENDING, which comes at each such retrieval."""
    log: Log = []
    fidelity = Fidelity(retrieve_pending=told)
    policy = kit.always(PEND)
    with kit.make_ca(kit.Listener("A", log, ON_RETRIEVED), policy=policy, fidelity=fidelity) as ca:
        ca.submit(make_csr())
        ca.retrieve(1)
        policy.answer = lambda _context, _new: ISSUE
        outcome = ca.resubmit(1)
        ca.retrieve(1)
        ca.retrieve(serial_number=outcome.serial_number)
    assert log == [("A", ON_RETRIEVED)] * (2 * told)


def test_two_authorities_in_one_process_do_not_hear_each_other() -> None:
    """Each CA's modules hear its own events; rows and journals are its own too."""
    first: Log = []
    second: Log = []
    with (
        kit.make_ca(kit.Listener("A", first, 0x3F)) as one,
        kit.make_ca(kit.Listener("B", second, 0x3F), policy=kit.always(DENY)) as two,
    ):
        one.submit(make_csr())
        two.submit(make_csr())
        two.submit(make_csr())
    assert first == [("A", ON_ISSUED)]
    assert second == [("B", ON_DENIED)] * 2
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
