"""The switches for what the sources leave open, each off the documented path by choice only."""

from __future__ import annotations

import attrs


@attrs.frozen
class Fidelity:
    """Choose between readings where documents are silent or observers disagree.

    *strict_context*: CA properties answer at context 0 alone, else E_INVALIDARG.
    *denied_when_failed*: a request that cannot be read fires CERTDENIED.
    *retrieve_pending*: CERTRETRIEVEPENDING is fired at all.
    *startup*: STARTUP (0x80) is fired to the modules that ask for it.
    Source: docs/rulings.md (Fidelity switches).
    """

    strict_context: bool = False
    denied_when_failed: bool = True
    retrieve_pending: bool = True
    startup: bool = False
