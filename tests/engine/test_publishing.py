"""A publish run: which lists, whose, with which numbers and entries, and what it leaves behind.

Times are worked out by hand from the default schedule. What base and delta say together is judged
by a model that knows nothing of dates but who was revoked when, and by `openssl verify`.
Source: MS-CSRA 3.1.4.1.6, 3.1.4.2.1; RFC 5280 5.2.4; docs/rulings.md (CRLs).
"""

from __future__ import annotations

import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from certsim import CertificationAuthority, RevocationReason
from certsim._engine import places
from certsim._engine.audit import AuditEntry
from certsim.facts import schema
from certsim.facts.properties import PropType
from tests.engine import engine_kit
from tests.engine import publishing_kit as kit
from tests.engine.engine_kit import Listener, Worker
from tests.requests_kit import make_csr

HOLD, RELEASE = RevocationReason.CERTIFICATE_HOLD, RevocationReason.RELEASE
COMPROMISED = x509.ReasonFlags.key_compromise
CERT_E_EXPIRED, NTE_FAIL = 0x800B0101, 0x80090020
HTTP = ["79:http://%1/%3%8%9.crl"]
OLDEST_BASE, DELETE_EXPIRED, CRITICAL_NUMBER, EXPIRED_TOO = 1, 2, 4, 0x200
# These as winerror.h and certsrv.h spell them.
COLUMN_TYPES = {
    PropType.LONG: int,
    PropType.DATE: datetime,
    PropType.BINARY: bytes,
    PropType.STRING: str,
}
needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the openssl program is not installed"
)


def urls(crl: x509.CertificateRevocationList, kind: type[x509.FreshestCRL]) -> list[str]:
    """Return the URLs of an extension that names distribution points."""
    points = crl.extensions.get_extension_for_class(kind).value
    return [name.value for point in points for name in point.full_name or ()]


# What is refused


@pytest.mark.parametrize(
    "arguments",
    [
        {"base": False, "delta": False},
        {"base": False, "delta": False, "republish": True},
        {"next_update": kit.START - timedelta(seconds=1)},
        {"next_update": datetime(2027, 1, 1)},  # noqa: DTZ001
        {"next_update": "tomorrow"},
    ],
)
def test_a_wish_that_cannot_be_is_refused(arguments: dict[str, object]) -> None:
    """Nothing is published, and no number is spent."""
    with kit.make_ca() as ca:
        with kit.refused(kit.INVALIDARG):
            ca.publish_crls(**arguments)  # type: ignore[arg-type]
        assert kit.table(ca) == ()
        assert [crl.number for crl in ca.publish_crls()] == [1, 1]


def test_a_delta_alone_is_refused_while_deltas_are_off() -> None:
    """Beside a base it is left out, without a word."""
    with kit.make_ca(CRLDeltaPeriodUnits=0) as ca:
        with kit.refused(kit.INVALIDARG):
            ca.publish_crls(base=False)
        ca.publish_crls()
    assert kit.told(ca) == [("base", 0, 1)]


def test_a_delta_needs_a_base_that_is_still_good() -> None:
    """Before the first base and after the last one's end there is nothing to add to."""
    with kit.make_ca() as ca:
        with kit.refused(kit.FILE_NOT_FOUND):
            ca.publish_crls(base=False)
        ca.publish_crls(delta=False)
        kit.advance(ca, kit.WEEK + kit.OVERLAP)
        ca.publish_crls(base=False)
        kit.advance(ca, timedelta(seconds=1))
        with kit.refused(kit.FILE_NOT_FOUND):
            ca.publish_crls(base=False)
    assert kit.told(ca) == [("base", 0, 1), ("delta", 0, 2)]


@pytest.mark.parametrize("kinds", [{}, {"base": False}, {"delta": False}])
def test_nothing_to_republish_is_refused(kinds: dict[str, bool]) -> None:
    """A CA without lists has none to write again, and tells nobody."""
    log: list[tuple[object, ...]] = []
    with kit.make_ca(Listener("A", log, kit.CRLISSUED)) as ca, kit.refused(kit.FILE_NOT_FOUND):
        ca.publish_crls(republish=True, **kinds)
    assert log == []


