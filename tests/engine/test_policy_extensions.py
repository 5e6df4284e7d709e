"""Extensions as policy sets them: values by their type, flags, and what they replace.

Source: sdk-api certif/nf-certif-icertserverpolicy-setcertificateextension; certsrv.h (extension
flags).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509

from tests.codes import CRYPT_E_INVALID_IA5_STRING, ISSUE
from tests.engine import values_kit as kit
from tests.engine.setters_kit import PRIVATE, WRONG, extension

ORIGIN_POLICY = 0x20000


@pytest.mark.parametrize(
    ("kind", "value", "encoded"),
    [
        (kit.BINARY, b"\x04\x01a", b"\x04\x01a"),
        (kit.BINARY, b"not even DER", b"not even DER"),
        (kit.LONG, 0, b"\x02\x01\x00"),
        (kit.LONG, -129, b"\x02\x02\xff\x7f"),
        (kit.LONG, 0x7FFFFFFF, b"\x02\x04\x7f\xff\xff\xff"),
        (kit.STRING, "text", b"\x16\x04text"),
        (kit.STRING, "", b"\x16\x00"),
        (kit.DATE, datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), b"\x17\x0d491231235959Z"),
        (kit.DATE, datetime(2050, 1, 1, tzinfo=UTC), b"\x18\x0f20500101000000Z"),
    ],
)
def test_extension_values_are_encoded_by_their_type(
    kind: int, value: object, encoded: bytes
) -> None:
    """BINARY goes in as it is, LONG as INTEGER, STRING as IA5String, DATE as a time."""
    issued = kit.issued_after(lambda s: extension(s, kind, 0, value))
    found = issued.extensions.get_extension_for_oid(x509.ObjectIdentifier(PRIVATE))
    assert found.value.public_bytes() == encoded


@pytest.mark.parametrize(
    ("flags", "emitted"), [(0, True), (1, True), (2, False), (3, False), (0xFF00, True)]
)
def test_flags_are_kept_and_only_criticality_is_emitted(flags: int, emitted: bool) -> None:
    """CRITICAL marks the extension, DISABLE keeps it out, the private byte is kept and not seen."""

    def decide(server: Any, _context: int) -> int:
        extension(server, kit.BINARY, flags, b"\x05\x00")
        return ISSUE

    def look(server: Any) -> int:
        server.GetCertificateExtension(PRIVATE, kit.BINARY)
        return int(server.GetCertificateExtensionFlags())

    probe = kit.Probe(look)
    with kit.authority(probe, policy=decide) as ca:
        issued = ca.submit(kit.csr()).certificate
    assert probe.first() == flags | ORIGIN_POLICY
    assert issued is not None
    found = [item for item in issued.extensions if item.oid.dotted_string == PRIVATE]
    assert [item.critical for item in found] == ([bool(flags & 1)] if emitted else [])


def test_setting_an_extension_again_replaces_value_and_flags() -> None:
    """There is one extension for each OID; the last call counts and it keeps its place in line."""

    def look(server: Any) -> tuple[object, int, list[str]]:
        extension(server, kit.STRING, 1, "first")
        extension(server, kit.STRING, 2, "second", "1.2.3")
        extension(server, kit.STRING, 0, "third")
        server.EnumerateExtensionsSetup(0)
        names = list(iter(server.EnumerateExtensions, None))
        value = server.GetCertificateExtension(PRIVATE, kit.STRING)
        return value, server.GetCertificateExtensionFlags(), names[-2:]

    assert kit.in_policy(look) == ("third", ORIGIN_POLICY, [PRIVATE, "1.2.3"])


def test_a_changed_key_identifier_is_seen_at_once() -> None:
    """A property read before an extension is set follows the extension when it is read again."""

    def look(server: Any) -> object:
        server.GetCertificateProperty("SubjectKeyIdentifier", kit.STRING)
        extension(server, kit.BINARY, 0, b"\x04\x02ab", "2.5.29.14")
        return server.GetCertificateProperty("SubjectKeyIdentifier", kit.STRING)

    assert kit.in_policy(look) == "61 62"


def test_policy_may_replace_and_disable_the_cas_own_extensions() -> None:
    """The authority key identifier is an extension like others: disabled, it is not issued."""

    def change(server: Any) -> None:
        value = server.GetCertificateExtension("2.5.29.35", kit.BINARY)
        server.SetCertificateExtension("2.5.29.35", kit.BINARY, 2, value)

    found = {item.oid.dotted_string for item in kit.issued_after(change).extensions}
    assert "2.5.29.35" not in found
    assert "2.5.29.14" in found


@pytest.mark.parametrize(
    ("oid", "allowed"),
    [
        ("1.3.6.1.4.1.311.99.123456789012", True),  # 31 characters
        ("1.3.6.1.4.1.311.99.1234567890123", False),  # 32
        ("2.999.1", True),
        ("1", False),
        ("", False),
        ("1.2.", False),
        ("1..2", False),
        ("1.2.a", False),
        ("3.1.2", False),
        ("1.40.1", False),
        ("1.2.٣", False),
        (" 1.2.3", False),
        (None, False),
        (7, False),
    ],
)
def test_extension_names_are_oids_of_at_most_31_characters(oid: object, allowed: bool) -> None:
    """A longer OID, and what is none, is E_INVALIDARG."""
    if isinstance(oid, str) and oid.startswith("1.3.6.1.4.1.311.99"):
        assert len(oid) == (31 if allowed else 32)
    found = kit.in_policy(lambda s: extension(s, kit.BINARY, 0, b"\x05\x00", oid))
    assert found == (None if allowed else WRONG)


@pytest.mark.parametrize("flags", [4, 8, 0x80, 0x10000, 0x20000, -1, 1 << 40])
def test_other_flags_are_refused(flags: int) -> None:
    """Flags outside CRITICAL, DISABLE and the private byte, origins above all, are E_INVALIDARG."""
    assert kit.in_policy(lambda s: extension(s, kit.BINARY, flags, b"\x05\x00")) == WRONG


@pytest.mark.parametrize("flags", [None, "1", 1.0])
def test_flags_that_are_no_number_are_refused(flags: object) -> None:
    """Flags of another type are E_INVALIDARG and no Python error."""
    assert kit.in_policy(lambda s: extension(s, kit.BINARY, flags, b"\x05\x00")) == WRONG


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (kit.BINARY, "text"),
        (kit.BINARY, None),
        (kit.BINARY, b""),
        (kit.BINARY, bytes(4097)),
        (kit.STRING, b"bytes"),
        (kit.STRING, "x" * 4097),
        (kit.LONG, "1"),
        (kit.LONG, True),
        (kit.DATE, 1),
        (kit.DATE, datetime(2026, 1, 1)),  # noqa: DTZ001
        (0, b"x"),
        (5, b"x"),
    ],
)
def test_extension_values_of_another_type_or_size_are_refused(kind: int, value: object) -> None:
    """Values that do not fit their type, are empty or over 4,096 bytes are E_INVALIDARG."""
    assert kit.in_policy(lambda s: extension(s, kind, 0, value)) == WRONG


def test_an_extension_of_4096_bytes_is_taken() -> None:
    """The documented column width is the limit, and it is inclusive."""
    assert kit.in_policy(lambda s: extension(s, kit.BINARY, 0, bytes(4096))) is None


def test_text_outside_ia5_has_its_own_code() -> None:
    """A STRING that IA5 cannot hold is CRYPT_E_INVALID_IA5_STRING."""
    found = kit.in_policy(lambda s: extension(s, kit.STRING, 0, "größe"))
    assert found == kit.code(CRYPT_E_INVALID_IA5_STRING)
