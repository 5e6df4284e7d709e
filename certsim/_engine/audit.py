"""The security audit: which of the CA's acts go on record, and with which fields.

On Windows these events stand in the security log; here they are entries of the journal, so that one
list tells what the CA did and what it put on record. An event is written if its bit is in the
AuditFilter that the CA was started with; by default no bit is. Which fields an event has is a table
in `facts.audit`, and what certsim knows nothing of stays away: the hash of the database, and the
security identifier and session of whoever did it. Windows asks its own audit policy besides.
Source: MS-CSRA 3.1.4.2.10; windows-itpro-docs, audit-certification-services; gradenegger.eu on the
single events; docs/rulings.md (Roles and audit).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

import attrs

from certsim._engine import columns
from certsim._engine.journal import Entry, JsonValue
from certsim._engine.lifecycle import Verb
from certsim._engine.state import CAState
from certsim.database.rows import CRLRow, ExtensionRow, Row, Value
from certsim.facts.audit import AUDIT, SUBJECT_FIELDS
from certsim.facts.dispositions import CR_FROM_ROW, RowDisposition
from certsim.facts.flags import POLICY_MASK, CRLKind
from certsim.registry import RegistryValue

_RECEIVED, _DENIED = 4886, 4888
_TABLES = {"request": 0, "extension": 0x3000, "attribute": 0x4000, "crl": 0x5000}
"""CVRC_TABLE_* of the tables rows are deleted from. Source: certview.h."""
_OUTCOMES = {RowDisposition.ISSUED: 4887, RowDisposition.PENDING: 4889}
# A request that could not be read ends as a denied one: there is no event for it alone.


@attrs.frozen
class AuditEntry(Entry):
    """Record one event of the security audit: *when*, its *event_id* and its *fields* by name.

    Values are numbers and text, `None` where a row had no value. Times are ISO 8601, bytes
    hexadecimal pairs with blanks between them, a choice is Yes or No.
    Source: gradenegger.eu on events 4872 and 4880 (hashes, Yes).
    """

    when: datetime
    event_id: int
    fields: tuple[tuple[str, str | int | None], ...]

    def as_dict(self) -> dict[str, JsonValue]:
        """Return the entry as plain data for JSON: each field stands beside `event_id`."""
        entry = super().as_dict()
        del entry["fields"]
        return entry | dict(self.fields)

    def _line(self) -> str:
        told = [f"{name}={'-' if value is None else value}" for name, value in self.fields]
        audited = f"{self.when:%Y-%m-%d %H:%M:%S} audit {self.event_id} {AUDIT[self.event_id].name}"
        return f"{audited}: {', '.join(told)}" if told else audited


def record(state: CAState, event_id: int, by: str = "", **fields: Value | None) -> None:
    r"""Put event *event_id* on record now, if the AuditFilter has its bit.

    *by* is the account whose doing it was, `DOMAIN\user`, for the events that tell; *fields* are
    named as in `facts.audit`, and may be fewer. Errors: `KeyError` for an unknown event and
    `TypeError` for a field that it does not have, whatever the filter.
    """
    if by:
        domain, _, user = by.rpartition("\\")
        fields |= {"SubjectUserName": user, "SubjectDomainName": domain}
    _record(state, state.now(), event_id, fields)


def _record(
    state: CAState, when: datetime, event_id: int, fields: Mapping[str, Value | None]
) -> None:
    fact = AUDIT[event_id]
    names = fact.fields + (SUBJECT_FIELDS if fact.subject else ())
    unknown = fields.keys() - {*names}
    if unknown:
        raise TypeError(f"event {event_id} has no field {min(unknown)}")
    if state.settings.audit_filter & fact.filter_bit:
        told = tuple((name, _plain(fields[name])) for name in names if name in fields)
        state.journal.append((AuditEntry, when, event_id, told))


def _plain(value: Value | None) -> str | int | None:
    """Return a field's value as the record has it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return columns.spaced(value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return int(value) if isinstance(value, int) else value


def started(state: CAState) -> None:
    """Put on record that the CA started (4880), and whether roles are separated (4897).

    Source: gradenegger.eu on event 4880; ultimatewindowssecurity.com on event 4897 (at each start).
    """
    _record(state, state.now(), 4880, _own(state))
    record(state, 4897, RoleSeparationEnabled=state.settings.role_separation)


def stopped(state: CAState) -> None:
    """Put on record that the CA stopped (4881). Source: ultimatewindowssecurity.com, event 4881."""
    _record(state, state.now(), 4881, _own(state))


def _own(state: CAState) -> dict[str, Value | None]:
    """Return what tells one CA from another; uses of a key are counted by hardware alone."""
    issuer = state.issuer
    return {
        "PrivateKeyUsageCount": 0,
        "CACertificateHash": hashlib.sha1(issuer.raw, usedforsecurity=False).digest(),
        "CAPublicKeyHash": issuer.key_identifier,
    }


def stopping(state: CAState) -> None:
    """Put on record that somebody asked the CA to stop (4875)."""
    record(state, 4875)


def submitted(state: CAState, row: Row, _by: str) -> None:
    """Put on record that a request came in (4886), at that moment, and what became of it."""
    _record(state, row.moment("Request.SubmittedWhen"), 4886, _request(row))
    _decided(state, row)


