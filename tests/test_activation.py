"""From a ProgID to an object, as `Dispatch` of pywin32 does it.

Source: sdk-api certif/nn-certif-icertserverexit (ProgID); certif.h (CLSIDs); CONTRIBUTING.md
(law 6); docs/rulings.md (Contexts).
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import certsim
from certsim import activation
from tests.codes import CO_E_CLASSSTRING, refused
from tests.engine import values_kit as kit

SERVERS = {
    "ICertServerExit": certsim.CCertServerExit,
    "ICertServerPolicy": certsim.CCertServerPolicy,
}


@given(chance=st.randoms(use_true_random=False))
def test_progids_ignore_case(chance: random.Random) -> None:
    """For all casings of the ProgIDs and class ids the class made is the same."""
    for interface, kind in SERVERS.items():
        row = kit.facts()["interfaces"][interface]
        for word in (row["progid"], f"{row['progid']}.1", f"{{{row['clsid']}}}"):
            spelled = "".join(chance.choice((char.lower(), char.upper())) for char in word)
            assert type(certsim.Dispatch(spelled)) is kind


def test_each_dispatch_makes_a_new_object() -> None:
    """Two calls give two objects, which do not share an aim."""
    first, second = (certsim.Dispatch("CertificateAuthority.ServerExit") for _ in range(2))
    assert first is not second


@pytest.mark.parametrize(
    "word", ["", "Nobody.Exit", " CertificateAuthority.ServerExit", None, 7, []]
)
def test_a_class_nobody_registered_is_co_e_classstring(word: Any) -> None:
    """An unknown name, and what is no name, is 0x800401F3."""
    with refused(CO_E_CLASSSTRING):
        certsim.Dispatch(word)


def test_the_error_names_what_there_is() -> None:
    """The message for an unknown name lists the names that are known."""
    with pytest.raises(certsim.ComError, match=r"certificateauthority\.serverexit"):
        certsim.Dispatch("CertificateAuthority.ServerExist")


def test_guests_may_register_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table takes any factory, and the name registered last counts."""
    monkeypatch.setattr(activation, "_factories", dict(activation._factories))
    activation.register(list, "Lab.Thing", "{0000}")
    assert certsim.Dispatch("LAB.thing") == []
    activation.register(dict, "lab.THING")
    assert certsim.Dispatch("Lab.Thing") == {}
    assert certsim.Dispatch("{0000}") == []


def test_what_a_factory_raises_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dispatch hides nothing that goes wrong while the object is made."""
    monkeypatch.setattr(activation, "_factories", dict(activation._factories))
    activation.register(lambda: 1 // 0, "Lab.Broken")
    with pytest.raises(ZeroDivisionError):
        certsim.Dispatch("Lab.Broken")
