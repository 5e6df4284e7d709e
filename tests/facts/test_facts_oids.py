"""Object identifiers against an independent library and a list written by hand."""

from cryptography import x509
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    CRLEntryExtensionOID,
    ExtendedKeyUsageOID,
    ExtensionOID,
)

from certsim.facts import oids
from certsim.facts.oids import OID_BY_VALUE, OIDS, STANDALONE_EXTENSIONS

LIBRARY: dict[str, x509.ObjectIdentifier] = {
    "SUBJECT_KEY_IDENTIFIER": ExtensionOID.SUBJECT_KEY_IDENTIFIER,
    "KEY_USAGE": ExtensionOID.KEY_USAGE,
    "SUBJECT_ALT_NAME": ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    "BASIC_CONSTRAINTS": ExtensionOID.BASIC_CONSTRAINTS,
    "CRL_NUMBER": ExtensionOID.CRL_NUMBER,
    "CRL_REASON": CRLEntryExtensionOID.CRL_REASON,
    "DELTA_CRL_INDICATOR": ExtensionOID.DELTA_CRL_INDICATOR,
    "ISSUING_DISTRIBUTION_POINT": ExtensionOID.ISSUING_DISTRIBUTION_POINT,
    "NAME_CONSTRAINTS": ExtensionOID.NAME_CONSTRAINTS,
    "CRL_DISTRIBUTION_POINTS": ExtensionOID.CRL_DISTRIBUTION_POINTS,
    "CERTIFICATE_POLICIES": ExtensionOID.CERTIFICATE_POLICIES,
    "POLICY_MAPPINGS": ExtensionOID.POLICY_MAPPINGS,
    "AUTHORITY_KEY_IDENTIFIER": ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    "POLICY_CONSTRAINTS": ExtensionOID.POLICY_CONSTRAINTS,
    "EXTENDED_KEY_USAGE": ExtensionOID.EXTENDED_KEY_USAGE,
    "FRESHEST_CRL": ExtensionOID.FRESHEST_CRL,
    "AUTHORITY_INFO_ACCESS": ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
    "OCSP_NO_CHECK": ExtensionOID.OCSP_NO_CHECK,
    "CERTIFICATE_TEMPLATE": ExtensionOID.MS_CERTIFICATE_TEMPLATE,
    "ACCESS_OCSP": AuthorityInformationAccessOID.OCSP,
    "ACCESS_CA_ISSUERS": AuthorityInformationAccessOID.CA_ISSUERS,
    "CODE_SIGNING": ExtendedKeyUsageOID.CODE_SIGNING,
}
# Microsoft's arc 1.3.6.1.4.1.311, as wincrypt.h and MS-WCCE list it.
MICROSOFT = {
    "CERT_EXTENSIONS": "2.1.14",
    "CMC_ADD_ATTRIBUTES": "10.10.1",
    "CROSS_CERT_DIST_POINTS": "10.9.1",
    "RENEWAL_CERTIFICATE": "13.1",
    "ENROLLMENT_NAME_VALUE_PAIR": "13.2.1",
    "ENROLLMENT_CSP_PROVIDER": "13.2.2",
    "OS_VERSION": "13.2.3",
    "ENROLL_CERTTYPE": "20.2",
    "PRINCIPAL_NAME": "20.2.3",
    "CA_VERSION": "21.1",
    "PREVIOUS_CERT_HASH": "21.2",
    "CRL_NEXT_PUBLISH": "21.4",
    "CERTIFICATE_TEMPLATE": "21.7",
    "APPLICATION_POLICIES": "21.10",
    "APPLICATION_POLICY_MAPPINGS": "21.11",
    "APPLICATION_POLICY_CONSTRAINTS": "21.12",
    "CRL_SELF_CDP": "21.14",
    "ARCHIVED_KEY": "21.13",
    "REQUEST_CLIENT_INFO": "21.20",
    "NTDS_REPLICATION": "25.1",
    "NTDS_CA_SECURITY": "25.2",
    "KERNEL_MODE_CODE_SIGNING": "61.1.1",
}
# Note 87 of MS-WCCE, from its own list and not through the constants.
NOTE_87 = {
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
}


def test_profile_identifiers_agree_with_the_library() -> None:
    """Standard identifiers are those of an independent implementation."""
    for name, oid in LIBRARY.items():
        assert getattr(oids, name) == oid.dotted_string, name


def test_microsoft_identifiers() -> None:
    """The rows on Microsoft's arc are the listed ones and no others."""
    arc = "1.3.6.1.4.1.311."
    stored = {row.name: row.oid for row in OIDS if row.oid.startswith(arc)}
    assert stored == {name: arc + tail for name, tail in MICROSOFT.items()}


def test_every_constant_has_its_row() -> None:
    """Rows and constants of the module run in step."""
    constants = {
        name: value
        for name, value in vars(oids).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, str)
    }
    assert {row.name: row.oid for row in OIDS} == constants
    assert len(OIDS) == len(constants)


def test_every_identifier_is_well_formed_and_unique() -> None:
    """The library accepts each, and none stands twice."""
    for row in OIDS:
        assert x509.ObjectIdentifier(row.oid).dotted_string == row.oid
        assert OID_BY_VALUE[row.oid] is row
    assert len(OID_BY_VALUE) == len(OIDS)


def test_standalone_list() -> None:
    """A standalone authority takes over the sixteen extensions of the note."""
    assert set(STANDALONE_EXTENSIONS) == NOTE_87
    assert len(STANDALONE_EXTENSIONS) == 16
