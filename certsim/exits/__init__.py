"""Exit modules that come with certsim: guests like any other, on the ground floors.

A CA may have none or several, and tells each what it has decided. Those here reach the engine as
a stranger's package would: through `Dispatch`, the sockets and their registry key (CONTRIBUTING.md,
law 6). So they can be read as examples, and copied from.
Source: win32 SecCrypto/exit-modules; sdk-api certexit/nn-certexit-icertexit.
"""

from certsim.exits.default import Default

__all__ = ["Default"]
