"""A CA's private key is in no text, no value and no property: it signs, and that is all of it.

The key is one whose number the test knows, so every spelling of it can be looked for: digits, bytes
and the encodings that keys are stored in. The search goes through all that a person, a module or a
debugger's `repr` gets to see, and through every object that can be reached from the CA.
Source: RFC 5915, RFC 5958 (encodings of keys).
"""

from __future__ import annotations

import base64
import contextlib
import gc
import json
import logging
import traceback
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import certsim
from certsim import CertificationAuthority, ComError, Sources
from tests.engine import values_kit
from tests.requests_kit import make_badly_signed_csr, make_csr

NUMBER = 0xA1C0DE5A1C0DE5A1C0DE5A1C0DE5A1C0DE5A1C0DE5A1C0DE5A1C0DE5A1C0DE51
KEY = ec.derive_private_key(NUMBER, ec.SECP256R1())


def encodings() -> list[bytes]:
    """Return the key in each encoding that a key is stored in."""
    kinds = (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL)
    return [KEY.private_bytes(Encoding.DER, kind, NoEncryption()) for kind in kinds]


BYTES = NUMBER.to_bytes(32, "big")
TEXTS = (
    f"{NUMBER:x}",
    f"{NUMBER:X}",
    f"{NUMBER:d}",
    BYTES.hex(" "),
    repr(BYTES)[2:-1],
    base64.b64encode(BYTES).decode()[:40],
    *(base64.b64encode(one).decode()[40:88] for one in encodings()),
    "PRIVATE KEY",
)
"""Each of them would give the key away, or a good part of it."""


def tells(value: object) -> bool:
    """Tell whether *value* has the key in it."""
    if isinstance(value, str):
        return any(text in value for text in TEXTS)
    if isinstance(value, bytes | bytearray | memoryview):
        return BYTES in bytes(value) or b"PRIVATE KEY" in bytes(value)
    return isinstance(value, int) and value in {NUMBER, -NUMBER}


class Curious:
    """Be an exit module that reads every property there is, whatever the event."""

    seen: list[object]

    def __init__(self) -> None:
        self.seen = []

    def Initialize(self, strConfig: str) -> int:
        return 0x3FF

    def Notify(self, event: int, context: int) -> None:
        server = certsim.CCertServerExit()
        server.SetContext(context)
        names = {row["name"] for table in ("request", "certificate", "ca") for row in rows(table)}
        for name in names:
            for kind in (1, 2, 3, 4):
                for read in (server.GetRequestProperty, server.GetCertificateProperty):
                    with contextlib.suppress(ComError):
                        self.seen.append(read(name, kind))
        raise RuntimeError(repr(server))

    def GetDescription(self) -> str:
        return "Curious"


def rows(table: str) -> list[dict[str, str]]:
    """Return the published properties of one table."""
    found: list[dict[str, str]] = values_kit.facts()[f"{table}_properties"]
    return found


def live(ca: CertificationAuthority) -> list[object]:
    """Let a running *ca* do all that it needs its key for; return what came of it."""
    issued = ca.submit(make_csr())
    answers: list[object] = [issued, ca.submit(make_badly_signed_csr())]
    ca.revoke(issued.serial_number or "")
    answers += ca.publish_crls()
    ca.renew()
    answers += [ca.crl().public_bytes(Encoding.DER), *ca.certificates]
    return answers


def remembered(ca: CertificationAuthority) -> Iterator[object]:
    """Yield what *ca* can be asked for: entries, rows, configuration, and how objects print."""
    for entry in (*ca.journal, *ca.event_log):
        yield from (str(entry), repr(entry), json.dumps(entry.as_dict()))
    for name in ("request", "extension", "attribute", "crl"):
        for row in ca.view(name):
            yield from (repr(row), *row.values())
    yield from (repr(ca), repr(ca._state), *map(repr, ca.certificates))


def test_a_life_with_a_key_tells_nothing_of_it(caplog: pytest.LogCaptureFixture) -> None:
    """Journal, event log, logger, rows, properties, outcomes and lists: the key is in none."""
    module = Curious()
    ca = CertificationAuthority(key=KEY, exit_modules=[module], sources=Sources.seeded(1))
    with caplog.at_level(logging.DEBUG), ca, ca.tracing():
        told = live(ca)
    found = [*told, *map(repr, told), *remembered(ca), *module.seen]
    found += [record.getMessage() for record in caplog.records]
    assert len(found) > 500
    assert [value for value in found if tells(value)] == []


def reachable(start: object) -> Iterator[object]:
    """Yield every object that *start* leads to, but for code: modules, classes and globals."""
    seen: set[int] = set()
    waiting: list[Any] = [start]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, ModuleType | type | BuiltinFunctionType):
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, FunctionType):
            waiting += [one.__closure__, one.__defaults__, one.__kwdefaults__]
        elif isinstance(one, MethodType):
            waiting += [one.__self__, one.__func__]
        else:
            waiting += gc.get_referents(one)


def test_no_object_of_a_ca_holds_its_key_in_the_open() -> None:
    """All that is reachable is the library's own key object, which shows nothing of itself."""
    ca = CertificationAuthority(key=KEY, sources=Sources.seeded(1))
    with ca:
        live(ca)
        found = list(reachable(ca))
    assert [value for value in found if tells(value)] == []
    keys = [one for one in found if isinstance(one, ec.EllipticCurvePrivateKey)]
    assert keys == [KEY]  # it was reached, so the search went deep enough
    assert not tells(repr(KEY))


class BrokenError(Exception):
    """Be what a device says that is in trouble, and says too much."""


@pytest.mark.parametrize("verb", ["submit", "publish_crls", "renew"])
def test_a_signature_that_fails_tells_nothing_of_the_key(verb: str) -> None:
    """The CA's own words, in error, outcome and journal, have the kind of failure and no more."""

    def fail(_data: bytes) -> bytes:
        raise BrokenError(TEXTS[0])

    with CertificationAuthority(key=KEY, sources=Sources.seeded(1)) as ca:
        ca._state.certificates = (attrs.evolve(ca._state.certificates[0], sign=fail),)
        told: list[object] = []
        try:
            told.append(repr(ca.submit(make_csr())) if verb == "submit" else getattr(ca, verb)())
        except ComError as error:
            told += [str(error), repr(error.args)]
            told += traceback.format_exception_only(error)
        told += remembered(ca)
    assert any("BrokenError" in str(text) for text in told)
    assert [text for text in told if tells(text)] == []


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_key_that_a_client_sends_by_mistake_is_not_kept(line_end: str) -> None:
    """Of a file that has a key beside its request, the request alone gets into the database."""
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    request = base64.encodebytes(make_csr()).decode()
    whole = (
        f"{pem}-----BEGIN CERTIFICATE REQUEST-----\n{request}-----END CERTIFICATE REQUEST-----\n"
    )
    module = Curious()
    with CertificationAuthority(exit_modules=[module], sources=Sources.seeded(1)) as ca:
        outcome = ca.submit(whole.replace("\n", line_end))
        refused = ca.submit(pem.replace("\n", line_end))
    assert (outcome.certificate is None, refused.certificate is None) == (False, True)
    assert [value for value in (*remembered(ca), *module.seen) if tells(value)] == []


def test_every_spelling_of_the_key_would_be_found() -> None:
    """The search is able to find: in text, in bytes and behind a function."""
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    spelled = [pem, pem.decode(), *encodings(), str(NUMBER), hex(NUMBER), NUMBER, repr(BYTES)]
    assert all(tells(value) for value in spelled)
    assert any(tells(value) for value in reachable([{"a": (lambda: spelled[0],)}]))
