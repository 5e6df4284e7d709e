"""What officers and clients do with a row that is there: resubmit, deny, retrieve, set.

Source: MS-CSRA 3.1.4.1; MS-WCCE 3.2.1.4.2.1; docs/rulings.md (Requests).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.x509.oid import NameOID

from tests.codes import (
    CERTSRV_E_ADMIN_DENIED_REQUEST,
    CERTSRV_E_BAD_REQUESTSTATUS,
    CERTSRV_E_PROPERTY_EMPTY,
    CRYPT_E_INVALID_IA5_STRING,
    E_INVALIDARG,
    PEND,
    RPC_S_SERVER_UNAVAILABLE,
    refused,
    signed,
)
from tests.engine import values_kit as kit
from tests.engine.submit_kit import Client, refuse, row


def test_resubmit_outcomes() -> None:
    """Unknown is INCOMPLETE, a wrong state ERROR, neither raises; a pending one is issued."""
    with kit.authority(policy=kit.always(PEND)) as ca:
        unknown = ca.resubmit(7)
        assert (unknown.disposition, unknown.status) == (0, signed(CERTSRV_E_PROPERTY_EMPTY))
        ca.submit(kit.csr())
        issued = ca.resubmit(1, officer=r"LAB\boss")
        assert issued.disposition == Client.ISSUED
        assert issued.message == r"Issued  Resubmitted by LAB\boss"
        before = kit.shelf(ca)
        wrong = ca.resubmit(1)
        assert (wrong.disposition, wrong.status) == (1, signed(CERTSRV_E_BAD_REQUESTSTATUS))
        assert kit.shelf(ca) == before


def test_deny_outcomes() -> None:
    """Deny refuses a pending request in the officer's name, and nothing else."""
    with kit.authority(policy=kit.always(PEND)) as ca:
        with refused(CERTSRV_E_PROPERTY_EMPTY):
            ca.deny(1)
        ca.submit(kit.csr())
        ca.deny(1, officer=r"LAB\boss")
        found = ca.retrieve(1)
        assert (found.disposition, found.status) == (
            Client.DENIED,
            signed(CERTSRV_E_ADMIN_DENIED_REQUEST),
        )
        assert found.message == r"Denied by LAB\boss"
        with refused(CERTSRV_E_BAD_REQUESTSTATUS):
            ca.deny(1)


def test_retrieve_outcomes() -> None:
    """By id or by serial number, exactly one of them; the serial's letters are compared as text."""
    with kit.authority() as ca:
        issued = ca.submit(kit.csr())
        assert issued.serial_number is not None
        assert ca.retrieve(1) == issued
        assert ca.retrieve(serial_number=issued.serial_number) == issued
        for arguments in ({}, {"request_id": 1, "serial_number": issued.serial_number}):
            with refused(E_INVALIDARG):
                ca.retrieve(**arguments)  # type: ignore[arg-type]
        upper = issued.serial_number.upper()
        assert upper != issued.serial_number
        for unknown in ({"request_id": 2}, {"serial_number": upper}, {"serial_number": ""}):
            with refused(CERTSRV_E_PROPERTY_EMPTY):
                ca.retrieve(**unknown)


@pytest.mark.parametrize("bad", [None, "1", 1.0, True, -1, 0, 2**40])
def test_ids_that_are_none(bad: Any) -> None:
    """What is no id is refused by every verb that wants one, with nothing changed."""
    known = CERTSRV_E_PROPERTY_EMPTY if isinstance(bad, int) and bad is not True else E_INVALIDARG
    with kit.authority(policy=kit.always(PEND)) as ca:
        ca.submit(kit.csr())
        before = kit.shelf(ca)
        with refused(known):
            ca.deny(bad)
        with refused(known):
            ca.set_request_attributes(bad, "A:1")
        with refused(known):
            ca.set_certificate_extension(bad, "1.2.3", b"\x05\x00")
        if known == CERTSRV_E_PROPERTY_EMPTY:
            assert ca.resubmit(bad).status == signed(known)
        else:
            with refused(known):
                ca.resubmit(bad)
        assert kit.shelf(ca) == before


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (b"\x05\x00", b"\x05\x00"),
        ("text", b"\x16\x04text"),
        (5, b"\x02\x01\x05"),
        (datetime(2026, 7, 1, tzinfo=UTC), b"\x17\x0d260701000000Z"),
    ],
)
@pytest.mark.parametrize("critical", [False, True])
@pytest.mark.parametrize("disabled", [False, True])
def test_an_officers_extension_is_issued(
    value: Any,
    encoded: bytes,
    critical: bool,
    disabled: bool,
) -> None:
    """The Python type says what a value becomes; flags are kept, origin is ADMIN."""
    oid = "1.3.6.1.4.1.99999.3"
    with kit.authority(policy=kit.always(PEND)) as ca:
        ca.submit(kit.csr())
        ca.set_certificate_extension(1, oid, value, critical=critical, disabled=disabled)
        stored = next(item for item in row(ca).extensions if item.name == oid)
        assert stored.value == encoded
        assert stored.flags == 0x30000 | critical | 2 * disabled
        issued = ca.resubmit(1).certificate
    assert issued is not None
    found = [item for item in issued.extensions if item.oid.dotted_string == oid]
    assert [(item.value.public_bytes(), item.critical) for item in found] == (
        [] if disabled else [(encoded, critical)]
    )


