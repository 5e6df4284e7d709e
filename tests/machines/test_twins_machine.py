"""Memory and SQLite agree: any sequence of verbs leaves both with the same rows, views and errors.

The rules are those of the engine machine, so both are held against the hand-written model as well.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from tests.machines import request_model as model
from tests.machines.test_engine_machine import EngineMachine
from tests.machines.twins import Twins
from tests.marks import few_or_many


class TwinsMachine(EngineMachine):
    """Drive a CA in memory and one in a folder side by side."""

    def make(self, drawn: list[model.Module], **options: Any) -> None:
        """Make both."""
        super().make(drawn, **options)
        self.folder = TemporaryDirectory()
        path = Path(self.folder.name, "ca")
        self.twins = Twins(path, self.ca, self.sources, self.policy, drawn, options)
        self.ca: Any = self.twins

    @invariant()
    def both_homes_agree(self) -> None:
        """Find in one what the other has, and modules that have heard the same."""
        if hasattr(self, "twins"):
            self.twins.agree()
            assert self.twins.heard == self.heard

    def teardown(self) -> None:
        """Stop both, and leave no folder."""
        super().teardown()
        if hasattr(self, "folder"):
            self.folder.cleanup()


@few_or_many(20, 400)
def test_memory_and_folder_agree(count: int) -> None:
    """Rows, views, errors, journal and events are the same after each step."""
    run_state_machine_as_test(
        TwinsMachine,
        settings=settings(
            max_examples=count,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