def test_a_ca_that_has_ended_publishes_nothing() -> None:
    """Unless CRLFlags 0x200 has it go on for ever."""
    with kit.make_ca() as ca:
        kit.advance(ca, 6 * 366 * kit.DAY)
        with kit.refused(CERT_E_EXPIRED):
            ca.publish_crls()
        assert ca.tick() == ()
    with kit.make_ca(CRLFlags=EXPIRED_TOO) as ca:
        kit.advance(ca, 6 * 366 * kit.DAY)
        assert len(ca.publish_crls()) == 2


# Numbers, keys, rows


def test_all_lists_of_a_run_share_a_number() -> None:
    """Each run takes the next one; republishing takes none, and does not look at the date."""
    with kit.make_ca() as ca:
        ca.renew(new_key=True)
        ca.publish_crls()
        ca.publish_crls(base=False)
        ca.publish_crls(republish=True, next_update=kit.START - kit.DAY)
        ca.publish_crls(delta=False)
    assert kit.told(ca) == [
        *[("base", 0, 1), ("delta", 0, 1), ("base", 1, 1), ("delta", 1, 1)],
        *[("delta", 0, 2), ("delta", 1, 2)],
        *[("base", 0, 1), ("delta", 0, 2), ("base", 1, 1), ("delta", 1, 2)],
        *[("base", 0, 3), ("base", 1, 3)],
    ]


def test_each_key_has_its_own_certificates() -> None:
    """A list has the certificates of its key, and the newest certificate of the key signs it."""
    with kit.make_ca() as ca:
        old = kit.revoked(ca)
        ca.renew()
        same = kit.revoked(ca)
        ca.renew(new_key=True)
        new = kit.revoked(ca)
        ca.publish_crls(delta=False)
        first, second = ca.crl(0), ca.crl(2)
        signers = ca.certificates[1], ca.certificates[2]
    assert set(kit.entries(first)) == {old, same}
    assert set(kit.entries(second)) == {new}
    for crl, signer in zip((first, second), signers, strict=True):
        assert crl.is_signature_valid(signer.public_key())  # type: ignore[arg-type]
    assert [row.number("CRLNameId") for row in kit.table(ca)] == [0x00001, 0x20002]


def test_a_key_whose_certificates_have_ended_has_no_new_lists() -> None:
    """The others go on."""
    with kit.make_ca() as ca:
        kit.advance(ca, 3 * 365 * kit.DAY)
        ca.renew(new_key=True)
        ca.publish_crls()
        kit.advance(ca, 3 * 365 * kit.DAY)
        ca.publish_crls()
    assert kit.told(ca)[4:] == [("base", 1, 2), ("delta", 1, 2)]


def test_a_new_key_waits_for_its_first_base() -> None:
    """A delta is made for the keys that have a base, and left out for the others."""
    with kit.make_ca() as ca:
        ca.publish_crls()
        ca.renew(new_key=True)
        ca.publish_crls(base=False)
    assert kit.told(ca)[2:] == [("delta", 0, 2)]


def test_rows_have_all_columns_in_their_types(tmp_path: Path) -> None:
    """Names and types are the schema's; only a delta is effective, only a failure has a text."""
    with kit.make_ca(lines=[f"1:{tmp_path}/none/x"]) as ca:
        kit.revoked(ca)
        ca.publish_crls()
    names = {column.name for column in schema.CRL}
    base, delta = kit.table(ca)
    assert set(base.columns) == names - {"CRLEffective"}
    assert set(delta.columns) == names - {"CRLPublishError"}
    for row in (base, delta):
        for name, value in row.columns.items():
            column = schema.COLUMNS[name]
            assert type(value) is COLUMN_TYPES[column.type], name
            if isinstance(value, datetime):
                assert value.utcoffset() == timedelta(0)
                assert value.microsecond == 0
            if isinstance(value, int):
                assert -0x8000_0000 <= value < 0x8000_0000, name


