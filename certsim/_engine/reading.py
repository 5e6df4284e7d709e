"""What the reading methods of a server object answer, given a CA and a row.

The getter decides the side: `GetRequestProperty` looks among the request's properties,
`GetCertificateProperty` among the certificate's and then the CA's. Names ignore case; a value is
handed out only as the type the table gives it, never converted.

Where a value is from, in the order it is looked for: a stored column; a column worked out from the
certificate or the request (`columns`); the few that are neither; and, while policy decides, what
it has set that no column holds. All functions take the CA, a row or draft (`None` at context 0) and
what the module passed, unchecked: a module may pass anything, and gets E_INVALIDARG for it, never
a Python error. Nothing here changes a row.

Errors throughout are `ComError`; the pages of these methods demand the order of calls and name
hardly a code, so most codes are certsim's.
Source: sdk-api certif (the getters of icertserverexit); win32 SecCrypto/name-properties (`Subject.`
and newlines); certsrv.h (names); docs/rulings.md (Properties, Contexts).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from cryptography import x509

from certsim._engine import access, attributes, ca_properties, columns, drafts, serials
from certsim._engine.contexts import thread
from certsim._engine.drafts import Draft
from certsim._engine.state import CAState
from certsim.database.rows import Row, Value
from certsim.errors import ComError, shown
from certsim.facts.hresults import HRESULT
from certsim.facts.properties import (
    CA_SIDE,
    CERTIFICATE_SIDE,
    REQUEST_SIDE,
    Property,
    When,
)

_LOCATION = "ModuleRegistryLocation"
_SUBJECT, _REQUEST = "subject.", "request."
_INDEX = re.compile("[0-9]{1,9}")


def request_property(state: CAState, row: Row | Draft | None, name: str, kind: int) -> Value:
    """Answer `GetRequestProperty`.

    Errors: `ComError` E_INVALIDARG at context 0, for a name outside the table or another type
    than the table's; CERTSRV_E_PROPERTY_EMPTY when there is no value.
    Source: sdk-api certif/nf-certif-icertserverexit-getrequestproperty.
    """
    fact = find_request(name) if isinstance(name, str) else None
    if fact is None:
        raise _unknown(name)
    return _row_answer(state, row or _need_row(row, name), fact, kind)


def certificate_property(
    state: CAState, row: Row | Draft | None, name: str, kind: int, maker: str | None
) -> Value:
    """Answer `GetCertificateProperty`; *maker* is where the module that made the object lives.

    Errors: as `request_property`; a property of the certificate asked for at context 0, or with
    `Fidelity.strict_context` one of the CA at another context, is E_INVALIDARG. The page wants
    context 0 for the CA's; both public samples read them elsewhere, so that is allowed by default.
    Source: sdk-api certif/nf-certif-icertserverexit-getcertificateproperty.
    """
    fact = find_certificate(name) if isinstance(name, str) else None
    if fact is not None:
        return _row_answer(state, row or _need_row(row, name), fact, kind)
    return _ca_property(state, row, name, kind, maker)


def _ca_property(
    state: CAState, row: Row | Draft | None, name: str, kind: int, maker: str | None
) -> Value:
    fact, index = _find_ca(_text(name))
    if fact.when is When.REQUEST_CONTEXT:
        return _answer(fact, kind, _requester(state, row or _need_row(row, name), fact.name))
    if row is not None and state.fidelity.strict_context:
        raise ComError(HRESULT.E_INVALIDARG, f"{name} belongs to context 0 (strict_context)")
    _check_type(fact, kind)
    if fact.name == _LOCATION:
        caller = thread.caller
        return _answer(fact, kind, caller.module.location if caller else maker)
    return _answer(fact, kind, ca_properties.read(state, fact.name, index))


@lru_cache(maxsize=1024)
def _find_ca(name: str) -> tuple[Property, int | None]:
    """Return the row of the CA table that *name* means, and the number behind its dot.

    Errors: E_INVALIDARG for an unknown name, or a number behind one that is not indexed. Whether
    the number is in range is asked in `ca_properties`.
    """
    base, _, number = name.rpartition(".")
    index = int(number) if base and _INDEX.fullmatch(number) else None
    fact = CA_SIDE.get((name if index is None else base).lower())
    if fact is None or (index is not None and not fact.indexed):
        raise _unknown(name)
    return fact, index


def _requester(state: CAState, row: Row | Draft, name: str) -> Value | None:
    """Return what the CA knows about who asked; no key is archived, and there is no directory.

    These belong to a request's context even where others answer everywhere.
    Source: docs/rulings.md (Properties).
    """
    if name == "RequesterCAAccess":
        return access.may_enroll(state, row)
    return 0 if name == "KeyArchived" else None


@lru_cache(maxsize=1024)
def find_request(name: str) -> Property | None:
    """Return the row of the request table that *name* means, prefixes taken off.

    `Request.Subject.CommonName` is `CommonName`. The answer is cached by spelling, within bounds:
    modules ask for the same few names at every event.
    """
    return REQUEST_SIDE.get(_bare(name, (_REQUEST, _SUBJECT)))


@lru_cache(maxsize=1024)
def find_certificate(name: str) -> Property | None:
    """Return the row of the certificate table that *name* means, its prefix taken off."""
    return CERTIFICATE_SIDE.get(_bare(name, (_SUBJECT,)))


def _text(name: object) -> str:
    if not isinstance(name, str):
        raise ComError(HRESULT.E_INVALIDARG, f"a name is text, not {type(name).__name__}")
    return name


def _bare(name: str, prefixes: tuple[str, ...]) -> str:
    """Return *name* in lower case without those of the *prefixes* it has, taken in their order."""
    name = name.lower()
    for prefix in prefixes:
        name = name.removeprefix(prefix)
    return name


def _need_row(row: Row | Draft | None, name: str) -> Row | Draft:
    if row is None:
        raise ComError(
            HRESULT.E_INVALIDARG,
            f"{name} is request data: call SetContext with the context of the event first",
        )
    return row


def _unknown(name: object) -> ComError:
    return ComError(HRESULT.E_INVALIDARG, f"{shown(name, 60)} is no property of this side")


def _check_type(fact: Property, kind: int) -> None:
    if fact.type is not None and fact.type != kind:
        raise ComError(
            HRESULT.E_INVALIDARG, f"{fact.name} is {fact.type.name}, not PROPTYPE {shown(kind, 20)}"
        )


def _answer(fact: Property, kind: int, value: Value | None) -> Value:
    if fact.type != kind:
        _check_type(fact, kind)
    if value is None:
        raise ComError(HRESULT.CERTSRV_E_PROPERTY_EMPTY, f"{fact.name} has no value")
    return value


def _row_answer(state: CAState, row: Row | Draft, fact: Property, kind: int) -> Value:
    """Answer with a property of *row*; the first lines are the short way of most reads."""
    if fact.type == kind:
        value = row.columns.get(fact.column)
        if value is not None and value != "":
            return value
    return _answer(fact, kind, _row_value(state, row, fact))


def _row_value(state: CAState, row: Row | Draft, fact: Property) -> Value | None:
    """Return what *row* has for *fact*; an empty text counts as no value."""
    if fact.column:
        return columns.read(row, fact.column)
    if fact.name == "RawCACertificate":
        return state.issuer.raw
    if fact.name == "RequesterNameFromOldCertificate":
        return _old_requester(state, row)
    if not isinstance(row, Draft):
        return None
    passing = row.passing.get(fact.name)
    return None if passing == "" else passing


def _old_requester(state: CAState, row: Row | Draft) -> Value | None:
    """Return who had asked for the certificate that this request renews.

    The page does not say where the name is from; it is looked up by serial number among the rows.
    Source: docs/rulings.md (Kinds and signatures).
    """
    old = row.columns.get("Request.RawOldCertificate")
    if not isinstance(old, bytes):
        return None
    serial = x509.load_der_x509_certificate(old).serial_number
    standing = state.shelf.by_serial(serials.text_of(serial))
    return standing.columns.get("Request.RequesterName") if standing else None


def request_attribute(_state: CAState, row: Row | Draft | None, name: str) -> str:
    """Answer `GetRequestAttribute`; blanks, minus signs and case do not count in *name*.

    Values are those of the attribute rows, an officer's additions included; the text as it was sent
    is the property RequestAttributes.
    Errors: `ComError` E_INVALIDARG at context 0, CERTSRV_E_PROPERTY_EMPTY without such a row.
    Source: MS-WCCE 3.2.1.4.2.1.2 (names); sdk-api certif, GetRequestAttribute.
    """
    wanted = attributes.normalize(_text(name)).lower()
    for attribute in _need_row(row, "a request attribute").attributes:
        if attribute.name.lower() == wanted:
            return attribute.value
    raise ComError(
        HRESULT.CERTSRV_E_PROPERTY_EMPTY, f"the request has no attribute {shown(name, 60)}"
    )


def certificate_extension(
    _state: CAState, row: Row | Draft | None, name: str, kind: int
) -> tuple[Value, int]:
    """Answer `GetCertificateExtension` with the value and the flags, disabled or not.

    Errors: `ComError` E_INVALIDARG at context 0 or for no PROPTYPE, CERTSRV_E_PROPERTY_EMPTY
    without such a row, ERROR_INVALID_DATA for a value that is not of type *kind*.
    Source: sdk-api certif, GetCertificateExtension; docs/rulings.md (Attributes and extensions).
    """
    extension = _need_row(row, "an extension").extension(_text(name))
    if extension is None:
        raise ComError(
            HRESULT.CERTSRV_E_PROPERTY_EMPTY, f"the row has no extension {shown(name, 60)}"
        )
    return drafts.decode_extension(kind, extension.value), extension.flags


def flags(_state: CAState, _row: Row | Draft | None, fetched: int | None) -> int:
    """Answer `GetCertificateExtensionFlags` for the extension *fetched* last, if there is one."""
    if fetched is None:
        raise ComError(HRESULT.CERTSRV_E_PROPERTY_EMPTY, "no extension has been fetched yet")
    return fetched


def extension_names(_state: CAState, row: Row | Draft | None, reserved: int) -> Iterator[str]:
    """Answer `EnumerateExtensionsSetup` with the OIDs to come.

    The list is taken now: what policy sets while it enumerates is not in it.
    Errors: `ComError` E_INVALIDARG at context 0, or for *reserved* other than 0.
    """
    _need_zero(reserved)
    return iter([extension.name for extension in _need_row(row, "an extension").extensions])


def attribute_names(_state: CAState, row: Row | Draft | None, reserved: int) -> Iterator[str]:
    """Answer `EnumerateAttributesSetup` with the names to come."""
    _need_zero(reserved)
    return iter([attribute.name for attribute in _need_row(row, "an attribute").attributes])


def _need_zero(reserved: int) -> None:
    if reserved != 0:
        raise ComError(HRESULT.E_INVALIDARG, "Flags is reserved and has to be 0")


def following(
    _state: CAState, _row: Row | Draft | None, listing: Iterator[str] | None
) -> str | None:
    """Answer `Enumerate…` with the next name of a *listing* under way, `None` at its end."""
    if listing is None:
        raise ComError(HRESULT.E_UNEXPECTED, "call the enumeration's Setup method first")
    return next(listing, None)
