"""What can be typed: a parser made from a table of commands, and the help that shows them.

Abbreviated options are refused: a script that says `--req` would break on the day a second option
begins like that. argparse's untyped namespace ends here, and the rest of the command line gets
`Arguments`. argparse it is because the command line has to work with certsim's two runtime packages
alone.

Nothing is looked at here beyond its form: whether a file exists or a module loads is found out by
the command, where the answer can name the reason.
Source: README.md (commands).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import certsim
from certsim.cli.command import Access, AnyCommand, Arguments, Command, Program, Verb

ABOUT = """Emulate the engine of Microsoft's Certificate Services for exit modules.
A model to imitate, never a CA to trust.

  certsim init DIR      makes a CA in a folder
  certsim VERB DIR …    does something with it; --json prints one JSON document instead
  certsim run MODULE    needs no folder"""
MORE = """
exit status:
  0  completed                 70   a fault in certsim
  1  failed                    130  interrupted
  2  wrong usage               141  the reader of the output went away

certsim COMMAND --help tells more. The verbs are those of Microsoft's certutil and certreq. A verb
that makes the CA act is a whole service run: modules hear Initialize before and SHUTDOWN after."""
_TIMEOUT = 10.0
"""Seconds that a service run waits for another one to end: the default of the library."""
_VERB = "verb"


class Asked(NamedTuple):
    """Hold what was typed: which command, and its arguments."""

    verb: AnyCommand
    arguments: Arguments


def parse(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> Asked:
    """Return what *argv* (by default the process's own) asks for.

    Errors: `SystemExit` after the help or the version (0) or a usage error (2) was printed.
    """
    found = vars(parser.parse_args(argv))
    verb = found.pop(_VERB)
    return Asked(verb, Arguments(found))


def for_terminal(verbs: Sequence[AnyCommand]) -> argparse.ArgumentParser:
    """Return the parser of the command `certsim`."""
    parser = _parser("certsim", verbs, ABOUT, MORE)
    parser.add_argument("--version", action="version", version=f"certsim {certsim.__version__}")
    _add_all(parser, verbs, in_shell=False)
    return parser


def for_shell(verbs: Sequence[AnyCommand]) -> argparse.ArgumentParser:
    """Return the parser of a line in a shell, where no command on a folder has to name it."""
    parser = _parser("", verbs, "Type a command, exit or help.", "COMMAND --help tells more.")
    _add_all(parser, verbs, in_shell=True)
    return parser


def _parser(prog: str, verbs: Iterable[Verb], about: str, more: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=prog,
        usage=f"{prog} COMMAND …".strip(),
        description=about,
        epilog="\n".join((*_list(verbs), more)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _list(verbs: Iterable[Verb]) -> list[str]:
    """Return the commands with a line each, below the headings of their groups."""
    groups: dict[str, list[str]] = {}
    for verb in verbs:
        groups.setdefault(verb.group, []).append(f"  {verb.name:<16}{verb.help}")
    return [line for group, lines in groups.items() for line in (f"{group}:", *lines, "")]


def _add_all(
    parser: argparse.ArgumentParser, verbs: Iterable[AnyCommand], *, in_shell: bool
) -> None:
    """Add a parser for each command; of a name of two words the first is a command of commands.

    A command is required, since none is the obvious one. The list of them is `_list`'s, for
    argparse has none with headings.
    """
    commands = parser.add_subparsers(metavar="COMMAND", help=argparse.SUPPRESS, required=True)
    families: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    for verb in verbs:
        first, _, second = verb.name.partition(" ")
        if second and first not in families:
            name = f"{parser.prog} {first}".strip()
            family = commands.add_parser(first, prog=name, usage=f"{name} COMMAND …")
            families[first] = family.add_subparsers(
                title="commands", metavar="COMMAND", required=True
            )
        made = (families[first] if second else commands).add_parser(
            second or first,
            prog=f"{parser.prog} {verb.name}".strip(),
            help=verb.help,
            description=verb.about or f"{verb.help[0].upper()}{verb.help[1:]}.",
            epilog=verb.more,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        made.set_defaults(**{_VERB: verb})
        _describe(made, verb, in_shell=in_shell)


def _describe(parser: argparse.ArgumentParser, verb: Verb, *, in_shell: bool) -> None:
    """Add what all commands of a kind have, around what this one has of its own."""
    on_folder = isinstance(verb, Command)
    if on_folder and not in_shell:
        add_folder(parser)
    verb.describe(parser)
    writes = isinstance(verb, Command) and verb.access is not Access.READ
    if writes:
        add_account(parser)
    if in_shell or isinstance(verb, Program):
        return
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    if writes:
        add_opening(parser, issuer=isinstance(verb, Command) and verb.issuer)


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Add DIR."""
    parser.add_argument("folder", metavar="DIR", help="the CA's folder, as certsim init made it")


def add_account(parser: argparse.ArgumentParser) -> None:
    """Add `--as`."""
    parser.add_argument(
        "--as",
        dest="account",
        metavar="ACCOUNT",
        help=r"who does it, DOMAIN\name; nobody is asked for a password",
    )


def add_opening(parser: argparse.ArgumentParser, *, issuer: bool) -> None:
    """Add what opening a folder for writing can be told; *issuer*: also which CA is above."""
    add_passphrase(parser)
    if issuer:
        add_issuer(parser)
    parser.add_argument(
        "--lock-timeout",
        type=float,
        default=_TIMEOUT,
        metavar="SECONDS",
        help="how long to wait while another process runs the CA (default: %(default)g)",
    )


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """Add `--passphrase-file`; a passphrase on the command line could be read by every user."""
    parser.add_argument(
        "--passphrase-file",
        metavar="FILE",
        help="the passphrase of the CA's keys is the first line of this file; without it the"
        " environment variable CERTSIM_PASSPHRASE is looked at",
    )


def add_issuer(parser: argparse.ArgumentParser) -> None:
    """Add `--issuer`."""
    parser.add_argument(
        "--issuer",
        metavar="DIR",
        help="the folder of the CA above this one, which signs its certificate; nothing else"
        " happens there",
    )
    parser.add_argument(
        "--issuer-passphrase-file",
        metavar="FILE",
        help="as --passphrase-file, for the keys of the CA above",
    )
