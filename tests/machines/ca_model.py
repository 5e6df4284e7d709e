"""A certification authority in two hundred lines: what the prose says a CA answers and tells.

Written by hand as the judge of the engine: nothing here looks at certsim's own tables. No keys, no
clock, no bytes; only states, answers, messages, and who hears what in which order.
Source: MS-WCCE 3.2.1.4.2.1; MS-CSRA 3.1.4.1.3; comments of ADCS.CertMod on its events;
docs/rulings.md (Requests, Verdicts, Events).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

PENDING, ISSUED, FAILED, DENIED = 9, 20, 30, 31
SAYS_ERROR, SAYS_DENIED, SAYS_ISSUED, SAYS_PENDING = 1, 2, 3, 5
INCOMPLETE = 0
ON_ISSUED, ON_PENDING, ON_DENIED, ON_RETRIEVED, ON_SHUTDOWN, ON_STARTUP = (
    0x1, 0x2, 0x4, 0x10, 0x40, 0x80,
)  # fmt: skip
E_FAIL, ADMIN_DENIED, BAD_SUBJECT = -0x7FFFBFFB, -0x7FF6BFEC, -0x7FF6BFFF
BAD_STATUS, EMPTY, STOPPED = -0x7FF6BFFD, -0x7FF6BFFC, -0x7FF8F946
BAD_SIGNATURE, BAD_TAG, NO_DATA = -0x7FF6FFFA, -0x7FF6CEF5, -0x7FF6CEFE
ANY = "*"
"""A piece of a message whose words nobody prescribes."""

CLIENT_SAYS = {
    PENDING: SAYS_PENDING,
    ISSUED: SAYS_ISSUED,
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
    """Be one request."""

    number: int
    kind: str
    state: int = PENDING
    status: int = 0
    message: tuple[str, ...] = ()
    ever_pending: bool = False
    colour: str = ""
    serial: str | None = None


@attrs.frozen
class Answer:
    """Be what a client gets; *message* is in pieces, which two blanks hold apart."""

    number: int
    says: int
    status: int
    message: tuple[str, ...]


@attrs.define
class Model:
    """Be a CA with *modules*; the three switches are those of `Fidelity`."""

    modules: Sequence[Module]
    denied_when_failed: bool = True
    retrieve_pending: bool = True
    startup: bool = False
    running: bool = False
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
        row = ModelRow(len(self.rows) + 1, kind)
        self.rows[row.number] = row
        if kind in UNREADABLE:
            row.state = FAILED
            row.status, stage = UNREADABLE[kind]
            row.message = (stage, ANY)
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

    def _decide(self, row: ModelRow, verdict: Verdict, note: tuple[str, ...]) -> Answer:
        if verdict.logged:
            self.log.append((verdict.logged, "policy", "VerifyRequest", row.number))
        if verdict.kind == "pend":
            row.state, row.status, row.ever_pending = PENDING, 0, True
            row.message = ("Taken Under Submission", *note)
            return self._told(row, ON_PENDING, SAYS_PENDING)
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
        return self._told(row, ON_ISSUED, SAYS_ISSUED)

    def deny(self, number: int, officer: str) -> None:
        """Refuse a pending row."""
        row = self._pending(number)
        row.state, row.status = DENIED, ADMIN_DENIED
        row.message = (f"Denied by {officer}",)
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
        if self.retrieve_pending and row.ever_pending and row.state == ISSUED:
            self._tell(ON_RETRIEVED, row)
        return self._answer(row, CLIENT_SAYS[row.state])

    def by_serial(self, serial: str) -> int:
        """Return the id behind a serial number, 0 when there is none."""
        return next((row.number for row in self.rows.values() if row.serial == serial), 0)

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
        seen = (row.number, row.state, row.colour) if row else ()
        for module in self.hosted:
            if not isinstance(module.mask, int) or not module.mask & event:
                continue
            self.heard.append((module.name, event, *seen))
            if module.temper:
                event_id = 46 if module.temper == "com" else 45
                self.log.append((event_id, module.name, "Notify", number))
