"""Words for people: titles of columns, names of numbers, and what the authority tells of itself.

A server's tools show a column by its title and not by its name, and put the meaning behind a
number: ``0x14 (20) -- Issued``. ``TITLES`` has the titles, ``NUMBERS`` what the numbers in
them mean, ``EXTENSION_TITLES`` those of extensions, ``CA_INFO`` the names under which the
authority's own properties are asked for, ``FACILITIES`` the parts of the system that a result code
may come from.

What a number means is told by ``Flag``s, as for values of the registry. The words for states and
reasons are those of the documents; the constants of a word are spelled as in the header.

Source: published output of certutil -schema and -view; windowsserverdocs certutil (-CAInfo);
certcli.h, CR_PROP constants; certsrv.h; winerror.h; sdk-api
certadm/nf-certadm-icertadmin2-getcaproperty.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from certsim.facts.basis import Basis
from certsim.facts.dispositions import CADisposition, CAType, RevocationReason, RowDisposition
from certsim.facts.flags import (
    CRLPublishFlag,
    ExtensionFlag,
    ExtensionOrigin,
    RequestFlag,
    RequestType,
    URLFlag,
)
from certsim.facts.oids import (
    APPLICATION_POLICIES,
    APPLICATION_POLICY_CONSTRAINTS,
    APPLICATION_POLICY_MAPPINGS,
    AUTHORITY_INFO_ACCESS,
    AUTHORITY_KEY_IDENTIFIER,
    BASIC_CONSTRAINTS,
    CA_VERSION,
    CERTIFICATE_POLICIES,
    CERTIFICATE_TEMPLATE,
    CRL_DISTRIBUTION_POINTS,
    CROSS_CERT_DIST_POINTS,
    ENROLL_CERTTYPE,
    EXTENDED_KEY_USAGE,
    FRESHEST_CRL,
    KEY_USAGE,
    NAME_CONSTRAINTS,
    NTDS_CA_SECURITY,
    OCSP_NO_CHECK,
    POLICY_CONSTRAINTS,
    POLICY_MAPPINGS,
    PREVIOUS_CERT_HASH,
    SMIME_CAPABILITIES,
    SUBJECT_ALT_NAME,
    SUBJECT_KEY_IDENTIFIER,
)
from certsim.facts.registry import Flag


class Title(NamedTuple):
    """Hold the ``title`` under which tools show a column or an extension called ``name``.

    Source: named by each row.
    """

    name: str
    title: str
    source: str
    basis: Basis


class Numbers(NamedTuple):
    """Hold what the numbers called ``name`` mean; of a ``word`` several meanings may hold at once.

    Source: named by each row.
    """

    name: str
    meanings: tuple[Flag, ...]
    word: bool
    source: str
    basis: Basis


class CAInfo(NamedTuple):
    """Describe one property of the authority; ``indexed`` ones have a value for each index.

    ``name`` is what people type, ``symbol`` the constant of the number ``GetCAProperty`` takes.

    Source: windowsserverdocs certutil (-CAInfo); certcli.h, CR_PROP constants.
    """

    name: str
    title: str
    symbol: str
    indexed: bool
    source: str
    basis: Basis


class Facility(NamedTuple):
    """Name a part of the system by its number in bits 16 to 26 of a result code.

    Source: winerror.h, FACILITY constants.
    """

    number: int
    symbol: str
    meaning: str
    source: str
    basis: Basis


_SCHEMA: Final = "certutil -schema, published output"
_VIEW: Final = "certutil -view, published output"
_PAGE: Final = "sdk-api certif/nf-certif-icertserverexit-getcertificateproperty"
_OBSERVED: Final = Basis.OBSERVED
_ASSUMED: Final = Basis.ASSUMED
_HEADER: Final = Basis.HEADER
_DOCUMENTED: Final = Basis.DOCUMENTED
_ALL: Final = 0xFFFFFFFF  # the mask that leaves a number as it is

# Tables: one row stays together.
# fmt: off
_REQUEST_TITLES: Final = (
    ("Request.RequestID", "Request ID"),
    ("Request.RawRequest", "Binary Request"),
    ("Request.RawArchivedKey", "Archived Key"),
    ("Request.KeyRecoveryHashes", "Key Recovery Agent Hashes"),
    ("Request.RawOldCertificate", "Old Certificate"),
    ("Request.RequestAttributes", "Request Attributes"),
    ("Request.RequestType", "Request Type"),
    ("Request.RequestFlags", "Request Flags"),
    ("Request.StatusCode", "Request Status Code"),
    ("Request.Disposition", "Request Disposition"),
    ("Request.DispositionMessage", "Request Disposition Message"),
    ("Request.SubmittedWhen", "Request Submission Date"),
    ("Request.ResolvedWhen", "Request Resolution Date"),
    ("Request.RevokedWhen", "Revocation Date"),
    ("Request.RevokedEffectiveWhen", "Effective Revocation Date"),
    ("Request.RevokedReason", "Revocation Reason"),
    ("Request.RequesterName", "Requester Name"),
    ("Request.CallerName", "Caller Name"),
    ("Request.SignerPolicies", "Signer Policies"),
    ("Request.SignerApplicationPolicies", "Signer Application Policies"),
    ("Request.Officer", "Officer"),
    ("Request.DistinguishedName", "Request Distinguished Name"),
    ("Request.RawName", "Request Binary Name"),
    ("Request.Country", "Request Country/Region"),
    ("Request.Organization", "Request Organization"),
    ("Request.OrgUnit", "Request Organization Unit"),
    ("Request.CommonName", "Request Common Name"),
    ("Request.Locality", "Request City"),
    ("Request.State", "Request State"),
    ("Request.Title", "Request Title"),
    ("Request.GivenName", "Request First Name"),
    ("Request.Initials", "Request Initials"),
    ("Request.SurName", "Request Last Name"),
    ("Request.DomainComponent", "Request Domain Component"),
    ("Request.EMail", "Request Email Address"),
    ("Request.StreetAddress", "Request Street Address"),
    ("Request.UnstructuredName", "Request Unstructured Name"),
    ("Request.UnstructuredAddress", "Request Unstructured Address"),
    ("Request.DeviceSerialNumber", "Request Device Serial Number"),
    ("Request.AttestationChallenge", "Attestation Challenge"),
    ("Request.EndorsementKeyHash", "Endorsement Key Hash"),
    ("Request.EndorsementCertificateHash", "Endorsement Certificate Hash"),
    ("Request.RawPrecertificate", "Binary Precertificate"),
)

_CERTIFICATE_TITLES: Final = (
    ("RequestID", "Issued Request ID"),
    ("RawCertificate", "Binary Certificate"),
    ("CertificateHash", "Certificate Hash"),
    ("CertificateTemplate", "Certificate Template"),
    ("EnrollmentFlags", "Template Enrollment Flags"),
    ("GeneralFlags", "Template General Flags"),
    ("PrivatekeyFlags", "Template Private Key Flags"),
    ("SerialNumber", "Serial Number"),
    ("IssuerNameID", "Issuer Name ID"),
    ("NotBefore", "Certificate Effective Date"),
    ("NotAfter", "Certificate Expiration Date"),
    ("SubjectKeyIdentifier", "Issued Subject Key Identifier"),
    ("RawPublicKey", "Binary Public Key"),
    ("PublicKeyLength", "Public Key Length"),
    ("PublicKeyAlgorithm", "Public Key Algorithm"),
    ("RawPublicKeyAlgorithmParameters", "Public Key Algorithm Parameters"),
    ("PublishExpiredCertInCRL", "Publish Expired Certificate in CRL"),
    ("UPN", "User Principal Name"),
    ("DistinguishedName", "Issued Distinguished Name"),
    ("RawName", "Issued Binary Name"),
    ("Country", "Issued Country/Region"),
    ("Organization", "Issued Organization"),
    ("OrgUnit", "Issued Organization Unit"),
    ("CommonName", "Issued Common Name"),
    ("Locality", "Issued City"),
    ("State", "Issued State"),
    ("Title", "Issued Title"),
    ("GivenName", "Issued First Name"),
    ("Initials", "Issued Initials"),
    ("SurName", "Issued Last Name"),
    ("DomainComponent", "Issued Domain Component"),
    ("EMail", "Issued Email Address"),
    ("StreetAddress", "Issued Street Address"),
    ("UnstructuredName", "Issued Unstructured Name"),
    ("UnstructuredAddress", "Issued Unstructured Address"),
    ("DeviceSerialNumber", "Issued Device Serial Number"),
)

_DETAIL_TITLES: Final = (
    ("ExtensionRequestId", "Extension Request ID"),
    ("ExtensionName", "Extension Name"),
    ("ExtensionFlags", "Extension Flags"),
    ("ExtensionRawValue", "Extension Raw Value"),
    ("AttributeRequestId", "Attribute Request ID"),
    ("AttributeName", "Attribute Name"),
    ("AttributeValue", "Attribute Value"),
)

# The titles of this table are from memory.
_CRL_TITLES: Final = (
    ("CRLRowId", "CRL Row ID"),
    ("CRLNumber", "CRL Number"),
    ("CRLMinBase", "CRL Minimum Base Number"),
    ("CRLNameId", "CRL Name ID"),
    ("CRLCount", "CRL Count"),
    ("CRLThisUpdate", "CRL This Update"),
    ("CRLNextUpdate", "CRL Next Update"),
    ("CRLThisPublish", "CRL This Publish"),
    ("CRLNextPublish", "CRL Next Publish"),
    ("CRLEffective", "CRL Effective"),
    ("CRLPropagationComplete", "CRL Propagation Complete"),
    ("CRLLastPublished", "CRL Last Published"),
    ("CRLPublishAttempts", "CRL Publish Attempts"),
    ("CRLPublishFlags", "CRL Publish Flags"),
    ("CRLPublishStatusCode", "CRL Publish Status Code"),
    ("CRLPublishError", "CRL Publish Error Information"),
    ("CRLRawCRL", "CRL Raw CRL"),
)

_EXTENSIONS: Final = (
    (SUBJECT_KEY_IDENTIFIER, "Subject Key Identifier"),
    (KEY_USAGE, "Key Usage"),
    (SUBJECT_ALT_NAME, "Subject Alternative Name"),
    (BASIC_CONSTRAINTS, "Basic Constraints"),
    (NAME_CONSTRAINTS, "Name Constraints"),
    (CRL_DISTRIBUTION_POINTS, "CRL Distribution Points"),
    (CERTIFICATE_POLICIES, "Certificate Policies"),
    (POLICY_MAPPINGS, "Policy Mappings"),
    (AUTHORITY_KEY_IDENTIFIER, "Authority Key Identifier"),
    (POLICY_CONSTRAINTS, "Policy Constraints"),
    (EXTENDED_KEY_USAGE, "Enhanced Key Usage"),
    (FRESHEST_CRL, "Freshest CRL"),
    (AUTHORITY_INFO_ACCESS, "Authority Information Access"),
    (OCSP_NO_CHECK, "OCSP No Revocation Checking"),
    (SMIME_CAPABILITIES, "SMIME Capabilities"),
    (ENROLL_CERTTYPE, "Certificate Template Name"),
    (CERTIFICATE_TEMPLATE, "Certificate Template Information"),
    (CA_VERSION, "CA Version"),
    (PREVIOUS_CERT_HASH, "Previous CA Certificate Hash"),
    (APPLICATION_POLICIES, "Application Policies"),
    (APPLICATION_POLICY_MAPPINGS, "Application Policy Mappings"),
    (APPLICATION_POLICY_CONSTRAINTS, "Application Policy Constraints"),
    (CROSS_CERT_DIST_POINTS, "Cross-Certificate Distribution Points"),
    (NTDS_CA_SECURITY, "SID of the Directory's Account"),
)

_STATES: Final = (
    (RowDisposition.ACTIVE, "Active"),
    (RowDisposition.PENDING, "Pending"),
    (RowDisposition.FOREIGN, "Foreign"),
    (RowDisposition.CA_CERT, "CA Certificate"),
    (RowDisposition.CA_CERT_CHAIN, "CA Certificate Chain"),
    (RowDisposition.KRA_CERT, "KRA Certificate"),
    (RowDisposition.ISSUED, "Issued"),
    (RowDisposition.REVOKED, "Revoked"),
    (RowDisposition.FAILED, "Failed"),
    (RowDisposition.DENIED, "Denied"),
)
_REASONS: Final = (
    (RevocationReason.UNSPECIFIED, "Unspecified"),
    (RevocationReason.KEY_COMPROMISE, "Key Compromise"),
    (RevocationReason.CA_COMPROMISE, "CA Compromise"),
    (RevocationReason.AFFILIATION_CHANGED, "Affiliation Changed"),
    (RevocationReason.SUPERSEDED, "Superseded"),
    (RevocationReason.CESSATION_OF_OPERATION, "Cessation of Operation"),
    (RevocationReason.CERTIFICATE_HOLD, "Certificate Hold"),
    (RevocationReason.REMOVE_FROM_CRL, "Remove From CRL"),
    (RevocationReason.PRIVILEGE_WITHDRAWN, "Privilege Withdrawn"),
    (RevocationReason.AA_COMPROMISE, "AA Compromise"),
    (RevocationReason.RELEASE, "Released from Hold"),
)
_TYPES: Final = (
    (CAType.ENTERPRISE_ROOT, "Enterprise Root CA"),
    (CAType.ENTERPRISE_SUB, "Enterprise Subordinate CA"),
    (CAType.STANDALONE_ROOT, "Standalone Root CA"),
    (CAType.STANDALONE_SUB, "Standalone Subordinate CA"),
)
_CERT_STATES: Final = (
    (CADisposition.REVOKED, "Revoked"),
    (CADisposition.VALID, "Valid"),
    (CADisposition.INVALID, "Expired"),
)
_CRL_STATES: Final = (
    (CADisposition.ERROR, "Another index looks after it"),
    (CADisposition.VALID, "Valid"),
    (CADisposition.INVALID, "Expired or missing"),
)
# What a word of RequestType is made of: one number for the format, one for the way, single bits.
_FORMATS: Final = (
    RequestType.PKCS10, RequestType.KEYGEN, RequestType.PKCS7, RequestType.CMC,
    RequestType.CHALLENGERESPONSE, RequestType.SIGNEDCERTIFICATETIMESTAMPLIST,
)
_WAYS: Final = (RequestType.SCEP, RequestType.RPC, RequestType.HTTP)
_BITS: Final = (
    RequestType.FULLRESPONSE, RequestType.CRLS, RequestType.MACHINE, RequestType.ROBO,
    RequestType.CLIENTIDNONE, RequestType.CONNECTONLY, RequestType.RETURNCHALLENGE,
    RequestType.SCEPPOST, RequestType.CERTIFICATETRANSPARENCY, RequestType.PRESIGN,
)

_INFO: Final = (
    ("file", "File version", "CR_PROP_FILEVERSION", False),
    ("product", "Product version", "CR_PROP_PRODUCTVERSION", False),
    ("exitcount", "Exit module count", "CR_PROP_EXITCOUNT", False),
    ("exit", "Exit module", "CR_PROP_EXITDESCRIPTION", True),
    ("policy", "Policy module", "CR_PROP_POLICYDESCRIPTION", False),
    ("name", "CA name", "CR_PROP_CANAME", False),
    ("sanitizedname", "Sanitized CA name", "CR_PROP_SANITIZEDCANAME", False),
    ("dsname", "Sanitized CA short name", "CR_PROP_SANITIZEDCASHORTNAME", False),
    ("sharedfolder", "Shared folder", "CR_PROP_SHAREDFOLDER", False),
    ("type", "CA type", "CR_PROP_CATYPE", False),
    ("info", "CA info", "", False),
    ("parent", "Parent CA", "CR_PROP_PARENTCA", False),
    ("certcount", "CA certificate count", "CR_PROP_CASIGCERTCOUNT", False),
    ("xchgcount", "CA exchange certificate count", "CR_PROP_CAXCHGCERTCOUNT", False),
    ("kracount", "KRA certificate count", "CR_PROP_KRACERTCOUNT", False),
    ("kraused", "KRA certificates in use", "CR_PROP_KRACERTUSEDCOUNT", False),
    ("propidmax", "Highest property number", "CR_PROP_CAPROPIDMAX", False),
    ("certstate", "CA certificate", "CR_PROP_CACERTSTATE", True),
    ("certversion", "CA certificate version", "CR_PROP_CACERTVERSION", True),
    ("certstatuscode", "CA certificate status", "CR_PROP_CACERTSTATUSCODE", True),
    ("crlstate", "CRL", "CR_PROP_CRLSTATE", True),
    ("krastate", "KRA certificate", "CR_PROP_KRACERTSTATE", True),
    ("crossstate+", "Forward cross certificate", "CR_PROP_CAFORWARDCROSSCERTSTATE", True),
    ("crossstate-", "Backward cross certificate", "CR_PROP_CABACKWARDCROSSCERTSTATE", True),
    ("cert", "CA certificate", "CR_PROP_CASIGCERT", True),
    ("certchain", "CA certificate chain", "CR_PROP_CASIGCERTCHAIN", True),
    ("certcrlchain", "CA certificate chain with CRLs", "CR_PROP_CASIGCERTCRLCHAIN", True),
    ("xchg", "CA exchange certificate", "CR_PROP_CAXCHGCERT", True),
    ("xchgchain", "CA exchange certificate chain", "CR_PROP_CAXCHGCERTCHAIN", True),
    ("xchgcrlchain", "CA exchange chain with CRLs", "CR_PROP_CAXCHGCERTCRLCHAIN", True),
    ("kra", "KRA certificate", "CR_PROP_KRACERT", True),
    ("cross+", "Forward cross certificate", "CR_PROP_CAFORWARDCROSSCERT", True),
    ("cross-", "Backward cross certificate", "CR_PROP_CABACKWARDCROSSCERT", True),
    ("crl", "Base CRL", "CR_PROP_BASECRL", True),
    ("deltacrl", "Delta CRL", "CR_PROP_DELTACRL", True),
    ("crlstatus", "CRL publish status", "CR_PROP_BASECRLPUBLISHSTATUS", True),
    ("deltacrlstatus", "Delta CRL publish status", "CR_PROP_DELTACRLPUBLISHSTATUS", True),
    ("dns", "DNS name", "CR_PROP_DNSNAME", False),
    ("role", "Role separation", "CR_PROP_ROLESEPARATIONENABLED", False),
    ("ads", "Advanced server", "CR_PROP_ADVANCEDSERVER", False),
    ("templates", "Templates", "CR_PROP_TEMPLATES", False),
    ("aia", "AIA URLs", "CR_PROP_CERTAIAURLS", True),
    ("cdp", "CDP URLs", "CR_PROP_CERTCDPURLS", True),
    ("ocsp", "OCSP URLs", "CR_PROP_CERTAIAOCSPURLS", True),
    ("localename", "CA locale name", "CR_PROP_LOCALENAME", False),
    ("subjecttemplateoids", "Subject template OIDs", "CR_PROP_SUBJECTTEMPLATE_OIDS", False),
)

FACILITIES: Final[tuple[Facility, ...]] = tuple(
    Facility(number, symbol, meaning, "winerror.h, FACILITY constants", _HEADER)
    for number, symbol, meaning in (
        (0, "FACILITY_NULL", "codes of no part in particular"),
        (1, "FACILITY_RPC", "remote procedure calls"),
        (2, "FACILITY_DISPATCH", "late-bound COM calls"),
        (3, "FACILITY_STORAGE", "OLE storage"),
        (4, "FACILITY_ITF", "the interface that was called"),
        (7, "FACILITY_WIN32", "Windows itself: a Win32 error, wrapped"),
        (8, "FACILITY_WINDOWS", "additions to COM"),
        (9, "FACILITY_SECURITY", "security: providers, messages, Certificate Services"),
        (10, "FACILITY_CONTROL", "OLE controls"),
        (11, "FACILITY_CERT", "trust in certificates"),
        (12, "FACILITY_INTERNET", "internet access"),
    )
)
# fmt: on

TITLES: Final[Mapping[str, Title]] = MappingProxyType(
    {
        name: Title(name, title, source, basis)
        for titles, source, basis in (
            (_REQUEST_TITLES, _SCHEMA, _OBSERVED),
            (_CERTIFICATE_TITLES, _SCHEMA, _OBSERVED),
            (_DETAIL_TITLES, _SCHEMA, _OBSERVED),
            (_CRL_TITLES, _SCHEMA, _ASSUMED),
        )
        for name, title in titles
    }
)
"""The title of each column of ``schema.COLUMNS``."""

EXTENSION_TITLES: Final[Mapping[str, Title]] = MappingProxyType(
    {name: Title(name, title, _VIEW, _ASSUMED) for name, title in _EXTENSIONS}
)
"""The titles of extensions by their dotted identifiers."""

_LISTS: Final = tuple(
    (tuple(Flag(text, int(number), _ALL) for number, text in rows), column, source)
    for column, rows, source in (
        ("Request.Disposition", _STATES, f"{_VIEW}; certsrv.h, DB_DISP constants"),
        ("Request.RevokedReason", _REASONS, f"{_VIEW}; wincrypt.h, CRL_REASON constants"),
        ("type", _TYPES, "certsrv.h, ENUM_CATYPES"),
        ("certstate", _CERT_STATES, f"{_PAGE}, CertState"),
        ("crlstate", _CRL_STATES, f"{_PAGE}, CRLState"),
    )
)
_ORIGIN_MASK: Final = 0xF0000
_CR_IN: Final = (
    *(Flag(f"CR_IN_{part.name}", int(part), 0xFF00) for part in _FORMATS),
    *(Flag(f"CR_IN_{part.name}", int(part), 0x30000) for part in _WAYS),
    *(Flag(f"CR_IN_{bit.name}", int(bit), int(bit)) for bit in _BITS),
)
_CR_FLG: Final = tuple(Flag(f"CR_FLG_{bit.name}", int(bit), int(bit)) for bit in RequestFlag)
_CPF: Final = tuple(Flag(f"CPF_{bit.name}", int(bit), int(bit)) for bit in CRLPublishFlag)
_CSURL: Final = tuple(Flag(f"CSURL_{bit.name}", int(bit), int(bit)) for bit in URLFlag)
_EXTENSION: Final = (
    *(Flag(f"EXTENSION_{bit.name}_FLAG", int(bit), int(bit)) for bit in ExtensionFlag),
    *(
        Flag(f"EXTENSION_ORIGIN_{origin.name}", int(origin), _ORIGIN_MASK)
        for origin in ExtensionOrigin
    ),
)

NUMBERS: Final[Mapping[str, Numbers]] = MappingProxyType(
    {name: Numbers(name, meanings, False, source, _ASSUMED) for meanings, name, source in _LISTS}
    | {
        name: Numbers(name, meanings, True, source, _HEADER)
        for name, meanings, source in (
            ("Request.RequestType", _CR_IN, "certcli.h, CR_IN constants"),
            ("Request.RequestFlags", _CR_FLG, "certsrv.h, CR_FLG constants"),
            ("ExtensionFlags", _EXTENSION, "certsrv.h, EXTENSION constants"),
            ("CRLPublishFlags", _CPF, "certsrv.h, CPF constants"),
            ("crlstatus", _CPF, "certsrv.h, CPF constants"),
            ("deltacrlstatus", _CPF, "certsrv.h, CPF constants"),
            ("CRLPublicationURLs", _CSURL, "certsrv.h, CSURL constants"),
            ("CACertPublicationURLs", _CSURL, "certsrv.h, CSURL constants"),
        )
    }
)
"""What numbers mean, by the name of the column or of the property of ``CA_INFO``.

Those of the registry are in ``registry.FLAGS``, but for the numbers in front of its URLs, which are
here.
"""

STATUS_COLUMNS: Final = frozenset({"Request.StatusCode", "CRLPublishStatusCode"})
"""The columns that hold result codes."""

CA_INFO: Final[Mapping[str, CAInfo]] = MappingProxyType(
    {
        name: CAInfo(
            name, title, symbol, indexed, "windowsserverdocs certutil (-CAInfo)", _DOCUMENTED
        )
        for name, title, symbol, indexed in _INFO
    }
)
"""The properties of the authority by the names that people type, in lower case."""
