"""Four number spaces for "what happened", and the mappings between them.

The database row, the client, the officer's validity check and the policy module each have their
own enumeration. The numbers overlap and mean different things (2 is "denied" to a client,
"revoked" to the check and "refuse" from a policy module), so certsim never passes one for another:
``CR_FROM_ROW`` and ``CA_FROM_ROW`` are the only bridges. Beside them stand the reasons of a
revocation and the types of a certification authority.

Source: certsrv.h, certcli.h, certadm.h, certpol.h; MS-WCCE 3.2.1.4.2.1.3; MS-CSRA 3.1.1.1.1,
3.1.4.1.5 and 3.1.4.1.8.
"""

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from certsim.facts.basis import Basis


class RowDisposition(enum.IntEnum):
    """Name the states of a request row, column ``Request.Disposition``.

    Source: certsrv.h DB_DISP constants; MS-CSRA 3.1.1.1.1.
    """

    ACTIVE = 8
    PENDING = 9
    FOREIGN = 12
    CA_CERT = 15
    CA_CERT_CHAIN = 16
    KRA_CERT = 17
    ISSUED = 20
    REVOKED = 21
    FAILED = 30  # the header says ERROR; the word for the state is Failed
    DENIED = 31


class CRDisposition(enum.IntEnum):
    """Name the answers a client gets from submitting and retrieving.

    Source: certcli.h CR_DISP constants; sdk-api certcli/nf-certcli-icertrequest-submit.
    """

    INCOMPLETE = 0
    ERROR = 1
    DENIED = 2
    ISSUED = 3
    ISSUED_OUT_OF_BAND = 4
    UNDER_SUBMISSION = 5
    REVOKED = 6


class CADisposition(enum.IntEnum):
    """Name the answers of the validity check; ``CertState`` and ``CRLState`` reuse the numbers.

    Source: certadm.h CA_DISP constants; sdk-api certadm/nf-certadm-icertadmin-isvalidcertificate.
    """

    INCOMPLETE = 0
    ERROR = 1
    REVOKED = 2
    VALID = 3
    INVALID = 4
    UNDER_SUBMISSION = 5


class Verdict(enum.IntEnum):
    """Name what ``VerifyRequest`` may return; any other value is read as an error code.

    Source: certpol.h VR constants; sdk-api certpol/nf-certpol-icertpolicy-verifyrequest.
    """

    PENDING = 0
    INSTANT_OK = 1
    INSTANT_BAD = 2


# Filled below, once the members exist: a member's unsigned spelling leads to the member.
_UNSIGNED: Final[dict[object, "RevocationReason"]] = {}


class RevocationReason(enum.IntEnum):
    """Name the reasons of a revocation and the three codes that ask for something else.

    COM carries the value as a LONG and the wire as a DWORD, so the negative codes are found by
    their unsigned spelling too: ``RevocationReason(0xFFFFFFFF) is RevocationReason.RELEASE``.

    Source: wincrypt.h CRL_REASON constants; RFC 5280 5.3.1; MS-CSRA 3.1.4.1.8.
    """

    # The hook of enum for unknown values; as a bound method of a dict it needs no function here.
    _missing_ = _UNSIGNED.get  # type: ignore[assignment]

    UNSPECIFIED = 0
    KEY_COMPROMISE = 1
    CA_COMPROMISE = 2
    AFFILIATION_CHANGED = 3
    SUPERSEDED = 4
    CESSATION_OF_OPERATION = 5
    CERTIFICATE_HOLD = 6
    REMOVE_FROM_CRL = 8
    PRIVILEGE_WITHDRAWN = 9
    AA_COMPROMISE = 10
    RELEASE = -1
    PUBLISH_EXPIRED = -2
    DROP_EXPIRED = -3


_UNSIGNED.update({reason.value & 0xFFFFFFFF: reason for reason in RevocationReason})


class CAType(enum.IntEnum):
    """Name the types of a certification authority; 2 is not in use.

    Source: certsrv.h ENUM_CATYPES; sdk-api certif/nf-certif-icertserverexit-getcertificateproperty.
    """

    ENTERPRISE_ROOT = 0
    ENTERPRISE_SUB = 1
    STANDALONE_ROOT = 3
    STANDALONE_SUB = 4
    UNKNOWN = 5


class DispositionFact(NamedTuple):
    """Describe one value of the enumerations above; ``symbol`` is empty where no header has one.

    Source: named by each row.
    """

    value: enum.IntEnum
    symbol: str
    meaning: str
    source: str
    basis: Basis


