"""PKCS #10: what a request says, and the proof that its sender holds the key.

A PKCS #10 is a name, a key and a set of attributes, signed with that very key. Of the attributes
three kinds become something: those that carry extensions (Microsoft's and that of PKCS #9), the
name-value pairs, and those that tell the client's system and key provider. The rest stay in
RawRequest, where a policy module may read them for itself. What extensions are worth is not judged
here: all of them arrive disabled, and policy says which it enables.
Source: RFC 2986; RFC 2985 5.4.2; MS-WCCE 3.2.1.4.2.1.4.1.1 (attributes); certsrv.h and sdk-api
certif/nf-certif-icertserverexit-getcertificateextensionflags (origins of extensions).
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certsim._engine import asn1, attributes, names, signatures
from certsim._engine.submission import VERIFYING, RequestError, Submission
from certsim.database.rows import AttributeRow, ExtensionRow
from certsim.facts import oids
from certsim.facts.flags import ExtensionFlag, ExtensionOrigin, RequestType
from certsim.facts.hresults import HRESULT
from certsim.facts.schema import COLUMNS

MAX_EXTENSION = COLUMNS["ExtensionRawValue"].max_length
"""Bytes an extension's value may have. Source: `certutil -schema Ext` (ExtensionRawValue)."""
_EXTENSION_ATTRIBUTES = frozenset((oids.CERT_EXTENSIONS, oids.EXTENSION_REQUEST))
_SHA1 = signatures.DIGESTS[oids.SHA1]
_REFUSED = frozenset(("md2", "md4", "md5"))
_ARRIVE = int(ExtensionOrigin.REQUEST | ExtensionFlag.DISABLE)


def read(data: bytes) -> Submission:
    """Return what the PKCS #10 request *data* (DER) says, its signature checked.

    Errors: `asn1.DecodeError` when *data* is no PKCS #10 at all (it may be of another kind then),
    `RequestError` for one that is damaged inside or whose key did not sign it.
    Source: RFC 2986 3, 4.
    """
    request = asn1.decode(asn1.CertificationRequest, data)
    prove_possession(data)
    return submission(request)


def submission(request: asn1.CertificationRequest) -> Submission:
    """Return what an already decoded *request* says; its signature is the caller's business.

    In a CMS or CMC message a PKCS #10 may come with a null signature, so `cms` proves by other
    means who holds the key. Name and key are kept as the bytes that were sent.
    Errors: `RequestError` CRYPT_E_ASN1_CORRUPT for damaged names, attributes or extensions.
    Source: MS-WCCE 2.2.2.6.5 (null signature).
    """
    info = request.info
    raw_name = asn1.raw(info.subject)
    found = info.attributes.as_list() if info.attributes else []
    try:
        return Submission(
            RequestType.PKCS10,
            raw_name,
            names.read(raw_name),
            asn1.raw(info.public_key_info),
            tuple(attribute_rows(found)),
            requested_extensions(found, _ARRIVE),
        )
    except asn1.DecodeError as error:
        raise RequestError(HRESULT.CRYPT_E_ASN1_CORRUPT, str(error)) from error


def prove_possession(data: bytes) -> None:
    """Check that the key inside the request *data* (DER) signed it.

    Errors: `RequestError` NTE_BAD_SIGNATURE when it did not, NTE_BAD_ALGID for an algorithm or
    NTE_BAD_KEY for a key that cannot be checked, CRYPT_E_ASN1_CORRUPT for a damaged request.
    Source: RFC 2986 4.2; the codes are docs/rulings.md (Requests).
    """
    try:
        request = x509.load_der_x509_csr(data)
    except (ValueError, x509.InvalidVersion) as error:
        text = str(asn1.DecodeError(str(error)))
        raise RequestError(HRESULT.CRYPT_E_ASN1_CORRUPT, text) from error
    try:
        valid = request.is_signature_valid or _signed_with_sha1(request)
    except (UnsupportedAlgorithm, TypeError, InvalidSignature) as error:
        code = HRESULT.NTE_BAD_ALGID if _has_usable_key(request) else HRESULT.NTE_BAD_KEY
        raise RequestError(code, str(error), VERIFYING) from error
    except ValueError as error:
        raise RequestError(HRESULT.NTE_BAD_KEY, str(error), VERIFYING) from error
    if not valid:
        raise signatures.bad("the request is not signed by its own key")


def _has_usable_key(request: x509.CertificateSigningRequest) -> bool:
    try:
        request.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return False
    return True


