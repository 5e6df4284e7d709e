"""CA-level properties: what `GetCertificateProperty` answers at context 0.

Each name of the fact table that this CA has a value for has one small function; the rest are
known names without a value. Those of CRLs count keys where those of certificates count
certificates: with a number that is no key's own, CRLState says that another certificate looks after
the list, which is how a module that walks all certificates meets each list once.

Spelling, suffix and PROPTYPE have been dealt with before anybody asks here, and so have the
names that depend on who asks: ModuleRegistryLocation, RequesterCAAccess and KeyArchived are
answered in `reading`. Values are read at each call, so an object at context 0 is never stale.
Source: sdk-api certif/nf-certif-icertserverexit-getcertificateproperty; certsrv.h; the exit
sample of the Windows SDK (delta CRLs); docs/rulings.md (Properties).
"""

from __future__ import annotations

from collections.abc import Callable

from certsim._engine import ca_names, crl_table
from certsim._engine.state import CAState
from certsim.database.rows import Value
from certsim.errors import ComError
from certsim.facts.dispositions import CADisposition
from certsim.facts.hresults import HRESULT
from certsim.facts.properties import CA_PROPERTIES

_Reader = Callable[[CAState, int], Value]
"""Take the CA and the index of one of its certificates; return the value in its own type."""
_OF_KEYS = frozenset(fact.name for fact in CA_PROPERTIES if fact.indexed == "crl")


def read(state: CAState, name: str, index: int | None) -> Value | None:
    """Return the CA property *name* (the table's spelling), or `None` when it has no value.

    *index* is the number behind the dot, counted from 0 in the order of renewals; `None` means
    the newest certificate, or its key. LONG values are `int`, STRING `str`, BINARY the DER as
    `bytes`.
    Errors: `ComError` E_INVALIDARG for an index out of range (assumed), 0x80070002 for a CRL that
    does not exist. Source: the page above; docs/rulings.md (Properties).
    """
    reader = _READERS.get(name)
    last = len(state.certificates) - 1
    if index is not None and index > last:
        raise ComError(HRESULT.E_INVALIDARG, f"{name}.{index}: the last index is {last}")
    if index is None:
        index = state.issuer.key_index if name in _OF_KEYS else last
    return None if reader is None else reader(state, index)


def _cert_state(state: CAState, index: int) -> int:
    # The page has two more states, revoked and never issued; a CA here meets neither.
    expired = state.now() > state.certificates[index].not_after
    return int(CADisposition.INVALID if expired else CADisposition.VALID)


def _crl_state(state: CAState, index: int) -> int:
    # The page has one more state, revoked, which no CA here meets.
    if state.certificates[index].key_index != index:
        return int(CADisposition.ERROR)
    bases = crl_table.lists(state, index, delta=False)
    good = crl_table.unexpired(bases, state.now())
    return int(CADisposition.VALID if good else CADisposition.INVALID)


_READERS: dict[str, _Reader] = {
    "CAType": lambda state, _: int(state.identity.ca_type),
    "CertCount": lambda state, _: len(state.certificates),
    "CertState": _cert_state,
    "CertSuffix": lambda _, index: ca_names.suffix(index),
    "RawCACertificate": lambda state, index: state.certificates[index].raw,
    "CRLIndex": lambda state, index: state.certificates[index].key_index,
    "CRLState": _crl_state,
    "CRLSuffix": lambda state, index: ca_names.suffix(state.certificates[index].key_index),
    "RawCRL": lambda state, index: crl_table.current(state, index, delta=False).raw,
    "RawDeltaCRL": lambda state, index: crl_table.current(state, index, delta=True).raw,
    "fUseDS": lambda state, _: int(bool(state.registry.integer("UseDS"))),
    "MachineDNSName": lambda state, _: state.identity.dns_name,
    "SanitizedCAName": lambda state, _: state.identity.sanitized,
    "SanitizedShortName": lambda state, _: state.identity.short,
    "fDeltaCRLsDisabled": lambda state, _: int(not state.registry.integer("CRLDeltaPeriodUnits")),
    # Nothing is ever upgraded in place, and every request has a lasting row.
    "fServerUpgraded": lambda _state, _index: 0,
    "VolatileMode": lambda _state, _index: 0,
    "SessionCount": lambda state, _: state.registry.integer("DBSessionCount"),
}
