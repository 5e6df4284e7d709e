"""One request and its certificate, as the database knows them.

A `Row` is frozen. Its `columns` use the documented column names (`Request.Disposition`,
`SerialNumber`); a column without a value is absent, and a column that can be worked out from
another (a name part from `Request.RawName`, a hash from `RawCertificate`) need not be there:
`_engine/columns.py` decodes it when somebody asks.
Source: certutil -schema, published output (columns, types, sizes); MS-CSRA appendix note 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import attrs

from certsim.facts.dispositions import RowDisposition

Value = int | str | bytes | datetime
"""LONG (signed), STRING, BINARY, DATE (aware UTC, whole seconds).

Source: docs/rulings.md (Names and formats).
"""


class AttributeRow(NamedTuple):
    """Hold one request attribute: the name as kept (no blanks or minus signs) and its value."""

    name: str
    value: str


class ExtensionRow(NamedTuple):
    """Hold one extension: dotted OID, EXTENSION_* flags with the origin, encoded value.

    *flags* has critical (1) and disabled (2) in its low bits and the origin in 0xF0000. A
    disabled extension is kept and shown to modules, and left out of the certificate.
    Source: certsrv.h, EXTENSION constants.
    """

    name: str
    flags: int
    value: bytes


@attrs.frozen
class Row:
    """Hold one row of the Request and Certificate tables with its attributes and extensions.

    Two things here are not documented columns: *public_key_info*, the encoded
    SubjectPublicKeyInfo that the public key columns are read from, and *was_pending*, whether the
    row has ever been pending (the CERTRETRIEVEPENDING ruling asks for it).
    """

    request_id: int
    columns: Mapping[str, Value]
    attributes: tuple[AttributeRow, ...] = ()
    extensions: tuple[ExtensionRow, ...] = ()
    public_key_info: bytes = b""
    was_pending: bool = False
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
