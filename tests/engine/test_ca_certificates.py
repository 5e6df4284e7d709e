"""The CA's own certificates: bytes, indices, hashes, lives and chains.

Bytes are compared with what `CertificateBuilder` makes from public inputs, signature included,
since ECDSA is repeatable here and PKCS #1 v1.5 is so anyway. Chains go to `openssl verify`, at a
moment by the CA's clock. Indices are judged by the table that Microsoft publishes.
Source: win32 SecCrypto/certification-authority-renewal; RFC 5280 4.1 and 4.2; docs/rulings.md (The
CA's own certificates).
"""

from __future__ import annotations

import hashlib
import itertools
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from certsim import CertificationAuthority
from certsim._engine import ca_certificates
from certsim._engine import x509 as certificates
from certsim._engine.x509 import CACertificate
from certsim.errors import ComError
from certsim.sources import SeededSources, Sources
from tests.engine import der_builder as der
from tests.engine import engine_kit
from tests.engine import values_kit as kit

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
CERT_E_EXPIRED, NTE_FAIL = 0x800B0101, 0x80090020
VERSION, PREVIOUS = (x509.ObjectIdentifier(f"1.3.6.1.4.1.311.21.{arc}") for arc in (1, 2))
CRL_URL, CA_URL = "http://ca.test/{}.crl", "http://ca.test/{}.crt"
KINDS = ["P-256", "P-384", "P-521", "RSA"]
PAIRS = list(itertools.product(KINDS, KINDS))
CHANGES = list(itertools.permutations(KINDS, 2))
NEW, SAME = True, False
DOCUMENTED = (NEW, SAME, SAME, NEW, SAME, NEW, SAME)
"""How the published table renews certificates 1 to 7."""

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the openssl program is not installed"
)


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


def renewals(first: CACertificate, steps: Iterable[bool]) -> list[CACertificate]:
    """Return *first* and its renewals, each with a new key where *steps* says so."""
    sources, line = seeded(seed=3), [first]
    for new in steps:
        key = sources.make_key("P-256") if new else None
        line.append(ca_certificates.renew(line[-1], sources, key))
    return line


def end_certificate(issuer: CACertificate) -> bytes:
    """Return a certificate for the P-256 key that *issuer* signed, good for a day."""
    life = (NOW, NOW + timedelta(days=1))
    rows, subject = tuple(issuer.constants), kit.WWW.public_bytes()
    return certificates.build(issuer, "10" * 10, *life, subject, kit.spki(), rows, issuer.constants)


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


def sha1(data: bytes) -> bytes:
    """Return the SHA-1 of *data*, which guards nothing here."""
    return hashlib.sha1(data, usedforsecurity=False).digest()


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
    with kit.refused(kit.E_INVALIDARG):
        ca_certificates.renew(last, seeded())


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
    with kit.refused(CERT_E_EXPIRED):
        under(parent, start=end + late)
    with kit.refused(CERT_E_EXPIRED):
        ca_certificates.renew(first, seeded(end + late), parent=parent)


def test_a_parent_that_begins_later_than_all_the_life_signs_no_subordinate() -> None:
    """By clocks that are years apart there may be no common time: CERT_E_EXPIRED as well."""
    with kit.refused(CERT_E_EXPIRED):
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
        with kit.refused(CERT_E_EXPIRED):
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
        ("", kit.E_INVALIDARG),
        (" \t\n", kit.E_INVALIDARG),
        (None, kit.E_INVALIDARG),
        (b"Root", kit.E_INVALIDARG),
        ("x" * 65, kit.BAD_REQUESTSUBJECT),
        ("\ud800", kit.BAD_REQUESTSUBJECT),
    ],
)
def test_a_name_that_cannot_be_is_refused(name: Any, code: int) -> None:
    """No name at all is a wrong argument; a long or unwritable one is a wrong subject."""
    with kit.refused(code):
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
    with kit.refused(kit.E_INVALIDARG):
        ca_certificates.key_kind(held)


# Chains


def pem(path: Path, *certificates: bytes) -> Path:
    """Write certificates (DER) into one PEM file."""
    read = [x509.load_der_x509_certificate(raw) for raw in certificates]
    path.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in read))
    return path


def verifies(folder: Path, trusted: CACertificate, leaf: bytes, *between: CACertificate) -> bool:
    """Tell whether `openssl verify` takes *leaf*, at noon of the day that all were made."""
    command = ["openssl", "verify", "-x509_strict", "-attime", f"{NOW.timestamp():.0f}"]
    command += ["-CAfile", str(pem(folder / "trusted.pem", trusted.raw))]
    if between:
        middle = pem(folder / "between.pem", *(held.raw for held in between))
        command += ["-untrusted", str(middle)]
    command.append(str(pem(folder / "leaf.pem", leaf)))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is done.stdout.endswith("OK\n"), done.stderr
    return done.returncode == 0


@needs_openssl
@pytest.mark.parametrize("kind", KINDS)
def test_openssl_takes_a_root_and_its_renewals(kind: str, tmp_path: Path) -> None:
    """Each certificate of a renewed root verifies itself and what was signed under it."""
    first = root(kind)
    same = ca_certificates.renew(first, seeded(seed=2))
    new = ca_certificates.renew(same, seeded(seed=3), ca_key("P-384"))
    for held in (first, same, new):
        assert verifies(tmp_path, held, held.raw)
        assert verifies(tmp_path, held, end_certificate(equipped(held)))


