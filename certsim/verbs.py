"""The verbs of a certification authority, as a test or a lesson calls them.

What a verb does is the engine's; here stand its name, its arguments with their defaults, and what
its caller has to know. *requester*, *officer*, *administrator* and *caller* are names that whoever
calls gives: nobody is authenticated (see `ca`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from cryptography import x509

from certsim._engine.engine import Engine
from certsim._engine.outcome import Outcome
from certsim._engine.published import PublishedCRL
from certsim._engine.views import Restriction, View
from certsim.database.rows import Value
from certsim.facts.dispositions import CADisposition, RevocationReason
from certsim.facts.flags import CRLKind

USER, OFFICER, ADMINISTRATOR = r"CERTSIM\user", r"CERTSIM\officer", r"CERTSIM\administrator"
"""Who calls if nobody is named."""


class Verbs:
    """Be what a CA can be asked to do; `CertificationAuthority` is one of these with a life."""

    _engine: Engine

    def submit(
        self,
        request: object,
        *,
        attributes: str | Mapping[str, str] = "",
        requester: str = USER,
    ) -> Outcome:
        r"""Ask for a certificate; a refusal is an outcome and does not raise.

        *request*: DER, PEM or base64 as bytes or text (PKCS #10, PKCS #7, CMC), or an
        `x509.CertificateSigningRequest`. *attributes*: `Name:Value` lines or a mapping.
        *requester*: the account, `DOMAIN\user`. Errors: `ComError` E_INVALIDARG, and no row, for
        a request over 65,536 bytes or an argument of no known kind; RPC_S_SERVER_UNAVAILABLE
        (0x800706BA), as for every verb, on a stopped CA.
        Source: MS-WCCE 3.2.1.4.2.1.
        """
        return self._engine.submit(request, attributes, requester)

    def retrieve(
        self,
        request_id: int | None = None,
        *,
        serial_number: str | None = None,
        requester: str = USER,
    ) -> Outcome:
        """Return what has become of a request, with its certificate if there is one.

        Errors: `ComError` CERTSRV_E_PROPERTY_EMPTY when there is no such request, E_INVALIDARG
        unless exactly one of the two is given. Source: MS-WCCE 3.2.1.4.2.1.3.
        """
        return self._engine.retrieve(request_id, serial_number, requester)

    def resubmit(self, request_id: int, *, officer: str = OFFICER) -> Outcome:
        """Ask policy once more about a pending or denied request; never raises for its state.

        An unknown id answers INCOMPLETE with CERTSRV_E_PROPERTY_EMPTY, a wrong state ERROR with
        CERTSRV_E_BAD_REQUESTSTATUS. Source: MS-CSRA 3.1.4.1.3.
        """
        return self._engine.resubmit(request_id, officer)

    def deny(self, request_id: int, *, officer: str = OFFICER) -> None:
        """Refuse a pending request.

        Errors: `ComError` CERTSRV_E_PROPERTY_EMPTY for an unknown id,
        CERTSRV_E_BAD_REQUESTSTATUS unless the request is pending.
        Source: sdk-api certadm/nf-certadm-icertadmin-denyrequest.
        """
        self._engine.deny(request_id, officer)

    def set_request_attributes(
        self, request_id: int, attributes: str | Mapping[str, str], *, officer: str = OFFICER
    ) -> None:
        """Add or replace attributes of a pending request; the text sent with it stays as it was.

        Errors: as `deny`; E_INVALIDARG for a name over 127 or a value over 4,096 characters.
        Source: sdk-api certadm/nf-certadm-icertadmin-setrequestattributes.
        """
        self._engine.set_request_attributes(request_id, attributes, officer)

    def set_certificate_extension(
        self,
        request_id: int,
        oid: str,
        value: Value,
        *,
        critical: bool = False,
        disabled: bool = False,
        officer: str = OFFICER,
    ) -> None:
        """Store an extension of a pending request.

        bytes are taken as the encoded value, text becomes an IA5String, an int an INTEGER, an
        aware `datetime` a Time. Errors: as `deny`; E_INVALIDARG for no OID of at most 31
        characters or a value that cannot be encoded.
        Source: sdk-api certadm/nf-certadm-icertadmin-setcertificateextension.
        """
        self._engine.set_certificate_extension(
            request_id, oid, value, officer, critical=critical, disabled=disabled
        )

    def revoke(
        self,
        serial_number: str,
        reason: int = RevocationReason.UNSPECIFIED,
        *,
        effective: datetime | None = None,
        officer: str = OFFICER,
    ) -> None:
        """Revoke a certificate, put it on hold, or release it from hold.

        *reason*: 0 to 6 or 8; `RevocationReason.RELEASE` (-1) releases; PUBLISH_EXPIRED (-2) and
        DROP_EXPIRED (-3) revoke nothing and set PublishExpiredCertInCRL. *effective*: aware, past
        or future, now by default; until then the certificate is valid and on no CRL.
        Errors: `ComError` E_INVALIDARG for an unknown serial number (letter case counts), any other
        reason or a naive date; ERROR_INVALID_DATA (0x8007000D) for a certificate that was not
        issued, a hold on one that is revoked for another reason, or a release of one that is not
        on hold. Source: MS-CSRA 3.1.4.1.8.
        """
        self._engine.revoke(serial_number, reason, effective, officer)

    def is_valid(self, serial_number: str, *, caller: str = USER) -> CADisposition:
        """Tell whether a certificate is VALID, REVOKED or, with an unknown serial number, INVALID.

        Nobody looks at its dates. Source: MS-CSRA 3.1.4.1.5.
        """
        return self._engine.is_valid(serial_number, caller)

    def publish_crls(
        self,
        *,
        base: bool = True,
        delta: bool = True,
        republish: bool = False,
        next_update: datetime | None = None,
        administrator: str = ADMINISTRATOR,
    ) -> tuple[PublishedCRL, ...]:
        """Sign and publish CRLs: a base and a delta for each CA key, with one number for all.

        A *delta* beside a base is left out while delta CRLs are off. *republish*: write the newest
        ones once more. *next_update*: aware, instead of the configured period. A location that
        fails stands in the result and in the CRL table, and does not raise.
        Errors: `ComError` E_INVALIDARG for neither kind, a *next_update* in the past, and a delta
        alone while delta CRLs are off; ERROR_FILE_NOT_FOUND (0x80070002) for a delta without a
        base, or nothing to republish; CERT_E_EXPIRED when the CA's certificates have ended;
        NTE_FAIL when a key does not sign. Source: MS-CSRA 3.1.4.1.6, 3.1.4.2.1.
        """
        asked = {CRLKind.BASE: base, CRLKind.DELTA: delta, CRLKind.REPUBLISH: republish}
        kinds = CRLKind(sum(kind for kind, wanted in asked.items() if wanted))
        return self._engine.publish_crls(kinds, next_update, administrator)

    def tick(self) -> tuple[PublishedCRL, ...]:
        """Publish the CRLs that are due by the CA's clock, and try failed locations again.

        A CA here has no timer of its own: whoever moves the clock calls this. Errors: NTE_FAIL when
        a key does not sign. Source: MS-CSRA 3.1.4.1.6 (timers, retries); docs/rulings.md (CRLs).
        """
        return self._engine.tick()

    def import_certificate(
        self,
        certificate: bytes | x509.Certificate,
        *,
        allow_foreign: bool = False,
        existing_row: bool = False,
        officer: str = OFFICER,
    ) -> int:
        """Take a certificate (DER) into the database and return its request id.

        *allow_foreign* lets in one this CA did not sign, if KRAFlags has bit 1 too. *existing_row*
        completes the pending request for the same key instead of making a row.
        Errors: `ComError` ERROR_INVALID_DATA for anything but DER, CERTSRV_E_ENCODING_LENGTH over
        16,384 bytes, CERT_E_ISSUERCHAINING for a foreign one, ERROR_OBJECT_EXISTS for a serial
        number that is there, CRYPT_E_NO_MATCH without such a request, CERTSRV_E_BAD_REQUESTSTATUS
        for one that is being decided. Source: MS-CSRA 3.1.4.1.26; docs/rulings.md (Import).
        """
        return self._engine.import_certificate(
            certificate, officer, allow_foreign=allow_foreign, existing_row=existing_row
        )

    def delete_rows(
        self,
        table: str = "request",
        *,
        row_id: int | None = None,
        expired_before: datetime | None = None,
        last_changed_before: datetime | None = None,
        administrator: str = ADMINISTRATOR,
    ) -> int:
        """Delete rows by id or by date and return how many went; none is no error.

        *table*: "request", "crl", or "extension" and "attribute", whose rows go by request id.
        *expired_before*: certificates (or CRLs) that had ended; *last_changed_before*: pending,
        failed and denied requests. Errors: `ComError` E_INVALIDARG unless exactly one of the three
        is given, CERTSRV_E_BAD_REQUESTSTATUS for a row being decided. Source: MS-CSRA 3.1.4.2.18.
        """
        return self._engine.delete_rows(
            table, row_id, expired_before, last_changed_before, administrator
        )

    def renew(self, *, new_key: bool = False, administrator: str = ADMINISTRATOR) -> None:
        """Give the CA a new certificate, for the same key or a new one; it signs with it at once.

        A subordinate's is signed by its issuer. Errors: `ComError` CERT_E_EXPIRED when the issuer's
        certificate has ended, E_INVALIDARG for a new key that cannot be made, NTE_FAIL for signing.
        Source: win32 SecCrypto/certification-authority-renewal.
        """
        self._engine.renew(administrator, new_key=new_key)

    def view(
        self,
        name: str = "request",
        *,
        columns: Iterable[str] | None = None,
        where: Iterable[Restriction] = (),
        order_by: str | None = None,
        caller: str = USER,
    ) -> View:
        """Return a view of the database: rows as dictionaries, read while you go through it.

        *name*: a table ("request", "extension", "attribute", "crl") or a predefined view of the
        first ("queue", "log", "failed", "revoked"). *where*: triples like
        `("Request.Disposition", ">=", 20)`. *order_by*: an indexed column, `"-RequestID"` for
        descending. Works on a stopped CA. Errors: `ComError` E_INVALIDARG naming the column, the
        operator or the value that cannot be. Source: sdk-api certview (ICertView2).
        """
        return self._engine.view(name, columns, where, order_by, caller)