class ClientAnswer(NamedTuple):
    """Say what a client hears about a row in a given state.

    Source: MS-WCCE 3.2.1.4.2.1.3.
    """

    row: RowDisposition
    answer: CRDisposition
    source: str
    basis: Basis


class ValidityAnswer(NamedTuple):
    """Say what the validity check answers for a row in a given state.

    Source: MS-CSRA 3.1.4.1.5.
    """

    row: RowDisposition
    answer: CADisposition
    source: str
    basis: Basis


_DOCUMENTED: Final = Basis.DOCUMENTED
_HEADER: Final = Basis.HEADER
_ASSUMED: Final = Basis.ASSUMED
_ROWS: Final = "certsrv.h, DB_DISP constants"
_STATES: Final = "certsrv.h, DB_DISP constants; MS-CSRA 3.1.1.1.1"
_CLIENT: Final = "sdk-api certcli/nf-certcli-icertrequest-submit"
_CHECK: Final = "sdk-api certadm/nf-certadm-icertadmin-isvalidcertificate"
_VERIFY: Final = "sdk-api certpol/nf-certpol-icertpolicy-verifyrequest"
_REVOKE: Final = "sdk-api certadm/nf-certadm-icertadmin-revokecertificate"
_REVOKE_WIRE: Final = "MS-CSRA 3.1.4.1.8"
_REASONS: Final = "wincrypt.h, CRL_REASON constants; RFC 5280 5.3.1"
_TYPES: Final = "sdk-api certif/nf-certif-icertserverexit-getcertificateproperty, CAType"
_INSPECTION: Final = "MS-WCCE 3.2.1.4.2.1.3"
_VALIDITY: Final = "MS-CSRA 3.1.4.1.5"

# Tables: one row stays together.
# fmt: off
ROW_DISPOSITIONS: Final[tuple[DispositionFact, ...]] = (
    # No reader sees it: the specification calls the row pending while policy runs.
    DispositionFact(RowDisposition.ACTIVE, "DB_DISP_ACTIVE",
        "The engine is at work on the row.", _ROWS, _HEADER),
    DispositionFact(RowDisposition.PENDING, "DB_DISP_PENDING",
        "The request waits for an officer.", _STATES, _DOCUMENTED),
    DispositionFact(RowDisposition.FOREIGN, "DB_DISP_FOREIGN",
        "A certificate of another issuer, imported.", "MS-CSRA 3.1.4.1.26", _DOCUMENTED),
    DispositionFact(RowDisposition.CA_CERT, "DB_DISP_CA_CERT",
        "A certificate of this authority itself.", _ROWS, _HEADER),
    DispositionFact(RowDisposition.CA_CERT_CHAIN, "DB_DISP_CA_CERT_CHAIN",
        "A certificate of this authority, kept with its chain.", _ROWS, _HEADER),
    DispositionFact(RowDisposition.KRA_CERT, "DB_DISP_KRA_CERT",
        "A certificate of a key recovery agent.", _ROWS, _HEADER),
    DispositionFact(RowDisposition.ISSUED, "DB_DISP_ISSUED",
        "A certificate exists and is not revoked.", _STATES, _DOCUMENTED),
    DispositionFact(RowDisposition.REVOKED, "DB_DISP_REVOKED",
        "A certificate exists and is revoked or on hold.", _STATES, _DOCUMENTED),
    DispositionFact(RowDisposition.FAILED, "DB_DISP_ERROR",
        "Processing broke off; the row cannot be taken up again.", _STATES, _DOCUMENTED),
    DispositionFact(RowDisposition.DENIED, "DB_DISP_DENIED",
        "The request was refused; an administrator may resubmit it.", _STATES, _DOCUMENTED),
)

CR_DISPOSITIONS: Final[tuple[DispositionFact, ...]] = (
    DispositionFact(CRDisposition.INCOMPLETE, "CR_DISP_INCOMPLETE",
        "Nothing came of the request; also the answer for an imported foreign row.",
        _CLIENT, _DOCUMENTED),
    DispositionFact(CRDisposition.ERROR, "CR_DISP_ERROR",
        "Processing failed; the status tells why.", _CLIENT, _DOCUMENTED),
    DispositionFact(CRDisposition.DENIED, "CR_DISP_DENIED",
        "Policy or an officer refused the request.", _CLIENT, _DOCUMENTED),
    DispositionFact(CRDisposition.ISSUED, "CR_DISP_ISSUED",
        "The certificate is there to be fetched.", _CLIENT, _DOCUMENTED),
    DispositionFact(CRDisposition.ISSUED_OUT_OF_BAND, "CR_DISP_ISSUED_OUT_OF_BAND",
        "The certificate is delivered by another way.", _CLIENT, _DOCUMENTED),
    DispositionFact(CRDisposition.UNDER_SUBMISSION, "CR_DISP_UNDER_SUBMISSION",
        "The request waits for an officer.", _CLIENT, _DOCUMENTED),
    DispositionFact(CRDisposition.REVOKED, "CR_DISP_REVOKED",
        "The certificate was issued and has been revoked.", _CLIENT, _DOCUMENTED),
)

