"""What adversaries meet in the life cycle: clocks that go back, odd certificates, slow threads.

Certificates are put together byte by byte and signed with the key that the CA was given; threads
are held up by their own clock, the one thing of a CA that a caller brings along.
Source: MS-CSRA 3.1.4.1.6, 3.1.4.1.26; RFC 5280 4.2, 5.1.2; docs/rulings.md (CRLs, Import).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from certsim import CertificationAuthority, ComError, PropType, Security, Sources
from certsim.sources import SettableClock
from tests.codes import CERT_E_ISSUERCHAINING, E_INVALIDARG, PEND, signed
from tests.engine import der_builder as der
from tests.engine import engine_kit as engine
from tests.engine import publishing_kit as kit
from tests.engine import test_renewals as renewals
from tests.engine import values_kit as values
from tests.requests_kit import make_csr, make_key

CA_KEY = ec.derive_private_key(0xCA11AB1E, ec.SECP256R1())
ALTERNATIVE_NAME, USAGES, CODE_SIGNING = "2.5.29.17", "2.5.29.37", "1.3.6.1.5.5.7.3.3"
PSS = "1.2.840.113549.1.1.10"
HUGE = 10**5000
DAY = timedelta(days=1)


def certificate(*extensions: bytes) -> bytes:
    """Return a certificate under the name and key of these tests' CA."""
    algorithm = der.seq(der.oid(der.ECDSA_SHA256))
    life = der.seq(der.der(0x17, b"260101000000Z"), der.der(0x17, b"260601000000Z"))
    body = der.seq(
        der.der(0xA0, der.integer(2)),
        der.integer(0x7101),
        algorithm,
        der.name("Test CA").public_bytes(),
        life,
        der.name("imported").public_bytes(),
        der.public_key(make_key()),
        der.der(0xA3, der.seq(*extensions)),
    )
    return der.seq(body, algorithm, der.bits(der.sign(CA_KEY, body)))


def san(*names: bytes) -> bytes:
    """Return a subject alternative name."""
    return der.extension(ALTERNATIVE_NAME, der.seq(*names))


ODD = {
    "an extension twice": (der.extension("1.2.3", b"\x05\x00"),) * 2,
    "an X.400 address": (san(der.der(0xA3, der.integer(1))),),
    "an EDI party": (san(der.der(0xA5, der.integer(1))),),
}


@pytest.mark.parametrize("extensions", ODD.values(), ids=ODD.keys())
def test_a_view_goes_past_a_certificate_that_only_its_client_can_read(
    extensions: tuple[bytes, ...],
) -> None:
    """One odd row takes neither its own columns away nor the rest of the table."""
    with engine.make_ca(key=CA_KEY) as ca:
        ca.import_certificate(certificate(*extensions))
        kit.issue(ca)
        rows = list(ca.view(columns=["RequestID", "UPN"]))
    assert rows == [{"RequestID": 1, "UPN": None}, {"RequestID": 2, "UPN": None}]


def test_no_client_can_close_the_view_to_everybody() -> None:
    """The same name in a plain request, which the standalone policy issues."""
    wish = der.attribute("1.2.840.113549.1.9.14", der.seq(*ODD["an X.400 address"]))
    with engine.make_ca() as ca:
        outcome = ca.submit(der.pkcs10(make_key(), wish))
        assert outcome.certificate is not None
        assert [row["RequestID"] for row in ca.view()] == [1]


def test_a_base_after_the_clock_was_set_back_has_every_revoked_certificate() -> None:
    """Its certificate has not ended, whatever a list was published by a clock that ran ahead."""
    with kit.make_ca() as ca:
        serial = kit.revoked(ca)
        kit.advance(ca, 3 * 365 * DAY)
        ca.publish_crls()
        kit.advance(ca, -3 * 365 * DAY)
        ca.publish_crls()
        assert list(kit.entries(ca.crl())) == [serial]


