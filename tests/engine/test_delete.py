"""Deleting rows: by id and by date, with what hangs on them, and what is left of them nowhere.

Source: MS-CSRA 3.1.4.2.18; sdk-api certadm/nf-certadm-icertadmin2-deleterow; docs/rulings.md
(Deleting rows).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import attrs
import pytest

from certsim import CADisposition, CertificationAuthority, ComError, CRDisposition, RowDisposition
from certsim._engine.journal import Transition
from certsim.database.memory import MemoryShelf
from tests.codes import (
    CERTSRV_E_PROPERTY_EMPTY,
    DENY,
    E_INVALIDARG,
    ISSUE,
    ON_ISSUED,
    PEND,
    RPC_S_SERVER_UNAVAILABLE,
    refused,
    signed,
)
from tests.conftest import Recorder
from tests.engine import engine_kit as kit
from tests.machines.drawn import STRANGERS
from tests.requests_kit import make_csr

R = RowDisposition
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
LIFE = 20 * DAY
CONFIG = {
    r"ca\ValidityPeriod": "Days",
    r"ca\ValidityPeriodUnits": 20,
    r"ca\KRAFlags": 1,
    r"ca\CRLFlags": 0,
}
"""Certificates that live for twenty days, and lists that never go by themselves."""
SHORTLY = 0.2
"""Seconds that one waits for the other, who may be waiting for a lock."""


@attrs.frozen
class Bench:
    """Hold a running CA, its policy module and its exit module."""

    ca: CertificationAuthority
    policy: kit.ScriptedPolicy
    recorder: Recorder

    def ask(self, verdict: int = ISSUE, attributes: str = "") -> int:
        """Have a request decided and return its id."""
        self.policy.answer = lambda _context, _new: verdict
        return self.ca.submit(make_csr(), attributes=attributes).request_id

    def serial(self, number: int) -> str:
        """Return the serial number of a row's certificate."""
        row = self.ca._state.shelf.get(number)
        assert row is not None
        return str(row.columns["SerialNumber"])

    def wait(self, span: timedelta) -> None:
        """Let time pass."""
        self.ca._state.sources.clock.advance(span)  # type: ignore[attr-defined]

    @property
    def ids(self) -> list[int]:
        """Return the ids of all rows."""
        return [row.request_id for row in kit.rows(self.ca)]

    def refused(self, code: int, *table: object, **wish: object) -> None:
        """Check that a deletion is refused with *code* and changes nothing."""
        before = kit.rows(self.ca), kit.happenings(self.ca), self.ca._state.shelf.crls()
        with refused(code):
            self.ca.delete_rows(*table, **wish)  # type: ignore[arg-type]
        after = kit.rows(self.ca), kit.happenings(self.ca), self.ca._state.shelf.crls()
        assert after == before


@pytest.fixture
def bench(recorder: Recorder) -> Iterator[Bench]:
    """Return a running CA and its modules."""
    policy = kit.ScriptedPolicy()
    with kit.make_ca(recorder, policy=policy, config=CONFIG) as ca:
        yield Bench(ca, policy, recorder)


# What is asked for


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"row_id": 1, "expired_before": NOON},
        {"row_id": 1, "last_changed_before": NOON},
        {"expired_before": NOON, "last_changed_before": NOON},
        {"row_id": 1, "expired_before": NOON, "last_changed_before": NOON},
    ],
    ids=lambda wish: "+".join(wish) or "nothing",
)
@pytest.mark.parametrize("table", ["request", "extension", "attribute", "crl"])
def test_a_deletion_takes_a_row_id_or_one_date(
    bench: Bench, table: str, wish: dict[str, object]
) -> None:
    """None, both, or two dates are E_INVALIDARG."""
    bench.ask()
    bench.ca.publish_crls()
    bench.refused(E_INVALIDARG, table, **wish)


@pytest.mark.parametrize("table", ["", "requests", "certificate", "CRL ", None, 0, b"request"])
def test_an_unknown_table_is_an_invalid_argument(bench: Bench, table: object) -> None:
    """There are four, by name."""
    bench.ask()
    bench.refused(E_INVALIDARG, table, row_id=1)


