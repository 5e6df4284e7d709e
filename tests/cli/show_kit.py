"""Run a showing command on a CA at hand, without a folder and without a frame around it."""

from __future__ import annotations

import argparse

import attrs

from certsim import CertificationAuthority
from certsim.cli import show
from certsim.cli.command import Arguments, Command, FreeCommand, Report

VERBS = {verb.name: verb for verb in show.COMMANDS}


@attrs.frozen
class Shown:
    """Hold what a command told: its report, and the lines for people."""

    report: Report
    lines: list[str]

    @property
    def text(self) -> str:
        """Return the lines as one text."""
        return "\n".join(self.lines)


def typed(name: str, *words: str) -> Arguments:
    """Return *words* as the command *name* gets them."""
    parser = argparse.ArgumentParser(allow_abbrev=False, exit_on_error=False)
    VERBS[name].describe(parser)
    parser.add_argument("--as", dest="account")
    return Arguments(vars(parser.parse_args(words)))


def report(ca: CertificationAuthority, name: str, *words: str) -> Report:
    """Return what the command *name* reports of *ca*."""
    verb = VERBS[name]
    arguments = typed(name, *words)
    if isinstance(verb, FreeCommand):
        return verb.run(arguments)
    assert isinstance(verb, Command)
    return verb.run(ca, arguments)


def shown(ca: CertificationAuthority, name: str, *words: str) -> Shown:
    """Return what the command *name* tells people about *ca*."""
    made = report(ca, name, *words)
    return Shown(made, list(made.lines))
