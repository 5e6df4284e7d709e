"""What a policy module may change, and where its documented limits are.

Dates move inwards only, GeneralFlags are OR-ed, a cleared string is empty, name parts make the
subject, extensions replace what was there. Values are judged by the certificate that comes out,
as cryptography reads it.
Source: sdk-api certif/nf-certif-icertserverpolicy-setcertificateproperty and
-setcertificateextension; win32 SecCrypto/name-properties; certsrv.h (extension flags).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

import certsim
from tests.engine import der_builder as der
from tests.engine import values_kit as kit

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
START, END = NOW - timedelta(minutes=10), NOW.replace(year=2027)
EMPTY, WRONG = kit.code(kit.PROPERTY_EMPTY), kit.code(kit.E_INVALIDARG)
ORIGIN_POLICY = 0x20000
PRIVATE = "1.3.6.1.4.1.99999.5"
COUNTRY, ORGANIZATION, COMMON = (
    NameOID.COUNTRY_NAME,
    NameOID.ORGANIZATION_NAME,
    NameOID.COMMON_NAME,
)
SUBJECT = kit.name((COUNTRY, "DE"), (ORGANIZATION, "Contoso"), (COMMON, "www"))


def setting(name: str, kind: int, value: object) -> Callable[[Any], object]:
    """Return a change: one property set."""
    return lambda server: server.SetCertificateProperty(name, kind, value)


def answered(name: str, kind: int, value: object) -> object:
    """Return what setting a property at policy time answers: `None`, or its error."""
    return kit.in_policy(
        lambda server: kit.attempt(server.SetCertificateProperty, name, kind, value)
    )


def after(change: Callable[[Any], object], look: Callable[[Any], Any], **more: Any) -> Any:
    """Return what an exit module sees once policy has made a *change* and issued."""

    def decide(server: Any, _context: int) -> int:
        change(server)
        return kit.ISSUE

    return kit.in_notify(look, kit.csr(SUBJECT), policy=decide, **more)


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
        return kit.ISSUE

    with kit.authority(policy=decide) as ca:
        outcome = ca.submit(kit.csr())
        assert outcome.disposition == certsim.CRDisposition.ERROR
        assert outcome.status == kit.E_INVALIDARG - 2**32
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


# --- the subject ---------------------------------------------------------------------------------


@pytest.mark.parametrize("row", kit.facts()["name_properties"], ids=lambda row: row["name"])
def test_each_name_part_can_be_set_under_each_of_its_names(row: dict[str, Any]) -> None:
    """The sixteen parts are set by name, alias or with `Subject.` and make the subject."""
    aliases = [word.strip() for word in row["aliases"].split(",") if word.strip()]
    value = "DE" if row["name"] == "Country" else "Some"
    template = [item["name"] for item in kit.facts()["name_properties"]]
    for spelled in (row["name"], f"Subject.{row['name']}", *aliases):
        issued = kit.issued_after(
            setting(spelled.upper(), kit.STRING, value),
            kit.csr(kit.name()),
            config={r"ca\SubjectTemplate": template},
        )
        assert [(part.oid.dotted_string, part.value) for part in issued.subject] == [
            (row["oid"], value)
        ]


def test_a_newline_joins_several_values_of_one_part() -> None:
    """Several organizational units are set as one text and come out as several parts in order."""
    issued = kit.issued_after(setting("OU", kit.STRING, "First\nSecond"))
    units = issued.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    assert [unit.value for unit in units] == ["First", "Second"]


def test_a_cleared_part_leaves_the_subject() -> None:
    """Clearing the organization takes it out of the issued subject and leaves the rest."""
    issued = kit.issued_after(setting("O", kit.STRING, None), kit.csr(SUBJECT))
    assert [part.value for part in issued.subject] == ["DE", "www"]


def test_setting_a_part_leaves_the_request_as_it_was() -> None:
    """The request's own name keeps the old value; the certificate's name has the new one."""
    found = after(
        setting("CommonName", kit.STRING, "new"),
        lambda s: (
            s.GetRequestProperty("CommonName", kit.STRING),
            s.GetCertificateProperty("CommonName", kit.STRING),
            s.GetCertificateProperty("DistinguishedName", kit.STRING),
        ),
    )
    assert found == ("www", "new", "CN=new, O=Contoso, C=DE")


@pytest.mark.parametrize("row", kit.facts()["name_properties"], ids=lambda row: row["name"])
def test_name_parts_keep_to_their_length(row: dict[str, Any]) -> None:
    """A part set to its maximum is issued; one character more ends in BAD_REQUESTSUBJECT."""
    for extra, expected in ((0, 0), (1, kit.BAD_REQUESTSUBJECT - 2**32)):

        def decide(server: Any, _context: int, extra: int = extra) -> int:
            value = "A" * (row["max"] + extra)
            server.SetCertificateProperty(row["name"], kit.STRING, value)
            return kit.ISSUE

        with kit.authority(policy=decide) as ca:
            assert ca.submit(kit.csr()).status == expected


@pytest.mark.parametrize(("name", "value"), [("Country", "Ü!"), ("EMail", "ü@x")])
def test_characters_a_part_cannot_carry_end_in_a_refusal(name: str, value: str) -> None:
    """A country outside PrintableString, an address outside IA5, half a character: 0x80094001."""

    def decide(server: Any, _context: int) -> int:
        server.SetCertificateProperty(name, kit.STRING, value)
        return kit.ISSUE

    with kit.authority(policy=decide) as ca:
        assert ca.submit(kit.csr()).status == kit.BAD_REQUESTSUBJECT - 2**32


def test_parts_that_policy_does_not_touch_are_carried_over_byte_for_byte() -> None:
    """Setting the common name leaves the organization's string type as the client encoded it."""
    organization = der.set_of(der.seq(der.oid("2.5.4.10"), der.der(0x13, b"Contoso")))
    common = der.set_of(der.seq(der.oid("2.5.4.3"), der.der(0x0C, b"www")))
    request = der.pkcs10(kit.key(), subject=der.seq(organization, common))
    issued = kit.issued_after(setting("CommonName", kit.STRING, "new"), request)
    assert organization in issued.subject.public_bytes()


