"""What a client gets back from a submit, a resubmit or a retrieval.

The disposition is the client's number space (CR_DISP_*), not the row's: a failed and a denied row
may both answer ERROR to the submit, and one row may answer differently later. No chain and no CMC
response come with it; certsim has no transport that would carry them.
Source: MS-WCCE 3.2.1.4.2.1; docs/rulings.md (Requests).
"""

from __future__ import annotations

import attrs
from cryptography import x509

from certsim.database.rows import Row
from certsim.errors import describe, printable
from certsim.facts.dispositions import CRDisposition


@attrs.frozen
class Outcome:
    """Hold the answer to a request.

    *disposition* is what happened, *status* the HRESULT (signed, 0 for success), *message* the
    disposition message. *raw_certificate* (DER) and *serial_number* (lower-case hexadecimal, as
    stored) are there when the CA hands out a certificate, else `None`.
    Source: sdk-api certcli (ICertRequest: Submit, GetLastStatus, GetDispositionMessage).
    """

    request_id: int
    disposition: CRDisposition
    status: int
    message: str
    raw_certificate: bytes | None = attrs.field(default=None, repr=False)
    serial_number: str | None = None

    @property
    def certificate(self) -> x509.Certificate | None:
        """Return the certificate, parsed at each call, or `None`.

        Errors: `ValueError` for one that `cryptography` refuses to read.
        """
        raw = self.raw_certificate
        return None if raw is None else x509.load_der_x509_certificate(raw)

    def __str__(self) -> str:
        """Return the outcome as one line."""
        status = f" {describe(self.status)}" if self.status else ""
        message = printable(self.message)
        return f"request {self.request_id}: {self.disposition.name}{status} ({message})"


def outcome_of(row: Row, disposition: CRDisposition) -> Outcome:
    """Return the answer that *row* gives as *disposition*; a certificate goes with it if any.

    A revoked row hands its certificate out too: MS-WCCE 3.2.1.4.2.1.3 speaks of issued ones only,
    but published accounts of `certreq -retrieve` have it for any row that ever had one.
    """
    columns = row.columns
    raw, serial = columns.get("RawCertificate"), columns.get("SerialNumber")
    return Outcome(
        row.request_id,
        disposition,
        row.number("Request.StatusCode"),
        str(columns["Request.DispositionMessage"]),
        raw if isinstance(raw, bytes) else None,
        serial if isinstance(serial, str) else None,
    )
