"""Attributes and extensions through a server object: one by one, and listed.

Source: sdk-api certif (EnumerateAttributes, EnumerateExtensions, GetCertificateExtension);
docs/rulings.md (Attributes and extensions).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.codes import (
    CERTSRV_E_PROPERTY_EMPTY,
    E_INVALIDARG,
    E_UNEXPECTED,
    ERROR_INVALID_DATA,
    ISSUE,
)
from tests.engine import der_builder as der
from tests.engine import values_kit as kit
from tests.engine.property_kit import ALTERNATIVE, EMPTY, NOW, WRONG


@pytest.mark.parametrize(
    "spelled",
    ["CertificateTemplate", "certificate template", "CERTIFICATE-TEMPLATE", "certificateTemplate "],
)
def test_attribute_names_ignore_case_blanks_and_minus_signs(spelled: str) -> None:
    """The three spellings of the page are one attribute, on either side."""
    found = kit.in_notify(
        lambda server: server.GetRequestAttribute(spelled),
        attributes="Certificate-Template: Web 1 ",
    )
    assert found == "Web 1"


@pytest.mark.parametrize(("name", "code"), [("None", CERTSRV_E_PROPERTY_EMPTY), (5, E_INVALIDARG)])
def test_missing_attribute(name: object, code: int) -> None:
    """An attribute that was not sent is empty; a name that is no text is wrong."""
    found = kit.in_notify(lambda server: kit.attempt(server.GetRequestAttribute, name))
    assert found == kit.code(code)


def listed(setup: Callable[[int], None], following: Callable[[], str | None]) -> list[str]:
    """Return what an enumeration gives up to its end."""
    setup(0)
    return list(iter(following, None))


def test_enumerations_go_in_order_of_storage() -> None:
    """Attributes come as sent; extensions as requested, with the CA's own behind them."""

    def look(server: Any) -> tuple[list[str], list[str]]:
        return (
            listed(server.EnumerateExtensionsSetup, server.EnumerateExtensions),
            listed(server.EnumerateAttributesSetup, server.EnumerateAttributes),
        )

    request = kit.csr(
        kit.WWW, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), ALTERNATIVE
    )
    extensions, attributes = kit.in_notify(look, request, attributes="Zeta:1\nal-pha:2\nB:3")
    assert attributes == ["Zeta", "alpha", "B"]
    assert extensions[:2] == ["2.5.29.37", "2.5.29.17"]
    assert set(extensions[2:]) == {"2.5.29.14", "2.5.29.35", "2.5.29.31", "1.3.6.1.5.5.7.1.1"}


@pytest.mark.parametrize("what", ["Extensions", "Attributes"])
def test_enumeration_protocol(what: str) -> None:
    """Setup wants 0 and comes first, None marks the end and stays, Close and SetContext end it."""

    def look(server: Any) -> list[object]:
        setup = getattr(server, f"Enumerate{what}Setup")
        following = getattr(server, f"Enumerate{what}")
        close = getattr(server, f"Enumerate{what}Close")
        found: list[object] = [kit.attempt(following)]
        found += [kit.attempt(setup, flag) for flag in (1, -1, 0x80000000)]
        close()
        first = listed(setup, following)
        found += [following(), following()]
        setup(0)
        found.append(following() == first[0])
        setup(0)
        found.append(listed(setup, following) == first)
        setup(0)
        close()
        found.append(kit.attempt(following))
        setup(0)
        server.SetContext(0)
        found.append(kit.attempt(following))
        return found

    unexpected = kit.code(E_UNEXPECTED)
    found = kit.in_notify(look, attributes="A:1\nB:2")
    assert found == [
        unexpected, WRONG, WRONG, WRONG, None, None, True, True, unexpected, unexpected,
    ]  # fmt: skip


def test_a_failed_setup_leaves_the_running_enumeration_alone() -> None:
    """A Setup that is refused does not disturb the one before it."""

    def look(server: Any) -> object:
        server.EnumerateAttributesSetup(0)
        kit.attempt(server.EnumerateAttributesSetup, 1)
        return server.EnumerateAttributes()

    assert kit.in_notify(look, attributes="A:1\nB:2") == "A"


def test_the_two_enumerations_do_not_disturb_each_other() -> None:
    """Attributes and extensions can be gone through by turns, and on two objects at once."""

    def look(server: Any) -> tuple[list[object], list[object]]:
        server.EnumerateAttributesSetup(0)
        server.EnumerateExtensionsSetup(0)
        mixed = [server.EnumerateAttributes(), server.EnumerateExtensions()]
        mixed += [server.EnumerateAttributes(), server.EnumerateAttributes()]
        return mixed[:1], mixed[2:]

    assert kit.in_notify(look, attributes="A:1\nB:2") == (["A"], ["B", None])


