"""Which rows a shelf puts on a list, and in which order: for all rows what a model says.

The model is the rule in words of its own, one sentence a line; the rows are no CA's, so that dates,
dispositions and keys meet in every way.
Source: MS-CSRA 3.1.4.1.6; a published `certutil -dump` (order); docs/rulings.md (CRLs).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsim._engine import columns
from certsim.database.memory import MemoryShelf
from certsim.database.rows import Revocations, Row, Value
from tests.codes import ISSUED, REVOKED

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@attrs.frozen
class Standing:
    """Be a row that was revoked once; moments are hours around noon."""

    key: int
    disposition: int
    told: int
    effective: int
    end: int
    publish_expired: int | None

    def row(self, request_id: int) -> Row:
        """Return the row, whose CRL entry is its id, so that it can be told from others."""
        columns: dict[str, Value] = {
            "IssuerNameID": self.key << 16 | 5,
            "Request.Disposition": self.disposition,
            "Request.RevokedWhen": hours(self.told),
            "Request.RevokedEffectiveWhen": hours(self.effective),
            "NotAfter": hours(self.end),
        }
        if self.publish_expired is not None:
            columns["PublishExpiredCertInCRL"] = self.publish_expired
        return Row(request_id, columns, crl_entry=b"%d" % request_id)


def hours(count: int) -> datetime:
    """Return a moment so many hours after noon."""
    return NOON + timedelta(hours=count)


def belongs(row: Standing, key: int, effective: int, ended: int | None, since: int | None) -> bool:
    """Tell whether a row is on the list."""
    of_this_key = row.key == key
    in_force = row.effective <= effective
    stays = ended is None or row.publish_expired == 1 or not row.end < ended
    recent = since is None or not row.told < since
    released = since is not None and row.disposition == ISSUED and not row.end < effective
    revoked = row.disposition == REVOKED and stays
    return of_this_key and in_force and recent and (revoked or released)


few = st.integers(-3, 3)
standing = st.builds(
    Standing,
    key=st.integers(0, 2),
    disposition=st.sampled_from([ISSUED, REVOKED]),
    told=few,
    effective=few,
    end=few,
    publish_expired=st.sampled_from([None, 0, 1]),
)


@given(
    rows=st.dictionaries(st.integers(1, 2**31 - 1), standing, max_size=12),
    key=st.integers(0, 2),
    effective=few,
    ended=st.none() | few,
    since=st.none() | few,
)
def test_a_list_has_the_rows_that_belong(
    rows: dict[int, Standing], key: int, effective: int, ended: int | None, since: int | None
) -> None:
    """For all rows and questions the entries are the model's, the newest request first."""
    shelf = MemoryShelf(columns.read)
    for request_id, row in rows.items():
        shelf.commit(row.row(request_id))
    wanted = Revocations(
        key,
        hours(effective),
        None if ended is None else hours(ended),
        None if since is None else hours(since),
    )
    assert shelf.crl_entries(wanted) == [
        b"%d" % request_id
        for request_id in sorted(rows, reverse=True)
        if belongs(rows[request_id], key, effective, ended, since)
    ]


PLAIN = Standing(0, REVOKED, 0, 0, 9, None)
ALL = Revocations(0, NOON)


def test_a_row_that_was_never_revoked_is_on_no_list() -> None:
    """Rows without a CRL entry are passed over, whatever columns they lack."""
    shelf = MemoryShelf(columns.read)
    shelf.commit(Row(1, {"Request.Disposition": ISSUED}))
    shelf.commit(PLAIN.row(2))
    assert shelf.crl_entries(ALL) == [b"2"]


def test_a_deleted_row_leaves_the_list() -> None:
    """What is deleted is on no later list."""
    shelf = MemoryShelf(columns.read)
    for request_id in (1, 2, 3):
        shelf.commit(PLAIN.row(request_id))
    shelf.delete(2)
    assert shelf.crl_entries(ALL) == [b"3", b"1"]


@pytest.mark.parametrize("first", [ISSUED, REVOKED])
def test_a_row_that_changes_is_on_the_list_as_it_stands(first: int) -> None:
    """The last commit of a row counts, and it keeps its place among the others."""
    shelf = MemoryShelf(columns.read)
    shelf.commit(attrs.evolve(PLAIN, disposition=first).row(1))
    shelf.commit(PLAIN.row(2))
    shelf.commit(attrs.evolve(PLAIN.row(1), crl_entry=b"changed"))
    assert shelf.crl_entries(ALL) == [b"2", b"changed"]
