"""What happens when a module falls over, and how what policy says is judged."""

from __future__ import annotations

import logging
from collections.abc import Callable

import attrs
import pytest

from certsim import ComError, CRDisposition
from tests.codes import (
    CERTSRV_E_ADMIN_DENIED_REQUEST,
    CERTSRV_E_PROPERTY_EMPTY,
    E_FAIL,
    ON_DENIED,
    ON_ISSUED,
    ON_PENDING,
    ON_SHUTDOWN,
    PEND,
    signed,
)
from tests.engine import engine_kit as kit
from tests.requests_kit import make_csr

Log = list[tuple[object, ...]]


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
    (ComError(0, "a success that was raised"), 46, E_FAIL),
    (Pywin32Error(0x80070057), 46, 0x80070057),
    (Pywin32Error(-2147024809), 46, 0x80070057),
    (ValueError("plain"), 45, E_FAIL),
    (OSError(2, "no such file"), 45, E_FAIL),
    (LyingError(), 45, E_FAIL),
    (SystemExit(1), 45, E_FAIL),
    (GeneratorExit(), 45, E_FAIL),
    (BaseExceptionGroup("several", [SystemExit(1), ValueError("x")]), 45, E_FAIL),
    (RecursionError("too deep"), 45, E_FAIL),
    (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad\nline"), 45, E_FAIL),
    (TrappedCodeError(), 45, E_FAIL),
    (ExitingTextError(), 45, E_FAIL),
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
    assert (entry.event_id, entry.hresult) == (event_id, signed(code))
    assert (entry.module, entry.method, entry.request_id) == ("Listener Bad", "Notify", 1)
    assert len(str(entry).splitlines()) == 1


def test_a_failure_at_shutdown_is_logged_without_a_request() -> None:
    """SHUTDOWN stands at context 0, so the entry names no request."""
    bad = kit.Listener("Bad", [], ON_SHUTDOWN, kit.raising(ComError(0x80070005)))
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
    policy = kit.always(PEND)
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
    assert caught.value.hresult == signed(CERTSRV_E_PROPERTY_EMPTY)


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
    Ruling(returns(0), CRDisposition.UNDER_SUBMISSION, 0, "Taken Under Submission", ON_PENDING),
    Ruling(returns(1), CRDisposition.ISSUED, 0, "Issued", ON_ISSUED),
    Ruling(returns(2), D, CERTSRV_E_ADMIN_DENIED_REQUEST, _DENIED, ON_DENIED),
    Ruling(returns(-2146877418), D, 0x80094016, _DENIED, ON_DENIED),
    Ruling(returns(0x80094016), D, 0x80094016, _DENIED, ON_DENIED),
    Ruling(returns(3), D, E_FAIL, _DENIED, ON_DENIED, 44),
    Ruling(returns(2**31 - 1), D, E_FAIL, _DENIED, ON_DENIED, 44),
    Ruling(returns(None), D, E_FAIL, _DENIED, ON_DENIED, 44),
    Ruling(returns("1"), D, E_FAIL, _DENIED, ON_DENIED, 44),
    Ruling(returns(value=True), D, E_FAIL, _DENIED, ON_DENIED, 44),
    Ruling(returns(1.0), D, E_FAIL, _DENIED, ON_DENIED, 44),
    Ruling(
        kit.raising(ComError(0x80070005, "keep out")), D, 0x80070005,
        f"{_DENIED}  keep out", ON_DENIED, 44,
    ),
    Ruling(kit.raising(Pywin32Error(0x80094009)), D, 0x80094009,
           f"{_DENIED}  from pywin32", ON_DENIED, 44),
    Ruling(kit.raising(ComError(87, "a Win32 code")), D, 87,
           f"{_DENIED}  a Win32 code", ON_DENIED, 44),
    Ruling(kit.raising(ValueError("oops")), D, E_FAIL, _DENIED, ON_DENIED, 43),
    Ruling(kit.raising(SystemExit("bye")), D, E_FAIL, _DENIED, ON_DENIED, 43),
]  # fmt: skip


@pytest.mark.parametrize("ruling", RULINGS)
def test_a_verdict_is_judged_as_ruled(ruling: Ruling) -> None:
    """Status, message, disposition, event and event-log id of each thing policy may say."""
    log: Log = []
    policy = kit.ScriptedPolicy(ruling.answer)
    with kit.make_ca(kit.Listener("A", log, 0x3F), policy=policy) as ca:
        outcome = ca.submit(make_csr())
        assert ca.retrieve(1).disposition == ruling.disposition
    assert (outcome.disposition, outcome.status) == (ruling.disposition, signed(ruling.status))
    assert outcome.message.startswith(ruling.message)
    assert log == [("A", ruling.event)]
    logged = [(e.event_id, e.module, e.method, e.hresult, e.request_id) for e in ca.event_log]
    entry = (ruling.logged, "Scripted policy", "VerifyRequest", signed(ruling.status), 1)
    assert logged == ([entry] if ruling.logged else [])


def test_a_keyboard_interrupt_at_shutdown_still_ends_in_a_stopped_ca() -> None:
    """Ctrl-C while SHUTDOWN is told gets out; the CA is stopped and starts again."""
    interrupts: list[BaseException] = [KeyboardInterrupt()]

    def press(_event: int, _context: int) -> None:
        if interrupts:
            raise interrupts.pop()

    ca = kit.make_ca(kit.Listener("A", [], ON_SHUTDOWN, press))
    ca.start()
    with pytest.raises(KeyboardInterrupt):
        ca.stop()
    assert not ca.running
    with ca:
        assert ca.submit(make_csr()).disposition == CRDisposition.ISSUED
