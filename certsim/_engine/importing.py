"""Bytes in, row out: a certificate that was not issued through this database.

It may be the CA's own, lost in a disaster and found in a backup, or a stranger's whose key one
wants to archive. Subject, dates, key and extensions are read off the certificate; what a request
would have said is not there, and those columns stay empty. Nothing of it is judged: an import is
the word of an officer.
Source: MS-CSRA 3.1.4.1.26; sdk-api certadm/nf-certadm-icertadmin-importcertificate;
docs/rulings.md (Import).
"""

from __future__ import annotations

from datetime import datetime

import attrs
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from certsim._engine import asn1, audit, building, messages, names, serials, templates
from certsim._engine.arguments import MAX_ACCOUNT
from certsim._engine.door import Door, Errand
from certsim._engine.drafts import Draft
from certsim._engine.lifecycle import Guard
from certsim._engine.state import CAState
from certsim._engine.x509 import CACertificate, issuer_of, key_identifier
from certsim.database.rows import ExtensionRow, Row, Value
from certsim.database.shelf import Condition, request_ids
from certsim.errors import ComError
from certsim.facts.dispositions import RowDisposition
from certsim.facts.flags import CRLFlag, ExtensionFlag, ExtensionOrigin, KRAFlag
from certsim.facts.hresults import HRESULT
from certsim.facts.views import SeekOperator

_VERSION, _EXTENSIONS = b"\xa0", b"\xa3"
_CRITICAL = int(ExtensionFlag.CRITICAL)


@attrs.frozen
class Imported:
    """Hold a certificate that was read, and *issuer*: the CA certificate it is signed under.

    *issuer* is `None` for a foreign one. *serial* is as the database keeps it, *subject* and
    *public_key_info* are the encodings in *raw*.
    """

    raw: bytes
    serial: str
    not_before: datetime
    not_after: datetime
    subject: bytes
    public_key_info: bytes
    extensions: tuple[ExtensionRow, ...]
    issuer: CACertificate | None

    @property
    def guard(self) -> Guard:
        """Return which step of the table the import is."""
        return Guard.FOREIGN if self.issuer is None else Guard.OWN


def read(state: CAState, certificate: object, *, allow_foreign: bool) -> Imported:
    """Return what *certificate*, DER bytes or an `x509.Certificate`, says.

    Errors: `ComError` ERROR_INVALID_DATA (0x8007000D) for anything that is not one certificate in
    DER, with a name and a key that can be read; CERT_E_ISSUERCHAINING (0x800B0107) for a foreign
    one unless *allow_foreign* and bit 1 of the registry's KRAFlags are set,
    CERTSRV_E_ENCODING_LENGTH (assumed) for over 16,384 bytes, E_NOTIMPL while CRLFlags ask for CRL
    partitions.
    Source: MS-CSRA 3.1.4.1.26; docs/rulings.md (Import).
    """
    if state.settings.crl_flags & CRLFlag.ENABLE_CRL_PARTITION:
        raise ComError(HRESULT.E_NOTIMPL, "nothing is imported while CRLs are partitioned")
    found = _read(certificate, state.certificates)
    if len(found.raw) > building.MAX_CERTIFICATE:
        raise ComError(
            HRESULT.CERTSRV_E_ENCODING_LENGTH,
            f"the certificate is over {building.MAX_CERTIFICATE:,} bytes: {len(found.raw):,}",
        )
    let_in = allow_foreign and state.settings.kra_flags & KRAFlag.ENABLEFOREIGN
    if found.issuer is None and not let_in:
        raise ComError(
            HRESULT.CERT_E_ISSUERCHAINING,
            "this CA did not sign the certificate: to let it in, allow foreign ones in the call and"
            " set bit 1 of KRAFlags before the start",
        )
    return found


def _read(certificate: object, candidates: tuple[CACertificate, ...]) -> Imported:
    try:
        if isinstance(certificate, bytes):
            certificate = x509.load_der_x509_certificate(certificate)
        if not isinstance(certificate, x509.Certificate):
            raise TypeError
        body = asn1.elements(asn1.decode(asn1.TLV, certificate.tbs_certificate_bytes))
        if body[0].tag_bytes == _VERSION:
            del body[0]
        _serial, _algorithm, _issuer, _life, subject, key, *rest = body
        # What modules read later on has to be readable: the name, the key, a number not below 0.
        names.read(asn1.raw(subject))
        certificate.public_key()
        if certificate.serial_number < 0:
            raise ValueError
        return Imported(
            certificate.public_bytes(Encoding.DER),
            serials.text_of(certificate.serial_number),
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
            asn1.raw(subject),
            asn1.raw(key),
            tuple(row for part in rest if part.tag_bytes == _EXTENSIONS for row in _rows(part)),
            issuer_of(certificate, candidates),
        )
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, Warning) as error:
        # Some odd certificates only warn, which may count as an error.
        raise ComError(
            HRESULT.ERROR_INVALID_DATA, "an import takes one certificate, and this is none"
        ) from error


