"""Reading: every name of the published tables, at every stage, with every type and spelling.

The names, types and stages come from the copy of the published facts; the values are worked out
here from the request, from the certificate as cryptography reads it, and from hashlib.
Source: sdk-api certif/nf-certif-icertserverexit-getrequestproperty and -getcertificateproperty;
win32 SecCrypto/name-properties; docs/rulings.md (Contexts, Properties, Names and formats).
"""

from __future__ import annotations

import gc
import hashlib
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

import certsim
from tests.engine import der_builder as der
from tests.engine import values_kit as kit

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""Where the clock of seeded sources stands."""
SUBJECT = kit.name(
    (NameOID.COUNTRY_NAME, "DE"),
    (NameOID.ORGANIZATION_NAME, "Contoso, Ltd."),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "Lab"),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "Room 1"),
    (NameOID.COMMON_NAME, "www"),
)
ALTERNATIVE = x509.SubjectAlternativeName([x509.DNSName("www.test")])
REQUEST = kit.csr(SUBJECT, ALTERNATIVE)
DER = REQUEST.public_bytes(Encoding.DER)
ATTRIBUTES = "CertificateTemplate:WebServer\nCertFile:true"
EMPTY, WRONG = kit.code(kit.PROPERTY_EMPTY), kit.code(kit.E_INVALIDARG)
OWNER = r"CONTOSO\alice"

# What a request in these states answers, by hand. A name that is missing here has no value.
POLICY_REQUEST: dict[str, object] = {
    "RequestID": 1,
    "RequestType": 0x40100,
    "RawRequest": DER,
    "RequestAttributes": ATTRIBUTES,
    "RequesterName": OWNER,
    "CallerName": OWNER,
    "RequestFlags": 4,
    "SubmittedWhen": NOW,
    "Request.DistinguishedName": 'CN=www, OU=Room 1, OU=Lab, O="Contoso, Ltd.", C=DE',
    "Request.RawName": SUBJECT.public_bytes(),
    "Disposition": 8,  # Active, which the policy module's context alone may show (rulings)
}
NAMES: dict[str, object] = {
    "CommonName": "www",
    "OrgUnit": "Lab\nRoom 1",
    "Organization": "Contoso, Ltd.",
    "Country": "DE",
}
POLICY_CERTIFICATE: dict[str, object] = {
    "NotBefore": NOW - timedelta(minutes=10),
    "NotAfter": NOW.replace(year=2027),
    "RequestID": 1,
    "RawPublicKey": kit.spki()[-65:],
    "PublicKeyAlgorithm": "1.2.840.10045.2.1",
    "RawPublicKeyAlgorithmParameters": der.oid("1.2.840.10045.3.1.7"),
    "PublicKeyLength": 256,
    "CertificateTemplate": "WebServer",
    "SubjectKeyIdentifier": der.identifier(kit.key()).hex(" "),
}
ENDS: dict[int, dict[str, object]] = {
    kit.ISSUE: {"Disposition": 20, "DispositionMessage": "Issued", "StatusCode": 0},
    kit.PEND: {"Disposition": 9, "DispositionMessage": "Taken Under Submission", "StatusCode": 0},
    kit.DENY: {
        "Disposition": 31,
        "DispositionMessage": "Denied by Policy Module",
        "StatusCode": kit.ADMIN_DENIED - 2**32,
    },
}
RESOLVED = {"ResolvedWhen": NOW}


def kind_of(row: dict[str, str]) -> int | None:
    """Return the PROPTYPE of a fact row, `None` where the facts do not know it."""
    return kit.TYPES.get(row["type"].rstrip("?"))


def read_all(
    table: str, call: Callable[[str, int], object], *, wrong: bool = False
) -> dict[str, object]:
    """Return what *call* answers for every name of a fact *table*, with its type or the others."""
    found: dict[str, object] = {}
    for row in kit.facts()[table]:
        right = kind_of(row)
        kinds = [1, 2, 3, 4] if right is None else [right]
        if wrong:
            kinds = (
                [] if right is None else [other for other in (1, 2, 3, 4, 0, 5) if other != right]
            )
        for kind in kinds:
            found[f"{row['name']}/{kind}"] = kit.attempt(call, row["name"], kind)
    return found


def expected(table: str, values: dict[str, object]) -> dict[str, object]:
    """Return the model's answers for every name of a fact *table*."""
    found: dict[str, object] = {}
    for row in kit.facts()[table]:
        right = kind_of(row)
        for kind in [1, 2, 3, 4] if right is None else [right]:
            found[f"{row['name']}/{kind}"] = values.get(row["name"], EMPTY)
    return found


