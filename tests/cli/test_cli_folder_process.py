"""Commands as users run them: processes of their own, pipes, interrupts, two at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.folder_kit import ENDING, Home, openssl
from tests.requests_kit import make_csr

ROOT = Path(__file__).parents[2]
Run = Callable[..., Any]
Write = Callable[..., str]
HEEDING = """
import signal, sys
from certsim.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main())
"""
"""The command, heeding interrupts even below a job in the background, where they are ignored."""
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals and pipes")


@contextmanager
def shell(home: Home) -> Iterator[subprocess.Popen[str]]:
    """Run a shell on the CA in a process of its own, as far as its first command."""
    process = subprocess.Popen(
        [sys.executable, "-c", HEEDING, "shell", str(home.folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("isvalid 61\n")
            process.stdin.flush()
            while process.stdout.readline() != f"{ENDING.format('isvalid')}\n":
                assert process.poll() is None
            yield process
        finally:
            process.kill()


def test_a_life_from_the_prompt(spawn: Run, tmp_path: Path) -> None:
    """Made, asked, revoked, published; openssl checks the certificate against the list."""
    folder, request = str(tmp_path / "CA"), str(tmp_path / "web.csr")
    key, out, root, crl = (str(tmp_path / name) for name in ("key", "web.cer", "root", "crl"))
    make = ("-newkey", "rsa:2048", "-nodes", "-keyout", key, "-subj", "/CN=web", "-out", request)
    openssl("req", "-new", *make)
    for arguments in (
        ("init", folder),
        ("submit", folder, request, "--out", out),
        ("cacert", folder, root),
        ("crl", folder),
        ("getcrl", folder, crl),
    ):
        ran = spawn(*arguments)
        assert (ran.status, ran.err) == (0, "")
        assert ran.out.endswith(f"{ENDING.format(arguments[0])}\n")
    openssl("x509", "-inform", "DER", "-in", root, "-out", f"{root}.pem")
    openssl("crl", "-inform", "DER", "-in", crl, "-out", f"{crl}.pem")
    check = ("verify", "-crl_check", "-CAfile", f"{root}.pem", "-CRLfile", f"{crl}.pem", out)
    assert openssl(*check).endswith("OK\n")
    serial = openssl("x509", "-in", out, "-noout", "-serial").strip().partition("=")[2]
    assert spawn("revoke", folder, serial, "KeyCompromise").status == 0
    assert spawn("crl", folder).status == 0
    assert spawn("getcrl", folder, crl, "-f").status == 0
    openssl("crl", "-inform", "DER", "-in", crl, "-out", f"{crl}.pem")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        openssl(*check)
    assert b"certificate revoked" in caught.value.stderr + caught.value.stdout


@posix
def test_an_interrupt_ends_a_shell_and_leaves_a_free_folder(home: Home, write: Write) -> None:
    """Status 130, one line; the modules heard SHUTDOWN and the next command need not wait."""
    loud = """
        class Mine(Whole):
            def Notify(self, event, context):
                print("told", event)
    """
    home.lines("module install", "Mine.Exit", write(loud))
    with shell(home) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, err) == (130, "certsim: interrupted\n")
    assert out == "told 64\n"
    home.lines("tick", "--lock-timeout", "0")


def test_an_interrupt_loses_nothing_that_was_committed(
    found: Callable[..., Home], write: Write, tmp_path: Path
) -> None:
    """Control-C in the middle of many requests: those that were answered are in the database."""
    spec = write("""
        class Mine(Whole):
            count = 0

            def Notify(self, event, context):
                self.count += event == 1
                if self.count == 3:
                    self.count = 0
                    raise KeyboardInterrupt
    """)
    home = found("--exit-module", spec)
    names = []
    for name in "abcde":
        (tmp_path / f"{name}.csr").write_bytes(make_csr(f"{name}.example.test"))
        names.append(str(tmp_path / f"{name}.csr"))
    ran = home("submit", *names)
    assert (ran.status, ran.err) == (130, "certsim: interrupted\n")
    assert len(ran.out.splitlines()) == 2
    rows = home.result("view", "--out", "RequestID,Request.Disposition")["rows"]
    assert [row["RequestID"] for row in rows] == [1, 2, 3]
    assert home.submit("f.example.test")["request_id"] == 4


def test_a_second_process_waits_or_is_told_who_runs_the_ca(home: Home, spawn: Run) -> None:
    """Readers are let in; a writer learns the other's process id."""
    with shell(home) as process:
        ran = spawn("crl", str(home.folder), "--lock-timeout", "0")
        assert ran.status == 1
        assert f"process {process.pid} on " in ran.err
        assert spawn("view", str(home.folder)).status == 0
        process.communicate("exit\n")
        assert process.returncode == 0
    assert spawn("crl", str(home.folder), "--lock-timeout", "0").status == 0


