"""Versions, help, usage errors, and where modules are looked for."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

VERSION = Path(__file__).parents[2] / "certsim" / "_version.py"
HELLO = f"{Path(__file__).parents[2] / 'examples' / 'hello_exit.py'}:HelloExit"


def test_version_is_printed(run: Run) -> None:
    """`--version` prints the one version there is."""
    (version,) = re.findall(r'"([\d.]+)"', VERSION.read_text())
    ran = run("--version")
    assert (ran.status, ran.out, ran.err) == (0, f"certsim {version}\n", "")


def test_help_of_run_has_examples_and_statuses(run: Run) -> None:
    """Who asks for help gets commands to copy, and learns what the exit status means."""
    ran = run("run", "--help")
    assert ran.status == 0
    assert "certsim run examples/hello_exit.py:HelloExit" in ran.out
    assert re.search(r"^exit status:\n  0  no module failed", ran.out, re.MULTILINE)
    assert {"--request", "--seed", "--json", "--name"} <= set(re.findall(r"--\w+", ran.out))


def test_commands_in_the_help_exist(run: Run) -> None:
    """The paths in the help's examples are files of this repository, or plainly made up."""
    paths = set(re.findall(r"\S+\.py(?=:)", run("run", "--help").out)) - {"path/to/file.py"}
    assert paths == {"examples/hello_exit.py", "examples/failing_exit.py"}
    assert all((VERSION.parents[1] / path).is_file() for path in paths)


@pytest.mark.parametrize(
    "arguments",
    [(), ("run",), ("walk", HELLO), ("run", "--seed", "x", HELLO), ("run", "--verbose", HELLO)],
    ids=" ".join,
)
def test_wrong_usage_is_status_2(arguments: tuple[str, ...], run: Run) -> None:
    """Argparse tells what is wrong; nothing is played."""
    ran = run(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("usage: certsim")


def test_packages_are_found_in_the_current_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`package.module:Name` works from the folder one stands in, and leaves the path as it was."""
    package = tmp_path / "package_in_current_folder"
    package.mkdir()
    (package / "audit.py").write_text("import sys\nwhere = sys.path[0]\n")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    ran = run("run", "package_in_current_folder.audit:Absent")
    monkeypatch.delitem(sys.modules, "package_in_current_folder.audit")
    monkeypatch.delitem(sys.modules, "package_in_current_folder")
    assert "audit defines no Absent" in ran.err
    assert sys.path == before


def test_process_finds_packages_in_the_current_folder(spawn: Run, tmp_path: Path) -> None:
    """The same, in a process of its own and to the end of the tour."""
    source = (VERSION.parents[1] / "examples" / "hello_exit.py").read_text()
    (tmp_path / "greeter.py").write_text(source)
    assert spawn("run", "greeter:HelloExit", cwd=tmp_path).status == 0
