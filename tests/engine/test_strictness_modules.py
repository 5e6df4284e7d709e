r"""Strictness about modules and configuration: what cannot work is refused in words that help.

Source: docs/rulings.md (Modules; Configuration; Names and formats); certsrv.h (defaults).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from certsim import CertificationAuthority, ComError, ModuleLoadError
from tests.codes import (
    DENY,
    E_FAIL,
    E_INVALIDARG,
    EVERY_BIT,
    ISSUE,
    ON_DENIED,
    ON_ISSUED,
    ON_SHUTDOWN,
    refused,
    signed,
)
from tests.engine import engine_kit as kit
from tests.requests_kit import make_csr

THREADS, EACH = 8, 20


class Asks:
    """Be a module of either kind that needs an argument."""

    def __init__(self, mailbox: str) -> None:
        self.mailbox = mailbox


class Falls:
    """Be a module that falls over by itself while it is made."""

    def __init__(self) -> None:
        raise RuntimeError("no licence")


class Waits:
    """Be an exit module that would have to be awaited."""

    def Initialize(self, strConfig: str) -> int:
        """Ask for everything."""
        return EVERY_BIT

    async def Notify(self, event: int, context: int) -> None:
        """Do nothing, later."""

    def GetDescription(self) -> str:
        """Return what it is."""
        return "Waits"


class WaitingPolicy(kit.ScriptedPolicy):
    """Be a policy module that would have to be awaited."""

    async def VerifyRequest(self, strConfig: str, context: int, new: int, flags: int) -> object:
        """Issue, later."""
        return ISSUE


class Locked(Waits):
    """Be an exit module whose `Notify` cannot even be looked at."""

    @property
    def Notify(self) -> object:  # type: ignore[override]
        """Fail."""
        raise OSError("the disk is gone")


# Configuration


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HighSerial", b"\x01"),
        ("HighSerial", ["01"]),
        ("SubjectTemplate", 5),
        ("SubjectTemplate", b"CommonName"),
        ("CRLPublicationURLs", 5),
        ("CACertPublicationURLs", 5),
        ("ValidityPeriod", 5),
        ("ValidityPeriod", ["Years"]),
    ],
)
def test_a_value_of_the_wrong_type_keeps_the_ca_from_starting(name: str, value: Any) -> None:
    """The start is E_INVALIDARG and names the value, instead of going on without it."""
    ca = kit.make_ca(config={rf"ca\{name}": value})
    with pytest.raises(ComError, match=name) as caught:
        ca.start()
    assert caught.value.hresult == signed(E_INVALIDARG)
    assert not ca.running


@pytest.mark.parametrize("host", [None, "", "\ud800", "h\u00f6st", 5])
def test_a_host_that_cannot_be_is_refused_at_once(host: Any) -> None:
    """A name that fits no URL is E_INVALIDARG where it is given."""
    with refused(E_INVALIDARG):
        kit.make_ca(dns_name=host)


@pytest.mark.parametrize(
    ("path", "default"),
    [
        (r"policy\EditFlags", 0x83EE),
        (r"policy\RequestDisposition", 1),
        (r"ca\CAType", 3),
    ],
)
def test_the_defaults_can_be_asked_for(ca: CertificationAuthority, path: str, default: int) -> None:
    """What counts when nothing was set is what a tool reads."""
    assert ca.get_config(path) == default
    assert CertificationAuthority().get_config(path) == default


# Plugging in


@pytest.mark.parametrize("plug", ["exit_modules", "policy_module"])
def test_a_class_that_needs_arguments_is_blamed_by_itself(plug: str) -> None:
    """The message names the class, and no line of a file that is not the author's."""
    ca = CertificationAuthority(**{plug: Asks if plug == "policy_module" else [Asks]})
    with pytest.raises(ModuleLoadError, match="Asks") as caught:
        ca.start()
    assert "mailbox" in str(caught.value)
    assert ".py, line" not in str(caught.value)
    assert [entry for entry in ca.event_log if ".py, line" in entry.text] == []


def test_a_class_that_falls_over_is_told_its_own_line() -> None:
    """What goes wrong in the author's file is still told with its place there."""
    ca = CertificationAuthority(exit_modules=[Falls])
    with pytest.raises(ModuleLoadError, match=rf"no licence.*{Path(__file__).name}, line"):
        ca.start()


@pytest.mark.parametrize("spec", [".m:Name", "..:Name", "..m.n:Name", ".:Name"])
@pytest.mark.parametrize("plug", ["exit_modules", "policy_module"])
def test_a_relative_module_is_told_how_to_write_it(plug: str, spec: str) -> None:
    """Dots in front lead nowhere, since there is no package to count from."""
    with pytest.raises(ModuleLoadError, match=r"write package\.module:Name"):
        CertificationAuthority(**{plug: spec if plug == "policy_module" else [spec]})


@pytest.mark.parametrize("spec", [Waits(), Waits], ids=["instance", "class"])
def test_an_exit_module_that_must_be_awaited_is_refused(spec: object) -> None:
    """`async def Notify` would never run, so it does not fit the socket."""
    with pytest.raises(ModuleLoadError, match=r"Notify.*async|async.*Notify"):
        CertificationAuthority(exit_modules=[spec]).start()


