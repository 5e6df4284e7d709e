"""The standalone policy: its rules, its lists and its gates, seen from the certificates it lets by.

Every test drives a CA from outside; EditFlags and RequestDisposition are written out by their
published numbers.
Source: the policy sample; certsrv.h (EDITF and REQDISP constants); MS-WCCE note 87; docs/rulings.md
(Standalone policy).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

import certsim
from tests.codes import E_INVALIDARG, ERROR_INVALID_DATA, signed
from tests.engine import der_builder as der
from tests.engine import values_kit as kit

START = datetime(2026, 1, 1, 11, 50, tzinfo=UTC)
ENABLE_ALL, END_DATE, CRITICAL_CA, CA, EKU, SAN = 0x1, 0x20, 0x40, 0x200, 0x8000, 0x40000
"""EDITF_ENABLEREQUESTEXTENSIONS, ATTRIBUTEENDDATE, BASICCONSTRAINTSCRITICAL, ATTRIBUTECA,
ATTRIBUTEEKU, ATTRIBUTESUBJECTALTNAME2. Source: certsrv.h."""
USE_LIST, USE_DISABLE_LIST = 0x2, 0x4
"""EDITF_REQUESTEXTENSIONLIST, DISABLEEXTENSIONLIST. Source: certsrv.h."""
STANDALONE = 0x83EE
ISSUED, PENDING, DENIED = (
    certsim.CRDisposition.ISSUED,
    certsim.CRDisposition.UNDER_SUBMISSION,
    certsim.CRDisposition.DENIED,
)
ALLOWED = [
    "1.2.840.113549.1.9.15",
    "1.3.6.1.4.1.311.21.1",
    "1.3.6.1.4.1.311.21.2",
    "2.5.29.15",
    "1.3.6.1.4.1.311.10.9.1",
    "1.3.6.1.4.1.311.20.2",
    "1.3.6.1.4.1.311.21.7",
    "1.3.6.1.4.1.311.21.10",
    "1.3.6.1.4.1.311.21.11",
    "1.3.6.1.4.1.311.21.12",
    "2.5.29.17",
    "2.5.29.30",
    "2.5.29.32",
    "2.5.29.33",
    "2.5.29.36",
    "2.5.29.37",
]
"""What a standalone CA lets through. Source: MS-WCCE appendix note 87."""


def authority(**config: Any) -> certsim.CertificationAuthority:
    """Return a stopped CA with the default policy and these values in its policy key."""
    return kit.authority(config={rf"policy\{name}": value for name, value in config.items()})


def submit(
    attributes: str = "", request: object = None, **config: Any
) -> tuple[certsim.Outcome, certsim.CertificationAuthority]:
    """Return what the default policy makes of a request, and the CA, stopped again."""
    with authority(**config) as ca:
        return ca.submit(kit.csr() if request is None else request, attributes=attributes), ca


def extensions(outcome: certsim.Outcome) -> dict[str, x509.Extension[Any]]:
    """Return the extensions of an issued certificate by OID."""
    assert outcome.certificate is not None, str(outcome)
    return {item.oid.dotted_string: item for item in outcome.certificate.extensions}


# --- RequestDisposition --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "attribute", "first", "second"),
    [
        (None, "", ISSUED, None),
        (0, "", PENDING, ISSUED),
        (1, "", ISSUED, None),
        (2, "", DENIED, DENIED),
        (3, "", ISSUED, None),
        (3, "Disposition:Deny", DENIED, DENIED),
        (3, "disposition:PENDING", PENDING, ISSUED),
        (3, "Disposition:nonsense", ISSUED, None),
        (1, "Disposition:Deny", ISSUED, None),
        (0x100, "", PENDING, ISSUED),
        (0x101, "", PENDING, ISSUED),
        (0x102, "", PENDING, DENIED),
        (0x103, "Disposition:Deny", PENDING, DENIED),
    ],
)
def test_request_disposition(
    rule: int | None,
    attribute: str,
    first: certsim.CRDisposition,
    second: certsim.CRDisposition | None,
) -> None:
    """REQDISP decides about new requests, and a resubmit issues unless everything is denied."""
    with authority(**({} if rule is None else {"RequestDisposition": rule})) as ca:
        assert ca.submit(kit.csr(), attributes=attribute).disposition == first
        if second is not None:
            assert ca.resubmit(1).disposition == second


@pytest.mark.parametrize("rule", [4, 0xFF, 0x1FF])
def test_a_rule_that_is_none_denies(rule: int) -> None:
    """An unknown RequestDisposition is a refusal with E_INVALIDARG once it is reached."""
    with authority(RequestDisposition=rule) as ca:
        if rule & 0x100:
            ca.submit(kit.csr())
            outcome = ca.resubmit(1)
        else:
            outcome = ca.submit(kit.csr())
    assert outcome.disposition == DENIED
    assert outcome.status == signed(E_INVALIDARG)


@pytest.mark.parametrize(
    ("name", "value"),
    [("RequestDisposition", "1"), ("EditFlags", ["x"]), ("EnableRequestExtensionList", 5)],
)
def test_a_registry_value_of_another_type_keeps_the_ca_stopped(name: str, value: Any) -> None:
    """A policy module that cannot read its key does not initialise."""
    ca = authority(**{name: value})
    with pytest.raises(certsim.ModuleLoadError):
        ca.start()
    assert not ca.running


# --- requested extensions ------------------------------------------------------------------------


def asking(*oids: str) -> x509.CertificateSigningRequest:
    """Return a request for extensions of these OIDs; their values are not looked into."""
    return kit.csr(
        kit.WWW,
        *[x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), b"\x30\x00") for oid in oids],
    )


def emitted(outcome: certsim.Outcome) -> set[str]:
    """Return the OIDs in a certificate whose extensions no parser has to like."""
    assert outcome.raw_certificate is not None, str(outcome)
    known = [*ALLOWED, "2.5.29.19", "1.3.6.1.4.1.99999.1", "1.3.6.1.5.5.7.1.24"]
    return {
        oid
        for oid in known
        if der.seq(der.oid(oid), der.octets(b"\x30\x00")) in outcome.raw_certificate
    }


def test_the_sixteen_extensions_are_let_through_and_no_others() -> None:
    """A standalone CA takes exactly the documented sixteen over from a request."""
    wanted = [*ALLOWED, "2.5.29.19", "1.3.6.1.4.1.99999.1", "1.3.6.1.5.5.7.1.24"]
    outcome, _ = submit(request=asking(*wanted))
    assert emitted(outcome) == set(ALLOWED)


def test_everything_is_let_through_with_enablerequestextensions() -> None:
    """EDITF_ENABLEREQUESTEXTENSIONS opens the gate for all."""
    wanted = ["2.5.29.19", "1.3.6.1.4.1.99999.1", "2.5.29.15"]
    outcome, _ = submit(request=asking(*wanted), EditFlags=ENABLE_ALL)
    assert emitted(outcome) == set(wanted)


def test_both_enable_lists_count_and_the_disable_list_wins() -> None:
    """An OID on either list is let through, unless it is on DisableExtensionList."""
    wanted = ["2.5.29.15", "2.5.29.17", "1.3.6.1.4.1.99999.1", "2.5.29.19"]
    outcome, _ = submit(
        request=asking(*wanted),
        EnableRequestExtensionList=["2.5.29.15", "2.5.29.19"],
        EnableEnrolleeRequestExtensionList="1.3.6.1.4.1.99999.1",
        DisableExtensionList=["2.5.29.19"],
    )
    assert emitted(outcome) == {"2.5.29.15", "1.3.6.1.4.1.99999.1"}


@settings(max_examples=40, deadline=None)
@given(
    wanted=st.sets(st.sampled_from([*ALLOWED, "2.5.29.19", "1.3.6.1.4.1.99999.1"]), max_size=8),
    enabled=st.sets(st.sampled_from([*ALLOWED, "2.5.29.19", "1.3.6.1.4.1.99999.1"])),
    disabled=st.sets(st.sampled_from(ALLOWED)),
    flags=st.sets(st.sampled_from([ENABLE_ALL, USE_LIST, USE_DISABLE_LIST])),
)
def test_lists_by_the_rule(
    wanted: set[str],
    enabled: set[str],
    disabled: set[str],
    flags: set[int],
) -> None:
    """For all lists: what was asked for, is enabled or everything is, and is not disabled.

    Each list counts only while EditFlags has its bit.
    """
    outcome, _ = submit(
        request=asking(*sorted(wanted)),
        EditFlags=sum(flags),
        EnableRequestExtensionList=sorted(enabled),
        DisableExtensionList=sorted(disabled),
    )
    let_through = enabled if USE_LIST in flags else set()
    turned_off = disabled if USE_DISABLE_LIST in flags else set()
    expected = {oid for oid in wanted if ENABLE_ALL in flags or oid in let_through}
    assert emitted(outcome) == expected - turned_off


def test_the_disable_list_reaches_the_cas_own_extensions() -> None:
    """DisableExtensionList turns off the authority's extensions as well, and keeps the rows."""
    outcome, ca = submit(DisableExtensionList=["2.5.29.31", "1.3.6.1.5.5.7.1.1"])
    assert set(extensions(outcome)) == {"2.5.29.14", "2.5.29.35"}
    (row,) = kit.shelf(ca)
    flags = {item.name: item.flags for item in row.extensions}  # type: ignore[attr-defined]
    assert flags["2.5.29.31"] & 0xFFFF == 2


