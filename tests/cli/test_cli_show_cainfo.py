"""`certsim cainfo`: each property against what the CA itself has, at each state it can be in."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certsim import CAType, CertificationAuthority, Sources
from certsim.cli.command import UsageError
from certsim.sources import SeededSources
from tests.cli.show_kit import report, shown
from tests.codes import CERTSRV_E_PROPERTY_EMPTY, E_INVALIDARG, refused

NAME = "J\xfcrgen's CA"


class Silent:
    """Be an exit module that wants nothing."""

    def Initialize(self, strConfig: str) -> int:
        """Ask for no event."""
        return 0

    def Notify(self, event: int, context: int) -> None:
        """Hear nothing."""

    def GetDescription(self) -> str:
        """Say nothing."""
        return ""


@pytest.fixture
def ca() -> CertificationAuthority:
    """Return a stopped CA with two modules and two keys, which has published for the first.

    Its clock is the machine's, for the states of certificates and lists are told by that.
    """
    made = CertificationAuthority(NAME, exit_modules=[Silent, Silent])
    with made:
        made.publish_crls()
        made.renew()
        made.renew(new_key=True)
    return made


def published(start: datetime) -> CertificationAuthority:
    """Return a stopped CA that was founded, and has published its CRLs, at *start*."""
    made = CertificationAuthority("CA", sources=Sources.seeded(1, start=start))
    with made:
        made.publish_crls()
    return made


def line(ca: CertificationAuthority, *words: str) -> str:
    """Return the one line that a property has."""
    (found,) = shown(ca, "cainfo", *words).lines
    return found


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("exitcount",), "Exit module count: 2"),
        (("exit", "0"), "Exit module[0]: Silent.Exit"),
        (("EXIT", "1"), "Exit module[1]: Silent2.Exit"),
        (("policy",), "Policy module: CertificateAuthority_MicrosoftDefault.Policy"),
        (("name",), f"CA name: {NAME}"),
        (("sanitizedname",), "Sanitized CA name: J!00fcrgen!0027s CA"),
        (("dsname",), "Sanitized CA short name: J!00fcrgen!0027s CA"),
        (("type",), "CA type: 0x3 (3) -- Standalone Root CA"),
        (("certcount",), "CA certificate count: 3"),
        (("kracount",), "KRA certificate count: 0"),
        (("certversion", "0"), "CA certificate version[0]: V0.0"),
        (("certversion", "1"), "CA certificate version[1]: V1.0"),
        (("certversion", "2"), "CA certificate version[2]: V2.2"),
        (("certstate", "0"), "CA certificate[0]: 0x3 (3) -- Valid"),
        (("certstatuscode", "2"), "CA certificate status[2]: 0x0 (WIN32: 0) -- Success."),
        (("crlstate", "0"), "CRL[0]: 0x3 (3) -- Valid"),
        (("crlstate", "1"), "CRL[1]: 0x1 (1) -- Another index looks after it"),
        (("crlstate", "2"), "CRL[2]: 0x4 (4) -- Expired or missing"),
        (("dns",), "DNS name: ca.certsim.test"),
        (("role",), "Role separation: 0"),
    ],
)
def test_properties(ca: CertificationAuthority, words: tuple[str, ...], expected: str) -> None:
    """Names, modules, certificates and lists, one value at a time."""
    assert line(ca, *words) == expected


def test_all_of_them(ca: CertificationAuthority) -> None:
    """Without a name every property that has a value is told, but for certificates and lists."""
    found = shown(ca, "cainfo")
    assert isinstance(found.report.data, list)
    names = {item["name"] for item in found.report.data}
    assert names >= {"file", "exitcount", "policy", "name", "certstate", "crlstate", "dns", "role"}
    assert not names & {"cert", "crl", "deltacrl"}
    assert "CA certificate[2]: 0x3 (3) -- Valid" in found.lines
    assert "BEGIN" not in found.text


def test_for_programs(ca: CertificationAuthority) -> None:
    """A program gets numbers as numbers."""
    assert report(ca, "cainfo", "certversion").data == [
        {"name": "certversion", "title": "CA certificate version", "index": at, "value": value}
        for at, value in enumerate((0, 1, 0x20002))
    ]
    assert report(ca, "cainfo", "crlstatus").data == [
        {"name": "crlstatus", "title": "CRL publish status", "index": at, "value": value}
        for at, value in enumerate((0x45, None, None))
    ]


def test_flags_of_publication(ca: CertificationAuthority) -> None:
    """What became of a list is decoded below it."""
    assert shown(ca, "cainfo", "crlstatus", "0").lines == [
        "CRL publish status[0]: 0x45 (69)",
        "  CPF_BASE -- 1",
        "  CPF_COMPLETE -- 4",
        "  CPF_MANUAL -- 40 (64)",
    ]


def test_states_follow_the_clock() -> None:
    """Lists expire within weeks, certificates in years."""
    a_month_old = published(datetime.now(UTC) - timedelta(days=30))
    assert line(a_month_old, "crlstate", "0") == "CRL[0]: 0x4 (4) -- Expired or missing"
    assert line(a_month_old, "certstate", "0") == "CA certificate[0]: 0x3 (3) -- Valid"
    long_gone = published(datetime(2001, 1, 1, tzinfo=UTC))
    assert line(long_gone, "certstate", "0") == "CA certificate[0]: 0x4 (4) -- Expired"
    assert "CERT_E_EXPIRED" in line(long_gone, "certstatuscode", "0")


def test_certificates_and_lists_are_pem(ca: CertificationAuthority) -> None:
    """What is asked for by name is the very certificate, the very list."""
    pem = "\n".join(text.strip() for text in shown(ca, "cainfo", "cert", "1").lines[1:])
    assert x509.load_pem_x509_certificate(pem.encode()) == ca.certificates[1]
    for name, delta in (("crl", False), ("deltacrl", True)):
        lines = shown(ca, "cainfo", name, "0").lines
        read = x509.load_pem_x509_crl("\n".join(text.strip() for text in lines[1:]).encode())
        assert read == ca.crl(0, delta=delta)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_reads_the_certificate(ca: CertificationAuthority) -> None:
    """Another program finds the CA's name and key in what is printed."""
    lines = shown(ca, "cainfo", "cert", "2").lines
    pem = "\n".join(text.strip() for text in lines[1:])
    ran = subprocess.run(
        ["openssl", "x509", "-outform", "DER"], input=pem.encode(), capture_output=True, check=True
    )
    assert ran.stdout == ca.certificate.public_bytes(Encoding.DER)


