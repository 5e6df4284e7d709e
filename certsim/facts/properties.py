"""Names that modules may read: properties of requests, certificates and the authority itself.

``GetRequestProperty`` looks a name up in ``REQUEST_SIDE``, ``GetCertificateProperty`` in
``CERTIFICATE_SIDE`` or, at context 0, in ``CA_SIDE``. The keys of the three are lower case, since
spelling ignores case. The sixteen parts of a name stand once, in ``NAME_PROPERTIES``, and appear on
both sides, with their aliases, over the column of that side.

A row may be known unequally well. ``basis`` grades the name and its meaning, ``type_basis`` its
type: a header gives a name and no more, so the type of such a row is assumed. ``type`` is None
where not even a guess stands; certsim then answers any type, always empty. ``when`` is documented
for the documented request properties and for the four that wait for the certificate, and assumed
elsewhere. ``settable`` is False where no page or sample sets the name.

Source: sdk-api certif/nf-certif-icertserverexit-getrequestproperty and -getcertificateproperty;
sdk-api certif/nf-certif-icertserverpolicy-setcertificateproperty; win32 SecCrypto/name-properties;
certsrv.h wszPROP constants; Windows SDK exit and policy samples; MS-WCCE 3.2.1.4.2.1.2.
"""

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from certsim.facts.basis import Basis


class PropType(enum.IntEnum):
    """Name the types a property may have (PROPTYPE_*): int, UTC datetime, bytes, str in Python.

    Source: certsrv.h; sdk-api certif/nf-certif-icertserverexit-getrequestproperty.
    """

    LONG = 1
    DATE = 2
    BINARY = 3
    STRING = 4


class Side(enum.StrEnum):
    """Name whose property it is: the request half of a row, the certificate half, the authority.

    Source: sdk-api certif/nf-certif-icertserverexit-getrequestproperty, -getcertificateproperty.
    """

    REQUEST = "request"
    CERTIFICATE = "certificate"
    CA = "ca"


class When(enum.StrEnum):
    """Name the moment from which a property can have a value.

    Source: sdk-api certif/nf-certif-icertserverpolicy-getrequestproperty, -getcertificateproperty.
    """

    POLICY = "policy"  # filled before VerifyRequest is called
    DECIDED = "decided"  # filled by a decision: the first one, or a revocation later
    ISSUED = "issued"  # only with a certificate
    REQUEST_CONTEXT = "request context"  # of the authority, but tells of the request in context
    ALWAYS = "always"  # of the authority, at any time


class Property(NamedTuple):
    """Describe one name on one getter.

    ``column`` is the database column that holds the value, empty where none does; columns of the
    request half begin with ``Request.``. ``settable`` tells whether ``SetCertificateProperty``
    takes the name. ``indexed`` is "cert" or "crl" where the name takes a suffix ``.n`` with the
    index of a certificate or CRL of the authority, else empty.

    Source: named by each row.
    """

    name: str
    symbol: str
    type: PropType | None
    side: Side
    column: str
    when: When
    settable: bool
    indexed: str
    meaning: str
    source: str
    basis: Basis
    type_basis: Basis


class NameProperty(NamedTuple):
    """Describe one part of a name; always a string.

    ``max_length`` counts characters of one value and is enforced by EnforceX500NameLengths;
    several values are joined by a newline where ``multi_valued``.

    Source: win32 SecCrypto/name-properties.
    """

    name: str
    symbol: str
    aliases: tuple[str, ...]
    oid: str
    max_length: int
    multi_valued: bool
    source: str
    basis: Basis


class RequestAttribute(NamedTuple):
    """Describe one well-known name for ``GetRequestAttribute``; any other name is allowed too.

    Source: MS-WCCE 3.2.1.4.2.1.2; certsrv.h.
    """

    name: str
    symbol: str
    meaning: str
    source: str
    basis: Basis


_LONG: Final = PropType.LONG
_DATE: Final = PropType.DATE
_BINARY: Final = PropType.BINARY
_STRING: Final = PropType.STRING
_REQUEST: Final = Side.REQUEST
_CERTIFICATE: Final = Side.CERTIFICATE
_CA: Final = Side.CA
_POLICY: Final = When.POLICY
_DECIDED: Final = When.DECIDED
_ISSUED: Final = When.ISSUED
_REQUEST_CONTEXT: Final = When.REQUEST_CONTEXT
_ALWAYS: Final = When.ALWAYS
_DOCUMENTED: Final = Basis.DOCUMENTED
_HEADER: Final = Basis.HEADER
_SAMPLE: Final = Basis.SAMPLE
_ASSUMED: Final = Basis.ASSUMED
_NAMES: Final = "win32 SecCrypto/name-properties"
_REQUEST_PAGE: Final = "sdk-api certif/nf-certif-icertserverexit-getrequestproperty"
_CERTIFICATE_PAGE: Final = "sdk-api certif/nf-certif-icertserverexit-getcertificateproperty"
_SET_PAGE: Final = "sdk-api certif/nf-certif-icertserverpolicy-setcertificateproperty"
_OLD_NAME: Final = "sdk-api certif/nf-certif-icertserverpolicy-getcertificateproperty"
_ATTRIBUTE_PAGE: Final = "sdk-api certif/nf-certif-icertserverexit-getrequestattribute"
_CERTSRV: Final = "certsrv.h, wszPROP constants"
_EXIT_SAMPLE: Final = "Windows SDK sample, certificateservices/exit"
_POLICY_SAMPLE: Final = "Windows SDK sample, certificateservices/policy"
_WCCE: Final = "MS-WCCE 3.2.1.4.2.1.2"

