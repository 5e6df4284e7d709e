"""Views by hand: each table and predefined view, what is refused, what is left unread.

Source: certutil -schema (data/facts.json); sdk-api certview; docs/rulings.md (Views).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certsim import CertificationAuthority, ComError, RowDisposition
from certsim._engine import views
from certsim._engine.state import CAState
from certsim.database.memory import MemoryShelf
from certsim.database.rows import AttributeRow, CRLRow, ExtensionRow, Row, Value
from certsim.facts.views import VIEWS
from tests.engine import engine_kit as kit
from tests.engine import values_kit
from tests.requests_kit import make_badly_signed_csr, make_csr

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SAMPLES: dict[str, Value] = {"LONG": 7, "STRING": "text", "BINARY": b"\x01", "DATE": NOON}
ID, STATE = "Request.RequestID", "Request.Disposition"


def published(*tables: str) -> dict[str, str]:
    """Return the published columns of *tables* with their types."""
    return {
        ("Request." if table == "Request" else "") + column["name"]: column["type"]
        for table in tables
        for column in values_kit.facts()["schema"][table]
    }


TABLES = {
    "request": published("Request", "Certificate"),
    "extension": published("Extension"),
    "attribute": published("Attribute"),
    "crl": published("CRL"),
}
UNLIKE: dict[str, list[Any]] = {
    "LONG": [None, True, "7", 7.0, 2**32, -(2**31) - 1, 10**5000, NOON],
    "STRING": [None, 7, b"text", ["text"]],
    "BINARY": [None, "text", 7, bytearray(b"\x01")],
    "DATE": [None, 7, "2026-01-01", datetime(2026, 1, 1, 12), NOON.date()],  # noqa: DTZ001
}
"""For each type what is not of it."""


def holding(*rows: Row, crls: tuple[CRLRow, ...] = (), shelf: MemoryShelf | None = None) -> CAState:
    """Return the state of a stopped CA with these rows."""
    shelf = shelf or MemoryShelf()
    for row in rows:
        shelf.commit(row)
    shelf.commit_crls(crls)
    return attrs.evolve(kit.make_ca()._state, shelf=shelf)


def row(number: int, **columns: Value) -> Row:
    """Return a row; a double underscore stands for the dot of `Request.`."""
    named = {name.replace("__", "."): value for name, value in columns.items()}
    return Row(number, {ID: number, **named})


def ids(rows: views.View, column: str = ID) -> list[Any]:
    """Return one column of a view."""
    return [found[column] for found in rows]


def refusal(state: CAState, **arguments: Any) -> str:
    """Return the message with which a view is refused; the code has to be E_INVALIDARG."""
    with pytest.raises(ComError) as caught:
        views.view(state, **arguments)
    assert caught.value.hresult == kit.signed(kit.E_INVALIDARG)
    return str(caught.value)


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


def test_views_follow_the_life_of_a_request() -> None:
    """A request moves from the queue to the log or to the failed ones as verbs decide."""
    with kit.make_ca(policy=kit.always(kit.PEND)) as ca:
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
        return kit.PEND

    with kit.make_ca(policy=kit.ScriptedPolicy(look)) as ca:
        made.append(ca)
        ca.submit(make_csr())
        ca.resubmit(1)
    assert seen == [[], [RowDisposition.PENDING]]


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nothing", "", "requests", "Certificate", None, 7, b"log"])
def test_an_unknown_view_is_refused_with_the_list(name: Any) -> None:
    """The message tells what was asked for and what there is."""
    message = refusal(holding(), name=name)
    assert (repr(name) if isinstance(name, str) else type(name).__name__) in message
    assert all(known in message for known in VIEWS)


@pytest.mark.parametrize("table", sorted(TABLES))
def test_columns_of_other_tables_are_refused(table: str) -> None:
    """A table knows its own columns only: to show, to restrict and to sort by."""
    for other in sorted(set(TABLES) - {table}):
        for name, kind in TABLES[other].items():
            assert name in refusal(holding(), name=table, columns=[name])
            assert name in refusal(holding(), name=table, where=[(name, "=", SAMPLES[kind])])
            assert name in refusal(holding(), name=table, order_by=name)


@pytest.mark.parametrize("name", ["", " ", "Request.", "Nothing", "-RequestID", 7, None, b"UPN"])
def test_unknown_columns_are_refused(name: Any) -> None:
    """What is no column is refused, wherever it stands."""
    refusal(holding(), columns=["UPN", name])
    refusal(holding(), where=[("RequestID", "=", 1), (name, "=", 1)])


@pytest.mark.parametrize("table", sorted(TABLES))
def test_values_of_another_type_are_refused(table: str) -> None:
    """A restriction takes the column's type and says which; nothing is converted."""
    spoken = {"LONG": "int", "STRING": "text", "BINARY": "bytes", "DATE": "datetime with a time"}
    for name, kind in TABLES[table].items():
        for value in UNLIKE[kind]:
            message = refusal(holding(), name=table, where=[(name, "=", value)])
            assert name in message
            assert spoken[kind] in message.partition(name)[2]


