"""What a reading against the published documents found missing: each test is one finding.

Source: MS-CSRA 3.1.4.1.8, 3.1.4.1.10, 3.1.4.2.15, product note 15; TechNet cc731104; TechNet wiki
16227; gradenegger.eu on the tokens of CDP and AIA lines.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certsim._engine.audit import AuditEntry
from tests.engine import publishing_kit as kit

LDAP = "79:ldap:///CN=%7%8,CN=%2,CN=CDP,CN=Public Key Services,CN=Services,%6%10"
HOURS_13 = 13 * kit.HOUR


def test_with_a_directory_certificates_name_their_ldap_places() -> None:
    """LDAP lines are left out while UseDS is 0, and only then."""
    with kit.make_ca(lines=[LDAP], UseDS=1) as ca:
        kit.issue(ca)
        (row,) = ca._state.shelf
        names = [extension.name for extension in row.extensions]
        assert "2.5.29.31" in names


def test_an_ldap_place_of_a_list_ends_with_its_object_class() -> None:
    """The token %10 is what an LDAP client asks for; without it the URL names a container."""
    with kit.make_ca(lines=[LDAP], UseDS=1) as ca:
        (published,) = ca.publish_crls(delta=False)
        (place,) = published.locations
        assert "objectclass=crldistributionpoint" in place.place.lower()


def test_a_change_of_use_ds_counts_from_the_next_start() -> None:
    """MS-CSRA 3.1.4.2.15 has UseDS among the values that wait for a restart."""
    with kit.make_ca(lines=[LDAP]) as ca:
        ca.set_config(r"ca\UseDS", 1)
        (published,) = ca.publish_crls(delta=False)
        assert published.locations == ()


def test_a_changed_overlap_counts_from_the_next_start() -> None:
    """TechNet cc731104 has the service stopped and started; the periods alone count at once."""
    with kit.make_ca() as ca:
        ca.set_config(r"ca\CRLOverlapUnits", 13)
        ca.publish_crls(delta=False)
        assert ca.crl().next_update_utc == kit.START + kit.WEEK + kit.OVERLAP
        ca.stop()
        ca.start()
        ca.publish_crls(delta=False)
        assert ca.crl().next_update_utc == kit.START + kit.WEEK + HOURS_13 + kit.SKEW


def test_a_certificate_that_is_only_to_stay_on_lists_was_not_revoked() -> None:
    """The numbers that set PublishExpiredCertInCRL revoke nothing, so no 4870 tells of one."""
    with kit.make_ca(AuditFilter=0x7F) as ca:
        serial = kit.issue(ca)
        for reason in (0xFFFFFFFE, 0xFFFFFFFD):
            ca.revoke(serial, reason)
        on_record = [entry.event_id for entry in ca.journal if isinstance(entry, AuditEntry)]
        assert 4870 not in on_record


def signs_code() -> x509.CertificateSigningRequest:
    """Return a request for a certificate that is to sign code."""
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer")]))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )


def test_an_imported_certificate_for_signing_code_stays_on_the_lists() -> None:
    """An issued one has PublishExpiredCertInCRL; lost and imported again, it has it still."""
    with kit.make_ca() as ca:
        issued = ca.submit(signs_code())
        assert issued.raw_certificate is not None
        ca.delete_rows(row_id=issued.request_id)
        ca.import_certificate(issued.raw_certificate)
        (row,) = ca.view(columns=["PublishExpiredCertInCRL"])
        assert row == {"PublishExpiredCertInCRL": 1}


def test_the_queue_shows_the_status_of_its_requests() -> None:
    """The default columns of pending requests, as the CA's own set has them."""
    shown = kit.make_ca().view("queue").columns
    assert "Request.StatusCode" in shown
    assert "Request.Disposition" not in shown
