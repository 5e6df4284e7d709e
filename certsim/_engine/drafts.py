"""The row while a policy module looks at it: what `SetCertificateProperty` and its sister change.

A draft begins as what the engine knows before policy speaks, takes the policy's changes within
their documented limits, and ends as a `Row`. It reads like a row (see `columns.read`).

A draft belongs to one decision and to the module that is asked for it, so it has no lock; if
the decision is never taken it is dropped, and the standing row is as it was. What the setters
take and how an extension's value is written or read by PROPTYPE is here as well; which names
there are is a table in `facts.properties`.
Source: sdk-api certif/nf-certif-icertserverpolicy-setcertificateproperty and
certif/nf-certif-icertserverpolicy-setcertificateextension; the policy sample of the Windows SDK
(requested extensions arrive disabled); docs/rulings.md (Attributes and extensions; Verdicts).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime

from certsim._engine import asn1, names
from certsim._engine.arguments import whole_seconds
from certsim._engine.validity import END_OF_TIME
from certsim.database.rows import AttributeRow, ExtensionRow, Row, Value
from certsim.errors import ComError, shown
from certsim.facts.dispositions import RowDisposition
from certsim.facts.flags import ORIGIN_MASK, ExtensionOrigin
from certsim.facts.hresults import HRESULT
from certsim.facts.properties import NAME_PROPERTIES, Property, PropType
from certsim.facts.schema import COLUMNS

MAX_OID = 31
"""Characters an OID may have in a Set call, by the page of `SetCertificateExtension`."""
MAX_EXTENSION = COLUMNS["ExtensionRawValue"].max_length
"""Bytes an encoded value may have. Source: `certutil -schema` (column ExtensionRawValue)."""
_SETTABLE_FLAGS = 0xFF03
"""CRITICAL, DISABLE, and the byte a policy module may use for itself. Source: certsrv.h."""
_NAMES = frozenset(row.name for row in NAME_PROPERTIES)
_WIDTH = 0x80000000
_ORIGINS = int(ORIGIN_MASK)
# Where an extension came from if somebody has put it there on purpose: not the client, not the CA.
_DELIBERATE = frozenset((int(ExtensionOrigin.POLICY), int(ExtensionOrigin.ADMIN)))
_PYTHON_TYPES: dict[int, type] = {
    PropType.LONG: int,
    PropType.DATE: datetime,
    PropType.BINARY: bytes,
    PropType.STRING: str,
}


class Draft:
    """Be a row that is not committed yet. Only the policy module's context reaches it."""

    def __init__(
        self,
        request_id: int,
        columns: Mapping[str, Value],
        attributes: Iterable[AttributeRow] = (),
        extensions: Iterable[ExtensionRow] = (),
        public_key_info: bytes = b"",
        *,
        renamed: Iterable[str] = (),
        was_pending: bool = False,
    ) -> None:
        """Begin with these values, in state Active (8); *renamed*: what policy set before."""
        self.request_id = request_id
        self.columns: dict[str, Value] = {**columns}
        self.columns["Request.Disposition"] = int(RowDisposition.ACTIVE)
        self.attributes = tuple(attributes)
        self._extensions = {row.name: row for row in extensions}
        self.public_key_info = public_key_info
        self.was_pending = was_pending
        self.decoded: dict[str, Mapping[str, Value]] = {}
        self.subject: names.Name | None = None
        """The requested subject, where it has been read already."""
        self.period_end = END_OF_TIME
        """When the life would end that the registry's period gives."""
        self._renamed = set(renamed)
        self.passing: dict[str, Value] = {}
        """What policy set that has no column: CrossForest, RequesterSAMName …"""

    @staticmethod
    def of(row: Row, forgotten: Collection[str]) -> Draft:
        """Return the draft of a standing *row* that is decided once more.

        The columns *forgotten* are left out; name properties that policy set at an earlier call
        are kept, as are attributes and extensions an officer has changed meanwhile: an edit of a
        pending request is meant to count afterwards (assumed). Source: docs/rulings.md (Requests).
        """
        columns = {name: row.columns[name] for name in row.columns if name not in forgotten}
        return Draft(
            row.request_id,
            columns,
            row.attributes,
            row.extensions,
            row.public_key_info,
            renamed=_NAMES & columns.keys(),
            was_pending=row.was_pending,
        )

    @property
    def extensions(self) -> tuple[ExtensionRow, ...]:
        """Return the extensions in order of storage."""
        return tuple(self._extensions.values())

    def extension(self, name: str) -> ExtensionRow | None:
        """Return the extension with the OID *name*, if there is one."""
        return self._extensions.get(name)

    def put_extension(self, row: ExtensionRow) -> None:
        """Store *row* in place of any extension with its OID, which keeps its place in line."""
        self._extensions[row.name] = row

    def put_own(self, rows: Iterable[ExtensionRow]) -> None:
        """Store the CA's own extensions, but not over what policy or an officer has put there."""
        stored = self._extensions
        for row in rows:
            held = stored.get(row.name)
            if held is None or held.flags & _ORIGINS not in _DELIBERATE:
                stored[row.name] = row

    def changed_names(self) -> dict[str, str]:
        """Return the name properties policy has set, as text; a cleared one is empty."""
        return {name: str(self.columns[name]) for name in self._renamed}

    def forget_names(self) -> None:
        """Drop the name properties policy has set: the issued subject tells them from now on."""
        for name in self._renamed:
            del self.columns[name]
        self._renamed.clear()

    def set_property(self, fact: Property, value: Value | None) -> None:
        """Set the certificate property *fact* describes.

        `None` clears a string. GeneralFlags are OR-ed in; the dates move inwards only; a name
        part keeps to its maximum length when the subject is built.
        *value* is `int`, `str`, `bytes` or an aware `datetime`, cut to whole seconds.
        Errors: `ComError` E_INVALIDARG for a property nobody may set, a value of another type,
        or a date outside its bounds; the bounds are documented, the code is assumed.
        Source: sdk-api certif/nf-certif-icertserverpolicy-setcertificateproperty; the policy
        sample (clearing); docs/rulings.md (Verdicts).
        """
        value = _checked(fact, value)
        name = fact.column or fact.name
        if name in ("NotBefore", "NotAfter") and isinstance(value, datetime):
            self._check_date(name, value)
        if name == "GeneralFlags" and isinstance(value, int):
            held = self.columns.get(name, 0)
            value |= held if isinstance(held, int) else 0
        (self.columns if fact.column else self.passing)[name] = value
        if name in _NAMES:
            self._renamed.add(name)
        self.decoded.clear()

    def _check_date(self, name: str, value: datetime) -> None:
        # The dates held keep within the CA certificate's already, so they are the only bounds.
        held = self.columns[name]
        if not isinstance(held, datetime):
            return
        if value < held if name == "NotBefore" else value > held:
            way = "before" if name == "NotBefore" else "after"
            raise ComError(
                HRESULT.E_INVALIDARG, f"{name} cannot be moved {way} {held:%Y-%m-%d %H:%M:%S}"
            )

    def set_extension(self, name: str, kind: int, flags: int, value: object, origin: int) -> None:
        """Store an extension encoded from *value* by its PROPTYPE *kind*.

        *flags*: CRITICAL, DISABLE and the policy module's own byte; *origin* is an
        `ExtensionOrigin`. Errors: `ComError` E_INVALIDARG for an OID that is none or has over
        31 characters, other flags, or a value that does not fit its type or 4,096 bytes;
        CRYPT_E_INVALID_IA5_STRING for text outside IA5. The codes are assumed. Flags and value
        replace those of an extension that is there, which is how policy lets a requested one
        through. Source: sdk-api certif/nf-certif-icertserverpolicy-setcertificateextension.
        """
        # An OID that a request brought may be too long, and is set back to enable it all the same.
        if not isinstance(name, str) or name not in self._extensions:
            check_oid(name)
        if not _fits(flags, int) or flags & ~_SETTABLE_FLAGS:
            raise ComError(
                HRESULT.E_INVALIDARG, f"extension flags {shown(flags, 20)} are not known"
            )
        self.put_extension(ExtensionRow(name, flags | origin, encode_extension(kind, value)))
        self.decoded.clear()

    def row(self, changes: Mapping[str, Value]) -> Row:
        """Return the row this draft becomes, with *changes* to its columns; the draft ends."""
        columns, self.columns = self.columns, {}
        columns.update(changes)
        return Row(
            self.request_id,
            columns,
            self.attributes,
            self.extensions,
            self.public_key_info,
            self.was_pending,
        )