def test_a_line_end_inside_an_untouched_part_stays_one_part() -> None:
    """A common name with a newline inside is still one part once policy has set another one."""
    subject = kit.name((ORGANIZATION, "Contoso"), (COMMON, "www\nEvil"))
    issued = kit.issued_after(setting("O", kit.STRING, "Other"), kit.csr(subject))
    assert len(issued.subject.get_attributes_for_oid(COMMON)) == 1


# --- extensions ----------------------------------------------------------------------------------


def extension(
    server: Any, kind: int, flags: object, value: object, oid: object = PRIVATE
) -> object:
    """Return what setting an extension answers."""
    return kit.attempt(server.SetCertificateExtension, oid, kind, flags, value)


@pytest.mark.parametrize(
    ("kind", "value", "encoded"),
    [
        (kit.BINARY, b"\x04\x01a", b"\x04\x01a"),
        (kit.BINARY, b"not even DER", b"not even DER"),
        (kit.LONG, 0, b"\x02\x01\x00"),
        (kit.LONG, -129, b"\x02\x02\xff\x7f"),
        (kit.LONG, 0x7FFFFFFF, b"\x02\x04\x7f\xff\xff\xff"),
        (kit.STRING, "text", b"\x16\x04text"),
        (kit.STRING, "", b"\x16\x00"),
        (kit.DATE, datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), b"\x17\x0d491231235959Z"),
        (kit.DATE, datetime(2050, 1, 1, tzinfo=UTC), b"\x18\x0f20500101000000Z"),
    ],
)
def test_extension_values_are_encoded_by_their_type(
    kind: int, value: object, encoded: bytes
) -> None:
    """BINARY goes in as it is, LONG as INTEGER, STRING as IA5String, DATE as a time."""
    issued = kit.issued_after(lambda s: extension(s, kind, 0, value))
    found = issued.extensions.get_extension_for_oid(x509.ObjectIdentifier(PRIVATE))
    assert found.value.public_bytes() == encoded


@pytest.mark.parametrize(
    ("flags", "emitted"), [(0, True), (1, True), (2, False), (3, False), (0xFF00, True)]
)
def test_flags_are_kept_and_only_criticality_is_emitted(flags: int, emitted: bool) -> None:
    """CRITICAL marks the extension, DISABLE keeps it out, the private byte is kept and not seen."""

    def decide(server: Any, _context: int) -> int:
        extension(server, kit.BINARY, flags, b"\x05\x00")
        return kit.ISSUE

    def look(server: Any) -> int:
        server.GetCertificateExtension(PRIVATE, kit.BINARY)
        return int(server.GetCertificateExtensionFlags())

    probe = kit.Probe(look)
    with kit.authority(probe, policy=decide) as ca:
        issued = ca.submit(kit.csr()).certificate
    assert probe.first() == flags | ORIGIN_POLICY
    assert issued is not None
    found = [item for item in issued.extensions if item.oid.dotted_string == PRIVATE]
    assert [item.critical for item in found] == ([bool(flags & 1)] if emitted else [])


def test_setting_an_extension_again_replaces_value_and_flags() -> None:
    """There is one extension for each OID; the last call counts and it keeps its place in line."""

    def look(server: Any) -> tuple[object, int, list[str]]:
        extension(server, kit.STRING, 1, "first")
        extension(server, kit.STRING, 2, "second", "1.2.3")
        extension(server, kit.STRING, 0, "third")
        server.EnumerateExtensionsSetup(0)
        names = list(iter(server.EnumerateExtensions, None))
        value = server.GetCertificateExtension(PRIVATE, kit.STRING)
        return value, server.GetCertificateExtensionFlags(), names[-2:]

    assert kit.in_policy(look) == ("third", ORIGIN_POLICY, [PRIVATE, "1.2.3"])