def resubmitted(state: CAState, row: Row, by: str) -> None:
    """Put on record that *by* resubmitted the request of *row* (4869), and what became of it."""
    record(state, 4869, by, RequestId=row.request_id)
    _decided(state, row)


def _decided(state: CAState, row: Row) -> None:
    """Put on record what became of a request (4887 to 4889).

    Disposition is the client's number, 3 for issued. Source: gradenegger.eu on events 4886 to 4889.
    """
    event_id = _OUTCOMES.get(row.disposition, _DENIED)
    _record(state, state.now(), event_id, _request(row) | _outcome(row))


def _request(row: Row) -> dict[str, Value | None]:
    return {
        "RequestId": row.request_id,
        "Requester": row.columns.get("Request.RequesterName"),
        "Attributes": row.columns.get("Request.RequestAttributes"),
    }


def _outcome(row: Row) -> dict[str, Value | None]:
    """Return what the three outcomes tell; before there is a certificate its requested subject."""
    issued = columns.read(row, "DistinguishedName")
    return {
        "Disposition": CR_FROM_ROW[row.disposition],
        "SubjectKeyIdentifier": columns.read(row, "SubjectKeyIdentifier"),
        "Subject": issued or columns.read(row, "Request.DistinguishedName"),
    }


def denied(state: CAState, row: Row, by: str) -> None:
    """Put on record that *by* denied the pending request of *row* (4868)."""
    record(state, 4868, by, RequestId=row.request_id)


def attributes_set(state: CAState, row: Row, text: str, by: str) -> None:
    """Put on record that *by* set attributes of a request (4874), *text* as it was given."""
    record(state, 4874, by, RequestId=row.request_id, Attributes=text)


def imported(state: CAState, row: Row, by: str) -> None:
    """Put on record that *by* imported the certificate of *row* (4884)."""
    certificate = row.columns["RawCertificate"]
    record(state, 4884, by, Certificate=certificate, RequestId=row.request_id)


def publication_asked(state: CAState, kinds: CRLKind, date: datetime | None, by: str) -> None:
    """Put on record that *by* asked for CRLs of these *kinds*, with a *date* or without (4871)."""
    record(
        state,
        4871,
        by,
        NextUpdate=date,
        NextPublishForBaseCRL=bool(kinds & CRLKind.BASE),
        NextPublishForDeltaCRL=bool(kinds & CRLKind.DELTA),
    )


def published(
    state: CAState, row: CRLRow, container: str, places: list[str], *, base: bool
) -> None:
    """Put on record that the CRL of *row* was published (4872).

    *container* names the key, *places* are where it went or should have gone.
    Source: gradenegger.eu on event 4872.
    """
    record(
        state,
        4872,
        IsBaseCRL=base,
        CRLNumber=row.number("CRLNumber"),
        KeyContainer=container,
        NextPublish=row.moment("CRLNextPublish"),
        PublishURLs="; ".join(places),
    )


def extension_set(state: CAState, row: Row, put: ExtensionRow, kind: int, by: str) -> None:
    """Put on record that *by* set an extension of a request (4873), given as PROPTYPE *kind*."""
    record(
        state,
        4873,
        by,
        RequestId=row.request_id,
        ExtensionName=put.name,
        ExtensionDataType=kind,
        ExtensionPolicyFlags=put.flags & POLICY_MASK,
        ExtensionData=put.value,
    )


def revoked(state: CAState, row: Row, reason: int, by: str) -> None:
    """Put on record that *by* revoked or released the certificate of *row* (4870).

    The event tells no request id, and -1 for a release. Source: gradenegger.eu on event 4870.
    """
    serial = row.columns.get("SerialNumber")
    record(state, 4870, by, CertificateSerialNumber=serial, RevocationReason=reason)


def deleted(state: CAState, table: str, which: int | datetime | None, count: int, by: str) -> None:
    """Put on record that *by* deleted *count* rows of a *table* (4896), *which* by id or date.

    Source: gradenegger.eu on event 4896; that Filter is the id or the date is assumed.
    """
    record(state, 4896, by, TableId=_TABLES[table], Filter=which, RowsDeleted=count)


def configuring(node: str, entry: str) -> Verb:
    """Return the verb that sets the value *entry* of the key *node*.

    Windows has a call of its own for the AuditFilter, here `set_config` does both.
    Source: MS-CSRA 3.1.4.2.10, 3.1.4.2.15.
    """
    of_filter = (node, entry.lower()) == ("", "auditfilter")
    return Verb.SET_AUDIT_FILTER if of_filter else Verb.SET_CONFIG


def configured(state: CAState, node: str, entry: str, value: RegistryValue | None, by: str) -> None:
    """Put on record what *by* configured: the AuditFilter (4885), or anything else (4891).

    A list is one text with a line for each item. Source: as `configuring`.
    """
    text = "\n".join(value) if isinstance(value, list) else value
    if configuring(node, entry) is Verb.SET_AUDIT_FILTER:
        record(state, 4885, by, AuditFilter=text)
    else:
        record(state, 4891, by, Node=node, Entry=entry, Value=text)
