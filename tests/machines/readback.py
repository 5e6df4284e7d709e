"""Lists as a client reads them: with `cryptography`, and put together as RFC 5280 tells.

What is read has the shape of the model's lists, so that the two can be compared at one glance.
Source: RFC 5280 5.2.4 (a base and its delta), 5.3.1; MS-CSRA 3.1.4.1.6 (extensions).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import ObjectIdentifier

from tests.machines.crl_model import CRL, REMOVE

CA_VERSION, NEXT_PUBLISH = "1.3.6.1.4.1.311.21.1", "1.3.6.1.4.1.311.21.4"
_REASONS = {
    x509.ReasonFlags.key_compromise: 1,
    x509.ReasonFlags.ca_compromise: 2,
    x509.ReasonFlags.affiliation_changed: 3,
    x509.ReasonFlags.superseded: 4,
    x509.ReasonFlags.cessation_of_operation: 5,
    x509.ReasonFlags.certificate_hold: 6,
    x509.ReasonFlags.remove_from_crl: REMOVE,
}
_UTC_TIME = 0x17
Listed = tuple[int, datetime, int]
"""Serial number, date and reason of one entry."""


def said(crl: x509.CertificateRevocationList) -> dict[str, object]:
    """Return what *crl* says, as far as the model knows of it."""
    version = int.from_bytes(_content(crl, CA_VERSION))
    return {
        "key": version >> 16,
        "signer": version & 0xFFFF,
        "number": crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number,
        "least": _least(crl),
        "begins": crl.last_update_utc,
        "due": _moment(crl, NEXT_PUBLISH),
        "ends": crl.next_update_utc,
        "entries": entries(crl),
    }


def foretold(crl: CRL) -> dict[str, object]:
    """Return the same of a list of the model."""
    return {
        "key": crl.key,
        "signer": crl.signer,
        "number": crl.number,
        "least": crl.least,
        "begins": crl.begins,
        "due": crl.due,
        "ends": crl.ends,
        "entries": [(int(entry.serial, 16), entry.date, entry.reason) for entry in crl.entries],
    }


def entries(crl: x509.CertificateRevocationList) -> list[Listed]:
    """Return the entries in their order; one without a reason has 0."""
    return [(held.serial_number, held.revocation_date_utc, _reason(held)) for held in crl]


def together(base: Sequence[Listed], delta: Sequence[Listed]) -> dict[int, int]:
    """Return who is revoked, and why, to a client that has a base and a delta to it."""
    revoked = {serial: reason for serial, _, reason in base}
    for serial, _, reason in delta:
        revoked[serial] = reason
        if reason == REMOVE:
            del revoked[serial]
    return revoked


def _reason(held: x509.RevokedCertificate) -> int:
    try:
        return _REASONS[held.extensions.get_extension_for_class(x509.CRLReason).value.reason]
    except x509.ExtensionNotFound:
        return 0


def _least(crl: x509.CertificateRevocationList) -> int:
    try:
        found = crl.extensions.get_extension_for_class(x509.DeltaCRLIndicator)
    except x509.ExtensionNotFound:
        return 0
    assert found.critical
    return found.value.crl_number


def _value(crl: x509.CertificateRevocationList, name: str) -> bytes:
    held = crl.extensions.get_extension_for_oid(ObjectIdentifier(name)).value
    assert isinstance(held, x509.UnrecognizedExtension)
    return held.value


def _content(crl: x509.CertificateRevocationList, name: str) -> bytes:
    """Return what a short element holds, without its two bytes of tag and length."""
    return _value(crl, name)[2:]


def _moment(crl: x509.CertificateRevocationList, name: str) -> datetime:
    form = "%y%m%d%H%M%SZ" if _value(crl, name)[0] == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return datetime.strptime(_content(crl, name).decode(), form).replace(tzinfo=UTC)
