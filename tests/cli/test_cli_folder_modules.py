"""Modules of a CA in a folder: install, remove, list; what counts from the next start on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.folder_kit import Home

Run = Callable[..., Any]
Write = Callable[..., str]

DEFAULT = "CertificateAuthority_MicrosoftDefault.Exit"
NAMED = """
    class One(Whole):
        def Initialize(self, strConfig):
            print(type(self).__name__, "initialized")
            return 0

    class Two(One):
        pass
"""
POLICY = """
    class Mine(Whole):
        VerifyRequest = lambda self, *arguments: 0
        ShutDown = lambda self: None
"""


def names(home: Home) -> list[str]:
    """Return the names of the exit modules, in their order."""
    return [one["name"] for one in home.result("module list") if one["kind"] == "exit"]


def test_a_new_ca_has_the_default_modules(home: Home) -> None:
    """One policy module and one exit module, as a Windows CA is delivered with."""
    policy, module = home.result("module list")
    assert (policy["kind"], policy["name"]) == (
        "policy",
        "CertificateAuthority_MicrosoftDefault.Policy",
    )
    assert (module["kind"], module["name"]) == ("exit", DEFAULT)
    assert home.lines("module list")[1] == f"  exit   {DEFAULT} = {module['spec']}"


def test_several_modules_are_called_in_their_order(home: Home, write: Write) -> None:
    """What is installed last is called last, and each start calls them anew."""
    for name in ("Two", "One"):
        home.lines("module install", f"{name}.Exit", write(NAMED, name))
    assert names(home) == [DEFAULT, "Two.Exit", "One.Exit"]
    started = ["Two initialized", "One initialized"]
    assert home.lines("tick")[:2] == started
    assert home.lines("tick")[:2] == started


def test_installing_tells_when_it_counts(home: Home, write: Write) -> None:
    """A remark follows the ending line."""
    ran = home("module install", "One.Exit", write(NAMED, "One"))
    assert ran.out.splitlines()[0] == "Installed One.Exit"
    assert "started anew" in ran.out.splitlines()[-1]


def test_a_name_that_is_taken_gets_the_new_class_in_its_place(home: Home, write: Write) -> None:
    """Order is kept."""
    home.lines("module install", "Mine.Exit", write(NAMED, "One"))
    home.lines("module install", "Other.Exit", write(NAMED, "One"))
    home.lines("module install", "mine.Exit", write(NAMED, "Two"))
    assert [name.lower() for name in names(home)] == [DEFAULT.lower(), "mine.exit", "other.exit"]
    assert home.lines("tick")[:2] == ["Two initialized", "One initialized"]


def test_the_default_module_is_removed_and_put_back(home: Home) -> None:
    """Its class stays registered, so the name is enough; it comes back at the end."""
    assert home.lines("module remove", DEFAULT)[0] == f"Removed {DEFAULT}"
    assert names(home) == []
    home.lines("module install", DEFAULT)
    assert names(home) == [DEFAULT]
    home.lines("tick")


def test_a_path_is_found_from_any_folder(
    home: Home, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A relative path counts from where it was typed, and later commands may stand elsewhere."""
    file, _, name = write(NAMED, "One").rpartition(":")
    monkeypatch.chdir(tmp_path)
    home.lines("module install", "One.Exit", f"{Path(file).name}:{name}")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert home.lines("tick")[0] == "One initialized"


def test_another_policy_module_decides(home: Home, write: Write) -> None:
    """It takes the place of the one before; this one leaves requests pending."""
    home.lines("module install", "Mine.Policy", write(POLICY))
    assert home.result("module list")[0]["name"] == "Mine.Policy"
    assert home.submit()["disposition"] == "UNDER_SUBMISSION"


@pytest.mark.parametrize("name", ["Mine", "Mine.exit.Module", ".Policy.x"])
def test_the_ending_of_a_name_says_what_kind_it_is(name: str, home: Home, write: Write) -> None:
    """Other endings are wrong usage."""
    assert "ends neither in .Exit nor in .Policy" in home.refused(
        "module install", name, write(NAMED, "One")
    )


def test_the_policy_module_cannot_be_removed(home: Home) -> None:
    """A CA has one, always."""
    assert "always has a policy module" in home.refused("module remove", "Mine.Policy")


BROKEN = {
    "no class": ("", "defines no Mine"),
    "no Notify": ("class Mine(Whole):\n  Notify = None", "has no Notify"),
    "cannot be made": ("class Mine(Whole):\n  def __init__(self): 1 / 0", "making it failed"),
    "syntax error": ("class", "SyntaxError"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_module_that_does_not_fit_is_not_installed(case: str, home: Home, write: Write) -> None:
    """It is tried at once, and what is wrong is told; the folder stays as it was."""
    source, words = BROKEN[case]
    failed, told = home.failure("module install", "Mine.Exit", write(source))
    assert failed.endswith("FAILED: The module cannot be plugged in.")
    assert words in told
    assert names(home) == [DEFAULT]


def test_a_name_nobody_knows_needs_a_class(home: Home) -> None:
    """Neither installed by its name alone nor removed."""
    assert "no class is registered" in home.failure("module install", "Mine.Exit")[1]
    assert "no exit module 'Mine.Exit' is active" in home.failure("module remove", "Mine.Exit")[1]


def test_a_module_whose_file_has_gone_stays_out(home: Home, write: Write) -> None:
    """The CA runs without it, and the command warns."""
    spec = write(NAMED, "One")
    home.lines("module install", "One.Exit", spec)
    Path(spec.rpartition(":")[0]).unlink()
    ran = home("tick")
    assert ran.status == 0
    (line,) = ran.err.splitlines()
    assert line.startswith("certsim: warning: event 46: ")
    assert "there is no file" in line
