"""Strictness at the door: odd arguments are refused by code, and odd requests by a row.

Whoever calls a verb with a value of the wrong kind is told so before anything is written; whoever
sends bytes gets a row, whose message is fit for a terminal and tells nothing of the parser.
Source: docs/rulings.md (Requests; Attributes and extensions); RFC 7468 (PEM); winerror.h (codes).
"""

from __future__ import annotations

import base64
import codecs
import enum
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat

from certsim import CertificationAuthority, ComError, CRDisposition, Outcome, Sources
from certsim._engine.journal import Call
from tests.engine import der_builder as der
from tests.engine import engine_kit
from tests.engine import values_kit as kit
from tests.requests_kit import make_csr, make_key

BAD_ALGID = 0x80090008
# Source: winerror.h, NTE_BAD_ALGID
ROW_FAILED = 30
# Source: certutil -schema, Request.Disposition
OTHER = "1.2.3.4"
HOSTILE = "bob\r\nissued\x1b[2J\u202e\ud800\x00"
NO_TYPES = [None, True, 1.5, bytearray(b"\x05\x00")]
NO_IDS = ["x", None, [1], True]


class Seven(enum.IntEnum):
    """Be a number with a name."""

    SEVEN = 7


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


@pytest.fixture
def pending() -> Any:
    """Return a running CA with one pending request; a resubmit issues it."""
    policy = engine_kit.ScriptedPolicy(lambda _c, new: kit.PEND if new else kit.ISSUE)
    with engine_kit.make_ca(policy=policy) as running:
        running.submit(make_csr())
        yield running


# Extensions


@pytest.mark.parametrize("oid", ["1.02.3", "2.5.29.017", "01.2.3", "1.2.3.", "1.2. 3", "1.2.+3"])
def test_an_oid_in_an_odd_spelling_is_refused(pending: CertificationAuthority, oid: str) -> None:
    """An officer and a policy module spell an OID in the one way there is."""
    with kit.refused(kit.E_INVALIDARG):
        pending.set_certificate_extension(1, oid, b"\x05\x00")
    seen = kit.in_policy(
        lambda server: kit.attempt(server.SetCertificateExtension, oid, kit.BINARY, 0, b"\x05\x00")
    )
    assert seen == kit.code(kit.E_INVALIDARG)


@pytest.mark.parametrize("look", [kit.in_policy, kit.in_notify])
@pytest.mark.parametrize("name", [[], None, 5, b"1.2"])
def test_an_extension_is_asked_for_by_text(look: Callable[..., object], name: object) -> None:
    """A name that is no text is E_INVALIDARG for both server objects."""
    seen = look(lambda server: kit.attempt(server.GetCertificateExtension, name, kit.BINARY))
    assert seen == kit.code(kit.E_INVALIDARG)


@pytest.mark.parametrize("name", [[], None, 5, b"1.2"])
def test_an_extension_is_set_by_text(name: object) -> None:
    """Policy that names an extension by something else is told E_INVALIDARG."""
    seen = kit.in_policy(
        lambda server: kit.attempt(server.SetCertificateExtension, name, kit.BINARY, 0, b"\x05\x00")
    )
    assert seen == kit.code(kit.E_INVALIDARG)


@pytest.mark.parametrize(
    ("critical", "disabled", "expected"),
    [
        (2, None, True),
        (2, 0, True),
        ("", [], False),
        (None, "", False),
        (4, 2, None),
        (0, "yes", None),
    ],
)
def test_switches_of_an_extension_count_as_true_or_false(
    pending: CertificationAuthority, critical: Any, disabled: Any, expected: bool | None
) -> None:
    """Any value counts by its truth: the extension is critical or not, or not there at all."""
    pending.set_certificate_extension(1, OTHER, b"\x05\x00", critical=critical, disabled=disabled)
    certificate = pending.resubmit(1).certificate
    assert certificate is not None
    held = {item.oid.dotted_string: item.critical for item in certificate.extensions}
    assert held.get(OTHER) is expected


@pytest.mark.parametrize("value", NO_TYPES, ids=repr)
def test_a_value_of_no_known_type_is_told_the_types(
    pending: CertificationAuthority, value: Any
) -> None:
    """The refusal says what is taken, and the row stays as it was."""
    before = engine_kit.rows(pending)
    with pytest.raises(ComError) as caught:
        pending.set_certificate_extension(1, OTHER, value)
    assert caught.value.hresult == engine_kit.signed(kit.E_INVALIDARG)
    assert [word for word in ("bytes", "int", "datetime") if word not in str(caught.value)] == []
    assert engine_kit.rows(pending) == before


def test_a_named_number_counts_as_a_number(pending: CertificationAuthority) -> None:
    """A member of an enumeration becomes the INTEGER it stands for."""
    pending.set_certificate_extension(1, OTHER, Seven.SEVEN)
    certificate = pending.resubmit(1).certificate
    assert certificate is not None
    held = certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(OTHER)).value
    assert isinstance(held, x509.UnrecognizedExtension)
    assert held.value == b"\x02\x01\x07"


# Requests


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
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
        engine_kit.signed(BAD_ALGID),
    )
    assert row(ca)["Request.Disposition"] == ROW_FAILED


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


