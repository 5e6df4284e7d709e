"""CMS: requests inside a signed message, plain (PKCS #7 around PKCS #10) or CMC full requests.

Three questions are answered here: which PKCS #10 the message carries, which keys have signed the
message, and which certificate it renews. What the PKCS #10 says is `pkcs10`'s business; whether
the renewed certificate is one of this CA's, and still good, is the engine's.

Readings of ours where the sources are silent (basis assumed): every signature must hold, not the
first alone; a PKCS #10 without a signature of its own needs one around it by its own key or, in a
renewal, by the old one; an extension in a control takes the place of the request's own, a later
attribute that of an earlier one.
Source: RFC 5652; MS-WCCE 3.2.1.4.2.1.4.1.2 to 3.2.1.4.2.1.4.2.2, 2.2.2.6.5 (null signature);
docs/rulings.md (Kinds and signatures).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import attrs
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ObjectIdentifier

from certsim._engine import asn1, attributes, cmc, pkcs10, signatures
from certsim._engine.submission import ARCHIVING, VERIFYING, RequestError, Submission, damaged
from certsim.facts import oids
from certsim.facts.flags import RequestType
from certsim.facts.hresults import HRESULT

_SET, _BY_IDENTIFIER = b"\x31", b"\x80"
_VERSION, _EXTENSIONS = b"\xa0", b"\xa3"
_FIELDS = 6
"""Serial number, algorithm, issuer, validity, subject and key, between version and extensions."""
_KEY_ID = oids.SUBJECT_KEY_IDENTIFIER
_SHA1 = signatures.DIGESTS[oids.SHA1]
_DIGEST_BY_SIZE = {one.digest_size: one for one in signatures.DIGESTS.values()}
_CONTENTS: dict[str, tuple[RequestType, Callable[[bytes], cmc.Content]]] = {
    oids.CMS_DATA: (RequestType.PKCS7, cmc.Content),
    oids.CMC_PKI_DATA: (RequestType.CMC, cmc.read),
}


@attrs.frozen
class _Certificate:
    """Hold the names (as encoded) that a signer may go by and its SubjectPublicKeyInfo."""

    names: tuple[bytes, ...]
    key: bytes


def read(data: bytes) -> Submission:
    """Return what the request inside the CMS message *data* (DER) says, all signatures checked.

    Its `request_type` is CR_IN_PKCS7 or CR_IN_CMC; `old_certificate` is set for a renewal.
    Errors: `RequestError` CRYPT_E_ASN1_EOD, _BADTAG or _CORRUPT for damage;
    CRYPT_E_INVALID_MSG_TYPE for another kind of message or content; ERROR_INVALID_DATA when there
    is not exactly one PKCS #10; CRYPT_E_NO_SIGNER for an unsigned message;
    CERTSRV_E_BAD_RENEWAL_CERT_ATTRIBUTE for a renewal without its old certificate;
    TRUST_E_NO_SIGNER_CERT for an unknown signer (the choice of code is assumed), NTE_BAD_SIGNATURE,
    NTE_BAD_ALGID or NTE_BAD_KEY for one whose signature does not hold.
    Source: MS-WCCE 3.2.1.4.2.1.4, 3.2.1.4.2.1.4.1.2, 3.2.1.4.2.1.4.1.3, 3.2.1.4.2.1.4.2.
    """
    try:
        return _read(data)
    except asn1.DecodeError as error:
        raise damaged(error) from error


def _read(data: bytes) -> Submission:
    # The signatures come last, so that damage is told by its own code and not as a bad signature.
    outer = asn1.decode(asn1.ContentInfo, data)
    if outer.content_type.dotted_string != oids.CMS_SIGNED_DATA:
        raise RequestError(HRESULT.CRYPT_E_INVALID_MSG_TYPE, "the message is not signed data")
    message = asn1.parse(asn1.SignedData, outer.content)
    found = _CONTENTS.get(message.content.content_type.dotted_string)
    if found is None:
        raise RequestError(HRESULT.CRYPT_E_INVALID_MSG_TYPE, "the message is about no request")
    kind, reader = found
    content = reader(asn1.parse(bytes, message.content.content))
    request = _pkcs10(content.request)
    says = _combined(pkcs10.submission(request), content, kind)
    old = _check_signatures(message, content.request, request, says)
    return says._replace(old_certificate=old)


def _pkcs10(der: bytes) -> asn1.CertificationRequest:
    # Content that is no PKCS #10 at all has a documented code; one with damage deeper inside is
    # left to `pkcs10.submission`, which names the damage.
    try:
        return asn1.decode(asn1.CertificationRequest, der)
    except asn1.DecodeError as error:
        raise RequestError(HRESULT.ERROR_INVALID_DATA, f"no PKCS #10 inside: {error}") from error


def _combined(says: Submission, content: cmc.Content, kind: RequestType) -> Submission:
    # A registration authority adds by controls to a request that it cannot change (RFC 5272
    # 6.5.2), so theirs is the later word (assumed).
    extensions = {row.name: row for row in (*says.extensions, *content.extensions)}
    return says._replace(
        request_type=kind,
        attributes=attributes.merge(says.attributes, content.attributes),
        extensions=tuple(extensions.values()),
    )


def _check_signatures(
    message: asn1.SignedData,
    der: bytes,
    request: asn1.CertificationRequest,
    says: Submission,
) -> bytes | None:
    """Check every signature of *message* and that of its *request*; return the old certificate.

    *der* is the request's encoding and *says* what was read from it; `None` for a new request.
    Errors: `RequestError`, as `read` lists them. Source: MS-WCCE 3.2.1.4.2.1.4.2.
    """
    signers = _signers(message)
    _refuse_archival(signers)
    # The other choices of RFC 5652 10.2.2 are obsolete or hold no keys.
    choices = [one for one in message.certificates or () if one.tag_bytes == asn1.SEQUENCE]
    bag = {asn1.raw(one): _certificate(one) for one in choices}
    # Before the signatures: an old certificate that is missing has a code of its own, though its
    # owner's signature could not be checked either.
    old = _old_certificate(request, bag)
    keys = _keys_by_name(bag.values(), says)
    # Every signer is checked before anything is made of the result: one bad signature spoils all.
    proved = {_proved_key(signer, message.content, keys) for signer in signers}
    if old is not None and bag[old].key not in proved:
        raise signatures.bad("a renewal is signed with the key of the old certificate")
    if _algorithm(request.algorithm) not in (oids.NO_SIGNATURE, *signatures.DIGESTS):
        pkcs10.prove_possession(der)
    elif old is None and says.public_key_info not in proved:
        raise signatures.bad("nothing in the message proves possession of the key")
    else:
        _check_null_signature(der, request, says.public_key_info)
    return old


def _signers(message: asn1.SignedData) -> list[asn1.SignerInfo]:
    if message.signers.tag_bytes != _SET:
        raise asn1.DecodeError("UnexpectedTag: signers are a SET")
    found = [asn1.parse(asn1.SignerInfo, one) for one in asn1.elements(message.signers)]
    if not found:
        raise RequestError(HRESULT.CRYPT_E_NO_SIGNER, "the message is not signed", VERIFYING)
    return found


def _refuse_archival(signers: Iterable[asn1.SignerInfo]) -> None:
    # This CA has no recovery agents, so a private key sent along could only be thrown away. The
    # code is the one winerror.h has for such a CA; that it is used here is assumed.
    attributes = [
        asn1.parse(asn1.Attribute, one) for signer in signers for one in signer.unsigned or ()
    ]
    if _of_type(attributes, oids.ARCHIVED_KEY):
        raise RequestError(
            HRESULT.CERTSRV_E_KEY_ARCHIVAL_NOT_CONFIGURED, "this CA keeps no keys", ARCHIVING
        )


def _old_certificate(
    request: asn1.CertificationRequest, bag: Mapping[bytes, _Certificate]
) -> bytes | None:
    """Return the encoded certificate that *request* renews, `None` when it renews nothing.

    A message signed with an old certificate is no renewal by that alone: without the attribute
    the request is a new one.
    Errors: `RequestError` CERTSRV_E_BAD_RENEWAL_CERT_ATTRIBUTE unless the attribute has one value
    and that is in the *bag*, byte for byte. Source: MS-WCCE 2.2.2.7.3, 3.2.1.4.2.1.4.2.1.
    """
    attributes_set = request.info.attributes
    found = _of_type(attributes_set.as_list() if attributes_set else [], oids.RENEWAL_CERTIFICATE)
    if not found:
        return None
    values = [asn1.raw(value) for one in found for value in one.values.as_list()]
    if len(values) != 1 or values[0] not in bag:
        raise RequestError(
            HRESULT.CERTSRV_E_BAD_RENEWAL_CERT_ATTRIBUTE,
            "the certificate to renew is not in the message",
        )
    return values[0]


def _of_type(found: Iterable[asn1.Attribute], kind: str) -> list[asn1.Attribute]:
    return [one for one in found if one.type.dotted_string == kind]


def _certificate(element: asn1.TLV) -> _Certificate:
    """Return what is needed of a certificate. Source: RFC 5280 4.1. Errors: `DecodeError`.

    Not read by `cryptography.x509`, which warns of serial numbers that a CA ought not to give and
    writes names anew, while a signer's name is compared as it was sent.
    """
    fields = asn1.elements(asn1.elements(element, 3)[0])
    if fields and fields[0].tag_bytes == _VERSION:
        del fields[0]
    if len(fields) < _FIELDS:
        raise asn1.DecodeError("a certificate in the message lacks fields")
    serial, _, issuer, _, _, key = map(asn1.raw, fields[:_FIELDS])
    stated: list[bytes] = []
    for field in fields[_FIELDS:]:
        if field.tag_bytes == _EXTENSIONS:
            box = asn1.decode(asn1.ExtensionsBox, asn1.wrap(asn1.SEQUENCE, bytes(field.data)))
            stated += [one.value for one in box.extensions if one.name.dotted_string == _KEY_ID]
    names = (asn1.wrap(asn1.SEQUENCE, issuer, serial), *_identifiers(key, stated))
    return _Certificate(names, key)


def _identifiers(key: bytes, stated: Iterable[bytes]) -> list[bytes]:
    """Return the subjectKeyIdentifier names of *key*: those *stated* in extensions, its SHA-1.

    Source: RFC 5652 5.3; RFC 5280 4.2.1.2 (SHA-1 of the BIT STRING); RFC 5272 3.2.1.2.1.
    """
    bits = asn1.decode(asn1.SubjectPublicKeyInfo, key).key.as_bytes()
    octets = [asn1.decode(bytes, one) for one in stated]
    return [asn1.wrap(_BY_IDENTIFIER, one) for one in (*octets, signatures.digest(_SHA1, bits))]


def _keys_by_name(
    certificates: Iterable[_Certificate], says: Submission
) -> dict[bytes, list[bytes]]:
    """Return the keys a signer's name may mean: the first certificate's and the request's own.

    No more than two, so that a message full of lookalikes costs little time.
    """
    keys: dict[bytes, list[bytes]] = {}
    for certificate in certificates:
        for name in certificate.names:
            keys.setdefault(name, [certificate.key])
    stated = [row.value for row in says.extensions if row.name == _KEY_ID]
    for name in set(_identifiers(says.public_key_info, stated)):
        keys.setdefault(name, []).append(says.public_key_info)
    return keys


def _proved_key(
    signer: asn1.SignerInfo, content: asn1.ContentInfo, keys: Mapping[bytes, list[bytes]]
) -> bytes | None:
    """Return the SubjectPublicKeyInfo that made a signature; `None` for a null signature.

    Errors: `RequestError` when none made it. Source: RFC 5652 5.4; RFC 5272 C.1 (null signature).
    """
    digest = signatures.digest_named(_algorithm(signer.digest))
    signed = _signed_bytes(signer, content, digest)
    scheme = _algorithm(signer.algorithm)
    if scheme == oids.NO_SIGNATURE:
        if signer.signature != signatures.digest(digest, signed):
            raise signatures.bad("a null signature is not the digest of the message")
        return None
    candidates = keys.get(asn1.raw(signer.signer), [])
    for key in candidates:
        if signatures.holds(key, scheme, signer.signature, signed, digest):
            return key
    if candidates:
        raise signatures.bad("a signature of the message does not hold")
    raise RequestError(
        HRESULT.TRUST_E_NO_SIGNER_CERT, "the certificate of a signer is missing", VERIFYING
    )


def _signed_bytes(
    signer: asn1.SignerInfo, content: asn1.ContentInfo, digest: hashes.HashAlgorithm
) -> bytes:
    """Return the bytes that *signer* signed: the content, or the attributes that vouch for it.

    The attributes are hashed as a SET OF in the order they came in.
    Errors: `RequestError` NTE_BAD_SIGNATURE when content type or digest is absent, repeated or
    that of other content. Source: RFC 5652 5.3, 5.4, 11.1, 11.2.
    """
    octets = asn1.parse(bytes, content.content)
    if signer.signed is None:
        return octets
    found = [asn1.parse(asn1.Attribute, one) for one in signer.signed]
    expected = {
        oids.CONTENT_TYPE: asn1.oid(content.content_type.dotted_string),
        oids.MESSAGE_DIGEST: asn1.wrap(asn1.OCTET_STRING, signatures.digest(digest, octets)),
    }
    for kind, value in expected.items():
        values = [asn1.raw(one) for each in _of_type(found, kind) for one in each.values.as_list()]
        if values != [value]:
            raise signatures.bad("the signed attributes are not those of the content")
    return asn1.wrap(_SET, *map(asn1.raw, signer.signed))


def _check_null_signature(der: bytes, request: asn1.CertificationRequest, key: bytes) -> None:
    """Check the digest that stands in place of a PKCS #10 signature, and the parts it is over.

    Source: MS-WCCE 2.2.2.6.5 (the algorithm is the digest's own); RFC 5272 C.1 (id-alg-noSignature,
    where only the length tells the digest).
    """
    # `prove_possession` would have looked at version and key; nobody else does here.
    signature = request.signature.as_bytes()
    named = signatures.DIGESTS.get(_algorithm(request.algorithm))
    digest = named or _DIGEST_BY_SIZE.get(len(signature))
    info = asn1.raw(asn1.elements(asn1.decode(asn1.TLV, der), 3)[0])
    if digest is None or signature != signatures.digest(digest, info):
        raise signatures.bad("the null signature is not the digest of the request")
    if request.info.version != 0:
        raise asn1.DecodeError("a PKCS #10 request has version 0")
    signatures.load_key(key)


def _algorithm(identifier: Sequence[asn1.TLV]) -> str:
    if not identifier:
        raise asn1.DecodeError("an algorithm identifier is empty")
    return asn1.parse(ObjectIdentifier, identifier[0]).dotted_string
