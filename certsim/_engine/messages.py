"""The disposition message: a column of words for people, put together the way Windows does.

Fixed English words come first, then what policy or the builder has to say, then who did it. On
Windows the words are in the server's language, so nobody should match on them: that is what the
disposition is for. Messages end up on terminals and in logs, hence the escaping.
Source: MS-CSRA 3.1.4.1.3; gradenegger.eu on events 22 and 53; docs/rulings.md (Requests).
"""

from __future__ import annotations

from certsim.errors import printable
from certsim.facts.schema import COLUMNS

MAX_MESSAGE = COLUMNS["Request.DispositionMessage"].max_length
"""Characters a disposition message may have; what is over is cut. Source: `certutil -schema`."""


def join(*pieces: str) -> str:
    """Return the pieces of a disposition message with two blanks between them.

    Empty pieces leave no gap; what does not print is escaped; what the column cannot hold is cut.
    Source: MS-CSRA 3.1.4.1.3; gradenegger.eu on events 22 and 53.
    """
    return printable("  ".join(piece for piece in pieces if piece))[:MAX_MESSAGE]
