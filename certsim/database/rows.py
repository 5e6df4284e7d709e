"""One request and its certificate, as the database knows them.

A `Row` is frozen. Its `columns` use the documented column names (`Request.Disposition`,
`SerialNumber`); a column without a value is absent, and a column that can be worked out from
another (`DERIVED`: a name part from `Request.RawName`, a hash from `RawCertificate`) need not be
there: `_engine/columns.py` decodes it when somebody asks.
Source: certutil -schema, published output (columns, types, sizes); MS-CSRA appendix note 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import attrs

from certsim.facts.dispositions import RowDisposition
from certsim.facts.properties import NAME_PROPERTIES

Value = int | str | bytes | datetime
"""LONG (signed), STRING, BINARY, DATE (aware UTC, whole seconds).

Source: docs/rulings.md (Names and formats).
"""
DERIVED = frozenset(
    f"{side}{name}"
    for side in ("Request.", "")
    for name in ("DistinguishedName", *(part.name for part in NAME_PROPERTIES))
) | {
    *("CertificateHash", "SubjectKeyIdentifier", "UPN"),
    *("RawPublicKey", "RawPublicKeyAlgorithmParameters", "PublicKeyLength", "PublicKeyAlgorithm"),
}
"""The columns that can be worked out from binary ones, the extensions, or the public key."""


class AttributeRow(NamedTuple):
    """Hold one request attribute: the name as kept (no blanks or minus signs) and its value."""

    name: str
    value: str


class Revocations(NamedTuple):
    """Ask a shelf for the CRL entries of one CA key: which revoked rows belong on a list.

    *key_index* is the upper half of IssuerNameID. A row belongs when its RevokedEffectiveWhen is
    at or before *effective*, and its NotAfter is not before *ended* unless its
    PublishExpiredCertInCRL is set (`None`: whatever its NotAfter).
    With *since* (`None` for a base CRL) only rows whose RevokedWhen is not before it belong, and
    so do released ones, as long as their NotAfter is not before *effective*; a base CRL has none
    of those. All moments are aware UTC.
    Source: MS-CSRA 3.1.4.1.6; docs/rulings.md (CRLs).
    """

    key_index: int
    effective: datetime
    ended: datetime | None = None
    since: datetime | None = None


class ExtensionRow(NamedTuple):
    """Hold one extension: dotted OID, EXTENSION_* flags with the origin, encoded value.

    *flags* has critical (1) and disabled (2) in its low bits and the origin in 0xF0000. A
    disabled extension is kept and shown to modules, and left out of the certificate.
    Source: certsrv.h, EXTENSION constants.
    """

    name: str
    flags: int
    value: bytes


class _Record:
    """Read typed values out of `columns`, for rows of any table."""

    __slots__ = ()
    columns: Mapping[str, Value]

    def number(self, column: str) -> int:
        """Return the LONG *column*, 0 when it has no value."""
        return int(self.columns.get(column, 0))  # type: ignore[arg-type]

    def moment(self, column: str) -> datetime:
        """Return the DATE *column*. Errors: `KeyError` when it has no value."""
        value = self.columns[column]
        if not isinstance(value, datetime):
            raise TypeError(f"{column} is a DATE")
        return value


@attrs.frozen
class Row(_Record):
    """Hold one row of the Request and Certificate tables with its attributes and extensions.

    Three things here are not documented columns: *public_key_info*, the encoded
    SubjectPublicKeyInfo that the public key columns are read from; *was_pending*, whether the
    row has ever been pending (the CERTRETRIEVEPENDING ruling asks for it); and *crl_entry*, what a
    CRL says of a certificate that is or was revoked, encoded once when it was.
    """

    request_id: int
    columns: Mapping[str, Value]
    attributes: tuple[AttributeRow, ...] = ()
    extensions: tuple[ExtensionRow, ...] = ()
    public_key_info: bytes = b""
    was_pending: bool = False
    crl_entry: bytes = attrs.field(default=b"", repr=False)
    decoded: dict[str, Mapping[str, Value]] = attrs.field(
        factory=dict, init=False, eq=False, repr=False
    )
    """What has been decoded from `columns` so far; a cache, no part of the row."""

    @property
    def disposition(self) -> RowDisposition:
        """Return the column `Request.Disposition`."""
        return RowDisposition(self.columns["Request.Disposition"])  # type: ignore[arg-type]

    def extension(self, name: str) -> ExtensionRow | None:
        """Return the extension with the OID *name*, if there is one."""
        return next((row for row in self.extensions if row.name == name), None)

    @property
    def message(self) -> str:
        """Return the column `Request.DispositionMessage`."""
        return str(self.columns.get("Request.DispositionMessage", ""))


@attrs.frozen
class CRLRow(_Record):
    """Hold one row of the CRL table: a list that was signed, and what became of publishing it.

    *columns* use the documented names (`CRLNumber`, `CRLRawCRL`); *row_id* is CRLRowId.
    Source: MS-CSRA appendix note 4.
    """

    row_id: int
    columns: Mapping[str, Value]

    @property
    def raw(self) -> bytes:
        """Return the column CRLRawCRL: the list itself, DER."""
        return self.columns["CRLRawCRL"]  # type: ignore[return-value]
