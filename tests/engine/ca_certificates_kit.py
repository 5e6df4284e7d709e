"""What the tests of the CA's own certificates share: roots, subordinates, renewals, and readers.

Source: win32 SecCrypto/certification-authority-renewal; RFC 5280 4.1 and 4.2.
"""

from __future__ import annotations

import hashlib
import itertools
from datetime import UTC, datetime
from typing import Any

import attrs
from cryptography import x509

from certsim._engine import ca_certificates
from certsim._engine import x509 as certificates
from certsim._engine.x509 import CACertificate
from certsim.sources import SeededSources, Sources
from tests.engine import values_kit as kit

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
VERSION, PREVIOUS = (x509.ObjectIdentifier(f"1.3.6.1.4.1.311.21.{arc}") for arc in (1, 2))
CRL_URL, CA_URL = "http://ca.test/{}.crl", "http://ca.test/{}.crt"
KINDS = ["P-256", "P-384", "P-521", "RSA"]
PAIRS = list(itertools.product(KINDS, KINDS))
NEW, SAME = True, False


def ca_key(kind: str) -> Any:
    """Return the one key of a kind, whose class the kind decides."""
    return kit.key(kind)


def seeded(start: datetime = NOW, seed: int = 1) -> SeededSources:
    """Return sources whose clock stands at *start*."""
    return Sources.seeded(seed, start=start)


def root(kind: str = "P-256", start: datetime = NOW, name: str = "Root") -> CACertificate:
    """Return the first certificate of a root CA."""
    return ca_certificates.found(name, ca_key(kind), seeded(start))


def equipped(issuer: CACertificate, name: str = "Root") -> CACertificate:
    """Return *issuer* with the extensions of a CA that has one URL of each kind."""
    rows = certificates.server_extensions(issuer, [CRL_URL.format(name)], [CA_URL.format(name)], [])
    constants = {row: certificates.encode_extension(row) for row in rows}
    return attrs.evolve(issuer, constants=constants)


def under(
    parent: CACertificate, kind: str = "P-384", name: str = "Sub", start: datetime = NOW
) -> CACertificate:
    """Return the first certificate of a CA below *parent*."""
    return ca_certificates.found(name, ca_key(kind), seeded(start, 2), parent)


def parsed(certificate: CACertificate) -> x509.Certificate:
    """Return the certificate as cryptography reads it."""
    return x509.load_der_x509_certificate(certificate.raw)


def extension_bytes(certificate: CACertificate, oid: x509.ObjectIdentifier) -> bytes:
    """Return the value of an extension that cryptography does not know."""
    value = parsed(certificate).extensions.get_extension_for_oid(oid).value
    assert isinstance(value, x509.UnrecognizedExtension)
    return value.value


def version(certificate: CACertificate) -> tuple[int, int]:
    """Return (certificate index, key index) as CA Version tells them."""
    der = extension_bytes(certificate, VERSION)
    assert (der[0], der[1]) == (0x02, len(der) - 2)
    number = int.from_bytes(der[2:], "big", signed=True)
    return number & 0xFFFF, number >> 16


def life(certificate: CACertificate) -> tuple[datetime, datetime]:
    """Return the dates in the certificate itself, which are those it is held with."""
    read = parsed(certificate)
    found = (read.not_valid_before_utc, read.not_valid_after_utc)
    assert found == (certificate.not_before, certificate.not_after)
    return found


def sha1(data: bytes) -> bytes:
    """Return the SHA-1 of *data*, which guards nothing here."""
    return hashlib.sha1(data, usedforsecurity=False).digest()