@pytest.mark.parametrize("table", sorted(TABLES))
def test_only_indexed_columns_sort(table: str) -> None:
    """A column sorts if the published schema has an index on it."""
    for column in (c for name in ("Request", "Certificate", "Extension", "Attribute", "CRL")
                   for c in values_kit.facts()["schema"][name]):  # fmt: skip
        for name in (column["name"], f"Request.{column['name']}"):
            if name not in TABLES[table]:
                continue
            indexed = is_indexed(table, name)
            for order in (name, f"+{name}", f"-{name}"):
                if indexed:
                    assert list(views.view(holding(), table, order_by=order)) == []
                else:
                    assert name in refusal(holding(), name=table, order_by=order)


def is_indexed(table: str, name: str) -> bool:
    """Return what the published schema says."""
    schema = values_kit.facts()["schema"]
    parts = {"request": "Certificate", "extension": "Extension", "attribute": "Attribute"}
    part = "Request" if name.startswith("Request.") else parts.get(table, "CRL")
    bare = name.removeprefix("Request.")
    return any(column["indexed"] for column in schema[part] if column["name"] == bare)


@pytest.mark.parametrize("order", ["", "-", "+", "--RequestID", "+-RequestID", "RequestID-", 7, []])
def test_an_order_is_a_column_with_one_sign_at_most(order: Any) -> None:
    """Other shapes are refused."""
    refusal(holding(), order_by=order)


@pytest.mark.parametrize("sign", ["==", "!=", "<>", "=<", "", " =", "in", None, 1, ["="]])
def test_an_unknown_operator_is_refused(sign: Any) -> None:
    """The five signs are all there is; the message names the other and the column."""
    message = refusal(holding(), where=[(STATE, sign, 20)])
    assert STATE in message
    assert (repr(sign) if isinstance(sign, str) else type(sign).__name__) in message


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">="])
def test_bytes_have_no_order(sign: str) -> None:
    """A BINARY column can be asked for equality only."""
    state = holding(row(1, RawCertificate=b"a"), row(2, RawCertificate=b"b"))
    assert "RawCertificate" in refusal(state, where=[("RawCertificate", sign, b"a")])
    assert ids(views.view(state, columns=[ID], where=[("RawCertificate", "=", b"b")])) == [2]


@pytest.mark.parametrize(
    "where",
    [(STATE, "=", 20), [(STATE, "=")], [(STATE, "=", 20, 1)], ["a=b"], [None], [{}], "", b"", 7],
)
def test_restrictions_are_triples_in_a_list(where: Any) -> None:
    """One triple without a list, or what is no triple, is refused; letters are not taken apart."""
    refusal(holding(), where=where)


@pytest.mark.parametrize("columns", ["RequestID", "", b"UPN", 7, True])
def test_one_name_is_no_list_of_columns(columns: Any) -> None:
    """A plain text is not taken letter by letter."""
    assert "*columns*" in refusal(holding(), columns=columns)


def test_refusals_come_before_the_first_row() -> None:
    """What is wrong is told by the call, not by the loop."""
    refusal(holding(), where=[("Nothing", "=", 1)])


# --- comparing and sorting -----------------------------------------------------------------------

LATER = NOON + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("sign", "found"), [("=", [2]), ("<", [1]), ("<=", [1, 2]), (">", [3]), (">=", [2, 3])]
)
@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("PublicKeyLength", [-1, 0, 1]),
        ("CommonName", ["a", "B", "c"]),
        ("NotAfter", [NOON, LATER, LATER + timedelta(days=1)]),
    ],
)
def test_the_operators_compare(column: str, values: list[Any], sign: str, found: list[int]) -> None:
    """Each operator finds what lies on its side of the value in the middle."""
    state = holding(*(row(n, **{column: value}) for n, value in enumerate(values, 1)))
    asked = views.view(state, columns=[ID], where=[(column, sign, values[1])])
    assert ids(asked) == found


