"""The events of the security audit: which bit of ``AuditFilter`` lets each out, and its fields.

The table has all 33 events of the subcategory Certification Services. ``written`` tells which of
them certsim has an operation for. Names of fields are those of the event's data on Windows, in
their order. Most events of somebody's doing end with the four ``SUBJECT_FIELDS``, which say who it
was; ``subject`` stands for them. ``Disposition`` is the client's number: 3 for issued.

A bit covers methods, by the specification, and each event belongs to the method that causes it.
Where an event has no method in that list, the page of the dialog or nobody tells its bit.

Source: MS-CSRA 3.1.4.2.10; windows-itpro-docs audit-certification-services; the manifest of
Microsoft-Windows-Security-Auditing in Windows 7 and 10, as third parties published it; the pages
on single events at gradenegger.eu and ultimatewindowssecurity.com.
"""

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from certsim.facts.basis import Basis


class AuditFilter(enum.IntFlag, boundary=enum.KEEP):
    """Name the bits of the setting AuditFilter; no header names them, so the words are certsim's.

    ``~`` reaches only as far as the highest named bit: clear a bit with ``& ~int(bit)``.

    Source: MS-CSRA 3.1.4.2.10.
    """

    SERVICE = 1  # start, stop
    BACKUP = 2  # backup, restore
    REQUESTS = 4  # what becomes of requests, import, deleted rows
    REVOCATION = 8  # revocation, publication of CRLs
    SECURITY = 0x10  # permissions, officer rights
    KEYS = 0x20  # archived keys
    CONFIGURATION = 0x40  # settings, properties
    ALL = 0x7F


SUBJECT_FIELDS: Final = (
    "SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId",
)  # fmt: skip
"""Who did it: the last fields of every event whose row says ``subject``."""


class AuditFact(NamedTuple):
    """Describe one event; ``filter_bit`` is the bit that has to be set for it to be written.

    Source: named by each row.
    """

    event_id: int
    name: str
    filter_bit: AuditFilter
    fields: tuple[str, ...]
    subject: bool
    written: bool
    source: str
    basis: Basis


_SERVICE: Final = AuditFilter.SERVICE
_BACKUP: Final = AuditFilter.BACKUP
_REQUESTS: Final = AuditFilter.REQUESTS
_REVOCATION: Final = AuditFilter.REVOCATION
_SECURITY: Final = AuditFilter.SECURITY
_KEYS: Final = AuditFilter.KEYS
_CONFIGURATION: Final = AuditFilter.CONFIGURATION

_STATE: Final = (
    "CertificateDatabaseHash", "PrivateKeyUsageCount", "CACertificateHash", "CAPublicKeyHash",
)  # fmt: skip
_REQUEST: Final = ("RequestId", "Requester", "Attributes")
_OUTCOME: Final = (*_REQUEST, "Disposition", "SubjectKeyIdentifier", "Subject")
_TEMPLATE: Final = (
    "TemplateInternalName", "TemplateVersion", "TemplateSchemaVersion", "TemplateOID",
    "TemplateDSObjectFQDN", "DCDNSName",
)  # fmt: skip

_MANIFEST: Final = "manifest of Microsoft-Windows-Security-Auditing"
_METHODS: Final = f"MS-CSRA 3.1.4.2.10; {_MANIFEST}"
_DIALOG: Final = f"ultimatewindowssecurity.com, event 4885; {_MANIFEST}"
_OBSERVED: Final = Basis.OBSERVED
_ASSUMED: Final = Basis.ASSUMED  # the bit; the rest is observed

