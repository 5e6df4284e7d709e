"""Completion of what is typed in a shell, where `argcomplete` is installed: `certsim[completion]`.

The shell has to be told once: `eval "$(register-python-argcomplete certsim)"`.
"""

from __future__ import annotations

import argparse

try:
    from argcomplete import autocomplete  # type: ignore[import-not-found,unused-ignore]
except ImportError:

    def autocomplete(_parser: argparse.ArgumentParser) -> None:
        """Complete nothing."""


__all__ = ["autocomplete"]
