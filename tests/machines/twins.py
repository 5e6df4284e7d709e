"""Two CAs that are asked the same: one in memory, one in a folder that is closed and opened again.

They have the same chance, keys and clock, so whatever one does the other has to do to the byte.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from certsim import CertificationAuthority, ComError, Sources
from certsim.sources import SeededSources
from tests.machines import request_model as model
from tests.machines.drawn import Exit, Policy

_DEFAULT_MODULE = "CertificateAuthority_MicrosoftDefault.Exit"
TABLES = ("request", "extension", "attribute", "crl")
_VOLATILE = ("context", "duration")
"""Fields of the journal that no two CAs have in common."""


class Twins:
    """Pass each verb on to both, and give back what both have answered."""

    def __init__(
        self,
        path: Path,
        memory: CertificationAuthority,
        sources: SeededSources,
        policy: Policy,
        drawn: list[model.Module],
        options: dict[str, Any],
    ) -> None:
        """Take the CA in *memory* and make its twin in the folder *path*."""
        self._memory, self._path = memory, path
        self.heard: list[tuple[object, ...]] = []
        self._again: dict[str, Any] = {
            "exit_modules": [Exit(module, self.heard) for module in drawn],
            "policy_module": _Echo(self.heard, policy),
            "sources": attrs.evolve(Sources.seeded(1), clock=sources.clock),
            "fidelity": options["fidelity"],
        }
        self._folder = CertificationAuthority.create(
            path, memory.name, config=options["config"], **self._again
        )
        self._folder.remove_exit_module(_DEFAULT_MODULE)

    def stop(self) -> None:
        """Stop both; the folder's CA is forgotten, and another object opens the folder."""
        self._memory.stop()
        self._folder.stop()
        self._folder = CertificationAuthority.open(self._path, **self._again)

    def __getattr__(self, name: str) -> Any:
        """Return what both have under *name*; of a method, one that calls both."""
        ours, theirs = getattr(self._memory, name), getattr(self._folder, name)
        if not callable(ours):
            if name != "journal" and not name.startswith("_"):  # `agree` looks at these
                assert ours == theirs
            return ours

        def call(*arguments: object, **options: object) -> object:
            expected = _outcome(lambda: ours(*arguments, **options))
            assert _outcome(lambda: theirs(*arguments, **options)) == expected
            if isinstance(expected, _Refusal):
                raise expected.error
            return expected

        return call

    def agree(self) -> None:
        """Hold rows, views and journal of both against each other."""
        ours, theirs = self._memory._state.shelf, self._folder._state.shelf
        assert list(theirs) == list(ours)
        assert theirs.crls() == ours.crls()
        for table in TABLES:
            assert list(self._folder.view(table)) == list(self._memory.view(table))
        ordered = {"order_by": "-Request.Disposition", "where": [("SerialNumber", ">", "")]}
        assert list(self._folder.view(**ordered)) == list(self._memory.view(**ordered))
        assert _told(self._folder) == _told(self._memory)


@attrs.frozen
class _Refusal:
    """Be an answer that is an error; two are equal if their codes and words are."""

    hresult: int
    words: str
    error: ComError = attrs.field(eq=False)


def _outcome(verb: Callable[[], object]) -> object:
    try:
        return verb()
    except ComError as error:
        return _Refusal(error.hresult, error.strerror, error)


def _told(ca: CertificationAuthority) -> list[dict[str, object]]:
    entries = [entry.as_dict() for entry in ca.journal]
    return [{k: v for k, v in entry.items() if k not in _VOLATILE} for entry in entries]


class _Echo(Policy):
    """Be a policy module that answers by the script of another, and keeps its own record."""

    _reg_progid_ = "Policy.Policy"  # as the other is called in the journal

    def __init__(self, heard: list[tuple[object, ...]], speaker: Policy) -> None:
        """Listen to *speaker*."""
        super().__init__(heard)
        self._speaker = speaker

    def VerifyRequest(self, strConfig: str, context: int, new: int, flags: int) -> object:
        """Answer what the other answers."""
        return self._speaker.script()
