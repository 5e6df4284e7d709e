"""The constant groups of the headers, as enumerations.

A member is spelled as in Microsoft's header without the prefix of its group, which the class
docstring names. Where a word is a set of bits the class is an ``IntFlag`` and keeps bits it does
not know. Its ``~`` reaches only as far as the highest known bit, so clear a bit of a word from
outside with ``& ~int(member)``. Where a word holds a number in some of its bits (the format of a
request, the origin of an extension) the class is an ``IntEnum``, since "PKCS10 is contained in
PKCS7" would be nonsense. Such members may still be or-ed: the result is a plain ``int``.

Values with the top bit set are the unsigned spelling; a LONG property shows them negative.

A constant has no sentence of its own: its class carries the source, and the basis is ``header``
for all of them. Whole groups that nothing in certsim reads are left out.

Source: certsrv.h, certcli.h, certadm.h and certif.h of the Windows SDK.
"""

import enum
from typing import Final

from certsim.facts.basis import Basis

# Of every constant in this file.
BASIS: Final = Basis.HEADER


class ExtensionFlag(enum.IntFlag, boundary=enum.KEEP):
    """Name the bits of ``ExtensionFlags`` that steer an extension (EXTENSION_*_FLAG).

    A disabled extension stays in the database and out of the certificate. DELETE is in newer
    headers only. The bits of ``POLICY_MASK`` above these are private to the policy module.

    Source: certsrv.h; sdk-api certif/nf-certif-icertserverpolicy-setcertificateextension.
    """

    CRITICAL = 1
    DISABLE = 2
    DELETE = 4


class ExtensionOrigin(enum.IntEnum):
    """Name where an extension came from: one number in bits 16 to 19 (EXTENSION_ORIGIN_*).

    The engine sets it; nobody else may.

    Source: certsrv.h; sdk-api certif/nf-certif-icertserverexit-getcertificateextensionflags.
    """

    REQUEST = 0x10000
    POLICY = 0x20000
    ADMIN = 0x30000
    SERVER = 0x40000
    RENEWALCERT = 0x50000
    IMPORTEDCERT = 0x60000
    PKCS7 = 0x70000
    CMC = 0x80000
    CACERT = 0x90000


ORIGIN_MASK: Final = 0xF0000  # the number's place in the word
POLICY_MASK: Final = 0xFFFF  # what a policy module may set


class RequestType(enum.IntEnum):
    """Name the parts of the flags of ``Submit`` and of column RequestType (CR_IN_*).

    Three numbers share the word with single bits: bits 0 to 7 tell the transport encoding, 8 to 15
    the format of the request, 16 and 17 the way it came. Zero is both "find out the format" and
    "base64 with header lines".

    Source: certcli.h; MS-WCCE 3.2.1.4.3.1.1; sdk-api certcli/nf-certcli-icertrequest-submit.
    """

    ENCODEANY = 0xFF
    ENCODEMASK = 0xFF
    FORMATANY = 0
    PKCS10 = 0x100
    KEYGEN = 0x200
    PKCS7 = 0x300
    CMC = 0x400
    CHALLENGERESPONSE = 0x500
    SIGNEDCERTIFICATETIMESTAMPLIST = 0x600
    FORMATMASK = 0xFF00
    SCEP = 0x10000
    RPC = 0x20000
    HTTP = 0x30000
    FULLRESPONSE = 0x40000
    CRLS = 0x80000
    MACHINE = 0x100000
    ROBO = 0x200000
    CLIENTIDNONE = 0x400000
    CONNECTONLY = 0x800000
    RETURNCHALLENGE = 0x1000000
    SCEPPOST = 0x2000000
    CERTIFICATETRANSPARENCY = 0x4000000
    PRESIGN = 0x8000000
    BASE64HEADER = 0
    BASE64 = 1
    BINARY = 2


class CROut(enum.IntEnum):
    """Name the encodings (bits 0 to 7) and the additions of a returned certificate (CR_OUT_*).

    Source: certcli.h; sdk-api certcli/nf-certcli-icertrequest-getcertificate.
    """

    BASE64REQUESTHEADER = 3
    HEX = 4
    HEXASCII = 5
    BASE64X509CRLHEADER = 9
    HEXADDR = 0xA
    HEXASCIIADDR = 0xB
    HEXRAW = 0xC
    ENCODEMASK = 0xFF
    CHAIN = 0x100
    CRLS = 0x200
    NOCRLF = 0x40000000
    NOCR = 0x80000000
    BASE64HEADER = 0
    BASE64 = 1
    BINARY = 2