def test_an_officers_extension_stands_in_place_of_the_cas_own() -> None:
    """A CDP an officer has set is not replaced when the request is resubmitted."""
    with kit.authority(policy=kit.always(PEND)) as ca:
        ca.submit(kit.csr())
        ca.set_certificate_extension(1, "2.5.29.31", b"\x30\x00", disabled=True)
        issued = ca.resubmit(1).certificate
    assert issued is not None
    assert "2.5.29.31" not in {item.oid.dotted_string for item in issued.extensions}


@pytest.mark.parametrize(
    ("oid", "value", "code"),
    [
        ("x", b"a", E_INVALIDARG),
        ("1.3.6.1.4.1.311.99.1234567890123", b"a", E_INVALIDARG),
        ("1.2.3", b"", E_INVALIDARG),
        ("1.2.3", bytes(4097), E_INVALIDARG),
        ("1.2.3", None, E_INVALIDARG),
        ("1.2.3", 1.5, E_INVALIDARG),
        ("1.2.3", "größe", CRYPT_E_INVALID_IA5_STRING),
        ("1.2.3", datetime(2026, 1, 1), E_INVALIDARG),  # noqa: DTZ001
    ],
)
def test_an_officers_extension_that_cannot_be(oid: str, value: Any, code: int) -> None:
    """Bad OIDs and values are refused, and the row stays as it was."""
    with kit.authority(policy=kit.always(PEND)) as ca:
        ca.submit(kit.csr())
        before = kit.shelf(ca)
        with refused(code):
            ca.set_certificate_extension(1, oid, value)
        assert kit.shelf(ca) == before


def test_setters_want_a_pending_row() -> None:
    """Attributes and extensions can be set while a request is pending, and not afterwards."""
    with kit.authority() as ca:
        for code in (CERTSRV_E_PROPERTY_EMPTY, CERTSRV_E_BAD_REQUESTSTATUS):
            with refused(code):
                ca.set_request_attributes(1, "A:1")
            with refused(code):
                ca.set_certificate_extension(1, "1.2.3", b"\x05\x00")
            ca.submit(kit.csr())


def test_every_verb_wants_a_running_ca() -> None:
    """On a stopped CA every verb is RPC_S_SERVER_UNAVAILABLE; reading goes on."""
    ca = kit.authority()
    for call in (
        lambda: ca.submit(kit.csr()),
        lambda: ca.retrieve(1),
        lambda: ca.resubmit(1),
        lambda: ca.deny(1),
        lambda: ca.set_request_attributes(1, "A:1"),
        lambda: ca.set_certificate_extension(1, "1.2.3", b"\x05\x00"),
    ):
        with refused(RPC_S_SERVER_UNAVAILABLE):
            call()
    assert ca.get_config(r"ca\ValidityPeriodUnits") == 1
    assert ca.certificate.subject == kit.name((NameOID.COMMON_NAME, "Lab CA"))
    assert ca.event_log == ()


def test_outcomes_print_on_one_line() -> None:
    """`str` of an outcome names the request, what happened, and why."""
    with kit.authority(policy=refuse(0x80070005)) as ca:
        text = str(ca.submit(kit.csr()))
    assert text.isprintable()
    for piece in ("1", "DENIED", "0x80070005", "E_ACCESSDENIED", "not today"):
        assert piece in text