# Tables: one row stays together, fields in the order of the class.
# fmt: off
NAME_PROPERTIES: Final[tuple[NameProperty, ...]] = (
    NameProperty("CommonName", "wszPROPCOMMONNAME", ("CN",), "2.5.4.3", 64, True, _NAMES,
        _DOCUMENTED),
    NameProperty("Country", "wszPROPCOUNTRY", ("C",), "2.5.4.6", 2, False, _NAMES, _DOCUMENTED),
    NameProperty("DeviceSerialNumber", "wszPROPDEVICESERIALNUMBER", (), "2.5.4.5", 1024, True,
        _NAMES, _DOCUMENTED),
    NameProperty("DomainComponent", "wszPROPDOMAINCOMPONENT", ("DC",), "0.9.2342.19200300.100.1.25",
        128, True, _NAMES, _DOCUMENTED),
    NameProperty("EMail", "wszPROPEMAIL", ("E",), "1.2.840.113549.1.9.1", 128, True, _NAMES,
        _DOCUMENTED),
    NameProperty("GivenName", "wszPROPGIVENNAME", ("G",), "2.5.4.42", 16, True, _NAMES,
        _DOCUMENTED),
    NameProperty("Initials", "wszPROPINITIALS", ("I",), "2.5.4.43", 5, True, _NAMES, _DOCUMENTED),
    NameProperty("Locality", "wszPROPLOCALITY", ("L",), "2.5.4.7", 128, True, _NAMES, _DOCUMENTED),
    NameProperty("Organization", "wszPROPORGANIZATION", ("Org", "O"), "2.5.4.10", 64, True, _NAMES,
        _DOCUMENTED),
    NameProperty("OrgUnit", "wszPROPORGUNIT", ("OrganizationUnit", "OrganizationalUnit", "OU"),
        "2.5.4.11", 64, True, _NAMES, _DOCUMENTED),
    NameProperty("State", "wszPROPSTATE", ("ST", "S"), "2.5.4.8", 128, True, _NAMES, _DOCUMENTED),
    NameProperty("StreetAddress", "wszPROPSTREETADDRESS", ("Street",), "2.5.4.9", 30, True, _NAMES,
        _DOCUMENTED),
    NameProperty("SurName", "wszPROPSURNAME", ("SN",), "2.5.4.4", 40, True, _NAMES, _DOCUMENTED),
    NameProperty("Title", "wszPROPTITLE", ("T",), "2.5.4.12", 64, True, _NAMES, _DOCUMENTED),
    NameProperty("UnstructuredAddress", "wszPROPUNSTRUCTUREDADDRESS", (), "1.2.840.113549.1.9.8",
        1024, True, _NAMES, _DOCUMENTED),
    NameProperty("UnstructuredName", "wszPROPUNSTRUCTUREDNAME", (), "1.2.840.113549.1.9.2", 1024,
        True, _NAMES, _DOCUMENTED),
)

