"""What callers pass to a verb, checked before anything happens: ids, serial numbers, values.

A wrong argument is a mistake of the caller and not of a client, so it raises and makes no row.
Source: docs/rulings.md (Requests).
"""

from __future__ import annotations

from datetime import UTC, datetime

from certsim.errors import ComError, shown
from certsim.facts.hresults import HRESULT
from certsim.facts.properties import PropType
from certsim.facts.schema import COLUMNS

MAX_ACCOUNT = COLUMNS["Request.RequesterName"].max_length
"""Characters of an account's name that are kept. Source: `certutil -schema`."""
_ID_BITS = 63
_KINDS: dict[type, PropType] = {
    bytes: PropType.BINARY,
    str: PropType.STRING,
    int: PropType.LONG,
    datetime: PropType.DATE,
}


def checked_account(name: object) -> str:
    """Return the *name* of whoever calls, if it is text. Errors: `ComError` E_INVALIDARG."""
    if not isinstance(name, str):
        raise ComError(HRESULT.E_INVALIDARG, f"an account name is text, not {shown(name)}")
    return name


def checked_id(request_id: object) -> int:
    """Return *request_id* if it is an int of at most 63 bits. Errors: `ComError` E_INVALIDARG."""
    if not isinstance(request_id, int) or isinstance(request_id, bool):
        raise ComError(HRESULT.E_INVALIDARG, f"{shown(request_id)} is no request id")
    if request_id.bit_length() > _ID_BITS:
        raise ComError(HRESULT.E_INVALIDARG, "a request id is a number of at most 63 bits")
    return request_id


def checked_serial(serial_number: object) -> str:
    """Return *serial_number* if it is text. Errors: `ComError` E_INVALIDARG."""
    if not isinstance(serial_number, str):
        raise ComError(HRESULT.E_INVALIDARG, f"{shown(serial_number)} is no serial number")
    return serial_number


def kind_of(value: object) -> PropType:
    """Return the PROPTYPE an extension's *value* is given as, by its Python type.

    Errors: `ComError` E_INVALIDARG for a value of another type, truth values included.
    """
    for kind, proptype in _KINDS.items():
        if isinstance(value, kind) and not isinstance(value, bool):
            return proptype
    raise ComError(
        HRESULT.E_INVALIDARG,
        f"an extension is bytes, text, an int or a datetime, not {shown(value)}",
    )


def whole_seconds(value: datetime) -> datetime:
    """Return an aware *value* as a DATE holds it: UTC, without fractions. Errors: E_INVALIDARG."""
    if value.tzinfo is None:
        raise ComError(HRESULT.E_INVALIDARG, "a DATE needs a time zone: datetime(…, tzinfo=UTC)")
    try:
        return value.astimezone(UTC).replace(microsecond=0)
    except OverflowError as error:
        raise ComError(HRESULT.E_INVALIDARG, "a DATE lies between the years 1 and 9999") from error


def checked_moment(given: object) -> datetime | None:
    """Return *given* as a DATE holds it, `None` for `None`.

    Errors: `ComError` E_INVALIDARG for what is no `datetime` with a time zone.
    """
    if given is None:
        return None
    if not isinstance(given, datetime):
        raise ComError(HRESULT.E_INVALIDARG, f"a date is a datetime, not {shown(given, 60)}")
    return whole_seconds(given)
