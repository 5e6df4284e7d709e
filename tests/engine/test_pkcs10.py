"""PKCS #10 requests: what they say, and the proof that their sender holds the key.

Requests come from cryptography's builder, from the openssl program and from a DER builder of the
tests' own. HRESULTs and object identifiers are written out from winerror.h and MS-WCCE 2.2.2.7.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x25519
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from certsim._engine import asn1, pkcs10
from certsim._engine.submission import RequestError
from tests.codes import CRYPT_E_ASN1_CORRUPT, NTE_BAD_ALGID, NTE_BAD_KEY, NTE_BAD_SIGNATURE
from tests.engine import der_builder as der
from tests.engine import values_kit as kit
from tests.marks import needs_openssl

PARSING = "Error Parsing Request"
VERIFYING = "Error Verifying Request Signature or Signing Certificate"

MICROSOFT_EXTENSIONS, PKCS9_EXTENSIONS = "1.3.6.1.4.1.311.2.1.14", "1.2.840.113549.1.9.14"
NAME_VALUE, CSP, OS_VERSION = (f"1.3.6.1.4.1.311.13.2.{last}" for last in (1, 2, 3))
CHALLENGE = "1.2.840.113549.1.9.7"
KEY_USAGE, BASIC_CONSTRAINTS = "2.5.29.15", "2.5.29.19"
DIGITAL_SIGNATURE = b"\x03\x02\x07\x80"
DISABLED_REQUEST, CRITICAL = 0x10002, 1

KEY = ec.derive_private_key(0xC0FFEE, ec.SECP256R1())
STRANGER = ec.derive_private_key(0xDECAF, ec.SECP256R1())


def refusal(data: bytes) -> tuple[int, str]:
    """Return the HRESULT (unsigned) and the stage with which *data* is refused."""
    with pytest.raises(RequestError) as caught:
        pkcs10.read(data)
    return caught.value.hresult & 0xFFFFFFFF, caught.value.stage


def wish(*extensions: bytes, kind: str = MICROSOFT_EXTENSIONS) -> bytes:
    """Return the request attribute that asks for *extensions*."""
    return der.attribute(kind, der.seq(*extensions))


def attributes_of(*values: bytes) -> tuple[tuple[str, str], ...]:
    """Return the request attributes read from a request with these PKCS #10 attributes."""
    return pkcs10.read(der.pkcs10(KEY, *values)).attributes


# Keys and signatures


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP521R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["RSA", "P-256", "P-384", "P-521", "Ed25519"],
)
def test_each_kind_of_key_is_read(key: der.Key) -> None:
    """A request of cryptography's builder gives its own subject, name and key back."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Müller, Söhne"),
            x509.NameAttribute(NameOID.COMMON_NAME, "www.example.org"),
        ]
    )
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, algorithm)
    said = pkcs10.read(request.public_bytes(serialization.Encoding.DER))
    assert said.request_type == 0x100
    assert said.raw_name == subject.public_bytes()
    assert said.public_key_info == der.public_key(key)
    assert [(part.oid, part.text) for part in said.subject.parts] == [
        ("2.5.4.6", "DE"),
        ("2.5.4.10", "Müller, Söhne"),
        ("2.5.4.3", "www.example.org"),
    ]
    assert (said.attributes, said.extensions, said.old_certificate) == ((), (), None)


@needs_openssl
@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("padding", ["pkcs1", "pss"])
def test_rsa_request_of_openssl_is_read(tmp_path: Path, digest: str, padding: str) -> None:
    """Openssl's RSA requests hold with each digest and either padding."""
    command = ["req", "-new", "-key", rsa_key(tmp_path)]
    options = ["-subj", "/CN=inner", "-outform", "DER", f"-{digest}"]
    scheme = ["-sigopt", f"rsa_padding_mode:{padding}"]
    request = openssl(tmp_path, *command, *options, *scheme)
    assert [part.text for part in pkcs10.read(request).subject.parts] == ["inner"]


