"""Values in attribute form: periods, dates, key usages and names, each read back from the result.

Source: MS-WCCE 3.2.2.6.2.1.4; RFC 9110 5.6.7; the policy sample.
"""

from __future__ import annotations

import ipaddress
import uuid
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from cryptography import x509
from hypothesis import example, given, settings
from hypothesis import strategies as st

from certsim.policies import values
from tests.codes import E_INVALIDARG, ERROR_INVALID_DATA, refused
from tests.engine import der_builder as der
from tests.engine import values_kit as kit

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
UPN, NTDS = "1.3.6.1.4.1.311.20.2.3", "1.3.6.1.4.1.311.25.1"


def names(text: str) -> list[x509.GeneralName]:
    """Return the names that a SAN attribute becomes, read back by cryptography."""
    raw = values.alternative_names(text)
    request = kit.csr(kit.WWW, x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), raw))
    return list(request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dns=www.test", x509.DNSName("www.test")),
        ("email=a@b.test", x509.RFC822Name("a@b.test")),
        ("url=http://x/?a=b", x509.UniformResourceIdentifier("http://x/?a=b")),
        ("ipaddress=192.0.2.1", x509.IPAddress(ipaddress.ip_address("192.0.2.1"))),
        ("ipaddress=2001:db8::1", x509.IPAddress(ipaddress.ip_address("2001:db8::1"))),
        ("oid=1.2.3.4", x509.RegisteredID(x509.ObjectIdentifier("1.2.3.4"))),
        ("dn=CN=www,C=DE", x509.DirectoryName(x509.Name.from_rfc4514_string("CN=www,C=DE"))),
        (
            "upn=größe@b.test",
            x509.OtherName(x509.ObjectIdentifier(UPN), der.der(0x0C, "größe@b.test".encode())),
        ),
        ("1.2.3=x", x509.OtherName(x509.ObjectIdentifier("1.2.3"), b"\x0c\x01x")),
        (
            "guid=00112233-4455-6677-8899-aabbccddeeff",
            x509.OtherName(
                x509.ObjectIdentifier(NTDS),
                b"\x04\x10" + bytes.fromhex("33221100554477668899aabbccddeeff"),
            ),
        ),
        (" DNS = www.test ", x509.DNSName("www.test")),
    ],
)
def test_each_kind_of_alternative_name(text: str, expected: x509.GeneralName) -> None:
    """Every kind reads back as the name it stands for; kinds ignore case, blanks fall off."""
    assert names(text) == [expected]


def test_several_names_keep_their_order() -> None:
    """Names joined by & come out in order, repeats included."""
    found = names("dns=a&upn=b@c&dns=d&dns=a")
    assert [type(name).__name__ for name in found] == ["DNSName", "OtherName", "DNSName", "DNSName"]


@given(st.uuids())
def test_a_guid_is_kept_in_microsofts_byte_order(guid: uuid.UUID) -> None:
    """For all GUIDs the octets are those of Microsoft's mixed byte order."""
    (name,) = names(f"guid={guid}")
    assert isinstance(name, x509.OtherName)
    assert name.value == b"\x04\x10" + guid.bytes_le


@given(
    st.text(
        st.characters(blacklist_categories=["Cs", "Z", "Cc"], blacklist_characters="&"),
        min_size=1,
        max_size=60,
    )
)
def test_a_upn_is_kept_as_utf8(text: str) -> None:
    """For all texts of moderate length the principal name is a UTF8String of that text."""
    (name,) = names(f"upn={text}")
    assert isinstance(name, x509.OtherName)
    assert name.value == der.der(0x0C, text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "&",
        "dns",
        "dns=",
        "=x",
        "dns=a&",
        "shoe=42",
        "dns=größe.test",
        "email=größe@x",
        "url=http://größe/",
        "ipaddress=1.2.3",
        "ipaddress=1.2.3.4/24",
        "ipaddress=fe80::1%eth0",
        "guid=zz",
        "oid=1",
        "oid=x.y",
        "9.9.9=x",
        "dn=nonsense",
        "dn=C=DEU",
    ],
)
def test_names_that_cannot_be_are_invalid_data(text: str) -> None:
    """Unknown kinds, missing values and values that are none are 0x8007000D."""
    with refused(ERROR_INVALID_DATA):
        values.alternative_names(text)


@settings(max_examples=300)
@given(
    st.one_of(
        st.text(max_size=40),
        st.lists(
            st.tuples(
                st.sampled_from(
                    ["dns", "email", "url", "ipaddress", "dn", "oid", "upn", "guid", "1.2.3", ""]
                ),
                st.text(max_size=12),
            ),
            max_size=4,
        ).map(lambda pairs: "&".join(f"{kind}={value}" for kind, value in pairs)),
    )
)
@example("upn=" + "x" * 300)
@example("dn=CN=" + "x" * 80)
@example("dn=C=D")
@example("dn=CN=")
@example("oid=2.99999999999999999999999999")
@example("9" * 5000 + ".1=x")
def test_any_text_is_names_or_invalid_data(text: str) -> None:
    """Whatever the text, it becomes names that can be read back or is 0x8007000D."""
    answer = kit.attempt(values.alternative_names, text)
    assert answer == kit.code(ERROR_INVALID_DATA) or answer[:1] == b"\x30"


# --- key usage, constraints ----------------------------------------------------------------------


def test_key_usage_takes_oids_with_commas_between() -> None:
    """Blanks around the OIDs do not count, nor does a comma at the end."""
    raw = values.key_usage(" 1.3.6.1.5.5.7.3.1, 1.3.6.1.5.5.7.3.2 ,")
    assert raw == der.seq(der.oid("1.3.6.1.5.5.7.3.1"), der.oid("1.3.6.1.5.5.7.3.2"))


