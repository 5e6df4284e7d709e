"""Certificates brought in: our own, a stranger's, one that a request has waited for.

Our own come from a running CA and are imported after their rows have gone, or were made by a twin
with the same key.
Source: MS-CSRA 3.1.4.1.26; sdk-api certadm/nf-certadm-icertadmin-importcertificate; comments of
ADCS.CertMod (CERTIMPORTED); docs/rulings.md (Import).
"""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from certsim import CADisposition, CCertServerExit, ComError, CRDisposition, PropType
from tests.codes import (
    CERT_E_ISSUERCHAINING,
    CERTSRV_E_BAD_REQUESTSTATUS,
    CRYPT_E_NO_MATCH,
    DENY,
    ERROR_OBJECT_ALREADY_EXISTS,
    ISSUE,
    ON_IMPORTED,
    ON_RETRIEVED,
)
from tests.conftest import Recorder
from tests.engine import engine_kit as kit
from tests.engine import values_kit
from tests.engine.import_kit import CA_KEY, DAY, NOON, Importer, R, certificate, own
from tests.requests_kit import make_csr, make_key

OFFICER = r"CONTOSO\dave"
FROM_IMPORT, CRITICAL = 0x60000, 1
# Source: certsrv.h, EXTENSION_ORIGIN_IMPORTEDCERT and EXTENSION_CRITICAL_FLAG


# What comes in


@pytest.mark.parametrize("form", [bytes, x509.load_der_x509_certificate])
def test_an_own_certificate_becomes_an_issued_row(importer: Importer, form: object) -> None:
    """Row 20: the next id, Issued, CERTIMPORTED, in either form of certificate."""
    importer.ca.submit(make_csr())
    importer.recorder.heard.clear()
    number = importer.ca.import_certificate(form(own()), officer=OFFICER)  # type: ignore[operator]
    assert (number, importer.recorder.events) == (2, [ON_IMPORTED])
    columns = importer.columns(number)
    assert columns["Request.Disposition"] == R.ISSUED
    assert columns["IssuerNameID"] == 0


def test_the_row_of_an_import_holds_what_the_certificate_says(importer: Importer) -> None:
    """Subject, dates, serial number, bytes and template; the officer is requester and caller."""
    importer.ca._state.sources.clock.advance(DAY)  # type: ignore[attr-defined]
    raw = own(0x0ABC01, template="WebServer")
    number = importer.ca.import_certificate(raw, officer=OFFICER)
    columns, subject = importer.columns(number), x509.load_der_x509_certificate(raw).subject
    name = subject.public_bytes()
    wanted = {
        "Request.RequestID": 1,
        "RequestID": 1,
        "Request.Disposition": R.ISSUED,
        "Request.StatusCode": 0,
        "Request.DispositionMessage": rf"Imported by {OFFICER}",
        "Request.RequesterName": OFFICER,
        "Request.CallerName": OFFICER,
        "Request.SubmittedWhen": NOON + DAY,
        "Request.ResolvedWhen": NOON + DAY,
        "Request.RawName": name,
        "RawName": name,
        "RawCertificate": raw,
        "SerialNumber": "0abc01",
        "NotBefore": NOON - DAY,
        "NotAfter": NOON + 90 * DAY,
        "CertificateTemplate": "WebServer",
        "IssuerNameID": 0,
    }
    assert columns == wanted


def test_the_extensions_of_an_import_are_stored_with_their_origin(importer: Importer) -> None:
    """Origin 0x60000, critical ones as such, in the certificate's order, values as encoded."""
    raw = own(template="Web")
    importer.ca.import_certificate(raw)
    (row,) = kit.rows(importer.ca)
    parsed = x509.load_der_x509_certificate(raw).extensions
    assert list(row.extensions) == [
        (e.oid.dotted_string, FROM_IMPORT | CRITICAL * e.critical, e.value.public_bytes())
        for e in parsed
    ]
    assert row.attributes == ()


def test_what_a_module_reads_when_a_certificate_is_imported(recorder: Recorder) -> None:
    """The certificate's properties are there as for an issued one, a request's are empty."""
    seen: list[object] = []

    def read(_event: int, context: int) -> None:
        server = CCertServerExit()
        server.SetContext(context)
        seen.append(server.GetCertificateProperty("CommonName", PropType.STRING))
        seen.append(server.GetCertificateProperty("PublicKeyLength", PropType.LONG))
        seen.append(server.GetCertificateProperty("RawCertificate", PropType.BINARY))
        with pytest.raises(ComError):
            server.GetRequestProperty("RawRequest", PropType.BINARY)

    with kit.make_ca(kit.Listener("Reader", [], ON_IMPORTED, read), recorder, key=CA_KEY) as ca:
        ca.import_certificate(own())
        assert ca.event_log == ()
    assert seen == ["www.example.test", 256, own()]


