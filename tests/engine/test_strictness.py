"""Strictness about arguments: the wrong kind is refused by its code, and nothing is written.

What people and modules say gets into messages, and those are fit for a terminal.
Source: docs/rulings.md (Requests; Attributes and extensions); winerror.h (codes).
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from cryptography import x509

from certsim import CertificationAuthority, ComError, CRDisposition, Outcome, Sources
from certsim._engine.journal import Call
from tests.codes import CERTSRV_E_PROPERTY_EMPTY, E_INVALIDARG, ISSUE, PEND, refused, signed
from tests.engine import engine_kit
from tests.engine import values_kit as kit
from tests.requests_kit import make_csr

OTHER = "1.2.3.4"
HOSTILE = "bob\r\nissued\x1b[2J\u202e\ud800\x00"
NO_TYPES = [None, True, 1.5, bytearray(b"\x05\x00")]
NO_IDS = ["x", None, [1], True]


class Seven(enum.IntEnum):
    """Be a number with a name."""

    SEVEN = 7


@pytest.fixture
def pending() -> Any:
    """Return a running CA with one pending request; a resubmit issues it."""
    policy = engine_kit.ScriptedPolicy(lambda _c, new: PEND if new else ISSUE)
    with engine_kit.make_ca(policy=policy) as running:
        running.submit(make_csr())
        yield running


# Extensions


@pytest.mark.parametrize("oid", ["1.02.3", "2.5.29.017", "01.2.3", "1.2.3.", "1.2. 3", "1.2.+3"])
def test_an_oid_in_an_odd_spelling_is_refused(pending: CertificationAuthority, oid: str) -> None:
    """An officer and a policy module spell an OID in the one way there is."""
    with refused(E_INVALIDARG):
        pending.set_certificate_extension(1, oid, b"\x05\x00")
    seen = kit.in_policy(
        lambda server: kit.attempt(server.SetCertificateExtension, oid, kit.BINARY, 0, b"\x05\x00")
    )
    assert seen == kit.code(E_INVALIDARG)


@pytest.mark.parametrize("look", [kit.in_policy, kit.in_notify])
@pytest.mark.parametrize("name", [[], None, 5, b"1.2"])
def test_an_extension_is_asked_for_by_text(look: Callable[..., object], name: object) -> None:
    """A name that is no text is E_INVALIDARG for both server objects."""
    seen = look(lambda server: kit.attempt(server.GetCertificateExtension, name, kit.BINARY))
    assert seen == kit.code(E_INVALIDARG)


@pytest.mark.parametrize("name", [[], None, 5, b"1.2"])
def test_an_extension_is_set_by_text(name: object) -> None:
    """Policy that names an extension by something else is told E_INVALIDARG."""
    seen = kit.in_policy(
        lambda server: kit.attempt(server.SetCertificateExtension, name, kit.BINARY, 0, b"\x05\x00")
    )
    assert seen == kit.code(E_INVALIDARG)


@pytest.mark.parametrize(
    ("critical", "disabled", "expected"),
    [
        (2, None, True),
        (2, 0, True),
        ("", [], False),
        (None, "", False),
        (4, 2, None),
        (0, "yes", None),
    ],
)
def test_switches_of_an_extension_count_as_true_or_false(
    pending: CertificationAuthority, critical: Any, disabled: Any, expected: bool | None
) -> None:
    """Any value counts by its truth: the extension is critical or not, or not there at all."""
    pending.set_certificate_extension(1, OTHER, b"\x05\x00", critical=critical, disabled=disabled)
    certificate = pending.resubmit(1).certificate
    assert certificate is not None
    held = {item.oid.dotted_string: item.critical for item in certificate.extensions}
    assert held.get(OTHER) is expected


@pytest.mark.parametrize("value", NO_TYPES, ids=repr)
def test_a_value_of_no_known_type_is_told_the_types(
    pending: CertificationAuthority, value: Any
) -> None:
    """The refusal says what is taken, and the row stays as it was."""
    before = engine_kit.rows(pending)
    with pytest.raises(ComError) as caught:
        pending.set_certificate_extension(1, OTHER, value)
    assert caught.value.hresult == signed(E_INVALIDARG)
    assert [word for word in ("bytes", "int", "datetime") if word not in str(caught.value)] == []
    assert engine_kit.rows(pending) == before


def test_a_named_number_counts_as_a_number(pending: CertificationAuthority) -> None:
    """A member of an enumeration becomes the INTEGER it stands for."""
    pending.set_certificate_extension(1, OTHER, Seven.SEVEN)
    certificate = pending.resubmit(1).certificate
    assert certificate is not None
    held = certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(OTHER)).value
    assert isinstance(held, x509.UnrecognizedExtension)
    assert held.value == b"\x02\x01\x07"


# Messages


def resubmitted(ca: CertificationAuthority) -> Outcome:
    """Return what comes of a resubmit by a hostile officer."""
    return ca.resubmit(1, officer=HOSTILE)


def denied(ca: CertificationAuthority) -> Outcome:
    """Return what comes of a denial by a hostile officer."""
    ca.deny(1, officer=HOSTILE)
    return ca.retrieve(1)


@pytest.mark.parametrize("way", [resubmitted, denied])
def test_an_officers_name_cannot_steer_a_terminal(
    pending: CertificationAuthority, way: Callable[[CertificationAuthority], Outcome]
) -> None:
    """The name is told with its control characters escaped, in the answer and in the row."""
    outcome = way(pending)
    assert "bob" in outcome.message
    assert outcome.message.isprintable()
    assert engine_kit.rows(pending)[0].message.isprintable()


def test_an_attributes_name_cannot_steer_a_terminal(ca: CertificationAuthority) -> None:
    """The message about an attribute that is too long names it printably."""
    outcome = ca.submit(make_csr(), attributes="\x1b[31m\u202e\x07" + "a" * 300 + ":value")
    assert outcome.disposition == CRDisposition.ERROR
    assert outcome.message.isprintable()


@pytest.mark.parametrize("error", [ComError(0x80094800, HOSTILE), RuntimeError(HOSTILE)], ids=type)
def test_policys_words_cannot_steer_a_terminal(error: Exception) -> None:
    """What a policy module raises gets into the message with control characters escaped."""
    with engine_kit.make_ca(policy=engine_kit.ScriptedPolicy(engine_kit.raising(error))) as ca:
        outcome = ca.submit(make_csr())
    assert "bob" in outcome.message
    assert outcome.message.isprintable()


def test_a_denials_message_is_cut_to_its_column(pending: CertificationAuthority) -> None:
    """8,192 characters are kept of a message that an officer's name makes too long."""
    pending.deny(1, officer="o" * 10_000)
    message = pending.retrieve(1).message
    assert len(message) == 8192
    assert message == ("Denied by " + "o" * 10_000)[:8192]


