"""Any sequence of verbs, verdicts and modules: the engine does what the hand-written model says.

Hypothesis draws the exit modules with their masks and tempers, the switches, and a sequence of
verbs with the verdict policy will give to each. After every step the answers, the rows, what was
heard in which order, and the event log are compared with `ca_model`.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from certsim import (
    CertificationAuthority,
    ComError,
    Fidelity,
    Outcome,
    Sources,
)
from tests.machines import ca_model as model
from tests.machines.drawn import (
    COLOURS,
    ISSUE,
    KINDS,
    MASKS,
    PEND,
    PICKS,
    REQUESTS,
    SCRIPTS,
    TEMPERS,
    UNKNOWN,
    Exit,
    Policy,
    Script,
)

OFFICER = r"CONTOSO\officer"
OID = "1.3.6.1.4.1.99999.7"


def same_message(pieces: tuple[str, ...], message: str) -> bool:
    """Tell whether *message* is made of *pieces*, free ones of any words."""
    if model.ANY not in pieces:
        return message == "  ".join(pieces)
    place = pieces.index(model.ANY)
    head = "".join(f"{piece}  " for piece in pieces[:place])
    tail = "".join(f"  {piece}" for piece in pieces[place + 1 :])
    return (
        message.startswith(head) and message.endswith(tail) and len(message) > len(head) + len(tail)
    )


class EngineMachine(RuleBasedStateMachine):
    """Drive a CA and the model side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[object, ...]] = []
        self.policy = Policy(self.heard)

    @initialize(
        modules=st.lists(st.tuples(MASKS, TEMPERS), max_size=3),
        switches=st.tuples(st.booleans(), st.booleans(), st.booleans()),
        first=st.lists(st.tuples(KINDS, SCRIPTS), min_size=1, max_size=4),
    )
    def build(
        self,
        modules: list[tuple[object, str]],
        switches: tuple[bool, bool, bool],
        first: list[tuple[str, Script]],
    ) -> None:
        drawn = [model.Module(f"exit {n}", *pair) for n, pair in enumerate(modules)]
        denied, retrieved, startup = switches
        self.model = model.Model(drawn, denied, retrieved, startup)
        self.ca = CertificationAuthority(
            "Machine CA",
            exit_modules=[Exit(module, self.heard) for module in drawn],
            policy_module=self.policy,
            sources=Sources.seeded(1),
            fidelity=Fidelity(
                denied_when_failed=denied, retrieve_pending=retrieved, startup=startup
            ),
        )
        self.both(self.ca.start, self.model.start)
        for kind, script in first:
            self.submit(kind, script, "red")

    def teardown(self) -> None:
        if hasattr(self, "ca"):
            self.ca.stop()

    def both(self, engine: Callable[[], object], judge: Callable[[], object]) -> Outcome | None:
        """Do one thing to both sides and compare answers, or refusals."""
        expected = model.answer_of(judge)
        if isinstance(expected, model.RefusedError):
            with pytest.raises(ComError) as caught:
                engine()
            assert caught.value.hresult == expected.code
            return None
        got = engine()
        if not isinstance(expected, model.Answer):
            assert got is None
            return None
        assert isinstance(got, Outcome)
        assert (got.request_id, got.disposition, got.status) == (
            expected.number,
            expected.says,
            expected.status,
        )
        assert same_message(expected.message, got.message)
        return got

    def number(self, pick: int) -> int:
        """Return a request id: mostly one that is there, at times 0 or the one after the last."""
        last = len(self.model.rows)
        return last - pick % last if pick < UNKNOWN else (last + 1) * (pick - UNKNOWN)

    @rule()
    def start_once_more(self) -> None:
        self.both(self.ca.start, self.model.start)

    @rule(pick=PICKS)
    def stop_ask_and_start(self, pick: int) -> None:
        self.both(self.ca.stop, self.model.stop)
        self.both(self.ca.stop, self.model.stop)
        self.submit("good", ISSUE, "")
        self.resubmit(pick, ISSUE)
        for verb in (self.deny, self.retrieve, self.set_certificate_extension):
            verb(pick)
        self.both(self.ca.start, self.model.start)

    @rule(
        kind=KINDS,
        script=SCRIPTS,
        colour=COLOURS,
    )
    def submit(self, kind: str, script: Script, colour: str) -> None:
        self.policy.script = script[0]
        outcome = self.both(
            lambda: self.ca.submit(REQUESTS[kind], attributes=f"Colour:{colour}"),
            lambda: self.model.submit(kind, script[1], colour),
        )
        self.learn(outcome)

    @rule(pick=PICKS, script=SCRIPTS)
    def resubmit(self, pick: int, script: Script) -> None:
        number = self.number(pick)
        self.policy.script = script[0]
        outcome = self.both(
            lambda: self.ca.resubmit(number, officer=OFFICER),
            lambda: self.model.resubmit(number, script[1], OFFICER),
        )
        self.learn(outcome)

    def learn(self, outcome: Outcome | None) -> None:
        """Tell the model the serial number of what has just been issued: it is chance's."""
        if outcome is None:
            return
        assert (outcome.raw_certificate is not None) == (outcome.disposition == model.SAYS_ISSUED)
        if outcome.serial_number is not None:
            known = {row.serial for row in self.model.rows.values()}
            assert outcome.serial_number not in known
            self.model.rows[outcome.request_id].serial = outcome.serial_number

    @rule(script=SCRIPTS, colour=COLOURS)
    def submit_approve_and_fetch(self, script: Script, colour: str) -> None:
        self.submit("good", PEND, colour)
        self.retrieve(0)
        self.resubmit(0, script)
        self.retrieve(0)

    @rule(pick=PICKS)
    def deny(self, pick: int) -> None:
        number = self.number(pick)
        self.both(
            lambda: self.ca.deny(number, officer=OFFICER),
            lambda: self.model.deny(number, OFFICER),
        )

    @rule(pick=PICKS, colour=st.sampled_from(["red", "blue"]))
    def set_request_attributes(self, pick: int, colour: str) -> None:
        number = self.number(pick)
        self.both(
            lambda: self.ca.set_request_attributes(number, {"Colour": colour}),
            lambda: self.model.set_attribute(number, colour),
        )

    @rule(pick=PICKS)
    def set_certificate_extension(self, pick: int) -> None:
        number = self.number(pick)
        self.both(
            lambda: self.ca.set_certificate_extension(number, OID, 5),
            lambda: self.model.set_extension(number),
        )

    @rule(pick=PICKS)
    def retrieve(self, pick: int) -> None:
        number = self.number(pick)
        outcome = self.both(lambda: self.ca.retrieve(number), lambda: self.model.retrieve(number))
        if outcome is not None:
            assert outcome.serial_number == self.model.rows[number].serial

    @rule(pick=PICKS)
    def retrieve_by_serial(self, pick: int) -> None:
        number = self.number(pick)
        row = self.model.rows.get(number)
        serial = (row.serial if row else None) or "00deadbeef"
        self.both(
            lambda: self.ca.retrieve(serial_number=serial),
            lambda: self.model.retrieve(self.model.by_serial(serial)),
        )

    @invariant()
    def both_heard_the_same(self) -> None:
        """Every module hears the events of its mask and no others, in the model's order."""
        if hasattr(self, "ca"):
            assert self.heard == self.model.heard

    @invariant()
    def rows_are_the_models(self) -> None:
        """Each row is as the model has it, and ids rise by one from 1."""
        if not hasattr(self, "ca"):
            return
        shelf = list(self.ca._state.shelf)
        assert [row.request_id for row in shelf] == list(range(1, len(shelf) + 1))
        got = [
            (
                int(row.disposition),
                row.columns["Request.StatusCode"],
                row.was_pending,
                row.columns.get("SerialNumber"),
                dict(row.attributes).get("Colour", ""),
            )
            for row in shelf
        ]
        wanted = [
            (row.state, row.status, row.ever_pending, row.serial, row.colour)
            for row in self.model.rows.values()
        ]
        assert got == wanted
        for row, judge in zip(shelf, self.model.rows.values(), strict=True):
            assert same_message(judge.message, row.message)

    @invariant()
    def event_logs_agree(self) -> None:
        """Failures of modules are logged under the model's ids, in its order."""
        if not hasattr(self, "ca"):
            return
        got = [(e.event_id, e.module, e.method, e.request_id) for e in self.ca.event_log]
        assert got == self.model.log
        assert self.ca.running == self.model.running

    @invariant()
    def journal_lines_are_lines(self) -> None:
        """Whatever happened prints as one line and turns into JSON."""
        if hasattr(self, "ca"):
            for entry in self.ca.journal[-5:]:
                assert len(str(entry).splitlines()) == 1
                assert json.dumps(entry.as_dict())


SHORT = settings(
    max_examples=200,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_the_engine_agrees_with_the_model() -> None:
    """Hundreds of drawn histories, each of up to thirty verbs."""
    run_state_machine_as_test(EngineMachine, settings=SHORT)


@pytest.mark.long
def test_the_engine_agrees_with_the_model_for_long() -> None:
    """Thousands of drawn histories, longer ones."""
    run_state_machine_as_test(
        EngineMachine, settings=settings(SHORT, max_examples=2500, stateful_step_count=60)
    )