class ErrorMessage(enum.IntEnum):
    """Name the forms of ``GetErrorMessageText`` (CR_GEMT_*).

    Source: certcli.h; sdk-api certcli/nf-certcli-icertrequest2-geterrormessagetext.
    """

    DEFAULT = 0
    HRESULT_STRING = 1
    HTTP_ERROR = 2


class RequestFlag(enum.IntFlag, boundary=enum.KEEP):
    """Name the bits of column RequestFlags (CR_FLG_*).

    Source: certsrv.h; MS-CSRA 3.1.1.1.2.
    """

    FORCETELETEX = 1
    RENEWAL = 2
    FORCEUTF8 = 4
    CAXCHGCERT = 8
    ENROLLONBEHALFOF = 0x10
    SUBJECTUNMODIFIED = 0x20
    VALIDENCRYPTEDKEYHASH = 0x40
    CACROSSCERT = 0x80
    ENFORCEUTF8 = 0x100
    DEFINEDCACERT = 0x200
    CHALLENGEPENDING = 0x400
    CHALLENGESATISFIED = 0x800
    TRUSTONUSE = 0x1000
    TRUSTEKCERT = 0x2000
    TRUSTEKKEY = 0x4000
    PUBLISHERROR = 0x80000000


class RequestDisposition(enum.IntEnum):
    """Name the values of the policy setting RequestDisposition (REQDISP_*).

    Bits 0 to 7 hold the decision; PENDINGFIRST makes every new request wait and leaves the decision
    to the resubmit.

    Source: certsrv.h; Windows SDK policy sample.
    """

    PENDING = 0
    ISSUE = 1
    DENY = 2
    USEREQUESTATTRIBUTE = 3
    MASK = 0xFF
    PENDINGFIRST = 0x100
    DEFAULT_ENTERPRISE = 1
    DEFAULT_STANDALONE = 0x101


class EditFlag(enum.IntFlag, boundary=enum.KEEP):
    """Name the bits of the policy setting EditFlags (EDITF_*).

    The two defaults are those of the Windows Server 2003 header; later servers set more bits.

    Source: certsrv.h; Windows SDK policy sample.
    """

    ENABLEREQUESTEXTENSIONS = 1
    REQUESTEXTENSIONLIST = 2
    DISABLEEXTENSIONLIST = 4
    ADDOLDKEYUSAGE = 8
    ADDOLDCERTTYPE = 0x10
    ATTRIBUTEENDDATE = 0x20
    BASICCONSTRAINTSCRITICAL = 0x40
    BASICCONSTRAINTSCA = 0x80
    ENABLEAKIKEYID = 0x100
    ATTRIBUTECA = 0x200
    IGNOREREQUESTERGROUP = 0x400
    ENABLEAKIISSUERNAME = 0x800
    ENABLEAKIISSUERSERIAL = 0x1000
    ENABLEAKICRITICAL = 0x2000
    SERVERUPGRADED = 0x4000
    ATTRIBUTEEKU = 0x8000
    ENABLEDEFAULTSMIME = 0x10000
    EMAILOPTIONAL = 0x20000
    ATTRIBUTESUBJECTALTNAME2 = 0x40000
    ENABLELDAPREFERRALS = 0x80000
    ENABLECHASECLIENTDC = 0x100000
    AUDITCERTTEMPLATELOAD = 0x200000
    DISABLEOLDOSCNUPN = 0x400000
    DISABLELDAPPACKAGELIST = 0x800000
    ENABLEUPNMAP = 0x1000000
    ENABLEOCSPREVNOCHECK = 0x2000000
    ENABLERENEWONBEHALFOF = 0x4000000
    ENABLEKEYENCIPHERMENTCACERT = 0x8000000
    DEFAULT_STANDALONE = 0x83EE
    DEFAULT_ENTERPRISE = 0x11014E


class PublishFlag(enum.IntFlag, boundary=enum.KEEP):
    """Name the bits of the exit setting PublishCertFlags (EXITPUB_*).

    Source: certsrv.h; Windows SDK exit sample.
    """

    FILE = 1
    ACTIVEDIRECTORY = 2
    REMOVEOLDCERTS = 0x10
    DEFAULT_ENTERPRISE = 2
    DEFAULT_STANDALONE = 1


class CRLKind(enum.IntFlag, boundary=enum.KEEP):
    """Name what a publication run is asked to make (CA_CRL_*).

    Source: certadm.h; sdk-api certadm/nf-certadm-icertadmin2-publishcrls.
    """

    BASE = 1
    DELTA = 2
    REPUBLISH = 0x10


