"""CRLs byte for byte: what comes out equals what CertificateRevocationListBuilder makes.

The builder gets the same contents and the same key, so that signatures are compared too. What it
does not do, serial numbers of 160 bits and Microsoft's extensions, is written down by hand. Whole
lists are read back by cryptography and by the openssl program, which checks their signatures.
Source: RFC 5280 5; MS-CSRA 3.1.4.1.6; docs/rulings.md (CRLs).
"""

from __future__ import annotations

import subprocess
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import example, given, settings
from hypothesis import strategies as st

import certsim
from certsim._engine import crls
from certsim._engine.crl_times import Times
from certsim._engine.crls import Content
from certsim._engine.x509 import CACertificate, algorithm_of, signer
from tests.codes import NTE_BAD_SIGNATURE, refused, signed
from tests.engine import der_builder as der
from tests.engine import values_kit as kit
from tests.machines import readback
from tests.marks import few_or_many, needs_openssl

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
TIMES = Times(
    this_publish=NOW,
    this_update=NOW - timedelta(minutes=10),
    next_publish=NOW + timedelta(days=7),
    next_update=NOW + timedelta(days=7, hours=12),
    propagation_complete=NOW + timedelta(hours=12),
)
KINDS = {"P-256": hashes.SHA256(), "P-384": hashes.SHA384(), "RSA": hashes.SHA256()}
FLAGS = {
    1: "key_compromise",
    2: "ca_compromise",
    3: "affiliation_changed",
    4: "superseded",
    5: "cessation_of_operation",
    6: "certificate_hold",
    8: "remove_from_crl",
}
"""RFC 5280 5.3.1, in cryptography's words."""

AKI, CA_VERSION, NUMBER = "2.5.29.35", "1.3.6.1.4.1.311.21.1", "2.5.29.20"
MIN_BASE, NEXT_PUBLISH, FRESHEST = "2.5.29.27", "1.3.6.1.4.1.311.21.4", "2.5.29.46"
PUBLISHED, IDP = "1.3.6.1.4.1.311.21.14", "2.5.29.28"