@pytest.mark.parametrize(
    ("table", "wish"),
    [
        ("extension", "expired_before"),
        ("extension", "last_changed_before"),
        ("attribute", "expired_before"),
        ("attribute", "last_changed_before"),
        ("crl", "last_changed_before"),
    ],
)
def test_a_date_that_does_not_fit_the_table_is_an_invalid_argument(
    bench: Bench, table: str, wish: str
) -> None:
    """Extensions and attributes go by the request they are of, lists by their end."""
    bench.refused(E_INVALIDARG, table, **{wish: NOON})


@pytest.mark.parametrize("when", ["2026-01-01", 0, 1.5, date(2026, 1, 1), datetime(2026, 1, 1)])  # noqa: DTZ001
@pytest.mark.parametrize("wish", ["expired_before", "last_changed_before"])
def test_what_is_no_moment_is_an_invalid_argument(bench: Bench, wish: str, when: object) -> None:
    """A date needs to be a datetime with a time zone."""
    bench.refused(E_INVALIDARG, **{wish: when})


@pytest.mark.parametrize("table", ["Request", "REQUEST", "request"])
def test_the_names_of_tables_ignore_case(bench: Bench, table: str) -> None:
    """As those of columns do."""
    number = bench.ask()
    assert bench.ca.delete_rows(table, row_id=number) == 1


def test_a_stopped_ca_deletes_nothing(bench: Bench) -> None:
    """RPC_S_SERVER_UNAVAILABLE."""
    number = bench.ask()
    bench.ca.stop()
    bench.refused(RPC_S_SERVER_UNAVAILABLE, row_id=number)


# By id


def test_a_deleted_row_is_gone_with_all_that_hung_on_it(bench: Bench) -> None:
    """Row 23: no event; request, serial number, attributes and extensions are unknown now."""
    number = bench.ask(attributes="Colour:red")
    serial = bench.serial(number)
    bench.recorder.heard.clear()
    assert bench.ca.delete_rows(row_id=number) == 1
    assert (bench.ids, bench.recorder.events) == ([], [])
    assert bench.ca.is_valid(serial) is CADisposition.INVALID
    for asked in ({"request_id": number}, {"serial_number": serial}):
        with pytest.raises(ComError) as caught:
            bench.ca.retrieve(**asked)  # type: ignore[arg-type]
        assert caught.value.hresult == signed(CERTSRV_E_PROPERTY_EMPTY)
    for table in ("request", "attribute", "extension"):
        assert list(bench.ca.view(table)) == []


def test_deleting_a_row_twice_is_no_error(bench: Bench) -> None:
    """The second time none went."""
    number = bench.ask()
    assert [bench.ca.delete_rows(row_id=number) for _ in range(3)] == [1, 0, 0]


def test_every_other_verb_finds_a_deleted_row_unknown(bench: Bench) -> None:
    """A pending request that was deleted cannot be decided any more."""
    number = bench.ask(PEND)
    bench.ca.delete_rows(row_id=number)
    outcome = bench.ca.resubmit(number)
    assert (outcome.disposition, outcome.status) == (
        CRDisposition.INCOMPLETE,
        signed(CERTSRV_E_PROPERTY_EMPTY),
    )
    with pytest.raises(ComError) as caught:
        bench.ca.deny(number)
    assert caught.value.hresult == signed(CERTSRV_E_PROPERTY_EMPTY)


def test_an_id_is_never_used_again(bench: Bench) -> None:
    """Whatever was deleted, the next request has the next number."""
    for _ in range(3):
        bench.ask()
    for number in (3, 2, 1):
        bench.ca.delete_rows(row_id=number)
    assert bench.ask() == 4


def test_the_journal_tells_of_a_deletion(bench: Bench) -> None:
    """A step from the state to no row."""
    number = bench.ask(PEND)
    bench.ca.delete_rows(row_id=number)
    step = [entry for entry in bench.ca.journal if isinstance(entry, Transition)][-1]
    assert (step.request_id, step.before, step.after, step.event) == (number, R.PENDING, None, 0)


def test_a_deleted_revoked_certificate_is_missing_on_the_next_list(bench: Bench) -> None:
    """No list remembers what no row tells."""
    numbers = [bench.ask(), bench.ask()]
    for number in numbers:
        bench.ca.revoke(bench.serial(number), 1)
    (before,) = bench.ca.publish_crls(delta=False)
    left = bench.serial(numbers[1])
    bench.ca.delete_rows(row_id=numbers[0])
    base, delta = bench.ca.publish_crls()
    assert len(list(before.crl)) == 2
    for crl in (base.crl, delta.crl):
        assert [entry.serial_number for entry in crl] == [int(left, 16)]