def outcome_of(verdict: int, look: Callable[[Any], Any]) -> Any:
    """Return what an exit module sees once policy has given *verdict* on the usual request."""
    probe: kit.Probe[Any] = kit.Probe(look)
    with kit.authority(probe, policy=kit.always(verdict)) as ca:
        ca.submit(REQUEST, attributes=ATTRIBUTES, requester=OWNER)
    return probe.first()


def test_request_properties_at_policy_time() -> None:
    """While VerifyRequest runs each request property has its value, or is empty as documented."""

    def look(server: Any) -> dict[str, object]:
        return read_all("request_properties", server.GetRequestProperty)

    found: list[dict[str, object]] = []
    policy = kit.always(kit.ISSUE)

    def decide(server: Any, context: int) -> int:
        found.append(look(server))
        return int(policy(server, context))

    with kit.authority(policy=decide) as ca:
        root = ca.certificate.public_bytes(Encoding.DER)
        ca.submit(REQUEST, attributes=ATTRIBUTES, requester=OWNER)
    model = expected("request_properties", {**POLICY_REQUEST, "RawCACertificate": root})
    assert found == [model]


def test_documented_policy_time_properties_are_filled_and_later_ones_are_not() -> None:
    """What the facts call filled at policy time has a value there; what comes after has none."""
    found = kit.in_policy(
        lambda server: read_all("request_properties", server.GetRequestProperty),
        REQUEST,
        attributes=ATTRIBUTES,
    )
    for row in kit.facts()["request_properties"]:
        answer = found[f"{row['name']}/{kind_of(row)}"]
        if row["tag"] == "documented" and row["policy_time"] == "yes":
            filled = row["name"] != "RequesterNameFromOldCertificate"  # this is no renewal
            assert (answer != EMPTY) == filled, row["name"]
        if row["policy_time"] == "after" and row["name"] != "Disposition":
            assert answer == EMPTY, row["name"]


@pytest.mark.parametrize("verdict", [kit.ISSUE, kit.PEND, kit.DENY])
def test_request_properties_after_the_decision(verdict: int) -> None:
    """Each request property an exit module reads has the value the decision left, or is empty."""
    found, root = outcome_of(
        verdict,
        lambda server: (
            read_all("request_properties", server.GetRequestProperty),
            server.GetRequestProperty("RawCACertificate", kit.BINARY),
        ),
    )
    when = {} if verdict == kit.PEND else RESOLVED
    values = {**POLICY_REQUEST, **ENDS[verdict], **when, "RawCACertificate": root}
    assert found == expected("request_properties", values)


@pytest.mark.parametrize("verdict", [kit.PEND, kit.DENY])
def test_certificate_properties_without_a_certificate(verdict: int) -> None:
    """Before a certificate exists its number, its name and its bytes are empty; the rest stands."""
    found = outcome_of(
        verdict, lambda server: read_all("certificate_properties", server.GetCertificateProperty)
    )
    assert found == expected("certificate_properties", POLICY_CERTIFICATE)


def test_certificate_properties_at_policy_time() -> None:
    """Policy sees the dates and the key that are going to be issued, and nothing that is not."""
    found = kit.in_policy(
        lambda server: read_all("certificate_properties", server.GetCertificateProperty),
        REQUEST,
        attributes=ATTRIBUTES,
    )
    assert found == expected("certificate_properties", POLICY_CERTIFICATE)


def test_certificate_properties_once_issued_agree_with_the_certificate() -> None:
    """Every certificate property equals what cryptography and hashlib say of the certificate."""
    found, raw = outcome_of(
        kit.ISSUE,
        lambda server: (
            read_all("certificate_properties", server.GetCertificateProperty),
            server.GetCertificateProperty("RawCertificate", kit.BINARY),
        ),
    )
    issued = x509.load_der_x509_certificate(raw)
    digits = f"{issued.serial_number:x}"
    values = {
        **POLICY_CERTIFICATE,
        "RawCertificate": raw,
        "SerialNumber": digits.rjust(len(digits) + len(digits) % 2, "0"),
        "RawName": issued.subject.public_bytes(),
        "DistinguishedName": 'CN=www, OU=Room 1, OU=Lab, O="Contoso, Ltd.", C=DE',
        "CertificateHash": hashlib.sha1(raw, usedforsecurity=False).hexdigest(),
        "NotBefore": issued.not_valid_before_utc,
        "NotAfter": issued.not_valid_after_utc,
    }
    values["CertificateHash"] = bytes.fromhex(str(values["CertificateHash"])).hex(" ")
    assert found == expected("certificate_properties", values)
    identifier = issued.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert values["SubjectKeyIdentifier"] == identifier.hex(" ")