@needs_openssl
@pytest.mark.parametrize("kind", ["rsa:2048", "ec -pkeyopt ec_paramgen_curve:P-256"])
def test_old_clients_may_sign_with_sha1(tmp_path: Path, kind: str) -> None:
    """A SHA-1 signature is taken when it holds, and refused like any other when it does not."""
    made = tmp_path / "old.der"
    command = f"openssl req -new -newkey {kind} -nodes -keyout {tmp_path / 'key'} -sha1"
    command += f" -subj /CN=old -outform DER -out {made}"
    subprocess.run(command.split(), check=True, capture_output=True)
    data = made.read_bytes()
    assert [part.text for part in pkcs10.read(data).subject.parts] == ["old"]
    assert refusal(data[:-1] + bytes([data[-1] ^ 1])) == (NTE_BAD_SIGNATURE, VERIFYING)


@needs_openssl
def test_extensions_of_openssl_arrive_disabled(tmp_path: Path) -> None:
    """What openssl wrote as extensions is what cryptography reads there, in that order."""
    command = ["req", "-new", "-key", rsa_key(tmp_path)]
    wanted = ["subjectAltName=DNS:a.example", "basicConstraints=critical,CA:TRUE"]
    options = [word for one in wanted for word in ("-addext", one)]
    request = openssl(tmp_path, *command, "-subj", "/CN=a", "-outform", "DER", *options)
    expected = tuple(
        (
            one.oid.dotted_string,
            DISABLED_REQUEST | (CRITICAL if one.critical else 0),
            one.value.public_bytes(),
        )
        for one in x509.load_der_x509_csr(request).extensions
    )
    assert [flags for _, flags, _ in expected] == [0x10002, 0x10003]
    assert pkcs10.read(request).extensions == expected