CA_DISPOSITIONS: Final[tuple[DispositionFact, ...]] = (
    DispositionFact(CADisposition.INCOMPLETE, "CA_DISP_INCOMPLETE",
        "The request has not been worked off.", _CHECK, _DOCUMENTED),
    DispositionFact(CADisposition.ERROR, "CA_DISP_ERROR",
        "The question failed; of a CRL: another certificate of the same key looks after it.",
        _CHECK, _DOCUMENTED),
    DispositionFact(CADisposition.REVOKED, "CA_DISP_REVOKED",
        "Revoked, and the effective date has come.", _CHECK, _DOCUMENTED),
    DispositionFact(CADisposition.VALID, "CA_DISP_VALID",
        "Issued and not revoked; expiry is not looked at.", _CHECK, _DOCUMENTED),
    DispositionFact(CADisposition.INVALID, "CA_DISP_INVALID",
        "Never issued here; of a certificate or CRL of the authority: expired.",
        _CHECK, _DOCUMENTED),
    DispositionFact(CADisposition.UNDER_SUBMISSION, "CA_DISP_UNDER_SUBMISSION",
        "Still waiting for an officer.", _CHECK, _DOCUMENTED),
)

VERDICTS: Final[tuple[DispositionFact, ...]] = (
    DispositionFact(Verdict.PENDING, "VR_PENDING",
        "Leave the request to an officer.", _VERIFY, _DOCUMENTED),
    DispositionFact(Verdict.INSTANT_OK, "VR_INSTANT_OK",
        "Issue at once.", _VERIFY, _DOCUMENTED),
    DispositionFact(Verdict.INSTANT_BAD, "VR_INSTANT_BAD",
        "Refuse at once.", _VERIFY, _DOCUMENTED),
)

REVOCATION_REASONS: Final[tuple[DispositionFact, ...]] = (
    DispositionFact(RevocationReason.UNSPECIFIED, "CRL_REASON_UNSPECIFIED",
        "No reason given; a CRL entry leaves the reason out.", _REVOKE, _DOCUMENTED),
    DispositionFact(RevocationReason.KEY_COMPROMISE, "CRL_REASON_KEY_COMPROMISE",
        "The subject's private key may be known to others.", _REVOKE, _DOCUMENTED),
    DispositionFact(RevocationReason.CA_COMPROMISE, "CRL_REASON_CA_COMPROMISE",
        "The key of a certification authority may be known to others.", _REVOKE, _DOCUMENTED),
    DispositionFact(RevocationReason.AFFILIATION_CHANGED, "CRL_REASON_AFFILIATION_CHANGED",
        "The subject's name or employer is no longer right.", _REVOKE, _DOCUMENTED),
    DispositionFact(RevocationReason.SUPERSEDED, "CRL_REASON_SUPERSEDED",
        "A newer certificate took its place.", _REVOKE, _DOCUMENTED),
    DispositionFact(RevocationReason.CESSATION_OF_OPERATION, "CRL_REASON_CESSATION_OF_OPERATION",
        "The subject went out of service.", _REVOKE, _DOCUMENTED),
    DispositionFact(RevocationReason.CERTIFICATE_HOLD, "CRL_REASON_CERTIFICATE_HOLD",
        "Suspended; the only reason that can be taken back.", _REVOKE, _DOCUMENTED),
    DispositionFact(RevocationReason.REMOVE_FROM_CRL, "CRL_REASON_REMOVE_FROM_CRL",
        "In a delta CRL: the certificate left the list.", _REVOKE_WIRE, _DOCUMENTED),
    # The protocol refuses 9 and 10; only the header and newer help texts of certutil know them.
    DispositionFact(RevocationReason.PRIVILEGE_WITHDRAWN, "CRL_REASON_PRIVILEGE_WITHDRAWN",
        "A right that the certificate vouches for was taken away.", _REASONS, _HEADER),
    DispositionFact(RevocationReason.AA_COMPROMISE, "CRL_REASON_AA_COMPROMISE",
        "The key of an attribute authority may be known to others.", _REASONS, _HEADER),
    DispositionFact(RevocationReason.RELEASE, "MAXDWORD",
        "Release a certificate from hold.", _REVOKE, _DOCUMENTED),
    DispositionFact(RevocationReason.PUBLISH_EXPIRED, "",
        "Set PublishExpiredCertInCRL to 1; nothing is revoked.", _REVOKE_WIRE, _DOCUMENTED),
    DispositionFact(RevocationReason.DROP_EXPIRED, "",
        "Set PublishExpiredCertInCRL to 0; nothing is revoked.", _REVOKE_WIRE, _DOCUMENTED),
)