def test_an_imported_certificate_lives_on_like_an_issued_one(importer: Importer) -> None:
    """It is valid, retrieved, revoked, listed, and released."""
    ca = importer.ca
    number = ca.import_certificate(own(0x7101))
    serial = str(importer.columns(number)["SerialNumber"])
    assert ca.is_valid(serial) is CADisposition.VALID
    assert ca.retrieve(number).disposition is CRDisposition.ISSUED
    ca.revoke(serial, 6)
    assert [entry.serial_number for entry in ca.publish_crls()[0].crl] == [0x7101]
    ca.revoke(serial, -1)
    assert len(list(ca.publish_crls()[0].crl)) == 0
    assert importer.recorder.events == [ON_IMPORTED, 0x8, 0x20, 0x8, 0x20]


def test_a_lost_certificate_comes_back_under_a_new_id(importer: Importer) -> None:
    """After its row was deleted: another id, no reason and no attributes of before."""
    ca = importer.ca
    outcome = ca.submit(make_csr(), attributes="Colour:red")
    ca.revoke(str(outcome.serial_number), 1)
    ca.delete_rows(row_id=outcome.request_id)
    assert outcome.raw_certificate is not None
    number = ca.import_certificate(outcome.raw_certificate)
    assert number == outcome.request_id + 1
    assert importer.columns(number)["SerialNumber"] == outcome.serial_number
    assert "Request.RevokedReason" not in importer.columns(number)
    assert ca.is_valid(str(outcome.serial_number)) is CADisposition.VALID


def test_an_imported_certificate_for_signing_code_stays_on_the_lists() -> None:
    """An issued one has PublishExpiredCertInCRL; lost and imported again, it has it still.

    Source: TechNet wiki 16227.
    """
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
    with kit.make_ca() as ca:
        issued = ca.submit(values_kit.csr(values_kit.WWW, usage))
        assert issued.raw_certificate is not None
        ca.delete_rows(row_id=issued.request_id)
        ca.import_certificate(issued.raw_certificate)
        (row,) = ca.view(columns=["PublishExpiredCertInCRL"])
    assert row == {"PublishExpiredCertInCRL": 1}


def test_the_cas_own_certificate_may_be_imported_too(importer: Importer) -> None:
    """Its key has signed it."""
    number = importer.ca.import_certificate(importer.ca.certificate)
    assert importer.columns(number)["Request.Disposition"] == R.ISSUED


def test_a_certificate_under_an_earlier_key_is_listed_by_that_key(importer: Importer) -> None:
    """After a renewal with a new key the old key still knows its own."""
    ca = importer.ca
    ca.renew(new_key=True)
    number = ca.import_certificate(own(0x7101))
    assert importer.columns(number)["IssuerNameID"] == 0
    ca.revoke(str(importer.columns(number)["SerialNumber"]), 1)
    old, new = ca.publish_crls(delta=False)
    assert [(old.key_index, len(list(old.crl))), (new.key_index, len(list(new.crl)))] == [
        (0, 1),
        (1, 0),
    ]


# Foreign ones


def test_a_foreign_certificate_becomes_a_foreign_row(importer: Importer) -> None:
    """Row 21: state 12, CERTIMPORTED, no issuer of ours; clients hear nothing of it."""
    number = importer.ca.import_certificate(certificate(), allow_foreign=True, officer=OFFICER)
    columns = importer.columns(number)
    assert columns["Request.Disposition"] == R.FOREIGN
    assert "IssuerNameID" not in columns
    assert importer.recorder.events == [ON_IMPORTED]
    assert importer.ca.retrieve(number).disposition is CRDisposition.INCOMPLETE


@pytest.mark.parametrize(("configured", "asked"), [(0, True), (1, False), (0, False), (2, True)])
def test_a_foreign_certificate_takes_the_call_and_the_configuration(
    recorder: Recorder, configured: int, asked: object
) -> None:
    """Without both it is CERT_E_ISSUERCHAINING."""
    config = {r"ca\KRAFlags": configured}
    with kit.make_ca(recorder, config=config) as ca:
        importer = Importer(ca, kit.ScriptedPolicy(), recorder)
        importer.refused(CERT_E_ISSUERCHAINING, certificate(), allow_foreign=bool(asked))


def test_a_name_like_ours_does_not_make_a_certificate_our_own(importer: Importer) -> None:
    """The signature counts: a stranger that calls itself by the CA's name is foreign."""
    importer.refused(CERT_E_ISSUERCHAINING, certificate(issuer="Test CA"))


