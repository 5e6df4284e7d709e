"""Result codes with their meaning: what a module, a client or the event log may show.

``HRESULT`` has the numbers (see ``hresult_codes``); ``HRESULT_FACTS`` has a row for each name, and
``HRESULTS`` finds a row by the signed number. Of two names for one number the first listed answers.

Source: winerror.h for names and numbers; MS-CSRA 3.1.4, MS-WCCE 3.2.1.4 and 3.2.2.6.2.1.4 for what
the authority means by them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from certsim.facts.basis import Basis
from certsim.facts.hresult_codes import HRESULT
from certsim.facts.hresults_other import OTHER_MEANINGS

__all__ = ["HRESULT", "HRESULTS", "HRESULT_FACTS", "HResult"]


class HResult(NamedTuple):
    """Describe one result code; ``value`` is unsigned, as documents print it.

    ``basis`` grades name and number. The meaning is certsim's own sentence.

    Source: winerror.h.
    """

    symbol: str
    value: int
    meaning: str
    source: str
    basis: Basis


_SOURCE: Final = "winerror.h"

_MEANINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "S_OK": "Success.",
        "S_FALSE": "Success with nothing to hand over; ends an enumeration.",
        "E_NOTIMPL": "The method does nothing on this server.",
        "E_NOINTERFACE": "The object has no such interface.",
        "E_POINTER": "An output pointer was null.",
        "E_ABORT": "Given up before the end.",
        "E_FAIL": "Failed for a reason that has no code.",
        "E_UNEXPECTED": "Called at a moment when the call makes no sense.",
        "E_ACCESSDENIED": "The caller may not do this.",
        "E_HANDLE": "The handle is not valid.",
        "E_OUTOFMEMORY": "Memory ran out.",
        "E_INVALIDARG": "An argument cannot be used; also Win32 error 87, wrapped.",
        "ERROR_FILE_NOT_FOUND": "Win32 error 2, wrapped: no such file or key, or no such CRL.",
        "ERROR_INVALID_DATA": "Win32 error 13, wrapped: the data cannot be used.",
        "ERROR_ARITHMETIC_OVERFLOW": "Win32 error 534, wrapped: column index past the last.",
        "ERROR_FILE_EXISTS": "Win32 error 80, wrapped: the file is there already.",
        "ERROR_ALREADY_EXISTS": "Win32 error 183, wrapped: the thing to make is there already.",
        "ERROR_MORE_DATA": "Win32 error 234, wrapped: the buffer holds only a part.",
        "ERROR_NOT_FOUND": "Win32 error 1168, wrapped: the element is not there.",
        "RPC_S_SERVER_UNAVAILABLE": "Win32 error 1722, wrapped: a stopped authority.",
        "RPC_S_UNKNOWN_IF": "Win32 error 1717, wrapped: service not running.",
        "CERTDB_E_JET_ERROR": "The database engine reported a fault.",
        "CERTSRV_E_BAD_REQUESTSUBJECT": "The subject is missing, malformed or too long.",
        "CERTSRV_E_NO_REQUEST": "There is no request by that number.",
        "CERTSRV_E_BAD_REQUESTSTATUS": "The state of the row rules the operation out.",
        "CERTSRV_E_PROPERTY_EMPTY": "No value was set, or there is no such row.",
        "CERTSRV_E_INVALID_CA_CERTIFICATE": "The authority's own certificate cannot be used.",
        "CERTSRV_E_SERVER_SUSPENDED": "The server pauses for a backup or restore.",
        "CERTSRV_E_ENCODING_LENGTH": "A length inside the encoding cannot be right.",
        "CERTSRV_E_ROLECONFLICT": "The caller holds more roles than role separation allows.",
        "CERTSRV_E_RESTRICTEDOFFICER": "The officer's rights do not reach so far.",
        "CERTSRV_E_KEY_ARCHIVAL_NOT_CONFIGURED": "The authority does not archive keys.",
        "CERTSRV_E_NO_VALID_KRA": "No recovery agent's certificate can be used.",
        "CERTSRV_E_BAD_REQUEST_KEY_ARCHIVAL": "The key sent for archiving cannot be read.",
        "CERTSRV_E_NO_CAADMIN_DEFINED": "Nobody would be left who administers the authority.",
        "CERTSRV_E_BAD_RENEWAL_CERT_ATTRIBUTE": "The old certificate is named and missing.",
        "CERTSRV_E_NO_DB_SESSIONS": "All database sessions are taken.",
        "CERTSRV_E_ALIGNMENT_FAULT": "The service hit a misaligned address.",
        "CERTSRV_E_ENROLL_DENIED": "The requester may not enrol at this authority.",
        "CERTSRV_E_TEMPLATE_DENIED": "The requester may not enrol for this template.",
        "CERTSRV_E_DOWNLEVEL_DC_SSL_OR_UPGRADE": "The domain controller is too old.",
        "CERTSRV_E_ADMIN_DENIED_REQUEST": "An officer or the policy module said no.",
        "CERTSRV_E_NO_POLICY_SERVER": "No enrolment policy server can be reached.",
        "CERTSRV_E_WEAK_SIGNATURE_OR_KEY": "An algorithm or key length below what is allowed.",
        "CERTSRV_E_KEY_ATTESTATION_NOT_SUPPORTED": "The authority cannot attest keys.",
        "CERTSRV_E_ENCRYPTION_CERT_REQUIRED": "A certificate for encrypting is needed.",
        "CERTSRV_E_UNSUPPORTED_CERT_TYPE": "The authority does not offer this template.",
        "CERTSRV_E_NO_CERT_TYPE": "The request names no template.",
        "CERTSRV_E_TEMPLATE_CONFLICT": "The request names its template twice, differently.",
        "CERTSRV_E_SUBJECT_ALT_NAME_REQUIRED": "The template wants an alternative name.",
        "CERTSRV_E_ARCHIVED_KEY_REQUIRED": "The template wants the private key archived.",
        "CERTSRV_E_SMIME_REQUIRED": "The template wants mail capabilities.",
        "CERTSRV_E_BAD_RENEWAL_SUBJECT": "The renewal has another subject.",
        "CERTSRV_E_BAD_TEMPLATE_VERSION": "The request asks for another version of the template.",
        "CERTSRV_E_TEMPLATE_POLICY_REQUIRED": "The template names no signing policy.",
        "CERTSRV_E_SIGNATURE_POLICY_REQUIRED": "A signature lacks an application policy.",
        "CERTSRV_E_SIGNATURE_COUNT": "Too few signatures on the request.",
        "CERTSRV_E_SIGNATURE_REJECTED": "A signature on the request does not count.",
        "CERTSRV_E_ISSUANCE_POLICY_REQUIRED": "A signature lacks an issuance policy.",
        "CERTSRV_E_SUBJECT_UPN_REQUIRED": "The directory has no principal name for the subject.",
        "CERTSRV_E_SUBJECT_DIRECTORY_GUID_REQUIRED": "The directory has no GUID for the subject.",
        "CERTSRV_E_SUBJECT_DNS_REQUIRED": "The directory has no DNS name for the subject.",
        "CERTSRV_E_ARCHIVED_KEY_UNEXPECTED": "A key to archive that nobody asked for.",
        "CERTSRV_E_KEY_LENGTH": "The public key is shorter than the template wants.",
        "CERTSRV_E_SUBJECT_EMAIL_REQUIRED": "The directory has no e-mail address for the subject.",
        "CERTSRV_E_UNKNOWN_CERT_TYPE": "No such template is known.",
        "CERTSRV_E_CERT_TYPE_OVERLAP": "Two versions or kinds of one template collide.",
        "CERTSRV_E_TOO_MANY_SIGNATURES": "More signatures on the request than allowed.",
        "CERTSRV_E_RENEWAL_BAD_PUBLIC_KEY": "The renewal may not have this key.",
        "CERTSRV_E_INVALID_EK": "The endorsement certificate cannot be trusted.",
        "CERTSRV_E_INVALID_IDBINDING": "The binding of identity and key does not verify.",
        "CERTSRV_E_INVALID_ATTESTATION": "The attestation does not verify.",
        "CERTSRV_E_KEY_ATTESTATION": "No attestation that counts.",
        "CERTSRV_E_CORRUPT_KEY_ATTESTATION": "The attestation cannot be read.",
        "CERTSRV_E_EXPIRED_CHALLENGE": "The answer to the challenge came too late.",
        "CERTSRV_E_INVALID_RESPONSE": "The answer to the challenge is wrong.",
        "CERTSRV_E_INVALID_REQUESTID": "The request number does not fit the call.",
        "CERTSRV_E_REQUEST_PRECERTIFICATE_MISMATCH": "The precertificate is another's.",
        "CERTSRV_E_PENDING_CLIENT_RESPONSE": "The next step is the client's.",
        "CERTSRV_E_SEC_EXT_DIRECTORY_SID_REQUIRED": "The directory has no SID.",
        "CERT_E_EXPIRED": "The time is outside the certificate's validity.",
        "CERT_E_VALIDITYPERIODNESTING": "A certificate outlives the one above it.",
        "CERT_E_ROLE": "An authority's certificate where an end one belongs, or the reverse.",
        "CERT_E_PATHLENCONST": "The path is longer than a certificate in it allows.",
        "CERT_E_CRITICAL": "A critical extension is not understood.",
        "CERT_E_PURPOSE": "Used for something it was not issued for.",
        "CERT_E_ISSUERCHAINING": "Signed by another issuer than the one expected.",
        "CERT_E_MALFORMED": "A field that must be there is missing or empty.",
        "CERT_E_UNTRUSTEDROOT": "The path ends in a root that is not trusted.",
        "CERT_E_CHAINING": "No path leads to a trusted root.",
        "CERT_E_REVOKED": "The issuer has revoked the certificate.",
        "CERT_E_UNTRUSTEDTESTROOT": "The path ends in a root that is for tests only.",
        "CERT_E_REVOCATION_FAILURE": "The check for revocation broke off.",
        "CERT_E_CN_NO_MATCH": "The name is not the one that was expected.",
        "CERT_E_WRONG_USAGE": "The key uses do not cover this one.",
        "CERT_E_UNTRUSTEDCA": "An authority in the path is not trusted.",
        "CERT_E_INVALID_POLICY": "The policies of the path do not fit together.",
        "CERT_E_INVALID_NAME": "A name breaks the constraints of the path.",
        "TRUST_E_CERT_SIGNATURE": "The signature on the certificate does not verify.",
        "TRUST_E_BASIC_CONSTRAINTS": "The basic constraints are not kept.",
        "CRYPT_E_REVOKED": "The certificate or its signature is revoked.",
        "CRYPT_E_REVOCATION_OFFLINE": "No source of revocation news can be reached.",
        "CRYPT_E_NO_REVOCATION_CHECK": "Revocation could not be looked into.",
        "CRYPT_E_NOT_FOUND": "The object or property is not there.",
        "CRYPT_E_EXISTS": "The object or property is there already.",
        "CRYPT_E_ASN1_BADTAG": "A tag that ASN.1 does not expect here.",
        "CRYPT_E_ASN1_EOD": "The ASN.1 data stop too soon.",
        "CRYPT_E_ASN1_CORRUPT": "The ASN.1 data contradict themselves.",
        "CRYPT_E_BAD_ENCODE": "The value could not be encoded or decoded.",
        "CRYPT_E_INVALID_IA5_STRING": "A character lies outside seven bits.",
        "CRYPT_E_INVALID_PRINTABLE_STRING": "A character lies outside PrintableString.",
        "CRYPT_E_INVALID_X500_STRING": "The text is no X.500 name.",
        "NTE_BAD_SIGNATURE": "The signature does not verify.",
        "NTE_BAD_ALGID": "The algorithm is not one the provider has.",
        "NTE_BAD_KEY": "The key cannot be used so.",
        "NTE_BAD_LEN": "A length cannot be right.",
        "NTE_BAD_DATA": "The data cannot be used.",
        "NTE_PERM": "The key may not be used by this caller.",
        "NTE_NOT_FOUND": "The provider has no such object.",
        "NTE_EXISTS": "The provider has such an object already.",
        "NTE_BAD_FLAGS": "The flags are not valid.",
        "NTE_BAD_TYPE": "The type is not valid.",
        "NTE_FAIL": "The provider failed inside.",
        "ERROR_PATH_NOT_FOUND": "Win32 error 3, wrapped: there is no such folder.",
        "ERROR_WRITE_PROTECT": "Win32 error 19, wrapped: it can be read and not written.",
        "ERROR_WRITE_FAULT": "Win32 error 29, wrapped: writing failed.",
        "ERROR_SHARING_VIOLATION": "Win32 error 32, wrapped: another process holds it.",
        "ERROR_DISK_FULL": "Win32 error 112, wrapped: there is no room left.",
        "ERROR_BAD_PATHNAME": "Win32 error 161, wrapped: not a place that can be written to.",
        "ERROR_UNKNOWN_REVISION": "Win32 error 1305, wrapped: made by a version unknown here.",
        "ERROR_FILE_CORRUPT": "Win32 error 1392, wrapped: the file is damaged.",
        "ERROR_OBJECT_ALREADY_EXISTS": "Win32 error 5010, wrapped: serial number in use.",
        "DISP_E_EXCEPTION": "A late-bound call failed; the real code is in the exception record.",
        "CO_E_CLASSSTRING": "No class is registered under that name.",
    }
)

HRESULT_FACTS: Final[tuple[HResult, ...]] = tuple(
    HResult(symbol, HRESULT[symbol].value & 0xFFFFFFFF, meaning, _SOURCE, Basis.HEADER)
    for meanings in (_MEANINGS, OTHER_MEANINGS)
    for symbol, meaning in meanings.items()
)

# Later entries of a dict replace earlier ones, so the table is read backwards.
HRESULTS: Final[Mapping[int, HResult]] = MappingProxyType(
    {(fact.value ^ 0x80000000) - 0x80000000: fact for fact in reversed(HRESULT_FACTS)}
)
