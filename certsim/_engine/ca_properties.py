"""CA-level properties: what `GetCertificateProperty` answers at context 0.

Each name of the fact table that this CA has a value for has one small function; the rest are
known names without a value. CRL properties answer as a CA does that has published none.

Spelling, suffix and PROPTYPE have been dealt with before anybody asks here, and so have the
names that depend on who asks: ModuleRegistryLocation, RequesterCAAccess and KeyArchived are
answered in `reading`. Values are read at each call, so an object at context 0 is never stale.
Source: sdk-api certif/nf-certif-icertserverexit-getcertificateproperty; certsrv.h; the exit
sample of the Windows SDK (delta CRLs); docs/rulings.md (Properties).
"""

from __future__ import annotations

from collections.abc import Callable

from certsim._engine import ca_names
from certsim._engine.state import CAState
from certsim.database.rows import Value
from certsim.errors import ComError
from certsim.facts.dispositions import CADisposition
from certsim.facts.hresults import HRESULT

_Reader = Callable[[CAState, int], Value]
"""Take the CA and the index of one of its certificates; return the value in its own type."""


def read(state: CAState, name: str, index: int | None) -> Value | None:
    """Return the CA property *name* (the table's spelling), or `None` when it has no value.

    *index* is the number behind the dot, counted from 0 in the order of renewals; `None` means
    the newest. LONG values are `int`, STRING `str`, BINARY the DER as `bytes`.
    Errors: `ComError` E_INVALIDARG for an index out of range (assumed), 0x80070002 for a CRL that
    does not exist. Source: the page above; docs/rulings.md (Properties).
    """
    reader = _READERS.get(name)
    last = len(state.certificates) - 1
    if index is not None and index > last:
        raise ComError(HRESULT.E_INVALIDARG, f"{name}.{index}: the last index is {last}")
    return None if reader is None else reader(state, last if index is None else index)


def _cert_state(state: CAState, index: int) -> int:
    # The page has two more states, revoked and never issued; a CA here meets neither.
    expired = state.now() > state.certificates[index].not_after
    return int(CADisposition.INVALID if expired else CADisposition.VALID)


def _no_crl(_state: CAState, _index: int) -> Value:
    # Documented for a delta CRL only, by the exit sample; that the base CRL answers alike is the
    # reading of docs/rulings.md (Properties).
    raise ComError(HRESULT.ERROR_FILE_NOT_FOUND, "no CRL has been published")


_READERS: dict[str, _Reader] = {
    "CAType": lambda state, _: int(state.identity.ca_type),
    "CertCount": lambda state, _: len(state.certificates),
    "CertState": _cert_state,
    "CertSuffix": lambda _, index: ca_names.suffix(index),
    "RawCACertificate": lambda state, index: state.certificates[index].raw,
    "CRLIndex": lambda state, index: state.certificates[index].key_index,
    "CRLState": lambda _state, _index: int(CADisposition.INVALID),
    "CRLSuffix": lambda _, index: ca_names.suffix(index),
    "RawCRL": _no_crl,
    "RawDeltaCRL": _no_crl,
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
