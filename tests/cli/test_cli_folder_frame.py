"""What all commands on a folder have in common: how they open it, end, fail and are told."""

from __future__ import annotations

import json
import re
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from certsim import CertificationAuthority
from certsim.cli import frame
from certsim.cli.command import Arguments, Command, FreeCommand, Report
from certsim.errors import ComError
from tests.cli.folder_kit import ENDING, Home
from tests.codes import E_FAIL
from tests.requests_kit import make_csr

Run = Callable[..., Any]
Write = Callable[..., str]
EVIL = "x\n\x1b[2Jcertsim: deny command completed successfully.\u202e"

LOUD = """
    class Mine(Whole):
        def Initialize(self, strConfig):
            print("initialized")
            return 0x3FF

        def Notify(self, event, context):
            print("told", event)
"""
FAILING = """
    class Mine(Whole):
        def Notify(self, event, context):
            raise RuntimeError("fell\\nover")
"""


def test_a_folder_without_a_ca_fails(run: Run, tmp_path: Path) -> None:
    """The line names the folder and what makes a CA."""
    ran = run("deny", str(tmp_path), "1")
    assert (ran.status, ran.out) == (1, "")
    first, second = ran.err.splitlines()
    assert first.startswith("certsim: deny command FAILED: 0x80070003 (ERROR_PATH_NOT_FOUND): ")
    assert str(tmp_path) in second
    assert "certsim init" in second


def test_a_failure_is_told_in_two_lines(home: Home) -> None:
    """The code and its meaning, then what happened here."""
    ran = home("deny", "7")
    first, second = ran.err.splitlines()
    assert re.fullmatch(
        r"certsim: deny command FAILED: 0x80094004 \(CERTSRV_E_PROPERTY_EMPTY\): .+", first
    )
    assert "7" in second
    assert ran.out == ""


def test_a_document_tells_a_failure_in_all_its_parts(home: Home) -> None:
    """Programs get number, text, name, meaning and message, on standard output alone."""
    ran = home("deny", "7", "--json")
    assert (ran.status, ran.err) == (1, "")
    document = json.loads(ran.out)
    assert document["message"]
    assert {key: document[key] for key in ("command", "result", "ok", "status")} == {
        "command": "deny",
        "result": None,
        "ok": False,
        "status": 0x80094004 - 2**32,
    }
    assert (document["hresult"], document["symbol"]) == ("0x80094004", "CERTSRV_E_PROPERTY_EMPTY")
    assert document["meaning"] != document["message"]


def test_a_document_of_success_has_no_keys_of_failure(officers: Home) -> None:
    """`ok` is the last word."""
    officers.submit()
    ran = officers("deny", "1", "--json")
    assert (ran.status, ran.err) == (0, "")
    assert json.loads(ran.out) == {"command": "deny", "result": None, "warnings": [], "ok": True}


def test_a_writing_command_is_a_whole_service_run(found: Callable[..., Home], write: Write) -> None:
    """Modules hear Initialize before and SHUTDOWN after, and what they print stays in between."""
    home = found("--exit-module", write(LOUD))
    assert home.lines("isvalid", "61") == [
        "initialized",
        'Certificate "61" was not issued here',
        "told 64",
    ]


def test_what_modules_print_leaves_a_document_whole(
    found: Callable[..., Home], write: Write
) -> None:
    """With --json it goes to standard error."""
    home = found("--exit-module", write(LOUD))
    ran = home("isvalid", "61", "--json")
    assert json.loads(ran.out)["result"]["validity"] == "INVALID"
    assert ran.err == "initialized\ntold 64\n"


def test_a_reading_command_loads_no_module(found: Callable[..., Home], write: Write) -> None:
    """Whoever only looks starts nothing."""
    home = found("--exit-module", write(LOUD))
    assert all("initialized" not in line for line in home.lines("module list"))


def test_a_failing_module_is_a_warning_and_no_failure(
    found: Callable[..., Home], write: Write, tmp_path: Path
) -> None:
    """Its entries of the event log are told as they come; the certificate is issued."""
    home = found("--exit-module", write(FAILING))
    (tmp_path / "web.csr").write_bytes(make_csr())
    ran = home("submit", str(tmp_path / "web.csr"))
    assert ran.status == 0
    assert ran.out.splitlines()[-1] == ENDING.format("submit")
    assert len(ran.err.splitlines()) == 2
    for line in ran.err.splitlines():
        assert line.startswith("certsim: warning: event 45: whole: Notify")
        assert r"fell\nover" in line


