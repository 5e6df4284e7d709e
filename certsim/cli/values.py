"""What single arguments mean: ids, serial numbers, reasons, dates, periods, settings.

Each function takes the text of one argument and returns what it stands for; argparse calls them,
and tells the user what they say about a text that stands for nothing.
Source: Microsoft Learn, certutil and certreq (arguments of the verbs); docs/rulings.md (Command
line).
"""

from __future__ import annotations

import argparse
import re
from datetime import datetime, timedelta

from certsim import RevocationReason

_NUMBER = re.compile(r"[+-]?(0x[0-9a-f]{1,100}|[0-9]{1,100})", re.IGNORECASE)
"""No number that means anything here is longer, and Python takes none of thousands of digits."""
_PERIOD = re.compile(r"([0-9]{1,5}):([0-9]{1,5})")
_LAST_ID = 0x7FFFFFFF
_NEWLINE = r"\n"
"""A line end as it is typed: the two characters."""


def number(text: str) -> int:
    """Return a decimal number or, after 0x, a hexadecimal one; Errors: `ArgumentTypeError`."""
    if _NUMBER.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    return int(text, 16) if "x" in text.lower() else int(text)


def request_id(text: str) -> int:
    """Return the id of a request. Errors: `ArgumentTypeError`."""
    found = number(text)
    if not 0 < found <= _LAST_ID:
        raise argparse.ArgumentTypeError(f"{text!r} is no request id")
    return found


def serial_number(text: str) -> str:
    """Return a serial number as the database keeps it: whole bytes, lower-case hexadecimal.

    Blanks and colons between the digits are left out, so it may be typed as other tools print it.
    Errors: `ArgumentTypeError`.
    """
    digits = text.replace(" ", "").replace(":", "").lower()
    if re.fullmatch("[0-9a-f]+", digits) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no serial number, which is hexadecimal")
    return digits.zfill(len(digits) + len(digits) % 2)


def serial_numbers(text: str) -> str:
    """Return serial numbers between commas, each as `serial_number` does."""
    return ",".join(map(serial_number, text.split(",")))


def is_request_id(text: str) -> bool:
    """Tell whether what may be an id or a serial number is an id: few digits, all decimal."""
    return re.fullmatch("0{0,90}[0-9]{1,10}", text) is not None and int(text) <= _LAST_ID


def id_or_serial_number(text: str) -> str:
    """Return an id as it is, else a serial number. Errors: `ArgumentTypeError`."""
    return text if is_request_id(text) else serial_number(text)


def attributes(text: str) -> str:
    r"""Return request attributes, in which the two characters `\n` stand for a line end."""
    return text.replace(_NEWLINE, "\n")


def _plain(name: str) -> str:
    """Return a reason's name without what its spellings differ in.

    `CRL_REASON_KEY_COMPROMISE`, `KEY_COMPROMISE`, `Key Compromise` and `keyCompromise` are one.
    """
    return re.sub("[^a-z]", "", name.lower()).removeprefix("crlreason")


_REASONS = {_plain(reason.name): reason for reason in RevocationReason} | {
    "unrevoke": RevocationReason.RELEASE
}


def reason(text: str) -> RevocationReason:
    """Return the reason of a revocation, given by number or by name. Errors: `ArgumentTypeError`.

    Which of them the CA takes is the CA's to say.
    """
    found = _REASONS.get(_plain(text))
    if _NUMBER.fullmatch(text):
        found = next((held for held in RevocationReason if held == number(text)), None)
    if found is None:
        names = ", ".join(f"{held.value} {held.name}" for held in RevocationReason)
        raise argparse.ArgumentTypeError(f"{text!r} is no reason; there are {names}")
    return found


def period(text: str) -> timedelta | None:
    """Return `dd:hh`, days and hours, as a span of time; `None` for any other text."""
    found = _PERIOD.fullmatch(text)
    return timedelta(days=int(found[1]), hours=int(found[2])) if found else None


def moment(text: str) -> datetime | None:
    """Return an ISO 8601 date, with a time or without, as an aware moment; `None` for other text.

    Without a zone it is the machine's local time, as people mean it who type a date.
    """
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError, OSError):
        return None