def test_a_changed_key_identifier_is_seen_at_once() -> None:
    """A property read before an extension is set follows the extension when it is read again."""

    def look(server: Any) -> object:
        server.GetCertificateProperty("SubjectKeyIdentifier", kit.STRING)
        extension(server, kit.BINARY, 0, b"\x04\x02ab", "2.5.29.14")
        return server.GetCertificateProperty("SubjectKeyIdentifier", kit.STRING)

    assert kit.in_policy(look) == "61 62"


def test_policy_may_replace_and_disable_the_cas_own_extensions() -> None:
    """The authority key identifier is an extension like others: disabled, it is not issued."""

    def change(server: Any) -> None:
        value = server.GetCertificateExtension("2.5.29.35", kit.BINARY)
        server.SetCertificateExtension("2.5.29.35", kit.BINARY, 2, value)

    found = {item.oid.dotted_string for item in kit.issued_after(change).extensions}
    assert "2.5.29.35" not in found
    assert "2.5.29.14" in found


@pytest.mark.parametrize(
    ("oid", "allowed"),
    [
        ("1.3.6.1.4.1.311.99.123456789012", True),  # 31 characters
        ("1.3.6.1.4.1.311.99.1234567890123", False),  # 32
        ("2.999.1", True),
        ("1", False),
        ("", False),
        ("1.2.", False),
        ("1..2", False),
        ("1.2.a", False),
        ("3.1.2", False),
        ("1.40.1", False),
        ("1.2.٣", False),
        (" 1.2.3", False),
        (None, False),
        (7, False),
    ],
)
def test_extension_names_are_oids_of_at_most_31_characters(oid: object, allowed: bool) -> None:
    """A longer OID, and what is none, is E_INVALIDARG."""
    if isinstance(oid, str) and oid.startswith("1.3.6.1.4.1.311.99"):
        assert len(oid) == (31 if allowed else 32)
    found = kit.in_policy(lambda s: extension(s, kit.BINARY, 0, b"\x05\x00", oid))
    assert found == (None if allowed else WRONG)


@pytest.mark.parametrize("flags", [4, 8, 0x80, 0x10000, 0x20000, -1, 1 << 40])
def test_other_flags_are_refused(flags: int) -> None:
    """Flags outside CRITICAL, DISABLE and the private byte, origins above all, are E_INVALIDARG."""
    assert kit.in_policy(lambda s: extension(s, kit.BINARY, flags, b"\x05\x00")) == WRONG


@pytest.mark.parametrize("flags", [None, "1", 1.0])
def test_flags_that_are_no_number_are_refused(flags: object) -> None:
    """Flags of another type are E_INVALIDARG and no Python error."""
    assert kit.in_policy(lambda s: extension(s, kit.BINARY, flags, b"\x05\x00")) == WRONG


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (kit.BINARY, "text"),
        (kit.BINARY, None),
        (kit.BINARY, b""),
        (kit.BINARY, bytes(4097)),
        (kit.STRING, b"bytes"),
        (kit.STRING, "x" * 4097),
        (kit.LONG, "1"),
        (kit.LONG, True),
        (kit.DATE, 1),
        (kit.DATE, datetime(2026, 1, 1)),  # noqa: DTZ001
        (0, b"x"),
        (5, b"x"),
    ],
)
def test_extension_values_of_another_type_or_size_are_refused(kind: int, value: object) -> None:
    """Values that do not fit their type, are empty or over 4,096 bytes are E_INVALIDARG."""
    assert kit.in_policy(lambda s: extension(s, kind, 0, value)) == WRONG


def test_an_extension_of_4096_bytes_is_taken() -> None:
    """The documented column width is the limit, and it is inclusive."""
    assert kit.in_policy(lambda s: extension(s, kit.BINARY, 0, bytes(4096))) is None


def test_text_outside_ia5_has_its_own_code() -> None:
    """A STRING that IA5 cannot hold is CRYPT_E_INVALID_IA5_STRING."""
    found = kit.in_policy(lambda s: extension(s, kit.STRING, 0, "größe"))
    assert found == kit.code(kit.INVALID_IA5)


# --- where and when ------------------------------------------------------------------------------


def test_setters_work_at_the_context_of_verifyrequest_alone() -> None:
    """At context 0, and once the call is over, both setters are E_INVALIDARG."""
    kept: list[Any] = []

    def decide(server: Any, _context: int) -> int:
        kept.append(server)
        return kit.ISSUE

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
        return kit.PEND

    told: list[object] = []
    with kit.authority(policy=decide) as ca:
        ca.submit(kit.csr())
    assert told == ["new"]


def test_what_policy_changed_survives_until_the_officer_decides() -> None:
    """A pending request keeps the subject and the extensions policy set, and is issued so."""

    def decide(server: Any, _context: int) -> int:
        server.SetCertificateProperty("CommonName", kit.STRING, "new")
        extension(server, kit.STRING, 0, "kept")
        return kit.PEND

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
        return kit.DENY

    found = kit.in_notify(
        lambda s: s.GetCertificateProperty("CertificateTemplate", kit.STRING), policy=decide
    )
    assert found == "Set"
