"""The CA's names: sanitized, shortened, and filled into URLs.

The characters that are escaped are those of the published list, written out here; the hash of the
short form is computed by a second hand.
Source: MS-WCCE 3.1.1.4.1.1; MS-CSRA note 15 (tokens); docs/rulings.md (Certificates).
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import pytest
from cryptography import x509
from hypothesis import example, given
from hypothesis import strategies as st

import certsim
from certsim import CertificationAuthority
from certsim._engine import ca_names
from tests.codes import E_INVALIDARG, refused, signed
from tests.engine import values_kit as kit

ESCAPED = "&'*\\{}[]^:,=!`><#()%|+?\";/"
"""What is escaped although it prints. Source: MS-WCCE 3.1.1.4.1.1."""
any_text = st.text(st.characters(), max_size=80)


def by_hand(name: str) -> str:
    """Return the sanitized name, from the list of what is escaped."""
    found = []
    for char in name:
        if " " <= char <= "~" and char not in ESCAPED:
            found.append(char)
            continue
        number = ord(char)
        if number > 0xFFFF:
            number -= 0x10000
            units = [0xD800 + (number >> 10), 0xDC00 + (number & 0x3FF)]
        else:
            units = [number]
        found.extend(f"!{unit:04x}" for unit in units)
    return "".join(found)


@given(any_text)
@example("".join(map(chr, range(300))))
@example("🔑 and \ud800")
def test_sanitize_escapes_the_published_characters(name: str) -> None:
    """For all names the result is that of the list, and plain ASCII."""
    found = ca_names.sanitize(name)
    assert found == by_hand(name)
    assert found.isascii()
    assert not set(found) & set(ESCAPED.replace("!", ""))
    assert not found or found.isprintable()


@given(any_text)
def test_sanitize_is_injective(name: str) -> None:
    """Every sanitized name leads back to the one name it came from."""
    found = ca_names.sanitize(name)
    units = re.sub(r"!([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), found)
    whole = units.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")
    assert whole == name.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")


def short_by_hand(name: str) -> str:
    """Return the short form: escapes are cut as a whole, the hash is of what is cut."""
    whole = by_hand(name)
    if len(whole) <= 51:
        return whole
    pieces = re.findall(r"![0-9a-f]{4}|.", whole)
    kept = ""
    while pieces and len(kept) + len(pieces[0]) <= 51:
        kept += pieces.pop(0)
    digest = 0
    for char in "".join(pieces):
        digest = digest * 2 + (1 if digest >= 0x8000 else 0)
        digest = (digest % 0x10000 + ord(char)) % 0x10000
    return f"{kept}-{digest:05}"


@given(st.text(st.characters(), max_size=200))
@example("a" * 51)
@example("a" * 52)
@example("a" * 47 + "!")
@example("a" * 46 + "!" + "b")
@example("a" * 50 + "!")
@example("!" * 60)
def test_short_names_keep_51_characters_and_a_hash(name: str) -> None:
    """For all names the short form is the model's and fits the RDN with room for a suffix."""
    found = ca_names.sanitize_short(name)
    assert found == short_by_hand(name)
    assert len(found) <= 57


def test_modules_are_given_the_sanitized_name() -> None:
    """Initialize gets the sanitized name, and the properties tell both forms."""
    name = "Größe & Söhne: the certification authority of the whole house"
    told: list[Any] = []

    class Listener:
        def Initialize(self, strConfig: str, /) -> int:
            server = certsim.CCertServerExit()
            told.append(strConfig)
            told.extend(
                server.GetCertificateProperty(word, kit.STRING)
                for word in ("SanitizedCAName", "SanitizedShortName")
            )
            return 0

        def Notify(self, ExitEvent: int, Context: int, /) -> None:
            raise AssertionError

        def GetDescription(self) -> str:
            return "Listens"

    with certsim.CertificationAuthority(
        name, exit_modules=[Listener()], sources=certsim.Sources.seeded(1)
    ) as ca:
        subject = ca.certificate.subject
    assert told == [by_hand(name), by_hand(name), short_by_hand(name)]
    assert [item.value for item in subject] == [name]


@pytest.mark.parametrize("name", ["", " ", "\t\n", None, 7, "a" * 65, "a\ud800"])
def test_names_that_cannot_be_are_refused(name: Any) -> None:
    """A CA needs a name of 1 to 64 characters that can be encoded."""
    with pytest.raises(certsim.ComError):
        certsim.CertificationAuthority(name)


def test_a_line_end_in_the_name_does_not_make_two_names() -> None:
    """A CA name with a newline is refused, or is one common name."""
    try:
        ca = certsim.CertificationAuthority("Lab\nOther", sources=certsim.Sources.seeded(1))
    except certsim.ComError as error:
        assert error.hresult == signed(E_INVALIDARG)  # noqa: PT017
    else:
        assert len(list(ca.certificate.subject)) == 1


# --- URLs ----------------------------------------------------------------------------------------