# Request.DistinguishedName and Request.RawName go by their bare names: the getter knows the side.
# ArchivedKey and RawPrecertificate may be filled earlier than DECIDED; nothing public says.
REQUEST_PROPERTIES: Final[tuple[Property, ...]] = (
    Property("RequestID", "wszPROPREQUESTREQUESTID", _LONG, _REQUEST, "Request.RequestID", _POLICY,
        False, "", "Number of the row.", _REQUEST_PAGE, _DOCUMENTED, _DOCUMENTED),
    Property("RequestType", "wszPROPREQUESTTYPE", _LONG, _REQUEST, "Request.RequestType", _POLICY,
        False, "", "Kind of the request and how it came: RequestType values, or-ed.", _REQUEST_PAGE,
        _DOCUMENTED, _DOCUMENTED),
    Property("RawRequest", "wszPROPREQUESTRAWREQUEST", _BINARY, _REQUEST, "Request.RawRequest",
        _POLICY, False, "", "The request in DER, transport encoding taken off.", _REQUEST_PAGE,
        _DOCUMENTED, _DOCUMENTED),
    Property("RequestAttributes", "wszPROPREQUESTATTRIBUTES", _STRING, _REQUEST,
        "Request.RequestAttributes", _POLICY, False, "",
        "Attribute text as submitted, not parsed; a long text is cut.", _REQUEST_PAGE, _DOCUMENTED,
        _DOCUMENTED),
    Property("RequesterName", "wszPROPREQUESTERNAME", _STRING, _REQUEST, "Request.RequesterName",
        _POLICY, False, "", "Account that asks, written DOMAIN\\user.", _REQUEST_PAGE, _DOCUMENTED,
        _DOCUMENTED),
    Property("SubmittedWhen", "wszPROPREQUESTSUBMITTEDWHEN", _DATE, _REQUEST,
        "Request.SubmittedWhen", _POLICY, False, "", "When the request came in, UTC.",
        _REQUEST_PAGE, _DOCUMENTED, _DOCUMENTED),
    Property("Disposition", "wszPROPREQUESTDISPOSITION", _LONG, _REQUEST, "Request.Disposition",
        _DECIDED, False, "", "State of the row: a RowDisposition.", _REQUEST_PAGE, _DOCUMENTED,
        _DOCUMENTED),
    Property("DispositionMessage", "wszPROPREQUESTDISPOSITIONMESSAGE", _STRING, _REQUEST,
        "Request.DispositionMessage", _DECIDED, False, "", "Words on the decision.", _REQUEST_PAGE,
        _DOCUMENTED, _DOCUMENTED),
    Property("ResolvedWhen", "wszPROPREQUESTRESOLVEDWHEN", _DATE, _REQUEST, "Request.ResolvedWhen",
        _DECIDED, False, "", "When the decision fell, UTC.", _REQUEST_PAGE, _DOCUMENTED,
        _DOCUMENTED),
    Property("StatusCode", "wszPROPREQUESTSTATUSCODE", _LONG, _REQUEST, "Request.StatusCode",
        _DECIDED, False, "", "HRESULT of the processing; 0 for an issued row.", _REQUEST_PAGE,
        _DOCUMENTED, _DOCUMENTED),
    Property("RawCACertificate", "wszPROPRAWCACERTIFICATE", _BINARY, _REQUEST, "", _POLICY, False,
        "", "The authority's own certificate, offered on this getter too.", _REQUEST_PAGE,
        _DOCUMENTED, _DOCUMENTED),
    Property("DistinguishedName", "wszPROPREQUESTDOT+wszPROPDISTINGUISHEDNAME", _STRING, _REQUEST,
        "Request.DistinguishedName", _POLICY, False, "",
        "Subject text of the request; KEYGEN requests have none.", _NAMES, _DOCUMENTED,
        _DOCUMENTED),
    Property("RawName", "wszPROPREQUESTDOT+wszPROPRAWNAME", _BINARY, _REQUEST, "Request.RawName",
        _POLICY, False, "", "Subject of the request, DER.", _NAMES, _DOCUMENTED, _DOCUMENTED),
    Property("RequestFlags", "wszPROPREQUESTFLAGS", _LONG, _REQUEST, "Request.RequestFlags",
        _POLICY, False, "", "RequestFlag bits.", _CERTSRV, _HEADER, _ASSUMED),
    Property("CallerName", "wszPROPCALLERNAME", _STRING, _REQUEST, "Request.CallerName", _POLICY,
        False, "", "Account that called; another than RequesterName when enrolling on behalf.",
        _CERTSRV, _HEADER, _ASSUMED),
    Property("RevokedWhen", "wszPROPREQUESTREVOKEDWHEN", _DATE, _REQUEST, "Request.RevokedWhen",
        _DECIDED, False, "", "When the officer revoked, UTC.", _CERTSRV, _HEADER, _ASSUMED),
    Property("RevokedEffectiveWhen", "wszPROPREQUESTREVOKEDEFFECTIVEWHEN", _DATE, _REQUEST,
        "Request.RevokedEffectiveWhen", _DECIDED, False, "",
        "From when the revocation counts, the date of the CRL entry.", _CERTSRV, _HEADER, _ASSUMED),
    Property("RevokedReason", "wszPROPREQUESTREVOKEDREASON", _LONG, _REQUEST,
        "Request.RevokedReason", _DECIDED, False, "", "A RevocationReason; -1 after a release.",
        _CERTSRV, _HEADER, _ASSUMED),
    Property("SignerPolicies", "wszPROPSIGNERPOLICIES", _STRING, _REQUEST, "Request.SignerPolicies",
        _POLICY, False, "", "Issuance policies found in the signers' certificates.", _CERTSRV,
        _HEADER, _ASSUMED),
    Property("SignerApplicationPolicies", "wszPROPSIGNERAPPLICATIONPOLICIES", _STRING, _REQUEST,
        "Request.SignerApplicationPolicies", _POLICY, False, "",
        "Application policies found in the signers' certificates.", _CERTSRV, _HEADER, _ASSUMED),
    Property("Officer", "wszPROPOFFICER", _LONG, _REQUEST, "Request.Officer", _DECIDED, False, "",
        "Marker of an officer's hand; its values are not public.", _CERTSRV, _HEADER, _ASSUMED),
    Property("RawOldCertificate", "wszPROPREQUESTRAWOLDCERTIFICATE", _BINARY, _REQUEST,
        "Request.RawOldCertificate", _POLICY, False, "", "The certificate that is renewed, DER.",
        _CERTSRV, _HEADER, _ASSUMED),
    Property("KeyRecoveryHashes", "wszPROPREQUESTKEYRECOVERYHASHES", _STRING, _REQUEST,
        "Request.KeyRecoveryHashes", _DECIDED, False, "",
        "Thumbprints of the recovery agents that the key was sealed to.", _CERTSRV, _HEADER,
        _ASSUMED),
    Property("RawArchivedKey", "wszPROPREQUESTRAWARCHIVEDKEY", _BINARY, _REQUEST,
        "Request.RawArchivedKey", _DECIDED, False, "", "The sealed private key.", _CERTSRV, _HEADER,
        _ASSUMED),
    Property("ArchivedKey", "wszPROPREQUESTARCHIVEDKEY", _BINARY, _REQUEST, "", _DECIDED, False, "",
        "Private key archived with the request.", _CERTSRV, _HEADER, _ASSUMED),
    Property("PublishExpiredCertInCRL", "wszPROPPUBLISHEXPIREDCERTINCRL", _LONG, _REQUEST,
        "PublishExpiredCertInCRL", _DECIDED, False, "",
        "1 keeps the entry on CRLs past expiry; stored in the certificate half.", _CERTSRV, _HEADER,
        _ASSUMED),
    Property("AttestationChallenge", "wszPROPATTESTATIONCHALLENGE", _BINARY, _REQUEST,
        "Request.AttestationChallenge", _POLICY, False, "", "Challenge of a key attestation.",
        _CERTSRV, _HEADER, _ASSUMED),
    Property("EndorsementKeyHash", "wszPROPENDORSEMENTKEYHASH", _STRING, _REQUEST,
        "Request.EndorsementKeyHash", _POLICY, False, "", "Hash of the TPM's endorsement key.",
        _CERTSRV, _HEADER, _ASSUMED),
    Property("EndorsementCertificateHash", "wszPROPENDORSEMENTCERTIFICATEHASH", _STRING, _REQUEST,
        "Request.EndorsementCertificateHash", _POLICY, False, "",
        "Hash of the certificate of that key.", _CERTSRV, _HEADER, _ASSUMED),
    Property("RawPrecertificate", "wszPROPRAWPRECERTIFICATE", _BINARY, _REQUEST,
        "Request.RawPrecertificate", _DECIDED, False, "",
        "Precertificate for transparency logs, DER.", _CERTSRV, _HEADER, _ASSUMED),
    Property("RequesterNameFromOldCertificate", "wszPROPREQUESTERNAMEFROMOLDCERTIFICATE", _STRING,
        _REQUEST, "", _POLICY, False, "", "Account named by the certificate that is renewed.",
        _OLD_NAME, _DOCUMENTED, _DOCUMENTED),
)

