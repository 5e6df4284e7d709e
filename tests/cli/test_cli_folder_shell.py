"""`certsim shell`: many commands in one service run."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.folder_kit import ENDING, PENDING, Home
from tests.requests_kit import make_csr

Run = Callable[..., Any]
Write = Callable[..., str]
Type = Callable[..., Any]

LOUD = """
    class Mine(Whole):
        def Initialize(self, strConfig):
            print("initialized")
            return 0x3FF

        def Notify(self, event, context):
            print("told", event)
            if event == 4:
                raise RuntimeError("oh")
"""


class Terminal(io.StringIO):
    """Be what a person types at."""

    def isatty(self) -> bool:
        """Say yes."""
        return True


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Type:
    """Return a function that types lines into a shell on a CA, from a pipe."""

    def typed(home: Home, *lines: str, options: tuple[str, ...] = ()) -> Any:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return home("shell", *options)

    return typed


def test_a_shell_is_one_service_run(
    found: Callable[..., Home], typing: Type, write: Write, tmp_path: Path
) -> None:
    """Modules are initialised once, hear each command's events at once, and SHUTDOWN at the end."""
    home = found(*PENDING, "--exit-module", write(LOUD))
    (tmp_path / "a.csr").write_bytes(make_csr())
    ran = typing(home, f"submit {tmp_path / 'a.csr'}", "resubmit 1", "crl")
    lines = ran.out.splitlines()
    assert [line for line in lines if line == "initialized" or line.startswith("told")] == [
        "initialized",
        "told 2",
        "told 1",
        "told 32",
        "told 64",
    ]
    endings = [lines.index(ENDING.format(name)) for name in ("submit", "resubmit", "crl")]
    assert endings == sorted(endings)
    assert (ran.status, ran.err, lines[-1]) == (0, "", "told 64")


def test_failures_do_not_end_a_shell(
    found: Callable[..., Home], typing: Type, write: Write, tmp_path: Path
) -> None:
    """Neither a refusal, nor wrong usage, nor a failing module; status 1 tells of the first two."""
    home = found(*PENDING, "--exit-module", write(LOUD))
    (tmp_path / "a.csr").write_bytes(make_csr())
    ran = typing(
        home,
        "deny 9",
        "walk",
        "deny",
        "deleterow 2001-01-01",
        "isvalid 'unclosed",
        f"submit {tmp_path / 'a.csr'}",
        "deny 1",
        "view",
    )
    assert ran.status == 1
    told = ran.err.splitlines()
    assert told[0].startswith("certsim: deny command FAILED: 0x80094004 ")
    assert any("invalid choice: 'walk'" in line for line in told)
    assert any("required: ID" in line for line in told)
    assert any(line.startswith("certsim: error: with a date name the table") for line in told)
    assert "certsim: error: No closing quotation" in told
    assert told[-1].startswith("certsim: warning: event 45: whole: Notify for request 1 failed")
    assert ENDING.format("deny") in ran.out.splitlines()
    assert ENDING.format("view") in ran.out.splitlines()


def test_exit_ends_a_shell_before_its_input(home: Home, typing: Type) -> None:
    """What follows is not read, and blank lines and remarks do nothing."""
    ran = typing(home, "", "  # a remark", "tick # another", "exit", "walk")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == ENDING.format("tick")


def test_backslashes_are_letters_and_quotes_hold_words_together(
    officers: Home, typing: Type, tmp_path: Path
) -> None:
    """Accounts, registry paths and lists need no escapes."""
    folder = tmp_path / "with blank"
    folder.mkdir()
    (folder / "a.csr").write_bytes(make_csr())
    ran = typing(
        officers,
        rf'submit "{folder / "a.csr"}" --attrib "One:1\nTwo:2" --as CONTOSO\alice',
        r"getreg ca\CAType",
    )
    assert (ran.status, ran.err) == (0, "")
    (row,) = officers.result("view", "--out", "Request.RequesterName")["rows"]
    assert row["Request.RequesterName"] == r"CONTOSO\alice"
    assert len(officers.result("view", "attrib")["rows"]) == 2


def test_an_account_of_the_shell_is_that_of_its_lines(
    officers: Home, typing: Type, tmp_path: Path
) -> None:
    """Unless a line names another."""
    (tmp_path / "a.csr").write_bytes(make_csr())
    line = f"submit {tmp_path / 'a.csr'}"
    typing(officers, line, rf"{line} --as CONTOSO\bob", options=("--as", r"CONTOSO\alice"))
    rows = officers.result("view", "--out", "Request.RequesterName")["rows"]
    assert [row["Request.RequesterName"] for row in rows] == [r"CONTOSO\alice", r"CONTOSO\bob"]


def test_a_shell_for_programs_writes_a_document_a_line(home: Home, typing: Type) -> None:
    """One for each command and one for the shell itself; nothing else on standard output."""
    ran = typing(home, "tick", "deny 9", "view", options=("--json",))
    decoder, rest, documents = json.JSONDecoder(), ran.out, []
    while rest:
        document, end = decoder.raw_decode(rest)
        documents.append((document["command"], document["ok"]))
        rest = rest[end:].lstrip()
    assert documents == [("tick", True), ("deny", False), ("view", True), ("shell", True)]
    assert (ran.status, ran.err) == (1, "")


def test_a_line_takes_no_folder_and_no_passphrase(home: Home, typing: Type) -> None:
    """The shell has them."""
    ran = typing(home, "help", "help deny", "deny --help", "help module")
    assert (ran.status, ran.err) == (0, "")
    assert "usage: deny [-h] [--as ACCOUNT] ID" in ran.out
    assert ran.out.count("usage: deny") == 2
    assert "usage: module COMMAND" in ran.out
    assert "DIR" not in ran.out.partition("usage: deny")[2]
    assert " shell " not in ran.out
    assert "passphrase" not in ran.out.partition("usage: deny")[2]


def test_other_commands_without_a_folder_work_too(home: Home, typing: Type) -> None:
    """`error` explains a code in passing."""
    ran = typing(home, "error 0x80094004")
    assert ran.status == 0
    assert "CERTSRV_E_PROPERTY_EMPTY" in ran.out


def test_a_terminal_is_asked_with_a_prompt(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe is not; the end of the input ends the line on the screen."""
    monkeypatch.setattr(sys, "stdin", Terminal("tick\n"))
    ran = home("shell")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("certsim> ")
    assert ran.out.endswith("certsim> \n")


def test_a_shell_that_cannot_open_its_folder_fails(run: Run, tmp_path: Path) -> None:
    """Before a line is read."""
    ran = run("shell", str(tmp_path))
    assert ran.status == 1
    assert ran.err.startswith("certsim: shell command FAILED: 0x80070003 ")


def test_modules_installed_in_a_shell_count_from_the_next_start(
    home: Home, typing: Type, write: Write
) -> None:
    """The running CA goes on with those it has."""
    ran = typing(home, f"module install Mine.Exit {write(LOUD)}", "crl")
    assert (ran.status, ran.err) == (0, "")
    assert "told 32" not in ran.out
    assert "told 32" in home("crl").out