def test_a_delta_after_the_clock_was_set_back_adds_all_to_its_base() -> None:
    """What was revoked after the base that it names is on it; two bases are good here."""
    with kit.make_ca() as ca:
        kit.advance(ca, 100 * DAY)
        ca.publish_crls()
        kit.advance(ca, -50 * DAY)
        ca.publish_crls()
        kit.advance(ca, DAY)
        serial = kit.revoked(ca)
        ca.publish_crls(base=False)
        delta = ca.crl(delta=True)
    assert (kit.minimum(delta), list(kit.entries(delta))) == (2, [serial])


def test_no_list_ends_before_it_begins() -> None:
    """A clock may be set back to before the CA was founded."""
    with kit.make_ca() as ca:
        kit.advance(ca, -100 * DAY)
        (base, _delta) = ca.publish_crls()
        following = base.crl.next_update_utc
        assert following is not None
        assert base.crl.last_update_utc <= following


class SlowClock(SettableClock):
    """Be a clock at which one thread, once, is held up after it has looked."""

    def __init__(self) -> None:
        super().__init__(kit.START)
        self.slow: threading.Thread | None = None
        self.looked, self.go_on = threading.Event(), threading.Event()

    def now(self) -> datetime:
        moment = super().now()
        if threading.current_thread() is self.slow:
            self.slow = None
            self.looked.set()
            engine.wait(self.go_on)
        return moment


def test_the_list_with_the_higher_number_is_the_later_one() -> None:
    """Of two runs the slower thread's has the higher number, and all that the other's has."""
    clock = SlowClock()
    sources = attrs.evolve(Sources.seeded(1), clock=clock)
    with CertificationAuthority("Test CA", sources=sources) as ca:
        serial = kit.issue(ca)

        def publish() -> None:
            clock.slow = threading.current_thread()
            ca.publish_crls()

        worker = engine.Worker(publish)
        engine.wait(clock.looked)
        clock.advance(DAY)
        ca.revoke(serial, 1)
        (first, _delta) = ca.publish_crls()
        clock.go_on.set()
        worker.result()
        second = ca.crl()
    assert kit.number(second) > first.number
    assert second.last_update_utc >= first.crl.last_update_utc
    assert list(kit.entries(second)) == list(kit.entries(first.crl)) == [serial]


class DeletingClock(SettableClock):
    """Be a clock that deletes the first CRL row at its first look after there is one."""

    ca: CertificationAuthority | None = None
    deleted = 0

    def now(self) -> datetime:
        ca = self.ca
        if ca is not None and kit.table(ca):
            self.ca = None
            self.deleted = ca.delete_rows("crl", row_id=1)
        return super().now()


def test_a_crl_row_that_is_deleted_while_its_list_is_written_stays_away() -> None:
    """A CA looks at its clock when a place has failed, in the midst of a run."""
    clock = DeletingClock(kit.START)
    sources = attrs.evolve(Sources.seeded(1), clock=clock)
    config = {kit.CRL_LINE: ["1:http://ca.example.test/a.crl"], kit.CERTIFICATE_LINE: []}
    with CertificationAuthority("Test CA", sources=sources, config=config) as ca:
        clock.ca = ca
        ca.publish_crls(delta=False)
        assert clock.deleted == 1
        assert kit.table(ca) == ()


def test_an_import_that_completes_a_request_shows_the_certificates_own_names() -> None:
    """What policy wished for the subject while the request waited is history then."""

    def rename(server: Any, _context: int) -> int:
        server.SetCertificateProperty("Subject.CommonName", PropType.STRING, "wished")
        return PEND

    with engine.make_ca(policy=rename, key=CA_KEY) as ca:
        ca.submit(make_csr())
        ca.import_certificate(certificate(), existing_row=True)
        (row,) = ca.view(columns=["CommonName", "DistinguishedName"])
    assert row == {"CommonName": "imported", "DistinguishedName": "CN=imported"}


def test_an_imported_code_signing_certificate_stays_on_the_lists_like_an_issued_one() -> None:
    """The rulings say so of certificates, and make no difference how one came in."""
    usages = der.extension(USAGES, der.seq(der.oid(CODE_SIGNING)))
    with engine.make_ca(key=CA_KEY) as ca:
        ca.import_certificate(certificate(usages))
        (row,) = ca.view(columns=["PublishExpiredCertInCRL"])
    assert row == {"PublishExpiredCertInCRL": 1}


