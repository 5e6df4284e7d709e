"""The running CAs of the tests here: fixtures, so that each is stopped when its test ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from certsim._engine.security import Security
from tests.conftest import Recorder
from tests.engine import engine_kit as kit
from tests.engine import import_kit, revocation_kit
from tests.engine.security_kit import Office, OpenOffice


@pytest.fixture
def open_office() -> Iterator[OpenOffice]:
    """Return a function that opens an `Office`."""
    with ExitStack() as stack:

        def opened(security: Security | None = None, **config: int) -> Office:
            return stack.enter_context(Office(security, **config))

        yield opened


@pytest.fixture
def stand(recorder: Recorder) -> Iterator[revocation_kit.Stand]:
    """Return a running CA that takes foreign certificates, and its exit module."""
    with kit.make_ca(recorder, config={r"ca\KRAFlags": 1}) as ca:
        yield ca, recorder


@pytest.fixture
def importer(recorder: Recorder) -> Iterator[import_kit.Importer]:
    """Return a CA with a key of its own that takes foreign certificates."""
    policy = kit.ScriptedPolicy()
    options = {"key": import_kit.CA_KEY, "config": {r"ca\KRAFlags": 1}}
    with kit.make_ca(recorder, policy=policy, **options) as ca:
        yield import_kit.Importer(ca, policy, recorder)