class CRLFlag(enum.IntFlag, boundary=enum.KEEP):
    """Name the bits of the setting CRLFlags (CRLF_*).

    Source: certsrv.h.
    """

    DELTA_USE_OLDEST_UNEXPIRED_BASE = 1
    DELETE_EXPIRED_CRLS = 2
    CRLNUMBER_CRITICAL = 4
    REVCHECK_IGNORE_OFFLINE = 8
    IGNORE_INVALID_POLICIES = 0x10
    REBUILD_MODIFIED_SUBJECT_ONLY = 0x20
    SAVE_FAILED_CERTS = 0x40
    IGNORE_UNKNOWN_CMC_ATTRIBUTES = 0x80
    IGNORE_CROSS_CERT_TRUST_ERROR = 0x100
    PUBLISH_EXPIRED_CERT_CRLS = 0x200
    ENFORCE_ENROLLMENT_AGENT = 0x400
    DISABLE_RDN_REORDER = 0x800
    DISABLE_ROOT_CROSS_CERTS = 0x1000
    LOG_FULL_RESPONSE = 0x2000
    USE_XCHG_CERT_TEMPLATE = 0x4000
    USE_CROSS_CERT_TEMPLATE = 0x8000
    ALLOW_REQUEST_ATTRIBUTE_SUBJECT = 0x10000
    REVCHECK_IGNORE_NOREVCHECK = 0x20000
    PRESERVE_EXPIRED_CA_CERTS = 0x40000
    PRESERVE_REVOKED_CA_CERTS = 0x80000
    DISABLE_CHAIN_VERIFICATION = 0x100000
    BUILD_ROOTCA_CRLENTRIES_BASEDONKEY = 0x200000
    ENABLE_CRL_PARTITION = 0x400000
    PARTITION_ZERO_EXCLUSIVE = 0x800000
    CONTAINS_ONLY_CACERTS = 0x1000000
    CONTAINS_ONLY_USERCERTS = 0x2000000


class CRLPublishFlag(enum.IntFlag, boundary=enum.KEEP):
    """Name the bits of column CRLPublishFlags (CPF_*): kind of list and what went wrong.

    Source: certsrv.h; MS-CSRA 3.1.4.1.6.
    """

    BASE = 1
    DELTA = 2
    COMPLETE = 4
    SHADOW = 8
    CASTORE_ERROR = 0x10
    BADURL_ERROR = 0x20
    MANUAL = 0x40
    SIGNATURE_ERROR = 0x80
    LDAP_ERROR = 0x100
    FILE_ERROR = 0x200
    FTP_ERROR = 0x400
    HTTP_ERROR = 0x800
    POSTPONED_BASE_LDAP_ERROR = 0x1000
    POSTPONED_BASE_FILE_ERROR = 0x2000


class URLFlag(enum.IntFlag, boundary=enum.KEEP):
    """Name the bits before the colon of a publication address (CSURL_*).

    ADDTOCERTCDP means the AIA extension where the address is one of a CA certificate.

    Source: certsrv.h; MS-CSRA appendix note 15.
    """

    SERVERPUBLISH = 1
    ADDTOCERTCDP = 2
    ADDTOFRESHESTCRL = 4
    ADDTOCRLCDP = 8
    PUBLISHRETRY = 0x10
    ADDTOCERTOCSP = 0x20
    SERVERPUBLISHDELTA = 0x40
    ADDTOIDP = 0x80


class KRAFlag(enum.IntFlag, boundary=enum.KEEP):
    """Name the bits of the setting KRAFlags (KRAF_*).

    ENABLEFOREIGN also decides whether foreign certificates may be imported.

    Source: certsrv.h; MS-CSRA 3.1.4.1.26.
    """

    ENABLEFOREIGN = 1
    SAVEBADREQUESTKEY = 2
    ENABLEARCHIVEALL = 4
    DISABLEUSEDEFAULTPROVIDER = 8


class InterfaceFlag(enum.IntFlag, boundary=enum.KEEP):
    """Name the bits of the setting InterfaceFlags (IF_*).

    Source: certsrv.h; MS-CSRA 3.1.1.7.
    """

    LOCKICERTREQUEST = 1
    NOREMOTEICERTREQUEST = 2
    NOLOCALICERTREQUEST = 4
    NORPCICERTREQUEST = 8
    NOREMOTEICERTADMIN = 0x10
    NOLOCALICERTADMIN = 0x20
    NOREMOTEICERTADMINBACKUP = 0x40
    NOLOCALICERTADMINBACKUP = 0x80
    NOSNAPSHOTBACKUP = 0x100
    ENFORCEENCRYPTICERTREQUEST = 0x200
    ENFORCEENCRYPTICERTADMIN = 0x400
    ENABLEEXITKEYRETRIEVAL = 0x800
    ENABLEADMINASAUDITOR = 0x1000
    ENABLEPRESIGNSUPPORT = 0x2000


