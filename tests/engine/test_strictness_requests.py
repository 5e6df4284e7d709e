"""Strictness about requests: odd transports are read, private keys are not kept, words stay human.

Source: docs/rulings.md (Requests); RFC 7468 (PEM); winerror.h (codes); certutil -schema (states).
"""

from __future__ import annotations

import base64
import codecs
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

from certsim import CertificationAuthority, CRDisposition
from tests.codes import FAILED, NTE_BAD_ALGID, signed
from tests.engine import der_builder as der
from tests.engine import engine_kit
from tests.marks import needs_openssl
from tests.requests_kit import make_csr, make_key


def pem(label: str, data: bytes) -> bytes:
    """Return *data* between PEM lines."""
    body = base64.encodebytes(data).decode("ascii")
    return f"-----BEGIN {label}-----\n{body}-----END {label}-----\n".encode()


PEM = pem("CERTIFICATE REQUEST", make_csr())


def row(ca: CertificationAuthority) -> Any:
    """Return the columns of the row that was made last."""
    return engine_kit.rows(ca)[-1].columns


def key_bytes(form: PrivateFormat, password: bytes | None = None) -> bytes:
    """Return the private key of the request as PEM."""
    lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        lock = serialization.BestAvailableEncryption(password)
    return make_key().private_bytes(Encoding.PEM, form, lock)


KEY_FILES = {
    "PKCS #8": key_bytes(PrivateFormat.PKCS8),
    "SEC 1": key_bytes(PrivateFormat.TraditionalOpenSSL),
    "encrypted PKCS #8": key_bytes(PrivateFormat.PKCS8, b"secret"),
    "encrypted SEC 1": key_bytes(PrivateFormat.TraditionalOpenSSL, b"secret"),
}


@needs_openssl
def test_a_good_md5_signature_is_a_bad_algorithm(
    ca: CertificationAuthority, tmp_path: Path
) -> None:
    """A request that is signed rightly, but with MD5, is Failed with NTE_BAD_ALGID."""
    out = tmp_path / "md5.der"
    command = ["openssl", "req", "-new", "-md5", "-newkey", "rsa:2048", "-nodes", "-batch"]
    more = ["-subj", "/CN=old", "-keyout", str(tmp_path / "key"), "-outform", "DER", "-out", out]
    subprocess.run([*command, *more], check=True, capture_output=True)
    outcome = ca.submit(out.read_bytes())
    assert (outcome.disposition, outcome.status) == (
        CRDisposition.ERROR,
        signed(NTE_BAD_ALGID),
    )
    assert row(ca)["Request.Disposition"] == FAILED


@pytest.mark.parametrize("before", ["0815 of Monday\n", "0\n", "0", "0~\n", "0815 M\u00fcller\n"])
def test_text_that_begins_like_der_is_still_text(ca: CertificationAuthority, before: str) -> None:
    """The digit 0 is the byte a request begins with, and bytes are read like the same text."""
    text = before + PEM.decode("ascii")
    assert ca.submit(text.encode()).disposition == CRDisposition.ISSUED
    assert row(ca)["Request.RawRequest"] == make_csr()
    assert ca.submit(text).disposition == CRDisposition.ISSUED
    assert row(ca)["Request.RawRequest"] == make_csr()


@pytest.mark.parametrize("kind", KEY_FILES)
def test_a_request_behind_its_private_key_is_found(ca: CertificationAuthority, kind: str) -> None:
    """Of a file with the key first and the request second the request counts."""
    assert ca.submit(KEY_FILES[kind] + PEM).disposition == CRDisposition.ISSUED
    assert row(ca)["Request.RawRequest"] == make_csr()


@pytest.mark.parametrize("cut", [False, True], ids=["whole", "without its last line"])
@pytest.mark.parametrize("kind", KEY_FILES)
def test_a_private_key_is_not_kept(ca: CertificationAuthority, kind: str, *, cut: bool) -> None:
    """A file with nothing but a key is Failed, and no line of it gets into the database."""
    lines = KEY_FILES[kind].splitlines(keepends=True)
    sent = b"".join(lines[:-1]) if cut else b"".join(lines)
    assert ca.submit(sent).disposition == CRDisposition.ERROR
    assert row(ca)["Request.Disposition"] == FAILED
    kept = row(ca)["Request.RawRequest"]
    body = [line.strip() for line in lines if not {*b"-:"} & {*line} and len(line) > 16]
    secrets = [bit for line in body for bit in (line, base64.b64decode(line + b"==")[:24])]
    assert secrets
    assert [secret for secret in secrets if secret in kept] == []


@pytest.mark.parametrize(
    "sent",
    [
        codecs.BOM_UTF8 + PEM,
        codecs.BOM_UTF8 + base64.b64encode(make_csr()),
        "\ufeff" + PEM.decode("ascii"),
        "\ufeff" + base64.b64encode(make_csr()).decode("ascii"),
        codecs.BOM_UTF16_LE + PEM.decode("ascii").encode("utf-16-le"),
        codecs.BOM_UTF16_BE + PEM.decode("ascii").encode("utf-16-be"),
    ],
    ids=["UTF-8 PEM", "UTF-8 base64", "text PEM", "text base64", "UTF-16 LE", "UTF-16 BE"],
)
def test_a_byte_order_mark_is_no_obstacle(ca: CertificationAuthority, sent: bytes | str) -> None:
    """Text as Windows tools save it is read like plain text."""
    assert ca.submit(sent).disposition == CRDisposition.ISSUED
    assert row(ca)["Request.RawRequest"] == make_csr()


def damaged() -> list[bytes]:
    """Return requests and messages cut short or with one byte changed, and a certificate."""
    request = make_csr()
    message = der.message(der.pki_data([der.tagged_request(request)]), [], (), der.PKI_DATA)
    with engine_kit.make_ca() as other:
        sent = [other.certificate.public_bytes(Encoding.DER)]
    for whole in (request, message, der.message(request, [])):
        sent += [whole[:end] for end in range(1, len(whole), 9)]
        sent += [
            whole[:at] + bytes((whole[at] ^ 0x55,)) + whole[at + 1 :]
            for at in range(0, len(whole), 5)
        ]
    return sent


def test_no_message_speaks_the_language_of_the_parser(ca: CertificationAuthority) -> None:
    """A certificate, and whatever is cut or damaged, is refused in words meant for people."""
    messages = [ca.submit(data).message for data in damaged()]
    assert len(set(messages)) > 1
    assert [message for message in messages if "ParseError" in message] == []
