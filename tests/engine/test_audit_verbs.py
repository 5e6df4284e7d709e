"""Which records the verbs of a running CA leave.

Source: MS-CSRA 3.1.4.2.10, 3.1.4.1.8; docs/rulings.md (Roles and audit).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from certsim import ComError
from certsim._engine.audit import AuditEntry
from tests.codes import DENY, ISSUE, PEND
from tests.engine import security_kit as kit
from tests.engine.audit_kit import ALL, REQUESTS, SERVICE, SETTINGS
from tests.engine.engine_kit import make_ca
from tests.requests_kit import make_csr, make_key


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
def test_a_verb_has_its_events(open_office: kit.OpenOffice, method: str) -> None:
    """Each act is on record, in the order it happened, and what only reads is not."""
    account, expected = EVENTS_OF[method]
    office = open_office(AuditFilter=ALL)
    assert ids(office, lambda: office.call(method, account)) == expected


@pytest.mark.parametrize("method", EVENTS_OF)
def test_a_refused_verb_is_not_on_record(open_office: kit.OpenOffice, method: str) -> None:
    """What did not happen has no event: the audit has successes only."""
    office = open_office(AuditFilter=ALL)

    def refused() -> None:
        with pytest.raises(ComError):
            office.call(method, kit.EVE)

    assert ids(office, refused) == []


@pytest.mark.parametrize("method", EVENTS_OF)
def test_without_a_filter_no_verb_is_on_record(open_office: kit.OpenOffice, method: str) -> None:
    """The same acts leave no event where nobody asked for any."""
    office = open_office()
    assert ids(office, lambda: office.call(method, EVENTS_OF[method][0])) == []


def test_a_certificate_that_is_only_to_stay_on_lists_was_not_revoked(
    open_office: kit.OpenOffice,
) -> None:
    """MS-CSRA 3.1.4.1.8: numbers that set PublishExpiredCertInCRL revoke nothing, so no 4870."""
    office = open_office(AuditFilter=ALL)
    for reason in (0xFFFFFFFE, 0xFFFFFFFD):
        keep = partial(office.ca.revoke, office.serial, reason, officer=kit.BOB)
        assert 4870 not in ids(office, keep)


@pytest.mark.parametrize("verdict", [ISSUE, PEND, DENY])
def test_the_record_says_what_the_certificate_says(
    open_office: kit.OpenOffice, verdict: int
) -> None:
    """Subject and key identifier are the request's, whatever became of it."""
    office = open_office(AuditFilter=REQUESTS)
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
def test_who_acted_is_on_record(open_office: kit.OpenOffice, method: str, event_id: int) -> None:
    """The events of officers and administrators name the account that called the verb."""
    office = open_office(AuditFilter=ALL)
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


def test_a_setting_is_on_record(open_office: kit.OpenOffice) -> None:
    """A change of the configuration is told as it is made, by the filter of the last start."""
    office = open_office(AuditFilter=SETTINGS)

    def put(path: str) -> list[int]:
        return ids(office, lambda: office.ca.set_config(path, 5, administrator=kit.CAROL))

    assert put(r"policy\EditFlags") == [4891]
    assert put(r"ca\AuditFilter") == [4885]
    assert put(r"ca\KRAFlags") == [4891]