def test_criticality_survives_the_gate() -> None:
    """An extension asked for as critical is issued as critical."""
    usage = kit.usage("digital_signature")
    request = kit.csr(kit.WWW, usage, critical=["2.5.29.15"])
    outcome, _ = submit(request=request)
    assert extensions(outcome)["2.5.29.15"].critical is True


def test_extensions_let_through_stay_so_until_an_officer_decides() -> None:
    """A pending request remembers what was let through."""
    usage = kit.usage("digital_signature")
    with authority(RequestDisposition=0x101) as ca:
        ca.submit(kit.csr(kit.WWW, usage, x509.BasicConstraints(ca=True, path_length=None)))
        found = extensions(ca.resubmit(1))
    assert found["2.5.29.15"].value == usage
    assert "2.5.29.19" not in found


# --- attributes and their gates ------------------------------------------------------------------


@pytest.mark.parametrize("flags", [0, END_DATE, STANDALONE])
def test_validity_attributes_need_their_flag(flags: int) -> None:
    """ValidityPeriod shortens a life, counted from NotBefore, only where EditFlags allow it."""
    outcome, _ = submit("ValidityPeriod:Days\nValidityPeriodUnits:3", EditFlags=flags)
    assert outcome.certificate is not None
    end = outcome.certificate.not_valid_after_utc
    if flags & END_DATE:
        assert end == START + timedelta(days=3)
        assert "shortened" in outcome.message
    else:
        assert end == datetime(2027, 1, 1, 12, tzinfo=UTC)
        assert outcome.message == "Issued"


