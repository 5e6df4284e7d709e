"""What cannot be done is said in one line on standard error, and never with a traceback."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Write = Callable[..., str]

HELLO = f"{Path(__file__).parents[2] / 'examples' / 'hello_exit.py'}:HelloExit"


def assert_one_line(ran: Any, status: int, *words: str) -> None:
    """Check the status, and that standard error is one line with the words in it."""
    assert ran.status == status
    assert ran.err.startswith("certsim: ")
    assert ran.err.count("\n") == 1
    assert ran.err.endswith("\n")
    assert "Traceback" not in ran.out + ran.err
    for word in words:
        assert word in ran.err


LOADING = {
    "nothing": ("", "write package.module:Name or path/to/file.py:Name"),
    "no colon": ("hello_exit.py", "write package.module:Name or path/to/file.py:Name"),
    "no name": ("hello_exit.py:", "write package.module:Name or path/to/file.py:Name"),
    "no such file": ("nowhere/at_all.py:X", "there is no file"),
    "no such package": ("no_such_package_here:X", "no Python module no_such_package_here"),
    "no such submodule": ("json.no_such_part:X", "no Python module json.no_such_part"),
    "no such name": ("json:Absent", "json defines no Absent"),
    "not a module": ("json:__name__", "has no Initialize"),
}


@pytest.mark.parametrize("case", LOADING)
def test_a_wrong_module_path_is_told(case: str, run: Run) -> None:
    """A path that leads nowhere is told before anything is played."""
    spec, words = LOADING[case]
    ran = run("run", spec)
    assert_one_line(ran, 2, "exit module", words)
    assert ran.out == ""


BROKEN = {
    "class is missing": ("Other = Whole", "defines no Mine"),
    "syntax error": ("class Mine\n  x", "SyntaxError"),
    "import error": ("import no_such_package_here", "No module named 'no_such_package_here'"),
    "raises while imported": ("raise RuntimeError('two\\nlines')", r"RuntimeError: two\nlines"),
    "exits while imported": ("import sys; sys.exit(0)", "SystemExit"),
    "no Notify": ("class Mine(Whole):\n  Notify = None", "Mine has no Notify"),
    "Notify is no method": ("class Mine(Whole):\n  Notify = 3", "Notify is no method"),
    "no GetDescription": ("class Mine(Whole):\n  GetDescription = None", "has no GetDescription"),
    "wrong number of arguments": (
        "class Mine(Whole):\n  def Notify(self, event): pass",
        "Notify has to take 2 arguments",
    ),
    "cannot be made": (
        "class Mine(Whole):\n  def __init__(self): self.x = {}['key']",
        "making it failed: KeyError: 'key'",
    ),
    "needs arguments": ("class Mine(Whole):\n  def __init__(self, x): pass", "making it failed"),
    "wrong ProgID": ("class Mine(Whole):\n  _reg_progid_ = 'Mine'", "to end in .Exit"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_module_that_does_not_fit_is_told(case: str, run: Run, write: Write) -> None:
    """A module without its methods, or that cannot even be made, is a usage error."""
    source, words = BROKEN[case]
    assert_one_line(run("run", write(source)), 2, words)


def test_a_module_that_does_not_fit_leaves_json_empty(run: Run, write: Write) -> None:
    """With --json there is a whole document on standard output, or nothing at all."""
    ran = run("run", "--json", write("class Mine(Whole):\n  Notify = None"))
    assert_one_line(ran, 2, "has no Notify")
    assert ran.out == ""


def test_a_failing_initialize_keeps_the_module_out(run: Run, write: Write) -> None:
    """Such a CA runs on without the module; that is a failed module and no usage error."""
    ran = run("run", write("class Mine(Whole):\n  def Initialize(self, c): return 1 / 0"))
    assert (ran.status, ran.err) == (1, "")
    assert "FAILED   event 45: whole: Initialize failed with 0x80004005 E_FAIL" in ran.out
    assert "    Mine.Exit: stayed out, since its Initialize failed\n" in ran.out


def test_an_initialize_that_exits_keeps_the_module_out(run: Run, write: Write) -> None:
    """`sys.exit()` in a module is a failure of the module and does not end the tour."""
    ran = run("run", write("class Mine(Whole):\n  def Initialize(self, c): raise SystemExit(0)"))
    assert (ran.status, ran.err) == (1, "")
    assert "FAILED   event 45: whole: Initialize failed" in ran.out


def test_a_request_file_that_is_missing_is_told(run: Run, tmp_path: Path) -> None:
    """The line names the file and the reason."""
    missing = str(tmp_path / "missing.csr")
    ran = run("run", "--request", missing, HELLO)
    assert_one_line(ran, 2, f"request file {missing} cannot be read: No such file")
    assert ran.out == ""


def test_a_folder_is_no_request_file(run: Run, tmp_path: Path) -> None:
    """Opening a folder fails in its own way on each platform, and always in one line."""
    assert_one_line(run("run", "--request", str(tmp_path), HELLO), 2, "cannot be read")


@pytest.mark.skipif(
    sys.platform == "win32" or getattr(os, "geteuid", lambda: 0)() == 0,
    reason="needs POSIX permissions and a user they count for",
)
def test_a_forbidden_request_file_is_told(run: Run, tmp_path: Path) -> None:
    """A file without permission to read is a usage error."""
    path = tmp_path / "secret.csr"
    path.write_bytes(b"x")
    path.chmod(0)
    assert_one_line(run("run", "--request", str(path), HELLO), 2, "Permission denied")


def test_a_file_name_that_no_system_takes_is_told(run: Run) -> None:
    """A null byte in a name is refused by Python itself, in another way than by the system."""
    assert_one_line(run("run", "--request", "a\0b", HELLO), 2, r"request file a\x00b cannot be")


@pytest.mark.parametrize(("size", "status"), [(131_072, 0), (131_073, 2)])
def test_a_request_file_over_the_limit_is_not_read(
    size: int, status: int, run: Run, tmp_path: Path
) -> None:
    """No request text has more than 131,072 characters; one more byte is told and not sent."""
    path = tmp_path / "large.csr"
    path.write_bytes(b"A" * size)
    ran = run("run", "--request", str(path), HELLO)
    assert ran.status == status
    assert ("is over 131,072 bytes" in ran.err) == (status == 2)


def test_a_name_no_ca_can_have_is_told(run: Run) -> None:
    """The engine's refusal of a name comes out as one line."""
    assert_one_line(run("run", "--name", " ", HELLO), 2, "E_INVALIDARG")
    assert_one_line(run("run", "--name", "x" * 65, HELLO), 2, "64")


