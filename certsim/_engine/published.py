"""What comes of a publication: the list that was signed, and how each of its places fared.

A failed place is data and no error: the list exists, stands in the CRL table and can be read there,
and the CA tries the place again. On Windows the call would return the first of these failures.
Source: MS-CSRA 3.1.4.1.6; docs/rulings.md (CRLs).
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs
from cryptography import x509

from certsim.errors import describe
from certsim.facts.flags import CRLKind


@attrs.frozen
class Location:
    """Hold one place that a CRL was to be written to, and what came of it.

    *place* is the line's text with its tokens filled in, printable; *hresult* is signed, 0 for a
    place that has the list.
    """

    place: str
    hresult: int

    def __str__(self) -> str:
        """Return the location as one line."""
        return f"{self.place}: {describe(self.hresult)}" if self.hresult else self.place


@attrs.frozen
class PublishedCRL:
    """Hold one CRL that was published: *kind* is BASE or DELTA, *raw* the list itself, DER.

    *key_index* is the index of the CA key that signed it, *number* the CRL number, which all lists
    of one run share. *locations* are in the order of the configured lines.
    Source: MS-CSRA 3.1.4.1.6.
    """

    kind: CRLKind
    key_index: int
    number: int
    raw: bytes = attrs.field(repr=False)
    locations: tuple[Location, ...] = ()

    @property
    def crl(self) -> x509.CertificateRevocationList:
        """Return the list, parsed at each call."""
        return x509.load_der_x509_crl(self.raw)

    @property
    def status(self) -> int:
        """Return the first failing HRESULT (signed) of the locations, 0 if there is none."""
        return first_failure(self.locations)

    def __str__(self) -> str:
        """Return the publication as one line."""
        what = f"{self.kind.name} CRL {self.number} of key {self.key_index}"
        return "; ".join((what, *map(str, self.locations)))


def first_failure(locations: Iterable[Location]) -> int:
    """Return the HRESULT of the first of *locations* that failed, 0 if none did."""
    return next((place.hresult for place in locations if place.hresult), 0)