@pytest.mark.parametrize(
    "attributes",
    ["ValidityPeriod:Years\nValidityPeriodUnits:9", "ExpirationDate:Sun, 01 Jan 2040 00:00:00 GMT"],
)
def test_attributes_never_lengthen_a_life(attributes: str) -> None:
    """A later end than the CA's own is passed over."""
    outcome, _ = submit(attributes)
    assert outcome.certificate is not None
    assert outcome.certificate.not_valid_after_utc == datetime(2027, 1, 1, 12, tzinfo=UTC)


def test_an_absolute_end_wins_over_a_period() -> None:
    """ExpirationDate counts where both are given."""
    outcome, _ = submit(
        "ValidityPeriod:Days\nValidityPeriodUnits:3\nExpirationDate:Wed, 01 Jul 2026 00:00:00 GMT"
    )
    assert outcome.certificate is not None
    assert outcome.certificate.not_valid_after_utc == datetime(2026, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "attributes",
    ["ValidityPeriod:Days\nValidityPeriodUnits:0", "ExpirationDate:Thu, 01 Jan 2015 00:00:00 GMT"],
)
def test_an_end_before_the_start_issues_nothing(attributes: str) -> None:
    """An end that leaves no life is a refusal: Denied, with E_INVALIDARG."""
    outcome, _ = submit(attributes)
    assert outcome.raw_certificate is None
    assert outcome.status == signed(E_INVALIDARG)


