"""Certificates byte for byte: the TBSCertificate equals what CertificateBuilder makes.

The expectation is built by cryptography from public inputs alone: the certificate that came out
is parsed for serial number and dates, the rest comes from the request and the configuration.
Signatures are checked by cryptography and, for requests that the openssl program made, by
`openssl verify`.
Source: RFC 5280 4.1; KB254632; MS-CSRA (SubjectTemplate) and its note 15 (URLs); docs/rulings.md
(Certificates).
"""

from __future__ import annotations

import subprocess
import warnings
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

import certsim
from tests.engine import der_builder as der
from tests.engine import values_kit as kit
from tests.marks import needs_openssl

COUNTRY, ORGANIZATION, COMMON = (
    NameOID.COUNTRY_NAME,
    NameOID.ORGANIZATION_NAME,
    NameOID.COMMON_NAME,
)
PLAIN = kit.name((COUNTRY, "DE"), (ORGANIZATION, "Contoso"), (COMMON, "www"))
EVERYTHING = {r"policy\EditFlags": 1}
"""EDITF_ENABLEREQUESTEXTENSIONS alone: whatever is asked for is issued."""
ALTERNATIVE = x509.SubjectAlternativeName([x509.DNSName("www.test")])
USAGE = kit.usage("digital_signature")


def running(**more: Any) -> certsim.CertificationAuthority:
    """Return a stopped CA that issues what is asked for."""
    more.setdefault("sources", certsim.Sources.seeded(1))
    return certsim.CertificationAuthority("Lab CA", config=EVERYTHING, **more)


def added(ca: certsim.CertificationAuthority) -> list[tuple[x509.ExtensionType, bool]]:
    """Return what the CA puts into every certificate, made from its own certificate and URLs."""
    key = ca.certificate.public_key()
    base = "http://ca.certsim.test/CertEnroll"
    point = x509.DistributionPoint(
        [x509.UniformResourceIdentifier(f"{base}/Lab%20CA.crl")], None, None, None
    )
    place = x509.AccessDescription(
        AuthorityInformationAccessOID.CA_ISSUERS,
        x509.UniformResourceIdentifier(f"{base}/ca.certsim.test_Lab%20CA.crt"),
    )
    return [
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(key), False),  # type: ignore[arg-type]
        (x509.CRLDistributionPoints([point]), False),
        (x509.AuthorityInformationAccess([place]), False),
    ]


def rebuilt(
    ca: certsim.CertificationAuthority,
    issued: x509.Certificate,
    request: x509.CertificateSigningRequest,
    subject: x509.Name,
    extensions: Iterable[tuple[x509.ExtensionType, bool]],
) -> x509.Certificate:
    """Return the certificate as CertificateBuilder makes it, signed by any key of the CA's kind."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a country of one letter is no matter of encoding
        builder = x509.CertificateBuilder(
            issuer_name=ca.certificate.subject,
            subject_name=subject,
            public_key=request.public_key(),
            serial_number=issued.serial_number,
            not_valid_before=issued.not_valid_before_utc.replace(tzinfo=None),
            not_valid_after=issued.not_valid_after_utc.replace(tzinfo=None),
        )
        for value, critical in extensions:
            builder = builder.add_extension(value, critical)
    public = ca.certificate.public_key()
    digest: Any = issued.signature_hash_algorithm
    if isinstance(public, ec.EllipticCurvePublicKey):
        return builder.sign(ec.derive_private_key(3, public.curve), digest)
    return builder.sign(kit.key("RSA"), digest)


def check(
    ca: certsim.CertificationAuthority,
    request: x509.CertificateSigningRequest,
    subject: x509.Name | None = None,
    asked: Iterable[tuple[x509.ExtensionType, bool]] = (),
) -> x509.Certificate:
    """Submit *request* and compare what comes out with the builder's bytes, and its signature."""
    outcome = ca.submit(request)
    issued = outcome.certificate
    assert issued is not None, str(outcome)
    identifier = x509.SubjectKeyIdentifier.from_public_key(request.public_key())
    extensions = [*asked, (identifier, False), *added(ca)]
    expected = rebuilt(ca, issued, request, subject or request.subject, extensions)
    assert issued.tbs_certificate_bytes.hex() == expected.tbs_certificate_bytes.hex()
    issued.verify_directly_issued_by(ca.certificate)
    return issued


