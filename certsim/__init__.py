"""A pure-Python reference emulator of the Microsoft Certificate Services server engine.

It loads exit modules written against `ICertExit`, runs a simulated certification authority, and
tells the modules what happens there, as the Windows service would. It is a model to imitate and
never a CA to trust.

`CertificationAuthority` is what a test or a lesson drives, and is named as Python names things.
What a module touches is named as Microsoft names it: `Dispatch("CertificateAuthority.ServerExit")`
makes the object to read with, `ExitEvent` and `PropType` are the numbers to pass, `ComError` is
what a failing call raises. The protocols (`ICertExit` and its kin) are for type checkers; a module
has to inherit from none of them.

Four enumerations tell "what happened", and are four on purpose, since their numbers overlap:
`RowDisposition` is the database's, `CRDisposition` the client's, `CADisposition` the answer to a
validity check, `Verdict` the policy module's.
Source: certsrv.h; MS-WCCE 3.2.1.4.2.1.3; sdk-api certadm and certpol.

The rooms stand on floors, and imports lead down only: `facts` and `sources`; `errors`;
`interfaces`, `activation`, `registry` and `database`; the modules in `policies`; `_engine`; `ca`;
this front door; `cli`. Everything in `_engine` may change with any release.

The names below are loaded when they are first used, so that `import certsim` costs next to nothing
where a test session only might need it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from certsim._version import __version__

# Said again: type checkers and editors read this list, and the running program reads `_HOMES`.
if TYPE_CHECKING:
    from certsim._engine.fidelity import Fidelity
    from certsim._engine.outcome import Outcome
    from certsim._engine.property_store import CCertServerExit, CCertServerPolicy, Dispatch
    from certsim._engine.published import PublishedCRL
    from certsim._engine.security import Security
    from certsim.ca import CertificationAuthority
    from certsim.errors import CertSimError, ComError, ModuleLoadError, com_error
    from certsim.facts.dispositions import (
        CADisposition,
        CAType,
        CRDisposition,
        RevocationReason,
        RowDisposition,
        Verdict,
    )
    from certsim.facts.events import ExitEvent
    from certsim.facts.flags import CAAccess
    from certsim.facts.properties import PropType
    from certsim.interfaces import (
        ICertExit,
        ICertExit2,
        ICertManageModule,
        ICertPolicy,
        ICertPolicy2,
        ICertServerExit,
        ICertServerPolicy,
    )
    from certsim.sources import Sources

__all__ = [
    "CAAccess",
    "CADisposition",
    "CAType",
    "CCertServerExit",
    "CCertServerPolicy",
    "CRDisposition",
    "CertSimError",
    "CertificationAuthority",
    "ComError",
    "Dispatch",
    "ExitEvent",
    "Fidelity",
    "ICertExit",
    "ICertExit2",
    "ICertManageModule",
    "ICertPolicy",
    "ICertPolicy2",
    "ICertServerExit",
    "ICertServerPolicy",
    "ModuleLoadError",
    "Outcome",
    "PropType",
    "PublishedCRL",
    "RevocationReason",
    "RowDisposition",
    "Security",
    "Sources",
    "Verdict",
    "__version__",
    "com_error",
]

_HOMES = {
    "certsim._engine.fidelity": ("Fidelity",),
    "certsim._engine.outcome": ("Outcome",),
    "certsim._engine.property_store": ("CCertServerExit", "CCertServerPolicy", "Dispatch"),
    "certsim._engine.published": ("PublishedCRL",),
    "certsim._engine.security": ("Security",),
    "certsim.ca": ("CertificationAuthority",),
    "certsim.errors": ("CertSimError", "ComError", "ModuleLoadError", "com_error"),
    "certsim.facts.dispositions": (
        "CADisposition",
        "CAType",
        "CRDisposition",
        "RevocationReason",
        "RowDisposition",
        "Verdict",
    ),
    "certsim.facts.events": ("ExitEvent",),
    "certsim.facts.flags": ("CAAccess",),
    "certsim.facts.properties": ("PropType",),
    "certsim.interfaces": (
        "ICertExit",
        "ICertExit2",
        "ICertManageModule",
        "ICertPolicy",
        "ICertPolicy2",
        "ICertServerExit",
        "ICertServerPolicy",
    ),
    "certsim.sources": ("Sources",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Load the public *name* from its home, or the package of policy modules.

    Errors: `AttributeError` for a name that is not public. Source: PEP 562.
    """
    if name == "policies":
        return import_module("certsim.policies")
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'certsim' has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    # An ordinary name from now on: Python comes here only for names that it does not find.
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