def test_warnings_stand_in_the_document_too(found: Callable[..., Home], write: Write) -> None:
    """One for the issue, one for SHUTDOWN."""
    home = found("--exit-module", write(FAILING))
    document = home.document("crl")
    assert document["ok"]
    assert [line.partition(":")[0] for line in document["warnings"]] == ["event 45"] * 2


def test_a_policy_module_that_does_not_start_fails_the_command(
    found: Callable[..., Home], write: Write
) -> None:
    """A CA without policy does not start, and a module has no code of its own."""
    spec = write("""
        class Mine(Whole):
            VerifyRequest = ShutDown = lambda self, *arguments: 1
    """)
    home = found("--policy-module", spec)
    Path(spec.rpartition(":")[0]).unlink()
    first, second = home.failure("tick")
    assert first == "certsim: tick command FAILED: The module cannot be plugged in."
    assert "there is no file" in second
    document = home.document("tick")
    assert [document[key] for key in ("status", "hresult", "symbol")] == [None] * 3
    assert "there is no file" in document["message"]


def test_nothing_from_a_request_forges_a_line(officers: Home, tmp_path: Path) -> None:
    """What comes with a request is escaped wherever it comes out."""
    (tmp_path / "web.csr").write_bytes(make_csr(EVIL[:40]))
    for arguments in (
        ("submit", str(tmp_path / "web.csr"), "--as", EVIL),
        ("deny", "1", "--as", EVIL),
        ("retrieve", "1"),
        ("retrieve", EVIL),
        ("submit", EVIL),
        ("view",),
        ("log", "--journal"),
    ):
        ran = officers(*arguments)
        for line in (ran.out + ran.err).splitlines():
            assert line.isprintable()
        told = (ran.out + ran.err).splitlines()
        assert told.count(ENDING.format("deny")) == (arguments[0] == "deny")


def test_keys_are_encrypted_by_a_passphrase_from_a_file(
    found: Callable[..., Home], tmp_path: Path
) -> None:
    """The file's first line counts; without it, or with another, nothing is signed."""
    right, same, wrong = (tmp_path / name for name in ("right", "same", "wrong"))
    right.write_bytes(b"correct horse\r\nnever read\n")
    same.write_bytes(b"correct horse")
    wrong.write_text("battery staple\n")
    home = found("--passphrase-file", str(right))
    key = home.folder / "keys" / "0.pem"
    assert key.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    if sys.platform != "win32":
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    for name in (right, same):
        home.lines("crl", "--passphrase-file", str(name))
    needed, mistaken = "0x80090022 (NTE_SILENT_CONTEXT)", "0x8009002C (NTE_DECRYPTION_FAILURE)"
    for arguments, code in (((), needed), (("--passphrase-file", str(wrong)), mistaken)):
        failed, told = home.failure("crl", *arguments)
        assert code in failed
        assert "horse" not in failed + told
        assert "staple" not in failed + told


