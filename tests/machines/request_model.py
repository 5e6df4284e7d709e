"""A request's life until there is a certificate: what the prose says a CA answers and tells.

Written by hand as the judge of the engine: nothing here looks at certsim's own tables. Numbers are
written out once more, signed as callers see them, so that the judge can be read by itself.
No keys and no bytes; only states, answers, messages, moments, and who hears what in which order.
Source: MS-WCCE 3.2.1.4.2.1; MS-CSRA 3.1.4.1.3; comments of ADCS.CertMod on its events;
docs/rulings.md (Requests, Verdicts, Events).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import attrs

PENDING, FOREIGN, ISSUED, REVOKED, FAILED, DENIED = 9, 12, 20, 21, 30, 31
INCOMPLETE, SAYS_ERROR, SAYS_DENIED, SAYS_ISSUED, SAYS_PENDING, SAYS_REVOKED = 0, 1, 2, 3, 5, 6
ON_ISSUED, ON_PENDING, ON_DENIED, ON_RETRIEVED, ON_SHUTDOWN, ON_STARTUP = (
    0x1, 0x2, 0x4, 0x10, 0x40, 0x80,
)  # fmt: skip
E_FAIL, ADMIN_DENIED, BAD_SUBJECT = -0x7FFFBFFB, -0x7FF6BFEC, -0x7FF6BFFF
BAD_STATUS, EMPTY, STOPPED = -0x7FF6BFFD, -0x7FF6BFFC, -0x7FF8F946
BAD_SIGNATURE, BAD_TAG, NO_DATA = -0x7FF6FFFA, -0x7FF6CEF5, -0x7FF6CEFE
ANY = "*"
"""A piece of a message whose words nobody prescribes."""

LIFE = timedelta(days=20)
"""How long certificates live here: the machine has it so in its configuration."""

CLIENT_SAYS = {
    PENDING: SAYS_PENDING,
    FOREIGN: INCOMPLETE,
    ISSUED: SAYS_ISSUED,
    REVOKED: SAYS_REVOKED,
    FAILED: SAYS_ERROR,
    DENIED: SAYS_DENIED,
}
UNREADABLE = {
    "badly signed": (BAD_SIGNATURE, "Error Verifying Request Signature or Signing Certificate"),
    "garbage": (BAD_TAG, "Error Parsing Request"),
    "empty": (NO_DATA, "Error Parsing Request"),
}


class RefusedError(Exception):
    """Say that a verb is refused with an HRESULT."""

    def __init__(self, code: int) -> None:
        super().__init__(hex(code & 0xFFFFFFFF))
        self.code = code


def answer_of(judge: Callable[[], object]) -> object:
    """Return what *judge* answers, or the refusal it raises."""
    try:
        return judge()
    except RefusedError as refused:
        return refused


@attrs.frozen
class Verdict:
    """Be what policy is going to answer, and what that means.

    *kind* is "issue", "pend" or "deny"; *status* and *text* go with a refusal; *logged* is the
    event id under which a failing policy module is logged.
    """

    kind: str
    status: int = ADMIN_DENIED
    text: str = ""
    logged: int = 0


@attrs.frozen
class Module:
    """Be an exit module: the answer of its `Initialize`, and how it fails ("", com, plain)."""

    name: str
    mask: object
    temper: str


@attrs.define
class ModelRow:
    """Be one request, and its certificate when there is one.

    *key* is the index of the CA key that signed, *ends* the certificate's NotAfter. Of a
    revocation there are *reason*, *effective* and the moment it was *told*; *lasting* is
    PublishExpiredCertInCRL. *crooked* marks a past that a client with an old list cannot follow: a
    date in the future, or a certificate that had left the database.
    """

    number: int
    kind: str
    submitted: datetime
    state: int = PENDING
    status: int = 0
    message: tuple[str, ...] = ()
    ever_pending: bool = False
    colour: str = ""
    resolved: datetime | None = None
    serial: str | None = None
    key: int = 0
    ends: datetime | None = None
    reason: int | None = None
    effective: datetime | None = None
    told: datetime | None = None
    lasting: int | None = None
    crooked: bool = False


@attrs.frozen
class Answer:
    """Be what a client gets; *message* is in pieces, which two blanks hold apart."""

    number: int
    says: int
    status: int
    message: tuple[str, ...]


@attrs.define
class RequestModel:
    """Be a CA with *modules*; the three switches are those of `Fidelity`.

    *newest_key* is the index of the key it signs with.
    """

    modules: Sequence[Module]
    denied_when_failed: bool = True
    retrieve_pending: bool = True
    startup: bool = False
    running: bool = False
    now: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC)
    newest_key: int = 0
    last_number: int = 0
    rows: dict[int, ModelRow] = attrs.field(factory=dict)
    heard: list[tuple[object, ...]] = attrs.field(factory=list)
    log: list[tuple[object, ...]] = attrs.field(factory=list)
    hosted: list[Module] = attrs.field(factory=list)

    def start(self) -> None:
        """Initialise policy, then each exit module; one with a bad mask stays out."""
        if self.running:
            return
        self.running = True
        self.hosted = []
        self.heard.append(("policy", "Initialize"))
        for module in self.modules:
            if type(module.mask) is int and 0 <= module.mask <= 0x3FF:
                self.hosted.append(module)
            else:
                self.log.append((46, module.name, "Initialize", None))
        if self.startup:
            self._tell(ON_STARTUP, None)

    def stop(self) -> None:
        """Tell the exit modules, then the policy module."""
        if not self.running:
            return
        self.running = False
        self._tell(ON_SHUTDOWN, None)
        self.heard.append(("policy", "ShutDown"))

    def submit(self, kind: str, verdict: Verdict, colour: str) -> Answer:
        """Make a row and decide it."""
        self._must_run()
        row = self._new_row(kind)
        if kind in UNREADABLE:
            row.state = FAILED
            row.status, stage = UNREADABLE[kind]
            row.message, row.resolved = (stage, ANY), self.now
            if self.denied_when_failed:
                self._tell(ON_DENIED, row)
            return self._answer(row, SAYS_ERROR)
        row.colour = colour
        return self._decide(row, verdict, ())

    def resubmit(self, number: int, verdict: Verdict, officer: str) -> Answer:
        """Decide a Pending or Denied row once more."""
        self._must_run()
        row = self.rows.get(number)
        if row is None:
            return Answer(number, INCOMPLETE, EMPTY, (ANY,))
        if row.state not in (PENDING, DENIED):
            return Answer(number, SAYS_ERROR, BAD_STATUS, (ANY,))
        return self._decide(row, verdict, (f"Resubmitted by {officer}",))

    def _new_row(self, kind: str) -> ModelRow:
        self.last_number += 1
        row = ModelRow(self.last_number, kind, self.now)
        self.rows[row.number] = row
        return row

    def _decide(self, row: ModelRow, verdict: Verdict, note: tuple[str, ...]) -> Answer:
        if verdict.logged:
            self.log.append((verdict.logged, "policy", "VerifyRequest", row.number))
        if verdict.kind == "pend":
            row.state, row.status, row.ever_pending = PENDING, 0, True
            row.message, row.resolved = ("Taken Under Submission", *note), None
            return self._told(row, ON_PENDING, SAYS_PENDING)
        row.resolved = self.now
        if verdict.kind == "deny":
            text = (verdict.text,) if verdict.text else ()
            row.state, row.status = DENIED, verdict.status
            row.message = ("Denied by Policy Module", *text, *note)
            return self._told(row, ON_DENIED, SAYS_DENIED)
        if row.kind == "nameless":
            row.state, row.status = DENIED, BAD_SUBJECT
            row.message = ("Error Constructing or Publishing Certificate", ANY, *note)
            return self._told(row, ON_DENIED, SAYS_ERROR)
        row.state, row.status, row.message = ISSUED, 0, ("Issued", *note)
        row.key, row.ends = self.newest_key, self.now + LIFE
        return self._told(row, ON_ISSUED, SAYS_ISSUED)

    def deny(self, number: int, officer: str) -> None:
        """Refuse a pending row."""
        row = self._pending(number)
        row.state, row.status = DENIED, ADMIN_DENIED
        row.message, row.resolved = (f"Denied by {officer}",), self.now
        self._tell(ON_DENIED, row)

    def set_attribute(self, number: int, colour: str) -> None:
        """Give a pending row a colour."""
        self._pending(number).colour = colour

    def set_extension(self, number: int) -> None:
        """Give a pending row an extension, which changes nothing that is modelled here."""
        self._pending(number)

    def retrieve(self, number: int) -> Answer:
        """Answer what has become of a row."""
        self._must_run()
        row = self.rows.get(number)
        if row is None:
            raise RefusedError(EMPTY)
        if self.retrieve_pending and row.ever_pending and row.state in (ISSUED, REVOKED):
            self._tell(ON_RETRIEVED, row)
        return self._answer(row, CLIENT_SAYS[row.state])

    def by_serial(self, serial: str) -> int:
        """Return the id behind a serial number, 0 when there is none."""
        row = self._with_serial(serial)
        return row.number if row else 0

    def _with_serial(self, serial: str) -> ModelRow | None:
        return next((row for row in self.rows.values() if row.serial == serial), None)

    def _must_run(self) -> None:
        if not self.running:
            raise RefusedError(STOPPED)

    def _pending(self, number: int) -> ModelRow:
        self._must_run()
        row = self.rows.get(number)
        if row is None:
            raise RefusedError(EMPTY)
        if row.state != PENDING:
            raise RefusedError(BAD_STATUS)
        return row

    def _told(self, row: ModelRow, event: int, says: int) -> Answer:
        self._tell(event, row)
        return self._answer(row, says)

    def _answer(self, row: ModelRow, says: int) -> Answer:
        return Answer(row.number, says, row.status, row.message)

    def _tell(self, event: int, row: ModelRow | None) -> None:
        number = row.number if row else None
        seen = (row.number, row.state, row.colour, row.reason) if row else ()
        for module in self.hosted:
            if not isinstance(module.mask, int) or not module.mask & event:
                continue
            self.heard.append((module.name, event, *seen))
            if module.temper:
                event_id = 46 if module.temper == "com" else 45
                self.log.append((event_id, module.name, "Notify", number))
