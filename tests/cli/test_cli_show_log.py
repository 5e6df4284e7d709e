"""`certsim log`: which entries each log has, in which order, and how they are told."""

from __future__ import annotations

import argparse

import pytest

from certsim import CertificationAuthority
from certsim.sources import SeededSources
from tests.cli.show_kit import report, shown, typed
from tests.requests_kit import make_csr


class Failing:
    """Be an exit module that fails with a text that tries to forge a line."""

    def Initialize(self, strConfig: str) -> int:
        """Ask for issued certificates."""
        return 1

    def Notify(self, event: int, context: int) -> None:
        """Fail."""
        raise RuntimeError("no\n2026-01-01 forged\x1b[2J")

    def GetDescription(self) -> str:
        """Say what the module is."""
        return "Fails"


@pytest.fixture
def ca(sources: SeededSources) -> CertificationAuthority:
    """Return a stopped CA with two failures, and an audit of everything."""
    made = CertificationAuthority(
        "CA", sources=sources, exit_modules=[Failing], config={r"ca\AuditFilter": 0x7F}
    )
    with made:
        made.submit(make_csr("one.test"))
        made.submit(make_csr("two.test"))
    return made


def test_the_event_log_is_the_default(ca: CertificationAuthority) -> None:
    """Failures, oldest first, each with its moment, and on one line."""
    made = shown(ca, "log")
    assert [line.split(":")[0] for line in made.lines] == ["2026-01-01 12"] * 2
    assert "event 45: Fails: Notify for request 1 failed with 0x80004005 E_FAIL" in made.lines[0]
    assert r"no\n2026-01-01 forged\x1b[2J" in made.lines[0]
    assert all(line.isprintable() for line in made.lines)
    assert shown(ca, "log", "--events").lines == made.lines


def test_the_journal_has_everything(ca: CertificationAuthority) -> None:
    """Each entry by its own line, in the journal's order."""
    assert shown(ca, "log", "--journal").lines[1:4] == [str(entry) for entry in ca.journal[1:4]]
    assert len(shown(ca, "log", "--journal").lines) == len(ca.journal)


def test_the_audit_is_told_apart(ca: CertificationAuthority) -> None:
    """Start, two requests and their outcomes, stop: what Windows' security log would have."""
    lines = shown(ca, "log", "--audit").lines
    assert [line.split()[3] for line in lines] == [
        "4880", "4897", "4886", "4887", "4886", "4887", "4875", "4881",
    ]  # fmt: skip


@pytest.mark.parametrize("limit", [0, 1, 3, 22, 23, 1000])
def test_the_limit_keeps_the_newest(ca: CertificationAuthority, limit: int) -> None:
    """Of many entries the last ones are shown."""
    whole = shown(ca, "log", "--journal").lines
    assert len(whole) == 22
    assert shown(ca, "log", "--journal", "--limit", str(limit)).lines == (
        whole[-limit:] if limit else []
    )


def test_for_programs(ca: CertificationAuthority) -> None:
    """Plain data for each entry, kind first."""
    found = list(report(ca, "log").data)  # type: ignore[call-overload]
    assert [entry["kind"] for entry in found] == ["eventlogentry"] * 2
    assert found[0]["event_id"] == 45
    assert found[0]["request_id"] == 1


def test_one_log_at_a_time() -> None:
    """Two logs cannot be asked for at once."""
    with pytest.raises((argparse.ArgumentError, SystemExit)):
        typed("log", "--audit", "--journal")


@pytest.mark.parametrize("limit", ["-1", "x", "1.5", "\u0661"])
def test_a_limit_is_a_number(limit: str) -> None:
    """Anything else is a slip."""
    with pytest.raises((argparse.ArgumentError, SystemExit)):
        typed("log", "--limit", limit)
