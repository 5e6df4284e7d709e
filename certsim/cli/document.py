"""The tour as one JSON document.

    certsim     version of certsim
    ca          name; certificate (PEM)
    modules     in the order they are called: spec (as given), progid, loaded (whether its
                Initialize succeeded), heard (calls of Notify), failures
    steps       title; outcome, or null where the verb gives none; error, or null; journal
      outcome   request_id, disposition, status (signed), hresult (text, null for 0), message,
                serial_number (or null), certificate (PEM or null)
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
from certsim import CertificationAuthority, ComError, Outcome
from certsim.cli import tour
from certsim.cli.tour import Scene
from certsim.errors import describe

_Json = Mapping[str, object]


def compose(ca: CertificationAuthority, specs: Sequence[str], scenes: Sequence[Scene]) -> str:
    """Return the document, in ASCII so that any encoding of the output can carry it.

    *ca* has played the tour and is stopped; *specs* are the modules as they were given, in their
    order; *scenes* what came of each step.
    """
    tallies = tour.tally(ca.exit_modules, ca.journal)
    found = {
        "certsim": certsim.__version__,
        "ca": {"name": ca.name, "certificate": _pem(ca.certificate.public_bytes(Encoding.DER))},
        "modules": [
            {"spec": spec} | attrs.asdict(counted)
            for spec, counted in zip(specs, tallies, strict=True)
        ],
        "steps": [_step(scene) for scene in scenes],
        "event_log": [entry.as_dict() for entry in ca.event_log],
        "failed": bool(ca.event_log),
    }
    return json.dumps(found, indent=2)


def _step(scene: Scene) -> _Json:
    return {
        "title": scene.title,
        "outcome": None if scene.outcome is None else _outcome(scene.outcome),
        "error": None if scene.error is None else _error(scene.error),
        "journal": [entry.as_dict() for entry in scene.journal],
    }


def _outcome(outcome: Outcome) -> _Json:
    """Return an outcome with its code both as a number and as text that names it."""
    raw = outcome.raw_certificate
    return {
        "request_id": outcome.request_id,
        "disposition": outcome.disposition.name,
        "status": outcome.status,
        "hresult": describe(outcome.status) if outcome.status else None,
        "message": outcome.message,
        "serial_number": outcome.serial_number,
        "certificate": None if raw is None else _pem(raw),
    }


def _error(error: ComError) -> _Json:
    return {
        "status": error.hresult,
        "hresult": describe(error.hresult),
        "message": error.strerror,
    }


def _pem(der: bytes) -> str:
    """Return a certificate as PEM without parsing it.

    A CA may issue what `cryptography` refuses to read, and the document has to tell it still.
    """
    return ssl.DER_cert_to_PEM_cert(der)
