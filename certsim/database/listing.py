"""What a CRL asks of one row: the few values that say whether a row belongs on a list.

A CA with a million revoked rows reads all of these for each list it signs, and nothing else of the
rows. So both shelves keep them apart, close together.
Source: MS-CSRA 3.1.4.1.6; docs/rulings.md (CRLs).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from certsim.database.rows import Revocations, Row
from certsim.facts.dispositions import RowDisposition

_REVOKED = int(RowDisposition.REVOKED)


class Listed(NamedTuple):
    """Hold that of one row that is or was revoked; *entry* is what a list says of it, encoded."""

    request_id: int
    key_index: int
    revoked: bool
    revoked_when: datetime
    effective: datetime
    not_after: datetime
    publish_expired: bool
    entry: bytes

    @staticmethod
    def of(row: Row) -> Listed:
        """Return that of *row*, which has been revoked at some time."""
        columns: Mapping[str, Any] = row.columns  # the schema has the types of these
        return Listed(
            row.request_id,
            columns["IssuerNameID"] >> 16,
            columns["Request.Disposition"] == _REVOKED,
            columns["Request.RevokedWhen"],
            columns["Request.RevokedEffectiveWhen"],
            columns["NotAfter"],
            bool(columns.get("PublishExpiredCertInCRL")),
            row.crl_entry,
        )

    def belongs(self, wanted: Revocations) -> bool:
        """Tell whether *wanted* asks for this row."""
        key, effective, ended, since = wanted
        if self.key_index != key or self.effective > effective:
            return False
        if since is not None and self.revoked_when < since:
            return False
        if not self.revoked:
            return since is not None and self.not_after >= effective
        return ended is None or self.not_after >= ended or self.publish_expired
