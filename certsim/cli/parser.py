"""What can be typed: the arguments of `certsim`, and the help that shows them.

Options are few on purpose. Abbreviated options are refused: a script that says `--req` would
break on the day a second option begins like that. argparse's untyped namespace ends here, and the
rest of the command line gets an `Options`.

Nothing is looked at here beyond its form: whether a file exists or a module loads is found out in
`run`, where the answer can name the reason. argparse it is because the command line has to work
with certsim's two runtime packages alone.
Source: README.md (commands).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import attrs

import certsim

_EXAMPLES = r"""
examples:
  certsim run examples/hello_exit.py:HelloExit
      play the tour to one module that lives in a file
  certsim run mypackage.audit:AuditExit examples/failing_exit.py:FailingExit
      play it to two modules; the first is imported from the current folder or from what is
      installed
  certsim run --request web1.csr --request web2.req mypackage.audit:AuditExit
      begin with these requests instead of one made on the spot
  certsim run --seed 1 --json mypackage.audit:AuditExit > tour.json
      print the same keys, serial numbers and times each time, as JSON

What a module prints appears below the title of the step it was called in; with --json it goes to
standard error.

exit status:
  0  no module failed          70   a fault in certsim
  1  a module failed           130  interrupted
  2  wrong usage, module or file
"""


@attrs.frozen
class Options:
    """Hold what was asked for.

    *modules*: at least one spec, `path/to/file.py:Name` or `package.module:Name`, as typed.
    *requests*: paths of request files, none for the tour's own. *name*: the CA's.
    *seed*: `None` for the system's clock, entropy and keys. *json*: the document, not the
    timeline.
    """

    modules: tuple[str, ...]
    requests: tuple[str, ...]
    name: str
    seed: int | None
    json: bool


def parse(argv: Sequence[str] | None) -> Options:
    """Return what *argv* asks for.

    Errors: `SystemExit` after the help or the version (0) or a usage error (2) was printed.
    """
    found = _parser().parse_args(argv)
    return Options(
        tuple(found.modules), tuple(found.requests), found.name, found.seed, json=found.json
    )


def _parser() -> argparse.ArgumentParser:
    """Return the parser for all commands; a command is required, since none is the obvious one."""
    parser = argparse.ArgumentParser(
        prog="certsim",
        description="Emulate the engine of Microsoft's Certificate Services for exit modules."
        " A model to imitate, never a CA to trust.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"certsim {certsim.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(
        commands.add_parser(
            "run",
            help="play a guided tour of a CA's life to exit modules",
            description="Play a guided tour of requests, revocations, CRLs, imports and a renewal\n"
            "to exit modules, on a CA in memory, and print who heard what, what it read and\n"
            "what failed.",
            epilog=_EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
    )
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `run`, each with a help text that says what happens without it."""
    parser.add_argument(
        "modules",
        nargs="+",
        metavar="MODULE",
        help="an exit module: path/to/file.py:Name or package.module:Name",
    )
    parser.add_argument(
        "--request",
        action="append",
        default=[],
        dest="requests",
        metavar="FILE",
        help="submit this request (DER, PEM or base64) in the first step of the tour instead of"
        " one made on the spot; may be repeated",
    )
    parser.add_argument(
        "--name",
        default="certsim Root CA",
        metavar="CA_NAME",
        help="the CA's name (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="make keys, serial numbers and the clock repeatable; a week passes before the end",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON document instead of the timeline"
    )
