"""The subject as policy makes it: parts under each of their names, cleared, joined, carried over.

Source: sdk-api certif/nf-certif-icertserverpolicy-setcertificateproperty; win32
SecCrypto/name-properties.
"""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.x509.oid import NameOID

from tests.codes import CERTSRV_E_BAD_REQUESTSUBJECT, ISSUE, signed
from tests.engine import der_builder as der
from tests.engine import values_kit as kit
from tests.engine.setters_kit import COMMON, ORGANIZATION, SUBJECT, after, setting


@pytest.mark.parametrize("row", kit.facts()["name_properties"], ids=lambda row: row["name"])
def test_each_name_part_can_be_set_under_each_of_its_names(row: dict[str, Any]) -> None:
    """The sixteen parts are set by name, alias or with `Subject.` and make the subject."""
    aliases = [word.strip() for word in row["aliases"].split(",") if word.strip()]
    value = "DE" if row["name"] == "Country" else "Some"
    template = [item["name"] for item in kit.facts()["name_properties"]]
    for spelled in (row["name"], f"Subject.{row['name']}", *aliases):
        issued = kit.issued_after(
            setting(spelled.upper(), kit.STRING, value),
            kit.csr(kit.name()),
            config={r"ca\SubjectTemplate": template},
        )
        assert [(part.oid.dotted_string, part.value) for part in issued.subject] == [
            (row["oid"], value)
        ]


def test_a_newline_joins_several_values_of_one_part() -> None:
    """Several organizational units are set as one text and come out as several parts in order."""
    issued = kit.issued_after(setting("OU", kit.STRING, "First\nSecond"))
    units = issued.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    assert [unit.value for unit in units] == ["First", "Second"]


def test_a_cleared_part_leaves_the_subject() -> None:
    """Clearing the organization takes it out of the issued subject and leaves the rest."""
    issued = kit.issued_after(setting("O", kit.STRING, None), kit.csr(SUBJECT))
    assert [part.value for part in issued.subject] == ["DE", "www"]


def test_setting_a_part_leaves_the_request_as_it_was() -> None:
    """The request's own name keeps the old value; the certificate's name has the new one."""
    found = after(
        setting("CommonName", kit.STRING, "new"),
        lambda s: (
            s.GetRequestProperty("CommonName", kit.STRING),
            s.GetCertificateProperty("CommonName", kit.STRING),
            s.GetCertificateProperty("DistinguishedName", kit.STRING),
        ),
    )
    assert found == ("www", "new", "CN=new, O=Contoso, C=DE")


@pytest.mark.parametrize("row", kit.facts()["name_properties"], ids=lambda row: row["name"])
def test_name_parts_keep_to_their_length(row: dict[str, Any]) -> None:
    """A part set to its maximum is issued; one character more ends in BAD_REQUESTSUBJECT."""
    for extra, expected in ((0, 0), (1, signed(CERTSRV_E_BAD_REQUESTSUBJECT))):

        def decide(server: Any, _context: int, extra: int = extra) -> int:
            value = "A" * (row["max"] + extra)
            server.SetCertificateProperty(row["name"], kit.STRING, value)
            return ISSUE

        with kit.authority(policy=decide) as ca:
            assert ca.submit(kit.csr()).status == expected


@pytest.mark.parametrize(("name", "value"), [("Country", "Ü!"), ("EMail", "ü@x")])
def test_characters_a_part_cannot_carry_end_in_a_refusal(name: str, value: str) -> None:
    """A country outside PrintableString, an address outside IA5, half a character: 0x80094001."""

    def decide(server: Any, _context: int) -> int:
        server.SetCertificateProperty(name, kit.STRING, value)
        return ISSUE

    with kit.authority(policy=decide) as ca:
        assert ca.submit(kit.csr()).status == signed(CERTSRV_E_BAD_REQUESTSUBJECT)


def test_parts_that_policy_does_not_touch_are_carried_over_byte_for_byte() -> None:
    """Setting the common name leaves the organization's string type as the client encoded it."""
    organization = der.set_of(der.seq(der.oid("2.5.4.10"), der.der(0x13, b"Contoso")))
    common = der.set_of(der.seq(der.oid("2.5.4.3"), der.der(0x0C, b"www")))
    request = der.pkcs10(kit.key(), subject=der.seq(organization, common))
    issued = kit.issued_after(setting("CommonName", kit.STRING, "new"), request)
    assert organization in issued.subject.public_bytes()


def test_a_line_end_inside_an_untouched_part_stays_one_part() -> None:
    """A common name with a newline inside is still one part once policy has set another one."""
    subject = kit.name((ORGANIZATION, "Contoso"), (COMMON, "www\nEvil"))
    issued = kit.issued_after(setting("O", kit.STRING, "Other"), kit.csr(subject))
    assert len(issued.subject.get_attributes_for_oid(COMMON)) == 1
