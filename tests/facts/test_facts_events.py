"""Exit events against the published constants and a hand-written table of contexts."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from certsim.facts.basis import Basis
from certsim.facts.events import ALL_EVENTS, EVENT_BY_VALUE, EVENTS, ExitEvent

# Source: win32 SecCrypto (exit modules); docs/rulings.md (Contexts) for the events without one.
WITHOUT_REQUEST = {"INVALID", "CRLISSUED", "SHUTDOWN", "STARTUP"}
HEADER_ONLY = {"STARTUP", "CERTIMPORTED"}


def test_values_are_those_of_the_header(oracle: dict[str, Any]) -> None:
    """Each EXITEVENT constant is a member without its prefix, and no other member exists."""
    values = {f"EXITEVENT_{name}": int(event) for name, event in ExitEvent.__members__.items()}
    assert values == oracle["exit_event_values"] == oracle["constants"]["EXITEVENT"]


def test_every_event_has_one_row(oracle: dict[str, Any]) -> None:
    """The rows name each constant once with its value."""
    assert len(EVENTS) == len(oracle["exit_event_values"])
    assert {row.symbol: int(row.event) for row in EVENTS} == oracle["exit_event_values"]


def test_rows_are_found_by_number(oracle: dict[str, Any]) -> None:
    """A plain integer from a module leads to the row of its event."""
    found = {EVENT_BY_VALUE[value].symbol for value in oracle["exit_event_values"].values()}
    assert found == set(oracle["exit_event_values"])


def test_service_and_crl_events_have_no_request() -> None:
    """Only events of a request row offer request data."""
    without = {row.event.name for row in EVENTS if not row.request_behind_context}
    assert without == WITHOUT_REQUEST


def test_two_events_are_known_from_the_header_alone() -> None:
    """STARTUP and CERTIMPORTED are absent from the page of Initialize."""
    header = {row.event.name for row in EVENTS if row.basis is Basis.HEADER}
    assert header == HEADER_ONLY
    assert {row.basis for row in EVENTS} == {Basis.HEADER, Basis.DOCUMENTED}


def test_the_nameless_bit_stays_nameless() -> None:
    """0x100 is a value of the type and no member of it."""
    assert 0x100 not in {int(event) for event in ExitEvent}
    assert int(ExitEvent(0x100)) == 0x100
    assert 0x100 not in EVENT_BY_VALUE


def test_the_mask_covers_all_named_bits_and_the_nameless_one(oracle: dict[str, Any]) -> None:
    """What Initialize may return is every published bit, and 0x100."""
    named = 0
    for value in oracle["exit_event_values"].values():
        named |= value
    assert named | 0x100 == ALL_EVENTS


@given(st.integers(min_value=0, max_value=0xFFFFFFFF), st.sampled_from(sorted(ExitEvent)))
def test_unknown_bits_survive(mask: int, event: ExitEvent) -> None:
    """Making, joining, meeting and clearing keep the bits that have no name."""
    assert int(ExitEvent(mask)) == mask
    assert int(ExitEvent(mask) | event) == mask | event.value
    assert int(ExitEvent(mask) & event) == mask & event.value
    assert int(ExitEvent(mask) ^ event) == mask ^ event.value
    assert int(ExitEvent(mask) & ~int(event)) == mask & ~event.value
