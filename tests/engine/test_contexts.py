"""Contexts: how long a number lives, and which CA answers at context 0.

Source: sdk-api certif/nf-certif-icertserverexit-setcontext; docs/rulings.md (Contexts).
"""

from __future__ import annotations

import gc
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import certsim
from tests.codes import RPC_S_SERVER_UNAVAILABLE, refused
from tests.engine import values_kit as kit
from tests.engine.property_kit import OWNER, WRONG


def test_contexts_die_with_their_event_and_numbers_never_return() -> None:
    """A stale context fails at SetContext and on an object still aimed at it, with E_INVALIDARG."""
    kept: list[Any] = []
    probe = kit.Probe(kept.append)
    with kit.authority(probe) as ca:
        for _ in range(3):
            ca.submit(kit.csr())
        assert len(set(probe.contexts)) == 3
        for server, context in zip(kept, probe.contexts, strict=True):
            assert context != 0
            for call, arguments in (
                (server.GetRequestProperty, ("RequestID", kit.LONG)),
                (server.GetCertificateProperty, ("CAType", kit.LONG)),
                (server.GetCertificateExtensionFlags, ()),
                (server.EnumerateExtensions, ()),
                (server.SetContext, (context,)),
            ):
                assert kit.attempt(call, *arguments) == WRONG
            server.SetContext(0)
            assert server.GetCertificateProperty("CAType", kit.LONG) == 3


@settings(max_examples=40, deadline=None)
@given(context=st.one_of(st.integers().filter(bool), st.text(), st.none(), st.binary()))
def test_invented_contexts_are_refused(context: object) -> None:
    """A number nobody was given, and what is no number, is E_INVALIDARG; the object stays put."""
    with kit.authority() as ca:
        server = certsim.CCertServerExit(ca)
        assert kit.attempt(server.SetContext, context) == WRONG
        assert server.GetCertificateProperty("CAType", kit.LONG) == 3


def test_a_failed_setcontext_keeps_the_old_aim() -> None:
    """After a refused SetContext the object still shows what it showed."""

    def look(server: Any) -> object:
        kit.attempt(server.SetContext, 2**40)
        return server.GetRequestProperty("RequestID", kit.LONG)

    assert kit.in_notify(look) == 1


def test_a_context_of_one_ca_shows_that_ca_even_to_an_object_bound_to_another() -> None:
    """A context belongs to its event; a foreign object aimed at it reads that event's row."""
    with kit.authority() as other:
        bound = certsim.CCertServerExit(other)

        def look(_server: Any) -> object:
            bound.SetContext(probe.contexts[-1])
            return bound.GetRequestProperty("RequesterName", kit.STRING)

        probe = kit.Probe(look)
        with kit.authority(probe) as ca:
            ca.submit(kit.csr(), requester=OWNER)
    assert probe.first() == OWNER


def test_objects_made_before_any_ca_exists_answer_later() -> None:
    """An object may be older than every CA, and serves one after the other for ever."""
    server = certsim.Dispatch("CertificateAuthority.ServerExit")
    with refused(RPC_S_SERVER_UNAVAILABLE):
        server.GetCertificateProperty("CAType", kit.LONG)
    for name in ("First", "Second"):
        with certsim.CertificationAuthority(name, sources=certsim.Sources.seeded(1)):
            assert server.GetCertificateProperty("SanitizedCAName", kit.STRING) == name


def test_an_object_is_reused_across_events() -> None:
    """One object aimed anew at each event shows each event's own row."""
    server = certsim.CCertServerExit()

    def look(_: Any) -> object:
        server.SetContext(probe.contexts[-1])
        return server.GetRequestProperty("RequestID", kit.LONG)

    probe = kit.Probe(look)
    with kit.authority(probe) as ca:
        for _ in range(3):
            ca.submit(kit.csr())
    assert probe.first() == 1
    assert probe.seen == [1, 2, 3]


def test_a_thread_of_the_module_may_read_while_the_context_lives() -> None:
    """An object handed to a thread inside Notify reads there, and fails there once it is over."""
    go_on, answers = threading.Event(), []
    threads: list[threading.Thread] = []

    def look(server: Any) -> object:
        first: list[object] = []
        quick = threading.Thread(
            target=lambda: first.append(server.GetRequestProperty("RequestID", kit.LONG))
        )
        quick.start()
        quick.join()

        def later() -> None:
            go_on.wait(10)
            answers.append(kit.attempt(server.GetRequestProperty, "RequestID", kit.LONG))

        threads.append(threading.Thread(target=later))
        threads[0].start()
        return first[0]

    probe = kit.Probe(look)
    with kit.authority(probe) as ca:
        ca.submit(kit.csr())
        go_on.set()
        threads[0].join()
    assert probe.first() == 1
    assert answers == [WRONG]


def test_two_running_cas_make_context_0_ambiguous() -> None:
    """With two CAs an unbound object fails and says what to do; bound ones answer."""
    with (
        certsim.CertificationAuthority("One", sources=certsim.Sources.seeded(1)) as one,
        certsim.CertificationAuthority("Two", sources=certsim.Sources.seeded(2)) as two,
    ):
        with pytest.raises(certsim.ComError, match=r"CCertServerExit\(ca\)"):
            certsim.CCertServerExit().GetCertificateProperty("SanitizedCAName", kit.STRING)
        for ca, name in ((one, "One"), (two, "Two")):
            server = certsim.CCertServerExit(ca)
            assert server.GetCertificateProperty("SanitizedCAName", kit.STRING) == name


def test_inside_a_call_context_0_is_the_calling_ca() -> None:
    """Inside Notify an unbound object at context 0 answers for the CA that calls, among several."""
    with certsim.CertificationAuthority("Another", sources=certsim.Sources.seeded(2)):

        def look(_: Any) -> object:
            return certsim.CCertServerExit().GetCertificateProperty("SanitizedCAName", kit.STRING)

        assert kit.in_notify(look) == "Lab CA"


def test_a_bound_object_answers_for_its_ca_even_inside_another_ones_call() -> None:
    """`CCertServerExit(ca)` keeps to *ca* at context 0 wherever it is used."""
    with certsim.CertificationAuthority("Another", sources=certsim.Sources.seeded(2)) as other:
        bound = certsim.CCertServerExit(other)
        found = kit.in_notify(lambda _: bound.GetCertificateProperty("SanitizedCAName", kit.STRING))
    assert found == "Another"


def test_an_object_bound_to_a_ca_that_is_gone_answers_for_no_other() -> None:
    """Once its CA has been collected a bound object fails; it does not change its master."""
    bound = certsim.CCertServerExit(kit.authority())
    gc.collect()
    with certsim.CertificationAuthority("Another", sources=certsim.Sources.seeded(2)):
        answer = kit.attempt(bound.GetCertificateProperty, "SanitizedCAName", kit.STRING)
    assert str(answer).startswith("0x8")
