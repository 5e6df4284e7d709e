"""How a tour is played: steps that ask the CA for one thing each, and scenes that come of them.

The table of steps is in `script`. Playing a step gives a `Scene`: what the caller was answered, and
the journal's entries of that step. What the steps share stands on a `Stage`: the request that was
made last and the certificate that was issued last are what the next steps go on about.

Requests are made on the spot with keys from the CA's own sources: seeded sources repeat the whole
tour byte for byte.
Source: MS-WCCE 3.2.1.4.2.1 and MS-CSRA 3.1.4 (verbs); RFC 5280 5.3.1 (reasons on a CRL).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certsim import CADisposition, CertificationAuthority, ComError, Outcome, Sources
from certsim._engine import serials
from certsim._engine.journal import Entry, EventLogEntry, Loading, Notification
from certsim._engine.published import PublishedCRL
from certsim.sources import SettableClock


@attrs.frozen
class Imported:
    """Hold the answer to an import: the id of the row that the certificate went into."""

    request_id: int


@attrs.frozen
class Deleted:
    """Hold the answer to a deletion: how many rows were *deleted*."""

    deleted: int


Answer = Outcome | CADisposition | tuple[PublishedCRL, ...] | Imported | Deleted
"""What a verb may give back: each kind is told in a way of its own."""


@attrs.define
class Stage:
    """Hold what the acts share: the CA, its sources, and what the tour is about just now.

    *request_id* is that of the last request, 0 before there is one. *serial_number* and
    *certificate* (DER) are those that were issued last; empty before there are any.
    """

    ca: CertificationAuthority
    sources: Sources
    request_id: int = 0
    serial_number: str = ""
    certificate: bytes = b""

    def submit(self, host: str, attributes: str = "") -> Outcome:
        """Submit a request for a web server certificate made on the spot.

        *host*: its DNS name. *attributes*: `Name:Value` lines.
        """
        return self._kept(self.ca.submit(make_request(host, self.sources), attributes=attributes))

    def submit_damaged(self, host: str) -> Outcome:
        """Submit a request whose signature differs in its last bit.

        The bit belongs to an INTEGER's value, so the request stays well-formed DER and only its
        proof of possession fails.
        """
        request = make_request(host, self.sources)
        return self._kept(self.ca.submit(request[:-1] + bytes([request[-1] ^ 1])))

    def resubmit(self) -> Outcome:
        """Have an officer approve the last request."""
        return self._kept(self.ca.resubmit(self.request_id))

    def _kept(self, outcome: Outcome) -> Outcome:
        self.request_id = outcome.request_id
        if outcome.serial_number and outcome.raw_certificate:
            self.serial_number, self.certificate = outcome.serial_number, outcome.raw_certificate
        return outcome

    def import_lost(self) -> Imported:
        """Import the certificate that was issued last, whose row is gone."""
        return Imported(self.ca.import_certificate(self.certificate))

    def import_foreign(self, name: str) -> Imported:
        """Import the root certificate of another CA, made for the purpose and called *name*."""
        other = CertificationAuthority(name, sources=self.sources)
        return Imported(self.ca.import_certificate(other.certificate, allow_foreign=True))

    def tick_after(self, span: timedelta) -> tuple[PublishedCRL, ...]:
        """Let *span* go by if the clock is the tour's own, and the CA publish what is due."""
        clock = self.sources.clock
        if isinstance(clock, SettableClock):
            clock.advance(span)
        return self.ca.tick()


@attrs.frozen
class Step:
    """Hold one line of the script: a *title* in a sentence, and the *act* that does it.

    The title says what somebody asks of the CA, and what comes of it. The act returns what the
    verb gives, else `None`.
    """

    title: str
    act: Callable[[Stage], Answer | None]


@attrs.frozen
class Scene:
    """Hold what came of a step: an *answer*, an *error* that the verb raised, or neither.

    *journal* has the entries of this step alone, oldest first.
    """

    title: str
    answer: Answer | None
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


def play(step: Step, stage: Stage) -> Scene:
    """Play one step and return what came of it.

    A `ComError` from a verb is part of the scene. Errors: `ModuleLoadError` from the start.
    """
    before = len(stage.ca.journal)
    answer, failed = None, None
    try:
        answer = step.act(stage)
    except ComError as error:
        failed = error
    return Scene(step.title, answer, failed, stage.ca.journal[before:])


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


def module_failed(event_log: Iterable[EventLogEntry]) -> bool:
    """Tell whether a module failed; what the CA logs of itself, as of a CRL's place, is no such.

    The CA's own entries have no ProgID.
    """
    return any(entry.progid for entry in event_log)


def entries(published: PublishedCRL) -> list[tuple[str, str]]:
    """Return the serial number (as stored) and the reason of each certificate on a CRL, in order.

    Reasons are RFC 5280's words; an entry without one says `unspecified`.
    """
    return [(serials.text_of(entry.serial_number), _reason(entry)) for entry in published.crl]


def _reason(entry: x509.RevokedCertificate) -> str:
    for extension in entry.extensions:
        if isinstance(extension.value, x509.CRLReason):
            return extension.value.reason.value
    return x509.ReasonFlags.unspecified.value


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