def test_a_module_may_delete_the_row_it_was_told_of(recorder: Recorder) -> None:
    """Inside Notify; the answer to the submit stands, and later modules still read the row."""

    def delete(_event: int, context: int) -> None:
        assert ca.delete_rows(row_id=kit.request_id(context)) == 1

    eraser = kit.Listener("Eraser", [], ON_ISSUED, delete)
    with kit.make_ca(eraser, recorder) as ca:
        outcome = ca.submit(make_csr())
        assert outcome.disposition is CRDisposition.ISSUED
        assert kit.rows(ca) == ()
        assert ca.event_log == ()
    assert recorder.heard[0].values["SerialNumber"] == outcome.serial_number


# What hangs on a row


def test_attributes_go_by_the_request_and_the_row_stays(bench: Bench) -> None:
    """Their number is the answer; the text that was sent stays as it was."""
    number = bench.ask(PEND, attributes="Colour:red\nSize:9")
    bench.recorder.heard.clear()
    assert bench.ca.delete_rows("attribute", row_id=number) == 2
    (row,) = kit.rows(bench.ca)
    assert (row.attributes, row.disposition) == ((), R.PENDING)
    assert row.extensions
    assert row.columns["Request.RequestAttributes"] == "Colour:red\nSize:9"
    assert bench.ca.delete_rows("attribute", row_id=number) == 0
    assert bench.recorder.events == []


def test_extensions_go_by_the_request_and_the_row_stays(bench: Bench) -> None:
    """The certificate keeps its own, of course."""
    number = bench.ask(attributes="Colour:red")
    (row,) = kit.rows(bench.ca)
    assert bench.ca.delete_rows("extension", row_id=number) == len(row.extensions) > 0
    (left,) = kit.rows(bench.ca)
    assert (left.extensions, left.attributes) == ((), row.attributes)
    assert left.columns == row.columns


def test_an_approval_after_attributes_and_extensions_went_does_without_them(
    bench: Bench,
) -> None:
    """A resubmit starts from the row as it stands."""
    number = bench.ask(PEND, attributes="Colour:red")
    for table in ("attribute", "extension"):
        bench.ca.delete_rows(table, row_id=number)
    bench.policy.answer = lambda _context, _new: ISSUE
    assert bench.ca.resubmit(number).disposition is CRDisposition.ISSUED
    assert kit.rows(bench.ca)[0].attributes == ()


# By date


@pytest.mark.parametrize(
    ("before", "left"), [(NOON + LIFE, [1, 2, 3, 4, 5]), (NOON + LIFE + SECOND, [3, 4, 5])]
)
def test_certificates_go_that_had_ended_by_the_date(
    bench: Bench, before: datetime, left: list[int]
) -> None:
    """Issued and revoked ones whose NotAfter is earlier; requests without one stay."""
    bench.ask()
    bench.ca.revoke(bench.serial(bench.ask()), 1)
    for verdict in (PEND, DENY):
        bench.ask(verdict)
    bench.wait(HOUR)
    bench.ask()
    assert bench.ca.delete_rows(expired_before=before) == 5 - len(left)
    assert bench.ids == left


@pytest.mark.parametrize(
    ("before", "left"), [(NOON, [1, 2, 3, 4, 5]), (NOON + SECOND, [4, 5]), (NOON + DAY, [4])]
)
def test_requests_go_on_which_nothing_had_happened_since_the_date(
    bench: Bench, before: datetime, left: list[int]
) -> None:
    """Pending, denied and failed ones by their last change; what has a certificate stays."""
    bench.ask(PEND)
    bench.ask(DENY)
    bench.ca.submit(b"garbage")
    bench.ask()
    bench.wait(HOUR)
    bench.ask(PEND)
    assert bench.ca.delete_rows(last_changed_before=before) == 5 - len(left)
    assert bench.ids == left


def test_a_denial_is_the_last_change_of_a_request(bench: Bench) -> None:
    """It was submitted early and refused late, and stays."""
    number = bench.ask(PEND)
    bench.wait(DAY)
    bench.ca.deny(number)
    assert bench.ca.delete_rows(last_changed_before=NOON + HOUR) == 0
    assert bench.ca.delete_rows(last_changed_before=NOON + DAY + SECOND) == 1


