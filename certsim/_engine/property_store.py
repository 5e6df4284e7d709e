"""The engine's halves of the sockets: the objects through which modules read, and policy writes.

An object holds a context number and nothing that leads to a row. It may be made before any CA
exists, kept for ever, and used from any thread as long as its context lives.
What a call answers is worked out in `reading`, what it changes in `drafts`; here the call is aimed,
and a read, or an aim that misses, is written down while a trace is on.
Source: sdk-api certif (icertserverexit, icertserverpolicy); docs/rulings.md (Contexts).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar, TypeVarTuple, Unpack

from certsim._engine import contexts, reading
from certsim._engine.contexts import Target, live, thread
from certsim._engine.drafts import Draft
from certsim._engine.journal import Read
from certsim._engine.state import CAState
from certsim.activation import Dispatch, register
from certsim.database.rows import Row
from certsim.errors import ComError, printable, shown
from certsim.facts.flags import ExtensionOrigin
from certsim.facts.hresults import HRESULT
from certsim.interfaces.certif import PropertyValue

__all__ = ["Bindable", "CCertServerExit", "CCertServerPolicy", "Dispatch"]
# Whoever takes `Dispatch` from here finds the two classes registered.

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")
_SHOWN = 60


class Bindable(Protocol):
    """Be something a server object can be bound to: a `CertificationAuthority`."""

    @property
    def server_key(self) -> int:
        """Return the number under which the engine knows the CA."""


class _ServerObject:
    """Be what both server objects have in common: aiming and reading."""

    __slots__ = (
        "__weakref__",
        "_attributes",
        "_bound",
        "_context",
        "_extensions",
        "_flags",
        "_location",
    )

    def __init__(self, ca: Bindable | None = None) -> None:
        """Stand at context 0; answer there for *ca*, else for the CA that calls or runs alone."""
        caller = thread.caller
        self._context = 0
        self._bound = None if ca is None else ca.server_key
        self._location = caller.module.location if caller else None
        self._flags: int | None = None
        self._extensions: Iterator[str] | None = None
        self._attributes: Iterator[str] | None = None

    def SetContext(self, Context: int, /) -> None:
        """Aim at the row of *Context*, or at the CA with 0; an enumeration under way ends.

        Errors: E_INVALIDARG for a context that is stale or invented.
        Source: sdk-api certif/nf-certif-icertserverexit-setcontext.
        """
        if Context != 0:
            self._find("SetContext", Context)
        self._context = Context
        self._flags = self._extensions = self._attributes = None

    def GetRequestProperty(self, strPropertyName: str, PropertyType: int, /) -> PropertyValue:
        """Return a property of the request, of the type the table gives it.

        Errors: see `reading.request_property`.
        Source: sdk-api certif/nf-certif-icertserverexit-getrequestproperty.
        """
        return self._read(
            "GetRequestProperty", reading.request_property, strPropertyName, PropertyType
        )

    def GetRequestAttribute(self, strAttributeName: str, /) -> str:
        """Return the value of the request attribute *strAttributeName*.

        Errors: see `reading.request_attribute`.
        Source: sdk-api certif/nf-certif-icertserverexit-getrequestattribute.
        """
        return self._read("GetRequestAttribute", reading.request_attribute, strAttributeName)

    def GetCertificateProperty(self, strPropertyName: str, PropertyType: int, /) -> PropertyValue:
        """Return a property of the certificate or, mostly at context 0, of the CA.

        Errors: see `reading.certificate_property`.
        Source: sdk-api certif/nf-certif-icertserverexit-getcertificateproperty.
        """
        return self._read(
            "GetCertificateProperty",
            reading.certificate_property,
            strPropertyName,
            PropertyType,
            self._location,
        )

    def GetCertificateExtension(self, strExtensionName: str, Type: int, /) -> PropertyValue:
        """Return the value of extension *strExtensionName* (dotted OID) as PROPTYPE *Type*.

        BINARY is the encoded value as stored; LONG, DATE and STRING read an INTEGER, a Time or
        an IA5String. Errors: CERTSRV_E_PROPERTY_EMPTY without such an extension, 0x8007000D for
        a value of another kind, E_INVALIDARG at context 0 or for no PROPTYPE.
        Source: sdk-api certif/nf-certif-icertserverexit-getcertificateextension.
        """
        value, self._flags = self._read(
            "GetCertificateExtension", reading.certificate_extension, strExtensionName, Type
        )
        return value

    def GetCertificateExtensionFlags(self) -> int:
        """Return the EXTENSION_* flags of the extension fetched last on this object.

        Errors: CERTSRV_E_PROPERTY_EMPTY before the first fetch at this context.
        Source: sdk-api certif/nf-certif-icertserverexit-getcertificateextensionflags.
        """
        return self._read("GetCertificateExtensionFlags", reading.flags, self._flags)

    def EnumerateExtensionsSetup(self, Flags: int, /) -> None:
        """Begin to go through the extensions, disabled ones included, in order of storage.

        Errors: E_INVALIDARG for *Flags* other than 0, or at context 0.
        Source: sdk-api certif/nf-certif-icertserverexit-enumerateextensionssetup.
        """
        self._extensions = self._read("EnumerateExtensionsSetup", reading.extension_names, Flags)

    def EnumerateExtensions(self) -> str | None:
        """Return the next extension's OID, `None` at the end. Errors: E_UNEXPECTED before Setup.

        Source: sdk-api certif/nf-certif-icertserverexit-enumerateextensions.
        """
        return self._read("EnumerateExtensions", reading.following, self._extensions)

    def EnumerateExtensionsClose(self) -> None:
        """End the enumeration; no harm without one.

        Source: sdk-api certif/nf-certif-icertserverexit-enumerateextensionsclose.
        """
        self._extensions = None

    def EnumerateAttributesSetup(self, Flags: int, /) -> None:
        """Begin to go through the request attributes in order of storage.

        Errors: E_INVALIDARG for *Flags* other than 0, or at context 0.
        Source: sdk-api certif/nf-certif-icertserverexit-enumerateattributessetup.
        """
        self._attributes = self._read("EnumerateAttributesSetup", reading.attribute_names, Flags)

    def EnumerateAttributes(self) -> str | None:
        """Return the next attribute's name, `None` at the end. Errors: E_UNEXPECTED before Setup.

        Source: sdk-api certif/nf-certif-icertserverexit-enumerateattributes.
        """
        return self._read("EnumerateAttributes", reading.following, self._attributes)

    def EnumerateAttributesClose(self) -> None:
        """End the enumeration; no harm without one.

        Source: sdk-api certif/nf-certif-icertserverexit-enumerateattributesclose.
        """
        self._attributes = None

    # Each call looks its context up anew, so that an object aimed at a context that has died fails
    # as `SetContext` would instead of showing what it last saw. Source: docs/rulings.md (Contexts).
    def _find(self, method: str, context: int) -> Target:
        """Look up *context*; a miss is traced for the CA that is calling, if one is."""
        try:
            return contexts.find(context)
        except ComError as error:
            caller = thread.caller
            if caller is not None and caller.state.journal.traces:
                self._trace(caller.state, method, (str(context),), "", error.hresult)
            raise

    def _aim(self, method: str) -> tuple[CAState, Row | Draft | None]:
        if self._context:
            return self._find(method, self._context)
        return contexts.state_at_zero(self._bound), None

    def _read(
        self,
        method: str,
        reader: Callable[[CAState, Row | Draft | None, Unpack[_Ts]], _T],
        *arguments: *_Ts,
    ) -> _T:
        state, row = live.get(self._context) or self._aim(method)
        if not state.journal.traces:
            return reader(state, row, *arguments)
        try:
            value = reader(state, row, *arguments)
        except ComError as error:
            self._trace(state, method, arguments, "", error.hresult)
            raise
        self._trace(state, method, arguments, _shown(value), 0)
        return value

    def _trace(
        self, state: CAState, method: str, arguments: tuple[object, ...], result: str, code: int
    ) -> None:
        module = thread.caller.module.progid if thread.caller else ""
        named = bool(arguments) and isinstance(arguments[0], str)
        told = _shown(arguments[0]) if named else ""
        state.journal.append((Read, module, self._context, method, told, result, code))


def _shown(value: object) -> str:
    """Return *value* as a trace shows it: short, on one line, bytes by their number."""
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, str):
        return printable(value) if len(value) <= _SHOWN else f"{printable(value[:_SHOWN])}…"
    if isinstance(value, tuple):
        return _shown(value[0])
    return "" if value is None or isinstance(value, Iterator) else str(value)


class CCertServerExit(_ServerObject):
    """Read what happened: the twelve methods of `ICertServerExit`, and no way to write.

    A new object stands at context 0 (CA properties). `CCertServerExit(ca)` answers there for
    *ca*; without it for the CA whose call runs on this thread, else for the only running one.
    Types: LONG `int`, DATE aware UTC `datetime`, BINARY `bytes`, STRING `str`.
    Source: sdk-api certif/nn-certif-icertserverexit.
    """

    __slots__ = ()


class CCertServerPolicy(_ServerObject):
    """Read a request that is being decided and change what policy may change.

    `ICertServerPolicy`: the twelve methods of `ICertServerExit` and two setters, which work at
    the context of a running `VerifyRequest`. Source: sdk-api certif/nn-certif-icertserverpolicy.
    """

    __slots__ = ()

    def SetCertificateProperty(
        self, strPropertyName: str, PropertyType: int, pvarPropertyValue: PropertyValue | None, /
    ) -> None:
        """Set a certificate property; `None` clears a string.

        Errors: E_INVALIDARG for an unknown name, another type than the table's, a property that
        cannot be set, or a date outside its bounds (`Draft.set_property`).
        Source: sdk-api certif/nf-certif-icertserverpolicy-setcertificateproperty.
        """
        known = isinstance(strPropertyName, str)
        fact = reading.find_certificate(strPropertyName) if known else None
        if fact is None or fact.type != PropertyType:
            raise ComError(
                HRESULT.E_INVALIDARG,
                f"no property {shown(strPropertyName, 60)} of PROPTYPE {shown(PropertyType, 20)}"
                " can be set",
            )
        self._draft("SetCertificateProperty").set_property(fact, pvarPropertyValue)

    def SetCertificateExtension(
        self,
        strExtensionName: str,
        Type: int,
        ExtFlags: int,
        pvarValue: PropertyValue,
        /,
    ) -> None:
        """Store an extension with origin POLICY in place of any with its OID.

        Errors: E_INVALIDARG and CRYPT_E_INVALID_IA5_STRING (`Draft.set_extension`).
        Source: sdk-api certif/nf-certif-icertserverpolicy-setcertificateextension.
        """
        self._draft("SetCertificateExtension").set_extension(
            strExtensionName, Type, ExtFlags, pvarValue, ExtensionOrigin.POLICY
        )

    def _draft(self, method: str) -> Draft:
        _, row = live.get(self._context) or self._aim(method)
        if not isinstance(row, Draft):
            raise ComError(
                HRESULT.E_INVALIDARG, "only a request that policy is deciding can be changed"
            )
        return row


register(
    CCertServerExit,
    "CertificateAuthority.ServerExit",
    "CertificateAuthority.ServerExit.1",
    "{4c4a5e40-732c-11d0-8816-00a0c903b83c}",
)
register(
    CCertServerPolicy,
    "CertificateAuthority.ServerPolicy",
    "CertificateAuthority.ServerPolicy.1",
    "{aa000926-ffbe-11cf-8800-00a0c903b83c}",
)
