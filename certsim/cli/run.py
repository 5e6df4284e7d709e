"""`certsim run`: read what is needed, play the tour, tell it as a timeline or as JSON.

Request files are read before anything else happens, so that a slip in a path costs nothing. The
CA lives in memory and is gone afterwards; a run leaves nothing behind but what modules write.

What modules print is left alone, since somebody may be debugging one: it goes straight to standard
output, below the title of the step. With `--json` standard output belongs to the document, and
modules print to standard error. That holds for Python's `print` and `sys.stdout`; a module that
writes to file descriptor 1 by itself can still spoil the document.
Source: README.md (`certsim run`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from contextlib import redirect_stdout
from pathlib import Path

from certsim import CertificationAuthority, Sources
from certsim._engine.requests import MAX_TEXT
from certsim.cli import document, script, timeline, tour
from certsim.cli.command import Arguments, Program, UsageError
from certsim.cli.files import current_folder_importable
from certsim.cli.tour import Scene, Stage, Step

_JOURNAL = 1_000_000
"""Entries kept: enough that no module's reads push the tour's own entries out."""
_MORE = r"""
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


def run(options: Arguments) -> int:
    """Play the tour that *options* ask for; return 1 if a module failed, else 0.

    A failure is a module's entry in the CA's event log (9, 43 to 46), the policy module's included.
    Errors: `UsageError` for a request file that cannot be read, `ModuleLoadError` for a module
    that does not fit, `ComError` for a name that no CA can have.
    """
    steps = script.script([(name, _read(name)) for name in options.texts("requests")])
    json = options.flag("json")
    with redirect_stdout(sys.stderr if json else sys.stdout), current_folder_importable():
        stage = _stage(options)
        scenes = _play(steps, stage, quiet=json)
    ca = stage.ca
    failed = tour.module_failed(ca.event_log)
    if json:
        print(document.compose(ca, options.texts("modules"), scenes))
    else:
        timeline.tell_end(tour.tally(ca.exit_modules, ca.journal), failed=failed)
    return int(failed)


def _stage(options: Arguments) -> Stage:
    """Return a stopped CA with the modules plugged in, and the sources that it was made from."""
    seed = options.maybe_number("seed")
    sources = Sources.system() if seed is None else Sources.seeded(seed)
    ca = CertificationAuthority(
        options.text("name"),
        exit_modules=options.texts("modules"),
        sources=sources,
        config=script.CONFIG,
        journal_limit=_JOURNAL,
    )
    return Stage(ca, sources)


def _play(steps: Iterable[Step], stage: Stage, *, quiet: bool) -> list[Scene]:
    """Play the steps and, unless *quiet*, tell each as it is played.

    A title comes before its step is played, so that what modules print stands below it. The CA
    is stopped whatever happens: modules may have files to close when they hear SHUTDOWN.
    """
    scenes = []
    if not quiet:
        timeline.tell_beginning(stage.ca.name)
    with stage.ca.tracing():
        try:
            for number, step in enumerate(steps):
                if not quiet:
                    timeline.tell_title(number, step.title)
                scenes.append(tour.play(step, stage))
                if not quiet:
                    timeline.tell_scene(scenes[-1])
        finally:
            stage.ca.stop()
    return scenes


def _read(name: str) -> bytes:
    """Return what the request file *name* holds, whatever it is.

    No more is read than the longest request there can be and one byte, so an endless device is
    refused like any large file. Errors: `UsageError`.
    """
    try:
        with Path(name).open("rb") as file:
            content = file.read(MAX_TEXT + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"request file {name} cannot be read: {reason}") from error
    if len(content) > MAX_TEXT:
        raise UsageError(f"request file {name} is over {MAX_TEXT:,} bytes, which no request is")
    return content


def _describe(parser: argparse.ArgumentParser) -> None:
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


RUN = Program(
    name="run",
    group="without a folder",
    help="play a guided tour of a CA's life to exit modules",
    about="Play a guided tour of requests, revocations, CRLs, imports and a renewal\n"
    "to exit modules, on a CA in memory, and print who heard what, what it read and\n"
    "what failed.",
    describe=_describe,
    more=_MORE,
    run=run,
)