@needs_openssl
def test_what_was_signed_before_a_renewal_hangs_on_the_key(tmp_path: Path) -> None:
    """An older certificate verifies under a renewal with the same key, not under a new key."""
    first = root()
    leaf = end_certificate(equipped(first))
    same = ca_certificates.renew(first, seeded(seed=2))
    new = ca_certificates.renew(first, seeded(seed=3), ca_key("P-384"))
    assert verifies(tmp_path, same, leaf)
    assert not verifies(tmp_path, new, leaf)


@needs_openssl
@pytest.mark.parametrize(("above", "below"), PAIRS)
def test_openssl_takes_a_subordinate(above: str, below: str, tmp_path: Path) -> None:
    """Root, subordinate and end certificate make a chain, whatever the two kinds of key."""
    parent = equipped(root(above))
    sub = under(parent, below)
    leaf = end_certificate(equipped(sub, "Sub"))
    assert verifies(tmp_path, parent, sub.raw)
    assert verifies(tmp_path, parent, leaf, sub)
    assert not verifies(tmp_path, parent, leaf)


@needs_openssl
@pytest.mark.parametrize("new", [SAME, NEW], ids=["same key", "new key"])
def test_openssl_takes_three_levels_with_a_renewed_one_between(new: bool, tmp_path: Path) -> None:
    """A CA below a CA below a root verifies, also after the one between has been renewed."""
    top = equipped(root("RSA"))
    middle = under(top, "P-256", "Middle")
    renewed = ca_certificates.renew(
        middle, seeded(seed=4), ca_key("P-521") if new else None, equipped(top)
    )
    low = under(equipped(renewed, "Middle"), "P-384", "Low")
    leaf = end_certificate(equipped(low, "Low"))
    assert verifies(tmp_path, top, leaf, renewed, low)
    assert verifies(tmp_path, top, leaf, middle, low) is not new


@needs_openssl
def test_openssl_shows_what_is_in_a_renewal(tmp_path: Path) -> None:
    """The openssl program reads the same indices, hash and limits from a subordinate's renewal."""
    parent = equipped(root())
    first = under(parent)
    second = ca_certificates.renew(first, seeded(seed=4), ca_key("RSA"), parent)
    public = parsed(second).public_key()
    assert public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == kit.spki("RSA")
    path = pem(tmp_path / "second.pem", second.raw)
    shown = subprocess.run(
        ["openssl", "asn1parse", "-in", path], capture_output=True, text=True, check=True
    ).stdout.upper()
    assert f"[HEX DUMP]:0414{sha1(first.raw).hex()}".upper() in shown
    assert "[HEX DUMP]:0203010001" in shown


# At the front door


def the_cas(ca: CertificationAuthority) -> CACertificate:
    """Return the certificate that the CA signs with."""
    return ca._state.issuer


@needs_openssl
@pytest.mark.parametrize("started", [True, False], ids=["running parent", "stopped parent"])
@pytest.mark.parametrize("new", [SAME, NEW], ids=["same key", "new key"])
def test_a_subordinate_ca_issues_before_and_after_its_renewal(
    new: bool, started: bool, tmp_path: Path
) -> None:
    """Both of a subordinate's certificates have its parent's URLs, and chains through either hold.

    The parent need not have been started, and has no row of it.
    """
    above = CertificationAuthority("Root", sources=Sources.seeded(1))
    if started:
        above.start()
    chains = []
    with CertificationAuthority("Sub", sources=Sources.seeded(2), issuer=above) as ca:
        for step in range(2):
            if step:
                ca.renew(new_key=new)
            issued = ca.submit(kit.csr()).raw_certificate
            assert issued is not None
            chains.append((the_cas(ca), issued))
    for index, (held, issued) in enumerate(chains):
        assert version(held) == (index, index if new else 0)
        urls = parsed(held).extensions.get_extension_for_class(x509.CRLDistributionPoints)
        assert "/Root.crl" in str(urls.value)
        assert verifies(tmp_path, the_cas(above), issued, held)
    assert engine_kit.rows(above) == ()


def test_a_key_that_sources_cannot_make_again_leaves_the_ca_as_it_was() -> None:
    """Seeded sources make no RSA key: a renewal with a new key is refused, one without is not."""
    key = ca_key("RSA")
    with CertificationAuthority("Root", sources=Sources.seeded(1), key=key) as ca:
        first = the_cas(ca)
        with kit.refused(kit.E_INVALIDARG):
            ca.renew(new_key=True)
        assert the_cas(ca) is first
        ca.renew()
        assert version(the_cas(ca)) == (1, 0)


def test_a_new_key_is_of_the_kind_of_the_last() -> None:
    """A CA on P-384 renews to another key on P-384, which it signs with at once."""
    with CertificationAuthority("Root", sources=Sources.seeded(1), key="P-384") as ca:
        old: Any = ca.certificate.public_key()
        ca.renew(new_key=True)
        new: Any = ca.certificate.public_key()
        issued = ca.submit(kit.csr()).certificate
        assert issued is not None
        issued.verify_directly_issued_by(ca.certificate)
    assert new.curve.name == old.curve.name == "secp384r1"
    assert new != old