def test_the_same_foreign_certificate_again_answers_with_its_id(importer: Importer) -> None:
    """No second row, no second event."""
    numbers = [importer.ca.import_certificate(certificate(), allow_foreign=True) for _ in range(3)]
    assert numbers == [1, 1, 1]
    assert importer.recorder.events == [ON_IMPORTED]


def test_another_foreign_certificate_with_a_known_serial_number_is_refused(
    importer: Importer,
) -> None:
    """ERROR_OBJECT_ALREADY_EXISTS: the number is taken by other bytes."""
    importer.ca.import_certificate(certificate(), allow_foreign=True)
    other = certificate(key=make_key(0xFEED))
    importer.refused(ERROR_OBJECT_ALREADY_EXISTS, other, allow_foreign=True)


def test_an_own_serial_number_that_is_there_is_refused(importer: Importer) -> None:
    """ERROR_OBJECT_ALREADY_EXISTS for one just issued, one imported before, and a revoked one."""
    outcome = importer.ca.submit(make_csr())
    importer.refused(ERROR_OBJECT_ALREADY_EXISTS, outcome.raw_certificate)
    importer.ca.revoke(str(outcome.serial_number), 1)
    importer.refused(ERROR_OBJECT_ALREADY_EXISTS, outcome.raw_certificate)
    importer.ca.import_certificate(own())
    importer.refused(ERROR_OBJECT_ALREADY_EXISTS, own())


# The request that has waited


def test_an_import_completes_the_oldest_pending_request_for_its_key(importer: Importer) -> None:
    """Row 22: that request's row, Issued; requester and attributes stay, no new id."""
    importer.policy.answer = lambda _context, _new: DENY
    importer.ca.submit(make_csr())
    first, second = importer.pend(), importer.pend()
    number = importer.ca.import_certificate(own(key=make_key()), existing_row=True, officer=OFFICER)
    row = importer.ca._state.shelf.get(first)
    assert row is not None
    assert (number, row.disposition) == (first, R.ISSUED)
    assert row.columns["Request.RequesterName"] == r"CERTSIM\user"
    assert row.message == rf"Imported by {OFFICER}"
    assert dict(row.attributes) == {"Colour": "red"}
    assert row.was_pending
    assert importer.columns(second)["Request.Disposition"] == R.PENDING
    assert importer.recorder.events == [ON_IMPORTED]


def test_a_completed_request_is_fetched_as_one_that_was_pending(importer: Importer) -> None:
    """Its retrieval hands the certificate out and fires CERTRETRIEVEPENDING."""
    number = importer.pend()
    importer.ca.import_certificate(own(key=make_key()), existing_row=True)
    outcome = importer.ca.retrieve(number)
    assert outcome.raw_certificate == own(key=make_key())
    assert importer.recorder.events == [ON_IMPORTED, ON_RETRIEVED]


@pytest.mark.parametrize("waiting", [False, True])
def test_without_a_request_for_its_key_nothing_is_completed(
    importer: Importer, waiting: object
) -> None:
    """CRYPT_E_NO_MATCH, whatever else is pending."""
    if waiting:
        importer.pend()
    importer.refused(CRYPT_E_NO_MATCH, own(key=make_key(0xFEED)), existing_row=True)


@pytest.mark.parametrize("verdict", [ISSUE, DENY])
def test_a_request_that_is_decided_is_not_completed(importer: Importer, verdict: int) -> None:
    """Only a pending one waits; a denied one for the same key is no match."""
    importer.policy.answer = lambda _context, _new: verdict
    importer.ca.submit(make_csr())
    importer.recorder.heard.clear()
    importer.refused(CRYPT_E_NO_MATCH, own(key=make_key()), existing_row=True)


def test_a_foreign_certificate_completes_no_request(importer: Importer) -> None:
    """The request goes on waiting; CERTSRV_E_BAD_REQUESTSTATUS."""
    importer.pend()
    foreign = certificate(key=make_key())
    importer.refused(CERTSRV_E_BAD_REQUESTSTATUS, foreign, existing_row=True, allow_foreign=True)


def test_a_request_that_is_being_decided_is_not_completed(importer: Importer) -> None:
    """CERTSRV_E_BAD_REQUESTSTATUS, and the decision stands."""
    number, seen = importer.pend(), []

    def meddle(_context: int, _new: int) -> int:
        importer.refused(CERTSRV_E_BAD_REQUESTSTATUS, own(key=make_key()), existing_row=True)
        seen.append("refused")
        return ISSUE

    importer.policy.answer = meddle
    outcome = importer.ca.resubmit(number)
    assert (seen, outcome.disposition) == (["refused"], CRDisposition.ISSUED)
