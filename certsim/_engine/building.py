"""From a request to a certificate: dates and extensions before policy, subject and bytes after.

Two moments meet here. `prepare` runs before policy is asked, so that a module sees the dates and
extensions it may change, and a refused row has dates all the same. `certify` runs once policy
has said yes, on whatever it left. This room neither asks policy nor touches a standing row, and
the encoding itself is `x509`'s.
Source: MS-WCCE 3.2.1.4.2.1.4.4 to 3.2.1.4.2.1.4.6; win32 SecCrypto, building a certificate;
docs/rulings.md (Certificates).
"""

from __future__ import annotations

from datetime import datetime

from certsim._engine import asn1, names, serials, validity, x509
from certsim._engine.drafts import Draft
from certsim._engine.state import CAState, Settings
from certsim._engine.x509 import CACertificate
from certsim.database.rows import ExtensionRow, Value
from certsim.errors import ComError
from certsim.facts import oids
from certsim.facts.flags import CRLFlag, ExtensionFlag, ExtensionOrigin
from certsim.facts.hresults import HRESULT
from certsim.facts.schema import COLUMNS

MAX_CERTIFICATE = COLUMNS["RawCertificate"].max_length
"""Bytes a certificate may have. Source: `certutil -schema` (column RawCertificate)."""
_NO_NAME = b"\x30\x00"
"""The empty Name, which RFC 5280 4.1.2.6 allows beside an alternative name alone."""
_DISABLE = int(ExtensionFlag.DISABLE)
# As plain numbers: operations on flag members cost microseconds, and each request comes by here.
_KEEP_UNTOUCHED = int(CRLFlag.REBUILD_MODIFIED_SUBJECT_ONLY)
_KEEP_ORDER = int(CRLFlag.DISABLE_RDN_REORDER)


def prepare(draft: Draft, state: CAState, issuer: CACertificate, now: datetime) -> None:
    """Give *draft* the dates and the extensions that the CA would issue if policy changed nothing.

    NotBefore is *now* less the clock skew; NotAfter is *now* plus the registry's period, no later
    than the end of the CA certificate. The key identifier is the request's own if it sent a
    proper one (observed: origin Request), else SHA-1 of the key.
    *issuer* is the CA certificate to sign under, *now* an aware moment. For a resubmit too: the
    dates are then those of the new day, while extensions that policy or an officer has set stay.
    Source: MS-WCCE (clock skew); KB254632 (period, end of the CA certificate); a published lab
    transcript (period counted from now); docs/rulings.md (Certificates).
    """
    settings = state.settings
    draft.columns["NotBefore"] = max(now - settings.skew, issuer.not_before)
    draft.period_end = validity.after(now, settings.validity_units, settings.validity_period)
    draft.columns["NotAfter"] = min(draft.period_end, issuer.not_after)
    draft.put_own((_key_identifier(draft), *issuer.constants))


def _key_identifier(draft: Draft) -> ExtensionRow:
    # Requested extensions arrive disabled and wait for policy. This one alone is enabled before
    # policy is asked, since the CA would add one anyhow; policy may still disable it.
    asked = draft.extension(oids.SUBJECT_KEY_IDENTIFIER)
    if asked is not None and asn1.fits(bytes, asked.value):
        return asked._replace(flags=asked.flags & ~_DISABLE)
    digest = x509.key_identifier(draft.public_key_info)
    value = asn1.wrap(asn1.OCTET_STRING, digest)
    return ExtensionRow(oids.SUBJECT_KEY_IDENTIFIER, int(ExtensionOrigin.SERVER), value)


def certify(draft: Draft, state: CAState, issuer: CACertificate) -> dict[str, Value]:
    """Build and sign the certificate that *draft* describes; return the columns it fills.

    Errors: `ComError` CERTSRV_E_BAD_REQUESTSUBJECT for neither subject nor alternative name or a
    name part too long, CERT_E_EXPIRED when the CA certificate has ended, E_INVALIDARG for dates
    that leave no life, CERTSRV_E_ENCODING_LENGTH for over 16,384 bytes; those of
    `serials.new_serial`; NTE_FAIL when the key does not sign.
    The columns are RawCertificate and RawName (DER), SerialNumber (lower-case hexadecimal),
    IssuerNameID and, for a usage whose certificates stay on the CRLs, PublishExpiredCertInCRL.
    *issuer* is the one that `prepare` was given, whatever renewal came in between.
    Source: MS-WCCE 3.2.1.4.2.1.4.6 (serial numbers); docs/rulings.md (Certificates, CRLs).
    """
    settings = state.settings
    not_before, not_after = _life(draft, issuer)
    subject = _subject(draft, state)
    serial = serials.new_serial(
        draft.request_id,
        issuer.index,
        settings.high_serial,
        state.sources.random_bytes,
    )
    raw = x509.build(
        issuer,
        serial,
        not_before,
        not_after,
        subject,
        draft.public_key_info,
        draft.extensions,
        issuer.constants,
    )
    if len(raw) > MAX_CERTIFICATE:
        raise ComError(
            HRESULT.CERTSRV_E_ENCODING_LENGTH,
            f"the certificate has {len(raw):,} bytes, {MAX_CERTIFICATE:,} are allowed",
        )
    columns: dict[str, Value] = {
        "RawCertificate": raw,
        "RawName": subject,
        "SerialNumber": serial,
        "IssuerNameID": issuer.name_id,
    }
    return columns | outliving(draft, settings)


