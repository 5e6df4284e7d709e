"""What the tests of load share: clerks that call every verb, and what they were answered.

A `Clerk` calls verbs at random and notes in a `Ledger` what it was answered, and nothing else: what
has to be true of the CA afterwards can be worked out from the notes. Clerks may share one CA, each
on a thread of its own, or be in processes that take turns.
"""

from __future__ import annotations

import faulthandler
import itertools
import random
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

import certsim
from certsim import CertificationAuthority, ComError
from tests.codes import (
    CERTSRV_E_BAD_REQUESTSTATUS,
    CERTSRV_E_PROPERTY_EMPTY,
    CRYPT_E_NO_MATCH,
    DENIED,
    DENY,
    E_INVALIDARG,
    ERROR_INVALID_DATA,
    ERROR_OBJECT_ALREADY_EXISTS,
    FAILED,
    ISSUE,
    ISSUED,
    PEND,
    PENDING,
    REVOKED,
    signed,
)
from tests.requests_kit import make_badly_signed_csr, make_csr, make_key

FOREIGN = 12
HOLD, RELEASE = 6, -1
TOLD = {1: FAILED, 2: DENIED, 3: ISSUED, 5: PENDING}
"""The state behind each answer to a submit or a resubmit. Source: MS-WCCE 3.2.1.4.2.1."""
CERTIFIED = (3, 6)
"""What a retrieval answers with a certificate of the CA's own: issued, revoked."""
_LATE = (CERTSRV_E_BAD_REQUESTSTATUS, CERTSRV_E_PROPERTY_EMPTY)
REFUSALS: Mapping[str, tuple[int, ...]] = {
    "retrieve": (CERTSRV_E_PROPERTY_EMPTY,),
    "deny": _LATE,
    "set_request_attributes": _LATE,
    "set_certificate_extension": _LATE,
    "revoke": (E_INVALIDARG, ERROR_INVALID_DATA, CERTSRV_E_BAD_REQUESTSTATUS),
    "import_certificate": (
        ERROR_OBJECT_ALREADY_EXISTS,
        CRYPT_E_NO_MATCH,
        *_LATE,
    ),
    "delete_rows": _LATE,
}
"""What may stand in a verb's way when others are at work; any other error is a failure."""
WEIGHTS = {
    "submit": 30,
    "retrieve": 8,
    "resubmit": 12,
    "deny": 6,
    "set_request_attributes": 6,
    "set_certificate_extension": 6,
    "revoke": 15,
    "is_valid": 4,
    "import_certificate": 6,
    "delete_rows": 8,
    "view": 2,
    "get_config": 4,
    "publish_crls": 1,
    "tick": 1,
    "set_config": 1,
    "crl": 1,
}
RARELY = ("journal", "event_log", "renew")
"""Verbs that every clerk calls once, for they take longer the longer the load lasts."""
NAMES = [f"www{number}.example.test" for number in range(20)]
WORDS = [str(PEND), str(ISSUE), str(DENY), "fail"]
"""What an attribute may tell the policy module to answer."""
_LIFE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2046, 1, 1, tzinfo=UTC)
CHILD = r"CERTSIM\child"
"""Who asks for what a module submits."""
_FIRST = {"extension": "ExtensionRequestId", "attribute": "AttributeRequestId"}
NEAR = 64
"""How many of the latest rows a clerk chooses from, so that clerks meet."""

T = TypeVar("T")


class Answer(NamedTuple):
    """Be a *verb* that changed a row: which state it left, which serial it told, by whom, why."""

    verb: str
    request_id: int
    state: int | None
    serial: str = ""
    by: str = ""
    reason: int = 0


class Run(NamedTuple):
    """Be a publish run: the number of its lists, each by kind (1 base, 2 delta) and key."""

    number: int
    lists: tuple[tuple[int, int], ...]


class Heard(NamedTuple):
    """Be an event as a module heard it, with the row's state and message; on which *thread*."""

    event: int
    request_id: int | None
    state: int | None
    message: str
    thread: str


@attrs.define
class Ledger:
    """Hold what clerks were answered and what a module heard, each list in the order of one thread.

    *certified* are the requests that were retrieved with a certificate; *errors* what nobody
    expected. Any thread may append.
    """

    answers: list[Answer] = attrs.field(factory=list)
    certified: list[int] = attrs.field(factory=list)
    runs: list[Run] = attrs.field(factory=list)
    heard: list[Heard] = attrs.field(factory=list)
    renewals: list[str] = attrs.field(factory=list)
    config: dict[str, int] = attrs.field(factory=dict)
    errors: list[str] = attrs.field(factory=list)

    def add(self, other: Mapping[str, list[list[object]]]) -> None:
        """Take over the notes of another process, as they came out of `attrs.asdict` and JSON."""
        self.answers += itertools.starmap(Answer, other["answers"])  # type: ignore[arg-type]
        self.runs += itertools.starmap(Run, other["runs"])  # type: ignore[arg-type]
        self.heard += itertools.starmap(Heard, other["heard"])  # type: ignore[arg-type]
        self.certified += other["certified"]  # type: ignore[arg-type]
        self.renewals += other["renewals"]  # type: ignore[arg-type]
        self.config.update(other["config"])  # type: ignore[arg-type]
        self.errors += other["errors"]  # type: ignore[arg-type]


