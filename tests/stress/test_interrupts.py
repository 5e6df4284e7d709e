"""Ctrl-C at any moment of a verb, a start or a stop: a CA in a folder can be gone on with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from certsim import CertificationAuthority
from tests.marks import few_or_many
from tests.requests_kit import make_csr
from tests.stress import interrupt_worker


@pytest.mark.skipif(os.name == "nt", reason="timers that send signals are POSIX")
@pytest.mark.parametrize("what", ["verbs", "lives"])
@few_or_many(100, 1_000)
def test_whoever_is_interrupted_can_go_on(tmp_path: Path, what: str, count: int) -> None:
    """The next answer is kept, no id comes twice, and no lock and no half transaction is left."""
    folder = tmp_path / "ca"
    worker = [sys.executable, interrupt_worker.__file__, what, str(folder), str(count)]
    ran = subprocess.run(worker, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "held\n"), ran.stderr[-2_000:]
    with CertificationAuthority.open(folder, lock_timeout=0) as again:
        last = max(int(str(row["RequestID"])) for row in again.view(columns=["RequestID"]))
        assert again.submit(make_csr()).request_id > last
