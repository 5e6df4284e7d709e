"""Which base a delta adds to, when there is one, and what a client knows who has both.

What base and delta say together is judged by a model that knows nothing of dates but who was
revoked when.
Source: MS-CSRA 3.1.4.1.6; RFC 5280 5.2.4; docs/rulings.md (CRLs).
"""

from __future__ import annotations

from datetime import datetime

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certsim import CertificationAuthority
from tests.engine import publishing_kit as kit
from tests.machines import readback

# What a delta adds to


@pytest.mark.parametrize(("crl_flags", "last"), [(kit.DELETE_EXPIRED, 2), (kit.OLDEST_BASE, 1)])
def test_a_delta_adds_to_the_newest_base_that_everybody_has(crl_flags: int, last: int) -> None:
    """While no base is old enough it adds to the oldest; with CRLFlags 1 it always does."""
    minima = []
    with kit.make_ca(CRLFlags=crl_flags) as ca:
        ca.publish_crls()  # 1
        kit.advance(ca, kit.HOUR)
        ca.publish_crls()  # 2
        for wait in (0 * kit.HOUR, kit.OVERLAP - kit.HOUR, kit.HOUR):
            kit.advance(ca, wait)
            ca.publish_crls(base=False)
            minima.append(kit.minimum(ca.crl(delta=True)))
    assert minima == [1, 1, last]
    assert [row.number("CRLMinBase") for row in kit.table(ca)] == [0, 1, 0, 1, *minima]
    assert kit.table(ca)[-1].moment("CRLEffective") == kit.START - kit.SKEW + (last - 1) * kit.HOUR


@pytest.mark.parametrize("crl_flags", [0, kit.OLDEST_BASE])
def test_a_delta_never_adds_to_an_expired_base(crl_flags: int) -> None:
    """After a long pause the new base is the only one that clients can use."""
    with kit.make_ca(CRLFlags=crl_flags) as ca:
        ca.publish_crls()
        kit.advance(ca, 30 * kit.DAY)
        ca.publish_crls()
    assert kit.minimum(ca.crl(delta=True)) == 2


def test_deltas_switched_off_leave_a_shadow() -> None:
    """One last delta adds nothing to the base beside it and lasts as long; later there is none."""
    with kit.make_ca() as ca:
        old = kit.revoked(ca)
        ca.publish_crls()
        ca.set_config(r"ca\CRLDeltaPeriodUnits", 0)
        kit.advance(ca, kit.DAY)
        new = kit.revoked(ca)
        base, shadow = ca.publish_crls()
        ca.publish_crls()
    assert kit.told(ca)[2:] == [("base", 0, 2), ("shadow delta", 0, 2), ("base", 0, 3)]
    assert kit.minimum(shadow.crl) == 2
    assert set(kit.entries(shadow.crl)) == set(kit.entries(base.crl)) == {old, new}
    assert shadow.crl.next_update_utc == base.crl.next_update_utc
    flags = kit.table(ca)[3].number("CRLPublishFlags")
    assert flags == kit.DELTA | kit.SHADOW | kit.COMPLETE | kit.MANUAL


def test_a_ca_that_never_had_deltas_makes_no_shadow() -> None:
    """There is nobody who would look for one."""
    with kit.make_ca(CRLDeltaPeriodUnits=0) as ca:
        ca.publish_crls()
        ca.publish_crls()
    assert kit.told(ca) == [("base", 0, 1), ("base", 0, 2)]


def test_a_second_switch_leaves_a_second_shadow() -> None:
    """Deltas on again, a real one made, and off again."""
    with kit.make_ca() as ca:
        for units in (1, 0, 1, 0):
            ca.set_config(r"ca\CRLDeltaPeriodUnits", units)
            ca.publish_crls()
    assert [what for what, _, _ in kit.told(ca)] == ["base", "delta", "base", "shadow delta"] * 2


# What a client knows


@attrs.define
class Model:
    """Know who is revoked and why, and of each base its end and what it said."""

    revoked: dict[str, int] = attrs.field(factory=dict)
    bases: dict[int, tuple[datetime, list[readback.Listed]]] = attrs.field(factory=dict)


STEPS = st.lists(
    st.sampled_from(["hours", "days", "issue", "hold", "release", "base", "delta", "both"]),
    max_size=25,
)


@given(steps=STEPS)
@settings(deadline=None, max_examples=40)
def test_a_base_and_a_later_delta_tell_who_is_revoked(steps: list[str]) -> None:
    """Whichever good base a client has, from the minimum on: with the delta it knows all.

    Source: RFC 5280 5.2.4.
    """
    model = Model()
    with kit.make_ca() as ca:
        _publish_base(ca, model, delta=False)
        for step in steps:
            _take(step, ca, model)


def _take(step: str, ca: CertificationAuthority, model: Model) -> None:
    """Do one step to the CA and to the model, and compare after each delta."""
    on_hold = [s for s, reason in model.revoked.items() if reason == kit.ON_HOLD]
    if step in {"hours", "days"}:
        kit.advance(ca, {"hours": 7 * kit.HOUR, "days": 2 * kit.DAY}[step])
    elif step == "issue":
        model.revoked[kit.revoked(ca)] = kit.COMPROMISED
    elif step == "hold":
        model.revoked[kit.revoked(ca, kit.HOLD)] = kit.ON_HOLD
    elif step == "release" and on_hold:
        ca.revoke(on_hold[0], kit.RELEASE)
        del model.revoked[on_hold[0]]
    elif step in {"base", "both"}:
        _publish_base(ca, model, delta=step == "both")
    elif step == "delta" and _good(ca, model):
        ca.publish_crls(base=False)
        _compare(ca, model)


def _publish_base(ca: CertificationAuthority, model: Model, *, delta: bool) -> None:
    """Publish a base and note it; with a *delta* beside it, compare."""
    ca.publish_crls(delta=delta)
    base = ca.crl()
    assert kit.entries(base) == model.revoked
    if base.next_update_utc is None:
        raise AssertionError("the base has no end")
    model.bases[kit.number(base)] = (base.next_update_utc, readback.entries(base))
    if delta:
        _compare(ca, model)


def _good(ca: CertificationAuthority, model: Model) -> dict[int, list[readback.Listed]]:
    """Return what the bases said that have not ended."""
    now = kit.clock_of(ca).clock.now()
    return {number: said for number, (end, said) in model.bases.items() if end >= now}


def _compare(ca: CertificationAuthority, model: Model) -> None:
    """Put the newest delta together with each base it adds to."""
    delta = ca.crl(delta=True)
    minimum, changes = kit.minimum(delta), readback.entries(delta)
    good = _good(ca, model)
    assert minimum in good
    for number, said in good.items():
        if number >= minimum:
            known = readback.together(said, changes)
            assert {kit.text(serial): known[serial] for serial in known} == model.revoked
