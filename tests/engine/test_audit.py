"""The security audit: which event is written when, by the bits of the filter, and what it says.

Which bit lets which event out is written here by hand, from the list of methods in MS-CSRA
3.1.4.2.10; names of fields and samples of values are those of published events.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import attrs
import hypothesis.strategies as st
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from hypothesis import given

from certsim import ComError, Sources
from certsim._engine import audit
from certsim._engine.audit import AuditEntry
from certsim._engine.journal import Entry
from certsim._engine.state import CAState
from certsim.database.rows import ExtensionRow, Value
from tests.engine import security_kit as kit
from tests.engine.engine_kit import make_ca
from tests.requests_kit import make_csr, make_key

SERVICE, BACKUP, REQUESTS, REVOCATION, SECURITY, KEYS, SETTINGS = (1 << n for n in range(7))
ALL = 0x7F
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
HOSTILE = "www\r\n2026-01-01 00:00:00 audit 4887\x1b[2J\u202e\u2028\x85\x00\ud800"
BOB = r"CORP\bob"


def audited(state: CAState) -> list[AuditEntry]:
    """Return what is on record."""
    return [entry for entry in state.journal.entries() if isinstance(entry, AuditEntry)]


def only(entries: Iterable[Entry]) -> AuditEntry:
    """Return the one entry there is."""
    (entry,) = entries
    if not isinstance(entry, AuditEntry):
        raise TypeError(entry)
    return entry


def recorded(write: Callable[[CAState], object], **values: int) -> AuditEntry:
    """Return the one entry that *write* puts on record of a CA that audits everything."""
    state = kit.make_state(**{"AuditFilter": ALL, **values})
    write(state)
    return only(state.journal.entries())


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
        (kit.ISSUED, 4887, 3),
        (kit.DENIED, 4888, 2),
        (kit.PENDING, 4889, 5),
        (kit.FAILED, 4888, 1),
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
    assert dict(only(subjects(kit.ISSUED, **names)).fields)["Subject"] == "CN=b"


def test_a_new_request_was_received_first() -> None:
    """Its event has the time of the submit and three fields; a resubmit does not repeat it."""
    received, outcome = subjects(kit.PENDING, new=True)
    assert (received.event_id, outcome.event_id) == (4886, 4889)
    assert received.when == kit.SUBMITTED
    assert outcome.when == Sources.seeded(1).clock.now()
    assert received.fields == outcome.fields[:3]
    assert len(subjects(kit.PENDING)) == 1


def test_hostile_requests_stay_on_their_line() -> None:
    """Nothing that a client sends can forge an entry."""
    entries = subjects(
        kit.DENIED,
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
    row = kit.make_row(kit.REVOKED, SerialNumber=serial)
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


# Through the verbs.


def ids(office: kit.Office, act: Callable[[], object]) -> list[int]:
    """Return which events *act* puts on record."""
    told = len(office.ca.journal)
    act()
    return [entry.event_id for entry in office.ca.journal[told:] if isinstance(entry, AuditEntry)]


EVENTS_OF = {
    "submit": (kit.ALICE, [4886, 4887]),
    "resubmit": (kit.BOB, [4869, 4887]),
    "deny": (kit.BOB, [4868]),
    "revoke": (kit.BOB, [4870]),
    "set_certificate_extension": (kit.BOB, [4873]),
    "set_request_attributes": (kit.BOB, [4874]),
    "import_certificate": (kit.BOB, [4884]),
    "publish_crls": (kit.CAROL, [4871, 4872, 4872]),
    "delete_rows": (kit.DAVE, [4896]),
    "retrieve": (kit.ALICE, []),
    "is_valid": (kit.ALICE, []),
    "view": (kit.ALICE, []),
}


@pytest.mark.parametrize("method", EVENTS_OF)
def test_a_verb_has_its_events(method: str) -> None:
    """Each act is on record, in the order it happened, and what only reads is not."""
    account, expected = EVENTS_OF[method]
    office = kit.Office(AuditFilter=ALL)
    assert ids(office, lambda: office.call(method, account)) == expected


@pytest.mark.parametrize("method", EVENTS_OF)
def test_a_refused_verb_is_not_on_record(method: str) -> None:
    """What did not happen has no event: the audit has successes only."""
    office = kit.Office(AuditFilter=ALL)

    def refused() -> None:
        with pytest.raises(ComError):
            office.call(method, kit.EVE)

    assert ids(office, refused) == []


@pytest.mark.parametrize("method", EVENTS_OF)
def test_without_a_filter_no_verb_is_on_record(method: str) -> None:
    """The same acts leave no event where nobody asked for any."""
    office = kit.Office()
    assert ids(office, lambda: office.call(method, EVENTS_OF[method][0])) == []


@pytest.mark.parametrize("verdict", [kit.TO_ISSUE, kit.TO_PEND, kit.TO_REFUSE])
def test_the_record_says_what_the_certificate_says(verdict: int) -> None:
    """Subject and key identifier are the request's, whatever became of it."""
    office = kit.Office(AuditFilter=REQUESTS)
    office.verdict = verdict
    outcome = office.ca.submit(make_csr(), attributes="a:b", requester=kit.ALICE)
    fields = dict(audited_by(office)[-1].fields)
    identifier = x509.SubjectKeyIdentifier.from_public_key(make_key().public_key())
    assert fields == {
        "RequestId": outcome.request_id,
        "Requester": kit.ALICE,
        "Attributes": "a:b",
        "Disposition": outcome.disposition,
        "SubjectKeyIdentifier": identifier.digest.hex(" "),
        "Subject": "CN=www.example.test",
    }


