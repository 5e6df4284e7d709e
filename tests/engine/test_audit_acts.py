"""What the audit says of requests and of each other act.

Names of fields and samples of values are those of published events.
Source: MS-CSRA 3.1.4.2.10; docs/rulings.md (Roles and audit).
"""

from __future__ import annotations

import json

import pytest

from certsim import Sources
from certsim._engine import audit
from certsim._engine.audit import AuditEntry
from certsim.database.rows import ExtensionRow, Value
from tests.codes import DENIED, FAILED, ISSUED, PENDING, REVOKED
from tests.engine import security_kit as kit
from tests.engine.audit_kit import ALL, audited, only, recorded
from tests.engine.security_kit import BOB

HOSTILE = "www\r\n2026-01-01 00:00:00 audit 4887\x1b[2J\u202e\u2028\x85\x00\ud800"


# What becomes of requests.


def subjects(disposition: int, *, new: bool = False, **columns: Value) -> list[AuditEntry]:
    """Return what is on record about request 7 of Alice in this state."""
    state = kit.make_state(AuditFilter=ALL)
    put = audit.submitted if new else audit.resubmitted
    put(state, kit.make_row(disposition, **columns), kit.ALICE)
    first, *rest = audited(state)
    assert first.event_id == (4886 if new else 4869)
    return [first, *rest] if new else rest


@pytest.mark.parametrize(
    ("disposition", "event_id", "client"),
    [
        (ISSUED, 4887, 3),
        (DENIED, 4888, 2),
        (PENDING, 4889, 5),
        (FAILED, 4888, 1),
    ],
)
def test_the_outcome_follows_the_disposition(disposition: int, event_id: int, client: int) -> None:
    """Each end of a request has its event, which has the client's number and not the row's."""
    entry = only(subjects(disposition))
    assert entry.event_id == event_id
    assert dict(entry.fields) == {
        "RequestId": 7,
        "Requester": r"CORP\alice",
        "Attributes": "CertificateTemplate:WebServer\nccm:pc7",
        "Disposition": client,
        "SubjectKeyIdentifier": None,
        "Subject": None,
    }


def test_the_issued_subject_is_told_rather_than_the_requested_one() -> None:
    """Where policy has changed the subject the record has the certificate's."""
    names: dict[str, Value] = {"DistinguishedName": "CN=b", "Request.DistinguishedName": "CN=a"}
    assert dict(only(subjects(ISSUED, **names)).fields)["Subject"] == "CN=b"


def test_a_new_request_was_received_first() -> None:
    """Its event has the time of the submit and three fields; a resubmit does not repeat it."""
    received, outcome = subjects(PENDING, new=True)
    assert (received.event_id, outcome.event_id) == (4886, 4889)
    assert received.when == kit.SUBMITTED
    assert outcome.when == Sources.seeded(1).clock.now()
    assert received.fields == outcome.fields[:3]
    assert len(subjects(PENDING)) == 1


def test_hostile_requests_stay_on_their_line() -> None:
    """Nothing that a client sends can forge an entry."""
    entries = subjects(
        DENIED,
        new=True,
        **{
            "Request.RequesterName": HOSTILE,
            "Request.RequestAttributes": HOSTILE,
            "Request.DistinguishedName": f"CN={HOSTILE}",
        },
    )
    for entry in entries:
        assert str(entry).isprintable()
        assert json.loads(json.dumps(entry.as_dict()))["Requester"] == HOSTILE


# The other acts.


def test_an_extension_is_on_record_with_its_flags_but_not_its_origin() -> None:
    """The flags are those the officer gave: critical (1), disabled (2)."""
    put = ExtensionRow("1.2.3", 0x30001, b"\x04\x01\xff")
    entry = recorded(lambda state: audit.extension_set(state, kit.make_row(), put, 3, BOB))
    assert (entry.event_id, dict(entry.fields)) == (
        4873,
        {
            "RequestId": 7,
            "ExtensionName": "1.2.3",
            "ExtensionDataType": 3,
            "ExtensionPolicyFlags": 1,
            "ExtensionData": "04 01 ff",
            "SubjectUserName": "bob",
            "SubjectDomainName": "CORP",
        },
    )


@pytest.mark.parametrize("reason", [6, -1])
def test_a_revocation_tells_serial_number_and_reason(reason: int) -> None:
    """The event has no request id; the reason of a release is -1."""
    serial = "730000005b712608f19c99f667000000005b"
    row = kit.make_row(REVOKED, SerialNumber=serial)
    entry = recorded(lambda state: audit.revoked(state, row, reason, BOB))
    assert entry.event_id == 4870
    assert entry.fields[:2] == (("CertificateSerialNumber", serial), ("RevocationReason", reason))


@pytest.mark.parametrize(
    ("table", "number"),
    [("request", 0), ("extension", 0x3000), ("attribute", 0x4000), ("crl", 0x5000)],
)
def test_a_deletion_tells_table_and_number(table: str, number: int) -> None:
    """The table is its number in certview.h, the filter a row id or a date."""
    entry = recorded(lambda state: audit.deleted(state, table, 12, 1, BOB))
    assert entry.event_id == 4896
    assert entry.fields[:3] == (("TableId", number), ("Filter", 12), ("RowsDeleted", 1))
    by_date = recorded(lambda state: audit.deleted(state, table, kit.SUBMITTED, 40, BOB))
    assert dict(by_date.fields)["Filter"] == "2026-03-01T09:30:00+00:00"


def test_a_change_of_the_configuration_tells_key_name_and_value() -> None:
    """A list is one text, a line for each item."""
    entry = recorded(
        lambda state: audit.configured(state, "PolicyModules\\A", "Names", ["one", "two"], BOB)
    )
    assert (entry.event_id, entry.fields) == (
        4891,
        (
            *(("Node", "PolicyModules\\A"), ("Entry", "Names"), ("Value", "one\ntwo")),
            *(("SubjectUserName", "bob"), ("SubjectDomainName", "CORP")),
        ),
    )


def test_the_filters_own_change_has_its_own_event() -> None:
    """The CA's AuditFilter is 4885, whatever its case; a module's value of that name is 4891."""
    entry = recorded(lambda state: audit.configured(state, "", "auditFILTER", 0, ""))
    assert (entry.event_id, entry.fields) == (4885, (("AuditFilter", 0),))
    other = recorded(lambda state: audit.configured(state, "ExitModules\\A", "AuditFilter", 0, ""))
    assert other.event_id == 4891
