"""Views by hand: what each table and each predefined view shows.

Source: certutil -schema (data/facts.json); sdk-api certview; docs/rulings.md (Views).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certsim import CertificationAuthority, RowDisposition
from certsim._engine import views
from certsim.database.rows import AttributeRow, CRLRow, ExtensionRow, Row
from certsim.facts.views import VIEWS
from tests.codes import PEND
from tests.engine import engine_kit as kit
from tests.engine.views_kit import ID, SAMPLES, STATE, TABLES, holding, ids, row
from tests.requests_kit import make_badly_signed_csr, make_csr

# --- what there is to read -----------------------------------------------------------------------


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_published_column_can_be_read(table: str) -> None:
    """Each table has its columns and hands out what the row has in them."""
    full = {name: SAMPLES[kind] for name, kind in TABLES[table].items()}
    state = holding(
        Row(7, full, (AttributeRow("text", "text"),), (ExtensionRow("text", 7, b"\x01"),)),
        crls=(CRLRow(7, full),),
    )
    assert list(views.view(state, table, columns=TABLES[table])) == [full]


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_column_may_be_empty(table: str) -> None:
    """A column without a value is there, and is None."""
    state = holding(row(7), crls=(CRLRow(7, {}),))
    found = list(views.view(state, table, columns=TABLES[table]))
    assert all(list(one) == list(TABLES[table]) for one in found)
    filled = {"request": [{ID: 7}], "crl": [{"CRLRowId": 7}]}.get(table, [])
    assert [{k: v for k, v in one.items() if v is not None} for one in found] == filled


def test_columns_are_worked_out_when_they_are_not_kept() -> None:
    """What a row of a real request shows is what cryptography finds in request and certificate."""
    with kit.make_ca() as ca:
        outcome = ca.submit(make_csr(), attributes="A:b\nC:d", requester=r"LAB\alice")
    certificate = x509.load_der_x509_certificate(outcome.raw_certificate or b"")
    point = certificate.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    (found,) = ca.view(columns=TABLES["request"])
    expected: Mapping[str, object] = {
        ID: 1,
        "RequestID": 1,
        STATE: 20,
        "Request.StatusCode": 0,
        "Request.RequesterName": r"LAB\alice",
        "Request.RawRequest": make_csr(),
        "Request.CommonName": "www.example.test",
        "CommonName": "www.example.test",
        "DistinguishedName": "CN=www.example.test",
        "RawCertificate": outcome.raw_certificate,
        "SerialNumber": f"{certificate.serial_number:x}".zfill(20),
        "NotAfter": certificate.not_valid_after_utc,
        "CertificateHash": hashlib.sha1(outcome.raw_certificate or b"").digest().hex(" "),  # noqa: S324
        "SubjectKeyIdentifier": identifier.value.digest.hex(" "),
        "RawPublicKey": point,
        "PublicKeyLength": 256,
        "PublicKeyAlgorithm": "1.2.840.10045.2.1",
        "Request.RevokedWhen": None,
        "UPN": None,
    }
    assert {name: found[name] for name in expected} == expected


def test_extensions_and_attributes_hang_on_their_request() -> None:
    """Their tables have a row for each, with the request's id, in the order of storage."""
    with kit.make_ca() as ca:
        for name in ("one.test", "two.test"):
            ca.submit(make_csr(name), attributes=f"Name:{name}\nCertFile:true")
    attributes = [list(found.values()) for found in ca.view("attribute")]
    assert attributes == [
        [1, "Name", "one.test"],
        [1, "CertFile", "true"],
        [2, "Name", "two.test"],
        [2, "CertFile", "true"],
    ]
    (issued,) = ca.view(columns=["RawCertificate"], where=[(ID, "=", 2)])
    certificate = x509.load_der_x509_certificate(issued["RawCertificate"])  # type: ignore[arg-type]
    stored = {
        found["ExtensionName"]: found["ExtensionRawValue"]
        for found in ca.view("extension", where=[("ExtensionRequestId", "=", 2)])
        if not int(str(found["ExtensionFlags"])) & 2
    }
    assert stored == {
        one.oid.dotted_string: one.value.public_bytes() for one in certificate.extensions
    }