@pytest.mark.parametrize("kind", ["RSA", "Ed25519", "P-384"])
def test_public_key_columns_for_other_keys(kind: str) -> None:
    """Algorithm, parameters, bits and length are those of the SubjectPublicKeyInfo sent."""
    names = {
        "RawPublicKey": kit.BINARY,
        "PublicKeyAlgorithm": kit.STRING,
        "RawPublicKeyAlgorithmParameters": kit.BINARY,
        "PublicKeyLength": kit.LONG,
    }
    found = kit.in_notify(
        lambda server: {
            word: kit.attempt(server.GetCertificateProperty, word, of) for word, of in names.items()
        },
        kit.csr(kind=kind),
    )
    info = kit.spki(kind)
    oid, parameters, length = {
        "RSA": ("1.2.840.113549.1.1.1", b"\x05\x00", 2048),
        "Ed25519": ("1.3.101.112", EMPTY, 256),
        "P-384": ("1.2.840.10045.2.1", der.oid("1.3.132.0.34"), 384),
    }[kind]
    bits = {"RSA": info[24:], "Ed25519": info[-32:], "P-384": info[-97:]}[kind]
    assert found == {
        "RawPublicKey": bits,
        "PublicKeyAlgorithm": oid,
        "RawPublicKeyAlgorithmParameters": parameters,
        "PublicKeyLength": length,
    }


@pytest.mark.parametrize("table", ["request_properties", "certificate_properties"])
def test_wrong_type_for_a_known_name_is_refused(table: str) -> None:
    """A known name asked for as any other type is E_INVALIDARG, with a value or without one."""
    getter = {"r": "GetRequestProperty", "c": "GetCertificateProperty"}[table[0]]

    def look(server: Any) -> dict[str, object]:
        return read_all(table, getattr(server, getter), wrong=True)

    for found in (kit.in_policy(look), kit.in_notify(look)):
        assert found
        assert set(found.values()) == {WRONG}


def test_wrong_type_for_a_ca_property_is_refused() -> None:
    """The same holds for CA properties, at context 0."""
    with kit.authority() as ca:
        found = read_all(
            "ca_properties", certsim.CCertServerExit(ca).GetCertificateProperty, wrong=True
        )
    assert set(found.values()) == {WRONG}


@pytest.mark.parametrize("kind", [0, 5, -1, "4", None])
def test_what_is_no_type_is_refused(kind: object) -> None:
    """A PropertyType outside the four is E_INVALIDARG."""
    found = kit.in_notify(lambda s: kit.attempt(s.GetRequestProperty, "RequesterName", kind))
    assert found == WRONG


@pytest.mark.parametrize(
    "name", [*kit.facts()["names_not_found_publicly"], "", "nonsense", "CertUsage", "RequestID.0"]
)
@pytest.mark.parametrize("getter", ["GetRequestProperty", "GetCertificateProperty"])
def test_names_outside_the_tables_are_refused(name: str, getter: str) -> None:
    """A name that stands in no table is E_INVALIDARG as every type, on both getters."""

    def look(server: Any) -> set[object]:
        return {kit.attempt(getattr(server, getter), name, kind) for kind in (1, 2, 3, 4)}

    assert kit.in_notify(look) == {WRONG}
    assert kit.in_policy(look) == {WRONG}


@pytest.mark.parametrize("getter", ["GetRequestProperty", "GetCertificateProperty"])
@pytest.mark.parametrize("name", [None, 7, b"CommonName", ("CommonName",)])
def test_a_name_that_is_no_text_is_refused(getter: str, name: object) -> None:
    """A name has to be text; anything else is E_INVALIDARG and no Python error."""
    found = kit.in_notify(lambda s: kit.attempt(getattr(s, getter), name, kit.STRING))
    assert found == WRONG


@pytest.mark.parametrize("getter", ["GetRequestProperty", "GetCertificateProperty"])
def test_a_name_that_cannot_be_hashed_is_refused_like_any_other(getter: str) -> None:
    """A list for a name is E_INVALIDARG, too."""
    found = kit.in_notify(lambda s: kit.attempt(getattr(s, getter), [], kit.STRING))
    assert found == WRONG