@attrs.define
class Pool:
    """Hold what clerks can work on: ids and serial numbers, and certificates that were deleted.

    The lists only grow, so threads may choose from them while others append.
    """

    ids: list[int] = attrs.field(factory=lambda: [1])
    serials: list[str] = attrs.field(factory=lambda: ["61"])
    lost: list[bytes] = attrs.field(factory=list)

    @staticmethod
    def of(ca: CertificationAuthority) -> Pool:
        """Return what there is in *ca*."""
        pool = Pool()
        for row in ca.view(columns=["RequestID", "SerialNumber"]):
            pool.ids.append(int(str(row["RequestID"])))
            pool.serials += [str(row["SerialNumber"])] * (row["SerialNumber"] is not None)
        return pool


def foreign(serial: int) -> bytes:
    """Return a certificate that no CA here has made."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Stranger")])
    key = make_key(77)
    builder = x509.CertificateBuilder(name, name, key.public_key(), serial, *_LIFE)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


class Clerk:
    """Call verbs of *ca* and note what comes of them; *name* stands in the CA's records.

    The methods are called as the verbs are.
    """

    def __init__(self, ca: CertificationAuthority, name: str, ledger: Ledger, pool: Pool) -> None:
        """Begin with no verb called."""
        self.ca, self.name = ca, name
        self.ledger, self.pool = ledger, pool
        self.chance = random.Random(name)  # noqa: S311  (it chooses verbs)
        self._count = itertools.count(1)

    def work(self, over: threading.Event) -> None:
        """Call every verb once, in some order, and then any until it is *over*."""
        try:
            verbs = [*WEIGHTS, *RARELY]
            self.chance.shuffle(verbs)
            for verb in verbs:
                self.call(verb)
            while not over.is_set():
                self.call_any()
        except BaseException:
            self.ledger.errors.append(traceback.format_exc())
            over.set()

    def call_any(self) -> None:
        """Call some verb."""
        (verb,) = self.chance.choices([*WEIGHTS], [*WEIGHTS.values()])
        self.call(verb)

    def call(self, verb: str, *about: object) -> None:
        """Call *verb*, which may be refused for what others have done."""
        try:
            getattr(self, verb)(*about)
        except ComError as error:
            if error.hresult & 0xFFFFFFFF not in REFUSALS.get(verb, ()):
                raise

    def _sign(self) -> str:
        """Return a name that is in the records once."""
        return rf"CERTSIM\{self.name}-{next(self._count)}"

    def _near(self, choices: list[T]) -> T:
        """Return one of the last."""
        return choices[-1 - self.chance.randrange(min(len(choices), NEAR))]

    def _id(self) -> int:
        """Return a request, at times one that is just being made or never will be."""
        return self._near(self.pool.ids) + self.chance.choice((0, 0, 0, 0, 0, 1, 3))

    def _told(self, verb: str, outcome: certsim.Outcome, by: str) -> None:
        serial = outcome.serial_number or ""
        state = TOLD[int(outcome.disposition)]
        self.ledger.answers.append(Answer(verb, outcome.request_id, state, serial, by))
        if serial:
            self.pool.serials.append(serial)

    def submit(self, requester: str = r"CERTSIM\user") -> None:
        request = make_csr(self.chance.choice(NAMES))
        if self.chance.random() < 0.05:
            request = make_badly_signed_csr()
        verdict, again = self.chance.choice(["1", "1", *WORDS]), self.chance.choice(WORDS)
        given = {"Verdict": verdict, "Again": again}
        outcome = self.ca.submit(request, attributes=given, requester=requester)
        self._told("submit", outcome, "")
        self.pool.ids.append(outcome.request_id)

    def resubmit(self) -> None:
        by = self._sign()
        outcome = self.ca.resubmit(self._id(), officer=by)
        if outcome.status not in map(signed, _LATE):
            self._told("resubmit", outcome, by)

    def deny(self, request_id: int | None = None) -> None:
        by, about = self._sign(), request_id or self._id()
        self.ca.deny(about, officer=by)
        self.ledger.answers.append(Answer("deny", about, DENIED, by=by))

    def set_request_attributes(self) -> None:
        about = self._id()
        self.ca.set_request_attributes(about, {"Again": self.chance.choice(WORDS)})
        self.ledger.answers.append(Answer("set_request_attributes", about, PENDING))

    def set_certificate_extension(self) -> None:
        about, number = self._id(), self.chance.randrange(5)
        self.ca.set_certificate_extension(about, f"1.3.6.1.4.1.54392.{number}", "by hand")
        self.ledger.answers.append(Answer("set_certificate_extension", about, PENDING))

    def retrieve(self, request_id: int | None = None) -> bytes | None:
        outcome = self.ca.retrieve(request_id or self._id())
        if int(outcome.disposition) not in CERTIFIED:
            return None
        self.ledger.certified.append(outcome.request_id)
        return outcome.raw_certificate

    def revoke(self, serial: str | None = None) -> None:
        by, reason = self._sign(), self.chance.choice((0, 1, 4, HOLD, HOLD, RELEASE, RELEASE))
        about = serial or self._near(self.pool.serials)
        self.ca.revoke(about, reason, officer=by)
        # Which row that was, the records have to know; the caller has named a serial number.
        state = ISSUED if reason == RELEASE else REVOKED
        self.ledger.answers.append(Answer("revoke", 0, state, about, by, reason))

    def is_valid(self) -> None:
        assert self.ca.is_valid(self._near(self.pool.serials)) in (2, 3, 4)

    def import_certificate(self) -> None:
        by, lost = self._sign(), self.pool.lost
        raw, state = foreign(self.chance.getrandbits(100) + 1), FOREIGN
        if lost and self.chance.random() < 0.5:
            raw, state = self._near(lost), ISSUED
        existing = state == ISSUED and self.chance.random() < 0.3
        number = self.ca.import_certificate(
            raw, allow_foreign=True, existing_row=existing, officer=by
        )
        self.ledger.answers.append(Answer("import_certificate", number, state, by=by))
        self.pool.ids.append(number)

    def delete_rows(self) -> None:
        about = self._id()
        raw = self.retrieve(about)
        if self.ca.delete_rows(row_id=about):
            self.ledger.answers.append(Answer("delete_rows", about, None))
            if raw is not None:
                self.pool.lost.append(raw)

    def publish_crls(self, *, base: bool | None = None) -> None:
        wanted = self.chance.random() < 0.7 if base is None else base
        self._published(self.ca.publish_crls(base=wanted))

    def tick(self) -> None:
        self._published(self.ca.tick())

    def _published(self, lists: tuple[certsim.PublishedCRL, ...]) -> None:
        if lists:
            (number,) = {one.number for one in lists}
            assert {one.crl.issuer for one in lists} == {self.ca.certificate.subject}
            self.ledger.runs.append(Run(number, tuple((int(p.kind), p.key_index) for p in lists)))

    def crl(self) -> None:
        assert self.ca.crl(0).issuer == self.ca.crl(0, delta=True).issuer

    def view(self) -> None:
        name = self.chance.choice(("request", "queue", "revoked", "extension", "attribute", "crl"))
        where = [] if name == "crl" else [(_FIRST.get(name, "RequestID"), ">=", self._id() - 20)]
        for row in itertools.islice(self.ca.view(name, where=where), 20):
            assert row

    def set_config(self) -> None:
        name, value = rf"ca\Load{self.name}", next(self._count)
        self.ca.set_config(name, value)
        self.ledger.config[name] = value
        self.get_config()

    def get_config(self) -> None:
        name = rf"ca\Load{self.name}"
        assert self.ca.get_config(name) == self.ledger.config.get(name)

    def renew(self) -> None:
        if self.name.endswith(" 0"):  # each key makes every later publication longer
            self.ca.renew(new_key=True)
            self.ledger.renewals.append(self.name)

    def journal(self) -> None:
        assert self.ca.journal

    def event_log(self) -> None:
        assert len(self.ca.event_log) >= 0


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return what *call* returns; one that has not come back by then is a deadlock.

    Then the error shows where all threads are. The one that hangs is left behind.
    """
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        with tempfile.TemporaryFile("w+") as file:
            faulthandler.dump_traceback(file)
            file.seek(0)
            raise AssertionError(f"a deadlock: no end within {seconds} seconds\n{file.read()}")
    if failures:
        raise failures[0]
    return results[0]


def all_at_once(clerks: list[Clerk], seconds: float) -> None:
    """Let every clerk work on a thread of its own until so many *seconds* have gone by."""
    over = threading.Event()
    clock = threading.Timer(seconds, over.set)
    threads = [
        threading.Thread(target=clerk.work, args=(over,), name=clerk.name, daemon=True)
        for clerk in clerks
    ]
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 50)  # so that threads are interrupted in the midst of things
    try:
        for thread in (clock, *threads):
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(usual)
        clock.cancel()
    clock.join()
