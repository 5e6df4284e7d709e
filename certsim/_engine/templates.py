"""Which template a request names. A standalone CA issues by none, but keeps the name.

Source: DESIGN 4 (CertificateTemplate copied from attribute or extension); ca-behaviour.md 2.4.
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptography.x509 import ObjectIdentifier

from certsim._engine import asn1, names
from certsim._engine.drafts import Draft
from certsim.database.rows import AttributeRow
from certsim.facts import oids

_ATTRIBUTE = "certificatetemplate"
MAX_TEMPLATE = 254
"""Characters the column holds. Source: interfaces.md 4.1 (CertificateTemplate)."""


def named(rows: Iterable[AttributeRow], draft: Draft) -> str:
    """Return the template a request names: by attribute, else by extension; empty if by none.

    The extension 1.3.6.1.4.1.311.20.2 holds a name, 1.3.6.1.4.1.311.21.7 an OID. One that cannot
    be read names nothing. What is longer than the column is cut.
    """
    for row in rows:
        if row.name.lower() == _ATTRIBUTE:
            return row.value[:MAX_TEMPLATE]
    return (_by_name(draft) or _by_oid(draft))[:MAX_TEMPLATE]


def _by_name(draft: Draft) -> str:
    row = draft.extension(oids.ENROLL_CERTTYPE)
    if row is None:
        return ""
    try:
        return names.text_of(asn1.decode(asn1.TLV, row.value))
    except asn1.DecodeError:
        return ""


def _by_oid(draft: Draft) -> str:
    row = draft.extension(oids.CERTIFICATE_TEMPLATE)
    if row is None:
        return ""
    try:
        template, *_versions = asn1.elements(asn1.decode(asn1.TLV, row.value))
        return asn1.parse(ObjectIdentifier, template).dotted_string
    except (asn1.DecodeError, ValueError):
        return ""