@posix
def test_a_reader_that_went_away_ends_a_command_quietly(home: Home, spawn: Run) -> None:
    """`certsim view CA | head` ends without noise."""
    home.submit()
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ran = spawn("view", str(home.folder), stdout=writing)
    finally:
        os.close(writing)
    assert (ran.status, ran.err) == (141, "")


@posix
def test_complaints_that_nobody_reads_do_no_harm(home: Home, write: Write) -> None:
    """A standard error that went away neither fails a module's event nor the command."""
    spec = write("""
        class Mine(Whole):
            def Notify(self, event, context):
                raise RuntimeError("oh")
    """)
    home.lines("module install", "Mine.Exit", spec)
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "certsim", "crl", str(home.folder)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=writing,
            check=False,
        )
    finally:
        os.close(writing)
    assert ran.returncode == 0
    assert ran.stdout.decode().splitlines()[-1] == ENDING.format("crl")
    assert sum("event 45" in line for line in home.lines("log")) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_full_disk_is_told(options: tuple[str, ...], home: Home, spawn: Run) -> None:
    """Output that cannot be written is told in one line; the verb has been done."""
    with Path("/dev/full").open("wb") as full:
        ran = spawn("crl", str(home.folder), *options, stdout=full)
    assert (ran.status, ran.err.splitlines()[-1]) == (
        2,
        "certsim: error: the output cannot be written: No space left on device",
    )
    assert len(home.result("view", "crl")["rows"]) == 2


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("ascii", r"Pr\xfcfstelle \u2167"),
        ("cp1252", r"Prüfstelle \u2167"),
        ("utf-8", "Prüfstelle Ⅷ"),
    ],
)
def test_names_beyond_ascii_fit_any_output(encoding: str, name: str, tmp_path: Path) -> None:
    """Letters that an output does not have become escapes."""
    ran = subprocess.run(
        [sys.executable, "-m", "certsim", "init", str(tmp_path / "CA"), "--name", "Prüfstelle Ⅷ"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    assert ran.stdout.decode(encoding).startswith(f"{name}: CN={name}{os.linesep}")


@posix
def test_many_requests_are_counted_for_who_sees_nothing_else(home: Home, tmp_path: Path) -> None:
    """On a terminal while the output goes into a pipe; nothing where both are pipes."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for number in range(120):
        (inbox / f"{number:03}.csr").write_bytes(b"no request")
    command = [sys.executable, "-m", "certsim", "submit", str(home.folder), str(inbox)]
    master, slave = os.openpty()
    with os.fdopen(master, "rb", buffering=0) as terminal:
        ran = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=slave,
            check=False,
        )
        told = terminal.read(10_000)
        os.close(slave)
    assert ran.returncode == 1
    assert len(ran.stdout.splitlines()) == 121
    assert told.startswith(b"\r100 requests\r120 requests\r\ncertsim: submit command FAILED")
    ran = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False
    )
    assert b" requests\n" not in ran.stderr
    assert b"\r" not in ran.stderr


def test_a_shell_that_completes_is_offered_the_parser(spawn: Run, tmp_path: Path) -> None:
    """With the extra installed, the completing library sees every command."""
    (tmp_path / "argcomplete.py").write_text(
        "def autocomplete(parser):\n"
        "    actions = [action for action in parser._actions if action.choices]\n"
        "    print(*sorted(actions[0].choices))\n"
        "    raise SystemExit(0)\n"
    )
    ran = spawn("rev", env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"})
    assert ran.status == 0
    assert {"init", "revoke", "module", "shell", "view"} <= set(ran.out.split())


def started(home: Home, **options: Any) -> subprocess.Popen[str]:
    """Start the command itself with a shell, as far as its first line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "certsim", "shell", str(home.folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("isvalid 61\n")
    process.stdin.flush()
    while process.stdout.readline() != f"{ENDING.format('isvalid')}\n":
        assert process.poll() is None
    return process


@posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_process_that_is_asked_to_end_stops_the_ca(home: Home, name: str) -> None:
    """Its modules hear SHUTDOWN, as after Ctrl-C."""
    process = started(home)
    process.send_signal(getattr(signal, name))
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (130, "certsim: interrupted\n")
    assert home.lines("log", "--journal")[-1].endswith("certification authority stopped")


@posix
def test_a_signal_that_was_ignored_before_is_ignored(home: Home) -> None:
    """As with nohup, which outlives the terminal."""
    process = started(home, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    _, told = process.communicate("isvalid 62\nexit\n", timeout=60)
    assert (process.returncode, told) == (0, "")