def _signed_with_sha1(request: x509.CertificateSigningRequest) -> bool:
    """Tell whether it was only its digest that made *request* look badly signed.

    `cryptography` calls every SHA-1 signature on a request invalid; old clients still send them,
    and a standalone CA takes them.
    """
    digest = request.signature_hash_algorithm
    if digest is not None and digest.name in _REFUSED:
        raise RequestError(
            HRESULT.NTE_BAD_ALGID, f"signatures by {digest.name} are not taken", VERIFYING
        )
    if digest is None or digest.name != _SHA1.name:
        return False
    key = request.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    scheme = request.signature_algorithm_oid.dotted_string
    return signatures.holds(key, scheme, request.signature, request.tbs_certrequest_bytes, _SHA1)


def requested_extensions(found: Iterable[asn1.Attribute], flags: int) -> tuple[ExtensionRow, ...]:
    """Return the rows of all extensions that the attributes *found* ask for, each with *flags*.

    Microsoft's attribute and the one of PKCS #9 count alike and may stand side by side.
    Errors: `asn1.DecodeError`, also for an extension that is asked for twice, which RFC 5280 4.2
    forbids in a certificate. Source: docs/rulings.md (Attributes and extensions).
    """
    rows: dict[str, ExtensionRow] = {}
    for attribute in found:
        if attribute.type.dotted_string not in _EXTENSION_ATTRIBUTES:
            continue
        for value in attribute.values.as_list():
            for row in extension_rows(asn1.raw(value), flags):
                if row.name in rows:
                    raise asn1.DecodeError(f"extension {row.name} is asked for twice")
                rows[row.name] = row
    return tuple(rows.values())


def extension_rows(encoded: bytes, flags: int) -> list[ExtensionRow]:
    """Return the rows of an *encoded* Extensions, each with *flags* and its criticality.

    *flags* are an origin and perhaps EXTENSION_DISABLE_FLAG; EXTENSION_CRITICAL_FLAG (1) is added
    from the encoding. Values are the content of the OCTET STRING, not looked into.
    Errors: `asn1.DecodeError`, also for a value over `MAX_EXTENSION` bytes.
    """
    box = asn1.decode(asn1.ExtensionsBox, asn1.wrap(asn1.SEQUENCE, encoded))
    rows = []
    for item in box.extensions:
        name = item.name.dotted_string
        if len(item.value) > MAX_EXTENSION:
            raise asn1.DecodeError(f"extension {name} has over {MAX_EXTENSION} bytes")
        rows.append(ExtensionRow(name, flags | item.critical, item.value))
    return rows


def attribute_rows(found: Iterable[asn1.Attribute]) -> list[AttributeRow]:
    """Return a row for each request attribute among the attributes *found*.

    A pair without a name or a value makes no row. The pair's name loses blanks and minus signs as
    one in attribute text does, so that both can be asked for alike.
    Errors: `asn1.DecodeError` for a damaged value, `RequestError` ERROR_INVALID_DATA for several
    values where one is allowed. Source: MS-WCCE 3.2.1.4.2.1.4.1.1.
    """
    rows: list[AttributeRow] = []
    for attribute in found:
        name = attribute.type.dotted_string
        reader = _ATTRIBUTE_READERS.get(name)
        if reader is None:
            continue
        values = attribute.values.as_list()
        if len(values) > 1 and name in _SINGLE_VALUED:
            raise RequestError(
                HRESULT.ERROR_INVALID_DATA, f"attribute {name} has {len(values)} values"
            )
        rows.extend(reader(value) for value in values)
    return [row for row in rows if row.name and row.value]


def _name_value_pair(value: asn1.TLV) -> AttributeRow:
    pair = asn1.parse(asn1.EnrollmentNameValuePair, value)
    return AttributeRow(attributes.normalize(names.text_of(pair.name)), names.text_of(pair.value))


def _os_version(value: asn1.TLV) -> AttributeRow:
    return AttributeRow("RequestOSVersion", names.text_of(value))


def _csp_provider(value: asn1.TLV) -> AttributeRow:
    return AttributeRow(
        "RequestCSPProvider", names.text_of(asn1.parse(asn1.CSPProvider, value).name)
    )


_ATTRIBUTE_READERS = {
    oids.ENROLLMENT_NAME_VALUE_PAIR: _name_value_pair,
    oids.OS_VERSION: _os_version,
    oids.ENROLLMENT_CSP_PROVIDER: _csp_provider,
}
# The names of the last two are wszPROPREQUESTOSVERSION and wszPROPREQUESTCSPPROVIDER; that the
# engine fills these attributes from the request is certsim's reading (basis assumed).
_SINGLE_VALUED = frozenset((oids.OS_VERSION, oids.ENROLLMENT_CSP_PROVIDER))
# Source: MS-WCCE 3.2.1.4.2.1.4.1.1.
