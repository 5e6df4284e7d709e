"""Where a CA lives: in memory, or in a folder (`folder`).

The engine asks a home to be let in before it runs and out afterwards, for the CA's certificates,
and to keep one that is new with its key. A CA in memory has no need of any of this.
Source: docs/rulings.md (Folders).
"""

from __future__ import annotations

from pathlib import Path

from certsim._engine.x509 import CACertificate
from certsim.sources import PrivateKey


class Home:
    """Be the home of a CA in memory: nothing has to be fetched, kept or locked.

    *path* is the folder from which relative places are counted, the process's own here; *lasting*
    is whether what is written outlives the process.
    """

    path = Path()
    lasting = False

    def enter(self) -> None:
        """Let the CA in that starts."""

    def leave(self) -> None:
        """Let it out."""

    def certificates(self) -> tuple[CACertificate, ...]:
        """Return the CA's certificates as they are kept here, oldest first; none in memory."""
        return ()

    def keep(self, certificate: CACertificate, key: PrivateKey | None) -> None:
        """Keep a new *certificate* and, if that is new too, its *key*."""
