"""Which template a request names. A standalone CA issues by none, but keeps the name.

Templates live in a directory, and an enterprise CA takes from them what a certificate shall hold.
certsim has neither; but clients name a template all the same, and modules that were written for an
enterprise CA read the column CertificateTemplate and decide by it.
Source: wincrypt.h (the two extensions); docs/rulings.md (Attributes and extensions).
"""

from __future__ import annotations

from cryptography.x509 import ObjectIdentifier

from certsim._engine import asn1, names
from certsim._engine.drafts import Draft
from certsim.facts import oids
from certsim.facts.schema import COLUMNS

_ATTRIBUTE = "certificatetemplate"
MAX_TEMPLATE = COLUMNS["CertificateTemplate"].max_length
"""Characters the column holds. Source: `certutil -schema` (CertificateTemplate)."""


def named(draft: Draft) -> str:
    """Return the template a request names: by attribute, else by extension; empty if by none.

    The extension 1.3.6.1.4.1.311.20.2 holds a name, 1.3.6.1.4.1.311.21.7 an OID. One that cannot
    be read names nothing, since it is policy's to judge and may be none of the CA's business. What
    is longer than the column is cut.
    """
    for row in draft.attributes:
        if row.name.lower() == _ATTRIBUTE:
            return row.value[:MAX_TEMPLATE]
    return (_by_name(draft) or _by_oid(draft))[:MAX_TEMPLATE]


def _by_name(draft: Draft) -> str:
    """Return the name in the older extension: one string, a BMPString as a rule."""
    row = draft.extension(oids.ENROLL_CERTTYPE)
    if row is None:
        return ""
    try:
        return names.text_of(asn1.decode(asn1.TLV, row.value))
    except asn1.DecodeError:
        return ""


def _by_oid(draft: Draft) -> str:
    """Return the OID in the newer extension, whose versions behind it do not count."""
    row = draft.extension(oids.CERTIFICATE_TEMPLATE)
    if row is None:
        return ""
    try:
        template, *_versions = asn1.elements(asn1.decode(asn1.TLV, row.value))
        return asn1.parse(ObjectIdentifier, template).dotted_string
    except (asn1.DecodeError, ValueError):
        return ""
