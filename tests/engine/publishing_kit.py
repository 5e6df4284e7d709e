"""What the tests of publication share: a CA that publishes to a folder, and readers of its lists.

Lists are read with `cryptography` and certificates revoked through the public verbs. The figures of
the default schedule are worked out by hand from MS-CSRA 3.1.4.1.6: a base each week with an overlap
of 12 hours, a delta each day with the same, and ten minutes of skew on either side.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from certsim import CertificationAuthority, RevocationReason, Sources
from certsim._engine.journal import Publication
from certsim.database.rows import CRLRow
from certsim.sources import SeededSources
from tests.engine import engine_kit
from tests.machines import readback
from tests.requests_kit import make_csr

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
OVERLAP = timedelta(hours=12, minutes=10)
SKEW = timedelta(minutes=10)
CRL_LINE = r"ca\CRLPublicationURLs"
CERTIFICATE_LINE = r"ca\CACertPublicationURLs"
BASE, DELTA, COMPLETE, SHADOW, MANUAL = 1, 2, 4, 8, 0x40
# Source: certsrv.h, CPF constants
OLDEST_BASE, DELETE_EXPIRED, CRITICAL_NUMBER, EXPIRED_TOO = 1, 2, 4, 0x200
# Source: certsrv.h, CRLF constants
HOLD, RELEASE = RevocationReason.CERTIFICATE_HOLD, RevocationReason.RELEASE
COMPROMISED, ON_HOLD, REMOVED = 1, 6, 8
"""Reasons as lists tell them. Source: RFC 5280 5.3.1."""


def clock_of(ca: CertificationAuthority) -> SeededSources:
    """Return the sources of a CA of these tests, whose clock can be moved."""
    sources = ca._state.sources
    if not isinstance(sources, SeededSources):
        raise TypeError(sources)
    return sources


def advance(ca: CertificationAuthority, by: timedelta) -> None:
    """Let time pass for *ca*."""
    clock_of(ca).clock.advance(by)


def make_ca(
    *exits: object, lines: list[str] | None = None, **config: object
) -> CertificationAuthority:
    r"""Return a stopped, seeded CA that publishes to *lines*; *config* holds values of `ca\`."""
    values = {rf"ca\{name}": value for name, value in config.items()}
    values[CRL_LINE] = lines or []
    values.setdefault(CERTIFICATE_LINE, [])
    return engine_kit.make_ca(*exits, config=values, sources=Sources.seeded(1, start=START))


def issue(ca: CertificationAuthority, name: str = "www.example.test") -> str:
    """Have a certificate issued and return its serial number."""
    serial = ca.submit(make_csr(name)).serial_number
    if serial is None:
        raise AssertionError("no certificate was issued")
    return serial


def revoked(
    ca: CertificationAuthority, reason: RevocationReason = RevocationReason.KEY_COMPROMISE
) -> str:
    """Have a certificate issued and revoked; return its serial number."""
    serial = issue(ca)
    ca.revoke(serial, reason)
    return serial


def entries(crl: x509.CertificateRevocationList) -> dict[str, int]:
    """Return the reason, 0 for none, by serial number as the CA stores it."""
    return {text(serial): reason for serial, _, reason in readback.entries(crl)}


def text(serial: int) -> str:
    """Return a serial number as the CA stores it: lower case, in whole bytes."""
    digits = f"{serial:x}"
    return digits.zfill(len(digits) + len(digits) % 2)


def number(crl: x509.CertificateRevocationList) -> int:
    """Return the CRL number."""
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def minimum(crl: x509.CertificateRevocationList) -> int:
    """Return the number of the base that a delta adds to."""
    return crl.extensions.get_extension_for_class(x509.DeltaCRLIndicator).value.crl_number


def table(ca: CertificationAuthority) -> tuple[CRLRow, ...]:
    """Return the CRL table."""
    return ca._state.shelf.crls()


def told(ca: CertificationAuthority) -> list[tuple[str, int, int]]:
    """Return what, of which key and which number was published, by the journal."""
    return [
        (entry.what, entry.key_index, entry.number)
        for entry in ca.journal
        if isinstance(entry, Publication)
    ]


def logged(ca: CertificationAuthority) -> list[int]:
    """Return the ids of the event log."""
    return [entry.event_id for entry in ca.event_log]


def names(folder: Path) -> list[str]:
    """Return the names of all files in *folder*."""
    return sorted(path.name for path in folder.iterdir())
