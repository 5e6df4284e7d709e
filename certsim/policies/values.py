"""Values a policy module reads: registry entries, attributes, dates, and names in attribute form.

What a client wrote is read strictly: anything unclear raises ERROR_INVALID_DATA (0x8007000D), which
denies the request, because to leave a wish out silently would issue what nobody asked for. The
message names the attribute and shows at most 80 characters of its value.
Source: MS-WCCE 3.2.2.6.2.1.4; the public policy sample; docs/rulings.md (Standalone policy).
"""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from cryptography import x509

from certsim.errors import ComError, shown
from certsim.facts.hresults import HRESULT
from certsim.facts.oids import NTDS_REPLICATION, PRINCIPAL_NAME
from certsim.interfaces import ICertServerPolicy

_HTTP_DATE = re.compile(
    r"(?:[A-Za-z]{3}, )?(\d{1,2}) ([A-Za-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Three tables for the unit words, since months and years are no fixed number of seconds.
# Source: KB254632 (the words); docs/rulings.md (Certificates) for the arithmetic.
_DAYS = {"days": 1, "weeks": 7}
_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600}
_CALENDAR = {"months": 1, "years": 12}
_UTF8, _OCTETS = 0x0C, 0x04
"""Tags of UTF8String and OCTET STRING. Source: X.680 (universal class)."""


def integer(value: object) -> int:
    """Return a registry DWORD. Errors: `ComError` E_INVALIDARG for anything else."""
    if isinstance(value, int):
        return value
    raise ComError(
        HRESULT.E_INVALIDARG, f"the registry holds {shown(value, 60)} where a DWORD belongs"
    )


def strings(value: object) -> list[str]:
    """Return a registry multi-string; a single string counts as a list of one.

    Errors: `ComError` E_INVALIDARG for anything else.
    """
    if isinstance(value, str):
        return [value]
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    raise ComError(
        HRESULT.E_INVALIDARG, f"the registry holds {shown(value, 60)} where a list belongs"
    )


def attributes(server: ICertServerPolicy) -> dict[str, str]:
    """Return the request attributes at *server*'s context by lower-cased name.

    The engine has taken blanks and minus signs out of the names, so `Certificate-Template` and
    `CERTIFICATETEMPLATE` are one attribute here. Source: MS-WCCE 3.2.1.4.2.1.2.
    """
    found = {}
    server.EnumerateAttributesSetup(0)
    while name := server.EnumerateAttributes():
        found[name.lower()] = server.GetRequestAttribute(name)
    server.EnumerateAttributesClose()
    return found


def _bad(name: str, value: str) -> ComError:
    """Return the error that refuses *value* for the attribute *name*, ready to be raised."""
    return ComError(HRESULT.ERROR_INVALID_DATA, f"attribute {name} cannot be {shown(value, 80)}")


def end_date(given: Mapping[str, str], start: datetime) -> datetime | None:
    """Return the end that ExpirationDate, or ValidityPeriod with its Units, asks for, if any.

    *given*: attributes by lower-cased name. A period counts from *start* (NotBefore); half of one,
    a unit without a number or a number without a unit, asks for nothing. Errors: `ComError`
    ERROR_INVALID_DATA for a number over six digits or a unit nobody knows.
    Source: MS-WCCE 3.2.2.6.2.1.4 (the date wins, periods count from NotBefore).
    """
    if "expirationdate" in given:
        return http_date(given["expirationdate"])
    unit, count = given.get("validityperiod"), given.get("validityperiodunits")
    if unit is None or count is None:
        return None
    if not count.isascii() or not count.isdigit() or len(count) > 6:
        raise _bad("ValidityPeriodUnits", count)
    try:
        return _later(start, int(count), unit.lower())
    except (OverflowError, ValueError):
        return None  # beyond the year 9999: it shortens nothing
    except KeyError as error:
        raise _bad("ValidityPeriod", unit) from error


def _later(start: datetime, count: int, unit: str) -> datetime:
    """Return *start* moved on by *count* of the lower-cased *unit*.

    Months and years keep the day, or take the last one of a shorter month: at most three days
    before it. Errors: `KeyError` for an unknown unit; `OverflowError` past the year 9999.
    """
    if unit in _SECONDS:
        return start + timedelta(seconds=count * _SECONDS[unit])
    if unit in _DAYS:
        return start + timedelta(days=count * _DAYS[unit])
    years, month = divmod(start.month - 1 + count * _CALENDAR[unit], 12)
    for day in range(start.day, start.day - 4, -1):
        try:
            return start.replace(year=start.year + years, month=month + 1, day=day)
        except ValueError:
            continue
    raise OverflowError


