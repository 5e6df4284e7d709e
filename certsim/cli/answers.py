"""What came of requests: told as certreq tells it, and kept in files.

An answer for people is the request's id twice, then one line that says what came of it. A request
that the CA refuses is a command that failed, with the request's status; one that waits for an
officer is none.
Source: Microsoft Learn, certreq (-submit, -retrieve); docs/rulings.md (Command line).
"""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs

from certsim import ComError, CRDisposition, Outcome
from certsim.cli import document, files
from certsim.cli.command import Report
from certsim.errors import describe
from certsim.facts.hresults import HRESULT

_WENT_WELL = frozenset(
    (CRDisposition.ISSUED, CRDisposition.UNDER_SUBMISSION, CRDisposition.REVOKED)
)


@attrs.frozen
class Answer:
    """Hold what came of the request in a *file*: an *outcome*, what went wrong, or both.

    *error* is why there is no outcome, or why its certificate was not written.
    """

    file: str
    outcome: Outcome | None
    error: ComError | None

    @property
    def failure(self) -> ComError | None:
        """Return what the command fails with because of it; `None` if all went well."""
        refused = None if self.outcome is None else _refusal(self.outcome)
        return self.error or refused

    def __str__(self) -> str:
        """Return the answer as one line."""
        parts = (self.outcome, self.error)
        return f"{self.file}: {'; '.join(str(part) for part in parts if part is not None)}"

    def as_dict(self) -> document.Json:
        """Return the answer as data."""
        return {
            "file": self.file,
            "outcome": None if self.outcome is None else document.outcome(self.outcome),
            "error": None if self.error is None else document.error(self.error),
        }


def report(outcome: Outcome, out: str | None = None, *, force: bool = False) -> Report:
    """Return the report on one request, after its certificate was written to *out*.

    The outcome is told even when the certificate cannot be written: it has been issued.
    """
    error = None if out is None else keep(outcome, Path(out), force=force)
    return Report(document.outcome(outcome), _lines(outcome), error or _refusal(outcome))


def _lines(outcome: Outcome) -> Iterator[str]:
    yield f"RequestId: {outcome.request_id}"
    yield f'RequestId: "{outcome.request_id}"'
    message, name = outcome.message, outcome.disposition.name.title()
    match outcome.disposition:
        case CRDisposition.ISSUED | CRDisposition.REVOKED:
            yield f"Certificate retrieved({name}) {message}"
            yield f"Serial Number: {outcome.serial_number}"
        case CRDisposition.UNDER_SUBMISSION:
            yield f"Certificate request is pending: {message} (0)"
        case _:
            yield f"Certificate not issued ({name}) {message} {describe(outcome.status)}"


def _refusal(outcome: Outcome) -> ComError | None:
    """Return what a command fails with whose request was refused; `None` for one that was not."""
    if outcome.disposition in _WENT_WELL:
        return None
    told = f"request {outcome.request_id}: {outcome.disposition.name}: {outcome.message}"
    return ComError(outcome.status or HRESULT.E_FAIL, told)


def keep(outcome: Outcome, target: Path, *, force: bool) -> ComError | None:
    """Write the certificate of *outcome*, if it has one, to *target* as PEM.

    Returns why that could not be done, `None` if it was.
    """
    if outcome.raw_certificate is not None:
        pem = ssl.DER_cert_to_PEM_cert(outcome.raw_certificate)
        try:
            files.write(target, pem.encode("ascii"), force=force)
        except ComError as error:
            return error
    return None


@attrs.define
class Many:
    """Go through the answers to many requests, and keep count of them."""

    _came: Iterable[Answer]
    _tally: Counter[str] = attrs.field(factory=Counter)
    _failures: list[ComError] = attrs.field(factory=list)

    def report(self) -> Report:
        """Return the report; what it fails with is known at its end."""
        return Report(self._data(), self._lines())

    def _data(self) -> Iterator[document.Json]:
        for answer in self._counted():
            yield answer.as_dict()
        self._end()

    def _lines(self) -> Iterator[str]:
        for answer in self._counted():
            yield str(answer)
        yield ", ".join(f"{count} {name}" for name, count in sorted(self._tally.items()))
        self._end()

    def _counted(self) -> Iterator[Answer]:
        for answer in self._came:
            came = answer.outcome
            self._tally[came.disposition.name if came else "NOT DECIDED"] += 1
            if answer.failure is not None:
                self._failures.append(answer.failure)
            yield answer

    def _end(self) -> None:
        """Fail with the first code if one of them failed."""
        if self._failures:
            first, count = self._failures[0], len(self._failures)
            told = f"{count} of {self._tally.total()} requests failed; the first: {first.strerror}"
            raise ComError(first.hresult, told)