CA_TYPES: Final[tuple[DispositionFact, ...]] = (
    DispositionFact(CAType.ENTERPRISE_ROOT, "ENUM_ENTERPRISE_ROOTCA",
        "A root that works with the directory.", _TYPES, _DOCUMENTED),
    DispositionFact(CAType.ENTERPRISE_SUB, "ENUM_ENTERPRISE_SUBCA",
        "A subordinate that works with the directory.", _TYPES, _DOCUMENTED),
    DispositionFact(CAType.STANDALONE_ROOT, "ENUM_STANDALONE_ROOTCA",
        "A root that needs no directory.", _TYPES, _DOCUMENTED),
    DispositionFact(CAType.STANDALONE_SUB, "ENUM_STANDALONE_SUBCA",
        "A subordinate that needs no directory.", _TYPES, _DOCUMENTED),
    DispositionFact(CAType.UNKNOWN, "ENUM_UNKNOWN_CA",
        "The type could not be told.", _TYPES, _DOCUMENTED),
)

CLIENT_ANSWERS: Final[tuple[ClientAnswer, ...]] = (
    ClientAnswer(RowDisposition.FOREIGN, CRDisposition.INCOMPLETE, _INSPECTION, _DOCUMENTED),
    ClientAnswer(RowDisposition.DENIED, CRDisposition.DENIED, _INSPECTION, _DOCUMENTED),
    ClientAnswer(RowDisposition.ISSUED, CRDisposition.ISSUED, _INSPECTION, _DOCUMENTED),
    ClientAnswer(RowDisposition.PENDING, CRDisposition.UNDER_SUBMISSION, _INSPECTION, _DOCUMENTED),
    ClientAnswer(RowDisposition.REVOKED, CRDisposition.REVOKED, _INSPECTION, _DOCUMENTED),
    # On the wire the disposition may be the row's status code itself: any other non-zero number.
    ClientAnswer(RowDisposition.FAILED, CRDisposition.ERROR, _INSPECTION, _DOCUMENTED),
)

VALIDITY_ANSWERS: Final[tuple[ValidityAnswer, ...]] = (
    ValidityAnswer(RowDisposition.ISSUED, CADisposition.VALID, _VALIDITY, _DOCUMENTED),
    # Before the effective date the answer is still VALID; that needs the clock, so not this table.
    ValidityAnswer(RowDisposition.REVOKED, CADisposition.REVOKED, _VALIDITY, _DOCUMENTED),
    # Rows without a serial number cannot be asked for by one; these answers are by analogy.
    ValidityAnswer(
        RowDisposition.PENDING, CADisposition.UNDER_SUBMISSION, _VALIDITY, _ASSUMED),
    ValidityAnswer(RowDisposition.FAILED, CADisposition.INVALID, _VALIDITY, _ASSUMED),
    ValidityAnswer(RowDisposition.DENIED, CADisposition.INVALID, _VALIDITY, _ASSUMED),
    # Such a row has a serial number, but what it names was issued elsewhere.
    ValidityAnswer(RowDisposition.FOREIGN, CADisposition.INVALID, _VALIDITY, _ASSUMED),
)
# fmt: on

CERTIFIED: Final = frozenset((RowDisposition.ISSUED, RowDisposition.REVOKED))
"""The states of a row whose certificate this authority has issued. Source: MS-CSRA 3.1.1.1.1."""

CR_FROM_ROW: Final[Mapping[RowDisposition, CRDisposition]] = MappingProxyType(
    {fact.row: fact.answer for fact in CLIENT_ANSWERS}
)
CA_FROM_ROW: Final[Mapping[RowDisposition, CADisposition]] = MappingProxyType(
    {fact.row: fact.answer for fact in VALIDITY_ANSWERS}
)
