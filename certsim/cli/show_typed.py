"""What is typed, where argparse has no word for it: counts, and words with a sign in front."""

from __future__ import annotations

import argparse
import re

from certsim.errors import shown

_SIGNED = re.compile(r"-\d|-\s*[A-Za-z].+", re.DOTALL)


def count(text: str) -> int:
    """Return *text* as a number of things, 0 or more."""
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{shown(text)} is no number from 0 on")
    return int(text)


def allow_signs(parser: argparse.ArgumentParser) -> None:
    """Take words like `-EDITF_ATTRIBUTEENDDATE` and `-RequestId>0` for words, not for options.

    They are certutil's. Options of one letter go before, and those of two dashes are not touched;
    `--` in front of such a word, or `=` behind its option, helps in any case.
    """
    parser._negative_number_matcher = _SIGNED  # noqa: SLF001  (the only way short of a new parser)