def test_rows_have_the_times_of_the_schedule() -> None:
    """With the default schedule a base is good for a week, a delta for a day, and half a day."""
    with kit.make_ca() as ca:
        kit.revoked(ca)
        ca.publish_crls()
    for row, period in zip(kit.table(ca), (kit.WEEK, kit.DAY), strict=True):
        assert row.number("CRLRowId") == row.row_id
        assert row.number("CRLCount") == 1
        assert row.moment("CRLThisUpdate") == kit.START - kit.SKEW
        assert row.moment("CRLThisPublish") == row.moment("CRLLastPublished") == kit.START
        assert row.moment("CRLNextPublish") == kit.START + period
        assert row.moment("CRLNextUpdate") == kit.START + period + kit.OVERLAP
        assert row.moment("CRLPropagationComplete") == kit.START + kit.OVERLAP
    assert kit.table(ca)[1].moment("CRLEffective") == kit.START - kit.SKEW


def test_a_date_takes_the_place_of_the_periods() -> None:
    """Base and delta are published next on that date; the overlap and the skew come on top."""
    wanted = kit.START + 3 * kit.DAY
    with kit.make_ca() as ca:
        published = ca.publish_crls(next_update=wanted.replace(microsecond=5))
    for crl, row in zip(published, kit.table(ca), strict=True):
        assert row.moment("CRLNextPublish") == wanted
        assert crl.crl.next_update_utc == wanted + kit.OVERLAP


def test_changed_periods_count_at_once() -> None:
    """Unlike settings of the service, those four are read at each run."""
    with kit.make_ca() as ca:
        ca.set_config(r"ca\CRLPeriodUnits", 2)
        ca.set_config(r"ca\CRLDeltaPeriod", "Hours")
        ca.publish_crls()
        assert [row.moment("CRLNextPublish") - kit.START for row in kit.table(ca)] == [
            2 * kit.WEEK,
            kit.HOUR,
        ]
        ca.set_config(r"ca\CRLDeltaPeriodUnits", 0)
        assert len(ca.publish_crls(delta=True)) == 2  # the shadow
        assert len(ca.publish_crls(delta=True)) == 1


def test_unusable_periods_are_logged_and_the_defaults_used() -> None:
    """Event 62 names the value; a start with such a value is refused with event 28."""
    with kit.make_ca() as ca:
        ca.set_config(r"ca\CRLPeriod", "Fortnights")
        ca.publish_crls()
        assert kit.logged(ca) == [62]
        assert "CRLPeriod" in ca.event_log[0].text
    assert kit.table(ca)[0].moment("CRLNextPublish") == kit.START + kit.WEEK
    with kit.refused(kit.INVALIDARG):
        ca.start()
    assert not ca.running
    assert kit.logged(ca) == [62, 28]


# What a list says


def test_urls_stand_in_the_lists() -> None:
    """Each list knows its own place; a base names its delta, and both the same scope."""
    with kit.make_ca(lines=["140:http://%1/%3%8%9.crl", "2:http://only.certificates"]) as ca:
        base, delta = (published.crl for published in ca.publish_crls())
    plain, plus = "http://ca.certsim.test/Test%20CA.crl", "http://ca.certsim.test/Test%20CA+.crl"
    own = x509.ObjectIdentifier("1.3.6.1.4.1.311.21.14")
    assert urls(base, x509.FreshestCRL) == [plus]
    for crl, place in ((base, plain), (delta, plus)):
        raw = crl.extensions.get_extension_for_oid(own).value.public_bytes()
        assert place.encode() in raw
        scope = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint)
        assert scope.critical
        assert [name.value for name in scope.value.full_name or ()] == [plain]
    with pytest.raises(x509.ExtensionNotFound):
        delta.extensions.get_extension_for_class(x509.FreshestCRL)


def test_a_base_names_no_delta_while_deltas_are_off() -> None:
    """Nor does the base that the shadow belongs to."""
    with kit.make_ca(lines=["4:http://%1/%9.crl"]) as ca:
        ca.publish_crls()
        ca.set_config(r"ca\CRLDeltaPeriodUnits", 0)
        ca.publish_crls()
        with pytest.raises(x509.ExtensionNotFound):
            ca.crl().extensions.get_extension_for_class(x509.FreshestCRL)