def test_the_crl_table_has_a_row_for_each_list() -> None:
    """What the table says of a list is what the list itself says, and the newest is the CA's."""
    with kit.make_ca() as ca:
        ca.publish_crls()
        ca.publish_crls()
    names = ("CRLRawCRL", "CRLNumber", "CRLMinBase", "CRLNextUpdate")
    rows = [[found[name] for name in names] for found in ca.view("crl")]
    lists = [x509.load_der_x509_crl(bytes(raw)) for raw, *_ in rows]  # type: ignore[arg-type]
    assert ids(ca.view("CRL", columns=["CRLRowId"]), "CRLRowId") == list(range(1, len(lists) + 1))
    assert lists.count(ca.crl()) == lists.count(ca.crl(delta=True)) == 1
    for (_, *told), each in zip(rows, lists, strict=True):
        found: dict[type, Any] = {type(one.value): one.value for one in each.extensions}
        base = found.get(x509.DeltaCRLIndicator)
        number = found[x509.CRLNumber].crl_number
        assert told == [number, base.crl_number if base else 0, each.next_update_utc]


def test_revoked_certificates_have_a_view() -> None:
    """It shows reason and date, and forgets a certificate that is released from hold."""
    with kit.make_ca() as ca:
        serials = [ca.submit(make_csr()).serial_number for _ in range(3)]
        ca.revoke(serials[1], 6)
        ca.revoke(serials[2], 4)
        now = ca.view("revoked", columns=["SerialNumber", "Request.RevokedReason"])
        assert [tuple(found.values()) for found in now] == [(serials[1], 6), (serials[2], 4)]
        ca.revoke(serials[1], -1)
        assert ids(now, "SerialNumber") == [serials[2]]


# --- predefined views ----------------------------------------------------------------------------


VISIBLE = [9, 12, 15, 16, 17, 20, 21, 30, 31]
"""The dispositions a committed row may have. Source: certsrv.h."""


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("request", VISIBLE),
        ("queue", [9]),
        ("log", [20, 21, 30, 31]),
        ("failed", [30, 31]),
        ("revoked", [21]),
    ],
)
def test_predefined_views_show_their_dispositions(name: str, shown: list[int]) -> None:
    """Each predefined view shows the rows of its states, and no others."""
    rows = [row(number, Request__Disposition=number) for number in VISIBLE]
    state = holding(*rows)
    assert ids(views.view(state, name, columns=[STATE]), STATE) == shown


def test_predefined_views_add_to_the_restrictions_given() -> None:
    """A restriction on top narrows the view; it cannot reach beyond it."""
    state = holding(*(row(number, Request__Disposition=number) for number in VISIBLE))
    assert ids(views.view(state, "failed", columns=[ID], where=[(STATE, "<", 31)])) == [30]
    assert ids(views.view(state, "failed", columns=[ID], where=[(STATE, "<", 30)])) == []


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_a_view_has_columns_of_its_own(name: str) -> None:
    """Without *columns* a view shows its default set, which is not empty and of its table."""
    table = name if name in TABLES else "request"
    found = views.view(holding(), name)
    assert found.columns == VIEWS[name].columns
    assert found.columns
    assert set(found.columns) <= set(TABLES[table])


def test_the_queue_shows_what_an_officer_decides_by() -> None:
    """The columns of the queue are the published ones. Source: MS-CSRA, product notes."""
    names = (
        *("RequestID", "RequesterName", "SubmittedWhen", "DispositionMessage", "CommonName"),
        *("EMail", "OrgUnit", "Organization", "Locality", "State", "Country", "RawRequest"),
    )
    assert {f"Request.{name}" for name in names} <= set(views.view(holding(), "queue").columns)


def test_the_queue_shows_the_status_of_its_requests() -> None:
    """StatusCode is among its columns, the disposition is not. Source: MS-CSRA, product note 49."""
    shown = views.view(holding(), "queue").columns
    assert "Request.StatusCode" in shown
    assert "Request.Disposition" not in shown


def test_views_follow_the_life_of_a_request() -> None:
    """A request moves from the queue to the log or to the failed ones as verbs decide."""
    with kit.make_ca(policy=kit.always(PEND)) as ca:
        queue, failed = (ca.view(name, columns=[ID]) for name in ("queue", "failed"))
        ca.submit(make_csr())
        ca.submit(make_csr())
        assert (ids(queue), ids(failed)) == ([1, 2], [])
        ca.deny(1)
        ca.submit(make_badly_signed_csr())
        assert (ids(queue), ids(failed)) == ([2], [1, 3])
    assert (ids(queue), ids(failed)) == ([2], [1, 3])


def test_the_state_active_is_never_seen() -> None:
    """While policy thinks about a request its row is not there, or stands as it was before."""
    seen: list[Any] = []
    made: list[CertificationAuthority] = []

    def look(_context: int, _new: int) -> int:
        seen.append(ids(made[0].view(columns=[STATE]), STATE))
        return PEND

    with kit.make_ca(policy=kit.ScriptedPolicy(look)) as ca:
        made.append(ca)
        ca.submit(make_csr())
        ca.resubmit(1)
    assert seen == [[], [RowDisposition.PENDING]]