def test_a_status_may_be_written_as_winerror_has_it() -> None:
    """A LONG is signed, and an HRESULT written unsigned means the same."""
    state = holding(row(1, Request__StatusCode=kit.signed(kit.E_INVALIDARG)), row(2))
    for code in (kit.E_INVALIDARG, kit.signed(kit.E_INVALIDARG)):
        found = views.view(state, columns=[ID], where=[("Request.StatusCode", "=", code)])
        assert ids(found) == [1]
    found = views.view(state, columns=[ID], where=[("Request.StatusCode", "<", 0)])
    assert ids(found) == [1]


def test_text_is_compared_without_its_letter_case() -> None:
    """What differs in case alone is equal, serial numbers included."""
    state = holding(row(1, SerialNumber="61ab"), row(2, SerialNumber="61AB"))
    found = views.view(state, columns=[ID], where=[("SerialNumber", "=", "61Ab")])
    assert ids(found) == [1, 2]


@pytest.mark.parametrize("sign", ["=", "<", "<=", ">", ">="])
def test_no_value_matches_nothing(sign: str) -> None:
    """A row without a value in a restricted column is never found; cleared text is no value."""
    state = holding(row(1), row(2, CommonName=""))
    assert list(views.view(state, where=[("CommonName", sign, "")])) == []
    assert list(views.view(state, where=[("NotAfter", sign, NOON)])) == []


def test_equal_rows_keep_the_order_of_their_ids() -> None:
    """Sorting is stable upwards and downwards, and rows without a value are the lowest."""
    rows = [row(n, UPN=text) for n, text in ((4, "b"), (1, "B"), (3, "a"))]
    state = holding(*rows, row(2))

    def order(order_by: str | None) -> list[Any]:
        return ids(views.view(state, columns=[ID], order_by=order_by))

    assert order("UPN") == order("+upn") == [2, 3, 1, 4]
    assert order("-UPN") == [1, 4, 3, 2]
    assert order(None) == [1, 2, 3, 4]


def test_a_column_named_twice_is_shown_once() -> None:
    """The row is a dict, and its names are the view's."""
    found = views.view(holding(row(1)), columns=["upn", ID, "UPN", ID.upper()])
    assert found.columns == ("UPN", ID)
    assert list(found) == [{"UPN": None, ID: 1}]


def test_no_columns_count_the_rows() -> None:
    """An empty list of columns is a question too."""
    assert list(views.view(holding(row(1), row(2)), columns=[])) == [{}, {}]


# --- lazy ----------------------------------------------------------------------------------------


class Noted(dict[str, Value]):
    """Be the columns of a row and note which are asked for."""

    def __init__(self, number: int, log: list[tuple[int, str]]) -> None:
        super().__init__({ID: number, "UPN": "upn", "CommonName": "name"})
        self._log = log

    def get(self, name: str, default: Any = None) -> Any:
        self._log.append((self[ID], name))  # type: ignore[arg-type]
        return super().get(name, default)


def test_a_row_is_read_when_the_loop_comes_to_it() -> None:
    """Nothing is read before the first row is asked for, and then only what was asked for."""
    log: list[tuple[int, str]] = []
    state = holding(*(Row(number, Noted(number, log)) for number in (1, 2, 3)))
    found = iter(views.view(state, columns=["UPN"], where=[("CommonName", "=", "name")]))
    log.clear()
    next(found)
    assert log == [(1, "CommonName"), (1, "UPN")]
    next(found)
    assert log[2:] == [(2, "CommonName"), (2, "UPN")]


def test_a_row_that_does_not_pass_is_not_shown_or_read_further() -> None:
    """The first restriction that fails ends the reading of a row."""
    log: list[tuple[int, str]] = []
    state = holding(Row(1, Noted(1, log)))
    log.clear()
    where: list[views.Restriction] = [("CommonName", "=", "other"), ("UPN", "=", "upn")]
    assert list(views.view(state, columns=["UPN"], where=where)) == []
    assert log == [(1, "CommonName")]