@pytest.mark.parametrize("text", ["x", "1", "1.2.3;1.2.4", "1.2.3 1.2.4", "3.1", "1..2"])
def test_a_key_usage_that_is_none_is_invalid_data(text: str) -> None:
    """What is no list of OIDs is 0x8007000D."""
    with refused(ERROR_INVALID_DATA):
        values.key_usage(text)


@pytest.mark.parametrize("text", [",", " , ,"])
def test_a_key_usage_without_any_oid_is_invalid_data(text: str) -> None:
    """A list without an OID is none: ExtendedKeyUsage has at least one (RFC 5280 4.2.1.12)."""
    with refused(ERROR_INVALID_DATA):
        values.key_usage(text)


@pytest.mark.parametrize(
    ("limit", "raw"),
    [(None, b"\x30\x03\x01\x01\xff"), (0, b"\x30\x06\x01\x01\xff\x02\x01\x00")],
)
def test_ca_constraints(limit: int | None, raw: bytes) -> None:
    """The constraints of a CA, with a path length or without."""
    assert values.ca_constraints(limit) == raw


# --- dates ---------------------------------------------------------------------------------------


@given(st.datetimes(datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_http_dates_are_read(moment: datetime) -> None:
    """For all moments the date that the standard library writes is read back."""
    whole = moment.replace(microsecond=0)
    assert values.http_date(format_datetime(whole, usegmt=True)) == whole


@pytest.mark.parametrize(
    "text",
    ["21 Nov 2028 01:06:53 GMT", "Tue, 21 nov 2028 01:06:53 GMT", " 21 Nov 2028 01:06:53 GMT "],
)
def test_http_dates_without_a_weekday(text: str) -> None:
    """The weekday may be left out, and the month may be in any case."""
    assert values.http_date(text) == datetime(2028, 11, 21, 1, 6, 53, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2028-11-21",
        "Tue, 31 Feb 2028 01:06:53 GMT",
        "Tue, 21 Foo 2028 01:06:53 GMT",
        "Tue, 21 Nov 2028 24:06:53 GMT",
        "Tue, 21 Nov 2028 01:06:60 GMT",
        "Tue, 21 Nov 2028 01:06:53 CET",
        "Tue, 21 Nov 2028 01:06:53 GMT x",
        "Tue, 0 Nov 2028 01:06:53 GMT",
        "Tue, 21 Nov 0000 01:06:53 GMT",
    ],
)
def test_dates_that_are_none_are_invalid_data(text: str) -> None:
    """Everything else is 0x8007000D."""
    with refused(ERROR_INVALID_DATA):
        values.http_date(text)


@pytest.mark.parametrize(
    ("given_attributes", "expected"),
    [
        ({}, None),
        ({"validityperiod": "Days"}, None),
        ({"validityperiodunits": "3"}, None),
        ({"validityperiod": "Seconds", "validityperiodunits": "3"}, START + timedelta(seconds=3)),
        ({"validityperiod": "minutes", "validityperiodunits": "3"}, START + timedelta(minutes=3)),
        ({"validityperiod": "HOURS", "validityperiodunits": "3"}, START + timedelta(hours=3)),
        ({"validityperiod": "Days", "validityperiodunits": "3"}, START + timedelta(days=3)),
        ({"validityperiod": "Weeks", "validityperiodunits": "3"}, START + timedelta(weeks=3)),
        ({"validityperiod": "Months", "validityperiodunits": "13"}, START.replace(2027, 2)),
        ({"validityperiod": "Years", "validityperiodunits": "3"}, START.replace(2029)),
        ({"validityperiod": "Years", "validityperiodunits": "999999"}, None),
        (
            {
                "validityperiod": "Years",
                "validityperiodunits": "3",
                "expirationdate": "Wed, 01 Jul 2026 00:00:00 GMT",
            },
            datetime(2026, 7, 1, tzinfo=UTC),
        ),
    ],
)
def test_end_date(given_attributes: dict[str, str], expected: datetime | None) -> None:
    """A period needs both its parts and counts from the start; an absolute date wins."""
    assert values.end_date(given_attributes, START) == expected


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC)),
        (datetime(2028, 1, 31, tzinfo=UTC), datetime(2028, 2, 29, tzinfo=UTC)),
        (datetime(2026, 12, 31, tzinfo=UTC), datetime(2027, 1, 31, tzinfo=UTC)),
    ],
)
def test_months_stop_at_a_shorter_months_end(start: datetime, expected: datetime) -> None:
    """A month from the last day of January ends on the last day of February."""
    found = values.end_date({"validityperiod": "Months", "validityperiodunits": "1"}, start)
    assert found == expected


@pytest.mark.parametrize(
    ("unit", "count"),
    [
        ("Days", "x"),
        ("Days", "-1"),
        ("Days", "1.5"),
        ("Days", "٣"),
        ("Days", "9999999"),
        ("Ages", "1"),
    ],
)
def test_periods_that_are_none_are_invalid_data(unit: str, count: str) -> None:
    """A count that is no number, or a unit that is none, is 0x8007000D."""
    with refused(ERROR_INVALID_DATA):
        values.end_date({"validityperiod": unit, "validityperiodunits": count}, START)


# --- registry ------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["1", b"1", ["1"], None])
def test_a_dword_is_an_integer(value: Any) -> None:
    """A registry value of another type is no DWORD."""
    assert values.integer(5) == 5
    with refused(E_INVALIDARG):
        values.integer(value)


def test_a_single_string_counts_as_a_list() -> None:
    """REG_SZ is taken where REG_MULTI_SZ belongs; a DWORD is not."""
    assert values.strings("1.2.3") == ["1.2.3"]
    assert values.strings(["a", "b"]) == ["a", "b"]
    with refused(E_INVALIDARG):
        values.strings(5)
