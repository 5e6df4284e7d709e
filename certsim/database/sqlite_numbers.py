"""The numbers that are handed out once: request ids, ids of CRL rows, numbers of CRLs.

They are counted in memory, from the highest that the file knows of: that of a row, or of one that
is gone. What a process handed out and no row bears is forgotten if it is killed, for nobody was
answered with it; one that stops writes it down.
Source: MS-WCCE 3.2.1.4.2.1.4.4 (ids are unique); docs/rulings.md (Requests, CRLs).
"""

from __future__ import annotations

import sqlite3
import threading

from certsim.database.sqlite_connections import Connections

REQUEST_ID, CRL_ID, CRL_NUMBER = "RequestID", "CRLRowId", "CRLNumber"
_HIGHEST = """
SELECT 'RequestID' AS Name, max(RequestID) AS Last FROM Request
UNION ALL SELECT 'CRLRowId', max(CRLRowId) FROM CRL
UNION ALL SELECT 'CRLNumber', max(CRLNumber) FROM CRL"""
_LOAD = f"""
SELECT Name, max(Last) FROM (SELECT Name, Last FROM certsim_Counter UNION ALL {_HIGHEST})
GROUP BY Name"""
_RISES = "ON CONFLICT (Name) DO UPDATE SET Last = max(Last, excluded.Last)"
_KEEP = f"""
INSERT INTO certsim_Counter SELECT Name, Last FROM ({_HIGHEST}) WHERE Last IS NOT NULL {_RISES}"""
_SAVE = f"INSERT INTO certsim_Counter VALUES (?, ?) {_RISES}"


class Numbers:
    """Count on from where the file stands."""

    def __init__(self, connections: Connections) -> None:
        """Begin before the first number."""
        self._connections = connections
        self._lock = threading.Lock()
        self._last = dict.fromkeys((REQUEST_ID, CRL_ID, CRL_NUMBER), 0)

    def load(self) -> None:
        """Learn what the file knows of, which another process may have changed."""
        with self._connections.reading() as connection:
            for name, last in connection.execute(_LOAD):
                self._last[name] = max(self._last[name], last or 0)

    def take(self, name: str) -> int:
        """Return the next number of the series *name*."""
        with self._lock:
            if not self._connections.is_open:
                self.load()
            self._last[name] += 1
            return self._last[name]

    def save(self) -> None:
        """Write down what was handed out."""
        with self._connections.writing() as connection:
            connection.executemany(_SAVE, self._last.items())


def keep(connection: sqlite3.Connection) -> None:
    """Write down the highest numbers of the rows that are there, before some of them go."""
    connection.execute(_KEEP)