@pytest.mark.parametrize("critical", [False, True])
def test_crl_flags_make_the_number_critical(critical: bool) -> None:
    """CRLFlags 4 does."""
    with kit.make_ca(CRLFlags=CRITICAL_NUMBER * critical) as ca:
        ca.publish_crls()
        found = ca.crl().extensions.get_extension_for_class(x509.CRLNumber)
    assert found.critical is critical


def test_an_effective_date_is_waited_for() -> None:
    """A revocation in the future is on no list before, and on the next one with its own date."""
    when = kit.START + 2 * kit.DAY
    with kit.make_ca() as ca:
        serial = kit.issue(ca)
        ca.revoke(serial, effective=when)
        ca.publish_crls()
        assert kit.entries(ca.crl()) == kit.entries(ca.crl(delta=True)) == {}
        kit.advance(ca, 2 * kit.DAY - timedelta(seconds=1))
        ca.publish_crls()
        assert kit.entries(ca.crl()) == {}
        kit.advance(ca, timedelta(seconds=1))
        ca.publish_crls()
        assert kit.entries(ca.crl()) == {serial: None}
        assert [entry.revocation_date_utc for entry in ca.crl()] == [when]


def test_an_ended_certificate_is_told_once_more() -> None:
    """The first base after its end has it, and no later one, unless an officer wants it to stay."""
    with kit.make_ca(ValidityPeriodUnits=2, ValidityPeriod="Days") as ca:
        once, kept = kit.revoked(ca), kit.revoked(ca)
        ca.revoke(kept, RevocationReason.PUBLISH_EXPIRED)
        seen = []
        for _ in range(3):
            ca.publish_crls(delta=False)
            seen.append(set(kit.entries(ca.crl())))
            kit.advance(ca, 3 * kit.DAY)
        ca.revoke(kept, RevocationReason.DROP_EXPIRED)
        ca.publish_crls(delta=False)
    assert seen == [{once, kept}, {once, kept}, {kept}]
    assert kit.entries(ca.crl()) == {}


def test_an_ended_certificate_is_told_once_more_by_deltas_too() -> None:
    """The delta after its end has it, the one after that has not, with one good base behind all."""
    with kit.make_ca(ValidityPeriodUnits=3, ValidityPeriod="Hours", CRLPeriodUnits=9) as ca:
        ca.publish_crls(delta=False)
        serial = kit.revoked(ca)
        seen = []
        for _ in range(3):
            ca.publish_crls(base=False)
            seen.append(set(kit.entries(ca.crl(delta=True))))
            kit.advance(ca, 4 * kit.HOUR)
    assert seen == [{serial}, {serial}, set()]


def test_a_hold_comes_and_goes() -> None:
    """On hold it is on both lists; released it is on deltas with reason 8, and on no base."""
    with kit.make_ca() as ca:
        serial = kit.issue(ca)
        ca.publish_crls()
        ca.revoke(serial, HOLD)
        ca.publish_crls()
        hold = {serial: x509.ReasonFlags.certificate_hold}
        assert kit.entries(ca.crl()) == kit.entries(ca.crl(delta=True)) == hold
        kit.advance(ca, kit.HOUR)
        ca.revoke(serial, RELEASE)
        ca.publish_crls()
        assert kit.entries(ca.crl()) == {}
        assert kit.entries(ca.crl(delta=True)) == {serial: kit.REMOVE_FROM_CRL}
        kit.advance(ca, 2 * kit.WEEK)
        ca.publish_crls()
        assert kit.entries(ca.crl(delta=True)) == {}


def test_a_delta_repeats_from_the_oldest_good_base_on() -> None:
    """What an expired base had is not on it any more."""
    with kit.make_ca() as ca:
        old = kit.revoked(ca)
        ca.publish_crls()
        kit.advance(ca, 7 * kit.DAY)
        new = kit.revoked(ca)
        ca.publish_crls()
        assert set(kit.entries(ca.crl(delta=True))) == {old, new}
        kit.advance(ca, kit.DAY)
        ca.publish_crls(base=False)
        assert set(kit.entries(ca.crl(delta=True))) == {new}


