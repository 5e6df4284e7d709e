"""Object identifiers that requests, certificates and CRLs carry, as dotted text.

Dotted text is what the COM interfaces take and give, so it is the form kept here. ``OIDS`` has one
row for each constant. ``STANDALONE_EXTENSIONS`` is the list that a standalone authority's policy
takes over from a request without being told.

Source: wincrypt.h and certcli.h of the Windows SDK; MS-WCCE 2.2.2.7, 3.2.1.4.3.1.1 and appendix
note 87; RFC 2985, 5272, 5280, 5652 and 6960.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from certsim.facts.basis import Basis

# Attributes of a request
CERT_EXTENSIONS: Final = "1.3.6.1.4.1.311.2.1.14"
EXTENSION_REQUEST: Final = "1.2.840.113549.1.9.14"
RENEWAL_CERTIFICATE: Final = "1.3.6.1.4.1.311.13.1"
ENROLLMENT_NAME_VALUE_PAIR: Final = "1.3.6.1.4.1.311.13.2.1"
ENROLLMENT_CSP_PROVIDER: Final = "1.3.6.1.4.1.311.13.2.2"
OS_VERSION: Final = "1.3.6.1.4.1.311.13.2.3"
ARCHIVED_KEY: Final = "1.3.6.1.4.1.311.21.13"
REQUEST_CLIENT_INFO: Final = "1.3.6.1.4.1.311.21.20"

# Microsoft's extensions
ENROLL_CERTTYPE: Final = "1.3.6.1.4.1.311.20.2"
CERTIFICATE_TEMPLATE: Final = "1.3.6.1.4.1.311.21.7"
CA_VERSION: Final = "1.3.6.1.4.1.311.21.1"
PREVIOUS_CERT_HASH: Final = "1.3.6.1.4.1.311.21.2"
CRL_NEXT_PUBLISH: Final = "1.3.6.1.4.1.311.21.4"
APPLICATION_POLICIES: Final = "1.3.6.1.4.1.311.21.10"
APPLICATION_POLICY_MAPPINGS: Final = "1.3.6.1.4.1.311.21.11"
APPLICATION_POLICY_CONSTRAINTS: Final = "1.3.6.1.4.1.311.21.12"
CRL_SELF_CDP: Final = "1.3.6.1.4.1.311.21.14"
CROSS_CERT_DIST_POINTS: Final = "1.3.6.1.4.1.311.10.9.1"
NTDS_CA_SECURITY: Final = "1.3.6.1.4.1.311.25.2"

# Alternative names of Microsoft's kinds
PRINCIPAL_NAME: Final = "1.3.6.1.4.1.311.20.2.3"
NTDS_REPLICATION: Final = "1.3.6.1.4.1.311.25.1"

# Extensions of the Internet profile
SUBJECT_KEY_IDENTIFIER: Final = "2.5.29.14"
KEY_USAGE: Final = "2.5.29.15"
SUBJECT_ALT_NAME: Final = "2.5.29.17"
BASIC_CONSTRAINTS: Final = "2.5.29.19"
CRL_NUMBER: Final = "2.5.29.20"
CRL_REASON: Final = "2.5.29.21"
DELTA_CRL_INDICATOR: Final = "2.5.29.27"
ISSUING_DISTRIBUTION_POINT: Final = "2.5.29.28"
NAME_CONSTRAINTS: Final = "2.5.29.30"
CRL_DISTRIBUTION_POINTS: Final = "2.5.29.31"
CERTIFICATE_POLICIES: Final = "2.5.29.32"
POLICY_MAPPINGS: Final = "2.5.29.33"
AUTHORITY_KEY_IDENTIFIER: Final = "2.5.29.35"
POLICY_CONSTRAINTS: Final = "2.5.29.36"
EXTENDED_KEY_USAGE: Final = "2.5.29.37"
FRESHEST_CRL: Final = "2.5.29.46"
AUTHORITY_INFO_ACCESS: Final = "1.3.6.1.5.5.7.1.1"
OCSP_NO_CHECK: Final = "1.3.6.1.5.5.7.48.1.5"
SMIME_CAPABILITIES: Final = "1.2.840.113549.1.9.15"

# Kinds of location and of use
ACCESS_OCSP: Final = "1.3.6.1.5.5.7.48.1"
ACCESS_CA_ISSUERS: Final = "1.3.6.1.5.5.7.48.2"
CODE_SIGNING: Final = "1.3.6.1.5.5.7.3.3"
KERNEL_MODE_CODE_SIGNING: Final = "1.3.6.1.4.1.311.61.1.1"

# Messages around a request
CMS_DATA: Final = "1.2.840.113549.1.7.1"
CMS_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
CMC_PKI_DATA: Final = "1.3.6.1.5.5.7.12.2"
CMC_PKI_RESPONSE: Final = "1.3.6.1.5.5.7.12.3"
CMC_STATUS_INFO: Final = "1.3.6.1.5.5.7.7.1"
CMC_ADD_EXTENSIONS: Final = "1.3.6.1.5.5.7.7.8"
CMC_REG_INFO: Final = "1.3.6.1.5.5.7.7.18"
CMC_ADD_ATTRIBUTES: Final = "1.3.6.1.4.1.311.10.10.1"
NO_SIGNATURE: Final = "1.3.6.1.5.5.7.6.2"

# Digests
SHA1: Final = "1.3.14.3.2.26"
SHA256: Final = "2.16.840.1.101.3.4.2.1"
SHA384: Final = "2.16.840.1.101.3.4.2.2"
SHA512: Final = "2.16.840.1.101.3.4.2.3"


class OidFact(NamedTuple):
    """Describe one object identifier; ``name`` is the constant of this module that holds it.

    Source: named by each row.
    """

    name: str
    oid: str
    meaning: str
    source: str
    basis: Basis


_WINCRYPT: Final = "wincrypt.h, szOID constants"
_ATTRIBUTES: Final = "MS-WCCE 3.2.1.4.3.1.1"
_DEFAULTS: Final = "MS-WCCE appendix note 87"
_PROFILE: Final = "RFC 5280 4.2"
_LISTS: Final = "RFC 5280 5.2"
_DOCUMENTED: Final = Basis.DOCUMENTED
_HEADER: Final = Basis.HEADER

# A table: one row stays together.
# fmt: off
OIDS: Final[tuple[OidFact, ...]] = (
    OidFact("CERT_EXTENSIONS", CERT_EXTENSIONS,
        "Extensions wished for, in Microsoft's attribute.", _ATTRIBUTES, _DOCUMENTED),
    OidFact("EXTENSION_REQUEST", EXTENSION_REQUEST,
        "Extensions wished for, in the attribute of PKCS #9.", "RFC 2985 5.4.2", _DOCUMENTED),
    OidFact("RENEWAL_CERTIFICATE", RENEWAL_CERTIFICATE,
        "The certificate that a request renews.", _ATTRIBUTES, _DOCUMENTED),
    OidFact("ENROLLMENT_NAME_VALUE_PAIR", ENROLLMENT_NAME_VALUE_PAIR,
        "One request attribute, name and value.", _ATTRIBUTES, _DOCUMENTED),
    OidFact("ENROLLMENT_CSP_PROVIDER", ENROLLMENT_CSP_PROVIDER,
        "The provider that made the key.", _ATTRIBUTES, _DOCUMENTED),
    OidFact("OS_VERSION", OS_VERSION,
        "The client's version of Windows.", _ATTRIBUTES, _DOCUMENTED),
    OidFact("REQUEST_CLIENT_INFO", REQUEST_CLIENT_INFO,
        "Machine, user and process that made the request.", _ATTRIBUTES, _DOCUMENTED),
    OidFact("ENROLL_CERTTYPE", ENROLL_CERTTYPE,
        "Name of a version 1 template.", "MS-WCCE 2.2.2.7.7", _DOCUMENTED),
    OidFact("CERTIFICATE_TEMPLATE", CERTIFICATE_TEMPLATE,
        "Identifier and version of a newer template.", "MS-WCCE 2.2.2.7.7", _DOCUMENTED),
    OidFact("CA_VERSION", CA_VERSION,
        "Certificate index (low word) and key index (high word) of the authority.",
        "win32 SecCrypto/certification-authority-renewal", _DOCUMENTED),
    OidFact("PREVIOUS_CERT_HASH", PREVIOUS_CERT_HASH,
        "Hash of the authority's certificate before renewal.", _DEFAULTS, _DOCUMENTED),
    OidFact("CRL_NEXT_PUBLISH", CRL_NEXT_PUBLISH,
        "When the next CRL is due, before the overlap.", "MS-CSRA 3.1.4.1.6", _DOCUMENTED),
    OidFact("APPLICATION_POLICIES", APPLICATION_POLICIES,
        "Uses of the key, written like certificate policies.", _DEFAULTS, _DOCUMENTED),
    OidFact("APPLICATION_POLICY_MAPPINGS", APPLICATION_POLICY_MAPPINGS,
        "Application policies of another domain held equal.", _DEFAULTS, _DOCUMENTED),
    OidFact("APPLICATION_POLICY_CONSTRAINTS", APPLICATION_POLICY_CONSTRAINTS,
        "Limits of application policies down the path.", _DEFAULTS, _DOCUMENTED),
    OidFact("CRL_SELF_CDP", CRL_SELF_CDP,
        "Where the directory keeps this very CRL.", "MS-CSRA 3.1.4.1.6", _DOCUMENTED),
    OidFact("CROSS_CERT_DIST_POINTS", CROSS_CERT_DIST_POINTS,
        "Where cross-certificates are published.", _DEFAULTS, _DOCUMENTED),
    OidFact("NTDS_CA_SECURITY", NTDS_CA_SECURITY,
        "The account's security identifier.", "MS-WCCE 2.2.2.7.7", _DOCUMENTED),
    OidFact("PRINCIPAL_NAME", PRINCIPAL_NAME,
        "A user principal name among the alternative names.", _WINCRYPT, _HEADER),
    OidFact("NTDS_REPLICATION", NTDS_REPLICATION,
        "A directory object's GUID among the alternative names.", _WINCRYPT, _HEADER),
    OidFact("SUBJECT_KEY_IDENTIFIER", SUBJECT_KEY_IDENTIFIER,
        "Tells the certified key.", _PROFILE, _DOCUMENTED),
    OidFact("KEY_USAGE", KEY_USAGE,
        "What the key may do, as bits.", _PROFILE, _DOCUMENTED),
    OidFact("SUBJECT_ALT_NAME", SUBJECT_ALT_NAME,
        "Further names of the subject.", _PROFILE, _DOCUMENTED),
    OidFact("BASIC_CONSTRAINTS", BASIC_CONSTRAINTS,
        "Whether the subject is an authority, and how long a path may grow.",
        _PROFILE, _DOCUMENTED),
    OidFact("CRL_NUMBER", CRL_NUMBER,
        "Running number of a CRL.", _LISTS, _DOCUMENTED),
    OidFact("CRL_REASON", CRL_REASON,
        "Why an entry was revoked.", "RFC 5280 5.3.1", _DOCUMENTED),
    OidFact("DELTA_CRL_INDICATOR", DELTA_CRL_INDICATOR,
        "Number of the base that a delta adds to.", _LISTS, _DOCUMENTED),
    OidFact("ISSUING_DISTRIBUTION_POINT", ISSUING_DISTRIBUTION_POINT,
        "Where a CRL is published and what it covers.", _LISTS, _DOCUMENTED),
    OidFact("NAME_CONSTRAINTS", NAME_CONSTRAINTS,
        "Names that a path may or may not contain.", _PROFILE, _DOCUMENTED),
    OidFact("CRL_DISTRIBUTION_POINTS", CRL_DISTRIBUTION_POINTS,
        "Where to find the CRL for a certificate.", _PROFILE, _DOCUMENTED),
    OidFact("CERTIFICATE_POLICIES", CERTIFICATE_POLICIES,
        "Rules under which the certificate was issued.", _PROFILE, _DOCUMENTED),
    OidFact("POLICY_MAPPINGS", POLICY_MAPPINGS,
        "Policies of another domain held equal.", _PROFILE, _DOCUMENTED),
    OidFact("AUTHORITY_KEY_IDENTIFIER", AUTHORITY_KEY_IDENTIFIER,
        "Tells the signing key.", _PROFILE, _DOCUMENTED),
    OidFact("POLICY_CONSTRAINTS", POLICY_CONSTRAINTS,
        "Limits of policies down the path.", _PROFILE, _DOCUMENTED),
    OidFact("EXTENDED_KEY_USAGE", EXTENDED_KEY_USAGE,
        "What the key is for, as identifiers.", _PROFILE, _DOCUMENTED),
    OidFact("FRESHEST_CRL", FRESHEST_CRL,
        "Where to find the delta CRL.", _PROFILE, _DOCUMENTED),
    OidFact("AUTHORITY_INFO_ACCESS", AUTHORITY_INFO_ACCESS,
        "Where to find the issuer's certificate and its responder.", _PROFILE, _DOCUMENTED),
    OidFact("OCSP_NO_CHECK", OCSP_NO_CHECK,
        "A responder's certificate need not be checked.", "RFC 6960 4.2.2.2.1", _DOCUMENTED),
    OidFact("SMIME_CAPABILITIES", SMIME_CAPABILITIES,
        "Algorithms that a mail client can read.", "RFC 8551 2.5.2", _DOCUMENTED),
    OidFact("ACCESS_OCSP", ACCESS_OCSP,
        "The location is a responder.", "RFC 5280 4.2.2.1", _DOCUMENTED),
    OidFact("ACCESS_CA_ISSUERS", ACCESS_CA_ISSUERS,
        "The location has the issuer's certificate.", "RFC 5280 4.2.2.1", _DOCUMENTED),
    OidFact("CODE_SIGNING", CODE_SIGNING,
        "The key signs programs; such certificates stay on the CRL.",
        "RFC 5280 4.2.1.12", _DOCUMENTED),
    OidFact("KERNEL_MODE_CODE_SIGNING", KERNEL_MODE_CODE_SIGNING,
        "The key signs drivers; such certificates stay on the CRL too.", _WINCRYPT, _HEADER),
    OidFact("CMS_DATA", CMS_DATA,
        "Bare content of a message.", "RFC 5652 4", _DOCUMENTED),
    OidFact("CMS_SIGNED_DATA", CMS_SIGNED_DATA,
        "A signed message, or a bag of certificates.", "RFC 5652 5", _DOCUMENTED),
    OidFact("CONTENT_TYPE", CONTENT_TYPE,
        "Signed attribute: what the content is.", "RFC 5652 11.1", _DOCUMENTED),
    OidFact("MESSAGE_DIGEST", MESSAGE_DIGEST,
        "Signed attribute: digest of the content.", "RFC 5652 11.2", _DOCUMENTED),
    OidFact("CMC_PKI_DATA", CMC_PKI_DATA,
        "Content of a full CMC request.", "RFC 5272 3.2.1", _DOCUMENTED),
    OidFact("CMC_PKI_RESPONSE", CMC_PKI_RESPONSE,
        "Content of a full CMC response.", "RFC 5272 4.2", _DOCUMENTED),
    OidFact("CMC_STATUS_INFO", CMC_STATUS_INFO,
        "Control with the outcome.", "RFC 5272 6.1.2", _DOCUMENTED),
    OidFact("CMC_ADD_EXTENSIONS", CMC_ADD_EXTENSIONS,
        "Control with extensions for an inner request.", "RFC 5272 6.5.2", _DOCUMENTED),
    OidFact("CMC_REG_INFO", CMC_REG_INFO,
        "Control with request attributes, written Name=Value&.", "RFC 5272 6.12", _DOCUMENTED),
    OidFact("CMC_ADD_ATTRIBUTES", CMC_ADD_ATTRIBUTES,
        "Control with attributes for an inner request.", _WINCRYPT, _HEADER),
    OidFact("ARCHIVED_KEY", ARCHIVED_KEY,
        "A private key, sent along to be kept.", "MS-WCCE 2.2.2.7.3; wincrypt.h", _DOCUMENTED),
    OidFact("NO_SIGNATURE", NO_SIGNATURE,
        "In place of a signature: a bare digest.", "RFC 5272 C.1", _DOCUMENTED),
    OidFact("SHA1", SHA1,
        "The oldest digest that signers of requests may use.", "RFC 3370 2.1", _DOCUMENTED),
    OidFact("SHA256", SHA256,
        "Digest of 32 bytes.", "RFC 5754 2.2", _DOCUMENTED),
    OidFact("SHA384", SHA384,
        "Digest of 48 bytes.", "RFC 5754 2.3", _DOCUMENTED),
    OidFact("SHA512", SHA512,
        "Digest of 64 bytes.", "RFC 5754 2.4", _DOCUMENTED),
)
# fmt: on

OID_BY_VALUE: Final[Mapping[str, OidFact]] = MappingProxyType({fact.oid: fact for fact in OIDS})

STANDALONE_EXTENSIONS: Final = (
    SMIME_CAPABILITIES,
    CA_VERSION,
    PREVIOUS_CERT_HASH,
    KEY_USAGE,
    CROSS_CERT_DIST_POINTS,
    ENROLL_CERTTYPE,
    CERTIFICATE_TEMPLATE,
    APPLICATION_POLICIES,
    APPLICATION_POLICY_MAPPINGS,
    APPLICATION_POLICY_CONSTRAINTS,
    SUBJECT_ALT_NAME,
    NAME_CONSTRAINTS,
    CERTIFICATE_POLICIES,
    POLICY_MAPPINGS,
    POLICY_CONSTRAINTS,
    EXTENDED_KEY_USAGE,
)
"""What a standalone authority takes over from requests. Source: MS-WCCE appendix note 87."""
