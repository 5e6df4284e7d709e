"""What published lists say: their URLs, who stands on them and for how long, and to whom.

The last word has `openssl verify`.
Source: MS-CSRA 3.1.4.1.6; RFC 5280 5.2; docs/rulings.md (CRLs).
"""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certsim import RevocationReason
from tests.engine import publishing_kit as kit
from tests.marks import needs_openssl
from tests.requests_kit import make_csr


def urls(crl: x509.CertificateRevocationList, kind: type[x509.FreshestCRL]) -> list[str]:
    """Return the URLs of an extension that names distribution points."""
    points = crl.extensions.get_extension_for_class(kind).value
    return [name.value for point in points for name in point.full_name or ()]


# What a list says


def test_urls_stand_in_the_lists() -> None:
    """Each list knows its own place; a base names its delta, and both the same scope."""
    with kit.make_ca(lines=["140:http://%1/%3%8%9.crl", "2:http://only.certificates"]) as ca:
        base, delta = (published.crl for published in ca.publish_crls())
    plain, plus = "http://ca.certsim.test/Test%20CA.crl", "http://ca.certsim.test/Test%20CA+.crl"
    own = x509.ObjectIdentifier("1.3.6.1.4.1.311.21.14")
    assert urls(base, x509.FreshestCRL) == [plus]
    for crl, place in ((base, plain), (delta, plus)):
        raw = crl.extensions.get_extension_for_oid(own).value.public_bytes()
        assert place.encode() in raw
        scope = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint)
        assert scope.critical
        assert [name.value for name in scope.value.full_name or ()] == [plain]
    with pytest.raises(x509.ExtensionNotFound):
        delta.extensions.get_extension_for_class(x509.FreshestCRL)


def test_a_base_names_no_delta_while_deltas_are_off() -> None:
    """Nor does the base that the shadow belongs to."""
    with kit.make_ca(lines=["4:http://%1/%9.crl"]) as ca:
        ca.publish_crls()
        ca.set_config(r"ca\CRLDeltaPeriodUnits", 0)
        ca.publish_crls()
        with pytest.raises(x509.ExtensionNotFound):
            ca.crl().extensions.get_extension_for_class(x509.FreshestCRL)


@pytest.mark.parametrize("critical", [False, True])
def test_crl_flags_make_the_number_critical(critical: bool) -> None:
    """CRLFlags 4 does."""
    with kit.make_ca(CRLFlags=kit.CRITICAL_NUMBER * critical) as ca:
        ca.publish_crls()
        found = ca.crl().extensions.get_extension_for_class(x509.CRLNumber)
    assert found.critical is critical


def test_an_effective_date_is_waited_for() -> None:
    """A revocation in the future is on no list before, and on the next one with its own date."""
    when = kit.START + 2 * kit.DAY
    with kit.make_ca() as ca:
        serial = kit.issue(ca)
        ca.revoke(serial, effective=when)
        ca.publish_crls()
        assert kit.entries(ca.crl()) == kit.entries(ca.crl(delta=True)) == {}
        kit.advance(ca, 2 * kit.DAY - timedelta(seconds=1))
        ca.publish_crls()
        assert kit.entries(ca.crl()) == {}
        kit.advance(ca, timedelta(seconds=1))
        ca.publish_crls()
        assert kit.entries(ca.crl()) == {serial: 0}
        assert [entry.revocation_date_utc for entry in ca.crl()] == [when]


def test_an_ended_certificate_is_told_once_more() -> None:
    """The first base after its end has it, and no later one, unless an officer wants it to stay."""
    with kit.make_ca(ValidityPeriodUnits=2, ValidityPeriod="Days") as ca:
        once, kept = kit.revoked(ca), kit.revoked(ca)
        ca.revoke(kept, RevocationReason.PUBLISH_EXPIRED)
        seen = []
        for _ in range(3):
            ca.publish_crls(delta=False)
            seen.append(set(kit.entries(ca.crl())))
            kit.advance(ca, 3 * kit.DAY)
        ca.revoke(kept, RevocationReason.DROP_EXPIRED)
        ca.publish_crls(delta=False)
    assert seen == [{once, kept}, {once, kept}, {kept}]
    assert kit.entries(ca.crl()) == {}


