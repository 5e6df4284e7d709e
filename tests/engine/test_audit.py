"""The security audit: which event is written when, by the bits of the filter, and in what form.

Names of fields and samples of values are those of published events.
Source: MS-CSRA 3.1.4.2.10; docs/rulings.md (Roles and audit).
"""

from __future__ import annotations

import json

import attrs
import hypothesis.strategies as st
import pytest
from hypothesis import given

from certsim._engine import audit
from certsim._engine.audit import AuditEntry
from certsim.database.rows import Value
from tests.engine import security_kit as kit
from tests.engine.audit_kit import (
    ALL,
    BACKUP,
    KEYS,
    REQUESTS,
    REVOCATION,
    SECURITY,
    SERVICE,
    SETTINGS,
    audited,
    only,
    recorded,
)
from tests.engine.security_kit import BOB

BY_BIT = {
    SERVICE: (4875, 4880, 4881, 4897),
    BACKUP: (4876, 4877, 4878, 4879),
    REQUESTS: (4868, 4869, 4873, 4874, 4884, 4886, 4887, 4888, 4889, 4896),
    REVOCATION: (4870, 4871, 4872),
    SECURITY: (4882, 4890),
    KEYS: (4883, 4893, 4894),
    SETTINGS: (4885, 4891, 4892, 4895, 4898, 4899, 4900),
}
EVENTS = [(event_id, bit) for bit, events in BY_BIT.items() for event_id in events]


# The filter.


def test_every_event_is_tried() -> None:
    """The hand-written list has all 33 events of the subcategory."""
    assert sorted(event_id for event_id, _ in EVENTS) == [*range(4868, 4901)]


@pytest.mark.parametrize(("event_id", "bit"), EVENTS)
def test_an_event_is_written_if_its_bit_is_set(event_id: int, bit: int) -> None:
    """Of all 128 filters those with the event's bit let it out, and no others."""
    state = kit.make_state()
    for word in range(ALL + 1):
        state.settings = attrs.evolve(state.settings, audit_filter=word)
        before = len(audited(state))
        audit.record(state, event_id)
        assert len(audited(state)) - before == bool(word & bit), word


def test_nothing_is_audited_by_default() -> None:
    """A CA whose AuditFilter nobody has set puts nothing on record."""
    state = kit.make_state()
    for event_id, _ in EVENTS:
        audit.record(state, event_id)
    audit.submitted(state, kit.make_row(), kit.ALICE)
    assert audited(state) == []


def test_the_filter_is_the_last_starts() -> None:
    """A filter that is written into the registry waits for the next start."""
    state = kit.make_state()
    state.registry.write("", "AuditFilter", ALL)
    audit.record(state, 4875)
    assert audited(state) == []
    state.configure()
    audit.record(state, 4875)
    assert only(audited(state)).event_id == 4875


# Fields.


@pytest.mark.parametrize("word", [0, ALL])
def test_a_field_that_the_event_does_not_have_is_a_mistake(word: int) -> None:
    """A misspelt field, or one of another event, is a TypeError whatever the filter."""
    state = kit.make_state(AuditFilter=word)
    with pytest.raises(TypeError, match="event 4868 has no field RequestID"):
        audit.record(state, 4868, RequestID=7)
    with pytest.raises(TypeError, match="event 4870 has no field RequestId"):
        audit.record(state, 4870, RequestId=7, RevocationReason=1)
    with pytest.raises(KeyError):
        audit.record(state, 4867)
    assert audited(state) == []


def test_fields_stand_in_the_events_order() -> None:
    """The order of the call does not matter, and fields that are not given are not there."""
    entry = recorded(
        lambda state: audit.record(state, 4872, PublishURLs="C:\\ca.crl", CRLNumber=58, IsBaseCRL=1)
    )
    assert entry.fields == (("IsBaseCRL", 1), ("CRLNumber", 58), ("PublishURLs", "C:\\ca.crl"))


@pytest.mark.parametrize(
    ("by", "user", "domain"),
    [
        (BOB, "bob", "CORP"),
        ("bob", "bob", ""),
        ("bob@corp.example", "bob@corp.example", ""),
        ("a\\b\\c", "c", "a\\b"),
    ],
)
def test_who_did_it_stands_behind_what_was_done(by: str, user: str, domain: str) -> None:
    """The account's two halves are the last fields; its identifier and session are unknown."""
    entry = recorded(lambda state: audit.record(state, 4868, by, RequestId=7))
    assert entry.fields == (
        ("RequestId", 7),
        ("SubjectUserName", user),
        ("SubjectDomainName", domain),
    )


@pytest.mark.parametrize("event_id", [4872, 4880, 4881, 4886, 4887, 4888, 4889, 4897])
def test_events_of_nobodys_doing_name_nobody(event_id: int) -> None:
    """To say who did what the CA did by itself is a mistake."""
    with pytest.raises(TypeError, match="has no field Subject"):
        audit.record(kit.make_state(AuditFilter=ALL), event_id, BOB)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, None),
        (5, 5),
        (-1, -1),
        (kit.SUBMITTED, "2026-03-01T09:30:00+00:00"),
        (b"\x01\xab\x00", "01 ab 00"),
        ("text", "text"),
        (True, "Yes"),
        (False, "No"),
    ],
)
def test_values_are_numbers_and_text(value: Value | None, written: str | int | None) -> None:
    """Times are ISO 8601, bytes pairs of digits, a choice is Yes or No."""
    entry = recorded(lambda state: audit.record(state, 4891, Value=value))
    assert entry.fields == (("Value", written),)
    assert type(entry.fields[0][1]) is type(written)


def test_an_entry_is_plain_data() -> None:
    """As a mapping for JSON each field stands beside the event's id and time."""
    entry = recorded(lambda state: audit.record(state, 4870, BOB, RevocationReason=-1))
    assert json.loads(json.dumps(entry.as_dict())) == {
        "kind": "auditentry",
        "when": entry.when.isoformat(),
        "event_id": 4870,
        "RevocationReason": -1,
        "SubjectUserName": "bob",
        "SubjectDomainName": "CORP",
    }


def test_an_entry_is_a_value() -> None:
    """Two of the same act are equal, and none can be changed."""
    one, other = (recorded(lambda state: audit.record(state, 4868, RequestId=7)) for _ in "ab")
    assert one == other
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        one.event_id = 4870  # type: ignore[misc]


def test_an_entry_is_one_line() -> None:
    """The line has time, id, the event in words, and the fields; what is empty is a minus sign."""
    entry = AuditEntry(kit.SUBMITTED, 4870, (("CertificateSerialNumber", None), ("Reason", 6)))
    assert str(entry) == (
        "2026-03-01 09:30:00 audit 4870 certificate revoked: CertificateSerialNumber=-, Reason=6"
    )
    assert str(AuditEntry(kit.SUBMITTED, 4875, ())) == (
        "2026-03-01 09:30:00 audit 4875 shutdown asked for"
    )


@given(text=st.text(st.characters()), by=st.text(st.characters()))
def test_no_value_leaves_its_line(text: str, by: str) -> None:
    """For all text that came with a request the entry prints as one line."""
    entry = recorded(lambda state: audit.record(state, 4874, by, Attributes=text))
    assert str(entry).isprintable()
