"""The order of the table itself: one line a key, each with its proof, none about claimed rows."""

from __future__ import annotations

from collections import Counter

import pytest

from certsim import (
    RowDisposition,
)
from certsim._engine import lifecycle


def test_no_two_lines_of_the_table_have_one_key() -> None:
    """State, verb and guard name a line."""
    keys = Counter((step.before, step.verb, step.guard) for step in lifecycle.TABLE)
    assert set(keys.values()) == {1}


def test_no_line_of_the_table_leads_to_or_from_active() -> None:
    """Active is a claim in memory; no line may leave a row in it."""
    ends = {end for step in lifecycle.TABLE for end in (step.before, step.after)}
    assert RowDisposition.ACTIVE not in ends


@pytest.mark.parametrize("step", lifecycle.TABLE)
def test_a_line_of_the_table_has_proof_and_one_event_at_most(step: lifecycle.Step) -> None:
    """Every line says where it comes from and fires one bit or none."""
    assert step.source.strip()
    assert str(step.basis) in {"documented", "header", "sample", "observed", "assumed"}
    assert int(step.event).bit_count() <= 1


def test_every_verb_and_every_guard_has_a_line() -> None:
    """A verb or a guard without a line would be a word that nothing stands behind."""
    assert {step.verb for step in lifecycle.TABLE} == set(lifecycle.Verb)
    assert {step.guard for step in lifecycle.TABLE} == set(lifecycle.Guard)
