"""The commands that show what a CA is, has and did, and those that change its configuration."""

from __future__ import annotations

from certsim.cli import show_cainfo, show_config, show_error, show_log, show_view

COMMANDS = (
    *show_view.COMMANDS,
    *show_cainfo.COMMANDS,
    *show_log.COMMANDS,
    *show_config.COMMANDS,
    *show_error.COMMANDS,
)
"""In the order in which help lists them."""
