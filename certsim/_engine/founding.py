"""From the front door's arguments to the furniture of a new CA, its first certificate included.

Source: certsrv.h (the values a setup writes); docs/rulings.md (The CA's own certificates).
"""

from __future__ import annotations

from types import UnionType

import attrs

from certsim._engine import ca_certificates, columns
from certsim._engine.fidelity import Fidelity
from certsim._engine.journal import Journal
from certsim._engine.security import Security
from certsim._engine.state import CAState, Identity, Settings
from certsim._engine.x509 import CACertificate
from certsim.database.memory import MemoryShelf
from certsim.errors import ComError, shown
from certsim.facts.dispositions import CAType
from certsim.facts.hresults import HRESULT
from certsim.registry import Registry
from certsim.sources import PrivateKey, Sources

_BELOW = {
    CAType.ENTERPRISE_ROOT: CAType.ENTERPRISE_SUB,
    CAType.STANDALONE_ROOT: CAType.STANDALONE_SUB,
}
"""What a type of root becomes for a CA that has another one above it."""


@attrs.frozen
class Terms:
    """Hold what a CA is given anew each time it is made or opened, checked.

    *parent* is the CA above a subordinate one, *security* says who may do what, *journal_limit* how
    many entries are kept. Errors: `ComError` E_INVALIDARG for an argument of another type.
    """

    sources: Sources
    fidelity: Fidelity
    parent: CAState | None
    security: Security | None
    journal_limit: int

    def __attrs_post_init__(self) -> None:
        """Refuse what these cannot be."""
        _check(self.sources, Sources, "sources")
        _check(self.fidelity, Fidelity, "fidelity")
        _check(self.security, Security | None, "security")
        _check(self.journal_limit, int, "journal_limit")
        if self.journal_limit < 0:
            raise ComError(HRESULT.E_INVALIDARG, "journal_limit is at least 0")


@attrs.frozen
class Founded:
    """Hold a new CA's names, and its first certificate with the key that signs under it."""

    identity: Identity
    certificate: CACertificate
    key: PrivateKey


def found(
    name: str, dns_name: str, ca_type: CAType, key: str | PrivateKey, terms: Terms
) -> Founded:
    """Return what a new CA begins with. *key* is a kind that the sources can make, or a key.

    Errors: those of `ca_certificates.found` and `Identity.of`; `ComError` E_INVALIDARG for a
    subordinate's type without a parent; `ValueError` for an unknown kind of key.
    """
    ca_certificates.common_name(name)
    identity = Identity.of(name, dns_name, _placed(ca_type, terms.parent))
    signing_key = terms.sources.make_key(key) if isinstance(key, str) else key
    above = ca_certificates.issuer_above(terms.parent)
    certificate = ca_certificates.found(name, signing_key, terms.sources, above)
    return Founded(identity, certificate, signing_key)


def register(registry: Registry, identity: Identity) -> None:
    """Write into *registry* who the CA is. Source: certsrv.h (the values a setup writes)."""
    registry.write("", "CAType", int(identity.ca_type))
    registry.write("", "CommonName", identity.name)
    registry.write("", "CAServerName", identity.dns_name)


def in_memory(founded: Founded, terms: Terms) -> CAState:
    """Return the state of a new CA that lives in memory: its registry, an empty database."""
    registry = Registry(founded.identity.sanitized)
    register(registry, founded.identity)
    return CAState(
        founded.identity,
        terms.sources,
        registry,
        terms.fidelity,
        MemoryShelf(columns.read),
        Journal(terms.journal_limit),
        (founded.certificate,),
        Settings.snapshot(registry),
        terms.parent,
        terms.security,
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
            HRESULT.E_INVALIDARG, f"the type {ca_type.name} needs an issuer, the CA above it"
        )
    return ca_type