CERTIFICATE_PROPERTIES: Final[tuple[Property, ...]] = (
    Property("NotBefore", "wszPROPCERTIFICATENOTBEFOREDATE", _DATE, _CERTIFICATE, "NotBefore",
        _POLICY, True, "", "Start of validity, UTC.", _CERTIFICATE_PAGE, _DOCUMENTED, _DOCUMENTED),
    Property("NotAfter", "wszPROPCERTIFICATENOTAFTERDATE", _DATE, _CERTIFICATE, "NotAfter", _POLICY,
        True, "", "End of validity, UTC.", _CERTIFICATE_PAGE, _DOCUMENTED, _DOCUMENTED),
    Property("RawCertificate", "wszPROPRAWCERTIFICATE", _BINARY, _CERTIFICATE, "RawCertificate",
        _ISSUED, False, "", "The certificate, DER.", _CERTIFICATE_PAGE, _DOCUMENTED, _DOCUMENTED),
    Property("SerialNumber", "wszPROPCERTIFICATESERIALNUMBER", _STRING, _CERTIFICATE,
        "SerialNumber", _ISSUED, False, "", "Serial number in lower-case hex.", _CERTIFICATE_PAGE,
        _DOCUMENTED, _DOCUMENTED),
    Property("DistinguishedName", "wszPROPDISTINGUISHEDNAME", _STRING, _CERTIFICATE,
        "DistinguishedName", _ISSUED, False, "",
        "Subject text of the certificate, built by the SubjectTemplate.", _CERTIFICATE_PAGE,
        _DOCUMENTED, _DOCUMENTED),
    Property("RawName", "wszPROPRAWNAME", _BINARY, _CERTIFICATE, "RawName", _ISSUED, False, "",
        "Subject of the certificate, DER.", _CERTIFICATE_PAGE, _DOCUMENTED, _DOCUMENTED),
    Property("RequestID", "wszPROPCERTIFICATEREQUESTID", _LONG, _CERTIFICATE, "RequestID", _POLICY,
        False, "", "Number of the row.", _CERTIFICATE_PAGE, _DOCUMENTED, _DOCUMENTED),
    Property("RawPublicKey", "wszPROPCERTIFICATERAWPUBLICKEY", _BINARY, _CERTIFICATE,
        "RawPublicKey", _POLICY, False, "", "Public key: content of the BIT STRING.",
        _CERTIFICATE_PAGE, _DOCUMENTED, _DOCUMENTED),
    Property("PublicKeyAlgorithm", "wszPROPCERTIFICATEPUBLICKEYALGORITHM", _STRING, _CERTIFICATE,
        "PublicKeyAlgorithm", _POLICY, False, "", "Algorithm of the public key, dotted.",
        _CERTIFICATE_PAGE, _DOCUMENTED, _DOCUMENTED),
    Property("RawPublicKeyAlgorithmParameters", "wszPROPCERTIFICATERAWPUBLICKEYALGORITHMPARAMETERS",
        _BINARY, _CERTIFICATE, "RawPublicKeyAlgorithmParameters", _POLICY, False, "",
        "Parameters of that algorithm, DER.", _CERTIFICATE_PAGE, _DOCUMENTED, _DOCUMENTED),
    Property("GeneralFlags", "wszPROPCERTIFICATEGENERALFLAGS", _LONG, _CERTIFICATE, "GeneralFlags",
        _POLICY, True, "",
        "General flags of the template; a policy's value is or-ed in, 0x400 keeps no row.",
        _SET_PAGE, _DOCUMENTED, _DOCUMENTED),
    # That policy may set it is seen in the policy sample only.
    Property("CertificateTemplate", "wszPROPCERTIFICATETEMPLATE", _STRING, _CERTIFICATE,
        "CertificateTemplate", _POLICY, True, "", "Template by name or dotted identifier.",
        _CERTSRV, _HEADER, _ASSUMED),
    Property("EnrollmentFlags", "wszPROPCERTIFICATEENROLLMENTFLAGS", _LONG, _CERTIFICATE,
        "EnrollmentFlags", _POLICY, False, "", "Enrolment flags of the template.", _CERTSRV,
        _HEADER, _ASSUMED),
    Property("PrivatekeyFlags", "wszPROPCERTIFICATEPRIVATEKEYFLAGS", _LONG, _CERTIFICATE,
        "PrivatekeyFlags", _POLICY, False, "", "Private key flags of the template.", _CERTSRV,
        _HEADER, _ASSUMED),
    Property("UPN", "wszPROPCERTIFICATEUPN", _STRING, _CERTIFICATE, "UPN", _POLICY, False, "",
        "User principal name.", _CERTSRV, _HEADER, _ASSUMED),
    Property("CertificateHash", "wszPROPCERTIFICATEHASH", _STRING, _CERTIFICATE, "CertificateHash",
        _ISSUED, False, "", "SHA-1 thumbprint: hex pairs with blanks between.", _CERTSRV, _HEADER,
        _ASSUMED),
    Property("SubjectKeyIdentifier", "wszPROPCERTIFICATESUBJECTKEYIDENTIFIER", _STRING,
        _CERTIFICATE, "SubjectKeyIdentifier", _POLICY, False, "",
        "Key identifier: hex pairs with blanks between.", _CERTSRV, _HEADER, _ASSUMED),
    Property("PublicKeyLength", "wszPROPCERTIFICATEPUBLICKEYLENGTH", _LONG, _CERTIFICATE,
        "PublicKeyLength", _POLICY, False, "", "Length of the public key in bits.", _CERTSRV,
        _HEADER, _ASSUMED),
    Property("CertificateType", "wszPROPCERTIFICATETYPE", _LONG, _CERTIFICATE, "", _POLICY, False,
        "", "An old name; no use of it is public.", _CERTSRV, _HEADER, _ASSUMED),
    Property("RawSMIMECapabilities", "wszPROPCERTIFICATERAWSMIMECAPABILITIES", _BINARY,
        _CERTIFICATE, "", _POLICY, False, "", "Mail algorithms of the client, DER.", _CERTSRV,
        _HEADER, _ASSUMED),
    Property("NameType", "wszPROPNAMETYPE", None, _CERTIFICATE, "", _POLICY, False, "",
        "Known by its name only.", _CERTSRV, _HEADER, _ASSUMED),
    Property("CrossForest", "wszPROPCROSSFOREST", _LONG, _CERTIFICATE, "", _POLICY, True, "",
        "Marks a requester from another forest.", _SET_PAGE, _DOCUMENTED, _DOCUMENTED),
    Property("RequesterSAMName", "wszPROPREQUESTERSAMNAME", _STRING, _CERTIFICATE, "", _POLICY,
        True, "", "Requester's account name in the directory.", _SET_PAGE, _DOCUMENTED,
        _DOCUMENTED),
    Property("RequesterUPN", "wszPROPREQUESTERUPN", _STRING, _CERTIFICATE, "", _POLICY, True, "",
        "Requester's principal name in the directory.", _SET_PAGE, _DOCUMENTED, _DOCUMENTED),
    Property("RequesterDN", "wszPROPREQUESTERDN", _STRING, _CERTIFICATE, "", _POLICY, True, "",
        "Requester's distinguished name in the directory.", _SET_PAGE, _DOCUMENTED, _DOCUMENTED),
)

