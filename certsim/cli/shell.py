"""`certsim shell`: many commands in one service run, from a terminal or from a file of them.

A line is what one would type after `certsim`, without the folder. Quotes hold words together, and a
backslash is a character like any other, so that registry paths, accounts and Windows paths need
none. What fails is told and the next line is read; an interrupt ends the shell, and the modules
hear SHUTDOWN.
Source: docs/rulings.md (Command line).
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import takewhile

from certsim import CertificationAuthority
from certsim.cli import frame, parser
from certsim.cli.catalogue import COMMANDS
from certsim.cli.command import Access, Arguments, Command, Program, Report, UsageError
from certsim.cli.frame import Console
from certsim.cli.output import complain

with suppress(ImportError):
    import readline  # noqa: F401  (it gives `input` its editing where a system has it)

_NAME, _PROMPT = "shell", "certsim> "
_END = frozenset({"exit", "quit"})
_COMMANDS = {command.name: command for command in COMMANDS if not isinstance(command, Program)}


def _run(arguments: Arguments) -> int:
    """Open the folder, carry out line after line, and return 1 if one of them failed, else 0."""
    failed: list[str] = []
    with frame.console(json=arguments.flag("json")) as console:
        session = Command(
            name=_NAME,
            group="",
            help="",
            access=Access.SERVICE,
            run=partial(_session, console, failed),
        )
        return frame.attempt(console, session, arguments) or int(bool(failed))


def _session(
    console: Console, failed: list[str], ca: CertificationAuthority, arguments: Arguments
) -> Report:
    """Carry out the lines on *ca*; those that fail are added to *failed*."""
    reader = parser.for_shell(tuple(_COMMANDS.values()))
    account = arguments.maybe("account")
    for line in _lines():
        try:
            words = list(takewhile(lambda word: not word.startswith("#"), _lexer(line)))
            if words and words[0] in _END:
                break
            if words and _status(console, reader, ca, words, account):
                failed.append(line)
        except (UsageError, ValueError) as error:
            complain(f"error: {error}")
            failed.append(line)
    return Report(bare=True)


def _status(
    console: Console,
    reader: argparse.ArgumentParser,
    ca: CertificationAuthority,
    words: list[str],
    account: str | None,
) -> int:
    """Carry out one line and return its status. Errors: `UsageError`."""
    try:
        asked = parser.parse(reader, [*words[1:], "--help"] if words[0] == "help" else words)
    except SystemExit as ended:
        return int(bool(ended.code))
    command = _COMMANDS[asked.verb.name]
    return frame.attempt(console, command, asked.arguments.acting_as(account), ca)


def _lines() -> Iterator[str]:
    """Yield lines until their end; a terminal is asked with a prompt, and a pipe is not."""
    if sys.stdin is None:
        return
    if not sys.stdin.isatty():
        yield from sys.stdin
        return
    while True:
        try:
            yield input(_PROMPT)
        except EOFError:
            print()
            return


def _lexer(line: str) -> shlex.shlex:
    """Return what splits a line into words; a quote that is not closed is a `ValueError`."""
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split, lexer.escape, lexer.commenters = True, "", ""
    return lexer


def _describe(made: argparse.ArgumentParser) -> None:
    parser.add_folder(made)
    told = "print a JSON document for each line that is carried out"
    made.add_argument("--json", action="store_true", help=told)
    parser.add_account(made)
    parser.add_opening(made, issuer=True)


SHELL = Program(
    name=_NAME,
    group="the CA",
    help="carry out many commands in one service run",
    describe=_describe,
    run=_run,
    more="""
A line is a command without DIR, as: revoke 6100000002d3a1b2c3d4 6. A word that begins with # begins
a remark. The lines exit, quit or the end
of the input end the shell; the exit status is 1 if a line failed.

examples:
  certsim shell CA
  certsim shell CA --json < commands.txt""",
)