@pytest.mark.parametrize("wish", ["expired_before", "last_changed_before"])
def test_foreign_certificates_do_not_go_by_date(bench: Bench, wish: str) -> None:
    """They are neither issued nor waiting; by id they go like all others."""
    number = bench.ca.import_certificate(STRANGERS[0][1], allow_foreign=True)
    assert bench.ca.delete_rows(**{wish: NOON + 9999 * DAY}) == 0
    assert bench.ca.delete_rows(row_id=number) == 1


def test_the_date_may_be_in_another_time_zone(bench: Bench) -> None:
    """It is a moment, whatever clock it is told by."""
    bench.ask()
    eastern = datetime.fromisoformat("2026-01-21T07:00:01-05:00")
    assert bench.ca.delete_rows(expired_before=eastern - SECOND) == 0
    assert bench.ca.delete_rows(expired_before=eastern) == 1


# The CRL table


def test_lists_go_by_id_and_by_their_end(bench: Bench) -> None:
    """Rows of the CRL table; the numbers of later ones go on."""
    ca = bench.ca
    ca.publish_crls(delta=False)
    bench.wait(DAY)
    ca.publish_crls(delta=False)
    first, second = ca._state.shelf.crls()
    ends = first.moment("CRLNextUpdate")
    assert ca.delete_rows("crl", expired_before=ends) == 0
    assert ca.delete_rows("crl", expired_before=ends + SECOND) == 1
    assert ca._state.shelf.crls() == (second,)
    assert ca.delete_rows("crl", row_id=second.row_id) == 1
    assert ca.delete_rows("crl", row_id=second.row_id) == 0
    with pytest.raises(ComError) as caught:
        ca.crl()
    assert caught.value.hresult == signed(0x80070002)
    assert ca.publish_crls(delta=False)[0].number == 3
    assert ca._state.shelf.crls()[0].row_id == 3


def test_deleting_a_list_touches_no_request_with_its_id(bench: Bench) -> None:
    """Each table has ids of its own."""
    bench.ask()
    bench.ca.publish_crls(delta=False)
    assert bench.ca.delete_rows("crl", row_id=1) == 1
    assert bench.ids == [1]


# At work


def test_by_date_a_row_that_is_being_decided_is_passed_over(bench: Bench) -> None:
    """The others go; the claimed one is decided as if nobody had tried."""
    number, other = bench.ask(PEND), bench.ask(PEND)
    bench.wait(HOUR)
    counts: list[int] = []

    def meddle(_context: int, _new: int) -> int:
        counts.append(bench.ca.delete_rows(last_changed_before=NOON + SECOND))
        return ISSUE

    bench.policy.answer = meddle
    assert bench.ca.resubmit(number).disposition is CRDisposition.ISSUED
    assert (counts, bench.ids) == ([1], [number])
    assert other not in bench.ids


@pytest.mark.parametrize(
    ("table", "went"),
    [
        ("request", [0, 1]),
        ("attribute", [0, 2]),
        ("crl", [0, 1]),
    ],
)
def test_what_went_meanwhile_is_counted_once_and_no_error(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, table: str, went: list[int]
) -> None:
    """Two look for one row and both find it; then one of them is faster."""
    number = bench.ask(PEND, attributes="Colour:red\nSize:9")
    bench.ca.publish_crls(delta=False)
    both, looked = threading.Barrier(2, timeout=SHORTLY), threading.local()

    def together(found: Callable[..., object]) -> Callable[..., object]:
        def look(*arguments: object) -> object:
            answer = found(*arguments)
            if not getattr(looked, "once", False):
                looked.once = True
                with suppress(threading.BrokenBarrierError):
                    both.wait()
            return answer

        return look

    reading = "crls" if table == "crl" else "get"
    monkeypatch.setattr(MemoryShelf, reading, together(getattr(MemoryShelf, reading)))
    workers = [kit.Worker(lambda: bench.ca.delete_rows(table, row_id=number)) for _ in range(2)]
    assert sorted(worker.result() for worker in workers) == went


def test_many_deletions_by_date_at_once_count_each_row_once(bench: Bench) -> None:
    """A row that somebody else was faster to delete is passed over."""
    for _ in range(40):
        bench.ask()
    limit = NOON + LIFE + SECOND
    workers = [kit.Worker(lambda: bench.ca.delete_rows(expired_before=limit)) for _ in range(4)]
    assert sum(worker.result() for worker in workers) == 40
    assert bench.ids == []
