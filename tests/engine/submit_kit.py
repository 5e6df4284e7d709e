"""What the tests of verbs share: a request, a look at its row, and a policy that refuses."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

import certsim
from tests.engine import values_kit as kit

Client, RowState = certsim.CRDisposition, certsim.RowDisposition
DER = kit.csr().public_bytes(Encoding.DER)


def row(ca: certsim.CertificationAuthority, request_id: int = 1) -> Any:
    """Return a row as committed."""
    return next(one for one in kit.shelf(ca) if one.request_id == request_id)  # type: ignore[attr-defined]


def refuse(code: int) -> Any:
    """Return a policy function that raises a COM error."""

    def decide(_server: Any, _context: int) -> int:
        raise certsim.ComError(code, "not today")

    return decide
