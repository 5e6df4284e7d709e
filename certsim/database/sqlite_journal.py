"""The journal's two tables: what has happened, and the events that modules have not heard yet.

What an entry or an event means is the engine's to know; here they are text and numbers, in the
order in which they came.
Source: docs/rulings.md (Folders).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from certsim.database.sqlite_connections import Connections
from certsim.database.sqlite_schema import EVENT_LOG_KIND

_ADD = "INSERT INTO certsim_Journal (Kind, Entry) VALUES (?, ?)"
_NEWEST = "SELECT EntryID FROM certsim_Journal {} ORDER BY EntryID DESC LIMIT 1 OFFSET :limit"
_PRUNE = f"""
DELETE FROM certsim_Journal WHERE EntryID <= ({_NEWEST.format("")}) AND NOT (
  Kind = :log AND EntryID > ifnull(({_NEWEST.format("WHERE Kind = :log")}), 0)
)"""
_POST = "INSERT INTO certsim_Posted (Event, RequestID) VALUES (?, ?)"
_DROP = "DELETE FROM certsim_Posted WHERE PostID = ?"


class JournalTables:
    """Keep entries and events; the writing methods belong into a transaction with what they tell.

    Errors throughout: `ComError` naming the file.
    """

    def __init__(self, connections: Connections) -> None:
        """Use *connections* to the file."""
        self._connections = connections

    def add_entries(self, rows: Iterable[tuple[str, str]]) -> None:
        """Add entries: the kind of each, and its text, in which all characters print."""
        with self._connections.writing() as connection:
            connection.executemany(_ADD, rows)

    def entries(self, kinds: Collection[str] | None, limit: int) -> list[tuple[str, str]]:
        """Return the newest *limit* entries of *kinds* (`None`: of all), oldest first."""
        wanted = "TRUE" if kinds is None else f"Kind IN ({', '.join('?' * len(kinds))})"
        newest = f"SELECT * FROM certsim_Journal WHERE {wanted} ORDER BY EntryID DESC LIMIT ?"
        with self._connections.reading() as connection:
            return connection.execute(
                f"SELECT Kind, Entry FROM ({newest}) ORDER BY EntryID", (*(kinds or ()), limit)
            ).fetchall()

    def prune(self, limit: int) -> None:
        """Forget all entries but the newest *limit*, and apart from them those of the event log."""
        with self._connections.writing() as connection:
            connection.execute(_PRUNE, {"limit": limit, "log": EVENT_LOG_KIND})

    def add_posted(self, event: int, request_id: int | None) -> int:
        """Note an event that modules have to hear, and return the number of the note."""
        with self._connections.writing() as connection:
            return connection.execute(_POST, (event, request_id)).lastrowid or 0

    def remove_posted(self, numbers: Iterable[int]) -> None:
        """Cross off the notes with these *numbers*."""
        with self._connections.writing() as connection:
            connection.executemany(_DROP, ((number,) for number in numbers))

    def posted(self) -> list[tuple[int, int, int | None]]:
        """Return the notes that are left, oldest first: number, event, request id."""
        with self._connections.reading() as connection:
            return [
                (number, int(event), None if request_id is None else int(request_id))
                for number, event, request_id in connection.execute(
                    "SELECT PostID, Event, RequestID FROM certsim_Posted ORDER BY PostID"
                )
            ]
