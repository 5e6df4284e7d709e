"""Which rows a deletion means: one by its id, or all that have had their time by a date.

Deleting is the one way a row leaves the database, and nothing is told to any module. Whoever asks
gives a row id or a date, never both. By date there are two kinds: certificates that had ended by
then, and requests without a certificate on which nothing had happened since. Claimed rows are left
alone. Rows of the CRL table go by their NextUpdate.
Source: MS-CSRA 3.1.4.2.18; sdk-api certadm/nf-certadm-icertadmin2-deleterow; docs/rulings.md
(Deleting rows).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import attrs

from certsim._engine import audit
from certsim._engine.arguments import checked_id, checked_moment
from certsim._engine.door import Door, Errand
from certsim._engine.lifecycle import Guard
from certsim._engine.state import CAState
from certsim.database.rows import CRLRow, Row, Value
from certsim.database.shelf import Condition, Shelf, request_ids
from certsim.errors import ComError, shown
from certsim.facts.dispositions import CERTIFIED, RowDisposition
from certsim.facts.hresults import HRESULT
from certsim.facts.views import SeekOperator

_UNCERTIFIED = frozenset((RowDisposition.PENDING, RowDisposition.FAILED, RowDisposition.DENIED))
REQUEST, CRL = "request", "crl"
_TABLES = (REQUEST, "extension", "attribute", CRL)


@attrs.frozen
class Wanted:
    """Hold what shall be deleted from which *table*; exactly one of the other three is given.

    Moments are aware UTC. Source: sdk-api certadm/nf-certadm-icertadmin2-deleterow.
    """

    table: str
    row_id: int | None
    expired_before: datetime | None
    last_changed_before: datetime | None

    @staticmethod
    def of(
        table: object, row_id: object, expired_before: object, last_changed_before: object
    ) -> Wanted:
        """Return the checked wish.

        Errors: `ComError` E_INVALIDARG for an unknown table, for none or several of the three,
        and for a date where none applies: extensions and attributes go by the request they are
        of, CRLs have no last change.
        """
        name = table.lower() if isinstance(table, str) else table
        if name not in _TABLES:
            raise _refusal(f"{shown(table)} is none of the tables {', '.join(_TABLES)}")
        given = [row_id, expired_before, last_changed_before]
        if given.count(None) != len(given) - 1:
            raise _refusal("a deletion takes a row id or one date")
        by_date = name == REQUEST or (name == CRL and last_changed_before is None)
        if row_id is None and not by_date:
            raise _refusal(f"rows of the table {name} are not deleted by this date")
        return Wanted(
            str(name),
            None if row_id is None else checked_id(row_id),
            checked_moment(expired_before),
            checked_moment(last_changed_before),
        )

    @property
    def which(self) -> int | datetime | None:
        """Return the id or the date that was given, for the audit."""
        given = (self.row_id, self.expired_before, self.last_changed_before)
        return next((value for value in given if value is not None), None)

    def fits(self, row: Row) -> bool:
        """Tell whether *row* is meant by the date; asked again when the row is held."""
        columns = row.columns
        if self.expired_before is not None:
            ended = row.disposition in CERTIFIED
            return ended and _before(columns.get("NotAfter"), self.expired_before)
        if self.last_changed_before is not None:
            last = columns.get("Request.ResolvedWhen") or columns.get("Request.SubmittedWhen")
            return row.disposition in _UNCERTIFIED and _before(last, self.last_changed_before)
        return row.request_id == self.row_id

    def requests(self, shelf: Shelf) -> list[int]:
        """Return the ids of the rows that are meant; an id without a row is passed over."""
        found = set() if self.row_id is None else {self.row_id}
        for condition in self._conditions():
            found |= {*request_ids(shelf, condition)}
        rows = (shelf.get(request_id) for request_id in sorted(found))
        return [row.request_id for row in rows if row and self.fits(row)]

    def _conditions(self) -> Iterator[Condition]:
        """Yield conditions that a row meant by a date meets one of; `fits` knows the whole."""
        if self.expired_before is not None:
            yield Condition("NotAfter", SeekOperator.LT, self.expired_before)
        if self.last_changed_before is not None:
            for state in _UNCERTIFIED:
                yield Condition("Request.Disposition", SeekOperator.EQ, int(state))

    def crls(self, shelf: Shelf) -> tuple[int, ...]:
        """Return the ids of the rows of the CRL table that are meant."""
        return tuple(row.row_id for row in shelf.crls() if self._fits_crl(row))

    def _fits_crl(self, row: CRLRow) -> bool:
        if self.expired_before is None:
            return row.row_id == self.row_id
        return row.moment("CRLNextUpdate") < self.expired_before


def _before(moment: object, limit: datetime) -> bool:
    return isinstance(moment, datetime) and moment < limit


def _refusal(text: str) -> ComError:
    return ComError(HRESULT.E_INVALIDARG, text)


_LEFT: Mapping[str, Callable[[Row], Row]] = {
    "extension": lambda row: attrs.evolve(row, extensions=()),
    "attribute": lambda row: attrs.evolve(row, attributes=()),
}
"""What is left of a row when those that hang on it are deleted."""


def carry_out(state: CAState, door: Door, errand: Errand, wanted: Wanted) -> int:
    """Delete what is *wanted* and return how many rows went; none is no error.

    Errors: `ComError` CERTSRV_E_BAD_REQUESTSTATUS for one row that is being worked on; by date,
    such rows are passed over.
    """
    if wanted.table == CRL:
        count = door.forget_crls(wanted.crls(state.shelf))
    else:
        count = sum(_delete(door, errand, wanted, row) for row in wanted.requests(state.shelf))
    audit.deleted(state, wanted.table, wanted.which, count, errand.by)
    return count


def _delete(door: Door, errand: Errand, wanted: Wanted, request_id: int) -> int:
    """Delete one row, or what hangs on it, and return how many went.

    A row that went meanwhile is no error; a date spares what has changed since it was found, or is
    being worked on.
    """
    spared = {int(HRESULT.CERTSRV_E_PROPERTY_EMPTY)}
    if wanted.row_id is None:
        spared.add(HRESULT.CERTSRV_E_BAD_REQUESTSTATUS)
    left = _LEFT.get(wanted.table)
    gone: list[object] = []

    def guard(row: Row) -> Guard:
        if not wanted.fits(row):
            raise ComError(HRESULT.CERTSRV_E_BAD_REQUESTSTATUS, "the row has changed")
        return Guard.PARTS if left else Guard.WHOLE

    def change(row: Row, _end: Mapping[str, Value]) -> Row | None:
        if left is None:
            gone.append(row)
            return None
        hanging = row.extensions if wanted.table == "extension" else row.attributes
        gone.extend(hanging)
        return left(row) if hanging else row

    try:
        door.apply(errand._replace(request_id=request_id), change, guard=guard)
    except ComError as error:
        if error.hresult not in spared:
            raise
    return len(gone)
