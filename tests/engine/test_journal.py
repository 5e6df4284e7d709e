"""The journal and the event log: frozen entries, one line each, plain data, in order, bounded."""

from __future__ import annotations

import contextlib
import json
import unicodedata
from datetime import UTC, datetime

import attrs
import hypothesis.strategies as st
import pytest
from hypothesis import given

from certsim import (
    CCertServerExit,
    CertificationAuthority,
    ComError,
    ExitEvent,
    Fidelity,
    PropType,
    RowDisposition,
    Sources,
)
from certsim._engine.journal import (
    Call,
    Entry,
    EventLogEntry,
    Loading,
    Notification,
    Read,
    Service,
    Transition,
    Verification,
)
from tests.codes import (
    CERTSRV_E_PROPERTY_EMPTY,
    E_INVALIDARG,
    ISSUE,
    ON_DENIED,
    ON_PENDING,
    PEND,
    signed,
)
from tests.engine import engine_kit as kit
from tests.requests_kit import make_badly_signed_csr, make_csr

WHEN = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOSTILE = "bob\r\n2026-01-01 00:00:00 deny request 1\x1b[2J\u202e\u2028\x85\x00\ud800"
TEXTS = st.text(st.characters())
NUMBERS = st.integers(-(2**31), 2**31 - 1)
VERBS = st.sampled_from(["submit", "deny", "retrieve"])
STATES = st.sampled_from(RowDisposition)
EVENTS = st.sampled_from([ExitEvent(bit) for bit in (0, 1, 2, 4, 8, 0x10, 0x20, 0x40, 0x200)])
ENTRIES: st.SearchStrategy[Entry] = st.one_of(
    st.builds(Call, st.just(WHEN), VERBS, st.none() | NUMBERS, TEXTS),
    st.builds(Transition, VERBS, NUMBERS, st.none() | STATES, STATES, EVENTS, NUMBERS, TEXTS),
    st.builds(Verification, st.just("A.Policy"), NUMBERS, st.booleans(), NUMBERS, NUMBERS),
    st.builds(Notification, st.just("A.Exit"), EVENTS, NUMBERS, st.none() | NUMBERS, NUMBERS),
    st.builds(Loading, st.just("A.Exit"), st.none() | st.integers(0, 0x3FF)),
    st.builds(Service, st.just(WHEN), st.sampled_from(["started", "stopped"])),
    st.builds(
        EventLogEntry, st.just(WHEN), st.integers(1, 100), st.just("A.Exit"), TEXTS,
        st.just("Notify"), NUMBERS, TEXTS, st.none() | NUMBERS,
    ),
)  # fmt: skip


def busy_ca(limit: int = 10_000) -> CertificationAuthority:
    """Return a stopped CA that has lived through every kind of entry, hostile texts among them."""

    def fail(_event: int, context: int) -> None:
        server = CCertServerExit()
        server.SetContext(context)
        if context:
            server.GetRequestProperty("RequesterName", PropType.STRING)
        raise ComError(0x80070005, HOSTILE)

    policy = kit.always(PEND)
    ca = kit.make_ca(kit.Listener("A", [], act=fail), policy=policy, journal_limit=limit)
    with ca, ca.tracing():
        ca.submit(make_csr(), requester=HOSTILE, attributes={"Note": "x"})
        ca.deny(1, officer=HOSTILE)
        policy.answer = kit.raising(ValueError(HOSTILE))
        ca.resubmit(1, officer=HOSTILE)
        policy.answer = lambda _context, _new: 0x80094016
        ca.submit(make_csr())
        policy.answer = lambda _context, _new: "nonsense" + HOSTILE
        ca.submit(make_csr())
        ca.submit(make_badly_signed_csr())
    return ca


def reads_of_a(ca: CertificationAuthority) -> list[Read]:
    """Return what the exit module A has read; the policy module's reads are its own affair."""
    return [e for e in ca.journal if isinstance(e, Read) and e.module == "A.Exit"]


def lines_of(text: str) -> list[str]:
    """Return the lines of *text* as any reader of files may split them."""
    return text.splitlines()


def harmless(text: str) -> bool:
    """Tell whether *text* has no control, format, private, surrogate or separator character."""
    return all(unicodedata.category(c)[0] != "C" for c in text) and not any(
        unicodedata.category(c) in ("Zl", "Zp") for c in text
    )


@given(ENTRIES)
def test_any_entry_prints_as_one_harmless_line(entry: Entry) -> None:
    """Whatever texts an entry holds, `str` has no line end and nothing that steers a terminal."""
    assert len(lines_of(str(entry))) == 1
    assert harmless(str(entry))


