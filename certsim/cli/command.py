"""What a command of the command line is: what can be typed, what it does, what it reports.

A command on a CA's folder is a `Command`, one without a folder a `FreeCommand`. Neither opens a
folder, prints, or turns an error into a status: `frame` does that for all of them alike, so that
each command is a function from typed arguments to a `Report`.

What goes wrong is raised: `UsageError` for what was typed (exit status 2), `ComError` and
`ModuleLoadError` for what the CA refuses (exit status 1).
Source: Microsoft Learn, certutil and certreq (verbs and their habits).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from enum import Enum, auto
from typing import TypeVar

import attrs

from certsim import CertificationAuthority, ComError
from certsim.verbs import ADMINISTRATOR, OFFICER, USER

__all__ = [
    "ADMINISTRATOR",
    "OFFICER",
    "USER",
    "Access",
    "AnyCommand",
    "Arguments",
    "Command",
    "FreeCommand",
    "Program",
    "Report",
    "UsageError",
]
_T = TypeVar("_T")


class UsageError(Exception):
    """Say in one line why a command cannot be carried out as it was given."""


class Access(Enum):
    """Tell what a command needs of the folder.

    READ: open it for reading, beside whoever runs the CA. CHANGE: open it for writing, and leave
    the CA stopped. SERVICE: a whole service run, from the modules' `Initialize` to SHUTDOWN.
    """

    READ = auto()
    CHANGE = auto()
    SERVICE = auto()


@attrs.frozen
class Arguments:
    """Hold what was typed, by the `dest` of each argument, and hand it out typed.

    argparse's untyped namespace ends here. Asking for a name that was not described, or for
    another type than its argument has, is a slip in certsim: `KeyError`, `TypeError`.
    """

    _values: Mapping[str, object]

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str) -> str:
        """Return the text of an argument that always has one."""
        return self._given(name, str)

    def maybe(self, name: str) -> str | None:
        """Return the text of an argument, `None` if it was left out."""
        return None if self._values[name] is None else self.text(name)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts of an argument that may stand several times."""
        return tuple(map(str, self._given(name, list)))

    def number(self, name: str) -> int:
        """Return the number of an argument that always has one."""
        return self._given(name, int)

    def maybe_number(self, name: str) -> int | None:
        """Return the number of an argument, `None` if it was left out."""
        return None if self._values[name] is None else self.number(name)

    def seconds(self, name: str) -> float:
        """Return the number of seconds that an argument always has."""
        return self._given(name, float)

    def flag(self, name: str) -> bool:
        """Tell whether a switch was set."""
        return self._given(name, bool)

    def account(self, otherwise: str) -> str:
        """Return the account that `--as` names, else *otherwise*."""
        return self.maybe("account") or otherwise

    def acting_as(self, account: str | None) -> Arguments:
        """Return these arguments with *account* as the one of `--as` if there is none."""
        return Arguments({**self._values, "account": self._values.get("account") or account})

    def _given(self, name: str, kind: type[_T]) -> _T:
        value = self._values[name]
        if not isinstance(value, kind):
            raise TypeError(f"argument {name} is no {kind.__name__}")
        return value


@attrs.frozen
class Report:
    """Hold what a command has to tell: *data* for programs, *lines* for people.

    *data*: what `json` can write, as the `result` of the document. An iterator, as the whole or as
    a value of the outermost mapping, becomes an array that is written while it is gone through.
    *lines*: without line ends; they are made printable and printed as they come. Of the two only
    the one that was asked for is gone through, with the CA still open; what it raises ends the
    command as if the command had raised it.
    *failure*: what the command failed with though it has something to tell, as a refused request.
    *after*: lines that follow the ending line. *bare*: the lines are data in a format of their
    own (CSV), printed as they are and with no ending line after them.
    """

    data: object = None
    lines: Iterable[str] = ()
    failure: ComError | None = None
    after: tuple[str, ...] = ()
    bare: bool = False


def _nothing(_parser: argparse.ArgumentParser) -> None:
    """Describe a command that takes no arguments but those that all have."""


@attrs.frozen(kw_only=True)
class Verb:
    """Hold how a command is called: *name* is typed, *help* is its line in the list (no full stop).

    A *name* may be two words, `module install`. *group* is the heading it stands under. *about*
    are the sentences that begin its help, by default *help*; *describe* adds the arguments it has
    beside those that all have; *more* (paragraphs and examples) closes its help.
    """

    name: str
    group: str
    help: str
    about: str = ""
    describe: Callable[[argparse.ArgumentParser], None] = _nothing
    more: str = ""


@attrs.frozen(kw_only=True)
class Command(Verb):
    """Hold a command on a folder: `certsim NAME DIR …`, in a shell `NAME …`.

    *run* gets the CA as *access* says: stopped or running, in a shell always running. *issuer* is
    whether it has to do with the CA above this one, which an option then names.
    """

    access: Access
    issuer: bool = False
    run: Callable[[CertificationAuthority, Arguments], Report]


@attrs.frozen(kw_only=True)
class FreeCommand(Verb):
    """Hold a command that opens no folder, or opens it by itself."""

    run: Callable[[Arguments], Report]


@attrs.frozen(kw_only=True)
class Program(Verb):
    """Hold a command that prints by itself, and returns the exit status."""

    run: Callable[[Arguments], int]


AnyCommand = Command | FreeCommand | Program
