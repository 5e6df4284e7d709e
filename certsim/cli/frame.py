"""What all commands have in common: the folder opened as they need it, and how they end.

For people a command ends with one line that says completed or FAILED, as Microsoft's tools do; with
`--json` standard output is one document:

    command   what was typed: "revoke"
    result    what the command gives; null if it has nothing to tell
    warnings  lines of the event log, one for each failure of a module meanwhile
    ok        whether the command completed; if not, there are further keys:
      status   signed HRESULT, null for a module that cannot be plugged in, as the next two
      hresult  the same as text: "0x80094004"
      symbol   its name, null if it has none on record
      meaning  what the code means
      message  what happened

A command on a running CA is a whole service run, from the modules' `Initialize` to SHUTDOWN. That a
module fails in it is told on standard error and does not fail the command. With `--json` modules
print to standard error too.
Source: Microsoft Learn, certutil (the ending line); docs/rulings.md (Command line).
"""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from typing import Protocol, TextIO

import attrs

from certsim import CertificationAuthority, ComError, ModuleLoadError
from certsim.cli import files
from certsim.cli.command import Access, Arguments, Command, FreeCommand, Report
from certsim.cli.output import complain, fitting, say
from certsim.errors import describe, meaning

PASSPHRASE = "CERTSIM_PASSPHRASE"  # noqa: S105  (the name of a variable)
"""The environment variable that may hold the passphrase of the CA's keys."""
_Failure = ComError | ModuleLoadError
_UNPLUGGED = "The module cannot be plugged in."


def perform(verb: Command | FreeCommand, arguments: Arguments) -> int:
    """Carry out one command and tell how it ended; return the exit status, 0 or 1.

    Errors: `UsageError`, and `OSError` for output that cannot be written.
    """
    with console(json=arguments.flag("json")) as made:
        return attempt(made, verb, arguments)


class _Teller(Protocol):
    """Tell of one command to somebody."""

    def tell(self, report: Report) -> None:
        """Tell what the command has to tell."""

    def end(self, failure: _Failure | None) -> None:
        """Tell how it ended."""


class Console(logging.Handler):
    """Be where commands are told: the stream of their output, and a loudspeaker for warnings."""

    def __init__(self, out: TextIO, *, json: bool) -> None:
        """Begin with nothing told; with *json* each command is a document."""
        super().__init__()
        self._out, self._json = out, json
        self._warnings: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Tell of an entry of the event log at once, and keep its line for the document."""
        line = record.getMessage()
        complain(f"warning: {line}")
        if self._json:
            self._warnings.append(line)

    def warnings(self) -> list[str]:
        """Return the lines that were kept since the last time."""
        told, self._warnings = self._warnings, []
        return told

    def teller(self, name: str) -> _Teller:
        """Return what tells of the command *name*."""
        return _Document(name, self._out, self.warnings) if self._json else _Lines(name, self._out)


@contextmanager
def console(*, json: bool) -> Iterator[Console]:
    """Make the console of a command or of a shell.

    While it is there, the current folder is where packages of modules are looked for, and with
    *json* standard output belongs to the documents.
    """
    out = sys.stdout or io.StringIO()  # a closed one takes whatever is said
    made = Console(out, json=json)
    logger = logging.getLogger("certsim")
    logger.addHandler(made)
    try:
        with redirect_stdout(sys.stderr if json else out), files.current_folder_importable():
            yield made
    finally:
        logger.removeHandler(made)


def attempt(
    made: Console,
    verb: Command | FreeCommand,
    arguments: Arguments,
    running: CertificationAuthority | None = None,
) -> int:
    """Carry out one command on *made* and return 0, or 1 if it failed.

    *running* is the CA of a shell; without it the command opens its folder. The report is gone
    through while the CA is open, and told as completed when the CA is closed again.
    """
    teller = made.teller(verb.name)
    failure: _Failure | None = None
    report = Report()
    try:
        if isinstance(verb, FreeCommand):
            report = verb.run(arguments)
            teller.tell(report)
        else:
            with _at(running, verb.access, arguments) as ca:
                report = verb.run(ca, arguments)
                teller.tell(report)
        failure = report.failure
    except (ComError, ModuleLoadError) as error:
        failure = error
    teller.end(failure)
    return int(failure is not None)


def _at(
    running: CertificationAuthority | None, access: Access, arguments: Arguments
) -> AbstractContextManager[CertificationAuthority]:
    return opened(access, arguments) if running is None else nullcontext(running)


def opened(access: Access, arguments: Arguments) -> AbstractContextManager[CertificationAuthority]:
    """Return the CA in the folder, opened as *access* says; it runs inside `with` for SERVICE.

    Errors: `ComError` for a folder without a CA, a wrong passphrase, a CA that runs elsewhere.
    """
    folder = Path(arguments.text("folder"))
    if access is Access.READ:
        return nullcontext(CertificationAuthority.open(folder, read_only=True))
    ca = CertificationAuthority.open(
        folder,
        passphrase=passphrase(arguments.maybe("passphrase_file")),
        issuer=issuer(arguments) if "issuer" in arguments else None,
        lock_timeout=arguments.seconds("lock_timeout"),
    )
    return ca if access is Access.SERVICE else nullcontext(ca)


def issuer(arguments: Arguments) -> CertificationAuthority | None:
    """Return the CA that `--issuer` names, for its key to sign with; it is not started."""
    folder = arguments.maybe("issuer")
    if folder is None:
        return None
    secret = passphrase(arguments.maybe("issuer_passphrase_file"))
    return CertificationAuthority.open(Path(folder), read_only=True, passphrase=secret)


def passphrase(name: str | None) -> bytes | None:
    """Return the first line of the file *name*, else what the environment has, else `None`."""
    if name is not None:
        return files.read(name, "passphrase file").split(b"\n", 1)[0].removesuffix(b"\r")
    held = os.environ.get(PASSPHRASE)
    return os.fsencode(held) if held else None


@attrs.define
class _Lines:
    """Tell of a command to people: line by line, and at the end whether it completed."""

    _name: str
    _out: TextIO
    _report: Report = attrs.field(factory=Report)

    def tell(self, report: Report) -> None:
        """Print the report's lines as they come."""
        self._report = report
        for line in report.lines:
            if report.bare:
                print(fitting(line, self._out), file=self._out)
            else:
                say(line, self._out)

    def end(self, failure: _Failure | None) -> None:
        """Print the ending line; data in a format of its own has none."""
        self._out.flush()
        if failure is not None:
            code, what, told = _parts(failure)
            complain(f"{self._name} command FAILED: {f'{code}: ' if code else ''}{what}")
            if told != what:
                complain(told)
        elif not self._report.bare:
            say(f"certsim: {self._name} command completed successfully.", self._out)
            for line in self._report.after:
                say(line, self._out)


