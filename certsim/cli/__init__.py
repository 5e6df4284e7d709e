"""The command line: a CA in a folder, operated as certutil and certreq do; and `certsim run`.

This room reads arguments, calls the verbs of a `CertificationAuthority`, and prints what came of
it; it knows nothing that a user of `import certsim` could not find out. A command is a row in
`catalogue`; `frame` opens the folder for it and tells how it ended.

Exit status: 0 completed, 1 failed (of `run`: a module failed), 2 the command could not be carried
out as given (usage, output that cannot be written; of `run` also a module that does not load), 70 a
fault in certsim, 130 interrupted, 141 the reader of the output went away. Whatever happens, the
user gets a line or two and never a traceback.
Source: sysexits.h (70, EX_SOFTWARE); shells report a signal as 128 and its number (130, 141).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from certsim.cli import frame, parser
from certsim.cli.catalogue import COMMANDS
from certsim.cli.command import Program, UsageError
from certsim.cli.completion import autocomplete
from certsim.cli.output import complain
from certsim.cli.parser import Asked
from certsim.cli.shell import SHELL
from certsim.errors import CertSimError

_USAGE, _FAULT, _INTERRUPTED, _NO_READER = 2, 70, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out the command in *argv* (by default the process's own) and return its exit status.

    Nothing is raised: help, version and usage errors come back as a status too.
    """
    reader = parser.for_terminal((*COMMANDS, SHELL))
    autocomplete(reader)
    try:
        asked = parser.parse(reader, argv)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else _USAGE
    return _guarded(asked)


def _guarded(asked: Asked) -> int:
    """Carry out what was *asked*; turn whatever comes out of it into a status and a line at most.

    The flush belongs inside: a reader that went away or a full disk may show up there first.
    """
    try:
        status = _carried_out(asked)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BaseException as error:
        status, told = _verdict(error)
        if told:
            complain(told)
    return status


def _carried_out(asked: Asked) -> int:
    verb, arguments = asked
    if isinstance(verb, Program):
        return verb.run(arguments)
    return frame.perform(verb, arguments)


def _verdict(error: BaseException) -> tuple[int, str]:
    """Return the exit status that *error* ends the command with, and what to say about it.

    A module's own exceptions never come here, for the CA takes them. Files of the user's are
    read under a net of their own, so an `OSError` is about the output.
    """
    match error:
        case KeyboardInterrupt():
            return _INTERRUPTED, "interrupted"
        case CertSimError() | UsageError():
            return _USAGE, f"error: {error}"
        case BrokenPipeError():
            _forget_output()
            return _NO_READER, ""
        case OSError():
            _forget_output()
            return _USAGE, f"error: the output cannot be written: {error.strerror or error}"
    return _FAULT, f"internal error, please report it: {_where(error)}"


def _where(error: BaseException) -> str:
    """Return the error's type and text, and the file and line it was raised in."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    file = Path(frame.tb_frame.f_code.co_filename).name if frame else "?"
    return f"{type(error).__name__}: {error} ({file}, line {frame.tb_lineno if frame else 0})"


def _forget_output() -> None:
    """Point standard output at nothing, or Python would try to write the rest of it at exit."""
    with suppress(OSError), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


__all__ = ["main"]