def test_a_shorter_life_asked_for_survives_the_officers_approval() -> None:
    """With Microsoft's default, pend first, ValidityPeriod still shortens what is issued later."""
    with authority(RequestDisposition=0x101) as ca:
        ca.submit(kit.csr(), attributes="ValidityPeriod:Days\nValidityPeriodUnits:3")
        issued = ca.resubmit(1).certificate
    assert issued is not None
    assert issued.not_valid_after_utc - issued.not_valid_before_utc == timedelta(days=3)


@pytest.mark.parametrize("flags", [0, SAN, STANDALONE, STANDALONE | SAN])
def test_the_san_attribute_needs_its_flag(flags: int) -> None:
    """SAN makes an alternative name only with EDITF_ATTRIBUTESUBJECTALTNAME2."""
    outcome, _ = submit("SAN:dns=a.test&email=b@c.test", EditFlags=flags)
    found = extensions(outcome).get("2.5.29.17")
    if not flags & SAN:
        assert found is None
    else:
        assert found is not None
        assert list(found.value) == [x509.DNSName("a.test"), x509.RFC822Name("b@c.test")]


def test_an_attribute_an_officer_sets_is_heeded_at_the_resubmit() -> None:
    """SAN set on a pending request makes a name, and CertificateTemplate its column."""
    with authority(RequestDisposition=0x101, EditFlags=STANDALONE | SAN) as ca:
        ca.submit(kit.csr())
        ca.set_request_attributes(1, "SAN:dns=set.test\nCertificateTemplate:WebServer")
        found = extensions(ca.resubmit(1))["2.5.29.17"]
        row = ca._state.shelf.get(1)
    assert list(found.value) == [x509.DNSName("set.test")]
    assert row is not None
    assert row.columns["CertificateTemplate"] == "WebServer"


def test_an_extension_an_officer_set_wins_over_the_attribute() -> None:
    """An officer's extension stays as it is, whatever the request's SAN attribute says."""
    named = x509.SubjectAlternativeName([x509.DNSName("officer.test")])
    with authority(RequestDisposition=0x101, EditFlags=STANDALONE | SAN) as ca:
        ca.submit(kit.csr(), attributes="SAN:dns=client.test")
        ca.set_certificate_extension(1, "2.5.29.17", named.public_bytes())
        found = extensions(ca.resubmit(1))["2.5.29.17"]
    assert found.value == named


def test_the_san_attribute_replaces_a_requested_name() -> None:
    """Where both are there and allowed, the attribute counts."""
    request = kit.csr(kit.WWW, x509.SubjectAlternativeName([x509.DNSName("asked.test")]))
    outcome, _ = submit("san:dns=told.test", request, EditFlags=STANDALONE | SAN)
    assert list(extensions(outcome)["2.5.29.17"].value) == [x509.DNSName("told.test")]


@pytest.mark.parametrize("flags", [0, EKU])
def test_the_usage_attribute_needs_its_flag(flags: int) -> None:
    """CertificateUsage lists key usages where EDITF_ATTRIBUTEEKU allows it."""
    outcome, _ = submit("CertificateUsage:1.3.6.1.5.5.7.3.1,1.3.6.1.5.5.7.3.2", EditFlags=flags)
    found = extensions(outcome).get("2.5.29.37")
    if not flags:
        assert found is None
    else:
        assert found is not None
        assert list(found.value) == [
            ExtendedKeyUsageOID.SERVER_AUTH,
            ExtendedKeyUsageOID.CLIENT_AUTH,
        ]