class RevocationFlag(enum.IntFlag, boundary=enum.KEEP):
    """Name the bits of the policy setting RevocationType (REVEXT_*).

    Source: certsrv.h.
    """

    CDPLDAPURL_OLD = 1
    CDPHTTPURL_OLD = 2
    CDPFTPURL_OLD = 4
    CDPFILEURL_OLD = 8
    CDPURLMASK_OLD = 0xFF
    CDPENABLE = 0x100
    ASPENABLE = 0x200
    DEFAULT_NODS = 0x100
    DEFAULT_DS = 0x100


class IssuerURLFlag(enum.IntFlag, boundary=enum.KEEP):
    """Name the bits of the policy setting IssuerCertURLFlags (ISSCERT_*).

    Source: certsrv.h.
    """

    LDAPURL_OLD = 1
    HTTPURL_OLD = 2
    FTPURL_OLD = 4
    FILEURL_OLD = 8
    URLMASK_OLD = 0xFF
    ENABLE = 0x100
    DEFAULT_NODS = 0x100
    DEFAULT_DS = 0x100


class DatabaseFlag(enum.IntFlag, boundary=enum.KEEP):
    """Name the bits of the setting DBFlags (DBFLAGS_*).

    Source: certsrv.h.
    """

    READONLY = 1
    CREATEIFNEEDED = 2
    CIRCULARLOGGING = 4
    LAZYFLUSH = 8
    MAXCACHESIZEX100 = 0x10
    CHECKPOINTDEPTH60MB = 0x20
    LOGBUFFERSLARGE = 0x40
    LOGBUFFERSHUGE = 0x80
    LOGFILESIZE16MB = 0x100
    MULTITHREADTRANSACTIONS = 0x200
    DISABLESNAPSHOTBACKUP = 0x400
    ENABLEVOLATILEREQUESTS = 0x800


class SetupFlag(enum.IntFlag, boundary=enum.KEEP):
    """Name the bits of the setting SetupStatus (SETUP_*).

    Source: certsrv.h.
    """

    SERVER_FLAG = 1
    CLIENT_FLAG = 2
    SUSPEND_FLAG = 4
    REQUEST_FLAG = 8
    ONLINE_FLAG = 0x10
    DENIED_FLAG = 0x20
    CREATEDB_FLAG = 0x40
    ATTEMPT_VROOT_CREATE = 0x80
    FORCECRL_FLAG = 0x100
    UPDATE_CAOBJECT_SVRTYPE = 0x200
    SERVER_UPGRADED_FLAG = 0x400
    W2K_SECURITY_NOT_UPGRADED_FLAG = 0x800
    SECURITY_CHANGED = 0x1000
    DCOM_SECURITY_UPDATED_FLAG = 0x2000
    SERVER_IS_UP_TO_DATE_FLAG = 0x4000


class LogLevel(enum.IntEnum):
    """Name the values of the setting LogLevel (CERTLOG_*): how much goes into the event log.

    Source: certsrv.h.
    """

    MINIMAL = 0
    TERSE = 1
    ERROR = 2
    WARNING = 3
    VERBOSE = 4
    EXHAUSTIVE = 5


class CAAccess(enum.IntFlag, boundary=enum.KEEP):
    """Name the permissions on a certification authority (CA_ACCESS_*).

    MASKROLES covers the bits that are roles; ENROLL, OFFICER and ADMIN imply READ.

    Source: certsrv.h; MS-CSRA 3.1.1.7.
    """

    MASKROLES = 0xFF
    ADMIN = 1
    AUDITOR = 4
    ENROLL = 0x200
    OFFICER = 2
    OPERATOR = 8
    READ = 0x100


class ImportFlag(enum.IntFlag, boundary=enum.KEEP):
    """Name the wishes of ``ImportCertificate`` (ICF_*).

    Source: certadm.h; sdk-api certadm/nf-certadm-icertadmin-importcertificate.
    """

    ALLOWFOREIGN = 0x10000
    EXISTINGROW = 0x20000


class DeleteRowFlag(enum.IntFlag, boundary=enum.KEEP):
    """Name which date ``DeleteRow`` compares (CDR_*).

    Source: certadm.h; sdk-api certadm/nf-certadm-icertadmin2-deleterow.
    """

    EXPIRED = 1
    REQUEST_LAST_CHANGED = 2
