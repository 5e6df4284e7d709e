"""Who is told of a publish run: exit modules, the journal, the audit log, and a reader of one line.

Source: MS-CSRA 3.1.4.1.6; certexit.h (CRLISSUED); docs/rulings.md (CRLs, Roles and audit).
"""

from __future__ import annotations

from pathlib import Path

from certsim._engine.audit import AuditEntry
from tests.codes import ON_CRL
from tests.engine import publishing_kit as kit
from tests.engine.engine_kit import Listener, Worker

HTTP = ["79:http://%1/%3%8%9.crl"]


def test_each_run_is_told_once() -> None:
    """One CRLISSUED without a request for whatever kinds, and the lists are there by then."""
    seen = []
    log: list[tuple[object, ...]] = []

    def look(_event: int, context: int) -> None:
        seen.append((context, kit.number(ca.crl()), len(kit.table(ca))))

    with kit.make_ca(Listener("A", log, ON_CRL, look)) as ca:
        ca.renew(new_key=True)
        ca.publish_crls()
        ca.publish_crls(base=False)
        ca.publish_crls(republish=True)
    assert log == [("A", ON_CRL)] * 3
    assert seen == [(0, 1, 4), (0, 1, 6), (0, 1, 6)]


def test_a_failed_place_is_stored_before_modules_hear() -> None:
    """What the row says inside `Notify` is what it says afterwards."""
    seen = []

    def look(_event: int, _context: int) -> None:
        seen.append(kit.table(ca))

    with kit.make_ca(Listener("A", [], ON_CRL, look), lines=HTTP) as ca:
        ca.publish_crls()
    assert seen == [kit.table(ca)]
    assert [row.number("CRLPublishAttempts") for row in kit.table(ca)] == [1, 1]


def test_a_module_may_publish_while_it_is_told() -> None:
    """The second run is told when everybody has heard of the first."""
    log: list[tuple[object, ...]] = []

    def once_more(_event: int, _context: int) -> None:
        if log.count(("A", ON_CRL)) == 1:
            log.append(("published", ca.publish_crls()[0].number))

    first = Listener("A", log, ON_CRL, once_more)
    with kit.make_ca(first, Listener("B", log, ON_CRL)) as ca:
        Worker(ca.publish_crls).result()
    assert log == [
        ("A", ON_CRL),
        ("published", 2),
        ("B", ON_CRL),
        ("A", ON_CRL),
        ("B", ON_CRL),
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
