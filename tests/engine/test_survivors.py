"""Small faults that no other test would notice: each test here kills one.

They lie where two rooms meet: what policy set and the subject dropped, what was decoded before an
officer's change, whose CA answers after a detour, what is still there at the very end.
Source: win32 SecCrypto/name-properties; MS-CSRA (SubjectTemplate); RFC 5280 4.2.1.6 (otherName);
sdk-api certif and certadm; docs/rulings.md (Properties; Contexts; Modules).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509

import certsim
from certsim._engine import columns, names
from certsim.registry import open_key
from tests.codes import (
    CERTSRV_E_PROPERTY_EMPTY,
    E_INVALIDARG,
    EVERY_BIT,
    ISSUE,
    ON_PENDING,
    ON_SHUTDOWN,
    PEND,
    SAYS_ISSUED,
)
from tests.engine import der_builder as der
from tests.engine import values_kit as kit
from tests.engine.engine_kit import Listener

DISABLE, POLICY_ORIGIN = 2, 0x20000
EMPTY = kit.code(CERTSRV_E_PROPERTY_EMPTY)
COMMON_NAME, COUNTRY, ORG_UNIT = "2.5.4.3", "2.5.4.6", "2.5.4.11"
KEY_IDENTIFIER, ALTERNATIVE_NAME = "2.5.29.14", "2.5.29.17"
PRINCIPAL = "1.3.6.1.4.1.311.20.2.3"
LONG_OID = "1.3.6.1.4.1.99999.1234567.89012.3"
assert len(LONG_OID) > 31


# --- what policy set and the subject dropped -----------------------------------------------------


def test_name_part_that_the_subject_drops_is_empty_once_issued() -> None:
    """`Title` is not in SubjectTemplate, so policy reads its own value and an exit module none."""
    during: list[object] = []

    def decide(server: Any, _context: int) -> int:
        server.SetCertificateProperty("Title", kit.STRING, "Dr.")
        during.append(kit.attempt(server.GetCertificateProperty, "Title", kit.STRING))
        server.SetCertificateProperty("Locality", kit.STRING, "Bonn")
        return ISSUE

    def look(server: Any) -> list[object]:
        return [
            kit.attempt(server.GetCertificateProperty, name, kit.STRING)
            for name in ("Title", "Subject.Title", "Locality", "DistinguishedName")
        ]

    assert kit.in_notify(look, policy=decide) == [EMPTY, EMPTY, "Bonn", "CN=www, L=Bonn"]
    assert during == ["Dr."]


# --- the principal name --------------------------------------------------------------------------


def other(kind: str, value: bytes) -> x509.OtherName:
    """Return an alternative name of the kind with that OID."""
    return x509.OtherName(x509.ObjectIdentifier(kind), value)


def utf8(text: str) -> bytes:
    """Return a UTF8String."""
    return der.der(0x0C, text.encode())


UPN = other(PRINCIPAL, utf8("älice@contoso.test"))


@pytest.mark.parametrize(
    ("alternatives", "expected"),
    [
        ([UPN], "älice@contoso.test"),
        ([x509.DNSName("www"), other("1.2.3.4", utf8("no")), UPN], "älice@contoso.test"),
        ([other(PRINCIPAL, der.octets(b"no text")), UPN], "älice@contoso.test"),
        ([UPN, other(PRINCIPAL, utf8("bob@contoso.test"))], "älice@contoso.test"),
        ([other("1.2.3.4", utf8("no"))], EMPTY),
        ([x509.DNSName("www")], EMPTY),
    ],
    ids=["alone", "among others", "after no text", "two", "another kind", "no otherName"],
)
def test_principal_name_is_that_of_the_issued_certificate(
    alternatives: list[x509.GeneralName], expected: str
) -> None:
    """The first otherName of Microsoft's kind that holds a UTF8String is the property UPN."""
    probe = kit.Probe(lambda s: kit.attempt(s.GetCertificateProperty, "UPN", kit.STRING))
    request = kit.csr(kit.WWW, x509.SubjectAlternativeName(alternatives))
    with kit.authority(probe) as ca:  # the standalone policy, which enables alternative names
        issued = ca.submit(request).certificate
    assert issued is not None
    assert list(issued.extensions.get_extension_for_oid(_oid(ALTERNATIVE_NAME)).value) == (
        alternatives
    )
    assert probe.first() == expected


def test_principal_name_that_was_only_asked_for_is_empty() -> None:
    """A disabled alternative name is not in the certificate, and pending rows have none."""
    request = kit.csr(kit.WWW, x509.SubjectAlternativeName([UPN]))
    for verdict in (ISSUE, PEND):
        found = kit.in_notify(
            lambda s: kit.attempt(s.GetCertificateProperty, "UPN", kit.STRING),
            request,
            verdict=verdict,
        )
        assert found == EMPTY