def outliving(draft: Draft, settings: Settings) -> dict[str, Value]:
    """Return the column that keeps a certificate on CRLs beyond its end, if a usage asks for it.

    Source: TechNet wiki 16227; docs/rulings.md (CRLs).
    """
    row = draft.extension(oids.EXTENDED_KEY_USAGE)
    if row is None or row.flags & _DISABLE or not asn1.read_oids(row.value) & settings.lasting:
        return {}
    return {"PublishExpiredCertInCRL": 1}


def _life(draft: Draft, issuer: CACertificate) -> tuple[datetime, datetime]:
    # Policy moves dates inwards only, so it can leave no time at all, but never too much.
    not_before, not_after = draft.columns["NotBefore"], draft.columns["NotAfter"]
    if not isinstance(not_before, datetime) or not isinstance(not_after, datetime):
        raise TypeError("a prepared draft has both dates")
    if not_after <= not_before:
        expired = issuer.not_after <= not_before
        raise ComError(
            HRESULT.CERT_E_EXPIRED if expired else HRESULT.E_INVALIDARG,
            "the CA certificate has expired" if expired else "NotAfter is not after NotBefore",
        )
    return not_before, not_after


def _subject(draft: Draft, state: CAState) -> bytes:
    """Return the encoded subject: the request's, with policy's changes, as SubjectTemplate orders.

    With bit 0x20 of CRLFlags a subject that policy did not touch keeps its very bytes.
    Errors: `ComError` CERTSRV_E_BAD_REQUESTSUBJECT, as `certify` says.
    Source: win32 SecCrypto/name-properties; gradenegger.eu (order of RDNs, CRLFlags).
    """
    settings, changed = state.settings, draft.changed_names()
    flags = settings.crl_flags
    raw_name = draft.columns.get("Request.RawName", _NO_NAME)
    if not isinstance(raw_name, bytes):
        raise TypeError("RawName is BINARY")
    if changed or not flags & _KEEP_UNTOUCHED:
        name = draft.subject or names.read(raw_name)
        if changed:
            name = _renamed(name, changed, enforce=settings.enforce_name_lengths)
        reorder = not flags & _KEEP_ORDER
        raw_name = names.arrange(name, settings.template, reorder=reorder)
    if raw_name == _NO_NAME and not _has_alternative_name(draft):
        raise ComError(
            HRESULT.CERTSRV_E_BAD_REQUESTSUBJECT, "there is neither a subject nor another name"
        )
    return raw_name


def _renamed(name: names.Name, changed: dict[str, str], *, enforce: bool) -> names.Name:
    """Return the name that policy's changes make; parts it left alone keep their string type."""
    kept = [part for part in name.parts if names.NAME_BY_OID.get(part.oid) not in changed]
    made = names.make_parts(changed)
    if enforce:
        names.check_lengths(made)
    parts = [*kept, *made]
    return names.Name(names.encode(parts), parts, single=True)


def _has_alternative_name(draft: Draft) -> bool:
    row = draft.extension(oids.SUBJECT_ALT_NAME)
    return row is not None and not row.flags & _DISABLE


def shortening(draft: Draft, issuer: CACertificate) -> str:
    """Return why the certificate lives shorter than the CA's period, if it does.

    A sentence for the disposition message, empty when nothing was shortened. That Windows tells
    it there has been observed; the words are certsim's own.
    Source: gradenegger.eu (event 53); docs/rulings.md (Certificates).
    """
    end = draft.columns["NotAfter"]
    if not isinstance(end, datetime) or end >= draft.period_end:
        return ""
    if end == issuer.not_after:
        return "The validity was shortened to the end of the CA certificate."
    return "The validity was shortened by the policy module."
