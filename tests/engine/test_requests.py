"""The transport of a request, its size, its kind, and the promise that bytes can only be refused.

HRESULTs are written out from winerror.h, the limits from the documented size of column RawRequest.
"""

from __future__ import annotations

import base64
import subprocess
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import example, given
from hypothesis import strategies as st

from certsim._engine import requests
from certsim._engine.submission import RequestError
from certsim.errors import ComError
from tests.codes import (
    CRYPT_E_ASN1_BADTAG,
    CRYPT_E_ASN1_CORRUPT,
    CRYPT_E_ASN1_EOD,
    CRYPT_E_INVALID_MSG_TYPE,
    E_INVALIDARG,
)
from tests.engine import der_builder as der
from tests.marks import needs_openssl

LIMIT = 65_536

KEY = ec.derive_private_key(0xC0FFEE, ec.SECP256R1())
CSR = (
    x509.CertificateSigningRequestBuilder()
    .subject_name(der.name("www.example.org"))
    .sign(KEY, hashes.SHA256())
)
DER = CSR.public_bytes(serialization.Encoding.DER)
PEM = CSR.public_bytes(serialization.Encoding.PEM)
BASE64 = base64.b64encode(DER)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def refusal(data: bytes) -> int:
    """Return the HRESULT (unsigned) with which *data* is refused."""
    with pytest.raises(RequestError) as caught:
        requests.read(data)
    return caught.value.hresult & 0xFFFFFFFF


def transport_refusal(request: object) -> int:
    """Return the HRESULT (unsigned) with which *request* is refused unread."""
    with pytest.raises(ComError) as caught:
        requests.decode_transport(request)
    return caught.value.hresult & 0xFFFFFFFF


# Transport


@pytest.mark.parametrize(
    "request_",
    [
        DER,
        bytearray(DER),
        memoryview(DER),
        memoryview(b"\0" + DER)[1:],
        CSR,
        PEM,
        PEM.decode(),
        bytearray(PEM),
        PEM.replace(b"\n", b"\r\n"),
        PEM.replace(b"CERTIFICATE", b"NEW CERTIFICATE"),
        b"Subject: CN=www.example.org\n\n" + PEM + b"\nthanks\n",
        BASE64,
        BASE64.decode(),
        base64.encodebytes(DER),
        b"\r\n \t" + base64.encodebytes(DER).replace(b"\n", b"\r\n"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_way_of_sending_gives_the_same_bytes(request_: object) -> None:
    """DER, PEM and bare base64, as bytes, text or an object, all arrive as the DER."""
    assert requests.decode_transport(request_) == DER


@given(st.binary(max_size=300))
def test_base64_and_pem_of_any_bytes_come_back(data: bytes) -> None:
    """Whatever was put in base64 is taken out again, with and without header lines."""
    text = base64.encodebytes(data).decode()
    assert requests.decode_transport(text) == data
    assert requests.decode_transport(f"-----BEGIN X-----\n{text}-----END X-----\n") == data


@pytest.mark.parametrize("nothing", [None, b"", "", bytearray(), memoryview(b""), " \r\n"])
def test_nothing_is_an_empty_request(nothing: object) -> None:
    """No request and an empty one are the same."""
    assert requests.decode_transport(nothing) == b""


@pytest.mark.parametrize("text", ["ümlaut", "\ud800", "a", "-----BEGIN X-----", "%%%%"])
def test_text_that_is_no_base64_is_left_for_the_reader(text: str) -> None:
    """What cannot be decoded is handed on and refused as a request, which makes a row."""
    data = requests.decode_transport(text)
    assert data == text.encode("utf-8", "surrogatepass")
    assert refusal(data) == CRYPT_E_ASN1_BADTAG


@pytest.mark.parametrize("thing", [0, 1.5, [DER], (1, 2), {"a": 1}, object(), True, KEY])
def test_things_that_are_no_requests_are_refused(thing: object) -> None:
    """A number, a list and the like are a caller's mistake."""
    assert transport_refusal(thing) == E_INVALIDARG


# Size


def test_limit_counts_decoded_bytes() -> None:
    """65,536 bytes pass and one more does not, whichever way they were sent."""
    forms: list[Callable[[bytes], object]] = [
        bytes,
        memoryview,
        base64.b64encode,
        lambda data: base64.b64encode(data).decode(),
    ]
    for form in forms:
        full = b"\x30" + bytes(LIMIT - 1)
        assert requests.decode_transport(form(full)) == full
        assert transport_refusal(form(full + b"\0")) == E_INVALIDARG


def test_text_of_131072_characters_is_decoded_and_no_more() -> None:
    """Blanks count in a text's length, since nothing is decoded before it is measured."""
    padded = BASE64 + b" " * (131_072 - len(BASE64))
    assert requests.decode_transport(padded) == DER
    assert transport_refusal(padded + b" ") == E_INVALIDARG
    assert transport_refusal((padded + b" ").decode()) == E_INVALIDARG


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview], ids=lambda form: form.__name__)
def test_hundred_megabytes_are_refused_before_they_are_copied(
    form: Callable[[bytes], object],
) -> None:
    """The size is looked at first: no copy is made of what is too much."""
    huge = form(bytes(100_000_000))
    tracemalloc.start()
    try:
        assert transport_refusal(huge) == E_INVALIDARG
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_wide_items_of_a_memoryview_count_in_bytes() -> None:
    """A view of a few large items is as large as its bytes."""
    view = memoryview(bytes(8 * 20_000)).cast("Q")
    assert len(view) < LIMIT
    assert transport_refusal(view) == E_INVALIDARG


@pytest.mark.parametrize("junk", [b"-----BEGIN A-----", b"-----BEGIN ", b"-----", b"-"])
def test_header_lines_without_end_are_read_in_one_go(junk: bytes) -> None:
    """Thousands of opening lines and no closing one are looked at once, not once for each."""
    text = (junk * 131_072)[:LIMIT]
    assert requests.decode_transport(text) == text


# Kinds


def test_pkcs10_is_told_by_its_form() -> None:
    """A PKCS #10 needs no telling."""
    assert requests.read(DER).request_type == 0x100


def test_cms_is_told_by_its_form() -> None:
    """A signed message around the same PKCS #10 is a PKCS #7 request."""
    own = der.by_identifier(der.identifier(KEY))
    message = der.message(DER, [der.signer(KEY, own, DER, der.DATA)])
    assert requests.read(message).request_type == 0x300


def keygen(challenge: bytes = b"hello") -> bytes:
    """Return a KEYGEN request made by hand."""
    body = der.seq(der.public_key(KEY), der.der(0x16, challenge))
    return der.seq(body, der.seq(der.oid(der.ECDSA_SHA256)), der.bits(der.sign(KEY, body)))


def test_keygen_is_recognised_and_refused() -> None:
    """A KEYGEN request is a known kind that is not emulated."""
    assert refusal(keygen()) == CRYPT_E_INVALID_MSG_TYPE
    assert refusal(keygen(b"")) == CRYPT_E_INVALID_MSG_TYPE


@needs_openssl
def test_keygen_of_openssl_is_recognised_and_refused(tmp_path: Path) -> None:
    """The openssl program's SPKAC is recognised too."""
    pem = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tmp_path / "key.pem").write_bytes(pem)
    command = ["openssl", "spkac", "-key", "key.pem", "-challenge", "hello"]
    output = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout
    text = output.decode().partition("SPKAC=")[2]
    assert refusal(requests.decode_transport(text)) == CRYPT_E_INVALID_MSG_TYPE


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", CRYPT_E_ASN1_EOD),
        (b"\x30", CRYPT_E_ASN1_EOD),
        (DER[:-1], CRYPT_E_ASN1_EOD),
        (DER[: len(DER) // 2], CRYPT_E_ASN1_EOD),
        (b"\x31" + DER[1:], CRYPT_E_ASN1_BADTAG),
        (b"text", CRYPT_E_ASN1_BADTAG),
        (b"\x30\x03\x02\x01\x00", CRYPT_E_ASN1_BADTAG),
        (b"\x30\x80\x00\x00", CRYPT_E_ASN1_CORRUPT),
        (DER + b"\0", CRYPT_E_ASN1_CORRUPT),
    ],
)
def test_damage_has_a_code_of_its_kind(data: bytes, code: int) -> None:
    """Cut short, of the wrong tag, and broken otherwise are three different codes."""
    assert refusal(data) == code


