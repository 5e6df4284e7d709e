"""The sockets: what the engine and its modules may ask of each other, and nothing more.

Seven COM interfaces as `typing.Protocol` classes, one file for each of Microsoft's headers. A
module matches a socket by having its methods; it needs no base class. The protocols serve type
checkers and readers only: none is `runtime_checkable`, since looking for members belongs to whoever
loads a module.

Conventions of all four files:

- The order in a class body is the order in the vtable, which starts at slot 7 after `IDispatch`.
- Parameters are positional-only, so an implementation may name them freely; the names given are
  Microsoft's. The `[out, retval]` parameter of the IDL is the return value.
- BSTR is `str`, LONG a signed `int`, VARIANT a `PropertyValue`, S_OK a plain return. A failing
  HRESULT is an exception that carries it, and S_FALSE (0x00000001) with nothing to hand back is
  `None`.
- E_POINTER (0x80004003), which some pages show for a null result pointer, cannot arise in Python.
- `Source:` names a page of the SDK's API reference; `Basis:` follows where that page is silent.
  *Observed* means seen in modules or logs, *sample* in the SDK's samples, *header* in the SDK's
  headers, *assumed* is certsim's own ruling.

Source: sdk-api certexit, certif, certmod and certpol; slots and GUIDs from the SDK headers of those
names.
"""

from certsim.interfaces.certexit import ICertExit, ICertExit2
from certsim.interfaces.certif import ICertServerExit, ICertServerPolicy
from certsim.interfaces.certmod import ICertManageModule
from certsim.interfaces.certpol import ICertPolicy, ICertPolicy2

__all__ = [
    "ICertExit",
    "ICertExit2",
    "ICertManageModule",
    "ICertPolicy",
    "ICertPolicy2",
    "ICertServerExit",
    "ICertServerPolicy",
]