def _rows(element: asn1.TLV) -> list[ExtensionRow]:
    origin = int(ExtensionOrigin.IMPORTEDCERT)
    held = asn1.decode(asn1.ExtensionsBox, asn1.wrap(asn1.SEQUENCE, bytes(element.data)))
    return [
        ExtensionRow(row.name.dotted_string, origin | _CRITICAL * row.critical, row.value)
        for row in held.extensions
    ]


def known(state: CAState, found: Imported) -> int | None:
    """Return the id of the row that has this very certificate, if it is a foreign one.

    Errors: `ComError` ERROR_OBJECT_EXISTS (0x80071392) for any other whose serial number is
    taken. Source: MS-CSRA 3.1.4.1.26.
    """
    row = state.shelf.by_serial(found.serial)
    if row is None:
        return None
    if found.issuer is None and row.columns.get("RawCertificate") == found.raw:
        return row.request_id
    raise ComError(
        HRESULT.ERROR_OBJECT_EXISTS,
        f"request {row.request_id} has a certificate with the serial number {found.serial}",
    )


def waiting(state: CAState, found: Imported) -> int:
    """Return the id of the first pending request for the certificate's key.

    Errors: `ComError` CRYPT_E_NO_MATCH (0x80092009) when there is none.
    Source: MS-CSRA 3.1.4.1.26; docs/rulings.md (Import).
    """
    wanted = key_identifier(found.public_key_info)
    pending = Condition("Request.Disposition", SeekOperator.EQ, int(RowDisposition.PENDING))
    for request_id in request_ids(state.shelf, pending):
        row = state.shelf.get(request_id)
        if row is not None and key_identifier(row.public_key_info) == wanted:
            return request_id
    raise ComError(HRESULT.CRYPT_E_NO_MATCH, "no pending request is for this certificate's key")


def _row(
    state: CAState, standing: Row, end: dict[str, Value], found: Imported, errand: Errand
) -> Row:
    """Return the row of an imported certificate: *standing* completed, or a new one.

    The officer is requester and caller of a new row; a request that had waited keeps its own.
    """
    account, now = errand.by[:MAX_ACCOUNT], errand.now
    new: dict[str, Value] = {
        "Request.RequestID": standing.request_id,
        "RequestID": standing.request_id,
        "Request.RequesterName": account,
        "Request.CallerName": account,
        "Request.SubmittedWhen": now,
        "Request.RawName": found.subject,
    }
    columns = {
        **(standing.columns or new),
        "Request.StatusCode": 0,
        "Request.ResolvedWhen": now,
        "Request.DispositionMessage": messages.join(f"Imported by {errand.by}"),
        "RawCertificate": found.raw,
        "RawName": found.subject,
        "SerialNumber": found.serial,
        "NotBefore": found.not_before,
        "NotAfter": found.not_after,
    }
    if found.issuer is not None:
        columns["IssuerNameID"] = found.issuer.name_id
    draft = Draft.of(
        attrs.evolve(
            standing,
            columns=columns,
            extensions=found.extensions,
            public_key_info=found.public_key_info,
        ),
        (),
    )
    draft.forget_names()  # what policy wished for while the request waited is history
    template = templates.named(draft)
    named = {"CertificateTemplate": template} if template else {}
    return draft.row({**named, **building.outliving(draft, state.settings), **end})


def take_in(state: CAState, door: Door, errand: Errand, found: Imported) -> int:
    """Let what was *found* into the database: as a new row, or to complete the errand's.

    Returns the request id; for a foreign certificate that is there already, its id.
    Errors: those of `known` and `Door.apply`.
    """

    def guard(_row: Row) -> Guard:
        if known(state, found) is not None:
            raise ComError(HRESULT.ERROR_OBJECT_EXISTS, "the certificate is there already")
        return found.guard

    try:
        return door.apply(
            errand,
            lambda standing, end: _row(state, standing, {**end}, found, errand),
            guard=guard,
            audit=lambda row: audit.imported(state, row, errand.by),
        ).request_id
    except ComError:
        there = known(state, found)
        if there is None:
            raise
        return there