def http_date(text: str) -> datetime:
    """Return the moment that an HTTP date tells: `Tue, 21 Nov 2028 01:06:53 GMT`.

    Only the fixed form with GMT is read, not the two obsolete ones. The day of the week may be
    missing and is not checked against the date; letter case of the month does not count.
    Errors: `ComError` ERROR_INVALID_DATA. Source: RFC 9110 5.6.7; the policy sample (GMT is UTC).
    """
    match = _HTTP_DATE.fullmatch(text.strip())
    month = match[2].lower() if match else ""
    if match is None or month not in _MONTHS:
        raise _bad("ExpirationDate", text)
    day, year, hour, minute, second = (int(match[i]) for i in (1, 3, 4, 5, 6))
    number = _MONTHS.index(month) + 1
    try:
        return datetime(year, number, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise _bad("ExpirationDate", text) from error


def key_usage(text: str) -> bytes:
    """Return the encoded ExtendedKeyUsage (DER) for dotted OIDs with commas between them.

    Errors: `ComError` ERROR_INVALID_DATA, also for a list that names none.
    Source: the policy sample (attribute CertificateUsage); RFC 5280 4.2.1.12.
    """
    try:
        found = [x509.ObjectIdentifier(item.strip()) for item in text.split(",") if item.strip()]
        if not found:
            raise ValueError("no usage is named")
        return x509.ExtendedKeyUsage(found).public_bytes()
    except ValueError as error:
        raise _bad("CertificateUsage", text) from error


def ca_constraints(path_length: int | None) -> bytes:
    """Return the encoded BasicConstraints (DER) of a CA; *path_length* `None` sets no limit.

    Source: RFC 5280 4.2.1.9.
    """
    return x509.BasicConstraints(ca=True, path_length=path_length).public_bytes()


def alternative_names(text: str) -> bytes:
    """Return the encoded SubjectAlternativeName (DER) for `dns=a&upn=b@c`, in that order.

    Kinds: dns, email, url, ipaddress, dn (RFC 4514), oid, upn, guid, or a dotted OID for an
    otherName of that type with a UTF8String inside. No value can hold `&`, which ends it.
    Errors: `ComError` ERROR_INVALID_DATA for a kind nobody knows or a value that is none.
    Source: MS-WCCE 3.2.2.6.2.1.4 (attribute SAN); RFC 5280 4.2.1.6.
    """
    names = []
    for item in text.split("&"):
        kind, equals, value = item.partition("=")
        reader = _NAME_KINDS.get(kind.strip().lower(), _other_name(kind.strip()))
        if not equals or not value:
            raise _bad("SAN", item)
        try:
            names.append(reader(value.strip()))
        except (ValueError, TypeError) as error:
            raise _bad("SAN", item) from error
    return x509.SubjectAlternativeName(names).public_bytes()


def _other_name(kind: str) -> Callable[[str], x509.GeneralName]:
    """Return the reader for a kind of name that is an OID: its value is a UTF8String."""
    return lambda value: x509.OtherName(
        x509.ObjectIdentifier(kind), _element(_UTF8, value.encode())
    )


def _element(tag: int, content: bytes) -> bytes:
    """Return one DER element of up to 255 bytes: more than any name here needs.

    Errors: `ValueError` above that, since `bytes` refuses the length; `alternative_names` takes
    it for a value that is none.
    Source: X.690 8.1.3.
    """
    size = len(content)
    return bytes((tag, size) if size < 0x80 else (tag, 0x81, size)) + content


def _ip_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the address that *text* writes, without a zone. Errors: `ValueError`."""
    if "%" in text:
        raise ValueError("a zone belongs to one machine and has no place in a certificate")
    return ipaddress.ip_address(text)


_NAME_KINDS: Mapping[str, Callable[[str], x509.GeneralName]] = {
    "dns": x509.DNSName,
    "email": x509.RFC822Name,
    "url": x509.UniformResourceIdentifier,
    "ipaddress": lambda value: x509.IPAddress(_ip_address(value)),
    "dn": lambda value: x509.DirectoryName(x509.Name.from_rfc4514_string(value)),
    "oid": lambda value: x509.RegisteredID(x509.ObjectIdentifier(value)),
    "upn": _other_name(PRINCIPAL_NAME),
    "guid": lambda value: x509.OtherName(
        x509.ObjectIdentifier(NTDS_REPLICATION), _element(_OCTETS, uuid.UUID(value).bytes_le)
    ),
}
"""How each kind of alternative name is read, by its word in the attribute.

A GUID is written as 16 bytes in the order of the Windows structure, its first three parts low byte
first, as a directory stores an objectGUID (assumed).
"""