@given(ENTRIES)
def test_any_entry_turns_into_json_and_says_its_kind_first(entry: Entry) -> None:
    """`as_dict` is plain data: JSON gives the same back, `kind` leading."""
    plain = entry.as_dict()
    assert next(iter(plain)) == "kind"
    assert plain["kind"] == type(entry).__name__.lower()
    assert json.loads(json.dumps(plain)) == plain


def test_a_whole_life_prints_line_by_line_and_holds_every_kind() -> None:
    """Every kind of entry occurs in one busy life, and each prints and turns into JSON."""
    ca = busy_ca()
    kinds = {type(entry) for entry in ca.journal}
    assert kinds == {
        Call, Transition, Verification, Notification, Read, Loading, Service, EventLogEntry,
    }  # fmt: skip
    for entry in (*ca.journal, *ca.event_log):
        assert len(lines_of(str(entry))) == 1
        assert harmless(str(entry))
        assert json.dumps(entry.as_dict())


@pytest.mark.parametrize("kind", [Call, Transition, Verification, Notification, Read, Service])
def test_entries_cannot_be_changed(kind: type[Entry]) -> None:
    """Entries are frozen: no field takes another value."""
    entry = next(entry for entry in busy_ca().journal if isinstance(entry, kind))
    for name in attrs.fields_dict(kind):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(entry, name, None)


def test_what_is_handed_out_is_a_copy() -> None:
    """The journal and the event log are tuples, and an old one does not grow."""
    with kit.make_ca() as ca:
        before = ca.journal
        ca.submit(make_csr())
        assert isinstance(before, tuple)
        assert isinstance(ca.event_log, tuple)
        assert ca.journal[: len(before)] == before
        assert len(ca.journal) > len(before)


def test_entries_stand_in_the_order_in_which_things_happened() -> None:
    """Start, call, policy, commit, notification, failure, stop: by hand for one pended submit."""
    listener = kit.Listener("A", [], ON_PENDING, kit.raising(ComError(0x80070005)))
    with kit.make_ca(listener, policy=kit.always(PEND)) as ca:
        ca.submit(make_csr())
        ca.retrieve(1)
    assert [type(entry).__name__ for entry in ca.journal] == [
        "Loading", "Loading", "Service",
        "Call", "Verification", "Transition", "EventLogEntry", "Notification",
        "Call", "Service",
    ]  # fmt: skip


def test_entries_say_what_happened() -> None:
    """The fields of one submit, by hand."""
    with kit.make_ca(kit.Listener("A", [], 0x1), policy=kit.ScriptedPolicy()) as ca:
        ca.submit(make_csr(), requester=r"CONTOSO\alice")
        call, asked, moved, told = ca.journal[3:]
    assert isinstance(call, Call)
    assert (call.when, call.verb, call.request_id, call.by) == (
        WHEN, "submit", 1, r"CONTOSO\alice",
    )  # fmt: skip
    assert isinstance(asked, Verification)
    assert (asked.module, asked.request_id, asked.new_request, asked.verdict) == (
        "ScriptedPolicy.Policy", 1, True, 1,
    )  # fmt: skip
    assert isinstance(moved, Transition)
    assert (moved.verb, moved.before, moved.after, moved.event, moved.status, moved.message) == (
        "submit", None, 20, 1, 0, "Issued",
    )  # fmt: skip
    assert isinstance(told, Notification)
    assert (told.module, told.event, told.request_id) == ("A.Exit", 1, 1)
    assert told.context
    assert told.duration > 0
    assert asked.duration > 0


@pytest.mark.parametrize("verdict", [0, 1, 2, -2146877418])
def test_the_verdict_is_journaled_as_the_number_policy_gave(verdict: int) -> None:
    """VR_* values stand as they are, an error as its signed code."""
    with kit.make_ca(policy=kit.always(verdict)) as ca:
        ca.submit(make_csr())
    (asked,) = [entry for entry in ca.journal if isinstance(entry, Verification)]
    assert asked.verdict == verdict


@pytest.mark.parametrize("limit", [0, 1, 5])
def test_the_journal_keeps_the_last_entries_alone(limit: int) -> None:
    """With a limit the journal is the tail of what it would be without one."""
    everything, bounded = busy_ca(), busy_ca(limit)
    assert len(everything.journal) > 20
    tail = everything.journal[len(everything.journal) - limit :]
    assert [type(entry) for entry in bounded.journal] == [type(entry) for entry in tail]
    assert len(bounded.event_log) == min(limit, len(everything.event_log))


