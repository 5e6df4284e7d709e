"""The CA's own properties: at context 0 and elsewhere, by index, and what they follow.

Source: sdk-api certif/nf-certif-icertserverexit-getcertificateproperty; docs/rulings.md (Contexts,
Properties).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

import certsim
from tests.codes import E_INVALIDARG, ERROR_FILE_NOT_FOUND, refused
from tests.engine import values_kit as kit
from tests.engine.property_kit import EMPTY, WRONG, expected, kind_of, read_all


def ca_model(ca: certsim.CertificationAuthority) -> dict[str, object]:
    """Return what a CA that was never renewed and has published nothing answers at context 0."""
    missing = kit.code(ERROR_FILE_NOT_FOUND)
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
    with kit.authority() as ca, refused(E_INVALIDARG):
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
        with refused(ERROR_FILE_NOT_FOUND):
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
