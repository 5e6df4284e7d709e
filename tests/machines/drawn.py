"""What hypothesis draws for the engine machine: requests, verdicts, masks, and the modules.

A script is what the policy module does, paired with what that means to the model.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import hypothesis.strategies as st

from certsim import (
    CCertServerExit,
    ComError,
    PropType,
)
from tests.machines import ca_model as model
from tests.requests_kit import make_badly_signed_csr, make_csr, make_nameless_csr

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
    st.just(0x3FF), st.integers(0, 0x3FF), st.sampled_from([None, "1", True, 0x400, -1])
)


TEMPERS = st.sampled_from(["", "", "com", "plain"])
UNKNOWN = 20
PICKS = st.integers(0, UNKNOWN + 1)
COLOURS = st.sampled_from(["", "red", "blue"])


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
    return (
        server.GetRequestProperty("RequestID", PropType.LONG),
        server.GetRequestProperty("Disposition", PropType.LONG),
        colour,
    )
