"""The tour: a script of verbs that takes exit modules through the life of some requests.

The script is data: each step has a title for the reader and an act that asks the CA for one
thing. Playing a step gives a `Scene`: what the client was answered, and the journal's entries of
that step. The policy module is the standalone one with RequestDisposition 3, which heeds the
request attribute `Disposition` (`Pending`, `Deny`; nothing: issue), so requests steer it.

Requests are made on the spot with keys from the CA's own sources: seeded sources repeat the whole
tour byte for byte.
Source: MS-WCCE 3.2.1.4.2.1 and MS-CSRA 3.1.4.1.3 (life cycle); the policy sample (attribute
Disposition); docs/rulings.md (Events).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certsim import CertificationAuthority, ComError, Outcome, Sources
from certsim._engine.journal import Entry, EventLogEntry, Loading, Notification

CONFIG = {r"policy\RequestDisposition": 3}
"""USEREQUESTATTRIBUTE. Source: certsrv.h, REQDISP constants."""
_PENDING, _DENY = "Disposition:Pending", "Disposition:Deny"


@attrs.define
class Stage:
    """Hold what the acts share: the CA, where keys come from, and the request that waits.

    *waiting* is the id of the request that was submitted last; 0 before there is one.
    """

    ca: CertificationAuthority
    sources: Sources
    waiting: int = 0

    def submit(self, host: str, attributes: str = "") -> Outcome:
        """Submit a request for a web server certificate made on the spot.

        *host*: its DNS name. *attributes*: `Name:Value` lines.
        """
        return self._sent(make_request(host, self.sources), attributes)

    def submit_damaged(self, host: str) -> Outcome:
        """Submit a request whose signature differs in its last bit.

        The bit belongs to an INTEGER's value, so the request stays well-formed DER and only its
        proof of possession fails.
        """
        request = make_request(host, self.sources)
        return self._sent(request[:-1] + bytes([request[-1] ^ 1]))

    def _sent(self, request: bytes, attributes: str = "") -> Outcome:
        outcome = self.ca.submit(request, attributes=attributes)
        self.waiting = outcome.request_id
        return outcome


@attrs.frozen
class Step:
    """Hold one line of the script: a *title* in a sentence, and the *act* that does it.

    The title says what the client or the officer does, and what the CA makes of it. The act
    returns an `Outcome` where the verb gives one, else `None`.
    """

    title: str
    act: Callable[[Stage], Outcome | None]


@attrs.frozen
class Scene:
    """Hold what came of a step: an *outcome*, an *error* that the verb raised, or neither.

    *journal* has the entries of this step alone, oldest first.
    """

    title: str
    outcome: Outcome | None
    error: ComError | None
    journal: tuple[Entry, ...]


@attrs.frozen
class Tally:
    """Count for one module: its ProgID, whether it was loaded, events heard, failures.

    *heard* counts calls of `Notify`, those that failed included.
    """

    progid: str
    loaded: bool
    heard: int
    failures: int


_START = Step(
    "The CA starts, and asks each module which events it wants to hear.",
    lambda stage: stage.ca.start(),
)
_ISSUE = Step(
    "A client asks for a web server certificate; policy issues it at once.",
    lambda stage: stage.submit("www.example.test", "CertFile:true"),
)
_REST = (
    Step(
        "A client asks for a certificate; policy leaves the request pending.",
        lambda stage: stage.submit("shop.example.test", _PENDING),
    ),
    Step(
        "The client asks what has become of it; it is still pending, and no event tells of that.",
        lambda stage: stage.ca.retrieve(stage.waiting),
    ),
    Step(
        "An officer approves: the request goes to policy once more and is issued.",
        lambda stage: stage.ca.resubmit(stage.waiting),
    ),
    Step(
        "The client fetches its certificate, which CERTRETRIEVEPENDING tells the modules.",
        lambda stage: stage.ca.retrieve(stage.waiting),
    ),
    Step(
        "Another request is left pending.",
        lambda stage: stage.submit("mail.example.test", _PENDING),
    ),
    Step(
        "This time the officer denies it.",
        lambda stage: stage.ca.deny(stage.waiting),
    ),
    Step(
        "A client asks for a certificate; policy refuses at once.",
        lambda stage: stage.submit("bank.example.test", _DENY),
    ),
    Step(
        "A client sends a request with a damaged signature; the CA fails it without asking policy.",
        lambda stage: stage.submit_damaged("copy.example.test"),
    ),
    Step(
        "The CA stops, and tells the modules.",
        lambda stage: stage.ca.stop(),
    ),
)


def script(files: Iterable[tuple[str, bytes]]) -> tuple[Step, ...]:
    """Return the steps of the tour; *files* (name and content) stand in for the first request."""
    given = tuple(_given(name, content) for name, content in files)
    return (_START, *(given or (_ISSUE,)), *_REST)


def _given(name: str, content: bytes) -> Step:
    """Return the step that submits a request of the user's own.

    Nothing is checked here: what the CA makes of an empty or a broken file is what the user
    came to see.
    """
    return Step(
        f"A client submits {name}; policy issues it unless the request says otherwise.",
        lambda stage: stage.ca.submit(content),
    )


def play(step: Step, stage: Stage) -> Scene:
    """Play one step and return what came of it.

    A `ComError` from a verb is part of the scene. Errors: `ModuleLoadError` from the start.
    """
    before = len(stage.ca.journal)
    outcome, failed = None, None
    try:
        outcome = step.act(stage)
    except ComError as error:
        failed = error
    return Scene(step.title, outcome, failed, stage.ca.journal[before:])


def tally(progids: Sequence[str], journal: Iterable[Entry]) -> list[Tally]:
    """Count for each module of *progids* what it heard and how often it failed.

    A module whose `Initialize` failed never gets a `Loading` entry.
    """
    heard: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    loaded = set()
    for entry in journal:
        if isinstance(entry, Loading):
            loaded.add(entry.module)
        elif isinstance(entry, EventLogEntry):
            failures[entry.progid] += 1
        elif isinstance(entry, Notification):
            heard[entry.module] += 1
    return [Tally(name, name in loaded, heard[name], failures[name]) for name in progids]


def make_request(host: str, sources: Sources) -> bytes:
    """Return a PKCS #10 request (DER) for a web server named *host*, with a new P-256 key.

    It asks for the host as DNS name and for the server authentication usage.
    """
    key = sources.make_key("P-256")
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]))
        .add_extension(names, critical=False)
        .add_extension(usage, critical=False)
        .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    return request.public_bytes(Encoding.DER)