# What a delta adds to


@pytest.mark.parametrize(("crl_flags", "last"), [(DELETE_EXPIRED, 2), (OLDEST_BASE, 1)])
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


@pytest.mark.parametrize("crl_flags", [0, OLDEST_BASE])
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


@attrs.define
class Model:
    """Know who is revoked, and what each base said: a CA's lists without any dates."""

    revoked: dict[str, x509.ReasonFlags] = attrs.field(factory=dict)
    released: set[str] = attrs.field(factory=set)
    bases: dict[int, tuple[datetime, dict[str, x509.ReasonFlags | None]]] = attrs.field(
        factory=dict
    )


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
        ca.publish_crls(delta=False)
        model.bases[1] = (ca.crl().next_update_utc, {})  # type: ignore[assignment]
        for step in steps:
            _take(step, ca, model)


def _take(step: str, ca: CertificationAuthority, model: Model) -> None:
    """Do one step to the CA and to the model, and compare after each delta."""
    on_hold = [s for s, reason in model.revoked.items() if reason != COMPROMISED]
    if step in {"hours", "days"}:
        kit.advance(ca, {"hours": 7 * kit.HOUR, "days": 2 * kit.DAY}[step])
    elif step == "issue":
        model.revoked[kit.revoked(ca)] = COMPROMISED
    elif step == "hold":
        model.revoked[kit.revoked(ca, HOLD)] = x509.ReasonFlags.certificate_hold
    elif step == "release" and on_hold:
        ca.revoke(on_hold[0], RELEASE)
        del model.revoked[on_hold[0]]
    elif step in {"base", "both"}:
        ca.publish_crls(delta=step == "both")
        base = ca.crl()
        assert kit.entries(base) == model.revoked
        model.bases[kit.number(base)] = (base.next_update_utc, kit.entries(base))  # type: ignore[assignment]
    if step == "both" or (step == "delta" and _good(ca, model)):
        if step == "delta":
            ca.publish_crls(base=False)
        _compare(ca, model)


def _good(ca: CertificationAuthority, model: Model) -> dict[int, dict[str, object]]:
    now = kit.clock_of(ca).clock.now()
    return {number: dict(said) for number, (end, said) in model.bases.items() if end >= now}


def _compare(ca: CertificationAuthority, model: Model) -> None:
    delta = ca.crl(delta=True)
    minimum = kit.minimum(delta)
    good = _good(ca, model)
    assert minimum in good
    for number, said in good.items():
        if number >= minimum:
            both = said | kit.entries(delta)
            known = {s: reason for s, reason in both.items() if reason != kit.REMOVE_FROM_CRL}
            assert known == model.revoked


# Rows that go


def test_expired_rows_go_but_the_newest_stay() -> None:
    """After a long pause a run leaves its own lists and, of what was there, the unexpired."""
    with kit.make_ca() as ca:
        ca.publish_crls()
        kit.advance(ca, 3 * kit.DAY)
        ca.publish_crls(base=False)
        assert [row.row_id for row in kit.table(ca)] == [1, 3]
        kit.advance(ca, 30 * kit.DAY)
        assert len(kit.table(ca)) == 2
        ca.publish_crls(delta=False)
    assert [row.row_id for row in kit.table(ca)] == [3, 4]


def test_a_row_stays_for_the_second_of_its_next_update() -> None:
    """It is expired when that moment is past."""
    seen = []
    with kit.make_ca() as ca:
        for wait in (0 * kit.DAY, kit.DAY + kit.OVERLAP, timedelta(seconds=1)):
            kit.advance(ca, wait)
            ca.publish_crls()
            seen.append([row.row_id for row in kit.table(ca)])
    assert seen == [[1, 2], [1, 2, 3, 4], [1, 3, 4, 5, 6]]