def test_certificate_is_no_request() -> None:
    """A certificate sent by mistake is damage of some kind, not a crash."""
    now = x509.load_der_x509_csr(DER)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(now.subject)
        .issuer_name(now.subject)
        .serial_number(1)
        .not_valid_before(EPOCH)
        .not_valid_after(EPOCH)
        .public_key(KEY.public_key())
        .sign(KEY, hashes.SHA256())
    )
    assert refusal(certificate.public_bytes(serialization.Encoding.DER)) in (
        CRYPT_E_ASN1_CORRUPT,
        CRYPT_E_ASN1_BADTAG,
        CRYPT_E_ASN1_EOD,
    )


# Any bytes at all


@given(st.binary(max_size=400))
@example(b"\x30\x84\xff\xff\xff\xff")
@example(b"\x30\x80" * 200)
@example(b"\x30\x1f" + b"\x1f" * 31)
def test_any_bytes_are_refused_and_never_crash(data: bytes) -> None:
    """Random bytes raise `RequestError` and nothing else, whether DER begins like this or not."""
    for attempt in (data, b"\x30" + data, der.seq(data)):
        with pytest.raises(RequestError):
            requests.read(attempt)


@given(st.data())
def test_mangled_request_is_refused_and_never_crashes(data: st.DataObject) -> None:
    """A request with a piece cut out, doubled or written over raises `RequestError` alone."""
    whole = data.draw(st.sampled_from([DER, keygen()]))
    start = data.draw(st.integers(0, len(whole) - 1))
    end = data.draw(st.integers(start, len(whole)))
    filling = data.draw(st.binary(max_size=20))
    changed = whole[:start] + filling + whole[end:]
    if changed != DER:
        assert refusal(changed)


@given(st.text(max_size=300))
def test_any_text_is_refused_and_never_crashes(text: str) -> None:
    """Random text gives bytes, and those are refused as any others."""
    assert refusal(requests.decode_transport(text))
