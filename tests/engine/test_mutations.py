"""Does the suite notice? The engine is made wrong in one way at a time, and a check must fail.

Each mutant is a small change made in this process for the length of one test. The checks are
tests of the suite, called as they are, and the state machine without shrinking. A mutant that
no check notices would mean that a sentence of the rules stands in no test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from certsim import ComError, RowDisposition
from tests.conftest import Recorder
from tests.engine import engine_kit as kit
from tests.engine import (
    mutants,
    revocation_kit,
    test_delete,
    test_dispatch,
    test_failing_modules,
    test_import_refused,
    test_is_valid,
    test_lifecycle,
    test_renew,
    test_revocation,
    test_service,
)
from tests.engine import mutants_certificates as later
from tests.machines.test_engine_machine import SHORT, EngineMachine

Patch = pytest.MonkeyPatch
R = RowDisposition
# The first difference ends a run, so that a large budget costs nothing but when all is lost.
BUDGET = settings(
    SHORT,
    max_examples=600,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def machine() -> None:
    """Drive the engine beside the model; without shrinking, since any difference will do."""
    run_state_machine_as_test(EngineMachine, settings=BUDGET)


def claims() -> None:
    """Let a second officer meddle while policy decides."""
    recorder, policy = Recorder(), kit.ScriptedPolicy()
    with kit.make_ca(recorder, policy=policy) as ca:
        test_lifecycle.test_a_standing_claimed_row_refuses_every_other_verb(
            (ca, policy, recorder), R.PENDING, "deny"
        )


def released() -> None:
    """Release from hold."""
    with standing() as stand:
        test_revocation.test_a_release_leaves_the_reason_minus_one_and_both_dates(stand, -1, None)


def revoked_once_more() -> None:
    """Revoke for another reason."""
    with standing() as stand:
        test_revocation.test_a_second_revocation_replaces_reason_dates_and_message(
            stand, "revoked", 4
        )


def toggled() -> None:
    """Say that a certificate outlives its end on lists."""
    with standing() as stand:
        test_revocation.test_the_two_numbers_set_one_column_and_are_told_to_nobody(
            stand, "revoked", -2, 1
        )


def not_on_hold() -> None:
    """Put on hold what is revoked for another reason."""
    with standing() as stand:
        test_revocation.test_any_other_revocation_is_invalid_data_and_changes_nothing(
            stand, "revoked", "hold"
        )


def dated() -> None:
    """Revoke with a date in the future."""
    with standing() as stand:
        test_is_valid.test_a_revocation_counts_from_its_effective_date_on(stand, 1)


def imported() -> None:
    """Look at an imported row from inside Notify."""
    test_import_refused.test_an_import_is_committed_before_modules_are_told(Recorder())


def forgotten() -> None:
    """Delete one of two revoked certificates."""
    recorder, policy = Recorder(), kit.ScriptedPolicy()
    with kit.make_ca(recorder, policy=policy) as ca:
        test_delete.test_a_deleted_revoked_certificate_is_missing_on_the_next_list(
            test_delete.Bench(ca, policy, recorder)
        )


@contextmanager
def standing() -> Iterator[revocation_kit.Stand]:
    """Run a CA for one test of revocation."""
    recorder = Recorder()
    with kit.make_ca(recorder) as ca:
        yield ca, recorder


def scode() -> None:
    """Raise what pywin32 raises."""
    error = test_failing_modules.Pywin32Error(0x80070057)
    test_failing_modules.test_a_module_that_raises_is_logged_and_stops_nobody(error, 46, 0x80070057)


def next_module() -> None:
    """Let the first of two modules fail."""
    error = ComError(0x80070005)
    test_failing_modules.test_a_module_that_raises_is_logged_and_stops_nobody(error, 46, 0x80070005)


def rulings() -> None:
    """Put every kind of verdict before the engine."""
    for ruling in test_failing_modules.RULINGS:
        test_failing_modules.test_a_verdict_is_judged_as_ruled(ruling)


def interrupt() -> None:
    """Press Ctrl-C in the first of two modules."""
    test_failing_modules.test_a_keyboard_interrupt_gets_out_and_leaves_the_thread_usable()


committed = test_dispatch.test_a_row_is_committed_before_modules_are_told
drained = test_dispatch.test_verbs_inside_notify_answer_at_once_and_their_events_follow
one_order = test_dispatch.test_modules_are_told_in_the_order_of_active
contexts_die = test_dispatch.test_contexts_die_after_the_event_and_numbers_are_never_used_again
unlocked = test_service.test_the_lock_is_not_held_while_policy_decides
stop_waits = test_service.test_stop_waits_for_running_verbs_and_lets_no_new_one_in
journaled = test_dispatch.test_the_journal_tells_commit_before_notification
one_list = test_renew.test_certificates_with_one_key_have_one_list_between_them
walked = test_renew.test_a_module_walks_the_lists_of_both_keys_as_the_exit_sample_does
ended_key = test_renew.test_an_ended_key_publishes_no_more_and_the_next_goes_on
# The state machine is not among them: test_engine_machine.py runs it on a sound engine anyway.
CHECKS = [
    rulings, claims, scode, next_module, interrupt, committed, drained, one_order, contexts_die,
    unlocked, stop_waits, journaled, released, revoked_once_more, toggled, not_on_hold, dated,
    forgotten, imported, one_list, walked, ended_key,
]  # fmt: skip


MUTANTS: list[tuple[Callable[[Patch], None], Callable[[], None]]] = [
    (mutants.mask_inverted, machine),
    (mutants.order_reversed, machine),
    (mutants.order_reversed, one_order),
    (mutants.first_module_only, machine),
    (mutants.events_swapped, machine),
    (mutants.resubmit_is_silent, machine),
    (mutants.unreadable_is_denied, machine),
    (mutants.issued_can_be_denied, machine),
    (mutants.denied_stays_denied, machine),
    (mutants.commit_dropped, machine),
    (mutants.notify_before_commit, committed),
    (mutants.told_in_the_midst, drained),
    (mutants.failure_not_logged, machine),
    (mutants.failure_ends_the_round, next_module),
    (mutants.queue_left_behind, interrupt),
    (mutants.scode_unknown, scode),
    (mutants.truth_is_a_verdict, rulings),
    (mutants.policy_shut_down_first, machine),
    (mutants.claims_forgotten, claims),
    (mutants.pending_forgotten, machine),
    (mutants.ids_skip, machine),
    (mutants.serials_repeat, machine),
    (mutants.contexts_live_on, contexts_die),
    (mutants.policy_under_lock, unlocked),
    (mutants.stop_does_not_wait, stop_waits),
    (mutants.gate_left_open, machine),
    (mutants.notification_journaled_first, journaled),
    (later.release_leaves_revoked, released),
    (later.release_leaves_revoked, machine),
    (later.release_is_silent, released),
    (later.second_revocation_is_silent, revoked_once_more),
    (later.second_revocation_is_silent, machine),
    (later.toggle_fires, toggled),
    (later.toggle_fires, machine),
    (later.hold_over_another_reason, not_on_hold),
    (later.hold_over_another_reason, machine),
    (later.refused_like_a_request, not_on_hold),
    (later.refused_like_a_request, machine),
    (later.future_date_counts, dated),
    (later.future_date_counts, machine),
    (later.future_date_is_listed, dated),
    (later.future_date_is_listed, machine),
    (later.foreign_is_valid, machine),
    (later.ended_are_dropped_early, machine),
    (later.ended_stay_for_ever, machine),
    (later.delta_forgets, machine),
    (later.released_are_left_out, machine),
    (later.oldest_first, machine),
    (later.number_for_each_key, machine),
    (later.delta_adds_to_the_newest_base, machine),
    (later.newest_key_alone, ended_key),
    (later.newest_key_alone, machine),
    (later.told_for_each_list, walked),
    (later.told_for_each_list, machine),
    (later.told_before_it_is_stored, walked),
    (later.import_looks_for_nothing, machine),
    (later.imported_row_is_told_unstored, imported),
    (later.deleted_stay_listed, forgotten),
    (later.deleted_stay_listed, machine),
    (later.deleted_ids_come_back, machine),
    (later.deletion_is_told, machine),
    (later.renewed_key_does_not_sign, machine),
]


def named(value: object) -> str:
    """Return a function's name, for the list of what was noticed."""
    return getattr(value, "__name__", "")


@pytest.mark.parametrize(("mutant", "check"), MUTANTS, ids=named)
def test_the_suite_notices_an_engine_made_wrong(
    mutant: Callable[[Patch], None], check: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The named check fails, by an assertion of its own, on an engine with this one fault."""
    mutant(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check()


@pytest.mark.parametrize("check", CHECKS, ids=named)
def test_the_checks_pass_on_the_engine_as_it_is(check: Callable[[], None]) -> None:
    """A check that failed on a sound engine would notice nothing."""
    complaints: list[str] = []
    with suppress(AssertionError):
        check()
        complaints.append("none")
    assert complaints == ["none"]
