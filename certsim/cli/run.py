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

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from certsim import CertificationAuthority, Sources
from certsim._engine.requests import MAX_TEXT
from certsim.cli import document, script, timeline, tour
from certsim.cli.parser import Options
from certsim.cli.tour import Scene, Stage, Step

_JOURNAL = 1_000_000
"""Entries kept: enough that no module's reads push the tour's own entries out."""


class UsageError(Exception):
    """Say in one line why a command cannot be carried out as it was given."""


def run(options: Options) -> int:
    """Play the tour that *options* ask for; return 1 if a module failed, else 0.

    A failure is a module's entry in the CA's event log (9, 43 to 46), the policy module's included.
    Errors: `UsageError` for a request file that cannot be read, `ModuleLoadError` for a module
    that does not fit, `ComError` for a name that no CA can have.
    """
    steps = script.script([(name, _read(name)) for name in options.requests])
    with redirect_stdout(sys.stderr if options.json else sys.stdout), _current_folder_importable():
        stage = _stage(options)
        scenes = _play(steps, stage, quiet=options.json)
    ca = stage.ca
    failed = tour.module_failed(ca.event_log)
    if options.json:
        print(document.compose(ca, options.modules, scenes))
    else:
        timeline.tell_end(tour.tally(ca.exit_modules, ca.journal), failed=failed)
    return int(failed)


def _stage(options: Options) -> Stage:
    """Return a stopped CA with the modules plugged in, and the sources that it was made from."""
    sources = Sources.system() if options.seed is None else Sources.seeded(options.seed)
    ca = CertificationAuthority(
        options.name,
        exit_modules=options.modules,
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


@contextmanager
def _current_folder_importable() -> Iterator[None]:
    """Let `package.module:Name` find what lies in the current folder, as `python -m` does.

    The installed command `certsim` would otherwise look beside itself. The empty text stands for
    the current folder, even one that was deleted meanwhile.
    """
    before = list(sys.path)
    sys.path.insert(0, "")
    try:
        yield
    finally:
        sys.path[:] = before