def test_rows_stay_when_crl_flags_say_so() -> None:
    """Without CRLFlags 2 nothing is ever deleted."""
    with kit.make_ca(CRLFlags=0) as ca:
        for _ in range(3):
            ca.publish_crls()
            kit.advance(ca, 30 * kit.DAY)
    assert [row.row_id for row in kit.table(ca)] == [1, 2, 3, 4, 5, 6]


# Who is told


def test_each_run_is_told_once() -> None:
    """One CRLISSUED without a request for whatever kinds, and the lists are there by then."""
    seen = []
    log: list[tuple[object, ...]] = []

    def look(_event: int, context: int) -> None:
        seen.append((context, kit.number(ca.crl()), len(kit.table(ca))))

    with kit.make_ca(Listener("A", log, kit.CRLISSUED, look)) as ca:
        ca.renew(new_key=True)
        ca.publish_crls()
        ca.publish_crls(base=False)
        ca.publish_crls(republish=True)
    assert log == [("A", kit.CRLISSUED)] * 3
    assert seen == [(0, 1, 4), (0, 1, 6), (0, 1, 6)]


def test_a_failed_place_is_stored_before_modules_hear() -> None:
    """What the row says inside `Notify` is what it says afterwards."""
    seen = []

    def look(_event: int, _context: int) -> None:
        seen.append(kit.table(ca))

    with kit.make_ca(Listener("A", [], kit.CRLISSUED, look), lines=HTTP) as ca:
        ca.publish_crls()
    assert seen == [kit.table(ca)]
    assert [row.number("CRLPublishAttempts") for row in kit.table(ca)] == [1, 1]


def test_a_module_may_publish_while_it_is_told() -> None:
    """The second run is told when everybody has heard of the first."""
    log: list[tuple[object, ...]] = []

    def once_more(_event: int, _context: int) -> None:
        if log.count(("A", kit.CRLISSUED)) == 1:
            log.append(("published", ca.publish_crls()[0].number))

    first = Listener("A", log, kit.CRLISSUED, once_more)
    with kit.make_ca(first, Listener("B", log, kit.CRLISSUED)) as ca:
        Worker(ca.publish_crls).result()
    assert log == [
        ("A", kit.CRLISSUED),
        ("published", 2),
        ("B", kit.CRLISSUED),
        ("A", kit.CRLISSUED),
        ("B", kit.CRLISSUED),
    ]


def test_runs_on_several_threads_take_turns() -> None:
    """No number comes twice, and each list adds to what was there."""
    with kit.make_ca() as ca:
        workers = [Worker(ca.publish_crls) for _ in range(8)]
        numbers = [{crl.number for crl in worker.result()} for worker in workers]
    assert sorted(number for found in numbers for number in found) == list(range(1, 9))
    assert [row.number("CRLNumber") for row in kit.table(ca)] == sorted([*range(1, 9)] * 2)


def test_journal_and_audit_tell_of_each_list(tmp_path: Path) -> None:
    """What was asked for is on record once, each list by itself, republished ones again."""
    line = f"65:{tmp_path}/%3%8%9.crl"
    with kit.make_ca(lines=[line, *HTTP], AuditFilter=8) as ca:
        ca.renew(new_key=True)
        ca.publish_crls(delta=False, next_update=kit.START + kit.DAY)
        ca.tick()
        records = [entry for entry in ca.journal if isinstance(entry, AuditEntry)]
        lines = [str(entry) for entry in ca.journal]
    assert [record.event_id for record in records] == [4871] + [4872] * 4
    containers = [dict(record.fields)["KeyContainer"] for record in records[1:]]
    assert containers == ["Test CA", "Test CA(1)"] * 2
    assert records[0].fields[:3] == (
        ("NextUpdate", "2026-01-02T12:00:00+00:00"),
        ("NextPublishForBaseCRL", "Yes"),
        ("NextPublishForDeltaCRL", "No"),
    )
    assert dict(records[1].fields) == {
        "IsBaseCRL": "Yes",
        "CRLNumber": 1,
        "KeyContainer": "Test CA",
        "NextPublish": "2026-01-02T12:00:00+00:00",
        "PublishURLs": f"{tmp_path}/Test CA.crl; http://ca.certsim.test/Test%20CA.crl",
    }
    assert (
        "2026-01-01 12:00:00 base CRL 1 of key 0 published, entries: 0,"
        " 0x800700A1 ERROR_BAD_PATHNAME"
    ) in lines


