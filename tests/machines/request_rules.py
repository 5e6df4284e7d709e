"""Half of the engine machine: a CA beside the model, and the rules of a request's life.

`EngineMachine` in test_engine_machine.py adds the rules of what comes later, and says what has to
hold after each step.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from certsim import CertificationAuthority, ComError, Fidelity, Outcome, Sources
from certsim.sources import SeededSources
from tests.machines import request_model as model
from tests.machines.ca_model import Found, Model
from tests.machines.crl_model import Publisher
from tests.machines.drawn import (
    COLOURS,
    CRL_FLAGS,
    KINDS,
    MASKS,
    PEND,
    PERIODS,
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
NO_SERIAL = "00deadbeef"
OLDEST_BASE, TIDY = 1, 2
"""CRLF_DELTA_USE_OLDEST_UNEXPIRED_BASE, CRLF_DELETE_EXPIRED_CRLS. Source: certsrv.h."""


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


def configuration(periods: tuple[int, int], flags: int, *, foreign: bool) -> dict[str, object]:
    """Return the CA's configuration: the model knows of no places that lists are written to."""
    return {
        r"ca\ValidityPeriod": "Days",
        r"ca\ValidityPeriodUnits": model.LIFE.days,
        r"ca\CRLPeriod": "Days",
        r"ca\CRLPeriodUnits": periods[0],
        r"ca\CRLDeltaPeriod": "Days",
        r"ca\CRLDeltaPeriodUnits": periods[1],
        r"ca\CRLFlags": flags,
        r"ca\KRAFlags": int(foreign),
        r"ca\CRLPublicationURLs": [],
        r"ca\CACertPublicationURLs": [],
    }


class RequestRules(RuleBasedStateMachine):
    """Drive a CA and the model side by side, up to the certificate."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[object, ...]] = []
        self.policy = Policy(self.heard)
        self.certificates: list[tuple[Found, bytes]] = []

    @initialize(
        modules=st.lists(st.tuples(MASKS, TEMPERS), min_size=1, max_size=3),
        switches=st.tuples(st.booleans(), st.booleans(), st.booleans()),
        periods=PERIODS,
        flags=CRL_FLAGS,
        foreign=st.sampled_from([True, True, False]),
        first=st.lists(st.tuples(KINDS, SCRIPTS), min_size=1, max_size=4),
    )
    def build(
        self,
        modules: list[tuple[object, str]],
        switches: tuple[bool, bool, bool],
        periods: tuple[int, int],
        flags: int,
        first: list[tuple[str, Script]],
        *,
        foreign: bool,
    ) -> None:
        drawn = [model.Module(f"exit {n}", *pair) for n, pair in enumerate(modules)]
        denied, retrieved, startup = switches
        period, delta_period = (timedelta(days=days) for days in periods)
        oldest, tidy = bool(flags & OLDEST_BASE), bool(flags & TIDY)
        lists = Publisher(period, delta_period, oldest, tidy)
        self.model = Model(drawn, denied, retrieved, startup, foreign_allowed=foreign, lists=lists)
        self.sources: SeededSources = Sources.seeded(1)
        self.make(
            drawn,
            config=configuration(periods, flags, foreign=foreign),
            fidelity=Fidelity(
                denied_when_failed=denied, retrieve_pending=retrieved, startup=startup
            ),
        )
        self.both(self.ca.start, self.model.start)
        for kind, script in first:
            self.submit(kind, script, "red")

    def make(self, drawn: list[model.Module], **options: Any) -> None:
        """Make the CA that is driven."""
        self.ca = CertificationAuthority(
            "Machine CA",
            exit_modules=[Exit(module, self.heard) for module in drawn],
            policy_module=self.policy,
            sources=self.sources,
            **options,
        )

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
            assert got == expected
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
        there = list(self.model.rows)
        if pick < UNKNOWN:
            return there[-1 - pick % len(there)] if there else 0
        return (self.model.last_number + 1) * (pick - UNKNOWN)

    @rule()
    def start_once_more(self) -> None:
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
            row = self.model.rows[outcome.request_id]
            row.serial = outcome.serial_number
            assert outcome.raw_certificate is not None
            found = Found(row.serial, row.ends, row.key, ours=True)
            self.certificates.append((found, outcome.raw_certificate))

    @rule(script=SCRIPTS, colour=COLOURS)
    def submit_approve_and_fetch(self, script: Script, colour: str) -> None:
        self.submit("good", PEND, colour)
        self.retrieve(0)
        self.resubmit(0, script)
        self.retrieve(0)

    @rule(script=SCRIPTS, colour=COLOURS)
    def submit_deny_and_reopen(self, script: Script, colour: str) -> None:
        self.submit("good", PEND, colour)
        self.deny(0)
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
        serial = (row.serial if row else None) or NO_SERIAL
        self.both(
            lambda: self.ca.retrieve(serial_number=serial),
            lambda: self.model.retrieve(self.model.by_serial(serial)),
        )