def test_an_ended_certificate_is_told_once_more_by_deltas_too() -> None:
    """The delta after its end has it, the one after that has not, with one good base behind all."""
    with kit.make_ca(ValidityPeriodUnits=3, ValidityPeriod="Hours", CRLPeriodUnits=9) as ca:
        ca.publish_crls(delta=False)
        serial = kit.revoked(ca)
        seen = []
        for _ in range(3):
            ca.publish_crls(base=False)
            seen.append(set(kit.entries(ca.crl(delta=True))))
            kit.advance(ca, 4 * kit.HOUR)
    assert seen == [{serial}, {serial}, set()]


def test_a_hold_comes_and_goes() -> None:
    """On hold it is on both lists; released it is on deltas with reason 8, and on no base."""
    with kit.make_ca() as ca:
        serial = kit.issue(ca)
        ca.publish_crls()
        ca.revoke(serial, kit.HOLD)
        ca.publish_crls()
        hold = {serial: kit.ON_HOLD}
        assert kit.entries(ca.crl()) == kit.entries(ca.crl(delta=True)) == hold
        kit.advance(ca, kit.HOUR)
        ca.revoke(serial, kit.RELEASE)
        ca.publish_crls()
        assert kit.entries(ca.crl()) == {}
        assert kit.entries(ca.crl(delta=True)) == {serial: kit.REMOVED}
        kit.advance(ca, 2 * kit.WEEK)
        ca.publish_crls()
        assert kit.entries(ca.crl(delta=True)) == {}


def test_a_delta_repeats_from_the_oldest_good_base_on() -> None:
    """What an expired base had is not on it any more."""
    with kit.make_ca() as ca:
        old = kit.revoked(ca)
        ca.publish_crls()
        kit.advance(ca, 7 * kit.DAY)
        new = kit.revoked(ca)
        ca.publish_crls()
        assert set(kit.entries(ca.crl(delta=True))) == {old, new}
        kit.advance(ca, kit.DAY)
        ca.publish_crls(base=False)
        assert set(kit.entries(ca.crl(delta=True))) == {new}


# Other programs


@needs_openssl
def test_openssl_reads_and_believes_the_published_files(tmp_path: Path) -> None:
    """`openssl verify -crl_check` takes a certificate until a published base says otherwise."""
    with kit.make_ca(lines=[f"65:{tmp_path}/ca%9.crl"]) as ca:
        outcome = ca.submit(make_csr())
        if outcome.certificate is None or outcome.serial_number is None:
            raise AssertionError("no certificate was issued")
        (tmp_path / "ca.pem").write_bytes(ca.certificate.public_bytes(Encoding.PEM))
        (tmp_path / "leaf.pem").write_bytes(outcome.certificate.public_bytes(Encoding.PEM))
        ca.publish_crls()
        assert "leaf.pem: OK" in _verified(tmp_path)
        ca.revoke(outcome.serial_number, RevocationReason.KEY_COMPROMISE)
        ca.publish_crls(base=False)
        assert "leaf.pem: OK" in _verified(tmp_path)
        ca.publish_crls()
        assert "certificate revoked" in _verified(tmp_path)
    text = _openssl("crl", "-inform", "DER", "-in", str(tmp_path / "ca+.crl"), "-noout", "-text")
    assert "X509v3 Delta CRL Indicator: critical" in text
    assert outcome.serial_number.upper() in text


def _verified(folder: Path) -> str:
    """Return what openssl says of the leaf by the base that lies in *folder*, at the start."""
    crl = folder / "crl.pem"
    _openssl("crl", "-inform", "DER", "-in", str(folder / "ca.crl"), "-out", str(crl))
    moment = f"{kit.START.timestamp():.0f}"
    authority = str(folder / "ca.pem")
    files = ("-CAfile", authority, "-CRLfile", str(crl), str(folder / "leaf.pem"))
    return _openssl("verify", "-crl_check", "-attime", moment, *files)


def _openssl(*arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