def urls(
    name: str = "Lab CA", dns_name: str = "ca.certsim.test", **config: list[str]
) -> tuple[list[str], list[str], list[str]]:
    """Return the CDP, caIssuers and OCSP URLs of a certificate under this configuration."""
    ca = certsim.CertificationAuthority(
        name,
        dns_name=dns_name,
        sources=certsim.Sources.seeded(1),
        config={rf"ca\{key}": value for key, value in config.items()},
    )
    with ca:
        issued = ca.submit(kit.csr()).certificate
    assert issued is not None
    found: dict[str, list[str]] = {"cdp": [], "2": [], "1": []}
    for extension in issued.extensions:
        if isinstance(extension.value, x509.CRLDistributionPoints):
            (point,) = extension.value
            found["cdp"] = [place.value for place in point.full_name or ()]
        if isinstance(extension.value, x509.AuthorityInformationAccess):
            for access in extension.value:
                method = access.access_method.dotted_string[-1]
                found[method].append(access.access_location.value)
    return found["cdp"], found["2"], found["1"]


def test_default_urls() -> None:
    """By default there is one web address for CRLs and one for the CA's certificate."""
    assert urls() == (
        ["http://ca.certsim.test/CertEnroll/Lab%20CA.crl"],
        ["http://ca.certsim.test/CertEnroll/ca.certsim.test_Lab%20CA.crt"],
        [],
    )


@pytest.mark.parametrize(
    ("token", "text"),
    [
        ("%1", "pki.test"),
        ("%2", "PKI"),
        ("%3", "A!0026B"),
        ("%4", ""),
        ("%7", "A!0026B"),
        ("%8", ""),
        ("%9", ""),
        ("%6", ""),
        ("%10", "?certificateRevocationList?base?objectClass=cRLDistributionPoint"),
        ("%11", "?cACertificate?base?objectClass=certificationAuthority"),
        ("%5", ""),
        ("%%", "%%"),
        ("%12", "pki.test2"),
    ],
)
def test_tokens(token: str, text: str) -> None:
    """Each token stands for what the table says; directory tokens are empty without one."""
    cdp, _, _ = urls("A&B", "pki.test", CRLPublicationURLs=[f"2:http://x/{token}/y"])
    assert [unquote(url) if "!" in text else url for url in cdp] == [f"http://x/{text}/y"]


@given(name=st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=30))
def test_tokens_are_percent_encoded(name: str) -> None:
    """For all CA names a URL holds only characters a URL may, and leads back to the name."""
    tokens = {"3": ca_names.sanitize(name)}
    (url,) = ca_names.locations(["2:http://x/%3.crl"], 2, tokens)
    assert re.fullmatch(r"[A-Za-z0-9:/._~%()-]+", url)
    assert unquote(url) == f"http://x/{ca_names.sanitize(name)}.crl"


@pytest.mark.parametrize(
    "host",
    ["", "host/evil", "x/../../../e", "..", "a..b", r"..\x", "C:x", "h:stream", "%2e%2fx", "a\n"],
)
def test_a_host_cannot_add_a_path(host: str) -> None:
    """It stands in URLs and in paths, so it is a host name or nothing."""
    with refused(E_INVALIDARG, "is no host name"):
        CertificationAuthority("Test CA", dns_name=host)


def test_blanks_around_a_place_are_no_part_of_it() -> None:
    """A line that was written with one behind its number names the same place."""
    cdp, _, _ = urls(CRLPublicationURLs=["2: http://ca/x "])
    assert cdp == ["http://ca/x"]


def test_several_locations_keep_their_order_in_one_distribution_point() -> None:
    """All CDP lines become the names of one point; OCSP comes behind the issuers' addresses."""
    found = urls(
        CRLPublicationURLs=["2:http://a/", "65:file", "6:http://b/", "4:http://c/"],
        CACertPublicationURLs=["32:http://ocsp/", "2:http://d/", "34:http://both/", "1:e"],
    )
    assert found == (
        ["http://a/", "http://b/"],
        ["http://d/", "http://both/"],
        ["http://ocsp/", "http://both/"],
    )


@pytest.mark.parametrize(
    "line",
    ["", "http://none/", "x:http://none/", ":http://none/", "0:http://none/", "-2:http://n/"],
)
def test_lines_without_a_wanted_number_are_passed_over(line: str) -> None:
    """A line needs a number with the right bit in front; others are no locations."""
    assert urls(CRLPublicationURLs=[line, "2:http://a/"])[0] == ["http://a/"]


@pytest.mark.parametrize("line", ["2:ldap:///CN=%7", "2:LDAP://x/", "79:ldap:///CN=%7%8,%6%10"])
def test_ldap_lines_are_dropped_without_a_directory(line: str) -> None:
    """While fUseDS is 0 no LDAP location is named."""
    assert urls(CRLPublicationURLs=[line])[0] == []


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("²:http://a/", id="superscript"),
        pytest.param(f"{'9' * 5000}:http://a/", id="long number"),
        pytest.param("2:http://größe/", id="umlaut"),
    ],
)
def test_a_location_that_cannot_be_is_passed_over_or_refused(line: str) -> None:
    """An odd line is passed over or keeps the CA from starting with E_INVALIDARG."""
    ca = kit.authority(config={r"ca\CRLPublicationURLs": [line]})
    try:
        ca.start()
    except certsim.ComError as error:
        assert error.hresult == signed(E_INVALIDARG)  # noqa: PT017
    else:
        with ca:
            assert ca.running


def test_suffixes() -> None:
    """Index 0 has no suffix; later ones have their number in brackets."""
    assert [ca_names.suffix(index) for index in (0, 1, 12)] == ["", "(1)", "(12)"]