@pytest.mark.parametrize(
    ("flags", "kind", "length", "expected"),
    [
        (CA, "ca", None, (False, None)),
        (CA | CRITICAL_CA, "CA", None, (True, None)),
        (CA, "ca", 2, (False, 2)),
        (CA, "ca", 0xFFFFFFFF, (False, None)),
        (CA, "server", None, None),
        (CRITICAL_CA, "ca", None, None),
    ],
)
def test_the_ca_type_attribute_needs_its_flag(
    flags: int, kind: str, length: int | None, expected: tuple[bool, int | None] | None
) -> None:
    """CertType:ca makes a CA where EDITF_ATTRIBUTECA allows it, with CAPathLength as its limit."""
    config = {} if length is None else {"CAPathLength": length}
    outcome, _ = submit(f"CertType:{kind}", EditFlags=flags, **config)
    found = extensions(outcome).get("2.5.29.19")
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (found.critical, found.value.path_length) == expected
        assert found.value.ca is True


@pytest.mark.parametrize(
    "attributes",
    [
        "ValidityPeriod:Ages\nValidityPeriodUnits:1",
        "ValidityPeriod:Days\nValidityPeriodUnits:many",
        "ExpirationDate:tomorrow",
        "CertificateUsage:serverAuth",
        "SAN:shoe=42",
        "SAN:ipaddress=1.2.3",
    ],
)
def test_values_that_are_none_are_denied_as_invalid_data(attributes: str) -> None:
    """An attribute that cannot be read denies the request with ERROR_INVALID_DATA, event 44."""
    with authority(EditFlags=STANDALONE | SAN) as ca:
        outcome = ca.submit(kit.csr(), attributes=attributes)
        assert outcome.disposition == DENIED
        assert outcome.status == signed(ERROR_INVALID_DATA)
        assert ca.retrieve(1).disposition == DENIED
        assert [entry.event_id for entry in ca.event_log] == [44]


def test_values_behind_a_closed_gate_are_not_looked_at() -> None:
    """Without its flag even a broken attribute does no harm."""
    outcome, _ = submit("SAN:shoe=42\nCertificateUsage:x\nExpirationDate:x", EditFlags=0)
    assert outcome.disposition == ISSUED


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(max_size=60),
    name=st.sampled_from(
        ["SAN", "CertificateUsage", "ExpirationDate", "ValidityPeriodUnits", "CertType"]
    ),
)
def test_any_value_is_heeded_or_denied(text: str, name: str) -> None:
    """Whatever an attribute says, the answer is a certificate or a refusal with a code."""
    outcome, ca = submit(f"ValidityPeriod:Days\n{name}:{text}", EditFlags=STANDALONE | SAN)
    assert outcome.disposition in (ISSUED, DENIED, certsim.CRDisposition.ERROR)
    assert (outcome.status == 0) == (outcome.disposition == ISSUED)
    assert [entry.event_id for entry in ca.event_log if entry.event_id == 43] == []


def test_a_requester_who_may_not_enroll_is_not_asked_about_here() -> None:
    """Without security everybody may enroll: RequesterCAAccess is 1, nobody is turned away."""
    for flags in (0, 0x400):  # EDITF_IGNOREREQUESTERGROUP
        assert submit(EditFlags=flags)[0].disposition == ISSUED


def test_settings_are_read_at_start() -> None:
    """A change of the policy's key counts from the next start."""
    ca = authority()
    with ca:
        ca.set_config(r"policy\RequestDisposition", 2)
        assert ca.submit(kit.csr()).disposition == ISSUED
    with ca:
        assert ca.submit(kit.csr()).disposition == DENIED
