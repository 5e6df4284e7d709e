"""The front door: what the README shows runs as it stands there."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

import certsim
from certsim.cli import main
from tests.engine import values_kit as kit

ROOT = Path(__file__).parents[1]


class MyExit:
    """Be the exit module of the first lesson: no base class, no decorator."""

    def __init__(self) -> None:
        """Have heard nothing."""
        self.heard: list[tuple[int, object]] = []

    def Initialize(self, strConfig: str) -> int:
        """Ask for issued and revoked certificates."""
        self.config = strConfig
        return certsim.ExitEvent.CERTISSUED | certsim.ExitEvent.CERTREVOKED

    def Notify(self, event: int, context: int) -> None:
        """Read the serial number."""
        server = certsim.Dispatch("CertificateAuthority.ServerExit")
        server.SetContext(context)
        serial = server.GetCertificateProperty("SerialNumber", certsim.PropType.STRING)
        self.heard.append((event, serial))

    def GetDescription(self) -> str:
        """Say what this is."""
        return "Prints serial numbers"


def test_the_first_lesson_runs() -> None:
    """A plain class, a CA in one line, a request in another: the module hears of its life."""
    module = MyExit()
    with certsim.CertificationAuthority("Teaching CA", exit_modules=[module]) as ca:
        outcome = ca.submit(
            kit.csr(),
            attributes="CertificateTemplate:WebServer\nCertFile:true",
            requester=r"CONTOSO\alice",
        )
        assert outcome.serial_number is not None
        ca.revoke(outcome.serial_number, certsim.RevocationReason.KEY_COMPROMISE)
        base, delta = ca.publish_crls()
    assert outcome.disposition == certsim.CRDisposition.ISSUED
    assert module.config == "Teaching CA"
    assert module.heard == [(1, outcome.serial_number), (8, outcome.serial_number)]
    assert (base.kind.name, delta.kind.name) == ("BASE", "DELTA")
    revoked = base.crl.get_revoked_certificate_by_serial_number(int(outcome.serial_number, 16))
    assert revoked is not None
    assert not ca.running


def test_the_shipped_policies_are_at_hand() -> None:
    """`certsim.policies` needs no import of its own, not even before there is a CA."""
    code = "import certsim; print(certsim.policies.Standalone.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "Standalone\n"


def readme(language: str) -> list[str]:
    """Return the README's code blocks in *language*."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_readme_s_module_runs_as_written(tmp_path: Path) -> None:
    """The README's Python block needs nothing but a request beside it."""
    (block,) = readme("python")
    request = kit.csr().public_bytes(serialization.Encoding.PEM)
    (tmp_path / "request.pem").write_bytes(request)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "1 1\nrequest 1: ISSUED (Issued)\n"


def test_the_readme_s_first_screen_has_the_two_commands() -> None:
    """One line runs the main job and one passes the tests; each sets itself up."""
    first, second, _ = (block.strip() for block in readme("console"))
    assert "\n" not in first + second
    assert first.endswith("certsim run examples/hello_exit.py:HelloExit")
    assert second.endswith("pytest -q -n 2")
    assert all(line.startswith("python3 -m venv ") for line in (first, second))


def test_the_readme_s_folder_does_what_its_commands_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each command completes where a request and the module of the README are at hand."""
    monkeypatch.chdir(tmp_path)
    (block,) = readme("python")
    Path("my_exit.py").write_text(block.partition("\n\n\nwith ")[0], encoding="utf-8")
    Path("web1.csr").write_bytes(kit.csr().public_bytes(serialization.Encoding.PEM))
    monkeypatch.setattr("sys.stdin", io.StringIO("view queue\nexit\n"))
    _, _, commands = readme("console")
    serial = ""
    for line in commands.replace("\\", "\\\\").splitlines():
        words = shlex.split(line.replace("SERIAL", serial, 1) if "revoke" in line else line)
        assert (words[0], main(words[1:])) == ("certsim", 0), line
        told = capsys.readouterr()
        assert told.err == ""
        serial = next(iter(re.findall(r"^Serial Number: (\w+)$", told.out, re.MULTILINE)), serial)
    assert Path("lab/CertEnroll/Teaching CA.crl").is_file()