def test_disabled_extensions_are_listed_and_readable() -> None:
    """An extension that policy did not let through stays in the row with DISABLE set."""

    def look(server: Any) -> tuple[list[str], object, int]:
        names = listed(server.EnumerateExtensionsSetup, server.EnumerateExtensions)
        value = server.GetCertificateExtension("2.5.29.17", kit.BINARY)
        return names, value, server.GetCertificateExtensionFlags()

    names, value, flags = kit.in_notify(look, kit.csr(kit.WWW, ALTERNATIVE, critical=["2.5.29.17"]))
    assert "2.5.29.17" in names
    assert value == ALTERNATIVE.public_bytes()
    assert flags == 0x10003  # origin request, disabled, critical


def test_extension_flags_are_those_of_the_last_fetch() -> None:
    """Flags belong to the extension fetched last; before, and after SetContext, there are none."""

    def look(server: Any) -> list[object]:
        found: list[object] = [kit.attempt(server.GetCertificateExtensionFlags)]
        server.GetCertificateExtension("2.5.29.17", kit.BINARY)
        found.append(server.GetCertificateExtensionFlags())
        server.GetCertificateExtension("2.5.29.35", kit.BINARY)
        found.append(server.GetCertificateExtensionFlags())
        found.append(kit.attempt(server.GetCertificateExtension, "1.2.3", kit.BINARY))
        found.append(server.GetCertificateExtensionFlags())
        server.SetContext(0)
        found.append(kit.attempt(server.GetCertificateExtensionFlags))
        return found

    found = kit.in_notify(look, kit.csr(kit.WWW, ALTERNATIVE))
    assert found == [EMPTY, 0x10002, 0x40000, EMPTY, 0x40000, EMPTY]


SAMPLES: dict[int, tuple[str, bytes, object]] = {
    kit.LONG: ("1.3.6.1.4.1.99999.1", der.integer(-5), -5),
    kit.DATE: ("1.3.6.1.4.1.99999.2", b"\x17\x0d260101120000Z", NOW),
    kit.BINARY: ("1.3.6.1.4.1.99999.3", b"\x05\x00", b"\x05\x00"),
    kit.STRING: ("1.3.6.1.4.1.99999.4", der.der(0x16, b"text"), "text"),
}  # fmt: skip


def with_samples() -> x509.CertificateSigningRequest:
    """Return a request for an extension of each kind."""
    wanted = [
        x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)
        for oid, value, _ in SAMPLES.values()
    ]
    return kit.csr(kit.WWW, *wanted)


def test_extensions_convert_to_the_type_asked_for() -> None:
    """LONG reads an INTEGER, DATE a time, STRING an IA5String; BINARY is the value untouched."""

    def look(server: Any) -> list[tuple[int, int, object]]:
        return [
            (stored, kind, kit.attempt(server.GetCertificateExtension, oid, kind))
            for stored, (oid, _, _) in SAMPLES.items()
            for kind in SAMPLES
        ]

    for stored, kind, answer in kit.in_notify(look, with_samples()):
        _, encoded, value = SAMPLES[stored]
        if kind == kit.BINARY:
            assert answer == encoded
        elif kind == stored:
            assert answer == value
        else:
            assert answer == kit.code(ERROR_INVALID_DATA), (stored, kind)


@pytest.mark.parametrize(
    ("kind", "encoded"),
    [
        (kit.LONG, der.integer(2**31)),
        (kit.LONG, der.integer(1) + b"\x00"),
        (kit.LONG, b"\x02\x02\x00\x01"),
        (kit.DATE, der.der(0x17, b"269999999999Z")),
        (kit.STRING, b"\x16\x01\xff"),
        (kit.STRING, der.der(0x0C, b"utf8")),
    ],
)
def test_values_that_do_not_fit_their_type_are_invalid_data(kind: int, encoded: bytes) -> None:
    """A number of over 32 bits, trailing bytes, a date that is none, other strings: 0x8007000D."""
    oid = "1.3.6.1.4.1.99999.9"
    request = kit.csr(kit.WWW, x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), encoded))
    found = kit.in_notify(lambda s: kit.attempt(s.GetCertificateExtension, oid, kind), request)
    assert found == kit.code(ERROR_INVALID_DATA)


@pytest.mark.parametrize("kind", [0, 5, "3", None])
def test_an_extension_asked_for_as_no_type_is_refused(kind: object) -> None:
    """A Type outside the four is E_INVALIDARG."""
    found = kit.in_notify(lambda s: kit.attempt(s.GetCertificateExtension, "2.5.29.14", kind))
    assert found == WRONG


def test_an_extension_asked_for_as_a_list_is_refused() -> None:
    """A Type that is no number at all is E_INVALIDARG, too."""
    found = kit.in_notify(lambda s: kit.attempt(s.GetCertificateExtension, "2.5.29.14", []))
    assert found == WRONG


def test_a_key_identifier_that_is_none_reads_as_a_com_error() -> None:
    """A SubjectKeyIdentifier that policy filled with junk gives a COM error, not a Python one."""

    def spoil(server: Any, _context: int) -> int:
        server.SetCertificateExtension("2.5.29.14", kit.BINARY, 0, b"junk")
        return ISSUE

    found = kit.in_notify(
        lambda s: kit.attempt(s.GetCertificateProperty, "SubjectKeyIdentifier", kit.STRING),
        policy=spoil,
    )
    assert str(found).startswith("0x8")