def _oid(dotted: str) -> x509.ObjectIdentifier:
    return x509.ObjectIdentifier(dotted)


# --- names of any type ---------------------------------------------------------------------------


def rdn(kind: str, value: bytes) -> bytes:
    """Return an RDN of one part whose value is encoded already."""
    return der.set_of(der.seq(der.oid(kind), value))


ODD_VALUES = {
    "BIT STRING": der.der(0x03, b"\x04\xa0"),
    "INTEGER": der.integer(-5),
    "SEQUENCE": der.seq(der.integer(1), der.der(0x0C, "ü".encode())),
    "NULL": der.der(0x05),
    "long OCTET STRING": der.octets(bytes(range(256)) * 2),
}
UNIT, LAND = rdn(ORG_UNIT, der.der(0x13, b"Unit")), rdn(COUNTRY, der.der(0x13, b"DE"))


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
def test_name_part_of_no_string_type_keeps_its_bytes_when_it_moves(value: bytes) -> None:
    """`arrange` turns the order round and leaves each value as it was encoded."""
    odd = rdn(COMMON_NAME, value)
    name = names.read(der.seq(odd, UNIT, LAND))
    template = names.template_oids(["CommonName", "OrgUnit", "Country"])
    assert names.arrange(name, template, reorder=True) == der.seq(LAND, UNIT, odd)


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
def test_name_part_of_no_string_type_keeps_its_bytes_in_the_certificate(value: bytes) -> None:
    """The issued subject has the parts in the CA's order, the odd one byte for byte."""
    odd = rdn(ORG_UNIT, value)
    common = rdn(COMMON_NAME, der.der(0x0C, b"www"))
    request = der.pkcs10(kit.key(), subject=der.seq(common, odd, LAND))
    with kit.authority(config={r"ca\EnforceX500NameLengths": 0}) as ca:
        outcome = ca.submit(request)
    assert outcome.disposition == SAYS_ISSUED, str(outcome)
    assert der.seq(LAND, odd, common) in (outcome.raw_certificate or b"")


# --- an extension with a long OID ----------------------------------------------------------------


def test_requested_extension_with_a_long_oid_can_be_enabled() -> None:
    """The 31 characters are a rule for new names; policy sets a requested one back to enable it."""
    value = b"\x04\x03abc"
    request = kit.csr(kit.WWW, x509.UnrecognizedExtension(_oid(LONG_OID), value))
    flags: list[int] = []

    def enable(server: Any) -> None:
        asked = server.GetCertificateExtension(LONG_OID, kit.BINARY)
        flags.append(server.GetCertificateExtensionFlags())
        server.SetCertificateExtension(LONG_OID, kit.BINARY, 0, asked)
        server.GetCertificateExtension(LONG_OID, kit.BINARY)
        flags.append(server.GetCertificateExtensionFlags())

    issued = kit.issued_after(enable, request)
    found = issued.extensions.get_extension_for_oid(_oid(LONG_OID)).value
    assert found == x509.UnrecognizedExtension(_oid(LONG_OID), value)
    assert (flags[0] & DISABLE, flags[1]) == (DISABLE, POLICY_ORIGIN)


def test_long_oid_that_was_not_requested_is_refused_still() -> None:
    """That one long OID came with the request opens the door to no other, nor to a new one."""
    request = kit.csr(kit.WWW, x509.UnrecognizedExtension(_oid(LONG_OID), b"\x05\x00"))

    def attempts(server: Any) -> list[object]:
        longer = f"{LONG_OID}.1"
        return [kit.attempt(server.SetCertificateExtension, longer, kit.BINARY, 0, b"\x05\x00")]

    assert kit.in_policy(attempts, request) == [kit.code(E_INVALIDARG)]


# --- the end of a CA, and a detour to another ----------------------------------------------------


def test_module_can_open_its_key_while_the_ca_shuts_down() -> None:
    """At SHUTDOWN the registry, ModuleRegistryLocation and context 0 are all there still."""
    told: list[object] = []

    def act(event: int, _context: int) -> None:
        if event == ON_SHUTDOWN:
            server = certsim.CCertServerExit()
            where = server.GetCertificateProperty("ModuleRegistryLocation", kit.STRING)
            told.append(open_key(where)["Port"])  # type: ignore[arg-type]

    module = Listener("Late", [], act=act)
    with kit.authority(module, config={r"exit\Port": 25}) as ca:
        pass
    assert told == [25], ca.event_log


