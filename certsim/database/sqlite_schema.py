"""What is in the file of a CA's database: five tables by Microsoft's names, and a few of certsim's.

Whoever opens the file with the `sqlite3` tool finds the documented tables and columns and sees what
a view of the CA shows: moments as UTC text, columns that are worked out from others too. The table
Request has its columns without the `Request.` that they bear in a view. All that is certsim's own
says so by its name:

- `certsim_PublicKeyInfo`, `certsim_WasPending`, `certsim_Kept` are columns of Request: the parts of
  a row that are no documented columns, and the names of those columns that the row holds although
  they could be worked out (or holds as empty text, which the table shows as no value);
- `certsim_Place` is the order of extensions and attributes;
- `certsim_Revocation` has what a CRL asks of a row that is or was revoked, close together;
- `certsim_Counter` has the last ids and the last CRL number of rows that are gone;
- `certsim_Journal` and `certsim_Posted` are what happened, and the events not yet told.

The documented indexes are there under readable names. Columns that most rows leave empty have a
partial one, and the primary keys are the indexes on ids. Text compares as NOCASE does, so that
indexes serve what a view asks.

A file bears its application and its version. Each version is a step that a file of the version
before takes when the CA starts; a step that has been published is never edited.
Source: certutil -schema, published output; MS-CSRA appendix note 4; docs/rulings.md (Views).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from certsim.facts import schema
from certsim.facts.properties import PropType
from certsim.facts.schema import Column

APPLICATION: Final = 0x6373696D
"""The letters `csim`, where SQLite keeps the number of the application that a file belongs to."""
TABLES: Final = (
    *schema.TABLES,
    "certsim_Revocation",
    "certsim_Counter",
    "certsim_Journal",
    "certsim_Posted",
)
EVENT_LOG_KIND: Final = "eventlogentry"
"""The kind of those entries of the journal that make up the event log."""

_TYPES: Final = {
    PropType.LONG: "INTEGER",
    PropType.DATE: "TEXT",
    PropType.BINARY: "BLOB",
    PropType.STRING: "TEXT COLLATE NOCASE",
}
_IDS: Final = frozenset({"RequestID", "CRLRowId"})
_SELDOM: Final = frozenset(
    {
        "Request.RevokedEffectiveWhen",
        "Request.EndorsementKeyHash",
        "Request.EndorsementCertificateHash",
        "CertificateTemplate",
        "UPN",
    }
)
"""Indexed columns that most rows leave empty."""
OWN: Final = {
    "certsim_PublicKeyInfo": "BLOB",
    "certsim_WasPending": "INTEGER",
    "certsim_Kept": "TEXT",
}
"""Certsim's own columns of the table Request, behind the documented ones."""


def bare(column: str) -> str:
    """Return the name that a documented *column* has in its table."""
    return column.removeprefix("Request.")


def _wide(table: str, columns: Sequence[Column], *own: str) -> Iterator[str]:
    """Yield what makes a table with a row for each id, and its indexes."""
    defined = [
        f"{bare(column.name)} INTEGER PRIMARY KEY"
        if bare(column.name) in _IDS
        else f"{bare(column.name)} {_TYPES[column.type]}"
        for column in columns
    ]
    yield f"CREATE TABLE {table} (\n  {_lines(*defined, *own)}\n)"
    for column in columns:
        name = bare(column.name)
        if column.indexed and name not in _IDS:
            filled = f" WHERE {name} IS NOT NULL" if column.name in _SELDOM else ""
            yield f"CREATE INDEX {table}_{name} ON {table} ({name}){filled}"


def _hanging(table: str, columns: Sequence[Column]) -> str:
    """Return what makes a table of which each request has several rows, in the order of storage."""
    defined = (f"{column.name} {_TYPES[column.type]}" for column in columns)
    key = f"PRIMARY KEY ({columns[0].name}, certsim_Place)"
    body = _lines(*defined, "certsim_Place INTEGER", key)
    return f"CREATE TABLE {table} (\n  {body}\n) WITHOUT ROWID"


def _lines(*parts: str) -> str:
    return ",\n  ".join(parts)


# The columns of the first version are those of the table of facts. One that is added there later
# is added to standing files by a step of its own, and left out here.
_FIRST: Final = (
    *_wide("Request", schema.REQUEST, *(f"{name} {kind}" for name, kind in OWN.items())),
    *_wide("Certificate", schema.CERTIFICATE),
    _hanging("Extension", schema.EXTENSION),
    _hanging("Attribute", schema.ATTRIBUTE),
    *_wide("CRL", schema.CRL),
    """CREATE TABLE certsim_Revocation (
  RequestID INTEGER PRIMARY KEY,
  KeyIndex INTEGER,
  IsRevoked INTEGER,
  RevokedWhen TEXT,
  RevokedEffectiveWhen TEXT,
  NotAfter TEXT,
  PublishExpired INTEGER,
  Entry BLOB
)""",
    "CREATE TABLE certsim_Counter (Name TEXT PRIMARY KEY, Last INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE certsim_Journal (EntryID INTEGER PRIMARY KEY, Kind TEXT, Entry TEXT)",
    "CREATE TABLE certsim_Posted (PostID INTEGER PRIMARY KEY, Event INTEGER, RequestID INTEGER)",
)

STEPS: tuple[tuple[str, ...], ...] = (_FIRST,)
"""For each version the statements that make it out of the one before; version 0 has no table."""