KINDS = ["P-256", "P-384", "P-521", "RSA"]


@pytest.mark.parametrize("subject_kind", ["P-256", "RSA", "Ed25519"])
@pytest.mark.parametrize("ca_kind", KINDS)
def test_bytes_for_every_pair_of_keys(ca_kind: str, subject_kind: str) -> None:
    """For each kind of CA key and subject key the signed bytes are the builder's."""
    digest = {"P-256": "sha256", "P-384": "sha384", "P-521": "sha512", "RSA": "sha256"}[ca_kind]
    with running(key=kit.key(ca_kind)) as ca:
        issued = check(ca, kit.csr(PLAIN, kind=subject_kind))
        assert issued.signature_hash_algorithm is not None
        assert issued.signature_hash_algorithm.name == digest


@pytest.mark.parametrize("kind", ["P-256", "P-384"])
def test_keys_made_by_name(kind: str) -> None:
    """A CA that makes its key by name issues the same bytes."""
    with running(key=kind) as ca:
        issued = check(ca, kit.csr(PLAIN))
        public = ca.certificate.public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        assert public.curve.key_size == int(kind[2:])
        assert issued.issuer == ca.certificate.subject


def test_an_rsa_key_is_made_by_name_from_the_systems_sources() -> None:
    """RSA-2048 makes an RSA key of 2,048 bits with the public exponent 65,537."""
    with running(key="RSA-2048", sources=certsim.Sources.system()) as ca:
        check(ca, kit.csr(PLAIN))
        public: Any = ca.certificate.public_key()
        assert (public.key_size, public.public_numbers().e) == (2048, 65537)


@pytest.mark.parametrize(
    "text", ["wWw", "Größe", "東京", "🔑", "a" * 64, 'o\'Hara + "Sons", <x>', "*.test", "x\n\ty"]
)
def test_names_of_any_script(text: str) -> None:
    """Names are carried over whatever they are written in."""
    subject = kit.name((COUNTRY, "DE"), (COMMON, text))
    with running() as ca:
        assert check(ca, kit.csr(subject)).subject == subject


def test_an_empty_subject_with_an_alternative_name() -> None:
    """Without a subject the certificate has an empty one and the name asked for."""
    request = kit.csr(kit.name(), ALTERNATIVE, critical=["2.5.29.17"])
    with running() as ca:
        check(ca, request, asked=[(ALTERNATIVE, True)])


@pytest.mark.parametrize(
    "start",
    [
        datetime(1955, 5, 5, tzinfo=UTC),
        datetime(2000, 2, 29, 23, 59, 59, tzinfo=UTC),
        datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2050, 1, 1, 0, 5, tzinfo=UTC),
        datetime(2096, 2, 29, tzinfo=UTC),
        datetime(9998, 1, 1, tzinfo=UTC),
    ],
)
def test_dates_on_both_sides_of_2050(start: datetime) -> None:
    """Each date is UTCTime up to 2049 and GeneralizedTime from 2050 on, in all combinations."""
    with running(sources=certsim.Sources.seeded(1, start=start)) as ca:
        issued = check(ca, kit.csr(PLAIN))
        for moment in (issued.not_valid_before_utc, issued.not_valid_after_utc):
            text = f"{moment:%Y%m%d%H%M%S}Z".rjust(15, "0").encode()
            encoded = der.der(0x17, text[2:]) if moment.year < 2050 else der.der(0x18, text)
            assert encoded in issued.tbs_certificate_bytes


