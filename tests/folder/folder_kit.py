"""What the tests of CAs in folders share: a CA that repeats, modules in files, a tool's output."""

from __future__ import annotations

import subprocess
from pathlib import Path

from certsim import CertificationAuthority, Sources

HEARING = """\
from pathlib import Path

import certsim

HERE = Path(__file__)


class {name}:
    def Initialize(self, strConfig):
        return certsim.ExitEvent.CERTISSUED | certsim.ExitEvent.SHUTDOWN

    def Notify(self, event, context):
        with HERE.with_suffix(".heard").open("a") as heard:
            print("{name}", int(event), file=heard)

    def GetDescription(self):
        return "Notes what it hears beside itself"
"""


def make(path: Path, seed: int = 1, **options: object) -> CertificationAuthority:
    """Return a stopped, seeded CA in a new folder."""
    options.setdefault("sources", Sources.seeded(seed))
    return CertificationAuthority.create(path, "Test CA", **options)  # type: ignore[arg-type]


def reopen(path: Path, seed: int = 2, **options: object) -> CertificationAuthority:
    """Return the CA in a folder as another process would, with other chance."""
    options.setdefault("sources", Sources.seeded(seed))
    return CertificationAuthority.open(path, **options)  # type: ignore[arg-type]


def module_file(folder: Path, name: str = "Hearing") -> str:
    """Write an exit module into a file and return its spec."""
    path = folder / f"{name.lower()}_module.py"
    path.write_text(HEARING.format(name=name))
    return f"{path}:{name}"


def heard(folder: Path, name: str = "Hearing") -> list[str]:
    """Return what the module in the file has heard, a line for each event."""
    path = folder / f"{name.lower()}_module.heard"
    return path.read_text().splitlines() if path.exists() else []


def output(*command: object) -> str:
    """Return what a program prints, which has to succeed."""
    words = [str(word) for word in command]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout
