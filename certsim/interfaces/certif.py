"""certif.h: the sockets through which modules look back into the engine.

Both show one row of the CA's database, or at context 0 the CA itself. The exit side reads; the
policy side reads and shapes the certificate to come. They are two interfaces in COM, neither
derived from the other and with different vtables, so they are written out twice here.

Source: sdk-api certif; win32 SecCrypto/exit-modules and name-properties; MS-WCCE 3.2.1.4.2.1.2.
"""

from datetime import datetime
from typing import Protocol, TypeAlias

# What a VARIANT holds: LONG a signed int, DATE an aware UTC datetime of whole seconds, BINARY
# bytes, STRING str. COM has BINARY in a BSTR with a byte length, which Python need not imitate.
PropertyValue: TypeAlias = int | datetime | bytes | str


class ICertServerExit(Protocol):
    """Read what an exit module may know, and change nothing.

    Implemented by the engine, called by exit modules. A new object stands at context 0, where only
    properties of the CA can be read. Objects may be used again, for any number of contexts.

    `PropertyType` and `Type` are PROPTYPE_*: LONG 1, DATE 2, BINARY 3, STRING 4. Once its context
    has ended, an object fails with E_INVALIDARG (0x80070057) until it is aimed anew.

    IID: 4ba9eb90-732c-11d0-8816-00a0c903b83c
    CoClass: CCertServerExit
    CLSID: 4c4a5e40-732c-11d0-8816-00a0c903b83c
    ProgID: CertificateAuthority.ServerExit
    Source: sdk-api certif/nn-certif-icertserverexit
    Basis: GUIDs and ProgID header; E_INVALIDARG assumed.
    """

    def SetContext(self, Context: int, /) -> None:
        """Aim the object at the row behind `Context`, or with 0 at the CA.

        To be called before all other methods, with the number that `ICertExit.Notify` was given.

        Errors: E_INVALIDARG (0x80070057) for a number that has ended or was never given out.

        Source: sdk-api certif/nf-certif-icertserverexit-setcontext
        Basis: the error, and the end of a context with its event, assumed.
        """

    def GetRequestProperty(self, strPropertyName: str, PropertyType: int, /) -> PropertyValue:
        """Return a value from the request's half of the row.

        Name properties and request properties; case and a leading `Request.` or `Subject.` are
        ignored. `PropertyType` has to be the property's own.

        Errors: CERTSRV_E_PROPERTY_EMPTY (0x80094004) for no value; E_INVALIDARG (0x80070057) for an
        unknown name, another type, or context 0.

        Source: sdk-api certif/nf-certif-icertserverexit-getrequestproperty
        Basis: CERTSRV_E_PROPERTY_EMPTY sample; E_INVALIDARG and the spelling of names assumed.
        """

    def GetRequestAttribute(self, strAttributeName: str, /) -> str:
        """Return the value of a request attribute.

        Case, blanks and hyphens in the name do not count.

        Errors: CERTSRV_E_PROPERTY_EMPTY (0x80094004) for an attribute that the request lacks;
        E_INVALIDARG (0x80070057) at context 0.

        Source: sdk-api certif/nf-certif-icertserverexit-getrequestattribute
        Basis: CERTSRV_E_PROPERTY_EMPTY sample; E_INVALIDARG assumed.
        """

    def GetCertificateProperty(self, strPropertyName: str, PropertyType: int, /) -> PropertyValue:
        """Return a value from the certificate's half of the row, or a property of the CA.

        At context 0 only the CA's; at a row's context the CA's too, unless
        `Fidelity.strict_context`. Case and a leading `Subject.` are ignored. DistinguishedName,
        RawName and SerialNumber exist once the certificate does. An indexed property of the CA
        takes `.n`, from 0: `RawCRL.1`.

        Errors: CERTSRV_E_PROPERTY_EMPTY (0x80094004) for no value; 0x80070002
        (ERROR_FILE_NOT_FOUND) for RawCRL or RawDeltaCRL of a CRL that does not exist; E_INVALIDARG
        (0x80070057) for an unknown name, another type, or `.n` out of range.

        Source: sdk-api certif/nf-certif-icertserverexit-getcertificateproperty
        Basis: CERTSRV_E_PROPERTY_EMPTY, and 0x80070002 for RawDeltaCRL, sample; the same for
        RawCRL, E_INVALIDARG, the spelling of names, and the CA's properties at a row's context
        assumed.
        """

    def GetCertificateExtension(self, strExtensionName: str, Type: int, /) -> PropertyValue:
        """Return the value of an extension, one that is stored but disabled included.

        `strExtensionName` is a dotted OID. BINARY returns the encoded value as stored, STRING
        decodes an IA5String, LONG an INTEGER, DATE a UTCTime or GeneralizedTime.

        Errors: CERTSRV_E_PROPERTY_EMPTY (0x80094004) for an extension that the row lacks;
        ERROR_INVALID_DATA (0x8007000D) for a value that is not of `Type`; E_INVALIDARG (0x80070057)
        at context 0.

        Source: sdk-api certif/nf-certif-icertserverexit-getcertificateextension
        Basis: CERTSRV_E_PROPERTY_EMPTY sample; ASN.1 of LONG and DATE, and the other errors,
        assumed.
        """

    def GetCertificateExtensionFlags(self) -> int:
        """Return the flags of the extension that this object fetched last.

        EXTENSION_CRITICAL_FLAG 1, EXTENSION_DISABLE_FLAG 2, the policy's own bits 0xFF00, the
        origin in bits 16 to 19.

        Errors: CERTSRV_E_PROPERTY_EMPTY (0x80094004) before `GetCertificateExtension` fetched one.

        Source: sdk-api certif/nf-certif-icertserverexit-getcertificateextensionflags
        Basis: the error assumed.
        """

    def EnumerateExtensionsSetup(self, Flags: int, /) -> None:
        """Go before the first extension. `Flags` is reserved and 0.

        Errors: E_INVALIDARG (0x80070057) for other flags, or at context 0.

        Source: sdk-api certif/nf-certif-icertserverexit-enumerateextensionssetup
        Basis: the error assumed.
        """

    def EnumerateExtensions(self) -> str | None:
        """Return the dotted OID of the next extension, or None at the end (S_FALSE).

        Disabled extensions are listed too. The order is that of storage.

        Errors: E_UNEXPECTED (0x8000FFFF) before `EnumerateExtensionsSetup`.

        Source: sdk-api certif/nf-certif-icertserverexit-enumerateextensions
        Basis: S_FALSE documented, None for it observed; the order and the error assumed.
        """

    def EnumerateExtensionsClose(self) -> None:
        """End the enumeration and free what it holds; due after each one.

        Source: sdk-api certif/nf-certif-icertserverexit-enumerateextensionsclose
        """

    def EnumerateAttributesSetup(self, Flags: int, /) -> None:
        """Go before the first request attribute. `Flags` is reserved and 0.

        Errors: E_INVALIDARG (0x80070057) for other flags, or at context 0.

        Source: sdk-api certif/nf-certif-icertserverexit-enumerateattributessetup
        Basis: the error assumed.
        """

    def EnumerateAttributes(self) -> str | None:
        """Return the name of the next request attribute, or None at the end (S_FALSE).

        `GetRequestAttribute` has the value that goes with it. The order is that of storage.

        Errors: E_UNEXPECTED (0x8000FFFF) before `EnumerateAttributesSetup`.

        Source: sdk-api certif/nf-certif-icertserverexit-enumerateattributes
        Basis: S_FALSE documented, None for it observed; the order and the error assumed.
        """

    def EnumerateAttributesClose(self) -> None:
        """End the enumeration and free what it holds; due after each one.

        Source: sdk-api certif/nf-certif-icertserverexit-enumerateattributesclose
        """


class ICertServerPolicy(Protocol):
    """Read a request while it is decided, and shape its certificate.

    Implemented by the engine, called by the policy module: the methods of `ICertServerExit` with
    the same types, errors and bases, and two setters among them. No certificate exists yet, so
    SerialNumber, DistinguishedName and RawName of the certificate's half are empty.

    IID: aa000922-ffbe-11cf-8800-00a0c903b83c
    CoClass: CCertServerPolicy
    CLSID: aa000926-ffbe-11cf-8800-00a0c903b83c
    ProgID: CertificateAuthority.ServerPolicy
    Source: sdk-api certif/nn-certif-icertserverpolicy
    Basis: GUIDs and ProgID header.
    """

    def SetContext(self, Context: int, /) -> None:
        """Aim the object at the request behind `Context`, or with 0 at the CA.

        To be called before all other methods, with the number from `ICertPolicy.VerifyRequest`.

        Source: sdk-api certif/nf-certif-icertserverpolicy-setcontext
        """

    def GetRequestProperty(self, strPropertyName: str, PropertyType: int, /) -> PropertyValue:
        """Return a value from the request's half of the row.

        The page promises name properties, RequestID, RawRequest, RequestAttributes, RequestType,
        SubmittedWhen and RequesterName at this time; the others may be empty.

        Source: sdk-api certif/nf-certif-icertserverpolicy-getrequestproperty
        """

    def GetRequestAttribute(self, strAttributeName: str, /) -> str:
        """Return the value of a request attribute.

        Source: sdk-api certif/nf-certif-icertserverpolicy-getrequestattribute
        """

    def GetCertificateProperty(self, strPropertyName: str, PropertyType: int, /) -> PropertyValue:
        """Return a value from the certificate's half of the row, or a property of the CA.

        Known here besides: CrossForest, GeneralFlags, RequesterNameFromOldCertificate and
        RequesterCAAccess.

        Source: sdk-api certif/nf-certif-icertserverpolicy-getcertificateproperty
        """

    def SetCertificateProperty(
        self, strPropertyName: str, PropertyType: int, pvarPropertyValue: PropertyValue | None, /
    ) -> None:
        """Set a property of the certificate to come; None clears a STRING (VT_NULL in COM).

        Settable: name properties (also with `Subject.` in front), NotBefore, NotAfter, GeneralFlags
        (ORed into the standing value), CrossForest, RequesterSAMName, RequesterUPN, RequesterDN,
        CertificateTemplate. Dates may only narrow the span that stands there and the CA's own.

        Errors: E_INVALIDARG (0x80070057) for an unknown name, another type, or context 0. The page
        gives no HRESULT for a date outside the span.

        Source: sdk-api certif/nf-certif-icertserverpolicy-setcertificateproperty
        Basis: CertificateTemplate and clearing sample; E_INVALIDARG assumed.
        """

    def GetCertificateExtension(self, strExtensionName: str, Type: int, /) -> PropertyValue:
        """Return the value of an extension, one that is stored but disabled included.

        Source: sdk-api certif/nf-certif-icertserverpolicy-getcertificateextension
        """

    def GetCertificateExtensionFlags(self) -> int:
        """Return the flags of the extension that this object fetched last.

        Source: sdk-api certif/nf-certif-icertserverpolicy-getcertificateextensionflags
        """

    def SetCertificateExtension(
        self, strExtensionName: str, Type: int, ExtFlags: int, pvarValue: PropertyValue, /
    ) -> None:
        """Add an extension to the certificate to come, or replace its value and flags.

        `strExtensionName` is a dotted OID of at most 31 characters. BINARY is stored as it is,
        STRING as an IA5String, LONG as an INTEGER, DATE as an ASN.1 time. `ExtFlags`:
        EXTENSION_CRITICAL_FLAG 1, EXTENSION_DISABLE_FLAG 2 (stored, but left out of the
        certificate), 0xFF00 kept for the module; the engine sets the origin to
        EXTENSION_ORIGIN_POLICY.

        Errors: E_INVALIDARG (0x80070057) for a longer OID, a value not of `Type`, or context 0.

        Source: sdk-api certif/nf-certif-icertserverpolicy-setcertificateextension
        Basis: replacing sample; ASN.1 of LONG and DATE, and the error, assumed.
        """

    def EnumerateExtensionsSetup(self, Flags: int, /) -> None:
        """Go before the first extension. `Flags` is reserved and 0.

        Source: sdk-api certif/nf-certif-icertserverpolicy-enumerateextensionssetup
        """

    def EnumerateExtensions(self) -> str | None:
        """Return the dotted OID of the next extension, or None at the end (S_FALSE).

        Source: sdk-api certif/nf-certif-icertserverpolicy-enumerateextensions
        """

    def EnumerateExtensionsClose(self) -> None:
        """End the enumeration and free what it holds; due after each one.

        Source: sdk-api certif/nf-certif-icertserverpolicy-enumerateextensionsclose
        """

    def EnumerateAttributesSetup(self, Flags: int, /) -> None:
        """Go before the first request attribute. `Flags` is reserved and 0.

        Source: sdk-api certif/nf-certif-icertserverpolicy-enumerateattributessetup
        """

    def EnumerateAttributes(self) -> str | None:
        """Return the name of the next request attribute, or None at the end (S_FALSE).

        Source: sdk-api certif/nf-certif-icertserverpolicy-enumerateattributes
        """

    def EnumerateAttributesClose(self) -> None:
        """End the enumeration and free what it holds; due after each one.

        Source: sdk-api certif/nf-certif-icertserverpolicy-enumerateattributesclose
        """
