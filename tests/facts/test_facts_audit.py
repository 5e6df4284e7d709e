"""Audit events against the published manifest and the methods that each bit covers."""

import pytest

from certsim.facts.audit import AUDIT, SUBJECT_FIELDS, AuditFilter
from certsim.facts.basis import Basis

# Event and fields as Windows' manifest of Microsoft-Windows-Security-Auditing lists them, taken
# from published copies (Windows 7 and 10, where they agree); + is the four fields of the subject.
MANIFEST = """
4868 RequestId +
4869 RequestId +
4870 CertificateSerialNumber RevocationReason +
4871 NextUpdate NextPublishForBaseCRL NextPublishForDeltaCRL +
4872 IsBaseCRL CRLNumber KeyContainer NextPublish PublishURLs
4873 RequestId ExtensionName ExtensionDataType ExtensionPolicyFlags ExtensionData +
4874 RequestId Attributes +
4875 +
4876 BackupType +
4877 +
4878
4879
4880 CertificateDatabaseHash PrivateKeyUsageCount CACertificateHash CAPublicKeyHash
4881 CertificateDatabaseHash PrivateKeyUsageCount CACertificateHash CAPublicKeyHash
4882 SecuritySettings +
4883 RequestId +
4884 Certificate RequestId +
4885 AuditFilter +
4886 RequestId Requester Attributes
4887 RequestId Requester Attributes Disposition SubjectKeyIdentifier Subject
4888 RequestId Requester Attributes Disposition SubjectKeyIdentifier Subject
4889 RequestId Requester Attributes Disposition SubjectKeyIdentifier Subject
4890 EnableRestrictedPermissions RestrictedPermissions +
4891 Node Entry Value +
4892 PropertyName PropertyIndex PropertyType PropertyValue +
4893 RequestId Requester KRAHashes
4894 RequestId +
4895 CertificateHash ValidFrom ValidTo
4896 TableId Filter RowsDeleted +
4897 RoleSeparationEnabled
4898 TemplateInternalName TemplateVersion TemplateSchemaVersion TemplateOID \
TemplateDSObjectFQDN DCDNSName TemplateContent SecurityDescriptor
4899 TemplateInternalName TemplateVersion TemplateSchemaVersion TemplateOID \
TemplateDSObjectFQDN DCDNSName NewTemplateContent OldTemplateContent
4900 TemplateInternalName TemplateVersion TemplateSchemaVersion TemplateOID \
TemplateDSObjectFQDN DCDNSName NewTemplateContent NewSecurityDescriptor OldTemplateContent \
OldSecurityDescriptor
"""
LISTED = {int(words[0]): words[1:] for words in map(str.split, MANIFEST.strip().splitlines())}
# MS-CSRA 3.1.4.2.10, method by method, with the events that each causes.
BITS = {
    0x01: {4875, 4880, 4881},  # ServerControl, the interface comes and goes
    0x02: {4876, 4877},  # BackupPrepare, BackupEnd
    # Request, ResubmitRequest, DenyRequest, SetAttributes, SetExtension, ImportCertificate,
    # DeleteRow
    0x04: {4886, 4887, 4888, 4889, 4869, 4868, 4874, 4873, 4884, 4896},
    0x08: {4870, 4871, 4872},  # RevokeCertificate, PublishCRL, PublishCRLs
    0x10: {4882, 4890},  # SetCASecurity, SetOfficerRights
    0x20: {4883, 4894},  # GetArchivedKey, ImportKey
    0x40: {4892, 4891},  # SetCAProperty, SetConfigEntry
}
# Not in that list; the dialog's words put them there: restore, change of configuration, store keys.
BY_DIALOG = {4878: 0x02, 4879: 0x02, 4885: 0x40, 4893: 0x20}
NOWHERE = {4895, 4897, 4898, 4899, 4900}
# What certsim has no operation for: backup, restore, permissions, key archival, CA properties, the
# directory and its templates.
NEVER_WRITTEN = {4876, 4877, 4878, 4879, 4882, 4883, 4890, 4892, 4893, 4894, 4895}
NEVER_WRITTEN |= {4898, 4899, 4900}


def test_the_subcategory_is_whole() -> None:
    """Every event from 4868 to 4900 has a row, found by its number."""
    assert list(AUDIT) == list(range(4868, 4901)) == list(LISTED)
    assert all(fact.event_id == number for number, fact in AUDIT.items())


@pytest.mark.parametrize("number", LISTED)
def test_fields_are_those_of_the_manifest(number: int) -> None:
    """Names and order of the fields are published, and so is who has a subject."""
    fact = AUDIT[number]
    assert [*fact.fields, *["+"] * fact.subject] == LISTED[number]


def test_the_subject_has_four_fields() -> None:
    """What + stands for: security identifier, name, domain, logon."""
    assert SUBJECT_FIELDS == (
        "SubjectUserSid",
        "SubjectUserName",
        "SubjectDomainName",
        "SubjectLogonId",
    )


def test_bits_follow_the_methods_of_the_specification() -> None:
    """An event is let out by the bit that covers the method behind it."""
    expected = {number: bit for bit, numbers in BITS.items() for number in numbers}
    stored = {number: int(AUDIT[number].filter_bit) for number in expected}
    assert stored == expected


def test_bits_of_the_dialog() -> None:
    """Events whose method the specification does not list go by the words of the dialog."""
    assert {number: int(AUDIT[number].filter_bit) for number in BY_DIALOG} == BY_DIALOG


def test_only_bits_that_nobody_tells_are_assumed() -> None:
    """Five events have a bit of certsim's choosing and say so; the rest was seen."""
    assumed = {number for number, fact in AUDIT.items() if fact.basis is Basis.ASSUMED}
    assert assumed == NOWHERE
    assert {fact.basis for fact in AUDIT.values()} == {Basis.ASSUMED, Basis.OBSERVED}


def test_every_event_has_one_bit_of_the_filter() -> None:
    """A filter bit is a single one, and the seven make up the whole filter."""
    bits = [int(fact.filter_bit) for fact in AUDIT.values()]
    assert {bit.bit_count() for bit in bits} == {1}
    assert set(bits) == set(BITS)
    assert int(AuditFilter.ALL) == sum(BITS) == 0x7F


def test_the_named_bits_are_the_seven_of_the_specification() -> None:
    """No bit lacks a name, and none is named that the specification does not have."""
    assert [int(bit) for bit in AuditFilter] == sorted(BITS)


def test_an_unknown_bit_of_the_filter_survives() -> None:
    """A filter from a newer server keeps its bits."""
    assert int(AuditFilter(0x180)) == 0x180


def test_what_certsim_has_no_operation_for_is_not_written() -> None:
    """The table is complete, what it promises is not more than there is."""
    assert {number for number, fact in AUDIT.items() if not fact.written} == NEVER_WRITTEN


def test_names_tell_the_events_apart() -> None:
    """No two events have the same name, and no name is more than one line."""
    names = [fact.name for fact in AUDIT.values()]
    assert len(set(names)) == len(names)
    assert all(name.isprintable() and name == name.strip() != "" for name in names)