def test_a_policy_module_that_must_be_awaited_is_refused() -> None:
    """`async def VerifyRequest` would decide nothing, so it does not fit the socket."""
    with pytest.raises(ModuleLoadError, match=r"VerifyRequest.*async|async.*VerifyRequest"):
        CertificationAuthority(policy_module=WaitingPolicy()).start()


@pytest.mark.parametrize("spec", [Locked(), Locked], ids=["instance", "class"])
def test_a_member_that_cannot_be_read_is_named(spec: object) -> None:
    """A property that raises is a fault of the module, told with the member's name."""
    with pytest.raises(ModuleLoadError, match="Notify"):
        CertificationAuthority(exit_modules=[spec]).start()


def test_a_policys_file_runs_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy given as a file is looked at and plugged in by one run of the file."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    count, file = tmp_path / "count", tmp_path / "once_policy.py"
    file.write_text(
        f"with open({str(count)!r}, 'a') as out: out.write('x')\n"
        "class Decides:\n"
        "    def Initialize(self, strConfig): pass\n"
        "    def VerifyRequest(self, strConfig, context, new, flags): return 2\n"
        "    def GetDescription(self): return 'From a file'\n"
        "    def ShutDown(self): pass\n",
        encoding="utf-8",
    )
    with kit.make_ca(policy=f"{file}:Decides") as ca:
        assert ca.submit(make_csr()).disposition == DENY
    assert count.read_text(encoding="utf-8") == "x"


@pytest.mark.parametrize("spelling", ["a.exit", "A.EXIT", "A.Exit"])
def test_an_exit_module_is_removed_whatever_the_case(spelling: str) -> None:
    """ProgIDs are registry keys, which ignore case; the other module stays."""
    log: list[tuple[object, ...]] = []
    ca = kit.make_ca(kit.Listener("A", log), kit.Listener("B", log))
    ca.remove_exit_module(spelling)
    assert ca.exit_modules == ("B.Exit",)
    with ca:
        ca.submit(make_csr())
    assert log == [("B", ON_ISSUED), ("B", ON_SHUTDOWN)]


@pytest.mark.parametrize("spelling", ["A.Exit", "a.EXIT"])
@pytest.mark.parametrize("listed", [False, True], ids=["text", "list"])
def test_active_may_be_one_text_and_ignores_case(spelling: str, *, listed: bool) -> None:
    """A single string counts as a list of one, and a ProgID in another case is the same."""
    log: list[tuple[object, ...]] = []
    ca = kit.make_ca(kit.Listener("A", log), kit.Listener("B", log))
    ca.set_config(r"ca\ExitModules\Active", [spelling] if listed else spelling)
    with ca:
        ca.submit(make_csr())
    assert log == [("A", ON_ISSUED), ("A", ON_SHUTDOWN)]
    assert ca.event_log == ()


# Failures


@pytest.mark.parametrize(
    "error",
    [RuntimeError("m" * 5_000_000), ComError(E_FAIL, "m" * 5_000_000)],
    ids=["exception", "COM error"],
)
def test_a_modules_words_are_cut_in_the_event_log(error: Exception) -> None:
    """Of five megabytes the event log keeps 8,192 characters, for exit and policy modules."""
    listener = kit.Listener("A", [], ON_DENIED, kit.raising(error))
    with kit.make_ca(listener, policy=kit.ScriptedPolicy(kit.raising(error))) as ca:
        outcome = ca.submit(make_csr())
    lengths = [len(entry.text) for entry in ca.event_log]
    assert len(lengths) == 2
    assert all(8_000 < length <= 8192 for length in lengths)
    assert len(outcome.message) <= 8192


# Many hands


@pytest.fixture
def _hasty() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_hasty")
def test_modules_plugged_in_at_once_are_all_there() -> None:
    """Eight threads install modules of one name: none is lost, and no ProgID is given twice."""
    log: list[tuple[object, ...]] = []
    ca = kit.make_ca()
    together = threading.Barrier(THREADS)

    def install() -> list[str]:
        together.wait(kit.PATIENCE)
        return [ca.install_exit_module(kit.Listener("A", log, ON_ISSUED)) for _ in range(EACH)]

    workers = [kit.Worker(install) for _ in range(THREADS)]
    given = [progid for worker in workers for progid in worker.result()]
    assert len(set(given)) == THREADS * EACH
    assert sorted(ca.exit_modules) == sorted(given)
    with ca:
        ca.submit(make_csr())
    assert len(log) == THREADS * EACH
    assert ca.event_log == ()


def test_a_wrong_active_list_can_be_put_right() -> None:
    r"""A mistake in ExitModules\Active stops the start, and no other look at the registry."""
    ca = CertificationAuthority()
    ca.set_config(r"ExitModules\Active", 5)
    assert ca.get_config(r"ca\ValidityPeriodUnits") == 1
    with pytest.raises(ComError, match="Active is a list of text"):
        ca.start()
    ca.set_config(r"ExitModules\Active", [])
    with ca:
        assert ca.running


def test_an_id_of_thousands_of_digits_is_refused() -> None:
    """Python would not even print such a number."""
    with CertificationAuthority() as ca, pytest.raises(ComError, match="63 bits"):
        ca.retrieve(10**5000)