def audited_by(office: kit.Office) -> list[AuditEntry]:
    """Return all that is on record of a CA."""
    return [entry for entry in office.ca.journal if isinstance(entry, AuditEntry)]


@pytest.mark.parametrize(
    ("method", "event_id"),
    [
        ("deny", 4868),
        ("resubmit", 4869),
        ("revoke", 4870),
        ("publish_crls", 4871),
        ("set_certificate_extension", 4873),
        ("set_request_attributes", 4874),
        ("import_certificate", 4884),
        ("delete_rows", 4896),
    ],
)
def test_who_acted_is_on_record(method: str, event_id: int) -> None:
    """The events of officers and administrators name the account that called the verb."""
    office = kit.Office(AuditFilter=ALL)
    office.call(method, kit.DAVE)
    (entry,) = (entry for entry in audited_by(office) if entry.event_id == event_id)
    assert entry.fields[-2:] == (("SubjectUserName", "dave"), ("SubjectDomainName", "CORP"))


@pytest.mark.parametrize(("separated", "word"), [(0, "No"), (1, "Yes")])
def test_start_and_stop_are_on_record(separated: int, word: str) -> None:
    """A start tells the CA's hashes and whether roles are separated; a stop tells them again."""
    ca = make_ca(config={r"ca\AuditFilter": SERVICE, r"ca\RoleSeparationEnabled": separated})
    with ca:
        pass
    entries = [entry for entry in ca.journal if isinstance(entry, AuditEntry)]
    assert [entry.event_id for entry in entries] == [4880, 4897, 4875, 4881]
    identifier = x509.SubjectKeyIdentifier.from_public_key(ca.certificate.public_key())
    certificate = ca.certificate.fingerprint(hashes.SHA1()).hex(" ")  # noqa: S303
    assert dict(entries[0].fields) == {
        "PrivateKeyUsageCount": 0,
        "CACertificateHash": certificate,
        "CAPublicKeyHash": identifier.digest.hex(" "),
    }
    assert entries[3].fields == entries[0].fields
    assert entries[1].fields == (("RoleSeparationEnabled", word),)


def test_a_setting_is_on_record() -> None:
    """A change of the configuration is told as it is made, by the filter of the last start."""
    office = kit.Office(AuditFilter=SETTINGS)

    def put(path: str) -> list[int]:
        return ids(office, lambda: office.ca.set_config(path, 5, administrator=kit.CAROL))

    assert put(r"policy\EditFlags") == [4891]
    assert put(r"ca\AuditFilter") == [4885]
    assert put(r"ca\KRAFlags") == [4891]
