"""Any bytes at all: a changed, cut, spliced or invented message can only be refused.

Source: docs/rulings.md (Requests).
"""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certsim._engine import cms, requests
from certsim._engine.submission import RequestError, Submission
from tests.codes import (
    CRYPT_E_ASN1_BADTAG,
    CRYPT_E_ASN1_CORRUPT,
    CRYPT_E_ASN1_EOD,
    ERROR_INVALID_DATA,
)
from tests.engine import der_builder as der
from tests.engine.cms_kit import (
    ADD_EXTENSIONS,
    DIGITAL_SIGNATURE,
    KEY_USAGE,
    PARSING,
    REG_INFO,
    added,
    certificate,
    cmc,
    encoded,
    key,
    pair,
    refusal,
    renewal,
    signed_by,
    signed_by_itself,
)


@cache
def samples() -> tuple[tuple[bytes, Submission], ...]:
    """Return messages of every shape, each with what it says."""
    registration = der.control(REG_INFO, der.octets(b"a=b&c=%20d&"))
    extensions = der.control(
        ADD_EXTENSIONS, added(der.seq(der.extension(KEY_USAGE, DIGITAL_SIGNATURE)))
    )
    messages = (
        signed_by("EC signer", der.pkcs10(key("inner"), pair("a", "b"))),
        cmc(registration, extensions, request=der.null_signed(der.request_info(key("inner")))),
        renewal(encoded(certificate("old"))),
    )
    return tuple((message, cms.read(message)) for message in messages)


def reads_as(data: bytes) -> Submission | None:
    """Return what *data* says, `None` when it is refused; any other error fails the test."""
    try:
        return requests.read(data)
    except RequestError:
        return None


@given(st.data())
def test_one_changed_byte_is_noticed_or_means_nothing(data: st.DataObject) -> None:
    """A message with one byte changed is refused, or it still says the very same."""
    message, said = data.draw(st.sampled_from(samples()))
    place = data.draw(st.integers(0, len(message) - 1))
    byte = data.draw(st.integers(0, 255))
    changed = message[:place] + bytes((byte,)) + message[place + 1 :]
    assert reads_as(changed) in (None, said)


@given(st.data())
def test_cut_or_lengthened_message_is_refused(data: st.DataObject) -> None:
    """No part of a message is a message, nor is one with something behind it."""
    message, _ = data.draw(st.sampled_from(samples()))
    end = data.draw(st.integers(0, len(message) - 1))
    assert reads_as(message[:end]) is None
    assert reads_as(message + message[: end + 1]) is None


@given(st.data())
def test_spliced_messages_never_do_more_than_be_refused(data: st.DataObject) -> None:
    """The head of one message on the tail of another is refused or says what one of them says."""
    (first, says), (second, other) = (data.draw(st.sampled_from(samples())) for _ in range(2))
    start = data.draw(st.integers(0, len(first)))
    end = data.draw(st.integers(0, len(second)))
    assert reads_as(first[:start] + second[end:]) in (None, says, other)


@given(st.binary(max_size=200))
@example(b"\x30\x80" * 100)
@example(b"\x30\x84\xff\xff\xff\xff")
def test_any_content_and_any_data_are_refused(junk: bytes) -> None:
    """Random bytes are refused bare, as the data of a message and as either kind of content."""
    signed = der.seq(der.oid(der.SIGNED_DATA), der.der(0xA0, junk))
    for data in (junk, signed, signed_by("EC signer", junk), signed_by_itself(junk, der.PKI_DATA)):
        with pytest.raises(RequestError):
            cms.read(data)


def test_deeply_nested_content_is_refused() -> None:
    """Ten thousand nested sequences cost neither the stack nor much time."""
    nested = b""
    for _ in range(10_000):
        nested = der.seq(nested)[-60_000:]
    assert refusal(nested)[0] in (CRYPT_E_ASN1_EOD, CRYPT_E_ASN1_CORRUPT, CRYPT_E_ASN1_BADTAG)
    assert refusal(signed_by("EC signer", nested)) == (ERROR_INVALID_DATA, PARSING)