CA_PROPERTIES: Final[tuple[Property, ...]] = (
    Property("CAType", "wszPROPCATYPE", _LONG, _CA, "", _ALWAYS, False, "", "A CAType.",
        _CERTIFICATE_PAGE, _DOCUMENTED, _DOCUMENTED),
    Property("CertCount", "wszPROPCERTCOUNT", _LONG, _CA, "", _ALWAYS, False, "",
        "How many certificates the authority has had: renewals plus one.", _CERTIFICATE_PAGE,
        _DOCUMENTED, _DOCUMENTED),
    Property("CertState", "wszPROPCERTSTATE", _LONG, _CA, "", _ALWAYS, False, "cert",
        "A CADisposition for the certificate with this index.", _CERTIFICATE_PAGE, _DOCUMENTED,
        _DOCUMENTED),
    Property("CertSuffix", "wszPROPCERTSUFFIX", _STRING, _CA, "", _ALWAYS, False, "cert",
        "Ending for file names: empty for index 0, else (n).", _CERTIFICATE_PAGE, _DOCUMENTED,
        _DOCUMENTED),
    Property("RawCACertificate", "wszPROPRAWCACERTIFICATE", _BINARY, _CA, "", _ALWAYS, False,
        "cert", "The authority's certificate with this index, DER.", _CERTIFICATE_PAGE, _DOCUMENTED,
        _DOCUMENTED),
    Property("CRLIndex", "wszPROPCRLINDEX", _LONG, _CA, "", _ALWAYS, False, "cert",
        "Index of the key, and so of the CRL, behind a certificate index.", _CERTIFICATE_PAGE,
        _DOCUMENTED, _DOCUMENTED),
    Property("CRLState", "wszPROPCRLSTATE", _LONG, _CA, "", _ALWAYS, False, "crl",
        "A CADisposition; ERROR where another certificate of the key has the CRL.",
        _CERTIFICATE_PAGE, _DOCUMENTED, _DOCUMENTED),
    Property("CRLSuffix", "wszPROPCRLSUFFIX", _STRING, _CA, "", _ALWAYS, False, "crl",
        "Ending for file names by CRL index: empty for 0, else (n).", _CERTIFICATE_PAGE,
        _DOCUMENTED, _DOCUMENTED),
    Property("RawCRL", "wszPROPRAWCRL", _BINARY, _CA, "", _ALWAYS, False, "crl",
        "Newest base CRL, DER.", _CERTIFICATE_PAGE, _DOCUMENTED, _DOCUMENTED),
    Property("RawDeltaCRL", "wszPROPRAWDELTACRL", _BINARY, _CA, "", _ALWAYS, False, "crl",
        "Newest delta CRL, DER; 0x80070002 while there is none.", _EXIT_SAMPLE, _SAMPLE, _SAMPLE),
    Property("fUseDS", "wszPROPUSEDS", _LONG, _CA, "", _ALWAYS, False, "",
        "1 if the authority works with the directory, else 0.", _CERTIFICATE_PAGE, _DOCUMENTED,
        _DOCUMENTED),
    Property("MachineDNSName", "wszPROPMACHINEDNSNAME", _STRING, _CA, "", _ALWAYS, False, "",
        "DNS name of the server.", _CERTIFICATE_PAGE, _DOCUMENTED, _DOCUMENTED),
    Property("ModuleRegistryLocation", "wszPROPMODULEREGLOC", _STRING, _CA, "", _ALWAYS, False, "",
        "Key of the asking module, below HKEY_LOCAL_MACHINE.", _CERTIFICATE_PAGE, _DOCUMENTED,
        _DOCUMENTED),
    Property("SanitizedCAName", "wszPROPSANITIZEDCANAME", _STRING, _CA, "", _ALWAYS, False, "",
        "Name of the authority with escapes for what is not plain.", _CERTIFICATE_PAGE, _DOCUMENTED,
        _DOCUMENTED),
    Property("SanitizedShortName", "wszPROPSANITIZEDSHORTNAME", _STRING, _CA, "", _ALWAYS, False,
        "", "The sanitized name cut to fit a relative name.", _CERTIFICATE_PAGE, _DOCUMENTED,
        _DOCUMENTED),
    Property("RequesterCAAccess", "wszPROPREQUESTERCAACCESS", _LONG, _CA, "", _REQUEST_CONTEXT,
        False, "", "1 if the requester may enrol, else 0.", _CERTIFICATE_PAGE, _DOCUMENTED,
        _DOCUMENTED),
    Property("fDeltaCRLsDisabled", "wszPROPDELTACRLSDISABLED", _LONG, _CA, "", _ALWAYS, False, "",
        "1 while delta CRLs are off.", _EXIT_SAMPLE, _SAMPLE, _SAMPLE),
    Property("fServerUpgraded", "wszPROPSERVERUPGRADED", _LONG, _CA, "", _ALWAYS, False, "",
        "1 after an upgrade in place.", _POLICY_SAMPLE, _SAMPLE, _SAMPLE),
    Property("KeyArchived", "wszPROPKEYARCHIVED", _LONG, _CA, "", _REQUEST_CONTEXT, False, "",
        "1 if the request came with a key to archive.", _POLICY_SAMPLE, _SAMPLE, _SAMPLE),
    Property("VolatileMode", "wszPROPVOLATILEMODE", _LONG, _CA, "", _ALWAYS, False, "",
        "1 if rows may be left unsaved.", _POLICY_SAMPLE, _SAMPLE, _SAMPLE),
    Property("ConfigDN", "wszPROPCONFIGDN", _STRING, _CA, "", _ALWAYS, False, "",
        "Distinguished name of the directory's configuration container.", _CERTSRV, _HEADER,
        _ASSUMED),
    Property("DomainDN", "wszPROPDOMAINDN", _STRING, _CA, "", _ALWAYS, False, "",
        "Distinguished name of the domain.", _CERTSRV, _HEADER, _ASSUMED),
    Property("UserDN", "wszPROPUSERDN", _STRING, _CA, "", _REQUEST_CONTEXT, False, "",
        "Distinguished name of the requester.", _CERTSRV, _HEADER, _ASSUMED),
    Property("LogLevel", "wszPROPLOGLEVEL", _LONG, _CA, "", _ALWAYS, False, "",
        "How much goes to the event log, 0 to 5.", _CERTSRV, _HEADER, _ASSUMED),
    Property("SessionCount", "wszPROPSESSIONCOUNT", _LONG, _CA, "", _ALWAYS, False, "",
        "Number of database sessions.", _CERTSRV, _HEADER, _ASSUMED),
    Property("TemplateChangeSequenceNumber", "wszPROPTEMPLATECHANGESEQUENCENUMBER", _LONG, _CA, "",
        _ALWAYS, False, "", "Rises when templates change.", _CERTSRV, _HEADER, _ASSUMED),
    Property("LocalizedTimePeriodUnits", "wszLOCALIZEDTIMEPERIODUNITS", _STRING, _CA, "", _ALWAYS,
        False, "", "Words for units of time in the server's language.", _CERTSRV, _HEADER,
        _ASSUMED),
    Property("DCName", "wszPROPDCNAME", _STRING, _CA, "", _ALWAYS, False, "",
        "Domain controller in use.", _CERTSRV, _HEADER, _ASSUMED),
    Property("EventLogTerse", "wszPROPEVENTLOGTERSE", None, _CA, "", _ALWAYS, False, "",
        "Writes to the event log at the level terse; a call dressed as a property.", _CERTSRV,
        _HEADER, _ASSUMED),
    Property("EventLogError", "wszPROPEVENTLOGERROR", None, _CA, "", _ALWAYS, False, "",
        "As EventLogTerse, at the level error.", _CERTSRV, _HEADER, _ASSUMED),
    Property("EventLogWarning", "wszPROPEVENTLOGWARNING", None, _CA, "", _ALWAYS, False, "",
        "As EventLogTerse, at the level warning.", _CERTSRV, _HEADER, _ASSUMED),
    Property("EventLogVerbose", "wszPROPEVENTLOGVERBOSE", None, _CA, "", _ALWAYS, False, "",
        "As EventLogTerse, at the level verbose.", _CERTSRV, _HEADER, _ASSUMED),
    Property("EventLogExhaustive", "wszPROPEVENTLOGEXHAUSTIVE", None, _CA, "", _ALWAYS, False, "",
        "As EventLogTerse, at the level exhaustive.", _CERTSRV, _HEADER, _ASSUMED),
    Property("SEAuditId", "wszPROPSEAUDITID", None, _CA, "", _ALWAYS, False, "",
        "Number of an audit record; known by its name only.", _CERTSRV, _HEADER, _ASSUMED),
    Property("SEAuditFilter", "wszPROPSEAUDITFILTER", None, _CA, "", _ALWAYS, False, "",
        "Filter of audit records; known by its name only.", _CERTSRV, _HEADER, _ASSUMED),
    Property("CRLPartitionIndex", "wszPROPCRLPARTITIONINDEX", None, _CA, "", _ALWAYS, False, "",
        "Partition of a divided CRL.", _CERTSRV, _HEADER, _ASSUMED),
    Property("LinterCertificate", "wszPROPLINTERCERTIFICATE", None, _CA, "", _ALWAYS, False, "",
        "Known by its name only.", _CERTSRV, _HEADER, _ASSUMED),
    Property("LintCertificate", "wszPROPLINTCERTIFICATE", None, _CA, "", _ALWAYS, False, "",
        "Known by its name only.", _CERTSRV, _HEADER, _ASSUMED),
)

