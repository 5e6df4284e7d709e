"""The database: five tables, their columns, types and widths.

The first two are the halves of one row for each request: ``REQUEST`` what was asked, its column
names with the prefix ``Request.``, and ``CERTIFICATE`` what came of it. ``EXTENSION`` and
``ATTRIBUTE`` hang on a request's number; ``CRL`` has a row for each list that was signed.

Names and order are those a server prints; the specification spells a few of them otherwise
(PrivateKeyFlags, IssuerNameId, CRLLastPublish) and knows columns that came with later versions.

Source: published output of certutil -schema, Windows Server 2019; MS-CSRA appendix note 4.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from certsim.facts.basis import Basis
from certsim.facts.properties import PropType


class Column(NamedTuple):
    """Describe one column; ``max_length`` counts bytes, for strings characters.

    ``name`` is spelled as in a view, unique over all tables.

    Source: named by each row.
    """

    name: str
    type: PropType
    max_length: int
    indexed: bool
    source: str
    basis: Basis


_LONG: Final = PropType.LONG
_DATE: Final = PropType.DATE
_BINARY: Final = PropType.BINARY
_STRING: Final = PropType.STRING
_OBSERVED: Final = Basis.OBSERVED
_ASSUMED: Final = Basis.ASSUMED
_SCHEMA: Final = "certutil -schema, published output; MS-CSRA appendix note 4"
_CRL_TABLE: Final = "MS-CSRA appendix note 4"

# Tables: one row stays together, fields in the order of the class.
# fmt: off
REQUEST: Final[tuple[Column, ...]] = (
    Column("Request.RequestID", _LONG, 4, True, _SCHEMA, _OBSERVED),
    Column("Request.RawRequest", _BINARY, 65536, False, _SCHEMA, _OBSERVED),
    Column("Request.RawArchivedKey", _BINARY, 65536, False, _SCHEMA, _OBSERVED),
    Column("Request.KeyRecoveryHashes", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.RawOldCertificate", _BINARY, 16384, False, _SCHEMA, _OBSERVED),
    Column("Request.RequestAttributes", _STRING, 32768, False, _SCHEMA, _OBSERVED),
    Column("Request.RequestType", _LONG, 4, False, _SCHEMA, _OBSERVED),
    Column("Request.RequestFlags", _LONG, 4, False, _SCHEMA, _OBSERVED),
    Column("Request.StatusCode", _LONG, 4, False, _SCHEMA, _OBSERVED),
    Column("Request.Disposition", _LONG, 4, True, _SCHEMA, _OBSERVED),
    Column("Request.DispositionMessage", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.SubmittedWhen", _DATE, 8, True, _SCHEMA, _OBSERVED),
    Column("Request.ResolvedWhen", _DATE, 8, True, _SCHEMA, _OBSERVED),
    Column("Request.RevokedWhen", _DATE, 8, False, _SCHEMA, _OBSERVED),
    Column("Request.RevokedEffectiveWhen", _DATE, 8, True, _SCHEMA, _OBSERVED),
    Column("Request.RevokedReason", _LONG, 4, False, _SCHEMA, _OBSERVED),
    Column("Request.RequesterName", _STRING, 2048, True, _SCHEMA, _OBSERVED),
    Column("Request.CallerName", _STRING, 2048, True, _SCHEMA, _OBSERVED),
    Column("Request.SignerPolicies", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.SignerApplicationPolicies", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.Officer", _LONG, 4, False, _SCHEMA, _OBSERVED),
    Column("Request.DistinguishedName", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.RawName", _BINARY, 4096, False, _SCHEMA, _OBSERVED),
    Column("Request.Country", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.Organization", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.OrgUnit", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.CommonName", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.Locality", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.State", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.Title", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.GivenName", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.Initials", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.SurName", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.DomainComponent", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.EMail", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.StreetAddress", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.UnstructuredName", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.UnstructuredAddress", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.DeviceSerialNumber", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Request.AttestationChallenge", _BINARY, 4096, False, _SCHEMA, _OBSERVED),
    Column("Request.EndorsementKeyHash", _STRING, 144, True, _SCHEMA, _OBSERVED),
    Column("Request.EndorsementCertificateHash", _STRING, 144, True, _SCHEMA, _OBSERVED),
    Column("Request.RawPrecertificate", _BINARY, 16384, False, _SCHEMA, _OBSERVED),
)

CERTIFICATE: Final[tuple[Column, ...]] = (
    Column("RequestID", _LONG, 4, True, _SCHEMA, _OBSERVED),
    Column("RawCertificate", _BINARY, 16384, False, _SCHEMA, _OBSERVED),
    Column("CertificateHash", _STRING, 128, True, _SCHEMA, _OBSERVED),
    Column("CertificateTemplate", _STRING, 254, True, _SCHEMA, _OBSERVED),
    Column("EnrollmentFlags", _LONG, 4, False, _SCHEMA, _OBSERVED),
    Column("GeneralFlags", _LONG, 4, False, _SCHEMA, _OBSERVED),
    Column("PrivatekeyFlags", _LONG, 4, False, _SCHEMA, _OBSERVED),
    Column("SerialNumber", _STRING, 128, True, _SCHEMA, _OBSERVED),
    Column("IssuerNameID", _LONG, 4, False, _SCHEMA, _OBSERVED),
    Column("NotBefore", _DATE, 8, False, _SCHEMA, _OBSERVED),
    Column("NotAfter", _DATE, 8, True, _SCHEMA, _OBSERVED),
    Column("SubjectKeyIdentifier", _STRING, 128, True, _SCHEMA, _OBSERVED),
    Column("RawPublicKey", _BINARY, 4096, False, _SCHEMA, _OBSERVED),
    Column("PublicKeyLength", _LONG, 4, False, _SCHEMA, _OBSERVED),
    Column("PublicKeyAlgorithm", _STRING, 254, False, _SCHEMA, _OBSERVED),
    Column("RawPublicKeyAlgorithmParameters", _BINARY, 4096, False, _SCHEMA, _OBSERVED),
    Column("PublishExpiredCertInCRL", _LONG, 4, False, _SCHEMA, _OBSERVED),
    Column("UPN", _STRING, 2048, True, _SCHEMA, _OBSERVED),
    Column("DistinguishedName", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("RawName", _BINARY, 4096, False, _SCHEMA, _OBSERVED),
    Column("Country", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Organization", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("OrgUnit", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("CommonName", _STRING, 8192, True, _SCHEMA, _OBSERVED),
    Column("Locality", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("State", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Title", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("GivenName", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("Initials", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("SurName", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("DomainComponent", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("EMail", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("StreetAddress", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("UnstructuredName", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("UnstructuredAddress", _STRING, 8192, False, _SCHEMA, _OBSERVED),
    Column("DeviceSerialNumber", _STRING, 8192, False, _SCHEMA, _OBSERVED),
)

EXTENSION: Final[tuple[Column, ...]] = (
    Column("ExtensionRequestId", _LONG, 4, True, _SCHEMA, _OBSERVED),
    Column("ExtensionName", _STRING, 254, False, _SCHEMA, _OBSERVED),
    Column("ExtensionFlags", _LONG, 4, False, _SCHEMA, _OBSERVED),
    Column("ExtensionRawValue", _BINARY, 4096, False, _SCHEMA, _OBSERVED),
)

ATTRIBUTE: Final[tuple[Column, ...]] = (
    Column("AttributeRequestId", _LONG, 4, True, _SCHEMA, _OBSERVED),
    Column("AttributeName", _STRING, 254, False, _SCHEMA, _OBSERVED),
    Column("AttributeValue", _STRING, 8192, False, _SCHEMA, _OBSERVED),
)

# The numbers of this table are from memory; its column names are documented.
CRL: Final[tuple[Column, ...]] = (
    Column("CRLRowId", _LONG, 4, True, _CRL_TABLE, _ASSUMED),
    Column("CRLNumber", _LONG, 4, True, _CRL_TABLE, _ASSUMED),
    Column("CRLMinBase", _LONG, 4, False, _CRL_TABLE, _ASSUMED),
    Column("CRLNameId", _LONG, 4, False, _CRL_TABLE, _ASSUMED),
    Column("CRLCount", _LONG, 4, False, _CRL_TABLE, _ASSUMED),
    Column("CRLThisUpdate", _DATE, 8, False, _CRL_TABLE, _ASSUMED),
    Column("CRLNextUpdate", _DATE, 8, True, _CRL_TABLE, _ASSUMED),
    Column("CRLThisPublish", _DATE, 8, False, _CRL_TABLE, _ASSUMED),
    Column("CRLNextPublish", _DATE, 8, True, _CRL_TABLE, _ASSUMED),
    Column("CRLEffective", _DATE, 8, False, _CRL_TABLE, _ASSUMED),
    Column("CRLPropagationComplete", _DATE, 8, True, _CRL_TABLE, _ASSUMED),
    Column("CRLLastPublished", _DATE, 8, True, _CRL_TABLE, _ASSUMED),
    Column("CRLPublishAttempts", _LONG, 4, True, _CRL_TABLE, _ASSUMED),
    Column("CRLPublishFlags", _LONG, 4, False, _CRL_TABLE, _ASSUMED),
    Column("CRLPublishStatusCode", _LONG, 4, True, _CRL_TABLE, _ASSUMED),
    Column("CRLPublishError", _STRING, 8192, False, _CRL_TABLE, _ASSUMED),
    Column("CRLRawCRL", _BINARY, 536870912, False, _CRL_TABLE, _ASSUMED),
)
# fmt: on

TABLES: Final[Mapping[str, tuple[Column, ...]]] = MappingProxyType(
    {
        "Request": REQUEST,
        "Certificate": CERTIFICATE,
        "Extension": EXTENSION,
        "Attribute": ATTRIBUTE,
        "CRL": CRL,
    }
)
COLUMNS: Final[Mapping[str, Column]] = MappingProxyType(
    {column.name: column for table in TABLES.values() for column in table}
)
