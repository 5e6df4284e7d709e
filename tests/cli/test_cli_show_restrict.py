"""certutil's grammar of restrictions: what each form selects, what is refused and how."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsim.cli import show_columns
from certsim.cli.command import UsageError
from certsim.cli.show_restrict import Selection, select

NOW = datetime(2026, 7, 1, 10, 30, tzinfo=UTC)
REQUESTS = show_columns.of_view("request")


def selected(text: str) -> Selection:
    """Return what *text* selects among requests."""
    return select(text, REQUESTS, NOW)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", ()),
        ("RequestId=7", (("RequestID", "=", 7),)),
        ("requestid == 7", (("RequestID", "=", 7),)),
        ("Request.RequestID>=0x10", (("Request.RequestID", ">=", 16),)),
        ("Request ID<10", (("Request.RequestID", "<", 10),)),
        ("Disposition=20", (("Request.Disposition", "=", 20),)),
        ("Disposition=issued", (("Request.Disposition", "=", 20),)),
        ("RevokedReason=Key Compromise", (("Request.RevokedReason", "=", 1),)),
        ("RevokedReason=key_compromise", (("Request.RevokedReason", "=", 1),)),
        ("RevokedReason=-1", (("Request.RevokedReason", "=", -1),)),
        ("StatusCode=0x80094014", (("Request.StatusCode", "=", 0x80094014),)),
        ("StatusCode=certsrv_e_property_empty", (("Request.StatusCode", "=", -2146877436),)),
        ("CommonName=web.example", (("CommonName", "=", "web.example"),)),
        (
            r"RequesterName>=CONTOSO\a, RequesterName<CONTOSO\b",
            (
                ("Request.RequesterName", ">=", r"CONTOSO\a"),
                ("Request.RequesterName", "<", r"CONTOSO\b"),
            ),
        ),
        (
            'CommonName="Doe, John",RequestID=1',
            (("CommonName", "=", "Doe, John"), ("RequestID", "=", 1)),
        ),
        ('CommonName="say ""hi"""', (("CommonName", "=", 'say "hi"'),)),
        ('CommonName=" x "', (("CommonName", "=", " x "),)),
        ('CommonName="$"', (("CommonName", "=", "$"),)),
        ("CommonName=a=b", (("CommonName", "=", "a=b"),)),
        ("RawName=30 0a", (("RawName", "=", b"\x30\x0a"),)),
        ("UPN<=x", (("UPN", "<=", "x"),)),
    ],
)
def test_restrictions(text: str, where: tuple[tuple[str, str, object], ...]) -> None:
    """Columns by each of their names, each operator, each kind of constant."""
    assert selected(text) == Selection(where)


@pytest.mark.parametrize(
    ("text", "order", "last"),
    [
        ("+RequestId>=1", "RequestID", False),
        ("-NotAfter>2026-01-01T00:00Z", "-NotAfter", False),
        ("RequestId==$", "-RequestID", True),
        ("RequestId=$", "-RequestID", True),
        ("Disposition=21, RequestId==$", "-RequestID", True),
    ],
)
def test_order(text: str, order: str, *, last: bool) -> None:
    """A sign sorts by its column; the last row is the first one the other way round."""
    found = selected(text)
    assert (found.order_by, found.last) == (order, last)


def test_the_last_row_is_no_restriction_of_its_own() -> None:
    """`$` asks for an end of the table and not for a value."""
    assert selected("RequestId==$").where == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Color=red", "'Color' is no column here; see certsim schema"),
        ("RequestId", "restriction 'RequestId': write a column, one of = < <= > >=, a value"),
        ("=5", "restriction '=5': write a column"),
        ("RequestId=1,,RequestId=2", "one of them is empty"),
        ("RequestId=1,", "one of them is empty"),
        (",", "one of them is empty"),
        ('a="b"c"d', "a quote is not closed"),
        ('CommonName="open', "a quote is not closed"),
        ("+RequestId>1,-NotAfter>now", "sorted by one column only"),
        ("RequestId>$", "the last row is written ==$"),
        ("+RequestId=$", "the last row is written ==$"),
        ("RequestId=seven", "RequestID takes a number of 32 bits"),
        ("RequestId=", "RequestID takes a number of 32 bits"),
        ("RequestId=99999999999", "RequestID takes a number of 32 bits"),
        ("RequestId=1.5", "RequestID takes a number of 32 bits"),
        ("Disposition=maybe", "Request.Disposition takes a number of 32 bits"),
        ("StatusCode=E_MAYBE", "Request.StatusCode takes a number of 32 bits"),
        ("NotAfter>tomorrow", "NotAfter takes a date like 2026-05-31"),
        ("NotAfter>2026-13-01", "NotAfter takes a date"),
        ("NotAfter>9999-12-31+400:00", "NotAfter takes a date"),
        ("NotAfter>0001-01-01-400:00", "NotAfter takes a date"),
        ("RawName=xyz", "RawName takes bytes in hexadecimal"),
    ],
)
def test_what_is_wrong_is_named(text: str, told: str) -> None:
    """Each slip is answered in one line with the restriction it is in and what would do."""
    with pytest.raises(UsageError) as caught:
        selected(text)
    assert told in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text breaks the reader."""
    with suppress(UsageError):
        selected(text)


@given(st.text(min_size=1, max_size=40))
def test_any_constant_can_be_quoted(constant: str) -> None:
    """In quotes every text is one constant, commas, signs and quotes included."""
    quoted = '"' + constant.replace('"', '""') + '"'
    assert selected(f"CommonName={quoted}").where == (("CommonName", "=", constant),)


@given(st.integers(-(2**31), 2**32 - 1), st.sampled_from(["{}", "{:#x}"]))
def test_any_number_of_32_bits_is_read(number: int, form: str) -> None:
    """Decimal and hexadecimal, signed and unsigned."""
    assert selected(f"RequestId={form.format(number)}").where == (("RequestID", "=", number),)