def test_an_interrupt_ends_the_tour_with_130(run: Run, write: Write) -> None:
    """Control-C in the middle of a module ends the tour, and the CA still says goodbye."""
    ran = run(
        "run",
        write("""
            class Mine(Whole):
                def Notify(self, event, context):
                    print("told", event)
                    if event == 1:
                        raise KeyboardInterrupt
        """),
    )
    assert_one_line(ran, 130, "interrupted")
    assert [line for line in ran.out.splitlines() if line.startswith("told")] == [
        "told 1",
        "told 64",
    ]


def test_a_fault_is_one_line_that_asks_for_a_report(spawn: Run, write: Write) -> None:
    """Even when certsim itself is broken, here by a module that meddles, no traceback is shown."""
    spec = write("""
        import certsim

        def broken(*arguments, **named):
            raise LookupError("gone\\nwrong")

        certsim.CertificationAuthority.submit = broken
        Mine = Whole
    """)
    ran = spawn("run", spec)
    assert_one_line(
        ran, 70, "please report it", r"LookupError: gone\nwrong", "module_under_test.py"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="a broken pipe looks different there")
def test_a_reader_that_went_away_ends_the_tour_quietly(spawn: Run) -> None:
    """`certsim run … | head` must not end in noise."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ran = spawn("run", HELLO, stdout=writing)
    finally:
        os.close(writing)
    assert (ran.status, ran.err) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told(spawn: Run) -> None:
    """Output that cannot be written is told in one line."""
    with Path("/dev/full").open("wb") as full:
        ran = spawn("run", "--json", HELLO, stdout=full)
    last = ran.err.splitlines()[-1]
    assert (ran.status, last) == (
        2,
        "certsim: error: the output cannot be written: No space left on device",
    )


@pytest.mark.parametrize("case", ["syntax error", "raises while imported", "no Notify"])
def test_no_traceback_in_a_process_of_its_own(case: str, spawn: Run, write: Write) -> None:
    """What holds inside a test holds at the prompt."""
    source, words = BROKEN[case]
    assert_one_line(spawn("run", write(source)), 2, words)
