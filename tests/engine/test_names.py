"""X.500 names: what the name properties and DistinguishedName say of a subject.

Subjects are put together by hand with every string type and every shape of RDN, submitted, and
read back through the server object that a module would use.
Source: win32 SecCrypto/name-properties; MS-CSRA (SubjectTemplate); docs/rulings.md (Names and
formats).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

import certsim
from tests.codes import CERTSRV_E_BAD_REQUESTSUBJECT, E_INVALIDARG, ISSUE, refused, signed
from tests.engine import der_builder as der
from tests.engine import values_kit as kit

UTF8, NUMERIC, PRINTABLE, TELETEX, IA5, VISIBLE = 0x0C, 0x12, 0x13, 0x14, 0x16, 0x1A
UNIVERSAL, BMP = 0x1C, 0x1E
CN, OU, ORG, C = "2.5.4.3", "2.5.4.11", "2.5.4.10", "2.5.4.6"
OIDS = {row["name"]: row["oid"] for row in kit.facts()["name_properties"]}
KEYS = {
    "CommonName": "CN",
    "OrgUnit": "OU",
    "Organization": "O",
    "Locality": "L",
    "State": "S",
    "Country": "C",
    "DomainComponent": "DC",
    "EMail": "E",
}
"""The keys of DistinguishedName. Source: docs/rulings.md (Names and formats)."""


def part(oid: str, content: bytes | str, tag: int = UTF8) -> bytes:
    """Return one encoded AttributeTypeAndValue."""
    data = content if isinstance(content, bytes) else content.encode()
    return der.seq(der.oid(oid), der.der(tag, data))


def subject(*rdns: Sequence[bytes] | bytes) -> bytes:
    """Return an encoded Name; an RDN of several values is given as a sequence."""
    return der.seq(
        *(der.set_of(rdn) if isinstance(rdn, bytes) else der.set_of(*rdn) for rdn in rdns)
    )


def request(*rdns: Sequence[bytes] | bytes) -> bytes:
    """Return a signed request with that subject."""
    return der.pkcs10(kit.key(), subject=subject(*rdns))


def told(encoded: bytes, *names: str, **more: Any) -> list[object]:
    """Return name properties of the request, as policy reads them."""
    return kit.in_policy(
        lambda s: [kit.attempt(s.GetRequestProperty, name, kit.STRING) for name in names],
        encoded,
        **more,
    )


def issued(encoded: bytes, **config: object) -> x509.Certificate:
    """Return the certificate for a request under this CA configuration."""
    with kit.authority(config={rf"ca\{name}": value for name, value in config.items()}) as ca:
        outcome = ca.submit(encoded)
    assert outcome.certificate is not None, str(outcome)
    return outcome.certificate


def raw_subject(certificate: x509.Certificate) -> bytes:
    """Return the encoded subject; cryptography keeps string types when it writes a name again."""
    return certificate.subject.public_bytes()


@pytest.mark.parametrize(
    ("tag", "content", "text"),
    [
        (UTF8, "Größe".encode(), "Größe"),
        (NUMERIC, b"12 34", "12 34"),
        (PRINTABLE, b"Plain", "Plain"),
        (TELETEX, b"Gr\xf6\xdfe", "Größe"),
        (IA5, b"a@b", "a@b"),
        (VISIBLE, b"seen", "seen"),
        (UNIVERSAL, "wide🔑".encode("utf-32-be"), "wide🔑"),
        (BMP, "東京".encode("utf-16-be"), "東京"),
    ],
)
def test_every_string_type_reads_as_its_text(tag: int, content: bytes, text: str) -> None:
    """The eight string types of names all become the text they stand for."""
    assert told(request(part(CN, content, tag)), "CommonName") == [text]


@pytest.mark.parametrize(
    ("tag", "content"),
    [(UTF8, b"\xff\xfe"), (BMP, b"odd"), (PRINTABLE, b"\xe9"), (UNIVERSAL, b"\xff\xff\xff\xff")],
)
def test_bytes_that_are_no_text_fail_the_request(tag: int, content: bytes) -> None:
    """A string whose bytes are not of its type ends in a Failed row with CRYPT_E_ASN1_CORRUPT."""
    with kit.authority() as ca:
        outcome = ca.submit(request(part(CN, content, tag)))
    assert outcome.disposition == certsim.CRDisposition.ERROR
    assert outcome.status == signed(0x80093103)


def test_several_values_join_with_a_newline_in_order_of_encoding() -> None:
    """Parts of one kind, across RDNs and inside one, make one property."""
    encoded = request(part(OU, "a"), part(CN, "x"), [part(OU, "b"), part(OU, "c")])
    assert told(encoded, "OrgUnit", "CommonName") == ["a\nb\nc", "x"]


def test_distinguished_name_begins_with_the_most_specific_part() -> None:
    """The text runs against the encoding, with documented keys; unknown kinds show their OID."""
    rdns = [part(OIDS[name], "v", PRINTABLE) for name in KEYS]
    found = told(request(*rdns, part("1.2.3.4", "w")), "DistinguishedName")
    assert found == ["OID.1.2.3.4=w, " + ", ".join(f"{key}=v" for key in reversed(KEYS.values()))]


def unquoted(text: str) -> list[tuple[str, str]]:
    """Read a DistinguishedName back: `key=value` pairs, values quoted with `""` for `"`."""
    pairs, rest = [], text
    while rest:
        match = re.match(r'([^=]+)=("(?:[^"]|"")*"|[^",]*)(?:, |$)', rest)
        assert match is not None, rest
        value = match[2]
        pairs.append((match[1], value[1:-1].replace('""', '"') if value[:1] == '"' else value))
        rest = rest[match.end() :]
    return pairs


@settings(max_examples=150, deadline=None)
@given(
    values=st.lists(
        st.text(
            st.one_of(
                st.sampled_from(list(' ",+=<>#;\n\r\\/')),
                st.characters(blacklist_categories=["Cs"]),
            ),
            max_size=12,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_distinguished_name_can_be_read_back(values: list[str]) -> None:
    """Whatever the values hold, quoting keeps them apart: no value can forge a further part."""
    encoded = request(*(part(OU, value) for value in values))
    (found,) = told(encoded, "DistinguishedName", config={r"ca\EnforceX500NameLengths": 0})
    assert isinstance(found, str)
    assert unquoted(found) == [("OU", value) for value in reversed(values)]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", "plain"),
        ("two words", "two words"),
        ("Contoso, Ltd.", '"Contoso, Ltd."'),
        ('the "best"', '"the ""best"""'),
        (" lead", '" lead"'),
        ("trail ", '"trail "'),
        ("a=b", '"a=b"'),
        ("a+b", '"a+b"'),
        ("", '""'),
        ("o'Hara", "o'Hara"),
    ],
)
def test_quoting(value: str, shown: str) -> None:
    """Values are quoted where a separator, a quote or an outer blank asks for it, else bare."""
    assert told(request(part(OU, value)), "DistinguishedName") == [f"OU={shown}"]


