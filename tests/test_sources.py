"""The one window: clocks, chance and keys that repeat, and those of the machine.

Source: CONTRIBUTING.md (law 4).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

import certsim
from certsim.sources import Sources
from tests.codes import PEND
from tests.engine import values_kit as kit

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def public(key: Any) -> bytes:
    """Return the encoded public half of a private key."""
    encoded: bytes = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded


def run(seed: int) -> tuple[list[object], list[str]]:
    """Return everything a short life leaves behind: rows, and the journal as text."""
    sources = Sources.seeded(seed)
    probe = kit.Probe(lambda s: s.GetRequestProperty("RequestID", kit.LONG))
    with kit.authority(probe, sources=sources, policy=kit.always(PEND)) as ca:
        for kind in ("P-256", "Ed25519"):
            ca.submit(kit.csr(kind=kind), attributes="A:1")
            sources.clock.advance(timedelta(hours=1))
        ca.submit(b"junk")
        ca.resubmit(1)
        ca.deny(2)
        journal = [str(entry.as_dict()) for entry in ca.journal]
        root = ca.certificate.public_bytes(Encoding.DER)
    return [root, *kit.shelf(ca)], journal


def without_contexts(journal: list[str]) -> list[str]:
    """Return journal lines without the context numbers, which the whole process shares."""
    return [line.partition("'context'")[0] for line in journal]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**64))
def test_seeded_runs_are_byte_identical(seed: int) -> None:
    """For all seeds two runs leave the same certificates, rows, times and durations."""
    (first, told), (second, told_again) = run(seed), run(seed)
    assert first == second
    assert without_contexts(told) == without_contexts(told_again)


def test_different_seeds_differ() -> None:
    """Another seed makes another key and other serial numbers."""
    assert run(1)[0][0] != run(2)[0][0]
    assert public(Sources.seeded(1).make_key("P-256")) != public(
        Sources.seeded(2).make_key("P-256")
    )


@pytest.mark.parametrize(("kind", "curve"), [("P-256", "secp256r1"), ("P-384", "secp384r1")])
def test_seeded_keys_repeat_and_go_on(kind: str, curve: str) -> None:
    """A seed gives the same keys in the same order, each on its curve, no two alike."""
    one, other = Sources.seeded(7), Sources.seeded(7)
    keys = [one.make_key(kind) for _ in range(3)]
    assert [public(key) for key in keys] == [public(other.make_key(kind)) for _ in range(3)]
    assert len({public(key) for key in keys}) == 3
    for key in keys:
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        assert key.curve.name == curve


@pytest.mark.parametrize("kind", ["RSA-2048", "RSA-3072", "RSA-4096"])
def test_rsa_keys_cannot_be_seeded(kind: str) -> None:
    """Seeded sources refuse RSA, since its keys would not repeat."""
    with pytest.raises(ValueError, match="EC"):
        Sources.seeded(1).make_key(kind)
    with pytest.raises(ValueError, match="EC"):
        certsim.CertificationAuthority("Lab CA", key=kind, sources=Sources.seeded(1))


@pytest.mark.parametrize("kind", ["", "p-256", "P-521", "RSA-1024", "Ed25519"])
def test_unknown_kinds_of_key(kind: str) -> None:
    """A kind that is not on the list is a ValueError from either sources."""
    for sources in (Sources.system(), Sources.seeded(1)):
        with pytest.raises(ValueError, match="key"):
            sources.make_key(kind)


def test_system_keys_are_of_their_kind() -> None:
    """The machine makes EC keys on the curve asked for, a new one each time."""
    first, second = (Sources.system().make_key("P-256") for _ in range(2))
    assert isinstance(first, ec.EllipticCurvePrivateKey)
    assert first.curve.name == "secp256r1"
    assert public(first) != public(second)


def test_the_seeded_clock_stands_still() -> None:
    """Time passes only when somebody moves it."""
    clock = Sources.seeded(1).clock
    assert [clock.now() for _ in range(3)] == [START] * 3
    clock.advance(timedelta(days=400, seconds=1))
    assert clock.now() == START + timedelta(days=400, seconds=1)
    clock.advance(timedelta(days=-400))
    assert clock.now() == START + timedelta(seconds=1)


@settings(max_examples=60)
@given(
    start=st.datetimes(
        datetime(1950, 1, 2),  # noqa: DTZ001
        datetime(9000, 1, 1),  # noqa: DTZ001
        timezones=st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours))),
    ),
    steps=st.lists(st.timedeltas(timedelta(0), timedelta(days=300)), max_size=4),
)
def test_clocks_tell_utc_in_whole_seconds(start: datetime, steps: list[timedelta]) -> None:
    """For all starts and steps the clock is at UTC, without fractions, and never runs back."""
    clock = Sources.seeded(1, start=start).clock
    times = [clock.now()]
    for step in steps:
        clock.advance(step)
        times.append(clock.now())
    assert times == sorted(times)
    assert times[0] == start.replace(microsecond=0)
    for moment in times:
        assert moment.utcoffset() == timedelta(0)
        assert moment.microsecond == 0


def test_the_system_clock_tells_utc_in_whole_seconds() -> None:
    """The machine's clock is cut to seconds, too."""
    moment = Sources.system().clock.now()
    assert moment.utcoffset() == timedelta(0)
    assert moment.microsecond == 0


def test_the_seeded_stopwatch_counts_its_reads() -> None:
    """Durations in a seeded run are counts and not times."""
    stopwatch = Sources.seeded(1).stopwatch
    first = stopwatch()
    assert [stopwatch() for _ in range(3)] == [first + 1, first + 2, first + 3]


def test_chance_has_the_length_asked_for() -> None:
    """Both kinds of chance give as many bytes as wanted; the machine's do not repeat."""
    for sources in (Sources.system(), Sources.seeded(1)):
        assert [len(sources.random_bytes(size)) for size in (0, 1, 16)] == [0, 1, 16]
        assert sources.random_bytes(16) != sources.random_bytes(16)
