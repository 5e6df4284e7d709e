"""The shelf that forgets: rows in dictionaries, found by id and by serial number.

Nothing here expires by itself, so a CA that runs for long grows with its requests. Serial numbers
are found by their text, letter case included, as the protocol compares them: one in capitals is an
unknown one.
Source: MS-CSRA; docs/rulings.md (Requests).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from certsim.database.rows import CRLRow, Revocations, Row
from certsim.facts.dispositions import RowDisposition

_REVOKED = int(RowDisposition.REVOKED)


class _Listed(NamedTuple):
    """Hold what a list asks of one row that is or was revoked, beside the row and its many columns.

    Of a million rows that makes half the time: what is asked lies close together.
    """

    request_id: int
    key_index: int
    revoked: bool
    revoked_when: datetime
    effective: datetime
    not_after: datetime
    publish_expired: bool
    entry: bytes

    @staticmethod
    def of(row: Row) -> _Listed:
        """Return that of *row*, which has been revoked at some time."""
        columns: Mapping[str, Any] = row.columns  # the schema has the types of these
        return _Listed(
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


class MemoryShelf:
    """Keep rows in memory.

    The door calls every writing method under its lock, and ids and numbers of CRLs are taken by one
    publish run at a time; reading needs no lock, for each reading method looks into a dictionary
    once or works on a copy.
    """

    def __init__(self) -> None:
        """Begin with no row; the first id handed out is 1."""
        self._rows: dict[int, Row] = {}
        self._by_serial: dict[str, int] = {}
        self._listed: dict[int, _Listed] = {}
        self._crls: dict[int, CRLRow] = {}
        self._last_id = 0
        self._last_crl_id = 0
        self._last_crl_number = 0

    def new_id(self) -> int:
        """Return the next request id; none is ever handed out twice.

        An id may be lost: if no row is committed under it, the series has a gap.
        Source: MS-WCCE 3.2.1.4.2.1.4.4 (unique); docs/rulings.md (Requests) for the first one.
        """
        self._last_id += 1
        return self._last_id

    def get(self, request_id: int) -> Row | None:
        """Return the row as last committed, or `None`."""
        return self._rows.get(request_id)

    def by_serial(self, serial_number: str) -> Row | None:
        """Return the row with that serial number; letter case counts.

        A serial number that two rows bear, which nothing forbids, finds the one committed last.
        """
        request_id = self._by_serial.get(serial_number)
        return None if request_id is None else self._rows.get(request_id)

    def commit(self, row: Row) -> None:
        """Keep *row* in place of any earlier one with its id."""
        self._rows[row.request_id] = row
        serial = row.columns.get("SerialNumber")
        if isinstance(serial, str):
            self._by_serial[serial] = row.request_id
        if row.crl_entry:
            self._listed[row.request_id] = _Listed.of(row)

    def delete(self, request_id: int) -> None:
        """Forget a row with its attributes and extensions; its id is not given out again."""
        row = self._rows.pop(request_id)
        self._listed.pop(request_id, None)
        serial = row.columns.get("SerialNumber")
        if isinstance(serial, str) and self._by_serial.get(serial) == request_id:
            del self._by_serial[serial]

    def __iter__(self) -> Iterator[Row]:
        """Go through the rows in the order of their ids; one that is deleted meanwhile is left out.

        Rows that are committed meanwhile under a new id are not in it.
        """
        for request_id in sorted(self._rows):
            row = self._rows.get(request_id)
            if row is not None:
                yield row

    def crl_entries(self, wanted: Revocations) -> list[bytes]:
        """Return the encoded CRL entries of the rows that *wanted* asks for, newest request first.

        Source: the order is that of a published `certutil -dump`; docs/rulings.md (CRLs).
        """
        newest_first = sorted(self._listed.values(), reverse=True)
        return [row.entry for row in newest_first if row.belongs(wanted)]

    def new_crl_number(self) -> int:
        """Return the number of the next run; it is kept apart from the rows, which may go."""
        self._last_crl_number += 1
        return self._last_crl_number

    def new_crl_id(self) -> int:
        """Return the next CRLRowId."""
        self._last_crl_id += 1
        return self._last_crl_id

    def commit_crls(self, rows: Iterable[CRLRow]) -> None:
        """Keep *rows* of the CRL table in place of any earlier ones with their ids."""
        for row in rows:
            self._crls[row.row_id] = row

    def delete_crls(self, row_ids: Iterable[int]) -> None:
        """Forget those rows of the CRL table."""
        for row_id in row_ids:
            self._crls.pop(row_id, None)

    def crls(self) -> tuple[CRLRow, ...]:
        """Return the CRL table in the order of its ids."""
        return tuple(row for _, row in sorted(self._crls.items()))