def test_critical_unknown_and_long_extensions() -> None:
    """Extensions come out in the order asked for, critical where asked, unknown or long alike."""
    oid = x509.ObjectIdentifier("1.3.6.1.4.1.99999.1.2.3")
    asked: list[tuple[x509.ExtensionType, bool]] = [
        (USAGE, True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.UnrecognizedExtension(oid, b"\x04\x03abc"), True),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("2.999.7"), bytes(4096)), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
    ]
    critical = [value.oid.dotted_string for value, flag in asked if flag]
    request = kit.csr(PLAIN, *[value for value, _ in asked], critical=critical)
    with running() as ca:
        check(ca, request, asked=asked)


def test_disabled_extensions_stay_out() -> None:
    """What policy does not let through is not in the certificate, and the rest is unchanged."""
    oid = x509.ObjectIdentifier("1.3.6.1.4.1.99999.1")
    request = kit.csr(PLAIN, USAGE, x509.UnrecognizedExtension(oid, b"\x05\x00"), ALTERNATIVE)
    with certsim.CertificationAuthority("Lab CA", sources=certsim.Sources.seeded(1)) as ca:
        check(ca, request, asked=[(USAGE, False), (ALTERNATIVE, False)])


def test_a_requested_key_identifier_is_kept() -> None:
    """A proper SubjectKeyIdentifier of the request stands in place of the computed one."""
    stated = x509.SubjectKeyIdentifier(b"stated by client")
    with running() as ca:
        issued = ca.submit(kit.csr(PLAIN, stated)).certificate
    assert issued is not None
    found = issued.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    assert found.value == stated


def test_a_request_cannot_bring_its_own_authority_extensions() -> None:
    """AKI, CDP and AIA are the CA's own, whatever the request asks for and policy lets through."""
    forged = [
        x509.AuthorityKeyIdentifier(b"forged", None, None),
        x509.CRLDistributionPoints(
            [
                x509.DistributionPoint(
                    [x509.UniformResourceIdentifier("http://evil.test")], None, None, None
                )
            ]
        ),
    ]
    with running() as ca:
        issued = ca.submit(kit.csr(PLAIN, *forged)).certificate
        assert issued is not None
        expected = {value.oid: value for value, _ in added(ca)}
    for oid, value in expected.items():
        assert issued.extensions.get_extension_for_oid(oid).value == value


def test_extensions_without_urls_are_left_out() -> None:
    """Where no URL is configured there is no CDP and no AIA."""
    config: dict[str, Any] = {r"ca\CRLPublicationURLs": [], r"ca\CACertPublicationURLs": []}
    with certsim.CertificationAuthority(
        "Lab CA", sources=certsim.Sources.seeded(1), config=config
    ) as ca:
        issued = ca.submit(kit.csr(PLAIN)).certificate
    assert issued is not None
    assert [item.oid.dotted_string for item in issued.extensions] == ["2.5.29.14", "2.5.29.35"]


texts = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), min_size=1, max_size=40
).filter(lambda text: len(text.encode()) <= 64)
# cryptography counts bytes where X.520 counts characters, and warns about more.
extensions_drawn = st.lists(
    st.one_of(
        st.sampled_from(
            [
                USAGE,
                ALTERNATIVE,
                x509.BasicConstraints(ca=True, path_length=3),
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]),
                x509.TLSFeature([x509.TLSFeatureType.status_request]),
            ]
        ),
        st.builds(
            lambda arc, value: x509.UnrecognizedExtension(
                x509.ObjectIdentifier(f"1.3.6.1.4.1.99999.{arc}"), value
            ),
            st.integers(0, 2**31),
            st.binary(min_size=1, max_size=600),
        ),
    ),
    max_size=6,
    unique_by=lambda value: value.oid.dotted_string,
)