def test_a_passphrase_comes_from_the_environment(
    found: Callable[..., Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable encrypts the keys of a new CA, and opens them later."""
    monkeypatch.setenv("CERTSIM_PASSPHRASE", "correct horse")
    home = found()
    home.lines("crl")
    monkeypatch.delenv("CERTSIM_PASSPHRASE")
    home.failure("crl")


def test_no_option_takes_a_passphrase_itself(run: Run) -> None:
    """What stands on a command line is there for every user of the machine to read."""
    for command in ("init", "submit", "renew", "shell"):
        options = re.findall(r"--[\w-]*pass[\w-]*", run(command, "--help").out)
        assert options
        assert {option.rpartition("-")[2] for option in options} == {"file"}


def test_a_ca_that_runs_is_waited_for_and_then_told(home: Home) -> None:
    """While it runs here, a reading command works and a writing one names the holder."""
    with CertificationAuthority.open(home.folder):
        failed, told = home.failure("crl", "--lock-timeout", "0")
        assert "0x80070020 (ERROR_SHARING_VIOLATION)" in failed
        assert "process" in told
        assert home.result("view")["rows"] == []
    home.lines("crl", "--lock-timeout", "0")


def test_patience_is_the_operators(home: Home) -> None:
    """What is typed reaches the CA, which refuses what no patience can be."""
    for seconds in ("-1", "nan"):
        failed, told = home.failure("crl", "--lock-timeout", seconds)
        assert "E_INVALIDARG" in failed
        assert seconds in told


def test_the_path_of_modules_is_left_as_it_was(home: Home) -> None:
    """The current folder is looked into while a command runs, and not after."""
    before = list(sys.path)
    home.lines("tick")
    home.failure("deny", "7")
    assert sys.path == before


# The frame itself, with commands made for it.


def told(
    verb: Command | FreeCommand, capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> tuple[int, str, str]:
    """Return status and output of a command without a folder."""
    status = frame.perform(verb, Arguments({"json": as_json}))
    return status, *capsys.readouterr()


def reporting(make: Callable[[], Report]) -> FreeCommand:
    """Return a command that reports what *make* makes."""
    return FreeCommand(name="try", group="", help="try", run=lambda _arguments: make())


def test_only_the_half_that_was_asked_for_is_gone_through(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Lines and data may both be the work itself."""

    def never() -> Any:
        raise AssertionError
        yield

    shown = told(reporting(lambda: Report(never(), ["one", "two"])), capsys, as_json=False)
    assert shown == (0, f"one\ntwo\n{ENDING.format('try')}\n", "")
    status, out, _ = told(reporting(lambda: Report([1], never())), capsys, as_json=True)
    assert (status, json.loads(out)["result"]) == (0, [1])


def numbers(upto: int) -> Any:
    """Yield numbers, and fail at *upto*."""
    for number in range(upto):
        yield {"number": number}
    raise ComError(E_FAIL, "no more")


@pytest.mark.parametrize("upto", [0, 1, 3])
def test_a_document_stays_whole_when_an_array_breaks_off(
    upto: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """What came before the failure is there, inside a mapping too, and `ok` says no."""
    for make, read in (
        (lambda: Report(numbers(upto)), lambda result: result),
        (lambda: Report({"a": 1, "rows": numbers(upto)}), lambda result: result["rows"]),
    ):
        status, out, err = told(reporting(make), capsys, as_json=True)
        document = json.loads(out)
        assert (status, err, document["ok"], document["symbol"]) == (1, "", False, "E_FAIL")
        assert [one["number"] for one in read(document["result"])] == list(range(upto))


def test_lines_before_a_failure_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """They come as they are made."""

    def lines() -> Any:
        yield "one"
        raise ComError(E_FAIL, "no more")

    status, out, err = told(reporting(lambda: Report(lines=lines())), capsys, as_json=False)
    assert (status, out) == (1, "one\n")
    assert err.startswith("certsim: try command FAILED: 0x80004005 (E_FAIL): ")
    assert err.endswith("certsim: no more\n")


def test_bare_lines_are_data_and_end_in_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """CSV and the like are not followed by words."""
    report = Report(lines=["a,b", "1,\t2"], bare=True)
    assert told(reporting(lambda: report), capsys, as_json=False) == (0, "a,b\n1,\t2\n", "")


def test_a_remark_follows_the_ending_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What the user has to know stands last, and only if the command completed."""
    report = Report(lines=["one"], after=("two\n",))
    _, out, _ = told(reporting(lambda: report), capsys, as_json=False)
    assert out == f"one\n{ENDING.format('try')}\n" + "two\\n\n"


def test_a_code_without_a_name_is_told_bare(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown code is a number and nothing in parentheses."""
    verb = reporting(lambda: Report(failure=ComError(0x81234567, "odd")))
    _, _, err = told(verb, capsys, as_json=False)
    assert err.startswith("certsim: try command FAILED: 0x81234567: ")
    _, out, _ = told(verb, capsys, as_json=True)
    assert json.loads(out)["symbol"] is None


def test_arguments_are_typed() -> None:
    """A slip in a command's own code shows at once."""
    arguments = Arguments({"a": "text", "b": None, "n": 3, "l": ["x"]})
    assert (arguments.text("a"), arguments.maybe("b"), arguments.number("n")) == ("text", None, 3)
    assert arguments.texts("l") == ("x",)
    assert "b" in arguments
    with pytest.raises(TypeError):
        arguments.text("n")
    with pytest.raises(KeyError):
        arguments.maybe("c")


def test_a_change_to_a_stopped_ca_loads_no_module(found: Callable[..., Home], write: Write) -> None:
    """A command that only changes the folder starts nothing."""
    home = found("--exit-module", write(LOUD))
    assert "initialized" not in home.lines("module remove", "Mine.Exit")
