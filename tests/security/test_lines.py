"""Nothing that comes with a request, or from a module, can forge a line or steer a terminal.

One text is put into every place that takes text. It ends the line, clears the screen, turns the
direction of writing and has half a surrogate pair; wherever something is printed, each of these has
to be spelled out. That single entries print harmlessly whatever they hold is held by
`tests/engine/test_journal.py`; here it is whole lives, all surfaces and `certsim run`.
Source: Unicode UAX #9 (bidirectional controls), UAX #14 (line ends); ECMA-48 (control sequences).
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import certsim
from certsim import CertificationAuthority, CertSimError, ComError, Sources
from certsim.cli import main
from tests.engine import cms_kit
from tests.engine import der_builder as der
from tests.requests_kit import make_csr, make_key

EVIL = "x\r\n2026-01-01 00:00:00 deny request 1\x1b[2J\x9b31m\u202e\u2066\u2028\u2029\x85\x07\x00y"
LONE = f"{EVIL}\ud800"
NAMES = (
    "2.5.4.3", "2.5.4.4", "2.5.4.5", "2.5.4.6", "2.5.4.7", "2.5.4.8", "2.5.4.9", "2.5.4.10",
    "2.5.4.11", "2.5.4.12", "2.5.4.42", "2.5.4.43", "1.2.840.113549.1.9.1",
    "1.2.840.113549.1.9.2", "1.2.840.113549.1.9.8", "0.9.2342.19200300.100.1.25", "1.3.6.1.4.1.1",
)  # fmt: skip
"""The parts a subject can have, and one that nobody knows. Source: win32 SecCrypto, names."""
ATTRIBUTES = (
    "CertFile", "CertificateTemplate", "SAN", "ValidityPeriod", "ExpirationDate", "CertType",
    "CertificateUsage", "Disposition", "RequestOSVersion", "ccm", "rmd", "cdc", "Anything",
)  # fmt: skip


def utf8(text: str) -> bytes:
    """Return a UTF8String."""
    return der.der(0x0C, text.encode())


def subject(text: str) -> bytes:
    """Return a name that says *text* in each part there is."""
    return der.seq(*(der.set_of(der.seq(der.oid(kind), utf8(text))) for kind in NAMES))


def requests(text: str) -> list[bytes]:
    """Return requests of each kind that say *text* wherever they can say something."""
    pairs = [cms_kit.pair(name, text) for name in (*ATTRIBUTES, f"A{text}")]
    template = der.extension("1.3.6.1.4.1.311.20.2", der.bmp(text))
    version = der.attribute("1.3.6.1.4.1.311.13.2.3", der.der(0x16, text.encode()[:60]))
    client = der.seq(der.integer(1), utf8(text), utf8(text), utf8(text))
    wishes = [
        *pairs,
        version,
        der.attribute("1.3.6.1.4.1.311.21.20", client),
        der.attribute("1.2.840.113549.1.9.14", der.seq(template)),
    ]
    whole = der.pkcs10(make_key(), *wishes, subject=subject(text))
    return [
        whole,
        der.pkcs10(make_key(), *wishes),
        der.pkcs10(make_key(), subject=subject(text[:2])),
        text.encode(),
        f"-----BEGIN {text}-----\n{text}\n-----END {text}-----".encode(),
        cms_kit.signed_by_itself(whole),
    ]


class Echo:
    """Be an exit module that reads all there is and fails with what it read."""

    def Initialize(self, strConfig: str) -> int:
        return 0x3FF

    def Notify(self, event: int, context: int) -> None:
        server = certsim.CCertServerExit()
        server.SetContext(context)
        told = [LONE]
        for name in ("RequesterName", "RequestAttributes", "DistinguishedName", "CommonName"):
            with contextlib.suppress(ComError):
                told.append(str(server.GetRequestProperty(name, 4)))
        if context:
            server.EnumerateAttributesSetup(0)
            while name := server.EnumerateAttributes():
                told += [name, server.GetRequestAttribute(name)]
        if event & 1:
            raise ComError(0x80004005, "\n".join(told))
        raise RuntimeError("\n".join(told))

    def GetDescription(self) -> str:
        return LONE


def decide(server: Any, context: int) -> int:
    """Decide by the request's attribute, in words of its own."""
    server.SetContext(context)
    wish = server.GetRequestAttribute("Anything")
    if wish.startswith("raise"):
        raise ValueError(wish)
    if wish.startswith("refuse"):
        raise ComError(0x80094012, wish)
    return 0 if wish.startswith("pend") else 1


def one_line(text: str) -> str:
    """Return *text* without the characters that end a line of attributes."""
    return text.replace("\r", "").replace("\n", "")


def surfaces(ca: CertificationAuthority) -> Iterator[str]:
    """Yield every line a person may get to see of what *ca* remembers."""
    for entry in (*ca.journal, *ca.event_log):
        yield str(entry)
        yield repr(entry)
    yield repr(ca)


def harmless(text: str) -> bool:
    """Tell whether *text* is one line without anything but what prints."""
    return text.isprintable() and len(text.splitlines()) <= 1


def live(ca: CertificationAuthority, text: str) -> list[str]:
    """Let *ca* live through all verbs with *text* in all their arguments; return what it said."""
    said = []
    for word in ("issue", "pend", "refuse", "raise"):
        attributes = f"Anything:{word}{one_line(text)}\n{text}:{text}"
        outcome = ca.submit(make_csr(), attributes=attributes, requester=text)
        said += [str(outcome), repr(outcome)]
    said += [str(ca.submit(data, requester=text)) for data in requests(text.replace("\ud800", ""))]
    ca.set_request_attributes(2, {"Anything": f"issue{one_line(text)}"}, officer=text)
    said.append(str(ca.resubmit(2, officer=text)))
    ca.revoke(ca.retrieve(1).serial_number or "", officer=text)
    said += [str(crl) for crl in ca.publish_crls(administrator=text)]
    return said


