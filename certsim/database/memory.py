"""The shelf that forgets: rows in a dictionary, found by id and by serial number.

Nothing here expires and nothing is deleted, so a CA that runs for long grows with its requests.
Serial numbers are found by their text, letter case included, as the protocol compares them: one
in capitals is an unknown one.
Source: MS-CSRA; docs/rulings.md (Requests).
"""

from __future__ import annotations

from collections.abc import Iterator

from certsim.database.rows import Row


class MemoryShelf:
    """Keep rows in memory.

    The engine calls every writing method under its lock; reading needs none, for each reading
    method looks into a dictionary once or works on a copy of its keys.
    """

    def __init__(self) -> None:
        """Begin with no row; the first id handed out is 1."""
        self._rows: dict[int, Row] = {}
        self._by_serial: dict[str, int] = {}
        self._last_id = 0

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
        return None if request_id is None else self._rows[request_id]

    def commit(self, row: Row) -> None:
        """Keep *row* in place of any earlier one with its id."""
        self._rows[row.request_id] = row
        serial = row.columns.get("SerialNumber")
        if isinstance(serial, str):
            self._by_serial[serial] = row.request_id

    def __iter__(self) -> Iterator[Row]:
        """Go through the rows in the order of their ids."""
        for request_id in sorted(self._rows):
            yield self._rows[request_id]