@pytest.mark.parametrize("listens", [False, True], ids=["policy alone", "exit module, too"])
def test_context_0_is_the_own_ca_again_after_a_submit_to_another(listens: bool) -> None:
    """Old and new server objects answer for the CA whose `Notify` runs, before and after."""
    told: list[object] = []
    heard: list[tuple[object, ...]] = []
    inside: list[object] = []

    def name_at_zero(server: Any = None) -> object:
        server = server or certsim.CCertServerExit()
        return kit.attempt(server.GetCertificateProperty, "SanitizedCAName", kit.STRING)

    def location(server: Any) -> str:
        found = server.GetCertificateProperty("ModuleRegistryLocation", kit.STRING)
        return str(found).rpartition("\\")[2]

    exits = [Listener("Second", heard, act=lambda *_: inside.append(name_at_zero()))]
    second = certsim.CertificationAuthority(
        "Second CA", exit_modules=exits if listens else [], sources=certsim.Sources.seeded(2)
    )

    def act(event: int, _context: int) -> None:
        if event == ON_SHUTDOWN:
            return
        kept = certsim.CCertServerExit()
        told.append((name_at_zero(kept), location(kept)))
        told.append(second.submit(kit.csr()).disposition)
        told.append((name_at_zero(kept), name_at_zero(), location(kept)))

    first = certsim.CertificationAuthority(
        "First CA",
        exit_modules=[Listener("First", heard, act=act)],
        sources=certsim.Sources.seeded(1),
    )
    with second, first:
        first.submit(kit.csr())
        assert not first.event_log
    own = "First.Exit"
    assert told == [("First CA", own), SAYS_ISSUED, ("First CA", "First CA", own)]
    # At its issue inside the other CA's, and at its own SHUTDOWN.
    assert inside == (["Second CA", "Second CA"] if listens else [])


# --- what an officer set -------------------------------------------------------------------------


def watcher(seen: list[tuple[int, object, object]]) -> Listener:
    """Return an exit module that notes the event, the key identifier and the attribute `Color`."""

    def act(event: int, context: int) -> None:
        if context:
            server = certsim.CCertServerExit()
            server.SetContext(context)
            identifier = kit.attempt(
                server.GetCertificateProperty, "SubjectKeyIdentifier", kit.STRING
            )
            color = kit.attempt(server.GetRequestAttribute, "Color")
            seen.append((event, identifier, color))

    return Listener("Watcher", [], mask=EVERY_BIT, act=act)


class Judge:
    """Be a policy module that asks a function."""

    def __init__(self, decide: Callable[[Any, int], int]) -> None:
        self._decide = decide

    def Initialize(self, strConfig: str, /) -> None:
        """Take nothing up."""

    def VerifyRequest(self, strConfig: str, Context: int, bNewRequest: int, Flags: int, /) -> int:
        server = certsim.CCertServerPolicy()
        server.SetContext(Context)
        return self._decide(server, Context)

    def GetDescription(self) -> str:
        return "Judges"

    def ShutDown(self) -> None:
        """Keep nothing."""


@pytest.mark.parametrize("decide", ["resubmit", "deny"])
def test_what_an_officer_sets_is_seen_by_the_next_reader(decide: str) -> None:
    """The key identifier read at CERTPENDING is not what is told after the officer's change."""
    seen: list[tuple[int, object, object]] = []
    verdicts = iter((PEND, ISSUE))
    told: list[object] = []

    def judge(server: Any, _context: int) -> int:
        told.append(kit.attempt(server.GetCertificateProperty, "SubjectKeyIdentifier", kit.STRING))
        return next(verdicts)

    # A policy module and no function, since an officer's resubmit asks modules alone.
    with kit.authority(watcher(seen), policy=Judge(judge)) as ca:
        ca.submit(kit.csr(), attributes="Color:red")
        ca.set_certificate_extension(1, KEY_IDENTIFIER, der.octets(b"\xab\xcd"))
        ca.set_request_attributes(1, {"Color": "blue"})
        getattr(ca, decide)(1)
    computed = der.identifier(kit.key()).hex(" ")
    after = {"resubmit": 0x1, "deny": 0x4}[decide]
    assert seen == [(ON_PENDING, computed, "red"), (after, "ab cd", "blue")]
    assert told == [computed, *(["ab cd"] if decide == "resubmit" else [])]


def test_standing_row_forgets_what_was_decoded_before_an_officers_change() -> None:
    """The pending row itself, read before, during and after, tells what it holds just then."""
    seen: list[tuple[int, object, object]] = []
    with kit.authority(watcher(seen), policy=kit.always(PEND)) as ca:
        ca.submit(kit.csr())

        def standing() -> object:
            return columns.read(kit.shelf(ca)[0], "SubjectKeyIdentifier")  # type: ignore[arg-type]

        computed = der.identifier(kit.key()).hex(" ")
        assert (seen[0][1], standing()) == (computed, computed)
        for octets in (b"\x01\x02", b"\xff"):
            ca.set_certificate_extension(1, KEY_IDENTIFIER, der.octets(octets))
            assert standing() == octets.hex(" ")
        ca.set_certificate_extension(1, KEY_IDENTIFIER, der.octets(b"\xff"), disabled=True)
        assert standing() is None
