"""From a ProgID to an object: the one thing guests need in order to reach the engine.

A module on a Windows CA says `Dispatch("CertificateAuthority.ServerExit")` and never imports the
server. So it is here: a process-wide table from ProgID to factory that knows nobody. Those who
have classes to offer enter them with `register`; nothing is imported from here upwards.
Nothing here is COM: no registration database, no apartments, no marshalling. Two classes are
entered today, CertificateAuthority.ServerExit and CertificateAuthority.ServerPolicy.
Source: sdk-api certif/nn-certif-icertserverexit (ProgID); pywin32 `Dispatch`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from certsim.errors import ComError
from certsim.facts.hresults import HRESULT

_factories: dict[str, Callable[[], object]] = {}


def register(factory: Callable[[], object], *names: str) -> None:
    """Enter *factory* under each of *names* (ProgIDs or CLSIDs; case is ignored)."""
    for name in names:
        _factories[name.lower()] = factory


def Dispatch(progid: str, /) -> Any:  # noqa: N802, ANN401  (pywin32's name; late bound)
    """Make the object that *progid* names, as pywin32's `Dispatch` does.

    The result is `Any` because that is what late binding means: the caller knows the interface.
    Errors: `ComError` CO_E_CLASSSTRING (0x800401F3) for a name nobody entered.
    Source: pywin32 `Dispatch`; winerror.h (CO_E_CLASSSTRING is COM's own word for it).
    """
    factory = _factories.get(progid.lower()) if isinstance(progid, str) else None
    if factory is None:
        raise ComError(
            HRESULT.CO_E_CLASSSTRING,
            f"no class is registered as {progid!r}; there are {', '.join(sorted(_factories))}",
        )
    return factory()