def test_the_parent_of_a_subordinate(sources: SeededSources) -> None:
    """A subordinate tells the common name of the CA above; a root has none."""
    root = CertificationAuthority("Root above", sources=sources)
    below = CertificationAuthority("Below", sources=sources, issuer=root)
    assert line(below, "parent") == "Parent CA: Root above"
    assert line(below, "type") == "CA type: 0x4 (4) -- Standalone Subordinate CA"
    with refused(CERTSRV_E_PROPERTY_EMPTY):
        report(root, "cainfo", "parent")


def test_settings_are_told(sources: SeededSources) -> None:
    """Role separation and the type come from the registry."""
    made = CertificationAuthority(
        "CA",
        sources=sources,
        ca_type=CAType.ENTERPRISE_ROOT,
        config={r"ca\RoleSeparationEnabled": 1},
    )
    assert line(made, "role") == "Role separation: 1"
    assert line(made, "type") == "CA type: 0x0 -- Enterprise Root CA"


@pytest.mark.parametrize("name", ["templates", "kra", "xchg", "sharedfolder", "aia", "cross+"])
def test_a_property_without_a_value(ca: CertificationAuthority, name: str) -> None:
    """Documented names that nothing here answers are known, and empty."""
    with refused(CERTSRV_E_PROPERTY_EMPTY):
        report(ca, "cainfo", name)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("colour",), "'colour' is no property of a CA"),
        (("name", "0"), "name has one value and takes no index"),
    ],
)
def test_slips_are_usage(ca: CertificationAuthority, words: tuple[str, ...], told: str) -> None:
    """A name that no property has, an index where there is none."""
    with pytest.raises(UsageError) as caught:
        report(ca, "cainfo", *words)
    assert told in str(caught.value)


def test_a_list_belongs_to_a_key(ca: CertificationAuthority) -> None:
    """A renewed certificate with the old key has no list of its own."""
    with refused(CERTSRV_E_PROPERTY_EMPTY):
        report(ca, "cainfo", "crl", "1")


def test_an_index_past_the_last(ca: CertificationAuthority) -> None:
    """The answer names the last index."""
    with refused(E_INVALIDARG):
        report(ca, "cainfo", "cert", "3")


def test_no_module_is_loaded(sources: SeededSources) -> None:
    """To look at a CA runs no code that is plugged into it."""

    def explode() -> object:
        raise AssertionError("made")

    made = CertificationAuthority("CA", sources=sources, exit_modules=[explode])
    assert "explode" in line(made, "exit", "0").lower()