REQUEST_ATTRIBUTES: Final[tuple[RequestAttribute, ...]] = (
    RequestAttribute("CertificateTemplate", "wszPROPCERTTEMPLATE", "Template asked for.", _WCCE,
        _DOCUMENTED),
    RequestAttribute("CertificateUsage", "wszPROPCERTUSAGE",
        "Key uses asked for: dotted identifiers with commas; gate EDITF_ATTRIBUTEEKU.",
        _POLICY_SAMPLE, _SAMPLE),
    RequestAttribute("CertType", "wszPROPCERTTYPE",
        "Old kind of certificate, ca or server; gate EDITF_ATTRIBUTECA.", _POLICY_SAMPLE, _SAMPLE),
    RequestAttribute("ValidityPeriod", "wszPROPVALIDITYPERIODSTRING",
        "Unit of a shorter life; gate EDITF_ATTRIBUTEENDDATE.", _POLICY_SAMPLE, _SAMPLE),
    RequestAttribute("ValidityPeriodUnits", "wszPROPVALIDITYPERIODCOUNT",
        "Count of a shorter life; gate EDITF_ATTRIBUTEENDDATE.", _POLICY_SAMPLE, _SAMPLE),
    RequestAttribute("ExpirationDate", "wszPROPEXPIRATIONDATE",
        "Last day of a shorter life; gate EDITF_ATTRIBUTEENDDATE.", _POLICY_SAMPLE, _SAMPLE),
    RequestAttribute("Disposition", "wszPROPDISPOSITION",
        "Deny or Pending, heeded with REQDISP_USEREQUESTATTRIBUTE.", _POLICY_SAMPLE, _SAMPLE),
    RequestAttribute("CertFile", "wszPROPEXITCERTFILE",
        "Wish that the default exit module write the certificate to a file.", _EXIT_SAMPLE,
        _SAMPLE),
    RequestAttribute("Challenge", "wszPROPCHALLENGE", "Challenge inside a KEYGEN request.",
        _ATTRIBUTE_PAGE, _DOCUMENTED),
    RequestAttribute("ExpectedChallenge", "wszPROPEXPECTEDCHALLENGE",
        "Challenge that a KEYGEN request has to match.", _ATTRIBUTE_PAGE, _DOCUMENTED),
    RequestAttribute("RequestOSVersion", "wszPROPREQUESTOSVERSION",
        "Version of the client's operating system.", _CERTSRV, _HEADER),
    RequestAttribute("RequestCSPProvider", "wszPROPREQUESTCSPPROVIDER",
        "Provider that made the key.", _CERTSRV, _HEADER),
    RequestAttribute("cbm", "wszPROPCLIENTBROWSERMACHINE", "Machine of the client's browser.",
        _CERTSRV, _HEADER),
    RequestAttribute("ccm", "wszPROPCERTCLIENTMACHINE", "Machine of the client.", _CERTSRV,
        _HEADER),
    RequestAttribute("cdc", "wszPROPCLIENTDCDNS", "Domain controller of the client.", _WCCE,
        _DOCUMENTED),
    RequestAttribute("rmd", "wszPROPREQUESTMACHINEDNS", "DNS name of the requesting machine.",
        _WCCE, _DOCUMENTED),
    RequestAttribute("san", "wszPROPSUBJECTALTNAME2",
        "Alternative names, kind=value joined by &; gate EDITF_ATTRIBUTESUBJECTALTNAME2.", _WCCE,
        _DOCUMENTED),
)
# fmt: on

