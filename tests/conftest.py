"""What every test folder shares: seeded sources, a running CA, and an exit module that records."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest

from certsim import CCertServerExit, CertificationAuthority, ComError, PropType, Sources
from certsim._engine import contexts
from certsim.sources import SeededSources
from tests.codes import EVERY_BIT
from tests.requests_kit import make_csr


@attrs.frozen
class Heard:
    """Be one call of `Notify`: the event, the context, and what the row said at that moment."""

    event: int
    context: int
    values: dict[str, object]


@attrs.define
class Recorder:
    """Be an exit module that asks for every event and notes each with what it could read."""

    heard: list[Heard] = attrs.field(factory=list)
    initialized: list[str] = attrs.field(factory=list)

    def Initialize(self, strConfig: str) -> int:
        """Note the CA's name and ask for everything."""
        self.initialized.append(strConfig)
        return EVERY_BIT

    def Notify(self, event: int, context: int) -> None:
        """Note the event and the row behind its context."""
        server = CCertServerExit()
        server.SetContext(context)
        self.heard.append(Heard(event, context, _row_values(server) if context else {}))

    def GetDescription(self) -> str:
        """Return what the module does."""
        return "Records everything"

    @property
    def events(self) -> list[int]:
        """Return the events heard so far, in order."""
        return [heard.event for heard in self.heard]


_ASKED = (
    ("RequestID", PropType.LONG),
    ("Disposition", PropType.LONG),
    ("StatusCode", PropType.LONG),
    ("DispositionMessage", PropType.STRING),
)


def _row_values(server: CCertServerExit) -> dict[str, object]:
    values: dict[str, object] = {
        name: server.GetRequestProperty(name, kind) for name, kind in _ASKED
    }
    try:
        values["SerialNumber"] = server.GetCertificateProperty("SerialNumber", PropType.STRING)
    except ComError:
        values["SerialNumber"] = None
    return values


@pytest.fixture(autouse=True)
def no_ca_runs_on() -> Iterator[None]:
    """Hold every test to its duty: who starts a CA stops it, or it would answer for later ones."""
    yield
    left = [state.identity.name for state in contexts._running.values()]
    contexts._running.clear()  # so that one leak is one failure
    assert left == []


@pytest.fixture
def sources() -> SeededSources:
    """Return sources that repeat; `sources.clock.advance(...)` moves time."""
    return Sources.seeded(1)


@pytest.fixture
def recorder() -> Recorder:
    """Return an exit module that hears and notes everything."""
    return Recorder()


@pytest.fixture
def ca(sources: SeededSources, recorder: Recorder) -> Iterator[CertificationAuthority]:
    """Return a running, seeded CA in memory with `recorder` plugged in; it issues by default."""
    with CertificationAuthority("Test CA", sources=sources, exit_modules=[recorder]) as running:
        yield running


@pytest.fixture
def csr() -> bytes:
    """Return one good request (DER)."""
    return make_csr()