# Ids, serial numbers, accounts


@pytest.mark.parametrize("verb", ["resubmit", "deny", "retrieve"])
@pytest.mark.parametrize("number", NO_IDS, ids=repr)
def test_what_is_no_id_is_refused_and_not_journaled(
    pending: CertificationAuthority, verb: str, number: object
) -> None:
    """Text, nothing, a list and a truth value raise E_INVALIDARG and leave no line."""
    before = pending.journal
    with refused(E_INVALIDARG):
        getattr(pending, verb)(number)
    assert pending.journal == before


def test_a_serial_number_is_text(ca: CertificationAuthority) -> None:
    """A number in its place is E_INVALIDARG."""
    with refused(E_INVALIDARG):
        ca.retrieve(serial_number=5)  # type: ignore[arg-type]


def test_an_unknown_serial_number_is_named(ca: CertificationAuthority) -> None:
    """CERTSRV_E_PROPERTY_EMPTY says which serial number was asked for."""
    with pytest.raises(ComError, match="abcdef") as caught:
        ca.retrieve(serial_number="abcdef")
    assert caught.value.hresult == signed(CERTSRV_E_PROPERTY_EMPTY)


def test_a_huge_requesters_name_stays_short_in_the_journal(ca: CertificationAuthority) -> None:
    """Of five million characters the journal keeps no more than the column would."""
    ca.submit(make_csr(), requester="r" * 5_000_000)
    (call,) = [entry for entry in ca.journal if isinstance(entry, Call)]
    assert call.by.startswith("rrr")
    assert len(call.by) <= 2048


def test_policy_cannot_set_what_is_no_text() -> None:
    """Half a character, a lone surrogate, is E_INVALIDARG for a string property."""
    seen = kit.in_policy(
        lambda server: kit.attempt(
            server.SetCertificateProperty, "CommonName", kit.STRING, "a\ud800"
        )
    )
    assert seen == kit.code(E_INVALIDARG)


def test_a_seeded_clock_starts_at_a_known_moment() -> None:
    """A start without a time zone is a `ValueError`: it would mean another moment elsewhere."""
    with pytest.raises(ValueError, match=r"zone|aware|naive"):
        Sources.seeded(1, start=datetime(2026, 1, 1))  # noqa: DTZ001  (the case under test)
