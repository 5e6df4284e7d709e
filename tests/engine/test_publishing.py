"""A publish run: what is refused, how lists are numbered and kept, and what it leaves behind.

Times are worked out by hand from the default schedule.
Source: MS-CSRA 3.1.4.1.6, 3.1.4.2.1; docs/rulings.md (CRLs).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import attrs
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certsim._engine import places
from certsim.facts import schema
from certsim.facts.properties import PropType
from tests.codes import (
    CERT_E_EXPIRED,
    E_INVALIDARG,
    ERROR_FILE_NOT_FOUND,
    NTE_FAIL,
    ON_CRL,
    refused,
)
from tests.engine import engine_kit
from tests.engine import publishing_kit as kit
from tests.engine.engine_kit import Listener

# Source: certsrv.h, CRLF constants
COLUMN_TYPES = {
    PropType.LONG: int,
    PropType.DATE: datetime,
    PropType.BINARY: bytes,
    PropType.STRING: str,
}


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
        with refused(E_INVALIDARG):
            ca.publish_crls(**arguments)  # type: ignore[arg-type]
        assert kit.table(ca) == ()
        assert [crl.number for crl in ca.publish_crls()] == [1, 1]


def test_a_delta_alone_is_refused_while_deltas_are_off() -> None:
    """Beside a base it is left out, without a word."""
    with kit.make_ca(CRLDeltaPeriodUnits=0) as ca:
        with refused(E_INVALIDARG):
            ca.publish_crls(base=False)
        ca.publish_crls()
    assert kit.told(ca) == [("base", 0, 1)]


def test_a_delta_needs_a_base_that_is_still_good() -> None:
    """Before the first base and after the last one's end there is nothing to add to."""
    with kit.make_ca() as ca:
        with refused(ERROR_FILE_NOT_FOUND):
            ca.publish_crls(base=False)
        ca.publish_crls(delta=False)
        kit.advance(ca, kit.WEEK + kit.OVERLAP)
        ca.publish_crls(base=False)
        kit.advance(ca, timedelta(seconds=1))
        with refused(ERROR_FILE_NOT_FOUND):
            ca.publish_crls(base=False)
    assert kit.told(ca) == [("base", 0, 1), ("delta", 0, 2)]


@pytest.mark.parametrize("kinds", [{}, {"base": False}, {"delta": False}])
def test_nothing_to_republish_is_refused(kinds: dict[str, bool]) -> None:
    """A CA without lists has none to write again, and tells nobody."""
    log: list[tuple[object, ...]] = []
    with kit.make_ca(Listener("A", log, ON_CRL)) as ca, refused(ERROR_FILE_NOT_FOUND):
        ca.publish_crls(republish=True, **kinds)
    assert log == []


def test_a_ca_that_has_ended_publishes_nothing() -> None:
    """Unless CRLFlags 0x200 has it go on for ever."""
    with kit.make_ca() as ca:
        kit.advance(ca, 6 * 366 * kit.DAY)
        with refused(CERT_E_EXPIRED):
            ca.publish_crls()
        assert ca.tick() == ()
    with kit.make_ca(CRLFlags=kit.EXPIRED_TOO) as ca:
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


def test_a_changed_overlap_counts_from_the_next_start() -> None:
    """TechNet cc731104 has the service stopped and started; the periods alone count at once."""
    with kit.make_ca() as ca:
        ca.set_config(r"ca\CRLOverlapUnits", 13)
        ca.publish_crls(delta=False)
        assert ca.crl().next_update_utc == kit.START + kit.WEEK + kit.OVERLAP
        ca.stop()
        ca.start()
        ca.publish_crls(delta=False)
        assert ca.crl().next_update_utc == kit.START + kit.WEEK + 13 * kit.HOUR + kit.SKEW


def test_unusable_periods_are_logged_and_the_defaults_used() -> None:
    """Event 62 names the value; a start with such a value is refused with event 28."""
    with kit.make_ca() as ca:
        ca.set_config(r"ca\CRLPeriod", "Fortnights")
        ca.publish_crls()
        assert kit.logged(ca) == [62]
        assert "CRLPeriod" in ca.event_log[0].text
    assert kit.table(ca)[0].moment("CRLNextPublish") == kit.START + kit.WEEK
    with refused(E_INVALIDARG):
        ca.start()
    assert not ca.running
    assert kit.logged(ca) == [62, 28]


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


# When it goes wrong


def test_a_key_that_cannot_sign_stops_the_run() -> None:
    """Nothing is stored, of other keys neither, nobody is told, and the next run goes through."""
    log: list[tuple[object, ...]] = []
    with kit.make_ca(Listener("A", log, ON_CRL)) as ca:
        ca.renew(new_key=True)
        good = ca._state.certificates
        broken = attrs.evolve(good[1], sign=engine_kit.raising(OSError("no device")))
        ca._state.certificates = (good[0], broken)
        with refused(NTE_FAIL):
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
