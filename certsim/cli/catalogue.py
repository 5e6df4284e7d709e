"""The commands there are, in the order in which help lists them; a shell stands beside them."""

from __future__ import annotations

from certsim.cli import authority, certificates, crls, modules, requests, show
from certsim.cli.command import AnyCommand
from certsim.cli.run import RUN

COMMANDS: tuple[AnyCommand, ...] = (
    *authority.COMMANDS,
    *requests.COMMANDS,
    *certificates.COMMANDS,
    *crls.COMMANDS,
    *modules.COMMANDS,
    *show.COMMANDS,
    RUN,
)