_REQUEST_PARTS: Final[Mapping[str, Property]] = MappingProxyType(
    {
        part.name: Property(
            part.name,
            part.symbol,
            _STRING,
            _REQUEST,
            f"Request.{part.name}",
            _POLICY,
            settable=False,
            indexed="",
            meaning="Part of the subject asked for.",
            source=part.source,
            basis=part.basis,
            type_basis=part.basis,
        )
        for part in NAME_PROPERTIES
    }
)
_CERTIFICATE_PARTS: Final[Mapping[str, Property]] = MappingProxyType(
    {
        part.name: _REQUEST_PARTS[part.name]._replace(
            side=_CERTIFICATE,
            column=part.name,
            settable=True,
            meaning="Part of the certificate's subject.",
        )
        for part in NAME_PROPERTIES
    }
)

# Each part's own name first, then its aliases; the prefix Subject. is the caller's to take off.
_SPELLINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        spelling.lower(): part.name
        for part in NAME_PROPERTIES
        for spelling in (part.name, *part.aliases)
    }
)

REQUEST_SIDE: Final[Mapping[str, Property]] = MappingProxyType(
    {row.name.lower(): row for row in REQUEST_PROPERTIES}
    | {spelling: _REQUEST_PARTS[name] for spelling, name in _SPELLINGS.items()}
)
CERTIFICATE_SIDE: Final[Mapping[str, Property]] = MappingProxyType(
    {row.name.lower(): row for row in CERTIFICATE_PROPERTIES}
    | {spelling: _CERTIFICATE_PARTS[name] for spelling, name in _SPELLINGS.items()}
)
CA_SIDE: Final[Mapping[str, Property]] = MappingProxyType(
    {row.name.lower(): row for row in CA_PROPERTIES}
)