def test_the_getter_decides_the_side() -> None:
    """Names of one side are unknown on the other, but for those that stand in both tables."""

    def look(server: Any) -> dict[str, object]:
        return {
            "requester as certificate": kit.attempt(
                server.GetCertificateProperty, "RequesterName", kit.STRING
            ),
            "serial as request": kit.attempt(server.GetRequestProperty, "SerialNumber", kit.STRING),
            "prefix on certificate": kit.attempt(
                server.GetCertificateProperty, "Request.CommonName", kit.STRING
            ),
            "id as request": kit.attempt(server.GetRequestProperty, "RequestID", kit.LONG),
            "id as certificate": kit.attempt(server.GetCertificateProperty, "RequestID", kit.LONG),
        }

    assert kit.in_notify(look) == {
        "requester as certificate": WRONG,
        "serial as request": WRONG,
        "prefix on certificate": WRONG,
        "id as request": 1,
        "id as certificate": 1,
    }


def recased(word: str, chance: random.Random) -> str:
    """Return *word* in letters of drawn case."""
    return "".join(chance.choice((char.lower(), char.upper())) for char in word)


@settings(max_examples=20, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_letter_case_does_not_count(chance: random.Random) -> None:
    """Whatever the letter case of a name, the answer is the same."""

    def look(server: Any) -> list[tuple[str, object, object]]:
        found = []
        for table, call in (
            ("request_properties", server.GetRequestProperty),
            ("certificate_properties", server.GetCertificateProperty),
            ("ca_properties", server.GetCertificateProperty),
        ):
            for row in kit.facts()[table]:
                kind, spelled = kind_of(row) or kit.STRING, recased(row["name"], chance)
                plain = kit.attempt(call, row["name"], kind)
                found.append((spelled, kit.attempt(call, spelled, kind), plain))
        return found

    for spelled, answer, plain in kit.in_notify(look, REQUEST):
        assert answer == plain, spelled


@settings(max_examples=20, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_name_parts_answer_to_every_alias_and_prefix(chance: random.Random) -> None:
    """All spellings of the sixteen name parts give one answer, with their prefixes, in any case."""

    def look(server: Any) -> list[tuple[str, object]]:
        found: list[tuple[str, object]] = []
        for row in kit.facts()["name_properties"]:
            aliases = [word.strip() for word in row["aliases"].split(",") if word.strip()]
            long = [row["name"], f"Subject.{row['name']}"]
            for getter, prefixes in (
                ("GetRequestProperty", ("", "Request.")),
                ("GetCertificateProperty", ("",)),
            ):
                for spelled in (*aliases, *long):
                    for prefix in prefixes:
                        word = recased(prefix + spelled, chance)
                        answer = kit.attempt(getattr(server, getter), word, kit.STRING)
                        found.append((row["name"], answer))
        return found

    for part, answer in kit.in_notify(look, REQUEST):
        assert answer == NAMES.get(part, EMPTY), part


# --- the CA's own properties ---------------------------------------------------------------------


def ca_model(ca: certsim.CertificationAuthority) -> dict[str, object]:
    """Return what a CA that was never renewed and has published nothing answers at context 0."""
    missing = kit.code(kit.FILE_NOT_FOUND)
    return {
        "CAType": 3,
        "CertCount": 1,
        "CertState": 3,
        "CertSuffix": "",
        "RawCACertificate": ca.certificate.public_bytes(Encoding.DER),
        "CRLIndex": 0,
        "CRLState": 4,
        "CRLSuffix": "",
        "RawCRL": missing,
        "RawDeltaCRL": missing,
        "fUseDS": 0,
        "MachineDNSName": "ca.certsim.test",
        "SanitizedCAName": "Lab CA",
        "SanitizedShortName": "Lab CA",
        "fDeltaCRLsDisabled": 0,
        "fServerUpgraded": 0,
        "VolatileMode": 0,
        "SessionCount": 20,
        # These three tell of a request: at context 0 there is none (docs/rulings.md).
        "RequesterCAAccess": WRONG,
        "KeyArchived": WRONG,
        "UserDN": WRONG,
    }


def test_ca_properties_at_context_0() -> None:
    """Every CA property of the facts has its value, or is empty, on a fresh object."""
    with kit.authority() as ca:
        found = read_all("ca_properties", certsim.CCertServerExit().GetCertificateProperty)
        assert found == expected("ca_properties", ca_model(ca))


def test_ca_properties_at_a_request_context() -> None:
    """CA properties answer at a request's context, too, where the request-dependent ones belong."""
    found = kit.in_notify(lambda s: read_all("ca_properties", s.GetCertificateProperty))
    with kit.authority() as ca:
        here = {"RequesterCAAccess": 1, "KeyArchived": 0, "UserDN": EMPTY}
        model = ca_model(ca) | here
    answers = expected("ca_properties", model)
    location = found.pop("ModuleRegistryLocation/4")
    del answers["ModuleRegistryLocation/4"]
    assert found == answers
    assert isinstance(location, str)


def test_strict_context_keeps_ca_properties_to_context_0() -> None:
    """With strict_context each CA property but three is E_INVALIDARG at a request's context."""
    strict = certsim.Fidelity(strict_context=True)

    def look(server: Any) -> dict[str, object]:
        found = read_all("ca_properties", server.GetCertificateProperty)
        server.SetContext(0)
        found["back at 0"] = kit.attempt(server.GetCertificateProperty, "CAType", kit.LONG)
        return found

    found = kit.in_notify(look, fidelity=strict)
    assert found.pop("back at 0") == 3
    belong = {"RequesterCAAccess/1": 1, "KeyArchived/1": 0, "UserDN/4": EMPTY}
    assert {name: found.pop(name) for name in belong} == belong
    assert set(found.values()) == {WRONG}


@pytest.mark.parametrize("name", ["CertState", "CRLState", "CAType"])
def test_states_are_plain_longs(name: str) -> None:
    """A LONG is a Python int and nothing more special."""
    with kit.authority() as ca:
        server = certsim.CCertServerExit(ca)
        assert type(server.GetCertificateProperty(name, kit.LONG)) is int


def test_indexed_properties_take_an_index() -> None:
    """`.0` asks for the first certificate or CRL; the CA's own properties of no index refuse it."""
    with kit.authority() as ca:
        server = certsim.CCertServerExit(ca)
        for row in kit.facts()["ca_properties"]:
            if row["indexed"] == "?" or kind_of(row) is None:
                continue
            plain = kit.attempt(server.GetCertificateProperty, row["name"], kind_of(row))
            first = kit.attempt(server.GetCertificateProperty, f"{row['name']}.0", kind_of(row))
            assert first == (WRONG if row["indexed"] == "no" else plain), row["name"]


@settings(max_examples=40, deadline=None)
@given(
    suffix=st.one_of(
        st.integers(1, 2**70).map(str),
        st.integers(max_value=-1).map(str),
        st.sampled_from(["", " 0", "0 ", "x", "0.0", "+0", "\u0660", "²", "0x0"]),
    ),
    name=st.sampled_from(["CertState", "RawCACertificate", "CRLSuffix", "RawCRL", "RawDeltaCRL"]),
)
def test_an_index_out_of_range_is_refused(suffix: str, name: str) -> None:
    """With one certificate any other index, and what is no number at all, is E_INVALIDARG."""
    kind = {row["name"]: kind_of(row) for row in kit.facts()["ca_properties"]}[name]
    with kit.authority() as ca:
        server = certsim.CCertServerExit(ca)
        assert kit.attempt(server.GetCertificateProperty, f"{name}.{suffix}", kind) == WRONG


def test_an_index_of_thousands_of_digits_is_refused() -> None:
    """However long the number, it is out of range and E_INVALIDARG."""
    with kit.authority() as ca, kit.refused(kit.E_INVALIDARG):
        certsim.CCertServerExit(ca).GetCertificateProperty("CertState." + "9" * 5000, kit.LONG)


def test_cert_state_tells_an_expired_ca_certificate() -> None:
    """Once its end has passed the CA certificate's state is 4, expired."""
    sources = certsim.Sources.seeded(1)
    with kit.authority(sources=sources) as ca:
        sources.clock.advance(timedelta(days=366 * 6))
        server = certsim.CCertServerExit(ca)
        assert server.GetCertificateProperty("CertState", kit.LONG) == 4


def test_fdeltacrlsdisabled_follows_the_delta_period() -> None:
    """A delta period of 0 units means that there are no delta CRLs."""
    with kit.authority(config={r"ca\CRLDeltaPeriodUnits": 0}) as ca:
        server = certsim.CCertServerExit(ca)
        assert server.GetCertificateProperty("fDeltaCRLsDisabled", kit.LONG) == 1
        with kit.refused(kit.FILE_NOT_FOUND):
            server.GetCertificateProperty("RawDeltaCRL", kit.BINARY)


def test_request_data_at_context_0_is_refused() -> None:
    """At context 0 every reading method that is about a request is E_INVALIDARG."""
    with kit.authority() as ca:
        server = certsim.CCertServerExit(ca)
        found = read_all("request_properties", server.GetRequestProperty)
        ca_level = {row["name"] for row in kit.facts()["ca_properties"]}
        found |= {
            name: answer
            for name, answer in read_all(
                "certificate_properties", server.GetCertificateProperty
            ).items()
            if name.partition("/")[0] not in ca_level
        }
        assert set(found.values()) == {WRONG}
        for method, arguments in (
            ("GetRequestAttribute", ("CertFile",)),
            ("GetCertificateExtension", ("2.5.29.14", kit.BINARY)),
            ("EnumerateExtensionsSetup", (0,)),
            ("EnumerateAttributesSetup", (0,)),
        ):
            assert kit.attempt(getattr(server, method), *arguments) == WRONG, method


# --- attributes, extensions, enumerations --------------------------------------------------------


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


@pytest.mark.parametrize(("name", "code"), [("None", kit.PROPERTY_EMPTY), (5, kit.E_INVALIDARG)])
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

    unexpected = kit.code(kit.E_UNEXPECTED)
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
            assert answer == kit.code(kit.INVALID_DATA), (stored, kind)


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
    assert found == kit.code(kit.INVALID_DATA)


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
        return kit.ISSUE

    found = kit.in_notify(
        lambda s: kit.attempt(s.GetCertificateProperty, "SubjectKeyIdentifier", kit.STRING),
        policy=spoil,
    )
    assert str(found).startswith("0x8")


# --- contexts ------------------------------------------------------------------------------------


def test_contexts_die_with_their_event_and_numbers_never_return() -> None:
    """A stale context fails at SetContext and on an object still aimed at it, with E_INVALIDARG."""
    kept: list[Any] = []
    probe = kit.Probe(kept.append)
    with kit.authority(probe) as ca:
        for _ in range(3):
            ca.submit(kit.csr())
        assert len(set(probe.contexts)) == 3
        for server, context in zip(kept, probe.contexts, strict=True):
            assert context != 0
            for call, arguments in (
                (server.GetRequestProperty, ("RequestID", kit.LONG)),
                (server.GetCertificateProperty, ("CAType", kit.LONG)),
                (server.GetCertificateExtensionFlags, ()),
                (server.EnumerateExtensions, ()),
                (server.SetContext, (context,)),
            ):
                assert kit.attempt(call, *arguments) == WRONG
            server.SetContext(0)
            assert server.GetCertificateProperty("CAType", kit.LONG) == 3


@settings(max_examples=40, deadline=None)
@given(context=st.one_of(st.integers().filter(bool), st.text(), st.none(), st.binary()))
def test_invented_contexts_are_refused(context: object) -> None:
    """A number nobody was given, and what is no number, is E_INVALIDARG; the object stays put."""
    with kit.authority() as ca:
        server = certsim.CCertServerExit(ca)
        assert kit.attempt(server.SetContext, context) == WRONG
        assert server.GetCertificateProperty("CAType", kit.LONG) == 3


def test_a_failed_setcontext_keeps_the_old_aim() -> None:
    """After a refused SetContext the object still shows what it showed."""

    def look(server: Any) -> object:
        kit.attempt(server.SetContext, 2**40)
        return server.GetRequestProperty("RequestID", kit.LONG)

    assert kit.in_notify(look) == 1


def test_a_context_of_one_ca_shows_that_ca_even_to_an_object_bound_to_another() -> None:
    """A context belongs to its event; a foreign object aimed at it reads that event's row."""
    with kit.authority() as other:
        bound = certsim.CCertServerExit(other)

        def look(_server: Any) -> object:
            bound.SetContext(probe.contexts[-1])
            return bound.GetRequestProperty("RequesterName", kit.STRING)

        probe = kit.Probe(look)
        with kit.authority(probe) as ca:
            ca.submit(kit.csr(), requester=OWNER)
    assert probe.first() == OWNER


def test_objects_made_before_any_ca_exists_answer_later() -> None:
    """An object may be older than every CA, and serves one after the other for ever."""
    server = certsim.Dispatch("CertificateAuthority.ServerExit")
    with kit.refused(kit.SERVER_UNAVAILABLE):
        server.GetCertificateProperty("CAType", kit.LONG)
    for name in ("First", "Second"):
        with certsim.CertificationAuthority(name, sources=certsim.Sources.seeded(1)):
            assert server.GetCertificateProperty("SanitizedCAName", kit.STRING) == name


def test_an_object_is_reused_across_events() -> None:
    """One object aimed anew at each event shows each event's own row."""
    server = certsim.CCertServerExit()

    def look(_: Any) -> object:
        server.SetContext(probe.contexts[-1])
        return server.GetRequestProperty("RequestID", kit.LONG)

    probe = kit.Probe(look)
    with kit.authority(probe) as ca:
        for _ in range(3):
            ca.submit(kit.csr())
    assert probe.first() == 1
    assert probe.seen == [1, 2, 3]


def test_a_thread_of_the_module_may_read_while_the_context_lives() -> None:
    """An object handed to a thread inside Notify reads there, and fails there once it is over."""
    go_on, answers = threading.Event(), []
    threads: list[threading.Thread] = []

    def look(server: Any) -> object:
        first: list[object] = []
        quick = threading.Thread(
            target=lambda: first.append(server.GetRequestProperty("RequestID", kit.LONG))
        )
        quick.start()
        quick.join()

        def later() -> None:
            go_on.wait(10)
            answers.append(kit.attempt(server.GetRequestProperty, "RequestID", kit.LONG))

        threads.append(threading.Thread(target=later))
        threads[0].start()
        return first[0]

    probe = kit.Probe(look)
    with kit.authority(probe) as ca:
        ca.submit(kit.csr())
        go_on.set()
        threads[0].join()
    assert probe.first() == 1
    assert answers == [WRONG]


def test_two_running_cas_make_context_0_ambiguous() -> None:
    """With two CAs an unbound object fails and says what to do; bound ones answer."""
    with (
        certsim.CertificationAuthority("One", sources=certsim.Sources.seeded(1)) as one,
        certsim.CertificationAuthority("Two", sources=certsim.Sources.seeded(2)) as two,
    ):
        with pytest.raises(certsim.ComError, match=r"CCertServerExit\(ca\)"):
            certsim.CCertServerExit().GetCertificateProperty("SanitizedCAName", kit.STRING)
        for ca, name in ((one, "One"), (two, "Two")):
            server = certsim.CCertServerExit(ca)
            assert server.GetCertificateProperty("SanitizedCAName", kit.STRING) == name


def test_inside_a_call_context_0_is_the_calling_ca() -> None:
    """Inside Notify an unbound object at context 0 answers for the CA that calls, among several."""
    with certsim.CertificationAuthority("Another", sources=certsim.Sources.seeded(2)):

        def look(_: Any) -> object:
            return certsim.CCertServerExit().GetCertificateProperty("SanitizedCAName", kit.STRING)

        assert kit.in_notify(look) == "Lab CA"


def test_a_bound_object_answers_for_its_ca_even_inside_another_ones_call() -> None:
    """`CCertServerExit(ca)` keeps to *ca* at context 0 wherever it is used."""
    with certsim.CertificationAuthority("Another", sources=certsim.Sources.seeded(2)) as other:
        bound = certsim.CCertServerExit(other)
        found = kit.in_notify(lambda _: bound.GetCertificateProperty("SanitizedCAName", kit.STRING))
    assert found == "Another"


def test_an_object_bound_to_a_ca_that_is_gone_answers_for_no_other() -> None:
    """Once its CA has been collected a bound object fails; it does not change its master."""
    bound = certsim.CCertServerExit(kit.authority())
    gc.collect()
    with certsim.CertificationAuthority("Another", sources=certsim.Sources.seeded(2)):
        answer = kit.attempt(bound.GetCertificateProperty, "SanitizedCAName", kit.STRING)
    assert str(answer).startswith("0x8")


# --- ModuleRegistryLocation ----------------------------------------------------------------------

ROOT = r"SYSTEM\CurrentControlSet\Services\CertSvc\Configuration\Lab CA"


def location(server: Any) -> object:
    """Return what an object says at ModuleRegistryLocation."""
    return kit.attempt(server.GetCertificateProperty, "ModuleRegistryLocation", kit.STRING)


class Locator:
    """Ask for the own registry key in every call; subclasses differ by name alone."""

    made: dict[str, Any]

    def __init__(self) -> None:
        self.told = [location(certsim.CCertServerExit())]
        type(self).made[type(self).__name__] = self

    def Initialize(self, strConfig: str, /) -> int:
        self.server = certsim.CCertServerExit()
        self.told.append(location(self.server))
        return 0x3F

    def Notify(self, ExitEvent: int, Context: int, /) -> None:
        self.told.append(location(self.server))
        for other in type(self).made.values():
            self.told.append(location(other.server))

    def GetDescription(self) -> str:
        return "Asks"


@pytest.fixture
def locators() -> tuple[type, type]:
    """Return two classes of modules that share a book of their instances."""
    book: dict[str, Any] = {}
    return type("Alpha", (Locator,), {"made": book}), type("Beta", (Locator,), {"made": book})


def test_module_registry_location_is_that_of_the_module_being_called(
    locators: tuple[type, type],
) -> None:
    """While it is made, initialised and notified a module's objects name its own key."""
    alpha, beta = locators
    with kit.authority(alpha, beta) as ca:
        ca.submit(kit.csr())
    for kind in locators:
        made = alpha.made[kind.__name__]  # type: ignore[attr-defined]
        assert set(made.told) == {rf"{ROOT}\ExitModules\{kind.__name__}.Exit"}


def test_module_registry_location_outside_calls_is_that_of_the_maker(
    locators: tuple[type, type],
) -> None:
    """Outside every call an object keeps to the module during whose call it was made."""
    alpha, beta = locators
    with kit.authority(alpha, beta) as ca:
        ca.submit(kit.csr())
        for kind in locators:
            made = alpha.made[kind.__name__]  # type: ignore[attr-defined]
            assert location(made.server) == rf"{ROOT}\ExitModules\{kind.__name__}.Exit"
        assert location(certsim.CCertServerExit(ca)) == EMPTY


def test_policy_module_finds_its_key_below_policymodules() -> None:
    """The policy module's key is below PolicyModules."""
    found = kit.in_policy(location)
    assert found == rf"{ROOT}\PolicyModules\FunctionPolicy.Policy"


def test_dispatch_makes_the_same_classes_by_progid_and_class_id() -> None:
    """Both server objects are made by ProgID, in any case, and by CLSID."""
    ids = kit.facts()["interfaces"]
    for interface, kind in (
        ("ICertServerExit", certsim.CCertServerExit),
        ("ICertServerPolicy", certsim.CCertServerPolicy),
    ):
        progid, clsid = ids[interface]["progid"], ids[interface]["clsid"]
        for word in (progid, progid.upper(), f"{{{clsid}}}"):
            assert type(certsim.Dispatch(word)) is kind


def test_a_context_shows_the_row_as_the_step_left_it() -> None:
    """An event told late, from inside another one, still shows the row its own step committed."""
    seen: list[tuple[int, object]] = []

    class Denier:
        def Initialize(self, strConfig: str, /) -> int:
            return 0x3F

        def Notify(self, ExitEvent: int, Context: int, /) -> None:
            server = certsim.CCertServerExit()
            server.SetContext(Context)
            if ExitEvent == certsim.ExitEvent.CERTPENDING:
                ca.deny(1)
            seen.append((ExitEvent, server.GetRequestProperty("Disposition", kit.LONG)))

        def GetDescription(self) -> str:
            return "Denies"

    with kit.authority(Denier(), policy=kit.always(kit.PEND)) as ca:
        ca.submit(kit.csr())
    assert seen == [(certsim.ExitEvent.CERTPENDING, 9), (certsim.ExitEvent.CERTDENIED, 31)]


def test_rows_that_could_not_be_read_answer_what_they_have() -> None:
    """A failed request still tells its bytes, its requester and its end; the rest is empty."""
    found = kit.in_notify(
        lambda server: read_all("request_properties", server.GetRequestProperty), b"\x30\x03abc"
    )
    assert found["RawRequest/3"] == b"\x30\x03abc"
    assert found["Disposition/1"] == 30
    assert found["Request.DistinguishedName/4"] == EMPTY
    assert found["RequestID/1"] == 1
    certificate = kit.in_notify(
        lambda server: read_all("certificate_properties", server.GetCertificateProperty), b"\x30"
    )
    assert {name for name, answer in certificate.items() if answer != EMPTY} == {"RequestID/1"}
