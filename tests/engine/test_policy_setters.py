"""What a policy module may change, where its documented limits are, and how long it may.

Dates move inwards only, GeneralFlags are OR-ed, a cleared string is empty. Values are judged by the
certificate that comes out, as cryptography reads it.
Source: sdk-api certif/nf-certif-icertserverpolicy-setcertificateproperty.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

import certsim
from tests.codes import DENY, E_INVALIDARG, ISSUE, PEND, signed
from tests.engine import values_kit as kit
from tests.engine.setters_kit import EMPTY, PRIVATE, SUBJECT, WRONG, after, extension, setting

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
START, END = NOW - timedelta(minutes=10), NOW.replace(year=2027)


def answered(name: str, kind: int, value: object) -> object:
    """Return what setting a property at policy time answers: `None`, or its error."""
    return kit.in_policy(
        lambda server: kit.attempt(server.SetCertificateProperty, name, kind, value)
    )


# --- dates ---------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(["NotBefore", "NotAfter"]),
    by=st.one_of(
        st.integers(-(10**9), 10**9),
        st.sampled_from([0, 1, -1, 86_400, -86_400]),
    ),
)
def test_dates_move_inwards_only(name: str, by: int) -> None:
    """NotBefore moves later, NotAfter earlier; outwards is E_INVALIDARG and changes nothing."""
    start = START if name == "NotBefore" else END
    wanted = start + timedelta(seconds=by)
    inwards = by >= 0 if name == "NotBefore" else by <= 0

    def look(server: Any) -> tuple[object, object]:
        answer = kit.attempt(server.SetCertificateProperty, name, kit.DATE, wanted)
        return answer, server.GetCertificateProperty(name, kit.DATE)

    assert kit.in_policy(look) == ((None, wanted) if inwards else (WRONG, start))


def test_a_date_moved_once_is_the_new_bound() -> None:
    """The bound is the value already there, not the one the engine began with."""

    def look(server: Any) -> object:
        server.SetCertificateProperty("NotAfter", kit.DATE, END - timedelta(days=9))
        return kit.attempt(
            server.SetCertificateProperty, "NotAfter", kit.DATE, END - timedelta(days=8)
        )

    assert kit.in_policy(look) == WRONG


def test_dates_of_any_time_zone_go_into_the_certificate_as_utc() -> None:
    """An aware datetime of another zone is the same moment; fractions of a second are cut."""
    east = datetime(2026, 7, 1, 2, 30, 15, 999_999, tzinfo=timezone(timedelta(hours=2)))
    issued = kit.issued_after(setting("NotAfter", kit.DATE, east))
    assert issued.not_valid_after_utc == datetime(2026, 7, 1, 0, 30, 15, tzinfo=UTC)


def test_a_naive_date_is_refused() -> None:
    """A datetime without a zone is E_INVALIDARG, since nobody knows which moment it means."""
    assert answered("NotAfter", kit.DATE, datetime(2026, 7, 1)) == WRONG  # noqa: DTZ001


def test_a_date_before_the_beginning_of_time_is_refused() -> None:
    """A datetime that has no UTC equivalent is E_INVALIDARG."""
    early = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    assert answered("NotAfter", kit.DATE, early) == WRONG


def test_dates_that_leave_no_life_end_in_a_refusal() -> None:
    """When policy moves the start to the end, nothing can be issued: Denied, answer ERROR."""

    def decide(server: Any, _context: int) -> int:
        server.SetCertificateProperty("NotBefore", kit.DATE, END)
        return ISSUE

    with kit.authority(policy=decide) as ca:
        outcome = ca.submit(kit.csr())
        assert outcome.disposition == certsim.CRDisposition.ERROR
        assert outcome.status == signed(E_INVALIDARG)
        assert ca.retrieve(1).disposition == certsim.CRDisposition.DENIED


# --- other properties ----------------------------------------------------------------------------


@given(flags=st.lists(st.integers(0, 0x7FFFFFFF), min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)
def test_general_flags_are_ored(flags: list[int]) -> None:
    """Each value set is OR-ed into what GeneralFlags hold already."""

    def change(server: Any) -> None:
        for value in flags:
            server.SetCertificateProperty("GeneralFlags", kit.LONG, value)

    union = 0
    for value in flags:
        union |= value
    seen = after(change, lambda s: s.GetCertificateProperty("GeneralFlags", kit.LONG))
    assert seen == union


@pytest.mark.parametrize("name", ["GeneralFlags", "CrossForest"])
@pytest.mark.parametrize("value", [2**32, 2**40, -(2**31) - 1])
def test_a_long_of_over_32_bits_is_refused(name: str, value: int) -> None:
    """A LONG has 32 bits; more is E_INVALIDARG."""
    assert answered(name, kit.LONG, value) == WRONG


def test_an_extension_long_of_over_32_bits_is_refused() -> None:
    """An extension set as LONG has 32 bits, or nobody could read it as LONG again."""
    found = kit.in_policy(
        lambda s: kit.attempt(s.SetCertificateExtension, PRIVATE, kit.LONG, 0, 2**40)
    )
    assert found == WRONG


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("CrossForest", kit.LONG, 1),
        ("RequesterSAMName", kit.STRING, "alice"),
        ("RequesterUPN", kit.STRING, "alice@contoso.test"),
        ("RequesterDN", kit.STRING, "CN=alice"),
        ("CertificateTemplate", kit.STRING, "WebServer"),
    ],
)
def test_settable_properties_without_a_bound(name: str, kind: int, value: object) -> None:
    """What the page and the sample set reads back at once."""

    def look(server: Any) -> tuple[object, object]:
        answer = kit.attempt(server.SetCertificateProperty, name, kind, value)
        return answer, server.GetCertificateProperty(name, kind)

    assert kit.in_policy(look) == (None, value)


@pytest.mark.parametrize("name", ["CertificateTemplate", "CommonName", "RequesterSAMName"])
def test_none_clears_a_string(name: str) -> None:
    """`None` (VT_NULL) makes a string property empty."""

    def look(server: Any) -> list[object]:
        server.SetCertificateProperty(name, kit.STRING, "something")
        found = [kit.attempt(server.SetCertificateProperty, name, kit.STRING, None)]
        return [*found, kit.attempt(server.GetCertificateProperty, name, kit.STRING)]

    assert kit.in_policy(look) == [None, EMPTY]


@pytest.mark.parametrize(
    "row",
    [
        row
        for row in kit.facts()["certificate_properties"]
        if row["settable"] in ("no", "?") and row["type"] != "?"
    ],
    ids=lambda row: row["name"],
)
def test_what_no_page_sets_cannot_be_set(row: dict[str, str]) -> None:
    """Certificate properties that are not settable in the facts are E_INVALIDARG."""
    kind = kit.TYPES[row["type"].rstrip("?")]
    values = {kit.LONG: 1, kit.STRING: "x", kit.BINARY: b"x", kit.DATE: NOW}
    assert answered(row["name"], kind, values[kind]) == WRONG


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("RequesterName", kit.STRING, "x"),
        ("Request.CommonName", kit.STRING, "x"),
        ("CAType", kit.LONG, 1),
        ("nonsense", kit.STRING, "x"),
        ("CommonName", kit.LONG, 1),
        ("CommonName", kit.STRING, b"x"),
        ("CommonName", kit.STRING, 1),
        ("GeneralFlags", kit.LONG, None),
        ("GeneralFlags", kit.LONG, True),
        ("GeneralFlags", kit.LONG, "1"),
        ("NotAfter", kit.DATE, None),
        ("NotAfter", kit.DATE, "2026-07-01"),
        ("NotAfter", kit.STRING, NOW),
        (None, kit.STRING, "x"),
        ("CommonName", None, "x"),
    ],
)
def test_wrong_names_types_and_values_are_refused(name: str, kind: int, value: object) -> None:
    """Request and CA properties, unknown names and values of other types are E_INVALIDARG."""
    assert answered(name, kind, value) == WRONG


# --- where and when ------------------------------------------------------------------------------


def test_setters_work_at_the_context_of_verifyrequest_alone() -> None:
    """At context 0, and once the call is over, both setters are E_INVALIDARG."""
    kept: list[Any] = []

    def decide(server: Any, _context: int) -> int:
        kept.append(server)
        return ISSUE

    with kit.authority(policy=decide) as ca:
        fresh = certsim.CCertServerPolicy(ca)
        assert extension(fresh, kit.BINARY, 0, b"\x05\x00") == WRONG
        assert kit.attempt(fresh.SetCertificateProperty, "CommonName", kit.STRING, "x") == WRONG
        ca.submit(kit.csr())
        before = kit.shelf(ca)
        assert extension(kept[0], kit.BINARY, 0, b"\x05\x00") == WRONG
        assert kit.attempt(kept[0].SetCertificateProperty, "CommonName", kit.STRING, "x") == WRONG
        assert kit.shelf(ca) == before


def test_changes_are_seen_by_every_object_at_the_context() -> None:
    """What one object sets, another one at the same context reads at once."""

    def decide(server: Any, context: int) -> int:
        server.SetCertificateProperty("CommonName", kit.STRING, "new")
        other = certsim.CCertServerExit()
        other.SetContext(context)
        told.append(other.GetCertificateProperty("CommonName", kit.STRING))
        return PEND

    told: list[object] = []
    with kit.authority(policy=decide) as ca:
        ca.submit(kit.csr())
    assert told == ["new"]


def test_what_policy_changed_survives_until_the_officer_decides() -> None:
    """A pending request keeps the subject and the extensions policy set, and is issued so."""

    def decide(server: Any, _context: int) -> int:
        server.SetCertificateProperty("CommonName", kit.STRING, "new")
        extension(server, kit.STRING, 0, "kept")
        return PEND

    with kit.authority(policy=decide) as ca:
        ca.submit(kit.csr(SUBJECT))
        issued = ca.resubmit(1).certificate
    assert issued is not None
    assert issued.subject.rfc4514_string() == "CN=new,O=Contoso,C=DE"
    value = issued.extensions.get_extension_for_oid(x509.ObjectIdentifier(PRIVATE)).value
    assert value.public_bytes() == b"\x16\x04kept"


def test_changes_of_a_refused_request_stay_in_its_row() -> None:
    """A denied row keeps what policy had set, for whoever looks later."""

    def decide(server: Any, _context: int) -> int:
        server.SetCertificateProperty("CertificateTemplate", kit.STRING, "Set")
        return DENY

    found = kit.in_notify(
        lambda s: s.GetCertificateProperty("CertificateTemplate", kit.STRING), policy=decide
    )
    assert found == "Set"
