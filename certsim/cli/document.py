"""The tour as one JSON document.

    certsim     version of certsim
    ca          name; certificate (PEM), the newest; certificates (PEM) by index
    modules     in the order they are called: spec (as given), progid, loaded (whether its
                Initialize succeeded), heard (calls of Notify), failures
    steps       title; outcome, or null where the verb gives none; answer, or null, of a verb that
                gives something else; error, or null; journal
      outcome   request_id, disposition, status (signed), hresult (text, null for 0), message,
                serial_number (or null), certificate (PEM or null)
      answer    one of: validity (the name of a CADisposition); request_id (of an import); deleted
                (how many rows); crls
        crls    kind (BASE or DELTA), key_index, number, status (signed) and hresult of the first
                place that failed (0 and null if none did), locations (place, status, hresult),
                entries (serial_number, reason in RFC 5280's words), crl (PEM)
      error     what the verb raised: status, hresult, message
      journal   entries in order: kind and the fields of that kind of entry, bytes as hexadecimal,
                times in ISO 8601, durations in nanoseconds; a module's reads and failures come
                before the call they happened in
    event_log   the failures once more, as in the journal
    failed      whether a module failed: the exit status

Keys stay as they are from version to version; new ones may come. With `--seed` the document
repeats, run for run.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping, Sequence

import attrs
from cryptography.hazmat.primitives.serialization import Encoding

import certsim
from certsim import CADisposition, CertificationAuthority, ComError, Outcome
from certsim._engine.published import Location, PublishedCRL
from certsim.cli import tour
from certsim.cli.tour import Answer, Deleted, Imported, Scene
from certsim.errors import describe

Json = Mapping[str, object]


def compose(ca: CertificationAuthority, specs: Sequence[str], scenes: Sequence[Scene]) -> str:
    """Return the document, in ASCII so that any encoding of the output can carry it.

    *ca* has played the tour and is stopped; *specs* are the modules as they were given, in their
    order; *scenes* what came of each step.
    """
    tallies = tour.tally(ca.exit_modules, ca.journal)
    certificates = [_pem(held.public_bytes(Encoding.DER)) for held in ca.certificates]
    found = {
        "certsim": certsim.__version__,
        "ca": {"name": ca.name, "certificate": certificates[-1], "certificates": certificates},
        "modules": [
            {"spec": spec} | attrs.asdict(counted)
            for spec, counted in zip(specs, tallies, strict=True)
        ],
        "steps": [_step(scene) for scene in scenes],
        "event_log": [entry.as_dict() for entry in ca.event_log],
        "failed": tour.module_failed(ca.event_log),
    }
    return json.dumps(found, indent=2)


def _step(scene: Scene) -> Json:
    answer = scene.answer
    return {
        "title": scene.title,
        "outcome": outcome(answer) if isinstance(answer, Outcome) else None,
        "answer": _answer(answer),
        "error": None if scene.error is None else error(scene.error),
        "journal": [entry.as_dict() for entry in scene.journal],
    }


def outcome(answer: Outcome) -> Json:
    """Return what came of a request, its certificate as PEM."""
    raw = answer.raw_certificate
    return {
        "request_id": answer.request_id,
        "disposition": answer.disposition.name,
        **_code(answer.status),
        "message": answer.message,
        "serial_number": answer.serial_number,
        "certificate": None if raw is None else _pem(raw),
    }


def _answer(answer: Answer | None) -> Json | None:
    """Return the answer of a verb that gives no outcome, `None` for all others."""
    match answer:
        case CADisposition():
            return {"validity": answer.name}
        case Imported() | Deleted():
            return attrs.asdict(answer)
        case tuple():
            return {"crls": [crl(published) for published in answer]}
    return None


def crl(published: PublishedCRL) -> Json:
    """Return a list that was published, with its places and its entries."""
    return {
        "kind": published.kind.name,
        "key_index": published.key_index,
        "number": published.number,
        **_code(published.status),
        "locations": [_location(place) for place in published.locations],
        "entries": [
            {"serial_number": serial_number, "reason": reason}
            for serial_number, reason in tour.entries(published)
        ],
        "crl": published.crl.public_bytes(Encoding.PEM).decode("ascii"),
    }


def _location(location: Location) -> Json:
    return {"place": location.place, **_code(location.hresult)}


def _code(status: int) -> Json:
    """Return a code both as a number and as text that names it, which 0 has none of."""
    return {"status": status, "hresult": describe(status) if status else None}


def error(raised: ComError) -> Json:
    """Return what a verb raised."""
    return {**_code(raised.hresult), "message": raised.strerror}


def _pem(der: bytes) -> str:
    """Return a certificate as PEM without parsing it.

    A CA may issue what `cryptography` refuses to read, and the document has to tell it still.
    """
    return ssl.DER_cert_to_PEM_cert(der)
