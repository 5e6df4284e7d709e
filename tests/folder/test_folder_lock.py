"""Who may run the CA in a folder: one process at a time, and another object waits as well."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from certsim import CertificationAuthority
from tests.codes import ERROR_SHARING_VIOLATION, refused
from tests.folder.folder_kit import make, reopen
from tests.requests_kit import make_csr

RUNS = """\
import sys

import certsim

with certsim.CertificationAuthority.open(sys.argv[1]):
    print("runs", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def process(tmp_path: Path) -> subprocess.Popen[str]:
    """Return another process that runs the CA in `ca` until its standard input ends."""
    make(tmp_path / "ca")
    command = [sys.executable, "-c", RUNS, str(tmp_path / "ca")]
    pipe = subprocess.PIPE
    started = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "runs\n"
    return started


def test_a_second_process_is_told_who_runs_the_ca(
    tmp_path: Path, process: subprocess.Popen[str]
) -> None:
    """It learns the number of the process, and gets in when that has stopped."""
    ca = reopen(tmp_path / "ca", lock_timeout=0)
    with process:
        with refused(ERROR_SHARING_VIOLATION, f"process {process.pid} on "):
            ca.start()
        assert not ca.running
        assert list(ca.view()) == []
        process.communicate()
    with ca:
        assert ca.running


def test_a_process_that_is_killed_leaves_no_lock(
    tmp_path: Path, process: subprocess.Popen[str]
) -> None:
    """The lock is the operating system's, and dies with its holder."""
    with process:
        process.kill()
        process.communicate()
    with reopen(tmp_path / "ca", lock_timeout=0) as ca:
        assert ca.running


def test_two_objects_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    """A lock that counted by process would let both in."""
    first, second = make(tmp_path / "ca"), reopen(tmp_path / "ca", lock_timeout=0)
    with first:
        try:
            with refused(ERROR_SHARING_VIOLATION, f"process {os.getpid()} on "):
                second.start()
        finally:
            second.stop()


def test_a_start_waits_for_the_one_who_runs(tmp_path: Path) -> None:
    """It gets in once the other has stopped, and sees what that has done."""
    first, second = make(tmp_path / "ca"), reopen(tmp_path / "ca", lock_timeout=60)
    first.start()
    outcome = first.submit(make_csr())
    waiting = threading.Thread(target=second.start)
    waiting.start()
    assert not second.running
    first.stop()
    waiting.join(60)
    assert second.running
    assert second.retrieve(outcome.request_id).serial_number == outcome.serial_number
    second.stop()


def test_a_start_sees_what_others_have_changed_meanwhile(tmp_path: Path) -> None:
    """Certificates, configuration and modules are those of the folder, not of the opening."""
    early = reopen_later(tmp_path)
    with reopen(tmp_path / "ca") as other:
        other.renew(new_key=True)
        other.set_config(r"ca\CRLDeltaPeriodUnits", 0)
        first = other.submit(make_csr())
    with early:
        assert early.certificate == other.certificate
        second = early.submit(make_csr())
        assert second.request_id == first.request_id + 1
        assert second.certificate is not None
        second.certificate.verify_directly_issued_by(early.certificate)
        assert [crl.key_index for crl in early.publish_crls()] == [0, 1]


def reopen_later(tmp_path: Path) -> CertificationAuthority:
    """Return a CA that is opened before others change the folder."""
    make(tmp_path / "ca")
    return reopen(tmp_path / "ca", seed=5)
