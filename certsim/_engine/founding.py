"""From the front door's arguments to the furniture of a new CA, its first certificate included.

Source: certsrv.h (the values a setup writes); docs/rulings.md (The CA's own certificates).
"""

from __future__ import annotations

from types import UnionType

from certsim._engine import ca_certificates, specs
from certsim._engine.fidelity import Fidelity
from certsim._engine.journal import Journal
from certsim._engine.security import Security
from certsim._engine.state import CAState, Identity, Settings
from certsim.database.memory import MemoryShelf
from certsim.errors import ComError, shown
from certsim.facts.dispositions import CAType
from certsim.facts.hresults import HRESULT
from certsim.policies.function import FunctionPolicy
from certsim.registry import Registry
from certsim.sources import PrivateKey, Sources

_BELOW = {
    CAType.ENTERPRISE_ROOT: CAType.ENTERPRISE_SUB,
    CAType.STANDALONE_ROOT: CAType.STANDALONE_SUB,
}
"""What a type of root becomes for a CA that has another one above it."""


def establish(
    name: str,
    dns_name: str,
    ca_type: CAType,
    key: str | PrivateKey,
    sources: Sources,
    fidelity: Fidelity,
    parent: CAState | None,
    security: Security | None,
    journal_limit: int,
) -> CAState:
    """Return a new CA's state: names, registry, an empty database, and a certificate of its own.

    *key* is a kind that *sources* can make, or a private key. *parent* signs the certificate of a
    subordinate. Errors: those of `ca_certificates.found` and `Identity.of`; `ComError` E_INVALIDARG
    for a subordinate's type without a parent, and for an argument of another type; `ValueError`
    for an unknown kind of key.
    """
    _check(sources, Sources, "sources")
    _check(fidelity, Fidelity, "fidelity")
    _check(security, Security | None, "security")
    _check(journal_limit, int, "journal_limit")
    if journal_limit < 0:
        raise ComError(HRESULT.E_INVALIDARG, "journal_limit is at least 0")
    ca_certificates.common_name(name)
    identity = Identity.of(name, dns_name, _placed(ca_type, parent))
    registry = Registry(identity.sanitized)
    registry.write("", "CAType", int(identity.ca_type))
    registry.write("", "CommonName", identity.name)
    registry.write("", "CAServerName", identity.dns_name)
    signing_key = sources.make_key(key) if isinstance(key, str) else key
    above = ca_certificates.issuer_above(parent)
    return CAState(
        identity,
        sources,
        registry,
        fidelity,
        MemoryShelf(),
        Journal(journal_limit),
        (ca_certificates.found(name, signing_key, sources, above),),
        Settings.snapshot(registry),
        parent,
        security,
    )


def _check(given: object, kind: type | UnionType, name: str) -> None:
    if not isinstance(given, kind):
        raise ComError(HRESULT.E_INVALIDARG, f"{name} cannot be {shown(given)}")


def _placed(ca_type: int, parent: CAState | None) -> CAType:
    """Return the type of a CA below *parent* (`None`: below nobody). Errors: E_INVALIDARG."""
    try:
        ca_type = CAType(ca_type)
    except ValueError as error:
        raise ComError(HRESULT.E_INVALIDARG, f"{shown(ca_type)} is no type of CA") from error
    if parent is not None:
        return _BELOW.get(ca_type, ca_type)
    if ca_type in _BELOW.values():
        raise ComError(
            HRESULT.E_INVALIDARG, f"the type {ca_type.name} needs issuer=, the CA above it"
        )
    return ca_type


def as_policy(found: object) -> object:
    """Return what to plug in for *found*: a function of two arguments gets its wrapper."""
    if not callable(found) or isinstance(found, type) or hasattr(found, "VerifyRequest"):
        return found
    return FunctionPolicy(found) if specs.takes(found, 2) else found