def _checked(fact: Property, value: Value | None) -> Value:
    if not fact.settable:
        raise ComError(HRESULT.E_INVALIDARG, f"{fact.name} cannot be set")
    if value is None and fact.type is PropType.STRING:
        return ""
    expected = _PYTHON_TYPES[fact.type] if fact.type else object
    if value is None or not _fits(value, expected):
        raise ComError(HRESULT.E_INVALIDARG, f"{fact.name} takes no {shown(value)}")
    if isinstance(value, str) and not _encodable(value):
        raise ComError(HRESULT.E_INVALIDARG, f"{fact.name} takes no {shown(value)}")
    return whole_seconds(value) if isinstance(value, datetime) else value


def _encodable(text: str) -> bool:
    """Tell whether *text* can be written down: half a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fits(value: object, expected: type) -> bool:
    """Tell whether *value* is of the Python type *expected*, and an int no wider than a LONG."""
    if isinstance(value, int):
        return expected is int and not isinstance(value, bool) and -_WIDTH <= value < _WIDTH
    return isinstance(value, expected)


def check_oid(name: str) -> None:
    """Refuse what is no dotted OID of at most 31 characters: `ComError` E_INVALIDARG."""
    try:
        valid = isinstance(name, str) and len(name) <= MAX_OID and bool(asn1.oid(name))
    except ValueError:
        valid = False
    if not valid:
        raise ComError(
            HRESULT.E_INVALIDARG, f"{shown(name, 60)} is no OID of up to {MAX_OID} characters"
        )


def encode_extension(kind: int, value: object) -> bytes:
    """Return the encoded extension value for *value* given as PROPTYPE *kind*.

    BINARY is taken as it is, STRING becomes an IA5String, LONG an INTEGER, DATE a Time. Only the
    first two are documented; nobody checks whether bytes are DER or suit their OID.
    Errors: see `Draft.set_extension`.
    Source: sdk-api certif/nf-certif-icertserverpolicy-setcertificateextension; docs/rulings.md
    (Attributes and extensions).
    """
    expected = _PYTHON_TYPES.get(kind) if isinstance(kind, int) else None
    if expected is None or not _fits(value, expected):
        raise ComError(
            HRESULT.E_INVALIDARG, f"an extension of type {shown(kind, 20)} takes no {shown(value)}"
        )
    encoded = value if isinstance(value, bytes) else _encode(value)
    if not 0 < len(encoded) <= MAX_EXTENSION:
        raise ComError(HRESULT.E_INVALIDARG, f"an extension has 1 to {MAX_EXTENSION} bytes")
    return encoded


def _encode(value: object) -> bytes:
    if isinstance(value, str):
        if not value.isascii():
            raise ComError(
                HRESULT.CRYPT_E_INVALID_IA5_STRING, f"{shown(value, 60)} is no IA5String"
            )
        return asn1.encode(asn1.IA5String(value))
    if isinstance(value, datetime):
        return asn1.time(whole_seconds(value))
    return asn1.encode(int(value)) if isinstance(value, int) else asn1.encode(value)


def decode_extension(kind: int, value: bytes) -> Value:
    """Return an encoded extension *value* as PROPTYPE *kind* asks for it.

    The reverse of `encode_extension`; BINARY is the stored value, tag and length included.
    Errors: `ComError` ERROR_INVALID_DATA (0x8007000D) when it is no such thing, E_INVALIDARG for
    no PROPTYPE. Both codes, and the reading of LONG and DATE, are assumed.
    Source: sdk-api certif/nf-certif-icertserverexit-getcertificateextension; docs/rulings.md
    (Attributes and extensions).
    """
    if kind == PropType.BINARY:
        return value
    if not isinstance(kind, int) or kind not in _READERS:
        raise ComError(HRESULT.E_INVALIDARG, f"{shown(kind)} is no PROPTYPE")
    try:
        return _READERS[kind](value)
    except (asn1.DecodeError, OverflowError) as error:
        raise ComError(
            HRESULT.ERROR_INVALID_DATA, f"the extension is no {PropType(kind).name}"
        ) from error


_READERS: dict[int, Callable[[bytes], Value]] = {
    PropType.LONG: asn1.read_long,
    PropType.DATE: asn1.read_time,
    PropType.STRING: asn1.read_ia5,
}
