"""The one window: the only room that reads the clock, takes chance, and makes keys.

Everything that could differ between two runs comes through a `Sources` object, so a test that
hands in `Sources.seeded(1)` gets the same bytes every time, and `sources.clock.advance(...)`
moves a CA through a year without waiting. `Sources.system()` is what a CA uses by itself.

Two clocks are told apart. The time of day goes into certificates and rows, in whole seconds, since
neither an X.509 date nor a DATE column as modules use it holds more; the stopwatch only measures
how long a module took. Seeded keys and serial numbers can be foretold by anybody who knows the
seed: they are for tests, and this is one more reason to trust no certificate from here.
Source: CONTRIBUTING.md (law 4); RFC 5280 4.1.2.5 (whole seconds); RFC 6979 (repeatable ECDSA).
"""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import attrs
from cryptography.hazmat.primitives.asymmetric import ec, rsa

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_CURVES: dict[str, tuple[type[ec.EllipticCurve], int]] = {
    "P-256": (ec.SECP256R1, 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551),
    "P-384": (
        ec.SECP384R1,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    ),
}  # each with the order of its group. Source: FIPS 186-4 D.1.2.3, D.1.2.4
_RSA_BITS = {"RSA-2048": 2048, "RSA-3072": 3072, "RSA-4096": 4096}
KEY_KINDS = (*_CURVES, *_RSA_BITS)
"""What a key can be asked for as: the curve, or RSA with its bits."""
_SEEDED_START = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""Any fixed moment would do; noon keeps the date the same in most time zones."""


class Clock(Protocol):
    """Tell the time of day."""

    def now(self) -> datetime:
        """Return the present moment as an aware UTC `datetime` in whole seconds."""


class SystemClock:
    """Tell the machine's time; like that, it may be set back while a CA runs."""

    def now(self) -> datetime:
        """Return the machine's present moment, UTC, cut to whole seconds."""
        return datetime.fromtimestamp(int(time.time()), UTC)


class SettableClock:
    """Stand still until somebody moves it."""

    def __init__(self, start: datetime) -> None:
        """Set the clock to *start*, an aware `datetime`; fractions of a second are cut."""
        self._now = start.astimezone(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        """Return the moment the clock stands at."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move the clock by *by*; a negative span moves it back."""
        self._now = (self._now + by).replace(microsecond=0)


@attrs.frozen
class Sources:
    """Hold the clock, the stopwatch, the chance and the key maker of one CA.

    *clock* gives UTC times of day; *stopwatch* nanoseconds for durations, from any beginning;
    *random_bytes* as many bytes of chance as it is asked for; *make_key* a private key of one of
    `KEY_KINDS`, `ValueError` for another kind. *repeatable* asks for ECDSA signatures that depend
    on key and data alone (RFC 6979); RSA signatures here do so anyway (PKCS #1 v1.5).
    """

    clock: Clock
    stopwatch: Callable[[], int]
    random_bytes: Callable[[int], bytes]
    make_key: Callable[[str], PrivateKey]
    repeatable: bool

    @staticmethod
    def system() -> Sources:
        """Return the machine's own clock, entropy and key generator."""
        return Sources(
            clock=SystemClock(),
            stopwatch=time.perf_counter_ns,
            random_bytes=os.urandom,
            make_key=_generate_key,
            repeatable=False,
        )

    @staticmethod
    def seeded(seed: int, *, start: datetime = _SEEDED_START) -> SeededSources:
        """Return sources that repeat byte for byte for the same *seed* and *start*.

        Keys are EC keys derived from the seed (an RSA kind raises `ValueError`: RSA keys cannot
        be seeded); the clock stands still until advanced; the stopwatch counts its own reads.
        The promise holds for calls made on one thread. *start*: an aware `datetime`.
        """
        if start.tzinfo is None:
            raise ValueError("start needs a time zone, or it would depend on the machine's")
        chance = random.Random(seed)  # noqa: S311  (repeatable on purpose: this CA guards nothing)
        return SeededSources(
            clock=SettableClock(start),
            stopwatch=itertools.count().__next__,
            random_bytes=chance.randbytes,
            make_key=lambda kind: _derive_key(kind, chance),
            repeatable=True,
        )


@attrs.frozen
class SeededSources(Sources):
    """Be `Sources` whose clock can be moved."""

    clock: SettableClock


def _generate_key(kind: str) -> PrivateKey:
    """Return a new key of *kind* from the machine's entropy. Errors: `ValueError`."""
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind][0]())
    if kind in _RSA_BITS:
        return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS[kind])
    raise ValueError(f"no key kind {kind!r}; there are {', '.join(KEY_KINDS)}")


def _derive_key(kind: str, chance: random.Random) -> PrivateKey:
    """Return the next EC key of *kind* that *chance* has. Errors: `ValueError`.

    `cryptography` generates keys from the machine's entropy alone, but takes a private value for
    a curve: any number from 1 to the order of the group less 1. RSA offers no such way in.
    """
    if kind not in _CURVES:
        raise ValueError(f"seeded sources make EC keys only (P-256, P-384), not {kind!r}")
    curve, order = _CURVES[kind]
    return ec.derive_private_key(chance.randrange(1, order), curve())
