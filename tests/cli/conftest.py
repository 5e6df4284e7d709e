"""What the tests of the command line share: ways to run it, and modules written on the spot."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs
import pytest

from certsim.cli import main
from tests.cli.folder_kit import PENDING, Home

ROOT = Path(__file__).parents[2]


@attrs.frozen
class Ran:
    """Hold what a command left behind."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]
Write = Callable[..., str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command in this process."""

    def running(*arguments: str) -> Ran:
        status = main(arguments)
        return Ran(status, *capsys.readouterr())

    return running


@pytest.fixture
def spawn() -> Run:
    """Return a function that runs a command as users do, in a process of its own."""

    def spawning(
        *arguments: str, cwd: Path = ROOT, env: Mapping[str, str] | None = None, **more: object
    ) -> Ran:
        surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **(env or {})}
        ran = subprocess.run(
            [sys.executable, "-m", "certsim", *arguments],
            cwd=cwd,
            env=surroundings,
            check=False,
            timeout=60,
            **{"stdout": subprocess.PIPE, **more},  # type: ignore[call-overload]
            stderr=subprocess.PIPE,
        )
        lines = (ran.stdout or b"").replace(b"\r\n", b"\n").decode("utf-8")
        return Ran(ran.returncode, lines, ran.stderr.decode("utf-8").replace("\r\n", "\n"))

    return spawning


_WHOLE = '''
class Whole:
    """Fill the socket and hear all there is."""

    def Initialize(self, strConfig):
        return 0x3FF

    def Notify(self, event, context):
        pass

    def GetDescription(self):
        return "whole"
'''


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a module and returns `file.py:Name`.

    The source may build on the class `Whole`, a silent module that hears everything.
    """

    def writing(source: str, name: str = "Mine") -> str:
        path = tmp_path / "module_under_test.py"
        path.write_text(_WHOLE + textwrap.dedent(source), encoding="utf-8")
        return f"{path}:{name}"

    return writing


@pytest.fixture
def found(run: Run, tmp_path: Path) -> Callable[..., Home]:
    """Return a function that makes a CA in a folder, by `certsim init`."""

    def finding(*arguments: str, folder: str = "CA") -> Home:
        home = Home(tmp_path / folder, run)
        ran = home("init", "--name", "Teaching CA", *arguments)
        assert (ran.status, ran.err) == (0, "")
        return home

    return finding


@pytest.fixture
def home(found: Callable[..., Home]) -> Home:
    """Return a CA in a folder that issues at once."""
    return found()


@pytest.fixture
def officers(found: Callable[..., Home]) -> Home:
    """Return a CA in a folder that leaves each request to an officer."""
    return found(*PENDING)
