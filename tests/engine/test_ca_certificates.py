"""The CA's own certificates: their bytes, indices and hashes.

Bytes are compared with what `CertificateBuilder` makes from public inputs, signature included,
since ECDSA is repeatable here and PKCS #1 v1.5 is so anyway. Indices are judged by the table that
Microsoft publishes.
Source: win32 SecCrypto/certification-authority-renewal; RFC 5280 4.1 and 4.2; docs/rulings.md (The
CA's own certificates).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from certsim._engine import ca_certificates
from certsim._engine.x509 import CACertificate
from tests.codes import E_INVALIDARG, refused
from tests.engine import values_kit as kit
from tests.engine.ca_certificates_kit import (
    CA_URL,
    CRL_URL,
    KINDS,
    NEW,
    NOW,
    PAIRS,
    PREVIOUS,
    SAME,
    VERSION,
    ca_key,
    equipped,
    extension_bytes,
    life,
    parsed,
    root,
    seeded,
    sha1,
    under,
    version,
)

CHANGES = list(itertools.permutations(KINDS, 2))
DOCUMENTED = (NEW, SAME, SAME, NEW, SAME, NEW, SAME)
"""How the published table renews certificates 1 to 7."""


def renewals(first: CACertificate, steps: Iterable[bool]) -> list[CACertificate]:
    """Return *first* and its renewals, each with a new key where *steps* says so."""
    sources, line = seeded(seed=3), [first]
    for new in steps:
        key = sources.make_key("P-256") if new else None
        line.append(ca_certificates.renew(line[-1], sources, key))
    return line


# Bytes


def own(kind: str, number: bytes) -> list[tuple[x509.ExtensionType, bool]]:
    """Return the extensions of every CA certificate, with CA Version encoded as *number*."""
    usage = kit.usage("digital_signature", "key_cert_sign", "crl_sign")
    return [
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (usage, True),
        (x509.SubjectKeyIdentifier.from_public_key(ca_key(kind).public_key()), False),
        (x509.UnrecognizedExtension(VERSION, number), False),
    ]


def taken_on(kind: str) -> list[tuple[x509.ExtensionType, bool]]:
    """Return what a certificate has from an `equipped` root whose key is of *kind*."""
    point = x509.DistributionPoint(
        [x509.UniformResourceIdentifier(CRL_URL.format("Root"))], None, None, None
    )
    place = x509.AccessDescription(
        AuthorityInformationAccessOID.CA_ISSUERS,
        x509.UniformResourceIdentifier(CA_URL.format("Root")),
    )
    return [
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key(kind).public_key()), False),
        (x509.CRLDistributionPoints([point]), False),
        (x509.AuthorityInformationAccess([place]), False),
    ]


def previous_hash(certificate: CACertificate) -> x509.UnrecognizedExtension:
    """Return Previous CA Hash as the certificate after this one has it."""
    digest = sha1(parsed(certificate).public_bytes(Encoding.DER))
    return x509.UnrecognizedExtension(PREVIOUS, b"\x04\x14" + digest)


def check(
    made: CACertificate,
    names: tuple[str, str],
    kinds: tuple[str, str],
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
) -> None:
    """Compare with the builder's certificate; *names* and *kinds* are issuer's and subject's."""
    issuer, subject = (kit.name((NameOID.COMMON_NAME, name)) for name in names)
    before, after = (moment.replace(tzinfo=None) for moment in life(made))
    builder = x509.CertificateBuilder(
        issuer, subject, ca_key(kinds[1]).public_key(), parsed(made).serial_number, before, after
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    digests = {"P-384": hashes.SHA384(), "P-521": hashes.SHA512()}
    digest: Any = digests.get(kinds[0], hashes.SHA256())
    repeatable = None if kinds[0] == "RSA" else True
    expected = builder.sign(ca_key(kinds[0]), digest, ecdsa_deterministic=repeatable)
    assert made.raw.hex() == expected.public_bytes(Encoding.DER).hex()


@pytest.mark.parametrize("kind", KINDS)
def test_a_root_has_the_builders_bytes(kind: str) -> None:
    """A root's first certificate is the builder's, signature included."""
    made = root(kind)
    check(made, ("Root", "Root"), (kind, kind), own(kind, b"\x02\x01\x00"))
    assert made.constants == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_renewal_with_the_same_key_has_the_builders_bytes(kind: str) -> None:
    """Beside serial number and dates only CA Version changes, and Previous CA Hash comes in."""
    first = equipped(root(kind))
    made = ca_certificates.renew(first, seeded(NOW + timedelta(days=99), 5))
    before = (previous_hash(first), False)
    check(made, ("Root", "Root"), (kind, kind), [*own(kind, b"\x02\x01\x01"), before])
    assert made.constants == {}
    assert life(made)[0] - life(first)[0] == timedelta(days=99)


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_a_renewal_with_a_new_key_has_the_builders_bytes(old: str, new: str) -> None:
    """A new key, of any kind, signs the certificate that it is in."""
    first = root(old)
    made = ca_certificates.renew(first, seeded(), ca_key(new))
    before = (previous_hash(first), False)
    number = b"\x02\x03\x01\x00\x01"
    check(made, ("Root", "Root"), (new, new), [*own(new, number), before])


@pytest.mark.parametrize(("above", "below"), PAIRS)
def test_a_subordinate_has_the_builders_bytes(above: str, below: str) -> None:
    """The parent signs with its own kind of key, and its AKI, CDP and AIA come last."""
    parent = equipped(root(above))
    first = under(parent, below)
    extensions = own(below, b"\x02\x01\x00") + taken_on(above)
    check(first, ("Root", "Sub"), (above, below), extensions)
    second = ca_certificates.renew(first, seeded(), parent=parent)
    before = (previous_hash(first), False)
    extensions = [*own(below, b"\x02\x01\x01"), before, *taken_on(above)]
    check(second, ("Root", "Sub"), (above, below), extensions)


def test_serial_numbers_are_sixteen_bytes_of_which_fifteen_are_chance() -> None:
    """All are equally long and positive, and no two of many are alike."""
    numbers = [parsed(held).serial_number for held in renewals(root(), [SAME] * 30)]
    assert {number.to_bytes(16, "big")[0] for number in numbers} == {0x10}
    assert len(set(numbers)) == len(numbers)


def test_seeded_sources_repeat_every_certificate() -> None:
    """The same seed and the same steps give the same bytes."""
    lines = [renewals(root(), DOCUMENTED) for _ in range(2)]
    assert [held.raw for held in lines[0]] == [held.raw for held in lines[1]]


# Indices and hashes


def test_the_published_renewals_have_the_published_indices() -> None:
    """Certificates 0 to 7 of the documentation have key indices 0, 1, 1, 1, 4, 4, 6 and 6."""
    line = renewals(root(), DOCUMENTED)
    expected = list(enumerate([0, 1, 1, 1, 4, 4, 6, 6]))
    assert [version(held) for held in line] == expected
    assert [(held.index, held.key_index) for held in line] == expected


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.booleans(), max_size=6))
def test_any_line_of_renewals_keeps_name_keys_and_hashes(steps: list[bool]) -> None:
    """For all renewals the name's bytes stay, and key, index and hash follow what was asked."""
    line = renewals(root(), steps)
    assert {parsed(held).subject.public_bytes() for held in line} == {line[0].name}
    for before, after, new in zip(line, line[1:], steps, strict=False):
        assert (parsed(before).public_key() == parsed(after).public_key()) is not new
        assert version(after)[1] == (version(after)[0] if new else version(before)[1])
        assert version(after)[0] == version(before)[0] + 1
        assert extension_bytes(after, PREVIOUS) == previous_hash(before).value
        assert after.key_identifier.hex() == identifier(after)
    held_oids = {item.oid for item in parsed(line[0]).extensions}
    assert PREVIOUS not in held_oids


def identifier(certificate: CACertificate) -> str:
    """Return the key identifier that stands in the certificate, checked against its key."""
    read = parsed(certificate)
    found = read.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert found == x509.SubjectKeyIdentifier.from_public_key(read.public_key())
    return found.digest.hex()


def test_indices_end_where_ca_version_has_no_more_room() -> None:
    """Certificate 65,535 is the last one; the one after it is refused."""
    late = attrs.evolve(root(), index=0xFFFE, key_index=3)
    last = ca_certificates.renew(late, seeded())
    assert version(last) == (0xFFFF, 3)
    with refused(E_INVALIDARG):
        ca_certificates.renew(last, seeded())
