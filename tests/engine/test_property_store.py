"""Reading a request and its certificate: every name of the published tables, at every stage.

The values are worked out here from the request, from the certificate as cryptography reads it, and
from hashlib.
Source: sdk-api certif/nf-certif-icertserverexit-getrequestproperty and -getcertificateproperty;
docs/rulings.md (Properties).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

import certsim
from tests.codes import CERTSRV_E_ADMIN_DENIED_REQUEST, DENY, ISSUE, PEND, signed
from tests.engine import der_builder as der
from tests.engine import values_kit as kit
from tests.engine.property_kit import (
    EMPTY,
    NOW,
    OWNER,
    REQUEST,
    SUBJECT,
    expected,
    kind_of,
    read_all,
)

DER = REQUEST.public_bytes(Encoding.DER)
ATTRIBUTES = "CertificateTemplate:WebServer\nCertFile:true"

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
    ISSUE: {"Disposition": 20, "DispositionMessage": "Issued", "StatusCode": 0},
    PEND: {"Disposition": 9, "DispositionMessage": "Taken Under Submission", "StatusCode": 0},
    DENY: {
        "Disposition": 31,
        "DispositionMessage": "Denied by Policy Module",
        "StatusCode": signed(CERTSRV_E_ADMIN_DENIED_REQUEST),
    },
}
RESOLVED = {"ResolvedWhen": NOW}


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
    policy = kit.always(ISSUE)

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


@pytest.mark.parametrize("verdict", [ISSUE, PEND, DENY])
def test_request_properties_after_the_decision(verdict: int) -> None:
    """Each request property an exit module reads has the value the decision left, or is empty."""
    found, root = outcome_of(
        verdict,
        lambda server: (
            read_all("request_properties", server.GetRequestProperty),
            server.GetRequestProperty("RawCACertificate", kit.BINARY),
        ),
    )
    when = {} if verdict == PEND else RESOLVED
    values = {**POLICY_REQUEST, **ENDS[verdict], **when, "RawCACertificate": root}
    assert found == expected("request_properties", values)


@pytest.mark.parametrize("verdict", [PEND, DENY])
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
        ISSUE,
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

    with kit.authority(Denier(), policy=kit.always(PEND)) as ca:
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