def test_what_nobody_asks_for_is_not_decoded() -> None:
    """Names, keys and hashes of an issued row stay encoded until a view wants them."""
    with kit.make_ca() as ca:
        ca.submit(make_csr())
    state = holding(attrs.evolve(kit.rows(ca)[0]))
    (kept,) = state.shelf
    assert not kept.decoded
    assert ids(views.view(state, columns=[ID], where=[(STATE, "=", 20)], order_by=ID)) == [1]
    assert not kept.decoded
    assert ids(views.view(state, columns=["CommonName"]), "CommonName") == ["www.example.test"]
    assert len(kept.decoded) == 1


class Walked(MemoryShelf):
    """Be a shelf that counts how often it is walked through."""

    walks = 0

    def __iter__(self) -> Iterator[Row]:
        self.walks += 1
        return super().__iter__()


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("request", ID),
        ("request", "RequestID"),
        ("extension", "ExtensionRequestId"),
        ("attribute", "AttributeRequestId"),
    ],
)
def test_one_request_is_found_without_a_walk(table: str, column: str) -> None:
    """Who asks for one id gets it from the shelf directly, and nothing for one that is not."""
    one = (AttributeRow("n", "v"),), (ExtensionRow("1.2", 0, b""),)
    rows = [Row(number, {ID: number, "RequestID": number}, *one) for number in (1, 2, 3)]
    shelf = Walked()
    state = holding(*rows, shelf=shelf)

    def found(*where: views.Restriction) -> list[Any]:
        return ids(views.view(state, table, columns=[column], where=where), column)

    assert found((column, "=", 2)) == [2]
    assert found((column, "=", 4)) == found((column, "=", -1)) == []
    assert found((column, ">", 1), (column, "=", 3)) == [3]
    assert found((column, "=", 1), (column, "=", 3)) == []
    assert shelf.walks == 0
    assert found((column, ">=", 2)) == [2, 3]
    assert shelf.walks == 1


# --- beside the verbs ----------------------------------------------------------------------------


def test_each_iteration_asks_anew() -> None:
    """A view is a question: iterated later it tells of later, also while an older loop runs."""
    with kit.make_ca() as ca:
        asked = ca.view("log", columns=[ID])
        assert ids(asked) == []
        ca.submit(make_csr())
        early = iter(asked)
        assert next(early) == {ID: 1}
        ca.submit(make_csr())
        assert ids(asked) == [1, 2]
        assert list(early) == []


def test_a_stopped_ca_can_be_viewed() -> None:
    """Neither the start nor the stop makes a difference."""
    ca = kit.make_ca()
    asked = ca.view(columns=[ID])
    assert ids(asked) == []
    with ca:
        ca.submit(make_csr())
    assert ids(asked) == [1]


def test_a_loop_sees_rows_as_they_are_when_it_comes_to_them() -> None:
    """A row changed beside the loop shows its new state, a deleted one is gone, a new one waits."""
    with kit.make_ca(policy=kit.always(kit.PEND)) as ca:
        for _ in range(4):
            ca.submit(make_csr())
        loop = iter(ca.view(columns=[ID, STATE]))
        assert next(loop) == {ID: 1, STATE: 9}
        ca.deny(2)
        ca._state.shelf.delete(3)
        ca.submit(make_csr())
        assert list(loop) == [{ID: 2, STATE: 31}, {ID: 4, STATE: 9}]


def test_views_can_be_read_while_another_thread_submits() -> None:
    """A loop on one thread and verbs on another do not disturb each other."""
    with kit.make_ca() as ca:
        asked = ca.view("log", columns=[ID, "SerialNumber"], order_by="-RequestID")
        worker = kit.Worker(lambda: [ca.submit(make_csr()).request_id for _ in range(40)])
        seen = []
        while worker.running:
            seen.append(ids(asked))
        assert worker.result() == list(range(1, 41))
        assert ids(asked) == list(range(40, 0, -1))
    for rows in seen:
        assert rows == list(range(len(rows), 0, -1))


def test_rows_that_are_handed_out_change_nothing() -> None:
    """What a caller does with a row stays with the caller."""
    state = holding(row(1, UPN="a"), crls=(CRLRow(1, {"CRLNumber": 1}),))
    for name, column in (("request", "UPN"), ("crl", "CRLNumber")):
        asked = views.view(state, name, columns=[column])
        before = list(asked)
        for found in asked:
            found[column] = "changed"
        assert list(asked) == before


def test_a_view_cannot_be_changed() -> None:
    """Columns are asked for once and stay."""
    asked = views.view(holding(row(1)), columns=[ID])
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        asked.columns = ("UPN",)  # type: ignore[misc]
    assert ids(asked) == [1]
