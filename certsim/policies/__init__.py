"""Policy modules that come with certsim: guests like any other, on the ground floors.

A CA has exactly one policy module, and asks it what shall become of each request. Those here reach
the engine as a stranger's package would: through `Dispatch`, the sockets and their registry key
(CONTRIBUTING.md, law 6). So they can be read as examples, and copied from.
Source: win32 SecCrypto (policy modules); sdk-api certpol/nn-certpol-icertpolicy.
"""

from certsim.policies.function import FunctionPolicy
from certsim.policies.standalone import Standalone

__all__ = ["FunctionPolicy", "Standalone"]