def test_a_life_of_hostile_texts_prints_line_by_line(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Journal, event log, outcomes, published places and the logger: all are harmless lines."""
    bad = LONE.replace("\0", "")  # which no list in the registry holds
    ca = CertificationAuthority(
        "Test CA",
        exit_modules=[Echo],
        policy_module=decide,
        sources=Sources.seeded(1),
        config={r"ca\CRLPublicationURLs": [f"65:{tmp_path}/{bad}/%3", f"65:{bad}://x"]},
    )
    with caplog.at_level(logging.DEBUG), ca, ca.tracing():
        said = live(ca, LONE)
    said += surfaces(ca)
    said += [record.getMessage() for record in caplog.records]
    assert [line for line in said if not harmless(line)] == []
    # The text has been everywhere: as an argument, in policy's words, in a module's, in a place.
    for about in ("submit request", "(Denied by Policy Module", "Notify", "PublishCRLs"):
        assert any(about in line and r"\x1b[2J" in line for line in said)


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(), min_size=1, max_size=60))
def test_any_text_in_any_place_prints_line_by_line(text: str) -> None:
    """The same for all texts there can be."""
    ca = CertificationAuthority(
        "Test CA", exit_modules=[Echo], policy_module=decide, sources=Sources.seeded(1)
    )
    with ca, ca.tracing():
        ca.submit(make_csr(), attributes=f"Anything:pend{text}", requester=text)
        ca.deny(1, officer=text)
        ca.submit(make_csr(), attributes=text, requester=text)
        ca.submit(text, requester=text)
    assert [line for line in surfaces(ca) if not harmless(line)] == []


ASKS: tuple[Callable[[CertificationAuthority], object], ...] = (
    lambda _ca: CertificationAuthority(LONE),
    lambda _ca: CertificationAuthority(LONE * 9),
    lambda _ca: CertificationAuthority(dns_name=LONE),
    lambda _ca: CertificationAuthority(exit_modules=[LONE]),
    lambda _ca: CertificationAuthority(exit_modules=[f"{LONE}:{LONE}"]),
    lambda _ca: CertificationAuthority(exit_modules=[f"/{LONE}.py:{LONE}"]),
    lambda _ca: CertificationAuthority(policy_module=f"os:{LONE}"),
    lambda _ca: CertificationAuthority(config={LONE: object()}),  # type: ignore[dict-item]
    lambda _ca: CertificationAuthority(config={f"exit\\{LONE}": 1}),
    lambda ca: ca.revoke(LONE),
    lambda ca: ca.retrieve(serial_number=LONE),
    lambda ca: ca.retrieve(LONE),  # type: ignore[arg-type]
    lambda ca: ca.deny(LONE),  # type: ignore[arg-type]
    lambda ca: ca.import_certificate(LONE.encode("utf-8", "surrogatepass")),
    lambda ca: ca.submit(object(), attributes=LONE),
    lambda ca: ca.set_request_attributes(1, {LONE * 9: LONE}),
    lambda ca: ca.set_certificate_extension(1, LONE, b"x"),
    lambda ca: ca.set_certificate_extension(1, "1.2.3", LONE),
    lambda ca: ca.delete_rows(LONE),
    lambda ca: ca.view(LONE),
    lambda ca: ca.view("log", columns=[LONE]),
    lambda ca: ca.view("log", where=[(LONE, LONE, LONE)]),
    lambda ca: ca.view("log", where=[("Request.RequestID", "=", LONE)]),
    lambda ca: ca.get_config(f"\\{LONE}"),
    lambda ca: ca.set_config(LONE, object()),  # type: ignore[arg-type]
    lambda ca: ca.install_exit_module(LONE),
    lambda ca: ca.remove_exit_module(LONE),
    lambda _ca: certsim.Dispatch(LONE),
    lambda ca: certsim.CCertServerExit(ca).GetCertificateProperty(LONE, 4),
    lambda ca: certsim.CCertServerExit(ca).GetRequestAttribute(LONE),
)


@pytest.mark.parametrize("ask", ASKS, ids=range(len(ASKS)))
def test_an_error_about_a_hostile_argument_is_one_line(
    ask: Callable[[CertificationAuthority], object],
) -> None:
    """Whoever prints an error, or lets Python print it, prints one harmless line."""
    with CertificationAuthority("Test CA", sources=Sources.seeded(1)) as ca:
        ca.set_config(r"policy\RequestDisposition", 0)
    with ca:
        ca.submit(make_csr())
        with pytest.raises((CertSimError, ValueError)) as caught:
            ask(ca)
    assert harmless(str(caught.value))


@pytest.mark.parametrize("number", range(6))
def test_a_tour_with_a_hostile_request_prints_line_by_line(
    number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`certsim run` shows a module's reads of such a request, and its failures, escaped."""
    request = tmp_path / "evil.req"
    request.write_bytes(requests(EVIL)[number])
    assert main(["run", "--request", str(request), f"{__file__}:Echo"]) == 1
    printed = capsys.readouterr()
    assert [
        char for char in printed.out + printed.err if not (char.isprintable() or char == "\n")
    ] == []
    assert not any(line.startswith("2026-01-01 00:00:00 deny") for line in printed.out.splitlines())
    assert r"\x1b[2J" in printed.out