@settings(max_examples=60, deadline=None)
@given(
    ca_kind=st.sampled_from(KINDS),
    kind=st.sampled_from(["P-256", "RSA", "Ed25519"]),
    common=texts,
    organization=st.one_of(st.none(), texts),
    extensions=extensions_drawn,
    start=st.datetimes(datetime(1951, 1, 1), datetime(9997, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    data=st.data(),
)
def test_bytes_for_drawn_certificates(
    ca_kind: str,
    kind: str,
    common: str,
    organization: str | None,
    extensions: list[x509.ExtensionType],
    start: datetime,
    data: st.DataObject,
) -> None:
    """For all keys, names, dates and extensions together the signed bytes are the builder's."""
    flags = [data.draw(st.booleans()) for _ in extensions]
    asked = list(zip(extensions, flags, strict=True))
    critical = [value.oid.dotted_string for value, flag in asked if flag]
    parts = [(COUNTRY, "DE"), *([(ORGANIZATION, organization)] if organization else [])]
    subject = kit.name(*parts, (COMMON, common))
    request = kit.csr(subject, *extensions, kind=kind, critical=critical)
    sources = certsim.Sources.seeded(data.draw(st.integers(0, 2**32)), start=start)
    with running(key=kit.key(ca_kind), sources=sources) as ca:
        check(ca, request, asked=asked)


@pytest.mark.parametrize("kind", KINDS)
def test_the_root_certificate_is_the_builders_too(kind: str) -> None:
    """The CA's own certificate has the bytes that the builder makes, and signs itself."""
    ca = running(key=kit.key(kind))
    root = ca.certificate
    public: Any = root.public_key()
    usage = kit.usage("digital_signature", "key_cert_sign", "crl_sign")
    builder = x509.CertificateBuilder(
        issuer_name=root.subject,
        subject_name=kit.name((COMMON, "Lab CA")),
        public_key=public,
        serial_number=root.serial_number,
        not_valid_before=datetime(2026, 1, 1, 11, 50),  # noqa: DTZ001  (the builder wants it naive)
        not_valid_after=datetime(2031, 1, 1, 12),  # noqa: DTZ001
    )
    version = x509.ObjectIdentifier("1.3.6.1.4.1.311.21.1")
    for value, critical in (
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (usage, True),
        (x509.SubjectKeyIdentifier.from_public_key(public), False),
        (x509.UnrecognizedExtension(version, b"\x02\x01\x00"), False),
    ):
        builder = builder.add_extension(value, critical)
    digest: Any = root.signature_hash_algorithm
    expected = builder.sign(kit.key(kind), digest)
    assert root.tbs_certificate_bytes == expected.tbs_certificate_bytes
    root.verify_directly_issued_by(root)
    assert isinstance(digest, hashes.SHA256 | hashes.SHA384 | hashes.SHA512)


@needs_openssl
@pytest.mark.parametrize(
    "options",
    [
        ["rsa:2048"],
        ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
        ["ed25519"],
    ],
    ids=["RSA", "P-256", "P-384", "Ed25519"],
)
@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_openssl_makes_the_request_and_verifies_the_certificate(
    options: list[str], form: str, tmp_path: Path
) -> None:
    """A request by `openssl req` is issued, and `openssl verify` accepts the certificate."""
    request = tmp_path / "request"
    subprocess.run(
        [
            "openssl", "req", "-new", "-nodes", "-newkey", *options, "-outform", form,
            "-keyout", tmp_path / "key.pem", "-out", request,
            "-subj", "/C=DE/O=Contoso/CN=www.test", "-addext", "subjectAltName=DNS:www.test",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    with certsim.CertificationAuthority("Lab CA") as ca:
        issued = ca.submit(request.read_bytes()).certificate
        root = ca.certificate
    assert issued is not None
    (tmp_path / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (tmp_path / "leaf.pem").write_bytes(issued.public_bytes(Encoding.PEM))
    verified = subprocess.run(
        [
            "openssl", "verify", "-x509_strict", "-CAfile", tmp_path / "root.pem",
            tmp_path / "leaf.pem",
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert verified.returncode == 0, verified.stderr
    shown = subprocess.run(
        ["openssl", "x509", "-in", tmp_path / "leaf.pem", "-noout", "-serial", "-subject"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"serial={issued.serial_number:X}".lower() in shown.lower().replace(
        "serial=0", "serial="
    )
    assert "CN = www.test" in shown