@cache
def certificate(kind: str) -> x509.Certificate:
    """Return the self-signed certificate of a CA with a key of *kind*."""
    signing: Any = kit.key(kind)
    name = kit.name((NameOID.COUNTRY_NAME, "DE"), (NameOID.COMMON_NAME, f"{kind} CA"))
    identifier = x509.SubjectKeyIdentifier.from_public_key(signing.public_key())
    return (
        x509.CertificateBuilder(name, name, signing.public_key(), 1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(kit.usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(identifier, critical=False)
        .sign(signing, KINDS[kind])
    )


def issuer(kind: str = "P-256", index: int = 0, key_index: int = 0) -> CACertificate:
    """Return that CA as the engine holds it."""
    signing: Any = kit.key(kind)
    found = certificate(kind)
    return CACertificate(
        found.public_bytes(Encoding.DER),
        index,
        key_index,
        found.subject.public_bytes(),
        x509.SubjectKeyIdentifier.from_public_key(signing.public_key()).digest,
        found.not_valid_before_utc,
        found.not_valid_after_utc,
        algorithm_of(signing.public_key()),
        signer(signing, repeatable=True),
    )


class Revoked(NamedTuple):
    """Be one certificate on a list."""

    serial: int
    effective: datetime
    reason: int


def entries(revoked: Sequence[Revoked]) -> list[bytes]:
    """Return the entries as the engine encodes them, from text of whole bytes."""
    return [
        crls.entry(f"{one.serial:0{(one.serial.bit_length() + 7) // 8 * 2}x}", *one[1:])
        for one in revoked
    ]


def built_entry(one: Revoked) -> x509.RevokedCertificate:
    """Return the entry as the builder takes it."""
    builder = x509.RevokedCertificateBuilder(one.serial, one.effective.replace(tzinfo=None))
    code = 8 if one.reason == -1 else one.reason
    if code:
        reason = x509.CRLReason(getattr(x509.ReasonFlags, FLAGS[code]))
        builder = builder.add_extension(reason, critical=False)
    return builder.build()


def point(urls: Sequence[str]) -> x509.DistributionPoint:
    """Return a distribution point with these URLs."""
    names = [x509.UniformResourceIdentifier(url) for url in urls]
    return x509.DistributionPoint(names, None, None, None)


def time(moment: datetime) -> bytes:
    """Return a UTCTime or GeneralizedTime, written by hand."""
    text = f"{moment.year:04}{moment:%m%d%H%M%S}Z".encode()
    return der.der(0x17, text[2:]) if moment.year < 2050 else der.der(0x18, text)


def unknown(oid: str, value: bytes) -> x509.UnrecognizedExtension:
    """Return an extension of Microsoft's, which cryptography carries as bytes."""
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)


def expected_extensions(
    ca: CACertificate, content: Content
) -> list[tuple[x509.ExtensionType, bool]]:
    """Return what the list shall carry, in order, and whether it is critical."""
    found: list[tuple[x509.ExtensionType, bool]] = [
        (x509.AuthorityKeyIdentifier(ca.key_identifier, None, None), False),
        (unknown(CA_VERSION, der.integer(ca.key_index * 65536 + ca.index)), False),
        (x509.CRLNumber(content.number), content.number_critical),
    ]
    if content.min_base is not None:
        found.append((x509.DeltaCRLIndicator(content.min_base), True))
    found.append((unknown(NEXT_PUBLISH, time(content.times.next_publish)), False))
    if content.freshest:
        found.append((x509.FreshestCRL([point(content.freshest)]), False))
    if content.published:
        points = x509.CRLDistributionPoints([point(content.published)])
        found.append((unknown(PUBLISHED, points.public_bytes()), False))
    if content.idp:
        names = point(content.idp).full_name
        narrowing = (False, False, None, False, False)
        found.append((x509.IssuingDistributionPoint(names, None, *narrowing), True))
    return found


def rebuilt(kind: str, ca: CACertificate, revoked: Sequence[Revoked], content: Content) -> bytes:
    """Return the list as the builder makes it, signature included."""
    builder = x509.CertificateRevocationListBuilder(
        certificate(kind).subject,
        content.times.this_update.replace(tzinfo=None),
        content.times.next_update.replace(tzinfo=None),
        revoked_certificates=[built_entry(one) for one in revoked],
    )
    for value, critical in expected_extensions(ca, content):
        builder = builder.add_extension(value, critical)
    signing: Any = kit.key(kind)
    repeatable = {} if kind == "RSA" else {"ecdsa_deterministic": True}
    return builder.sign(signing, KINDS[kind], **repeatable).public_bytes(Encoding.DER)


moments = st.datetimes(datetime(1951, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
serials = st.integers(1, 20).flatmap(lambda size: st.integers(1, 2 ** min(8 * size, 159) - 1))
revocations = st.builds(Revoked, serials, moments, st.sampled_from([0, *FLAGS, -1]))
urls = st.lists(st.from_regex(r"\Ahttp://[a-z]{1,9}/[!-~]{0,60}\Z"), max_size=3)
contents = st.builds(
    Content,
    number=st.integers(1, 2**31 - 1),
    times=st.tuples(*[moments] * 5)
    .map(sorted)
    .map(lambda five: Times(five[1], five[0], *five[2:4], five[4])),
    min_base=st.none() | st.integers(0, 2**31 - 1),
    number_critical=st.booleans(),
    published=urls,
    freshest=urls,
    idp=urls,
)


@few_or_many(80, 2000)
def test_bytes_are_the_builders(count: int) -> None:
    """For all keys, entries and extensions the signed list is the builder's."""

    @settings(max_examples=count, deadline=None)
    @given(
        kind=st.sampled_from(list(KINDS)),
        index=st.integers(0, 0xFFFF),
        key_index=st.integers(0, 0x7FFF),
        revoked=st.lists(revocations, max_size=9),
        content=contents,
    )
    @example("RSA", 0, 0, [], Content(1, TIMES))
    def check(
        kind: str, index: int, key_index: int, revoked: list[Revoked], content: Content
    ) -> None:
        ca = issuer(kind, index, key_index)
        found = crls.build(ca, entries(revoked), content)
        assert found.hex() == rebuilt(kind, ca, revoked, content).hex()

    check()


@settings(deadline=None)
@given(one=revocations)
@example(Revoked(0x80, datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), 6))
@example(Revoked(0xFF << 144, datetime(2050, 1, 1, tzinfo=UTC), -1))
def test_each_shape_of_entry_is_the_builders(one: Revoked) -> None:
    """An entry's bytes stand in the builder's list of that entry alone."""
    raw = rebuilt("P-256", issuer(), [one], Content(1, TIMES))
    assert der.seq(entries([one])[0]) in raw


@pytest.mark.parametrize("reason", [0, *FLAGS, -1])
def test_reasons_are_the_documented_numbers(reason: int) -> None:
    """Reason 0 is not encoded, a release is removeFromCRL, the rest stand as they are."""
    code = 8 if reason == -1 else reason
    value = der.octets(der.der(0x0A, bytes((code,))))
    told = der.seq(der.seq(der.oid("2.5.29.21"), value)) if reason else b""
    expected = der.seq(der.integer(0x1234), time(NOW), told)
    assert crls.entry("1234", NOW, reason).hex() == expected.hex()


@pytest.mark.parametrize("size", range(1, 21))
@pytest.mark.parametrize("first", ["01", "7f", "80", "ff", "00"])
def test_any_text_of_a_serial_number_is_a_positive_integer(size: int, first: str) -> None:
    """Whatever its length, first bit and leading zeros, the INTEGER is minimal and positive."""
    text = first + "5a" * (size - 1)
    expected = der.seq(der.integer(int(text, 16)), time(NOW))
    for spelling in (text, f"00{text}", text.upper()):
        assert crls.entry(spelling, NOW, 0) == expected


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2**24])
def test_lengths_of_every_form(size: int) -> None:
    """However long the entries are together, lengths take the fewest octets there are."""
    octets = 0 if size < 128 else (size.bit_length() + 7) // 8
    length = bytes((0x80 | octets,)) + size.to_bytes(octets, "big") if octets else bytes((size,))
    ca = issuer()
    found = crls.build(ca, [bytes(size)], Content(1, TIMES))
    begun = der.integer(1) + ca.algorithm + ca.name + time(TIMES.this_update)
    assert begun + time(TIMES.next_update) + b"\x30" + length + bytes(size) + b"\xa0" in found
    signed = x509.load_der_x509_crl(crls.build(ca, [], Content(1, TIMES))).tbs_certlist_bytes
    short = signed[2 if signed[1] < 128 else 2 + (signed[1] & 0x7F) :]
    outside = len(short) + 1 + len(length) + size
    header = outside.to_bytes((outside.bit_length() + 7) // 8, "big")
    assert b"\x30" + bytes((0x80 | len(header),)) + header + begun in found


def many(count: int) -> list[Revoked]:
    """Return revocations with every reason and growing serial numbers, the newest first."""
    return [
        Revoked((0x80 << (8 * (n % 18))) + n, NOW - timedelta(seconds=n), [0, *FLAGS, -1][n % 9])
        for n in range(count, 0, -1)
    ]


def read_back(raw: bytes) -> list[Revoked]:
    """Return what cryptography finds on a list; a reason that is not told is 0."""
    return [Revoked(*entry) for entry in readback.entries(x509.load_der_x509_crl(raw))]


def openssl_crl(folder: Path, kind: str, raw: bytes, *options: str) -> str:
    """Return what `openssl crl` says of a list, its verdict on the signature included."""
    (folder / "ca.pem").write_bytes(certificate(kind).public_bytes(Encoding.PEM))
    (folder / "list.crl").write_bytes(raw)
    arguments = ["-inform", "DER", "-in", "list.crl", "-CAfile", "ca.pem", *options]
    done = subprocess.run(
        ["openssl", "crl", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout + done.stderr


LENGTHS = [
    pytest.param(count, kind, marks=[pytest.mark.long] * (count > 5000 and kind != "P-256"))
    for kind in KINDS
    for count in (0, 1, 127, 128, 255, 256, 3110, 65_535)
]
"""The longest list takes a second each time, so the normal run has it with one key only."""


@pytest.mark.parametrize(("count", "kind"), LENGTHS)
def test_lists_of_every_length_are_read_back(count: int, kind: str) -> None:
    """The same entries are found in the same order, and the signature holds."""
    revoked = many(count)
    raw = crls.build(issuer(kind), entries(revoked), Content(7, TIMES))
    assert read_back(raw) == [
        one._replace(reason=8) if one.reason == -1 else one for one in revoked
    ]
    assert x509.load_der_x509_crl(raw).is_signature_valid(certificate(kind).public_key())  # type: ignore[arg-type]


@needs_openssl
@pytest.mark.parametrize(("count", "kind"), LENGTHS)
def test_openssl_reads_lists_of_every_length(count: int, kind: str, tmp_path: Path) -> None:
    """The openssl program counts the entries and verifies the signature."""
    raw = crls.build(issuer(kind), entries(many(count)), Content(7, TIMES))
    told = openssl_crl(tmp_path, kind, raw, "-noout", "-text")
    assert "verify OK" in told
    assert told.count("Serial Number: ") == count
    assert ("No Revoked Certificates" in told) == (count == 0)


@needs_openssl
def test_openssl_reads_every_extension(tmp_path: Path) -> None:
    """The openssl program names number, delta indicator, freshest CRL and issuing point."""
    content = Content(
        4660, TIMES, 17, published=["http://a/p"], freshest=["http://a/f"], idp=["http://a/i"]
    )
    told = openssl_crl(tmp_path, "P-256", crls.build(issuer(), [], content), "-noout", "-text")
    for words in (
        "X509v3 Delta CRL Indicator: critical\n                17\n",
        "X509v3 CRL Number: \n                4660\n",
        "X509v3 Freshest CRL: \n                Full Name:\n                  URI:http://a/f",
        "X509v3 Issuing Distribution Point: critical\n",
        "                Full Name:\n                  URI:http://a/i",
        "Last Update: Jan  1 11:50:00 2026 GMT\n        Next Update: Jan  9 00:00:00 2026 GMT",
    ):
        assert words in told


def told_extensions(content: Content, ca: CACertificate) -> dict[str, tuple[bool, bytes]]:
    """Return a list's extensions by OID in their order: critical or not, and the value's DER."""
    return {
        one.oid.dotted_string: (one.critical, one.value.public_bytes())
        for one in x509.load_der_x509_crl(crls.build(ca, [], content)).extensions
    }


def test_a_plain_base_says_four_things() -> None:
    """Without URLs a base has key identifier, CA Version, number and next publication."""
    ca = issuer("P-256", 4, 3)
    assert list(told_extensions(Content(258, TIMES), ca).items()) == [
        (AKI, (False, der.seq(der.der(0x80, ca.key_identifier)))),
        (CA_VERSION, (False, bytes.fromhex("0203030004"))),
        (NUMBER, (False, bytes.fromhex("02020102"))),
        (NEXT_PUBLISH, (False, b"\x17\x0d260108120000Z")),
    ]


def test_everything_a_list_can_say() -> None:
    """With all of it the extensions stand in one order, three of them critical."""
    two = ["http://a/1", "http://b/2"]
    content = Content(9, TIMES, 0, True, two, two[:1], two)  # noqa: FBT003 - the field's own place
    found = told_extensions(content, issuer())
    order = [AKI, CA_VERSION, NUMBER, MIN_BASE, NEXT_PUBLISH, FRESHEST, PUBLISHED, IDP]
    assert list(found) == order
    assert {oid for oid, (critical, _) in found.items() if critical} == {NUMBER, MIN_BASE, IDP}
    assert found[MIN_BASE][1] == b"\x02\x01\x00"

    def full_name(*names: str) -> bytes:
        return der.der(0xA0, der.der(0xA0, *(der.der(0x86, name.encode()) for name in names)))

    assert found[FRESHEST][1] == der.seq(der.seq(full_name(two[0])))
    assert found[PUBLISHED][1] == der.seq(der.seq(full_name(*two)))
    assert found[IDP][1] == der.seq(full_name(*two))


def test_a_far_next_publication_is_a_generalized_time() -> None:
    """From 2050 on the time of the next publication is written in full."""
    times = attrs.evolve(TIMES, next_publish=datetime(2125, 1, 2, 3, 4, 5, tzinfo=UTC))
    found = told_extensions(Content(1, times), issuer())
    assert found[NEXT_PUBLISH] == (False, b"\x18\x0f21250102030405Z")


@pytest.mark.parametrize("shown", KINDS)
@pytest.mark.parametrize("signing", ["P-256", "P-384", "RSA"])
def test_a_signature_of_another_key_is_noticed(signing: str, shown: str) -> None:
    """When the key is not the certificate's, a list is not made: NTE_BAD_SIGNATURE."""
    other = attrs.evolve(issuer(signing), raw=certificate(shown).public_bytes(Encoding.DER))
    found = kit.attempt(crls.build, other, [], Content(1, TIMES))
    assert (found == "0x80090006") == (signing != shown)


def test_a_spoilt_signature_is_noticed() -> None:
    """One bit is enough, whatever it makes of the signature's encoding."""
    ca = issuer()
    for place in (0, 4, 20, -1):

        def spoilt(body: bytes, place: int = place) -> bytes:
            signature = bytearray(ca.sign(body))
            signature[place] ^= 1
            return bytes(signature)

        with refused(NTE_BAD_SIGNATURE):
            crls.build(attrs.evolve(ca, sign=spoilt), [], Content(1, TIMES))


def test_a_key_that_cannot_sign_is_no_bad_signature() -> None:
    """A failing key is NTE_FAIL, and what it said stays with it."""

    def broken(_body: bytes) -> bytes:
        raise OSError("slot 4711")

    with pytest.raises(certsim.ComError) as caught:
        crls.build(attrs.evolve(issuer(), sign=broken), [], Content(1, TIMES))
    assert caught.value.hresult == signed(0x80090020)
    assert "4711" not in str(caught.value)


def test_a_long_list_is_in_memory_twice_at_most() -> None:
    """While a list is built there are what was signed and the list itself, and little else."""
    ready = entries(many(30_000))
    ca = issuer()
    tracemalloc.start()
    try:
        size = len(crls.build(ca, ready, Content(1, TIMES)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2.2 * size
