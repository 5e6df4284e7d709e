"""Renewals in CMS messages: which old certificate they name, and who must have signed.

Source: MS-WCCE 2.2.2.7.3; docs/rulings.md (Kinds and signatures).
"""

from __future__ import annotations

import pytest

from certsim._engine import cms, requests
from tests.codes import CERTSRV_E_BAD_RENEWAL_CERT_ATTRIBUTE, NTE_BAD_SIGNATURE
from tests.engine import der_builder as der
from tests.engine.cms_kit import (
    CMC,
    RENEWAL,
    VERIFYING,
    certificate,
    encoded,
    key,
    refusal,
    renewal,
)


@pytest.mark.parametrize("null", [False, True], ids=["signed inside", "null inside"])
def test_renewal_names_its_old_certificate(null: bool) -> None:
    """A request signed with the old key carries the old certificate along."""
    old = encoded(certificate("old"))
    said = cms.read(renewal(old, null=null))
    assert said.old_certificate == old
    assert said.public_key_info == der.public_key(key("inner"))


def test_cmc_renewal_has_two_signers() -> None:
    """A CMC renewal signed by the new and the old key is read, in any order of the certificates."""
    old = encoded(certificate("old"))
    request = der.pkcs10(key("inner"), der.attribute(RENEWAL, old))
    content = der.pki_data([der.tagged_request(request)])
    own = der.by_identifier(der.identifier(key("inner")))
    signers = [
        der.signer(key("inner"), own, content, der.PKI_DATA),
        der.signer(key("old"), der.by_issuer(certificate("old")), content, der.PKI_DATA),
    ]
    said = cms.read(der.message(content, signers, [old], der.PKI_DATA))
    assert (said.request_type, said.old_certificate) == (CMC, old)


def test_renewal_without_the_old_key_is_refused() -> None:
    """The owner of the new key alone cannot renew somebody's certificate."""
    message = renewal(encoded(certificate("old")), signed="stranger", bag=("old", "stranger"))
    assert refusal(message) == (NTE_BAD_SIGNATURE, VERIFYING)


def test_renewal_without_the_old_certificate_in_the_message_is_refused() -> None:
    """The attribute must name a certificate that the message carries."""
    old = encoded(certificate("old"))
    for message in (renewal(old, signed="stranger", bag=("stranger",)), renewal(old, bag=())):
        assert refusal(message)[0] == CERTSRV_E_BAD_RENEWAL_CERT_ATTRIBUTE


@pytest.mark.parametrize("count", [0, 2])
def test_renewal_names_exactly_one_certificate(count: int) -> None:
    """An empty attribute, or two certificates in it, name no old certificate."""
    values = [encoded(certificate(one)) for one in ("old", "stranger")][:count]
    message = renewal(*values, bag=("old", "stranger"))
    assert refusal(message)[0] == CERTSRV_E_BAD_RENEWAL_CERT_ATTRIBUTE


def test_bare_request_with_the_renewal_attribute_is_new() -> None:
    """Only a signed message can renew."""
    attribute = der.attribute(RENEWAL, encoded(certificate("old")))
    assert requests.read(der.pkcs10(key("inner"), attribute)).old_certificate is None