def test_reads_are_journaled_only_while_a_trace_is_on() -> None:
    """The same read before, within and after `tracing()` leaves one entry, and nesting counts."""

    def read(_event: int, context: int) -> None:
        kit.request_id(context)

    with kit.make_ca(kit.Listener("A", [], 0x1, read)) as ca:
        ca.submit(make_csr())
        with ca.tracing():
            ca.submit(make_csr())
            with ca.tracing():
                pass
            ca.submit(make_csr())
        ca.submit(make_csr())
    reads = reads_of_a(ca)
    assert [entry.result for entry in reads] == ["2", "3"]
    assert {(entry.method, entry.arguments) for entry in reads} == {
        ("GetRequestProperty", "RequestID")
    }


def test_a_read_that_fails_is_journaled_with_its_code() -> None:
    """A trace shows CERTSRV_E_PROPERTY_EMPTY as what the module got."""

    def read(_event: int, context: int) -> None:
        server = CCertServerExit()
        server.SetContext(context)
        server.GetRequestAttribute("NoSuchThing")

    with kit.make_ca(kit.Listener("A", [], 0x1, read)) as ca, ca.tracing():
        ca.submit(make_csr())
    (entry,) = reads_of_a(ca)
    assert (entry.hresult, entry.result) == (signed(CERTSRV_E_PROPERTY_EMPTY), "")
    assert "CERTSRV_E_PROPERTY_EMPTY" in str(entry)


def test_a_context_that_is_dead_is_journaled_where_it_is_missed() -> None:
    """The reads authors look for first: a context kept too long, or made up."""
    kept: list[int] = []
    server = CCertServerExit()

    def read(_event: int, context: int) -> None:
        if not kept:
            server.SetContext(context)
        kept.append(context)
        for call in (lambda: server.GetRequestAttribute("A"), lambda: server.SetContext(-1)):
            with contextlib.suppress(ComError):
                call()

    with kit.make_ca(kit.Listener("A", [], 0x1, read)) as ca, ca.tracing():
        ca.submit(make_csr())
        ca.submit(make_csr())
    told = [(entry.method, entry.hresult & 0xFFFFFFFF) for entry in reads_of_a(ca)]
    assert told == [
        ("GetRequestAttribute", CERTSRV_E_PROPERTY_EMPTY),
        ("SetContext", E_INVALIDARG),
        ("GetRequestAttribute", E_INVALIDARG),
        ("SetContext", E_INVALIDARG),
    ]


def test_a_trace_ends_when_the_block_raises() -> None:
    """An exception inside `tracing()` turns the trace off again."""
    ca = kit.make_ca(kit.Listener("A", [], 0x1, lambda _event, context: kit.request_id(context)))
    with ca:
        with pytest.raises(LookupError), ca.tracing():
            raise LookupError
        ca.submit(make_csr())
    assert reads_of_a(ca) == []


def test_two_seeded_runs_keep_the_same_journal() -> None:
    """On one thread a seeded life repeats: the same lines, but for the numbers of contexts."""
    first, second = busy_ca(), busy_ca()
    assert [str(entry) for entry in first.journal] == [str(entry) for entry in second.journal]
    assert first.event_log == second.event_log


def test_a_refused_verb_is_journaled_as_a_call_alone() -> None:
    """That somebody asked is kept; that nothing came of it is told by the silence after."""
    with kit.make_ca(sources=Sources.seeded(1)) as ca:
        ca.submit(make_csr())
        before = len(ca.journal)
        with pytest.raises(ComError):
            ca.deny(1, officer=r"CONTOSO\bob")
        (entry,) = ca.journal[before:]
    assert isinstance(entry, Call)
    assert (entry.verb, entry.request_id, entry.by) == ("deny", 1, r"CONTOSO\bob")


@pytest.mark.parametrize("told", [False, True])
def test_a_transition_tells_the_event_that_is_really_fired(*, told: bool) -> None:
    """An event that a switch of `Fidelity` silences is not journaled as fired."""
    fidelity = Fidelity(denied_when_failed=told)
    with kit.make_ca(kit.Listener("A", []), fidelity=fidelity) as ca:
        ca.submit(make_badly_signed_csr())
        moved = [entry for entry in ca.journal if isinstance(entry, Transition)]
    assert [entry.event for entry in moved] == [ON_DENIED if told else 0]
    assert ("CERTDENIED" in str(moved[0])) == told


@pytest.mark.parametrize("told", [False, True])
def test_a_silenced_retrieval_leaves_no_transition(*, told: bool) -> None:
    """With CERTRETRIEVEPENDING switched off a retrieval changes and fires nothing."""
    policy = kit.always(PEND)
    with kit.make_ca(policy=policy, fidelity=Fidelity(retrieve_pending=told)) as ca:
        ca.submit(make_csr())
        policy.answer = lambda _context, _new: ISSUE
        ca.resubmit(1)
        ca.retrieve(1)
        verbs = [entry.verb for entry in ca.journal if isinstance(entry, Transition)]
    assert verbs == ["submit", "resubmit"] + ["retrieve"] * told
