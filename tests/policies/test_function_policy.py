"""A function for a policy module: when it is asked, with what, and what becomes of its answer.

Source: docs/rulings.md (Verdicts).
"""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509

import certsim
from certsim.policies import FunctionPolicy
from tests.codes import DENY, ISSUE, PEND, signed
from tests.engine import values_kit as kit


@pytest.mark.parametrize(
    ("verdict", "disposition"),
    [
        (certsim.Verdict.INSTANT_OK, certsim.CRDisposition.ISSUED),
        (certsim.Verdict.PENDING, certsim.CRDisposition.UNDER_SUBMISSION),
        (certsim.Verdict.INSTANT_BAD, certsim.CRDisposition.DENIED),
        (1, certsim.CRDisposition.ISSUED),
        (0, certsim.CRDisposition.UNDER_SUBMISSION),
        (2, certsim.CRDisposition.DENIED),
        (signed(0x80094800), certsim.CRDisposition.DENIED),
        (0x80094800, certsim.CRDisposition.DENIED),
    ],
)
def test_the_functions_answer_is_the_verdict(
    verdict: int, disposition: certsim.CRDisposition
) -> None:
    """A Verdict, its number, or an HRESULT decides; the HRESULT becomes the status."""
    with kit.authority(policy=kit.always(verdict)) as ca:
        outcome = ca.submit(kit.csr())
    assert outcome.disposition == disposition
    if verdict & 0x80000000:
        assert outcome.status == signed(0x80094800)


def test_the_function_gets_an_aimed_server_and_its_context() -> None:
    """The server object shows the request already, and so does another one at that context."""
    told: list[object] = []

    def decide(server: Any, context: int) -> int:
        told.append(type(server).__name__)
        told.append(server.GetRequestProperty("RequesterName", kit.STRING))
        other = certsim.CCertServerExit()
        other.SetContext(context)
        told.append(other.GetRequestProperty("RequesterName", kit.STRING))
        return ISSUE

    with kit.authority(policy=decide) as ca:
        ca.submit(kit.csr(), requester=r"CONTOSO\bob")
    assert told == ["CCertServerPolicy", r"CONTOSO\bob", r"CONTOSO\bob"]


def test_a_resubmit_issues_without_asking() -> None:
    """What an officer lets through is issued; the function hears of new requests alone."""
    asked: list[int] = []

    def decide(_server: Any, context: int) -> int:
        asked.append(context)
        return PEND

    with kit.authority(policy=decide) as ca:
        ca.submit(kit.csr())
        assert ca.resubmit(1).disposition == certsim.CRDisposition.ISSUED
    assert len(asked) == 1


def test_a_resubmit_of_a_denied_request_issues_too() -> None:
    """An administrator's second word overrules the function."""
    with kit.authority(policy=kit.always(DENY)) as ca:
        ca.submit(kit.csr())
        assert ca.resubmit(1).disposition == certsim.CRDisposition.ISSUED


def test_requested_extensions_stay_disabled_unless_the_function_enables_them() -> None:
    """The function has to let an extension through by setting it again."""
    request = kit.csr(kit.WWW, x509.SubjectAlternativeName([x509.DNSName("x")]))

    def enable(server: Any) -> None:
        value = server.GetCertificateExtension("2.5.29.17", kit.BINARY)
        server.SetCertificateExtension("2.5.29.17", kit.BINARY, 0, value)

    for change, present in ((lambda _: None, False), (enable, True)):
        found = {item.oid.dotted_string for item in kit.issued_after(change, request).extensions}
        assert ("2.5.29.17" in found) is present


@pytest.mark.parametrize("answer", [None, "yes", 3, 7, True, 1.0, object()])
def test_an_answer_that_is_no_verdict_is_a_refusal(answer: object) -> None:
    """Nonsense is E_FAIL, Denied, with event 44."""
    with kit.authority(policy=kit.always(answer)) as ca:
        outcome = ca.submit(kit.csr())
        assert outcome.disposition == certsim.CRDisposition.DENIED
        assert outcome.status == signed(0x80004005)
        assert [entry.event_id for entry in ca.event_log] == [44]


def test_the_description_is_the_functions_name() -> None:
    """The event log names the function that fell over."""

    def grumpy(_server: Any, _context: int) -> int:
        raise ValueError("no")

    with kit.authority(policy=grumpy) as ca:
        ca.submit(kit.csr())
        assert "grumpy" in str(ca.event_log[0])
    assert "grumpy" in FunctionPolicy(grumpy).GetDescription()


def test_a_callable_without_a_name_will_do() -> None:
    """An object with `__call__` of two arguments is a function as well."""

    class Decider:
        def __call__(self, _server: Any, _context: int) -> int:
            return PEND

    with kit.authority(policy=Decider()) as ca:
        assert ca.submit(kit.csr()).disposition == certsim.CRDisposition.UNDER_SUBMISSION
    assert FunctionPolicy(Decider()).GetDescription()


def test_the_wrapper_is_a_module_like_any_other() -> None:
    """A FunctionPolicy made by hand is plugged in as an instance."""
    with kit.authority(policy=FunctionPolicy(kit.always(DENY))) as ca:
        assert ca.submit(kit.csr()).disposition == certsim.CRDisposition.DENIED
