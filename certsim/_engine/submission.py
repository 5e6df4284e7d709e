"""What a request says once it has been read, and how reading it can fail.

Every kind of request ends up in the one shape below, so that what comes after need not know whether
a bare PKCS #10 or a message around it was sent.
Source: MS-WCCE 3.2.1.4.2.1 (messages), 3.2.1.4.2.1.4.4 (what a row takes from a request).
"""

from __future__ import annotations

from typing import NamedTuple

from certsim._engine import asn1, names
from certsim.database.rows import AttributeRow, ExtensionRow
from certsim.errors import ComError
from certsim.facts.hresults import HRESULT

PARSING = "Error Parsing Request"
ARCHIVING = "Error Archiving Private Key"
VERIFYING = "Error Verifying Request Signature or Signing Certificate"
"""The stages as DispositionMessage words them. Windows does so in the server's language."""


class RequestError(ComError):
    """Say why bytes are no request, with the *stage* that the disposition message names."""

    def __init__(self, hresult: int, text: str, stage: str = PARSING) -> None:
        """Take the HRESULT, a sentence for people (it ends up in the row) and the stage."""
        super().__init__(hresult, text)
        self.stage = stage


def damaged(error: asn1.DecodeError) -> RequestError:
    """Return the refusal of bytes that do not decode: CRYPT_E_ASN1_EOD, _BADTAG or _CORRUPT.

    Source: winerror.h for the codes; which damage has which is docs/rulings.md (Requests).
    """
    code = HRESULT.CRYPT_E_ASN1_BADTAG if error.wrong_tag else HRESULT.CRYPT_E_ASN1_CORRUPT
    return RequestError(HRESULT.CRYPT_E_ASN1_EOD if error.truncated else code, str(error))


class Submission(NamedTuple):
    """Hold what one request says.

    *request_type* is CR_IN_PKCS10, _PKCS7 or _CMC. *raw_name* and *public_key_info* are the
    encoded name and SubjectPublicKeyInfo as sent; *subject* the name read. *attributes* and
    *extensions* are the rows they become, extensions disabled and marked with their origin.
    *old_certificate* (DER) is the certificate that a renewal names.
    """

    request_type: int
    raw_name: bytes
    subject: names.Name
    public_key_info: bytes
    attributes: tuple[AttributeRow, ...]
    extensions: tuple[ExtensionRow, ...]
    old_certificate: bytes | None = None