# --- the issued subject --------------------------------------------------------------------------

DEFAULT_ORDER = ["Country", "DomainComponent", "State", "Locality", "Organization", "OrgUnit"]
DEFAULT_ORDER += ["CommonName", "EMail"]
"""The reverse of SubjectTemplate's default. Source: MS-CSRA; docs/rulings.md (Certificates)."""


@settings(max_examples=60, deadline=None)
@given(order=st.permutations(list(OIDS)))
def test_subject_is_rewritten_to_the_template(order: list[str]) -> None:
    """Whatever the order asked for, the default template's kinds come out in its reverse."""
    rdns = [part(OIDS[name], "vv" if name == "Country" else name[:5], PRINTABLE) for name in order]
    found = issued(request(*rdns)).subject
    assert [item.oid.dotted_string for item in found] == [OIDS[name] for name in DEFAULT_ORDER]


@settings(max_examples=60, deadline=None)
@given(
    drawn=st.lists(st.sampled_from(list(OIDS)), min_size=1, max_size=12),
    template=st.lists(st.sampled_from(list(OIDS)), min_size=1, unique=True),
)
def test_any_template_orders_and_drops(drawn: list[str], template: list[str]) -> None:
    """For all templates: kinds outside it are dropped, the rest stand in its reverse, stably."""
    rdns = [part(OIDS[name], f"{index:02}", PRINTABLE) for index, name in enumerate(drawn)]
    model = [
        (OIDS[name], f"{index:02}")
        for name in reversed(template)
        for index, one in enumerate(drawn)
        if one == name
    ]
    asked = request(*rdns)
    alternative = kit.csr(kit.name(), x509.SubjectAlternativeName([x509.DNSName("x")]))
    config = {r"ca\SubjectTemplate": template}
    with kit.authority(config=config) as ca:
        outcome = ca.submit(asked)
        assert ca.submit(alternative).certificate is not None
    if not model:
        assert outcome.status == signed(CERTSRV_E_BAD_REQUESTSUBJECT)
    else:
        assert outcome.certificate is not None
        found = [(item.oid.dotted_string, item.value) for item in outcome.certificate.subject]
        assert found == model


def test_template_words_are_names_and_aliases_in_any_case() -> None:
    """`ou`, `EMAIL` and `OrganizationalUnit` are as good as the names of the table."""
    asked = request(part(CN, "www"), part(OU, "Lab"))
    for words in (["cn", "ou"], ["COMMONNAME", "OrganizationalUnit"], [" CN ", "OrgUnit"]):
        found = issued(asked, SubjectTemplate=words).subject
        assert found.rfc4514_string() == "CN=www,OU=Lab"


def test_a_template_with_an_unknown_word_keeps_the_ca_from_starting() -> None:
    """A word that is no name property stops the start with E_INVALIDARG (event 19 on Windows)."""
    ca = kit.authority(config={r"ca\SubjectTemplate": ["CommonName", "Shoe size"]})
    with refused(E_INVALIDARG):
        ca.start()
    assert not ca.running


