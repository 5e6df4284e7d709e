"""How well a fact is known: the scale that every row of this floor is marked with.

Source: the five grades are certsim's own; they sort Microsoft's published pages, the public
headers and samples, and what third parties saw.
"""

import enum


class Basis(enum.StrEnum):
    """Grade a fact by the kind of evidence behind it, strongest first.

    The values are the lower-case names, so a row prints readably in the generated reference.

    Source: certsim's own scale.
    """

    DOCUMENTED = "documented"  # Microsoft Learn, the open specifications, or an RFC says so
    HEADER = "header"  # a public header defines it; no page explains it
    SAMPLE = "sample"  # Microsoft's published samples depend on it
    OBSERVED = "observed"  # third parties saw it on a running server
    ASSUMED = "assumed"  # deduced, remembered or ruled by certsim itself
