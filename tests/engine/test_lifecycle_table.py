"""The table of the code against one written by hand, line for line, and its own order.

Source: MS-WCCE 3.2.1.4.2.1.3, 3.2.1.4.2.1.4.5; MS-CSRA 3.1.4.1.3, 3.1.4.1.8, 3.1.4.1.26,
3.1.4.2.18; comments of ADCS.CertMod on its events; docs/rulings.md (Requests, Revocation, Import,
Deleting rows, Events).
"""

from __future__ import annotations

from collections import Counter

import pytest

from certsim import RowDisposition
from certsim._engine import lifecycle

EVENTS = {
    "-": 0, "issued": 0x1, "pending": 0x2, "denied": 0x4, "revoked": 0x8, "retrieved": 0x10,
    "imported": 0x200,
}  # fmt: skip
"""EXITEVENT_* of certexit.h, by short names."""
LIFE = """
none     submit                    unreadable    failed   denied
none     submit                    issue         issued   issued
none     submit                    pend          pending  pending
none     submit                    deny          denied   denied
none     submit                    unbuildable   denied   denied
pending  resubmit                  issue         issued   issued
pending  resubmit                  deny          denied   denied
pending  resubmit                  pend          pending  pending
pending  resubmit                  unbuildable   denied   denied
denied   resubmit                  issue         issued   issued
denied   resubmit                  deny          denied   denied
denied   resubmit                  pend          pending  pending
denied   resubmit                  unbuildable   denied   denied
pending  deny                      always        denied   denied
pending  set_request_attributes    always        pending  -
pending  set_certificate_extension always        pending  -
issued   retrieve                  once_pending  issued   retrieved
revoked  retrieve                  once_pending  revoked  retrieved
issued   revoke                    revoke        revoked  revoked
issued   revoke                    hold          revoked  revoked
revoked  revoke                    revoke        revoked  revoked
revoked  revoke                    hold          revoked  revoked
revoked  revoke                    release       issued   revoked
issued   revoke                    toggle        issued   -
revoked  revoke                    toggle        revoked  -
foreign  revoke                    toggle        foreign  -
none     import_certificate        own           issued   imported
none     import_certificate        foreign       foreign  imported
pending  import_certificate        own           issued   imported
"""
"""State, verb, what holds, new state, event. Each state besides has the lines of `ANY_STATE`."""
ANY_STATE = """
retrieve    always same -
delete_rows whole  none -
delete_rows parts  same -
"""
ABOUT_NO_ROW = {
    *("is_valid", "view", "publish_crls", "renew"),
    *("set_config", "set_audit_filter"),
}
Line = tuple[str, str, str, str, int]


def lines(text: str) -> list[list[str]]:
    """Return the words of each line."""
    return [line.split() for line in text.strip().splitlines()]


def written() -> set[Line]:
    """Return the lines that are written down here."""
    found = lines(LIFE)
    for state in (name.lower() for name in RowDisposition.__members__ if name != "ACTIVE"):
        for verb, guard, after, event in lines(ANY_STATE):
            found.append([state, verb, guard, state if after == "same" else after, event])
    return {(*line, EVENTS[event]) for *line, event in found}  # type: ignore[misc]


def named(state: RowDisposition | None) -> str:
    """Return a state as it is written here."""
    return "none" if state is None else state.name.lower()


def as_written(step: lifecycle.Step) -> Line:
    """Return a line of the code as it would be written here."""
    before, after = named(step.before), named(step.after)
    return before, str(step.verb), step.guard.name.lower(), after, int(step.event)


def test_the_table_of_the_code_is_the_one_written_by_hand() -> None:
    """State, verb, guard, new state and event of every line, and no line more."""
    assert {as_written(step) for step in lifecycle.TABLE} == written()


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


def test_every_verb_about_a_row_and_every_guard_has_a_line() -> None:
    """No word stands for nothing, but for the guard that says what is never possible."""
    lined = {str(step.verb) for step in lifecycle.TABLE}
    assert lined == {str(verb) for verb in lifecycle.Verb} - ABOUT_NO_ROW
    never = {lifecycle.Guard.NOT_ON_HOLD}
    assert {step.guard for step in lifecycle.TABLE} == set(lifecycle.Guard) - never
