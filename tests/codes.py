"""Numbers that many tests expect: result codes, verdicts, events and states, each under one name.

They are written down by hand, since tests do not take constants from the code they judge.
Source: winerror.h (result codes); certsrv.h, DB_DISP constants (states of a row); certexit.h,
EXITEVENT constants; certcli.h, CR_DISP constants (what clients are told); sdk-api
certpol/nf-certpol-icertpolicy-verifyrequest (verdicts).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from certsim import ComError

E_NOTIMPL, E_ABORT, E_FAIL, E_UNEXPECTED = 0x80004001, 0x80004004, 0x80004005, 0x8000FFFF
E_ACCESSDENIED, E_INVALIDARG = 0x80070005, 0x80070057
CO_E_CLASSSTRING = 0x800401F3
ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND = 0x80070002, 0x80070003
ERROR_INVALID_DATA, ERROR_WRITE_FAULT = 0x8007000D, 0x8007001D
ERROR_DISK_FULL, ERROR_BAD_PATHNAME = 0x80070070, 0x800700A1
ERROR_SHARING_VIOLATION, ERROR_ALREADY_EXISTS = 0x80070020, 0x800700B7
ERROR_WRITE_PROTECT, ERROR_FILE_EXISTS = 0x80070013, 0x80070050
NTE_BAD_KEYSET, NTE_SILENT_CONTEXT, NTE_DECRYPTION_FAILURE = 0x80090016, 0x80090022, 0x8009002C
RPC_S_SERVER_UNAVAILABLE, ERROR_OBJECT_ALREADY_EXISTS = 0x800706BA, 0x80071392
NTE_BAD_KEY, NTE_BAD_SIGNATURE = 0x80090003, 0x80090006
NTE_BAD_ALGID, NTE_FAIL = 0x80090008, 0x80090020
CRYPT_E_INVALID_MSG_TYPE, CRYPT_E_NO_MATCH = 0x80091004, 0x80092009
CRYPT_E_NO_SIGNER, CRYPT_E_INVALID_IA5_STRING = 0x8009200E, 0x80092022
CRYPT_E_ASN1_EOD, CRYPT_E_ASN1_CORRUPT, CRYPT_E_ASN1_BADTAG = 0x80093102, 0x80093103, 0x8009310B
CERTSRV_E_BAD_REQUESTSUBJECT, CERTSRV_E_BAD_REQUESTSTATUS = 0x80094001, 0x80094003
CERTSRV_E_PROPERTY_EMPTY, CERTSRV_E_ENCODING_LENGTH = 0x80094004, 0x80094007
CERTSRV_E_ROLECONFLICT, CERTSRV_E_RESTRICTEDOFFICER = 0x80094008, 0x80094009
CERTSRV_E_BAD_RENEWAL_CERT_ATTRIBUTE = 0x8009400E
CERTSRV_E_ADMIN_DENIED_REQUEST = 0x80094014
TRUST_E_NO_SIGNER_CERT = 0x80096002
CERT_E_EXPIRED, CERT_E_ISSUERCHAINING = 0x800B0101, 0x800B0107
"""Result codes, unsigned; errors of Windows itself as HRESULTs."""

PEND, ISSUE, DENY = 0, 1, 2
"""What a policy module answers."""
ON_ISSUED, ON_PENDING, ON_DENIED, ON_REVOKED = 0x1, 0x2, 0x4, 0x8
ON_RETRIEVED, ON_CRL, ON_SHUTDOWN, ON_STARTUP, ON_IMPORTED = 0x10, 0x20, 0x40, 0x80, 0x200
EVERY_BIT = 0x3FF
"""Events, and the mask of a module that wants them all."""
PENDING, ISSUED, REVOKED, FAILED, DENIED = 9, 20, 21, 30, 31
"""States of a row in the database."""
SAYS_ERROR, SAYS_ISSUED = 1, 3
"""What a client is told of its request."""


def signed(code: int) -> int:
    """Return an HRESULT as the LONG that callers see."""
    return code - 0x1_0000_0000 if code >= 0x8000_0000 else code


@contextmanager
def refused(code: int, words: str = "") -> Iterator[None]:
    """Expect a `ComError` with the HRESULT *code*, written unsigned, and *words* in its text."""
    with pytest.raises(ComError) as caught:
        yield
    assert f"0x{caught.value.hresult & 0xFFFFFFFF:08X}" == f"0x{code:08X}"
    assert words in caught.value.strerror