def test_string_types_are_carried_over() -> None:
    """An untouched part keeps its string type and its bytes when the order is rewritten."""
    organization = part(ORG, "東京".encode("utf-16-be"), BMP)
    common = part(CN, b"www", TELETEX)
    assert raw_subject(issued(request(common, organization))) == subject(organization, common)


def test_empty_parts_are_removed() -> None:
    """A part without a value does not come out."""
    assert raw_subject(issued(request(part(OU, ""), part(CN, "www")))) == subject(part(CN, "www"))


def test_a_multivalued_rdn_comes_apart() -> None:
    """Values that stood in one RDN become RDNs of their own when the subject is rewritten."""
    found = issued(request([part(CN, "www"), part(OU, "Lab")]))
    assert raw_subject(found) == subject(part(OU, "Lab"), part(CN, "www"))


def test_no_reorder_keeps_the_order_asked_for() -> None:
    """CRLFlags 0x800 keeps the order; kinds outside the template are dropped all the same."""
    asked = [part(CN, "www"), part(OIDS["Title"], "Dr"), part(C, b"DE", PRINTABLE), part(OU, "L")]
    found = raw_subject(issued(request(*asked), CRLFlags=0x802))
    assert found == subject(asked[0], *asked[2:])


def test_an_untouched_subject_can_be_kept_exactly() -> None:
    """CRLFlags 0x20 keeps every byte: order, empty and unlisted parts, RDNs of several values."""
    several = [part(OU, "a"), part(ORG, "b")]
    asked: list[Sequence[bytes] | bytes] = [part(CN, "www"), several, part("1.2.3.4", "x")]
    asked.append(part(OU, ""))
    assert raw_subject(issued(request(*asked), CRLFlags=0x22)) == subject(*asked)


def test_a_touched_subject_is_rebuilt_even_then() -> None:
    """With CRLFlags 0x20 a subject that policy changed follows the template like any other."""
    found = kit.issued_after(
        lambda s: s.SetCertificateProperty("CommonName", kit.STRING, "new"),
        request(part(CN, "www"), part(OIDS["Title"], "Dr"), part(ORG, "Contoso")),
        config={r"ca\CRLFlags": 0x22},
    )
    assert found.subject.rfc4514_string() == "CN=new,O=Contoso"


# --- lengths -------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", kit.facts()["name_properties"], ids=lambda row: row["name"])
def test_requested_parts_keep_to_their_length(row: dict[str, Any]) -> None:
    """The maximum passes, one character more fails the request, unless enforcement is off."""
    for extra, enforce, fails in ((0, 1, False), (1, 1, True), (1, 0, False)):
        text = "x" * (row["max"] + extra)
        config = {r"ca\EnforceX500NameLengths": enforce, r"ca\SubjectTemplate": [row["name"]]}
        with kit.authority(config=config) as ca:
            outcome = ca.submit(request(part(row["oid"], text, PRINTABLE)))
        expected = signed(CERTSRV_E_BAD_REQUESTSUBJECT) if fails else 0
        assert outcome.status == expected, str(outcome)
        if fails:
            assert row["name"] in outcome.message


def test_length_counts_characters_of_each_value() -> None:
    """Characters count and not bytes, for each of several values by itself."""
    long = "東" * 64
    with kit.authority() as ca:
        assert ca.submit(request(part(OU, long), part(OU, long))).status == 0


def test_neither_subject_nor_alternative_name() -> None:
    """A request without any name is refused with BAD_REQUESTSUBJECT once it should be issued."""
    with kit.authority() as ca:
        outcome = ca.submit(kit.csr(kit.name()))
    assert outcome.status == signed(CERTSRV_E_BAD_REQUESTSUBJECT)
    assert outcome.disposition == certsim.CRDisposition.ERROR


def test_a_disabled_alternative_name_does_not_count() -> None:
    """An alternative name that is not issued cannot stand in for a subject."""
    alternative = x509.SubjectAlternativeName([x509.DNSName("x")])
    with kit.authority(policy=kit.always(ISSUE)) as ca:  # enables nothing
        outcome = ca.submit(kit.csr(kit.name(), alternative))
    assert outcome.status == signed(CERTSRV_E_BAD_REQUESTSUBJECT)


def test_name_attribute_order_survives_in_the_request_half() -> None:
    """The request's own name is kept as asked for, whatever is issued."""
    asked = subject(part(CN, "www"), part(C, b"DE", PRINTABLE))
    found = kit.in_notify(
        lambda s: (
            s.GetRequestProperty("RawName", kit.BINARY),
            s.GetRequestProperty("DistinguishedName", kit.STRING),
            s.GetCertificateProperty("DistinguishedName", kit.STRING),
        ),
        der.pkcs10(kit.key(), subject=asked),
    )
    assert found == (asked, "C=DE, CN=www", "CN=www, C=DE")
    assert NameOID.COMMON_NAME.dotted_string == CN