@pytest.mark.parametrize("cut", [0, 12], ids=["whole", "without its last line"])
@pytest.mark.parametrize("kind", KEY_FILES)
def test_a_private_key_is_not_kept(ca: CertificationAuthority, kind: str, cut: int) -> None:
    """A file with nothing but a key is Failed, and no line of it gets into the database."""
    lines = KEY_FILES[kind].splitlines(keepends=True)
    sent = b"".join(lines[:-1]) if cut else b"".join(lines)
    assert ca.submit(sent).disposition == CRDisposition.ERROR
    assert row(ca)["Request.Disposition"] == ROW_FAILED
    kept = row(ca)["Request.RawRequest"]
    body = [line.strip() for line in lines if b"-" not in line and b":" not in line]
    secrets = [bit for line in body if line for bit in (line, base64.b64decode(line + b"==")[:24])]
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
    assert [message for message in messages if "ParseError" in message or " {" in message] == []


# Messages


def resubmitted(ca: CertificationAuthority) -> Outcome:
    """Return what comes of a resubmit by a hostile officer."""
    return ca.resubmit(1, officer=HOSTILE)


def denied(ca: CertificationAuthority) -> Outcome:
    """Return what comes of a denial by a hostile officer."""
    ca.deny(1, officer=HOSTILE)
    return ca.retrieve(1)


@pytest.mark.parametrize("way", [resubmitted, denied])
def test_an_officers_name_cannot_steer_a_terminal(
    pending: CertificationAuthority, way: Callable[[CertificationAuthority], Outcome]
) -> None:
    """The name is told with its control characters escaped, in the answer and in the row."""
    outcome = way(pending)
    assert "bob" in outcome.message
    assert outcome.message.isprintable()
    assert row(pending)["Request.DispositionMessage"].isprintable()


def test_an_attributes_name_cannot_steer_a_terminal(ca: CertificationAuthority) -> None:
    """The message about an attribute that is too long names it printably."""
    outcome = ca.submit(make_csr(), attributes="\x1b[31m\u202e\x07" + "a" * 300 + ":value")
    assert outcome.disposition == CRDisposition.ERROR
    assert outcome.message.isprintable()


@pytest.mark.parametrize("error", [ComError(0x80094800, HOSTILE), RuntimeError(HOSTILE)], ids=type)
def test_policys_words_cannot_steer_a_terminal(error: Exception) -> None:
    """What a policy module raises gets into the message with control characters escaped."""
    with engine_kit.make_ca(policy=engine_kit.ScriptedPolicy(engine_kit.raising(error))) as ca:
        outcome = ca.submit(make_csr())
    assert "bob" in outcome.message
    assert outcome.message.isprintable()


def test_a_denials_message_is_cut_to_its_column(pending: CertificationAuthority) -> None:
    """8,192 characters are kept of a message that an officer's name makes too long."""
    pending.deny(1, officer="o" * 10_000)
    message = pending.retrieve(1).message
    assert len(message) == 8192
    assert message == ("Denied by " + "o" * 10_000)[:8192]


# Ids, serial numbers, accounts


@pytest.mark.parametrize("verb", ["resubmit", "deny", "retrieve"])
@pytest.mark.parametrize("number", NO_IDS, ids=repr)
def test_what_is_no_id_is_refused_and_not_journaled(
    pending: CertificationAuthority, verb: str, number: object
) -> None:
    """Text, nothing, a list and a truth value raise E_INVALIDARG and leave no line."""
    before = pending.journal
    with kit.refused(kit.E_INVALIDARG):
        getattr(pending, verb)(number)
    assert pending.journal == before


def test_a_serial_number_is_text(ca: CertificationAuthority) -> None:
    """A number in its place is E_INVALIDARG."""
    with kit.refused(kit.E_INVALIDARG):
        ca.retrieve(serial_number=5)  # type: ignore[arg-type]


def test_an_unknown_serial_number_is_named(ca: CertificationAuthority) -> None:
    """CERTSRV_E_PROPERTY_EMPTY says which serial number was asked for."""
    with pytest.raises(ComError, match="abcdef") as caught:
        ca.retrieve(serial_number="abcdef")
    assert caught.value.hresult == engine_kit.signed(kit.PROPERTY_EMPTY)


def test_a_huge_requesters_name_stays_short_in_the_journal(ca: CertificationAuthority) -> None:
    """Of five million characters the journal keeps no more than the column would."""
    ca.submit(make_csr(), requester="r" * 5_000_000)
    (call,) = [entry for entry in ca.journal if isinstance(entry, Call)]
    assert call.by.startswith("rrr")
    assert len(call.by) <= 2048


def test_policy_cannot_set_what_is_no_text() -> None:
    """Half a character, a lone surrogate, is E_INVALIDARG for a string property."""
    seen = kit.in_policy(
        lambda server: kit.attempt(
            server.SetCertificateProperty, "CommonName", kit.STRING, "a\ud800"
        )
    )
    assert seen == kit.code(kit.E_INVALIDARG)


def test_a_seeded_clock_starts_at_a_known_moment() -> None:
    """A start without a time zone is a `ValueError`: it would mean another moment elsewhere."""
    with pytest.raises(ValueError, match="zone|aware|naive"):
        Sources.seeded(1, start=datetime(2026, 1, 1))  # noqa: DTZ001  (the case under test)