def _parts(failure: _Failure) -> tuple[str, str, str]:
    """Return code, meaning and what happened; a module that does not fit has no code."""
    if isinstance(failure, ModuleLoadError):
        return "", _UNPLUGGED, str(failure)
    number, _, symbol = describe(failure.hresult).partition(" ")
    code = f"{number} ({symbol})" if symbol else number
    return code, meaning(failure.hresult), failure.strerror


@attrs.define
class _Document:
    """Tell of a command to programs: one document, whatever happens."""

    _name: str
    _out: TextIO
    _warnings: Callable[[], list[str]]
    _told: bool = False

    def tell(self, report: Report) -> None:
        """Write the result, an iterator's items as they come, each on a line of its own."""
        self._begin()
        _write(report.data, self._out)

    def end(self, failure: _Failure | None) -> None:
        """Write how it ended and close the document."""
        if not self._told:
            self._begin()
            self._out.write("null")
        ending = {"warnings": self._warnings(), "ok": failure is None} | _ending(failure)
        self._out.write(f",\n{json.dumps(ending)[1:]}\n")
        self._out.flush()

    def _begin(self) -> None:
        self._told = True
        self._out.write(f'{{"command": {json.dumps(self._name)},\n"result": ')


def _write(value: object, out: TextIO) -> None:
    """Write *value* as JSON, what is inside an iterator item by item.

    What raises on the way leaves whole brackets behind it.
    """
    match value:
        case Iterator():
            before = "[\n"
            try:
                for item in value:
                    out.write(before + json.dumps(item))
                    before = ",\n"
            finally:
                out.write("[]" if before == "[\n" else "\n]")
        case Mapping() if any(isinstance(held, Iterator) for held in value.values()):
            before = "{\n"
            try:
                for name, held in value.items():
                    out.write(f"{before}{json.dumps(name)}: ")
                    _write(held, out)
                    before = ",\n"
            finally:
                out.write("\n}")
        case _:
            out.write(json.dumps(value))


def _ending(failure: _Failure | None) -> dict[str, object]:
    """Return the further keys of a command that failed."""
    match failure:
        case None:
            return {}
        case ModuleLoadError():
            code: dict[str, object] = {"status": None, "hresult": None, "symbol": None}
            return code | {"meaning": _UNPLUGGED, "message": str(failure)}
    number, _, symbol = describe(failure.hresult).partition(" ")
    return {
        "status": failure.hresult,
        "hresult": number,
        "symbol": symbol or None,
        "meaning": meaning(failure.hresult),
        "message": failure.strerror,
    }
