"""CMC: registration information, added extensions and attributes, and what a PKIData holds.

Source: RFC 5272 3.2; MS-WCCE 2.2.2.7; docs/rulings.md (Kinds and signatures).
"""

from __future__ import annotations

import pytest

from certsim._engine import cms
from tests.codes import CRYPT_E_ASN1_CORRUPT, CRYPT_E_ASN1_EOD, ERROR_INVALID_DATA
from tests.engine import der_builder as der
from tests.engine.cms_kit import (
    ADD_EXTENSIONS,
    CMC,
    DIGITAL_SIGNATURE,
    DISABLED_CMC,
    KEY_ENCIPHERMENT,
    KEY_USAGE,
    PARSING,
    REG_INFO,
    added,
    cmc,
    key,
    pair,
    refusal,
    signed_by_itself,
    wish,
)

ADD_ATTRIBUTES = "1.3.6.1.4.1.311.10.10.1"
TRANSACTION_ID = "1.3.6.1.5.5.7.7.5"


def test_registration_info_gives_request_attributes() -> None:
    """Names lose blanks and minus signs, values are unescaped, a plus sign stays a plus sign."""
    text = (
        b"CertificateTemplate=Web&Reg-Info Name=%20CONTOSO%5Calice+b=c &"
        b"Umlaut=%C3%BC\xc3\xbc&&x&=y&"
    )
    said = cms.read(cmc(der.control(REG_INFO, der.octets(text))))
    assert said.request_type == CMC
    assert said.attributes == (
        ("CertificateTemplate", "Web"),
        ("RegInfoName", r"CONTOSO\alice+b=c"),
        ("Umlaut", "üü"),
    )


def test_registration_info_that_is_no_utf8_is_refused() -> None:
    """Bytes that are no UTF-8, escaped or not, are damage."""
    for text in (b"a=\xff", b"a=%ff", b"%ff=a"):
        assert refusal(cmc(der.control(REG_INFO, der.octets(text))))[0] == CRYPT_E_ASN1_CORRUPT


def test_later_attribute_replaces_an_earlier_one() -> None:
    """Of one name in the PKCS #10 and in a control, the control's value counts."""
    request = der.pkcs10(key("inner"), pair("Color", "red"), pair("Size", "big"))
    said = cms.read(cmc(der.control(REG_INFO, der.octets(b"COLOR=blue")), request=request))
    assert {name.lower(): value for name, value in said.attributes} == {
        "color": "blue",
        "size": "big",
    }


def test_added_extensions_have_the_origin_cmc() -> None:
    """Extensions of the control arrive disabled, with origin CMC and their criticality."""
    wanted = der.seq(
        der.extension(KEY_USAGE, DIGITAL_SIGNATURE, critical=True),
        der.extension("1.2.3", b"\x05\x00"),
    )
    said = cms.read(cmc(der.control(ADD_EXTENSIONS, added(wanted))))
    assert said.extensions == (
        (KEY_USAGE, DISABLED_CMC | 1, DIGITAL_SIGNATURE),
        ("1.2.3", DISABLED_CMC, b"\x05\x00"),
    )


def test_added_extension_replaces_that_of_the_request() -> None:
    """Of one extension in the PKCS #10 and in a control, the control's is kept."""
    request = der.pkcs10(key("inner"), wish(KEY_USAGE, DIGITAL_SIGNATURE))
    control = der.control(
        ADD_EXTENSIONS, added(der.seq(der.extension(KEY_USAGE, KEY_ENCIPHERMENT)))
    )
    assert cms.read(cmc(control, request=request)).extensions == (
        (KEY_USAGE, DISABLED_CMC, KEY_ENCIPHERMENT),
    )


def test_added_attributes_are_read_like_those_of_a_request() -> None:
    """Microsoft's control adds name-value pairs and, inside an attribute, extensions."""
    wanted = der.set_of(pair("Color", "blue"), wish(KEY_USAGE, DIGITAL_SIGNATURE))
    said = cms.read(cmc(der.control(ADD_ATTRIBUTES, added(wanted))))
    assert said.attributes == (("Color", "blue"),)
    assert said.extensions == ((KEY_USAGE, DISABLED_CMC, DIGITAL_SIGNATURE),)


@pytest.mark.parametrize("kind", [ADD_EXTENSIONS, ADD_ATTRIBUTES])
@pytest.mark.parametrize(("data", "parts"), [(1, (1,)), (0, (2,)), (0, ()), (0, (1, 2))])
def test_control_for_another_request_is_refused(
    kind: str, data: int, parts: tuple[int, ...]
) -> None:
    """A control that points anywhere but at the request of this message is refused."""
    control = der.control(kind, added(der.seq(), data, parts))
    assert refusal(cmc(control)) == (ERROR_INVALID_DATA, PARSING)


def test_unknown_control_is_passed_over() -> None:
    """A transaction id changes nothing."""
    said = cms.read(cmc(der.control(TRANSACTION_ID, der.integer(7))))
    assert (said.attributes, said.extensions) == ((), ())


def test_cmc_holds_exactly_one_pkcs10() -> None:
    """None, two, a CRMF request or garbage in its place have the documented code."""
    request = der.pkcs10(key("inner"))
    crmf = der.der(0xA1, der.seq())
    contents: tuple[list[bytes], ...] = (
        [],
        [der.tagged_request(request), der.tagged_request(request, 2)],
        [crmf],
        [der.tagged_request(der.seq())],
    )
    for one in contents:
        message = signed_by_itself(der.pki_data(one), der.PKI_DATA)
        assert refusal(message) == (ERROR_INVALID_DATA, PARSING)


def test_broken_pkidata_is_damage() -> None:
    """A CMC content that does not decode has one of the decoder's codes."""
    assert refusal(signed_by_itself(der.seq(der.seq()), der.PKI_DATA))[0] == CRYPT_E_ASN1_EOD
