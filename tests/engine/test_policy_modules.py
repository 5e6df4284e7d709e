"""Policy modules: what does not fit, what does not start, and a plain function as one."""

from __future__ import annotations

import pytest

from certsim import (
    CCertServerPolicy,
    CertificationAuthority,
    ComError,
    CRDisposition,
    ModuleLoadError,
    PropType,
)
from tests.codes import PEND
from tests.engine import engine_kit as kit
from tests.requests_kit import make_csr


@pytest.mark.parametrize("member", ["Initialize", "VerifyRequest", "GetDescription", "ShutDown"])
def test_a_policy_object_without_a_member_is_refused(member: str) -> None:
    """The message says policy module and names the member."""

    class Bare:
        pass

    for name in {"Initialize", "VerifyRequest", "GetDescription", "ShutDown"} - {member}:
        setattr(Bare, name, getattr(kit.ScriptedPolicy, name))
    with pytest.raises(ModuleLoadError, match=rf"policy module Bare has no {member}"):
        CertificationAuthority(policy_module=Bare())


@pytest.mark.parametrize(
    ("error", "event_id"),
    [(ComError(0x80070005, "no directory"), 44), (ValueError("x"), 43), (SystemExit(1), 43)],
)
def test_a_policy_module_whose_initialize_raises_keeps_the_ca_from_starting(
    error: BaseException, event_id: int
) -> None:
    """ModuleLoadError, event 44 (43), nothing runs, and a later start may succeed."""
    failing = [error]

    class Moody(kit.ScriptedPolicy):
        def Initialize(self, strConfig: str) -> None:
            if failing:
                raise failing.pop()

    log: list[tuple[object, ...]] = []
    ca = kit.make_ca(kit.Listener("A", log), policy=Moody())
    with pytest.raises(ModuleLoadError, match="Scripted policy"):
        ca.start()
    assert not ca.running
    assert [(e.event_id, e.method) for e in ca.event_log] == [(event_id, "Initialize")]
    assert log == []
    with ca:
        assert ca.submit(make_csr()).disposition == CRDisposition.ISSUED


@pytest.mark.parametrize("error", [ValueError("no licence"), ComError(0x80070005, "no licence")])
def test_a_policy_module_that_cannot_be_made_is_event_nine(error: Exception) -> None:
    """The CA does not start; the event log names the module and why."""

    def make() -> object:
        raise error

    ca = CertificationAuthority(policy_module=make)
    with pytest.raises(ModuleLoadError, match="no licence"):
        ca.start()
    assert not ca.running
    (entry,) = ca.event_log
    assert entry.event_id == 9
    assert "no licence" in entry.text


def test_a_function_of_two_arguments_is_a_policy_module() -> None:
    """`(server, context) -> verdict` is asked for new requests, with an aimed server object."""
    asked: list[object] = []

    def decide(server: CCertServerPolicy, _context: int) -> int:
        asked.append(server.GetRequestProperty("RequestID", PropType.LONG))
        return PEND

    with CertificationAuthority(policy_module=decide) as ca:
        pending = ca.submit(make_csr())
        issued = ca.resubmit(1)
    assert asked == [1]
    assert pending.disposition == CRDisposition.UNDER_SUBMISSION
    assert issued.disposition == CRDisposition.ISSUED