def test_a_result_prints_as_one_line() -> None:
    """Kind, number, key and the places, those that failed with their code."""
    with kit.make_ca(lines=HTTP) as ca:
        (base,) = ca.publish_crls(delta=False)
    place = "http://ca.certsim.test/Test%20CA.crl"
    assert str(base) == f"BASE CRL 1 of key 0; {place}: 0x800700A1 ERROR_BAD_PATHNAME"
    assert base.crl == ca.crl()


# When it goes wrong


def test_a_key_that_cannot_sign_stops_the_run() -> None:
    """Nothing is stored, of other keys neither, nobody is told, and the next run goes through."""
    log: list[tuple[object, ...]] = []
    with kit.make_ca(Listener("A", log, kit.CRLISSUED)) as ca:
        ca.renew(new_key=True)
        good = ca._state.certificates
        broken = attrs.evolve(good[1], sign=engine_kit.raising(OSError("no device")))
        ca._state.certificates = (good[0], broken)
        with kit.refused(NTE_FAIL):
            ca.publish_crls()
        assert (kit.table(ca), kit.told(ca), log) == ((), [], [])
        ca._state.certificates = good
        assert [crl.number for crl in ca.publish_crls()] == [2] * 4


def test_an_interrupted_run_is_finished_by_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list is stored and not yet written; ten minutes later it is."""

    def interrupt(*_arguments: object) -> int:
        raise KeyboardInterrupt

    with kit.make_ca(lines=[f"1:{tmp_path}/ca.crl"], CRLDeltaPeriodUnits=0) as ca:
        with monkeypatch.context() as patch:
            patch.setattr(places, "write", interrupt)
            with pytest.raises(KeyboardInterrupt):
                ca.publish_crls()
        assert kit.names(tmp_path) == []
        assert ca.tick() == ()
        kit.advance(ca, timedelta(minutes=10))
        (base,) = ca.tick()
    assert (tmp_path / "ca.crl").read_bytes() == base.raw == ca.crl().public_bytes(Encoding.DER)


# Other programs


@needs_openssl
def test_openssl_reads_and_believes_the_published_files(tmp_path: Path) -> None:
    """`openssl verify -crl_check` takes a certificate until a published base says otherwise."""
    with kit.make_ca(lines=[f"65:{tmp_path}/ca%9.crl"]) as ca:
        outcome = ca.submit(make_csr())
        if outcome.certificate is None or outcome.serial_number is None:
            raise AssertionError("no certificate was issued")
        (tmp_path / "ca.pem").write_bytes(ca.certificate.public_bytes(Encoding.PEM))
        (tmp_path / "leaf.pem").write_bytes(outcome.certificate.public_bytes(Encoding.PEM))
        ca.publish_crls()
        assert "leaf.pem: OK" in _verified(tmp_path)
        ca.revoke(outcome.serial_number, RevocationReason.KEY_COMPROMISE)
        ca.publish_crls(base=False)
        assert "leaf.pem: OK" in _verified(tmp_path)
        ca.publish_crls()
        assert "certificate revoked" in _verified(tmp_path)
    text = _openssl("crl", "-inform", "DER", "-in", str(tmp_path / "ca+.crl"), "-noout", "-text")
    assert "X509v3 Delta CRL Indicator: critical" in text
    assert outcome.serial_number.upper() in text


def _verified(folder: Path) -> str:
    """Return what openssl says of the leaf by the base that lies in *folder*, at the start."""
    crl = folder / "crl.pem"
    _openssl("crl", "-inform", "DER", "-in", str(folder / "ca.crl"), "-out", str(crl))
    moment = f"{kit.START.timestamp():.0f}"
    authority = str(folder / "ca.pem")
    files = ("-CAfile", authority, "-CRLfile", str(crl), str(folder / "leaf.pem"))
    return _openssl("verify", "-crl_check", "-attime", moment, *files)


def _openssl(*arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
