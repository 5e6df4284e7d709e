"""Help: every command is listed, has its page, and its examples can be typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Any

import pytest

from certsim.cli import parser
from certsim.cli.catalogue import COMMANDS
from certsim.cli.shell import SHELL

Run = Callable[..., Any]

VERBS = re.findall(
    r"\w+",
    """
    init cacert renew submit retrieve resubmit deny setattributes setextension revoke isvalid
    importcert deleterow crl tick getcrl module shell view schema cainfo getreg setreg delreg log
    error run
    """,
)
FREE = {"init", "run", "error"}
ALL = (*COMMANDS, SHELL)
NAMES = [verb.name for verb in ALL]
LOOKING = {"cacert", "getcrl", "module list", "view", "schema", "cainfo", "getreg", "log"}
WRITING = sorted(set(NAMES) - LOOKING - FREE)


def test_the_list_has_every_command_below_a_heading(run: Run) -> None:
    """Those that operators of a Windows CA know by name, and those of certsim's own."""
    ran = run("--help")
    assert (ran.status, ran.err) == (0, "")
    listed = re.findall(
        r"^  ([a-z]+(?: (?:install|remove|list))?) {2,}[a-z]", ran.out, re.MULTILINE
    )
    assert sorted(listed) == sorted(NAMES)
    assert {name.split()[0] for name in listed} == set(VERBS)
    assert "never a CA to trust" in ran.out


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_a_page(name: str, run: Run) -> None:
    """It names the folder, says what each argument is for, and fits a terminal."""
    ran = run(*name.split(), "--help")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"usage: certsim {name} ")
    assert ("DIR " in ran.out) == (name not in FREE - {"init"})
    assert "--json" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 100


@pytest.mark.parametrize("name", WRITING)
def test_whoever_writes_can_be_named(name: str, run: Run) -> None:
    """Writing commands take an account, a passphrase's file and patience."""
    options = set(re.findall(r"--[\w-]+", run(*name.split(), "--help").out))
    assert options >= {"--as", "--passphrase-file", "--lock-timeout"}


def examples() -> list[list[str]]:
    """Return the words of every example line of every page, without `certsim`."""
    lines = [
        line for verb in ALL for line in verb.more.splitlines() if line.startswith("  certsim ")
    ]
    return [shlex.split(re.sub(r" > .*| < .*|  .*", "", line.strip()))[1:] for line in lines]


@pytest.mark.parametrize("words", examples(), ids=" ".join)
def test_every_example_can_be_typed(words: list[str]) -> None:
    """The parser takes it; what it would do is tested elsewhere."""
    asked = parser.parse(parser.for_terminal(ALL), words)
    assert asked.verb.name in (words[0], " ".join(words[:2]))


def test_there_are_examples() -> None:
    """The pages of the larger commands have some."""
    assert {words[0] for words in examples()} >= {"init", "submit", "revoke", "module", "shell"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("module",),
        ("module", "install"),
        ("module", "list"),
        ("submit",),
        ("crl",),
        ("deny", "CA", "1", "--passphrase", "x"),
        ("deny", "CA", "1", "--lock", "1"),
        ("deny", "CA", "1", "--lock-timeout", "soon"),
        ("shell",),
    ],
    ids=" ".join,
)
def test_what_is_missing_or_misspelt_is_wrong_usage(arguments: tuple[str, ...], run: Run) -> None:
    """Argparse tells what; options are not guessed from their beginnings."""
    ran = run(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("usage: certsim ")
