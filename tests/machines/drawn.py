"""What hypothesis draws for the engine machine: requests, verdicts, moments, and the modules.

A script is what the policy module does, paired with what that means to the model.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import attrs
import hypothesis.strategies as st
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certsim import (
    CCertServerExit,
    ComError,
    PropType,
)
from tests.machines import request_model as model
from tests.machines.ca_model import Found
from tests.requests_kit import make_badly_signed_csr, make_csr, make_key, make_nameless_csr

REQUESTS = {
    "good": make_csr(),
    "nameless": make_nameless_csr(),
    "badly signed": make_badly_signed_csr(),
    "garbage": b"\xff\xfe no request",
    "empty": b"",
}


Script = tuple[Callable[[], object], model.Verdict]


def _raise(error: Exception) -> Callable[[], object]:
    def fail() -> object:
        raise error

    return fail


def _negative(code: int) -> Script:
    return (lambda: code), model.Verdict("deny", code)


def _unsigned(code: int) -> Script:
    return (lambda: code), model.Verdict("deny", code - 2**32)


def _nonsense(value: object) -> Script:
    return (lambda: value), model.Verdict("deny", model.E_FAIL, model.ANY, 44)


def _com_error(code: int) -> Script:
    refused = model.Verdict("deny", code, "policy is cross", 44)
    return _raise(ComError(code, "policy is cross")), refused


ISSUE: Script = ((lambda: 1), model.Verdict("issue"))
PEND: Script = ((lambda: 0), model.Verdict("pend"))
_DENY: Script = ((lambda: 2), model.Verdict("deny"))
_FALLS: Script = (
    _raise(RuntimeError("policy fell over")),
    model.Verdict("deny", model.E_FAIL, model.ANY, 43),
)


NEGATIVE = st.integers(-(2**31), -1)
LIVELY = st.sampled_from([ISSUE, PEND])
REFUSING = st.one_of(
    st.sampled_from([_DENY, _FALLS]),
    NEGATIVE.map(_negative),
    st.integers(2**31, 2**32 - 1).map(_unsigned),
    NEGATIVE.map(_com_error),
    st.sampled_from([None, 3, 7, "x", True, False, 1.0, 2**31 - 1]).map(_nonsense),
)


SCRIPTS = st.sampled_from([LIVELY, LIVELY, REFUSING]).flatmap(lambda scripts: scripts)
KINDS = st.sampled_from(["good"] * 6 + ["nameless", *model.UNREADABLE])
MASKS = st.one_of(
    st.just(0x3FF),
    st.just(0x3FF),
    st.integers(0, 0x3FF),
    st.sampled_from([None, "1", True, 0x400, -1]),
)


TEMPERS = st.sampled_from(["", "", "com", "plain"])
UNKNOWN = 20
PICKS = st.integers(0, UNKNOWN + 1)
COLOURS = st.sampled_from(["", "red", "blue"])


HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)
REASONS = st.one_of(
    st.sampled_from([0, 1, 4, 6, 6, 6, -1, -1]),
    st.sampled_from([2, 3, 5, 8, -2, -3, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD]),
    st.sampled_from([7, 9, 10, 11, -4, 0xFFFFFFFC, 2**32, True, "1", None, 1.0]),
)
EFFECTIVE = st.sampled_from([None] * 8 + [-9 * DAY, -HOUR, 0 * DAY, HOUR, 2 * DAY, "naive", "text"])
"""When a revocation is to count: a span from now, or what is no moment."""
SPANS = st.sampled_from([HOUR / 12, HOUR, 6 * HOUR, DAY, 3 * DAY, 8 * DAY, 21 * DAY])
LIMITS = st.sampled_from([-3 * DAY, -HOUR, 0 * DAY, HOUR, 30 * DAY])
"""What is deleted by date, as a span from now."""
RUNS = st.sampled_from([3, 3, 3, 1, 2, 7, 5, 6, 4, 0])
"""CA_CRL_BASE, CA_CRL_DELTA and CA_CRL_REPUBLISH, together or alone."""
DATES = st.sampled_from([None] * 6 + [-HOUR, 0 * DAY, 2 * DAY])
PERIODS = st.sampled_from([(7, 1), (7, 1), (7, 0), (1, 1), (30, 7)])
"""Days from one base to the next, and from one delta to the next; none without deltas."""
CRL_FLAGS = st.sampled_from([2, 2, 2, 3, 0])


def _foreign(number: int, *, ours: bool) -> tuple[Found, bytes]:
    """Return a certificate that another CA signed, for the key all requests here have, or not."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Stranger")])
    begins, key = datetime(2026, 1, 1, tzinfo=UTC), make_key(7)
    certificate = (
        x509.CertificateBuilder(name, name, make_key().public_key() if ours else key.public_key())
        .serial_number(number)
        .not_valid_before(begins)
        .not_valid_after(begins + YEAR)
        .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    found = Found(f"{number:x}", begins + YEAR, None, ours)
    return found, certificate.public_bytes(Encoding.DER)


STRANGERS = [_foreign(0x5A01, ours=True), _foreign(0x5A02, ours=False)]


def moment(now: datetime, drawn: object) -> object:
    """Return the date that a span from *now* means; what is no span stands for no moment."""
    if isinstance(drawn, timedelta):
        return now + drawn
    return now.replace(tzinfo=None) if drawn == "naive" else drawn


@attrs.define
class Policy:
    """Answer what the step has drawn."""

    heard: list[tuple[object, ...]]
    script: Callable[[], object] = lambda: 1

    def Initialize(self, strConfig: str) -> None:
        self.heard.append(("policy", "Initialize"))

    def VerifyRequest(self, strConfig: str, context: int, new: int, flags: int) -> object:
        return self.script()

    def GetDescription(self) -> str:
        return "policy"

    def ShutDown(self) -> None:
        self.heard.append(("policy", "ShutDown"))


@attrs.define
class Exit:
    """Note the event and the row behind it, then fail as the module was drawn to."""

    module: model.Module
    heard: list[tuple[object, ...]]

    def Initialize(self, strConfig: str) -> object:
        return self.module.mask

    def Notify(self, event: int, context: int) -> None:
        seen = _seen(context) if context else ()
        self.heard.append((self.module.name, event, *seen))
        if self.module.temper == "com":
            raise ComError(0x80070005, "no access")
        if self.module.temper == "plain":
            raise LookupError("a page is missing")

    def GetDescription(self) -> str:
        return self.module.name


def _seen(context: int) -> tuple[object, ...]:
    server = CCertServerExit()
    server.SetContext(context)
    try:
        colour = server.GetRequestAttribute("Colour")
    except ComError:
        colour = ""
    try:
        reason = server.GetRequestProperty("RevokedReason", PropType.LONG)
    except ComError:
        reason = None
    return (
        server.GetRequestProperty("RequestID", PropType.LONG),
        server.GetRequestProperty("Disposition", PropType.LONG),
        colour,
        reason,
    )
