"""How long a CA's certificates live, and which names and keys they can have.

Source: RFC 5280 4.1; docs/rulings.md (The CA's own certificates).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from certsim._engine import ca_certificates
from certsim.errors import ComError
from certsim.sources import Sources
from tests.codes import (
    CERT_E_EXPIRED,
    CERTSRV_E_BAD_REQUESTSUBJECT,
    E_INVALIDARG,
    NTE_FAIL,
    refused,
)
from tests.engine import der_builder as der
from tests.engine import engine_kit
from tests.engine.ca_certificates_kit import NOW, ca_key, life, root, seeded, under

# Lives


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NOW, datetime(2031, 1, 1, 12, tzinfo=UTC)),
        (datetime(2024, 2, 29, tzinfo=UTC), datetime(2029, 2, 28, tzinfo=UTC)),
        (datetime(2047, 6, 1, tzinfo=UTC), datetime(2052, 6, 1, tzinfo=UTC)),
        (datetime(9998, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_root_lives_five_years_from_now(start: datetime, end: datetime) -> None:
    """A root's certificate is ten minutes old and ends five calendar years on, renewed or not."""
    expected = (start - timedelta(minutes=10), end)
    first = root(start=start)
    assert life(first) == expected
    assert life(ca_certificates.renew(first, seeded(start))) == expected


def test_a_root_that_has_ended_can_be_renewed() -> None:
    """A renewal years after the end has a life of its own, whichever key it has."""
    late = datetime(2040, 1, 1, tzinfo=UTC)
    for key in (None, ca_key("P-384")):
        made = ca_certificates.renew(root(), seeded(late), key)
        assert life(made) == (late - timedelta(minutes=10), datetime(2045, 1, 1, tzinfo=UTC))


FIVE_YEARS = timedelta(days=5 * 365 + 1)  # from 2026 to 2031, and 2028 is a leap year


@pytest.mark.parametrize(
    ("offset", "before", "after"),
    [
        (timedelta(0), timedelta(minutes=-10), FIVE_YEARS),
        (timedelta(minutes=-5), timedelta(minutes=-10), FIVE_YEARS - timedelta(minutes=5)),
        (timedelta(days=2), timedelta(days=2, minutes=-10), FIVE_YEARS),
        (FIVE_YEARS - timedelta(seconds=1), FIVE_YEARS - timedelta(seconds=601), FIVE_YEARS),
    ],
    ids=["born together", "a clock behind", "later", "in the last second"],
)
def test_a_subordinate_lives_within_its_parents_life(
    offset: timedelta, before: timedelta, after: timedelta
) -> None:
    """Neither date leaves the parent's certificate, for a first certificate and a renewal."""
    parent = root()
    expected = (NOW + before, NOW + after)
    first = under(parent, start=NOW + offset)
    assert life(first) == expected
    assert life(ca_certificates.renew(first, seeded(NOW + offset), parent=parent)) == expected


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=1), timedelta(days=999)])
def test_an_ended_parent_signs_no_subordinate(late: timedelta) -> None:
    """From its last moment on a parent gives CERT_E_EXPIRED, to new CAs and to renewals."""
    parent = root()
    first, end = under(parent), life(parent)[1]
    with refused(CERT_E_EXPIRED):
        under(parent, start=end + late)
    with refused(CERT_E_EXPIRED):
        ca_certificates.renew(first, seeded(end + late), parent=parent)


def test_a_parent_that_begins_later_than_all_the_life_signs_no_subordinate() -> None:
    """By clocks that are years apart there may be no common time: CERT_E_EXPIRED as well."""
    with refused(CERT_E_EXPIRED):
        under(root(), start=datetime(2020, 1, 1, tzinfo=UTC))


moments = st.datetimes(datetime(1960, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)


@settings(max_examples=80, deadline=None)
@given(above=moments, seconds=st.integers(-200_000_000, 200_000_000))
def test_no_life_leaves_the_parents(above: datetime, seconds: int) -> None:
    """For all clocks the life is the part of five years that the parent has too, or refused."""
    parent, below = root(start=above), above + timedelta(seconds=seconds)
    begin, end = life(parent)
    leap_day = (below.month, below.day) == (2, 29)
    ends = below.replace(year=below.year + 5, day=28 if leap_day else below.day)
    expected = max(begin, below - timedelta(minutes=10)), min(end, ends)
    if below >= end or expected[0] >= expected[1]:
        with refused(CERT_E_EXPIRED):
            under(parent, start=below)
    else:
        assert life(under(parent, start=below)) == expected


# Names, kinds of key, failures


@given(
    st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=64).filter(str.strip)
)
def test_a_name_is_encoded_as_one_common_name(text: str) -> None:
    """For all names of up to 64 characters the subject is that common name, in UTF-8."""
    common_name = b"\x06\x03\x55\x04\x03" + der.der(0x0C, text.encode())
    name = der.der(0x30, der.der(0x31, der.der(0x30, common_name)))
    assert ca_certificates.common_name(text) == name


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", E_INVALIDARG),
        (" \t\n", E_INVALIDARG),
        (None, E_INVALIDARG),
        (b"Root", E_INVALIDARG),
        ("x" * 65, CERTSRV_E_BAD_REQUESTSUBJECT),
        ("\ud800", CERTSRV_E_BAD_REQUESTSUBJECT),
    ],
)
def test_a_name_that_cannot_be_is_refused(name: Any, code: int) -> None:
    """No name at all is a wrong argument; a long or unwritable one is a wrong subject."""
    with refused(code):
        ca_certificates.found(name, ca_key("P-256"), seeded())


def test_a_key_that_cannot_sign_for_a_ca_is_refused() -> None:
    """Another kind of key is a ValueError, in a first certificate and in a renewal."""
    with pytest.raises(ValueError, match="RSA, or EC"):
        root("Ed25519")
    with pytest.raises(ValueError, match="RSA, or EC"):
        ca_certificates.renew(root(), seeded(), ca_key("Ed25519"))


def test_a_key_that_fails_to_sign_is_told_by_code() -> None:
    """When the parent's or the CA's own key fails, the error is NTE_FAIL without its words."""
    broken = attrs.evolve(root(), sign=engine_kit.raising(OSError("secret place")))
    for attempt in (lambda: under(broken), lambda: ca_certificates.renew(broken, seeded())):
        with pytest.raises(ComError, match=r"\(OSError\)$") as caught:
            attempt()
        assert caught.value.hresult & 0xFFFFFFFF == NTE_FAIL
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "kind"), [("P-256", "P-256"), ("P-384", "P-384"), ("RSA", "RSA-2048")]
)
def test_the_kind_of_a_key_makes_another_one_like_it(given: str, kind: str) -> None:
    """What `key_kind` answers makes a key of the same sort and size, also below another kind."""
    held = under(root("P-521"), given)
    assert ca_certificates.key_kind(held) == kind
    made: Any = Sources.system().make_key(kind)
    assert (type(made), made.key_size) == (type(ca_key(given)), ca_key(given).key_size)


@pytest.mark.parametrize(
    "key",
    [ec.derive_private_key(7, ec.SECP521R1()), rsa.generate_private_key(65537, 2056)],
    ids=["P-521", "RSA-2056"],
)
def test_a_key_that_cannot_be_made_has_no_kind(key: Any) -> None:
    """A CA may be given a key that sources do not make; asked for its kind, E_INVALIDARG."""
    held = ca_certificates.found("Root", key, seeded())
    with refused(E_INVALIDARG):
        ca_certificates.key_kind(held)