def rsa_key(folder: Path) -> str:
    """Put the one RSA key of these tests into *folder*, since making one takes long."""
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    pem = kit.key("RSA").private_bytes(*form, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    return "key.pem"


def openssl(folder: Path, *arguments: str) -> bytes:
    """Run the openssl program in *folder* and return what it writes."""
    command = ["openssl", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout


def test_signature_of_another_key_is_refused() -> None:
    """Whoever copies a public key into a request cannot sign it."""
    info = der.request_info(KEY)
    signature = der.bits(der.sign(STRANGER, info))
    request = der.seq(info, der.seq(der.oid(der.ECDSA_SHA256)), signature)
    assert refusal(request) == (NTE_BAD_SIGNATURE, VERIFYING)


def test_digest_in_place_of_the_signature_is_refused() -> None:
    """A null signature counts inside a signed message only."""
    for algorithm in (der.SHA256, der.NO_SIGNATURE):
        request = der.null_signed(der.request_info(KEY), algorithm)
        assert refusal(request)[1] == VERIFYING


@pytest.mark.parametrize(
    "key",
    [
        x25519.X25519PrivateKey.from_private_bytes(bytes(32)),
        ed448.Ed448PrivateKey.from_private_bytes(bytes(57)),
    ],
    ids=["X25519", "Ed448"],
)
@pytest.mark.parametrize("algorithm", [der.ECDSA_SHA256, der.ED25519, "1.3.101.113"])
def test_key_that_did_not_sign_is_refused_whatever_its_kind(
    key: x25519.X25519PrivateKey | ed448.Ed448PrivateKey, algorithm: str
) -> None:
    """A key that cannot sign, or not in this way, proves nothing."""
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    info = der.seq(der.integer(0), der.name("a").public_bytes(), public, der.der(0xA0))
    request = der.seq(info, der.seq(der.oid(algorithm)), der.bits(bytes(64)))
    assert refusal(request)[1] == VERIFYING


@pytest.mark.parametrize(
    ("known", "unknown", "code"),
    [
        ("1.2.840.10045.3.1.7", "1.2.840.10045.3.1.99", NTE_BAD_KEY),
        (der.ECDSA_SHA256, "1.2.840.10045.4.3.99", NTE_BAD_ALGID),
    ],
    ids=["curve", "scheme"],
)
def test_unknown_curve_is_a_bad_key_and_unknown_scheme_a_bad_algorithm(
    known: str, unknown: str, code: int
) -> None:
    """What cannot be checked is not believed, and the code tells which half it was."""
    request = der.pkcs10(KEY).replace(der.oid(known), der.oid(unknown))
    assert refusal(request) == (code, VERIFYING)


def test_point_off_the_curve_is_a_bad_key() -> None:
    """A public key that is no point of its curve has a code of its own."""
    info = der.request_info(KEY)
    numbers = KEY.public_key().public_numbers()
    off_curve = info.replace(numbers.y.to_bytes(32, "big"), bytes(32))
    signature = der.bits(der.sign(KEY, off_curve))
    request = der.seq(off_curve, der.seq(der.oid(der.ECDSA_SHA256)), signature)
    assert refusal(request) == (NTE_BAD_KEY, VERIFYING)


def test_wrong_version_is_refused() -> None:
    """A PKCS #10 request has version 0."""
    assert refusal(der.pkcs10(KEY, version=1)) == (CRYPT_E_ASN1_CORRUPT, PARSING)


@pytest.mark.parametrize("data", [b"", b"\x30", b"text", der.seq(), der.pkcs10(KEY)[:-1]])
def test_other_bytes_are_no_pkcs10(data: bytes) -> None:
    """Bytes that do not decode are left for the caller to tell apart."""
    with pytest.raises(asn1.DecodeError):
        pkcs10.read(data)


@given(st.data())
def test_one_changed_byte_is_noticed(data: st.DataObject) -> None:
    """No byte of a request can be changed without the signature noticing."""
    request = der.pkcs10(KEY, wish(der.extension(KEY_USAGE, DIGITAL_SIGNATURE)))
    place = data.draw(st.integers(0, len(request) - 1))
    change = data.draw(st.integers(1, 255))
    changed = request[:place] + bytes((request[place] ^ change,)) + request[place + 1 :]
    with pytest.raises((RequestError, asn1.DecodeError)):
        pkcs10.read(changed)


# Names


def test_subject_is_kept_byte_for_byte() -> None:
    """String types, values of several parts and empty names come back as they were sent."""

    def part(kind: str, value: bytes) -> bytes:
        return der.seq(der.oid(kind), value)

    teletex = der.der(0x14, "Zürich".encode("latin-1"))
    several = der.set_of(part("2.5.4.3", der.bmp("Ω")), part("2.5.4.11", der.der(0x13, b"x")))
    subject = der.seq(der.set_of(part("2.5.4.7", teletex)), several)
    said = pkcs10.read(der.pkcs10(KEY, subject=subject))
    assert said.raw_name == subject
    assert said.subject.parts[0].text == "Zürich"
    assert {(one.oid, one.text) for one in said.subject.parts[1:]} == {
        ("2.5.4.3", "Ω"),
        ("2.5.4.11", "x"),
    }
    assert pkcs10.read(der.pkcs10(KEY, subject=der.seq())).subject.parts == []


def test_text_in_the_wrong_encoding_is_refused() -> None:
    """A UTF8String that is no UTF-8 is damage."""
    value = der.seq(der.oid("2.5.4.3"), der.der(0x0C, b"\xff"))
    request = der.pkcs10(KEY, subject=der.seq(der.set_of(value)))
    assert refusal(request) == (CRYPT_E_ASN1_CORRUPT, PARSING)


# Attributes


def test_name_value_pairs_become_request_attributes() -> None:
    """Each pair gives a row; blanks and minus signs leave the name, the value stays."""
    pairs = [("Certificate-Template", "Web Server"), ("a b", " c "), ("Ω", "ä")]
    values = [
        der.attribute(NAME_VALUE, der.seq(der.bmp(name), der.bmp(value))) for name, value in pairs
    ]
    assert set(attributes_of(*values)) == {
        ("CertificateTemplate", "Web Server"),
        ("ab", " c "),
        ("Ω", "ä"),
    }


def test_pairs_without_name_or_value_are_passed_over() -> None:
    """An empty name, an empty value and a name of blanks alone give no row."""
    pairs = [("", "x"), ("x", ""), (" - ", "x")]
    values = [
        der.attribute(NAME_VALUE, der.seq(der.bmp(name), der.bmp(value))) for name, value in pairs
    ]
    assert attributes_of(*values) == ()


def test_several_pairs_may_stand_in_one_attribute() -> None:
    """The values of one attribute are read one by one."""
    values = [der.seq(der.bmp(name), der.bmp("v")) for name in "ab"]
    assert attributes_of(der.attribute(NAME_VALUE, *values)) == (("a", "v"), ("b", "v"))


def test_version_of_windows_and_provider_become_attributes() -> None:
    """The client's version and its provider's name are kept under their property names."""
    version = der.attribute(OS_VERSION, der.der(0x16, b"10.0.20348.2"))
    name = "Microsoft Software Key Storage Provider"
    provider = der.attribute(CSP, der.seq(der.integer(1), der.bmp(name), der.bits(b"")))
    assert set(attributes_of(version, provider)) == {
        ("RequestOSVersion", "10.0.20348.2"),
        ("RequestCSPProvider", name),
    }


@pytest.mark.parametrize("kind", [OS_VERSION, CSP])
def test_version_and_provider_have_one_value_each(kind: str) -> None:
    """A second value makes the request unusable (MS-WCCE 3.2.1.4.2.1.4.1.1)."""
    value = der.der(0x16, b"10.0")
    if kind == CSP:
        value = der.seq(der.integer(1), der.bmp("provider"), der.bits(b""))
    other = value[:-1] + bytes([value[-1] ^ 1])
    data = der.pkcs10(KEY, der.attribute(kind, value, other))
    assert refusal(data) == (0x8007000D, PARSING)


def test_other_attributes_are_passed_over() -> None:
    """A challenge password and an unknown attribute change nothing."""
    password = der.attribute(CHALLENGE, der.der(0x0C, b"secret"))
    assert attributes_of(password, der.attribute("1.2.3.4", der.seq())) == ()


@pytest.mark.parametrize(
    "attribute",
    [
        der.attribute(NAME_VALUE, der.bmp("a")),
        der.attribute(NAME_VALUE, der.seq(der.bmp("a"))),
        der.attribute(NAME_VALUE, der.seq(der.bmp("a"), der.der(0x1E, b"x"))),
        der.attribute(CSP, der.seq(der.bmp("a"))),
        der.attribute(OS_VERSION, der.der(0x16, b"\xff")),
        der.attribute(MICROSOFT_EXTENSIONS, der.octets(b"")),
        der.attribute(MICROSOFT_EXTENSIONS, der.seq(der.seq())),
    ],
    ids=["no pair", "half a pair", "odd BMPString", "provider", "version", "list", "extension"],
)
def test_damaged_attribute_is_refused(attribute: bytes) -> None:
    """A known attribute of the wrong form is damage, however well it is signed."""
    assert refusal(der.pkcs10(KEY, attribute)) == (CRYPT_E_ASN1_CORRUPT, PARSING)


# Extensions


@pytest.mark.parametrize("kind", [MICROSOFT_EXTENSIONS, PKCS9_EXTENSIONS])
def test_extensions_are_read_from_either_attribute(kind: str) -> None:
    """Both attributes are alike; order, criticality and values are kept."""
    wanted = wish(
        der.extension(KEY_USAGE, DIGITAL_SIGNATURE, critical=True),
        der.extension("1.2.3", b""),
        kind=kind,
    )
    assert pkcs10.read(der.pkcs10(KEY, wanted)).extensions == (
        (KEY_USAGE, DISABLED_REQUEST | CRITICAL, DIGITAL_SIGNATURE),
        ("1.2.3", DISABLED_REQUEST, b""),
    )


def test_both_attributes_add_up() -> None:
    """A request may use Microsoft's attribute and that of PKCS #9 together."""
    first = wish(der.extension("1.2.3", b"\x05\x00"))
    second = wish(der.extension("1.2.4", b"\x05\x00"), kind=PKCS9_EXTENSIONS)
    rows = pkcs10.read(der.pkcs10(KEY, first, second)).extensions
    assert {name for name, _, _ in rows} == {"1.2.3", "1.2.4"}


@pytest.mark.parametrize("kind", [MICROSOFT_EXTENSIONS, PKCS9_EXTENSIONS])
def test_extension_asked_for_twice_is_refused(kind: str) -> None:
    """Twice in one list, or once in each of two attributes: nobody knows which one is meant."""
    one = der.extension("1.2.3", b"\x05\x00")
    other = der.extension("1.2.3", b"\x01\x01\xff")
    for attributes in ([wish(one, other)], [wish(one), wish(other, kind=kind)]):
        assert refusal(der.pkcs10(KEY, *attributes)) == (CRYPT_E_ASN1_CORRUPT, PARSING)


def test_extension_value_may_have_4096_bytes_and_no_more() -> None:
    """The column's size is the limit."""
    fits, too_long = (wish(der.extension("1.2.3", bytes(size))) for size in (4096, 4097))
    assert len(pkcs10.read(der.pkcs10(KEY, fits)).extensions[0].value) == 4096
    assert refusal(der.pkcs10(KEY, too_long)) == (CRYPT_E_ASN1_CORRUPT, PARSING)