# A table: one row stays together, fields in the order of the class.
# fmt: off
_EVENTS: Final[tuple[AuditFact, ...]] = (
    AuditFact(4868, "pending request denied", _REQUESTS,
        ("RequestId",), True, True, _METHODS, _OBSERVED),
    AuditFact(4869, "request resubmitted", _REQUESTS,
        ("RequestId",), True, True, _METHODS, _OBSERVED),
    AuditFact(4870, "certificate revoked", _REVOCATION,
        ("CertificateSerialNumber", "RevocationReason"), True, True, _METHODS, _OBSERVED),
    AuditFact(4871, "publication of CRLs asked for", _REVOCATION,
        ("NextUpdate", "NextPublishForBaseCRL", "NextPublishForDeltaCRL"),
        True, True, _METHODS, _OBSERVED),
    # One for each list of a run.
    AuditFact(4872, "CRL published", _REVOCATION,
        ("IsBaseCRL", "CRLNumber", "KeyContainer", "NextPublish", "PublishURLs"),
        False, True, _METHODS, _OBSERVED),
    AuditFact(4873, "extension of a request set", _REQUESTS,
        ("RequestId", "ExtensionName", "ExtensionDataType", "ExtensionPolicyFlags",
         "ExtensionData"),
        True, True, _METHODS, _OBSERVED),
    AuditFact(4874, "attributes of a request set", _REQUESTS,
        ("RequestId", "Attributes"), True, True, _METHODS, _OBSERVED),
    AuditFact(4875, "shutdown asked for", _SERVICE,
        (), True, True, _METHODS, _OBSERVED),
    AuditFact(4876, "backup started", _BACKUP,
        ("BackupType",), True, False, _METHODS, _OBSERVED),
    AuditFact(4877, "backup completed", _BACKUP,
        (), True, False, _METHODS, _OBSERVED),
    AuditFact(4878, "restore started", _BACKUP,
        (), False, False, _DIALOG, _OBSERVED),
    AuditFact(4879, "restore completed", _BACKUP,
        (), False, False, _DIALOG, _OBSERVED),
    AuditFact(4880, "service started", _SERVICE,
        _STATE, False, True, _METHODS, _OBSERVED),
    AuditFact(4881, "service stopped", _SERVICE,
        _STATE, False, True, _METHODS, _OBSERVED),
    AuditFact(4882, "permissions changed", _SECURITY,
        ("SecuritySettings",), True, False, _METHODS, _OBSERVED),
    AuditFact(4883, "archived key retrieved", _KEYS,
        ("RequestId",), True, False, _METHODS, _OBSERVED),
    AuditFact(4884, "certificate imported", _REQUESTS,
        ("Certificate", "RequestId"), True, True, _METHODS, _OBSERVED),
    AuditFact(4885, "audit filter changed", _CONFIGURATION,
        ("AuditFilter",), True, True, _DIALOG, _OBSERVED),
    AuditFact(4886, "request received", _REQUESTS,
        _REQUEST, False, True, _METHODS, _OBSERVED),
    AuditFact(4887, "request approved and certificate issued", _REQUESTS,
        _OUTCOME, False, True, _METHODS, _OBSERVED),
    AuditFact(4888, "request denied", _REQUESTS,
        _OUTCOME, False, True, _METHODS, _OBSERVED),
    AuditFact(4889, "request left pending", _REQUESTS,
        _OUTCOME, False, True, _METHODS, _OBSERVED),
    AuditFact(4890, "officer rights changed", _SECURITY,
        ("EnableRestrictedPermissions", "RestrictedPermissions"),
        True, False, _METHODS, _OBSERVED),
    AuditFact(4891, "configuration entry changed", _CONFIGURATION,
        ("Node", "Entry", "Value"), True, True, _METHODS, _OBSERVED),
    AuditFact(4892, "property of the CA changed", _CONFIGURATION,
        ("PropertyName", "PropertyIndex", "PropertyType", "PropertyValue"),
        True, False, _METHODS, _OBSERVED),
    AuditFact(4893, "key archived", _KEYS,
        ("RequestId", "Requester", "KRAHashes"), False, False, _DIALOG, _OBSERVED),
    AuditFact(4894, "key imported and archived", _KEYS,
        ("RequestId",), True, False, _METHODS, _OBSERVED),
    AuditFact(4895, "CA certificate published to the directory", _CONFIGURATION,
        ("CertificateHash", "ValidFrom", "ValidTo"), False, False, _MANIFEST, _ASSUMED),
    AuditFact(4896, "rows deleted", _REQUESTS,
        ("TableId", "Filter", "RowsDeleted"), True, True, _METHODS, _OBSERVED),
    # Seen at each start, saying Yes or No, and when the setting changes; so it goes with the start.
    AuditFact(4897, "role separation", _SERVICE,
        ("RoleSeparationEnabled",), False, True,
        f"{_MANIFEST}; ultimatewindowssecurity.com, event 4897", _ASSUMED),
    # The last three want EDITF_AUDITCERTTEMPLATELOAD too.
    AuditFact(4898, "template loaded", _CONFIGURATION,
        (*_TEMPLATE, "TemplateContent", "SecurityDescriptor"),
        False, False, _MANIFEST, _ASSUMED),
    AuditFact(4899, "template changed", _CONFIGURATION,
        (*_TEMPLATE, "NewTemplateContent", "OldTemplateContent"),
        False, False, _MANIFEST, _ASSUMED),
    AuditFact(4900, "permissions of a template changed", _CONFIGURATION,
        (*_TEMPLATE, "NewTemplateContent", "NewSecurityDescriptor", "OldTemplateContent",
         "OldSecurityDescriptor"),
        False, False, _MANIFEST, _ASSUMED),
)
# fmt: on

AUDIT: Final[Mapping[int, AuditFact]] = MappingProxyType({fact.event_id: fact for fact in _EVENTS})
"""The events by their numbers. Windows 2003 and older counted them from 772 on."""
