"""Bytes in: a client's request taken out of its transport and told apart by kind.

`decode_transport` takes off PEM or base64 and keeps the size rule; `read` finds out which kind of
request the bytes are and hands them to `pkcs10` or `cms`.

On Windows a client tells the kind in the flags of its call or leaves the choice to the server;
certsim takes no flags and always finds out. It tries PKCS #10 first, since nearly every request is
one, then CMS (PKCS #7 and CMC look alike from outside), then KEYGEN, only to refuse it by name.
Challenge responses and lists of certificate timestamps have no shape of their own and are not
known. Sizes are looked at before anything is decoded, so a large text costs nothing.
Source: MS-WCCE 3.2.1.4.2.1.4, 3.2.1.4.3.1.1 (kinds); docs/rulings.md (Requests, Left out).
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certsim._engine import asn1, cms, pkcs10
from certsim._engine.submission import RequestError, Submission, damaged
from certsim.errors import ComError
from certsim.facts.hresults import HRESULT
from certsim.facts.schema import COLUMNS

MAX_REQUEST = COLUMNS["Request.RawRequest"].max_length
"""Bytes a decoded request may have. Source: `certutil -schema` (Request.RawRequest)."""
MAX_TEXT = 131_072
"""Characters or bytes that are looked at: room for base64 of the former, with line ends."""

_PEM = re.compile(rb"-----BEGIN ([^\r\n-]{1,64})-----([^-]*)-----END ")
_SECRET = b"PRIVATE KEY"
_WANTED = re.compile(rb"REQUEST|PKCS|CM[SC]")
_BLANKS = re.compile(rb"\s+")


def decode_transport(request: object) -> bytes:
    """Return the DER inside *request*: bytes or text; DER, PEM or bare base64; or a CSR object.

    Bytes that are none of these come back as they are, for `read` to refuse; `None` is no bytes.
    Errors: `ComError` E_INVALIDARG, and no row, for more than 65,536 bytes decoded; text over
    131,072 characters is not decoded at all; E_INVALIDARG too for an object of another kind.
    Source: RFC 7468 (PEM); docs/rulings.md (Requests).
    """
    if not isinstance(request, bytes | bytearray | memoryview | str):
        request = _bytes_of(request)
    size = request.nbytes if isinstance(request, memoryview) else len(request)
    if size > MAX_TEXT:
        raise _too_large(size)
    data = _decode(request)
    if len(data) > MAX_REQUEST:
        raise _too_large(len(data))
    return data


def _bytes_of(request: object) -> bytes:
    if isinstance(request, x509.CertificateSigningRequest):
        return request.public_bytes(Encoding.DER)
    if request is None:
        return b""
    kind = type(request).__name__
    raise ComError(HRESULT.E_INVALIDARG, f"a request is bytes, text or a CSR, not {kind}")


def _decode(request: bytes | bytearray | memoryview | str) -> bytes:
    if isinstance(request, str):
        return _from_text(request.encode("utf-8", "surrogatepass"))
    data = bytes(request)
    return data if _is_sequence(data) else _from_text(data)


def _is_sequence(data: bytes) -> bool:
    """Tell DER from text.

    Both may begin with 0x30, which is the digit 0; but the length behind it is over 0x7F in a
    long SEQUENCE, which no ASCII letter is, and fits exactly in a short one.
    """
    begins = data[:1] == asn1.SEQUENCE
    return begins and (data[1:2] >= b"\x80" or len(data) == 2 + int.from_bytes(data[1:2], "big"))


def _from_text(text: bytes) -> bytes:
    """Return what PEM or base64 *text* holds; else *text* itself.

    Of several PEM blocks the first that is called a request or a message counts, else the first
    one; a private key never does, since what is read here is kept in the database.
    """
    text = _as_utf8(text)
    blocks = _PEM.findall(text)
    wanted = [body for label, body in blocks if _WANTED.search(label)]
    others = [body for label, body in blocks if _SECRET not in label]
    if not wanted and _SECRET in text:
        return b""
    try:
        return base64.b64decode(_BLANKS.sub(b"", (*wanted, *others, text)[0]), validate=True)
    except binascii.Error:
        return b"" if _SECRET in text else text


def _as_utf8(text: bytes) -> bytes:
    """Return *text* without a byte order mark; UTF-16, as PowerShell redirects, is recoded."""
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return text.decode("utf-16", "replace").encode()
    return text.removeprefix(codecs.BOM_UTF8)


def _too_large(size: int) -> ComError:
    return ComError(
        HRESULT.E_INVALIDARG,
        f"a request of {size:,} bytes is over the limit of {MAX_REQUEST:,}: no row was made",
    )


def read(data: bytes) -> Submission:
    """Return what the request *data* (DER) says, its signatures checked.

    Errors: `RequestError` with CRYPT_E_ASN1_* for bytes that are no request,
    CRYPT_E_INVALID_MSG_TYPE for a kind that is not emulated (KEYGEN), and what `pkcs10.read` and
    `cms.read` raise. That a kind which is not supported has that code is documented; which of the
    CRYPT_E_ASN1_* stands for which damage is assumed.
    Source: MS-WCCE 3.2.1.4.3.1.1; docs/rulings.md (Requests, Left out).
    """
    if not data:
        raise RequestError(HRESULT.CRYPT_E_ASN1_EOD, "the request is empty")
    if data[:1] != asn1.SEQUENCE:
        raise RequestError(HRESULT.CRYPT_E_ASN1_BADTAG, "the request is no DER, PEM or base64")
    try:
        return pkcs10.read(data)
    except asn1.DecodeError as error:
        return _read_other(data, error)


def _read_other(data: bytes, not_pkcs10: asn1.DecodeError) -> Submission:
    if asn1.fits(asn1.ContentInfo, data):
        return cms.read(data)
    if asn1.fits(asn1.SignedPublicKeyAndChallenge, data):
        raise RequestError(HRESULT.CRYPT_E_INVALID_MSG_TYPE, "KEYGEN requests are not emulated")
    raise damaged(not_pkcs10)