def test_a_renewal_of_a_certificate_with_unknown_signature_parameters_is_refused() -> None:
    """A client may write anything there; only an RSA CA looks at the parameters of RSASSA-PSS."""
    digest = der.der(0xA0, der.seq(der.oid("1.2.3.4")))
    old = renewals.certificate(algorithm=der.seq(der.oid(PSS), der.seq(digest)))
    with values.authority(key=values.key("RSA")) as ca:
        outcome = ca.submit(renewals.renewal(old))
    assert (outcome.disposition, outcome.status) == (1, signed(CERT_E_ISSUERCHAINING))


@pytest.mark.parametrize(
    ("reasons", "starts_in", "status"),
    [
        ([1], timedelta(0), signed(0x800B010C)),
        ([6], timedelta(0), signed(0x800B010C)),
        ([6, -1], timedelta(0), 0),
        ([1], timedelta(seconds=1), 0),
        ([], timedelta(0), 0),
    ],
)
def test_a_revoked_certificate_renews_nothing(
    reasons: list[int], starts_in: timedelta, status: int
) -> None:
    """CERT_E_REVOKED while a revocation or a hold is in force, and at no other time."""
    with values.authority() as ca:
        old = ca.submit(values.csr())
        assert old.raw_certificate is not None
        for reason in reasons:
            ca.revoke(str(old.serial_number), reason, effective=kit.START + starts_in)
        outcome = ca.submit(renewals.renewal(old.raw_certificate))
    assert (outcome.disposition, outcome.status) == ((1, status) if status else (3, 0))


def first_version(serial: bytes) -> bytes:
    """Return a version 1 certificate of these tests' CA; it has no extensions."""
    algorithm = der.seq(der.oid(der.ECDSA_SHA256))
    life = der.seq(der.der(0x17, b"260101000000Z"), der.der(0x17, b"260601000000Z"))
    names = (der.name("Test CA").public_bytes(), der.name("imported").public_bytes())
    key = der.public_key(make_key())
    body = der.seq(der.der(0x02, serial), algorithm, names[0], life, names[1], key)
    return der.seq(body, algorithm, der.bits(der.sign(CA_KEY, body)))


def test_a_certificate_of_version_1_can_be_imported() -> None:
    """It lacks the version and the extensions, and nothing that a row needs."""
    with engine.make_ca(key=CA_KEY) as ca:
        ca.import_certificate(first_version(b"\x71"))
        assert [row["SerialNumber"] for row in ca.view()] == ["71"]
        assert list(ca.view("extension")) == []


@pytest.mark.filterwarnings("ignore")
def test_a_certificate_with_a_negative_number_cannot_be_imported() -> None:
    """No list could name it: CRLs know the number as the database writes it."""
    with engine.make_ca(key=CA_KEY) as ca:
        with pytest.raises(ComError) as caught:
            ca.import_certificate(first_version(b"\x8f"))
        assert caught.value.hresult == signed(0x8007000D)
        assert list(ca.view()) == []


WRONG: dict[str, Callable[[CertificationAuthority], object]] = {
    "serial number": lambda ca: ca.revoke(HUGE),  # type: ignore[arg-type]
    "reason": lambda ca: ca.revoke("00", HUGE),
    "date": lambda ca: ca.delete_rows(expired_before=HUGE),  # type: ignore[arg-type]
    "next update": lambda ca: ca.publish_crls(next_update=HUGE),  # type: ignore[arg-type]
    "account": lambda ca: ca.is_valid("00", caller=HUGE),  # type: ignore[arg-type]
    "table": lambda ca: ca.delete_rows(HUGE, row_id=1),  # type: ignore[arg-type]
    "index": lambda ca: ca.crl(HUGE),
    "value": lambda ca: ca.set_config(r"ca\AuditFilter", HUGE),
    "rights": lambda _: Security({"somebody": HUGE}),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG.keys())
def test_a_number_too_long_to_be_written_is_a_wrong_argument_like_any(
    call: Callable[[CertificationAuthority], object],
) -> None:
    """A message may show an argument only if it can be shown."""
    with kit.make_ca() as ca, pytest.raises(ComError) as caught:
        call(ca)
    assert caught.value.hresult == signed(E_INVALIDARG)
