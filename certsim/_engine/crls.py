"""Row in, signed bytes out: the lists of revoked certificates.

What a list says of one certificate is encoded once, when that is revoked, and kept with its row.
To publish is then to join what is there, and to sign: a million entries are half a second's work.
A list of that length is megabytes, so it is copied no oftener than it takes: at the peak what was
signed and the finished list are there, and nothing else of their size.

Which rows belong on a list is the shelf's to find and the times are those of `crl_times`; nothing
is judged here. Tests compare the bytes with those of `cryptography`'s
`CertificateRevocationListBuilder` for every shape of entry.
Source: RFC 5280 5; MS-CSRA 3.1.4.1.6 (extensions); docs/rulings.md (CRLs).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
from cryptography import x509

from certsim._engine import asn1
from certsim._engine.crl_times import Times
from certsim._engine.x509 import CACertificate, seal, uris
from certsim.facts import oids
from certsim.facts.dispositions import RevocationReason

_VERSION_2 = b"\x02\x01\x01"
_ENUMERATED, _EXTENSIONS = b"\x0a", b"\xa0"


def entry(serial_number: str, effective: datetime, reason: int) -> bytes:
    """Return what a list says of one certificate: number, date and, unless it is 0, the reason.

    *serial_number* is hexadecimal text with or without leading zeros, *effective* the aware UTC
    date of the revocation in whole seconds. A *reason* of -1, which is a release from hold,
    becomes removeFromCRL; the others are those of RFC 5280.
    Source: RFC 5280 5.1.2.6, 5.3.1; MS-CSRA 3.1.4.1.6.
    """
    code = RevocationReason.REMOVE_FROM_CRL if reason == RevocationReason.RELEASE else reason
    return asn1.wrap(
        asn1.SEQUENCE,
        asn1.encode(int(serial_number, 16)),
        asn1.time(effective),
        _reason(code) if code else b"",
    )


def _reason(code: int) -> bytes:
    value = asn1.wrap(_ENUMERATED, bytes((code,)))
    return asn1.wrap(asn1.SEQUENCE, asn1.extension(oids.CRL_REASON, value, critical=False))


@attrs.frozen
class Content:
    """Hold what one list shall say besides its entries.

    *min_base* is the number of the base that a delta adds to, `None` in a base. *published* is
    where this very list is kept, *freshest* where the delta to a base is, *idp* what the issuing
    distribution point says: URLs, ASCII, and without any the extension is left out.
    *number_critical* is CRLFlags 4.
    Source: RFC 5280 5.2; MS-CSRA 3.1.4.1.6; certsrv.h (flag).
    """

    number: int
    times: Times
    min_base: int | None = None
    number_critical: bool = False
    published: Sequence[str] = ()
    freshest: Sequence[str] = ()
    idp: Sequence[str] = ()


def build(issuer: CACertificate, entries: Sequence[bytes], content: Content) -> bytes:
    """Return a version 2 CRL (DER) signed by *issuer*, *entries* in the order given.

    Without entries there is no list of them. Errors: `ComError` NTE_FAIL when the key cannot sign,
    NTE_BAD_SIGNATURE (0x80090006) when the signature does not hold.
    Source: RFC 5280 5.1; MS-CSRA 3.1.4.1.6 (the check).
    """
    body = asn1.long_sequence(
        [
            _VERSION_2,
            issuer.algorithm,
            issuer.name,
            asn1.time(content.times.this_update),
            asn1.time(content.times.next_update),
            asn1.header(asn1.SEQUENCE, sum(map(len, entries))) if entries else b"",
            *entries,
            _extensions(issuer, content),
        ]
    )
    return seal(issuer, body, checked=True)


def _extensions(issuer: CACertificate, content: Content) -> bytes:
    identifier = x509.AuthorityKeyIdentifier(issuer.key_identifier, None, None)
    base = b"" if content.min_base is None else asn1.encode(content.min_base)
    extensions = (
        (oids.AUTHORITY_KEY_IDENTIFIER, identifier.public_bytes(), False),
        (oids.CA_VERSION, asn1.encode(issuer.name_id), False),
        (oids.CRL_NUMBER, asn1.encode(content.number), content.number_critical),
        (oids.DELTA_CRL_INDICATOR, base, True),
        (oids.CRL_NEXT_PUBLISH, asn1.time(content.times.next_publish), False),
        (oids.FRESHEST_CRL, _point(content.freshest), False),
        (oids.CRL_SELF_CDP, _point(content.published), False),
        (oids.ISSUING_DISTRIBUTION_POINT, _issuing_point(content.idp), True),
    )
    parts = [
        asn1.extension(name, value, critical=critical)
        for name, value, critical in extensions
        if value
    ]
    return asn1.wrap(_EXTENSIONS, asn1.wrap(asn1.SEQUENCE, *parts))


def _point(urls: Sequence[str]) -> bytes:
    """Return one distribution point with all *urls* (RFC 5280 4.2.1.13), nothing for none."""
    if not urls:
        return b""
    point = x509.DistributionPoint(uris(urls), None, None, None)
    return x509.CRLDistributionPoints([point]).public_bytes()


def _issuing_point(urls: Sequence[str]) -> bytes:
    """Return an issuing distribution point (RFC 5280 5.2.5) of *urls*, nothing for none.

    It narrows nothing down: the list is about every kind of certificate and every reason.
    """
    if not urls:
        return b""
    return x509.IssuingDistributionPoint(
        full_name=uris(urls),
        relative_name=None,
        only_contains_user_certs=False,
        only_contains_ca_certs=False,
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    ).public_bytes()
