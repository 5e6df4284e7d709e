"""PKCS #10: what a request says, and the proof that its sender holds the key.

Source: RFC 2986; ca-behaviour.md 1.6 (attributes that carry extensions and name-value pairs);
interfaces.md 4.4 (extension origins).
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

MAX_EXTENSION = 4096
"""Bytes an extension's value may have. Source: interfaces.md 4.1 (ExtensionRawValue)."""
_EXTENSION_ATTRIBUTES = frozenset((oids.CERT_EXTENSIONS, oids.EXTENSION_REQUEST))
_SHA1 = signatures.DIGESTS[oids.SHA1]
_ARRIVE = int(ExtensionOrigin.REQUEST | ExtensionFlag.DISABLE)


def read(data: bytes) -> Submission:
    """Return what the PKCS #10 request *data* (DER) says, its signature checked.

    Errors: `asn1.DecodeError` when *data* is no PKCS #10 at all, `RequestError` for one that is
    damaged inside or whose key did not sign it.
    """
    request = asn1.decode(asn1.CertificationRequest, data)
    prove_possession(data)
    return submission(request)


def submission(request: asn1.CertificationRequest) -> Submission:
    """Return what an already decoded *request* says; its signature is the caller's business.

    Errors: `RequestError` CRYPT_E_ASN1_CORRUPT for damaged names, attributes or extensions.
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
    """
    try:
        request = x509.load_der_x509_csr(data)
    except (ValueError, x509.InvalidVersion) as error:
        raise RequestError(HRESULT.CRYPT_E_ASN1_CORRUPT, str(error)) from error
    try:
        valid = request.is_signature_valid or _signed_with_sha1(request)
    except (UnsupportedAlgorithm, TypeError, InvalidSignature) as error:
        raise RequestError(HRESULT.NTE_BAD_ALGID, str(error), VERIFYING) from error
    except ValueError as error:
        raise RequestError(HRESULT.NTE_BAD_KEY, str(error), VERIFYING) from error
    if not valid:
        raise signatures.bad("the request is not signed by its own key")


def _signed_with_sha1(request: x509.CertificateSigningRequest) -> bool:
    """Tell whether it was only its digest that made *request* look badly signed.

    `cryptography` calls every SHA-1 signature on a request invalid; old clients still send them,
    and a standalone CA takes them.
    """
    digest = request.signature_hash_algorithm
    if digest is None or digest.name != _SHA1.name:
        return False
    key = request.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    scheme = request.signature_algorithm_oid.dotted_string
    return signatures.holds(key, scheme, request.signature, request.tbs_certrequest_bytes, _SHA1)


def requested_extensions(found: Iterable[asn1.Attribute], flags: int) -> tuple[ExtensionRow, ...]:
    """Return the rows of all extensions that the attributes *found* ask for, each with *flags*.

    Errors: `asn1.DecodeError`, also for an extension that is asked for twice.
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

    Errors: `asn1.DecodeError`. Source: ca-behaviour.md 1.6.
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
