"""A CA in a folder, driven by the command line, and what tests of it share."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from tests.requests_kit import make_csr

PENDING = ("--config", r"policy\RequestDisposition=0x101")
"""What makes a CA leave each request to an officer."""
ENDING = "certsim: {} command completed successfully."


@attrs.frozen
class Home:
    """Hold a CA's *folder*, and run commands on it in this process."""

    folder: Path
    _run: Callable[..., Any]

    def __call__(self, name: str, *arguments: str) -> Any:
        """Run `certsim NAME FOLDER ARGUMENTS…`; a name may be two words."""
        return self._run(*name.split(), str(self.folder), *arguments)

    def lines(self, name: str, *arguments: str) -> list[str]:
        """Run a command that has to complete in silence on standard error; return its lines.

        The ending line is left out, and what may follow it.
        """
        ran = self(name, *arguments)
        assert (ran.status, ran.err) == (0, "")
        lines: list[str] = ran.out.splitlines()
        return lines[: lines.index(ENDING.format(name))]

    def document(self, name: str, *arguments: str) -> Any:
        """Run a command with `--json` and return its document, whatever came of it."""
        ran = self(name, *arguments, "--json")
        document = json.loads(ran.out)
        assert document["command"] == name
        assert document["ok"] == (ran.status == 0)
        return document

    def result(self, name: str, *arguments: str) -> Any:
        """Run a command that has to complete and return the result in its document."""
        document = self.document(name, *arguments)
        assert (document["ok"], document["warnings"]) == (True, [])
        return document["result"]

    def failure(self, name: str, *arguments: str) -> tuple[str, str]:
        """Run a command that has to fail with status 1; return the FAILED line and the next."""
        ran = self(name, *arguments)
        assert ran.status == 1
        told = [line for line in ran.err.splitlines() if " warning: " not in line]
        assert told[0].startswith(f"certsim: {name} command FAILED: ")
        assert all(line.startswith("certsim: ") for line in told)
        assert "Traceback" not in ran.err
        return told[0], told[-1]

    def refused(self, name: str, *arguments: str) -> str:
        """Run a command that is wrong usage, status 2; return what standard error says last."""
        ran = self(name, *arguments)
        assert (ran.status, ran.out) == (2, "")
        return str(ran.err.splitlines()[-1])

    def submit(self, common_name: str = "www.example.test", *arguments: str) -> Any:
        """Submit a request and return the outcome as in the document."""
        path = self.folder.parent / f"{common_name}.csr"
        path.write_bytes(make_csr(common_name))
        return self.document("submit", str(path), *arguments)["result"]


def openssl(*arguments: str, data: bytes | None = None) -> str:
    """Return what `openssl` prints; it has to go well."""
    ran = subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True)
    return ran.stdout.decode()
