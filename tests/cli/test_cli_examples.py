"""The three examples play the tour as the recorded output says.

The records in `expected/` are what `certsim run --seed 1` printed once a person had read it line
by line. Whoever changes the output makes them anew in the same way, and reads them again.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

Run = Callable[..., Any]

EXPECTED = Path(__file__).parent / "expected"
EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = {"hello_exit": "HelloExit", "file_exit": "FileExit", "failing_exit": "FailingExit"}


def spec(example: str) -> str:
    """Return what to type for an example."""
    return f"{EXAMPLES / example}.py:{NAMES[example]}"


@pytest.mark.parametrize(
    ("example", "status"), [("hello_exit", 0), ("file_exit", 0), ("failing_exit", 1)]
)
def test_example_prints_what_is_on_record(
    example: str, status: int, spawn: Run, tmp_path: Path
) -> None:
    """With a seed the whole output of an example is known to the letter."""
    ran = spawn(
        "run", "--seed", "1", spec(example), cwd=tmp_path, env={"FILE_EXIT_FOLDER": "certs"}
    )
    assert ran.out == (EXPECTED / f"{example}.txt").read_text(encoding="utf-8")
    assert (ran.status, ran.err) == (status, "")


def test_main_command_of_the_readme_runs(spawn: Run) -> None:
    """The first command a reader tries works from the repository's folder, without a seed."""
    ran = spawn("run", "examples/hello_exit.py:HelloExit")
    assert ran.status == 0
    assert (
        len(
            re.findall(
                r"^Request \d+ was issued: serial number [0-9a-f]{20}$", ran.out, re.MULTILINE
            )
        )
        == 3
    )


def test_recorded_failures_are_events_46_and_45() -> None:
    """The record of the failing example has three COM errors and three mistakes, and no other."""
    recorded = (EXPECTED / "failing_exit.txt").read_text(encoding="utf-8")
    assert re.findall(r"FAILED +event (\d+)", recorded) == ["46", "46", *3 * ["45"], "46"]
    assert " ".join(recorded.split()).count("0x80070005 E_ACCESSDENIED: ") == 3


def test_file_example_writes_the_issued_certificates(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One DER file for each issued request, named by its number and equal to what was issued."""
    monkeypatch.setenv("FILE_EXIT_FOLDER", str(tmp_path / "certs"))
    told = json.loads(run("run", "--json", spec("file_exit")).out)
    issued = {
        f"{step['outcome']['request_id']}.cer": x509.load_pem_x509_certificate(
            step["outcome"]["certificate"].encode()
        )
        for step in told["steps"]
        if step["outcome"] and step["outcome"]["certificate"]
    }
    written = {path.name: path.read_bytes() for path in (tmp_path / "certs").iterdir()}
    assert sorted(written) == ["1.cer", "2.cer", "6.cer"]
    assert {name: x509.load_der_x509_certificate(der) for name, der in written.items()} == issued


def test_file_example_leaves_a_standing_file_alone(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is there already is kept, and the refusal is an event 46 with its code."""
    (tmp_path / "2.cer").write_text("precious")
    monkeypatch.setenv("FILE_EXIT_FOLDER", str(tmp_path))
    ran = run("run", spec("file_exit"))
    assert (tmp_path / "2.cer").read_text() == "precious"
    assert (tmp_path / "1.cer").exists()
    assert ran.status == 1
    assert re.findall(r"event 46: File exit module: Notify for request 2.*(0x\w+)", ran.out) == [
        "0x80070050"
    ]


def test_file_example_does_not_litter_the_current_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the variable the files go to a temporary folder, which is printed at the end."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.delenv("FILE_EXIT_FOLDER", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.chdir(tmp_path)
    ran = run("run", spec("file_exit"))
    (made,) = temporary.iterdir()
    assert f"Certificates written to {made}: 3\n" in ran.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["temporary"]


def test_examples_stay_short() -> None:
    """A beginner reads an example on two screens: each has fewer than 80 lines."""
    sizes = {name: len((EXAMPLES / f"{name}.py").read_text().splitlines()) for name in NAMES}
    assert sizes == {name: size for name, size in sizes.items() if size < 80}
    assert sorted(path.stem for path in EXAMPLES.glob("*.py")) == sorted(NAMES)


def test_three_examples_run_side_by_side(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Several modules may be given; each is told every event, and one failing stops no other."""
    monkeypatch.setenv("FILE_EXIT_FOLDER", str(tmp_path))
    ran = run("run", spec("failing_exit"), spec("hello_exit"), spec("file_exit"))
    assert ran.status == 1
    assert ran.out.splitlines()[-4:] == [
        "    FailingExit.Exit: heard 8 events, 6 failures",
        "    HelloExit.Exit: heard 21 events, 0 failures",
        "    FileExit.Exit: heard 4 events, 0 failures",
        "A module failed: exit status 1.",
    ]
