"""Many threads, or processes in turn, use one CA, and what each was answered is true of it.

The rules are written out here by hand. What happened is known three times over: from the clerks'
notes of what they were answered, from the CA's journal, and from what modules heard. The three have
to be the same, to the last event, and the rows what comes of them.
Source: MS-WCCE 3.2.1.4.2.1; MS-CSRA 3.1.4.1; comments of ADCS.CertMod; docs/rulings.md.
"""

from __future__ import annotations

import gc
import json
import logging
import sqlite3
import subprocess
import sys
import threading
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from cryptography import x509

from certsim import CertificationAuthority
from certsim._engine.journal import Entry, Notification, Publication, Transition
from tests.codes import (
    DENIED,
    FAILED,
    ISSUED,
    ON_CRL,
    ON_DENIED,
    ON_IMPORTED,
    ON_ISSUED,
    ON_PENDING,
    ON_RETRIEVED,
    ON_REVOKED,
    PENDING,
    REVOKED,
)
from tests.engine.engine_kit import Deaf
from tests.house_kit import REPOSITORY
from tests.marks import few_or_many
from tests.requests_kit import make_csr
from tests.stress.stress_kit import (
    FOREIGN,
    HOLD,
    RELEASE,
    Clerk,
    Ledger,
    Pool,
    all_at_once,
    within,
)
from tests.stress.stress_modules import Caller, Raiser, Recorder, Script, Sleeper

THREADS, PROCESSES = 16, 4
PATIENCE = 60
"""Seconds after which those who should have come to an end count as hanging."""
EVER = 10**7
"""Entries of the journal, so that it loses none."""
CONFIG = {r"ca\KRAFlags": 1}
"""Foreign certificates are let in."""

DECIDED = ((ISSUED, ON_ISSUED), (PENDING, ON_PENDING), (DENIED, ON_DENIED))
PATHS = frozenset(
    {
        (None, "submit", FAILED, ON_DENIED),
        *((None, "submit", *end) for end in DECIDED),
        *((before, "resubmit", *end) for before in (PENDING, DENIED) for end in DECIDED),
        (PENDING, "deny", DENIED, ON_DENIED),
        (PENDING, "set_request_attributes", PENDING, 0),
        (PENDING, "set_certificate_extension", PENDING, 0),
        (ISSUED, "revoke", REVOKED, ON_REVOKED),
        (REVOKED, "revoke", REVOKED, ON_REVOKED),
        (REVOKED, "revoke", ISSUED, ON_REVOKED),
        (ISSUED, "retrieve", ISSUED, ON_RETRIEVED),
        (REVOKED, "retrieve", REVOKED, ON_RETRIEVED),
        (None, "import_certificate", ISSUED, ON_IMPORTED),
        (None, "import_certificate", FOREIGN, ON_IMPORTED),
        (PENDING, "import_certificate", ISSUED, ON_IMPORTED),
        *(
            (state, "delete_rows", None, 0)
            for state in (PENDING, FOREIGN, ISSUED, REVOKED, FAILED, DENIED)
        ),
    }
)
"""Every step that a row may take: from, verb, to, event."""
SIGNED = frozenset({"resubmit", "deny", "revoke", "import_certificate"})
"""Verbs whose officer is named in the row's message."""


def in_memory(_path: Path, **options: object) -> CertificationAuthority:
    """Return a CA that lives in memory."""
    return CertificationAuthority("Busy CA", **options)  # type: ignore[arg-type]


def in_a_folder(path: Path, **options: object) -> CertificationAuthority:
    """Return a CA that lives in a folder."""
    return CertificationAuthority.create(path / "ca", "Busy CA", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("home", [in_memory, in_a_folder])
@pytest.mark.parametrize("seconds", [2, pytest.param(30, marks=pytest.mark.long)])
def test_threads_share_a_ca(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    home: Callable[..., CertificationAuthority],
    seconds: int,
) -> None:
    """Whatever they do at once, each gets true answers and each event is told once to each."""
    caplog.set_level(logging.CRITICAL, "certsim")  # one module does nothing but fail
    modules = [kind(Ledger()) for kind in (Sleeper, Raiser, Caller, Recorder)]
    ledger, pool = Ledger(), Pool()
    ca = home(
        tmp_path, exit_modules=modules, policy_module=Script(), config=CONFIG, journal_limit=EVER
    )
    clerks = [Clerk(ca, f"thread {n}", ledger, pool) for n in range(THREADS)]
    modules[2].clerk = Clerk(ca, "module", ledger, pool)  # type: ignore[attr-defined]
    within(PATIENCE, ca.start)
    clerks[0].publish_crls(base=True)
    within(seconds + PATIENCE, lambda: all_at_once(clerks, seconds))
    clerks[0].publish_crls(base=True)
    within(PATIENCE, ca.stop)
    assert ledger.errors == []
    if home is in_a_folder:
        the_folder_is_at_rest(tmp_path / "ca", ca)
    told = ca.journal
    for module in modules:
        every_event_was_heard_once(told, ledger, module)
    only_those_failed_that_should(ca, told, modules[1].ledger)
    sound(ca, told, ledger)


@pytest.mark.parametrize("turns", [2, pytest.param(20, marks=pytest.mark.long)])
def test_processes_take_turns_at_a_folder(tmp_path: Path, turns: int) -> None:
    """One runs the CA at a time, and each goes on where the one before it has stopped."""
    in_a_folder(tmp_path, config=CONFIG)
    command = [sys.executable, "-m", "tests.stress.load_worker", str(tmp_path / "ca")]
    workers = [
        subprocess.Popen(
            [*command, f"process {n}", str(turns)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(PROCESSES)
    ]
    ledger = Ledger()
    for worker in workers:
        notes, complaint = worker.communicate()
        assert (worker.returncode, complaint) == (0, "")
        ledger.add(json.loads(notes))
    assert ledger.errors == []
    options = {"exit_modules": [Recorder(ledger)], "policy_module": Script(), "lock_timeout": 0}
    ca = CertificationAuthority.open(tmp_path / "ca", journal_limit=EVER, **options)
    with ca:
        Clerk(ca, "last", ledger, Pool()).publish_crls(base=True)
    assert len(ledger.runs) > PROCESSES * turns  # each has taken its turns
    the_folder_is_at_rest(tmp_path / "ca", ca)
    told = ca.journal
    every_event_was_heard_once(told, ledger, Recorder(ledger))
    sound(ca, told, ledger)


@few_or_many(150, 4_000)
def test_memory_stays_flat(tmp_path: Path, count: int) -> None:
    """A CA in a folder keeps nothing of a request that is over: its rows are in the file."""
    with in_a_folder(tmp_path, exit_modules=[Deaf()], journal_limit=100) as ca:
        live(ca, WARM)
        tracemalloc.start()
        try:
            live(ca, WARM)
            before = held()
            live(ca, count)
            assert held() - before < CACHES + LEAK * count
        finally:
            tracemalloc.stop()


WARM = 100
"""Certificates until everything that is made once has been made."""
CACHES, LEAK = 60_000, 80
"""Bytes that bounded caches may still take in, and bytes for each certificate; a row has thousands.
"""


def live(ca: CertificationAuthority, count: int) -> None:
    """Let so many certificates go through their lives."""
    for _ in range(count):
        outcome = ca.submit(make_csr(), attributes="Disposition:Pending")
        ca.retrieve(outcome.request_id)
        ca.revoke(str(outcome.serial_number), HOLD)
        assert ca.is_valid(str(outcome.serial_number)) == 2


def held() -> int:
    """Return how many bytes Python's objects take up."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_a_deadlock_is_told_with_the_stacks_of_all_threads() -> None:
    """Whoever hangs is shown where, and does not keep the tests from going on."""
    never = threading.Event()
    with pytest.raises(AssertionError, match=r"(?s)a deadlock.* in wait"):
        within(0.05, never.wait)
    never.set()


def steps_in(told: Iterable[Entry]) -> list[Transition]:
    """Return what a journal says of rows, in order."""
    return [entry for entry in told if isinstance(entry, Transition)]


def sound(ca: CertificationAuthority, told: Sequence[Entry], ledger: Ledger) -> None:
    """Hold rows, journal and lists of a CA that has stopped against what clerks were answered."""
    paths: dict[int, list[Transition]] = defaultdict(list)
    for step in steps_in(told):
        paths[step.request_id].append(step)
    every_step_was_answered_once(paths, ledger)
    for path in paths.values():
        leads_somewhere(path)
    rows = {row["RequestID"]: row for row in ca.view(columns=COLUMNS)}
    ends = {number: path[-1].after for number, path in paths.items() if path[-1].after}
    assert {number: row["Request.Disposition"] for number, row in rows.items()} == ends
    nothing_is_used_twice(ledger, rows)
    every_revocation_stands(paths, rows, ledger)
    every_list_was_told_of(ca, told, ledger)
    the_newest_lists_have_all_that_is_revoked(ca, rows)
    assert {name: ca.get_config(name) for name in ledger.config} == ledger.config
    assert len(ca.certificates) == 1 + len(ledger.renewals)


COLUMNS = ("RequestID", "Request.Disposition", "SerialNumber", "Request.RevokedReason")


def every_step_was_answered_once(paths: dict[int, list[Transition]], ledger: Ledger) -> None:
    """See that what the journal says has happened is what clerks were told, no more and no less."""
    steps = [step for path in paths.values() for step in path]
    changes = Counter(map(change, (step for step in steps if step.verb != "retrieve")))
    assert changes == Counter(
        (one.verb, one.request_id, one.state, one.by) for one in ledger.answers
    )
    waited = {step.request_id for step in steps if step.after == PENDING}
    handed_out = Counter(step.request_id for step in steps if step.verb == "retrieve")
    assert handed_out == Counter(number for number in ledger.certified if number in waited)


def change(step: Transition) -> tuple[str, int, int | None, str]:
    """Return what the one who asked for *step* must have been told."""
    by = step.message.rpartition(" by ")[2] if step.verb in SIGNED else ""
    # Whoever revokes names a serial number and learns no id.
    return step.verb, 0 if step.verb == "revoke" else step.request_id, step.after, by


def leads_somewhere(path: list[Transition]) -> None:
    """See that a row began once, went on from where it stood, and took steps that there are."""
    stands = None
    for step in path:
        assert step.before == stands
        assert (step.before, step.verb, step.after, step.event) in PATHS
        stands = step.after
    assert [step.before for step in path].count(None) == 1


def nothing_is_used_twice(ledger: Ledger, rows: dict[object, dict[str, object]]) -> None:
    """See that ids, serial numbers and numbers of lists belong to one thing each."""
    new = [one.request_id for one in ledger.answers if one.verb == "submit"]
    assert len(new) == len(set(new))
    certified = [one for one in ledger.answers if one.serial and one.verb != "revoke"]
    assert len({one.serial for one in certified}) == len(certified)
    for one in certified:
        if one.request_id in rows:
            assert rows[one.request_id]["SerialNumber"] == one.serial
    held = [row["SerialNumber"] for row in rows.values() if row["SerialNumber"]]
    assert len(held) == len(set(held))
    assert len({run.number for run in ledger.runs}) == len(ledger.runs)


def every_revocation_stands(
    paths: dict[int, list[Transition]], rows: dict[object, dict[str, object]], ledger: Ledger
) -> None:
    """See that each was allowed where it came, and that the last one's reason is the row's."""
    asked = {one.by: one for one in ledger.answers if one.verb == "revoke"}
    for number, path in paths.items():
        reason, told = None, [asked[change(step)[-1]] for step in path if step.verb == "revoke"]
        for one in told:
            assert reason in (HOLD, None, RELEASE) or one.reason not in (HOLD, RELEASE)
            assert one.reason != RELEASE or reason == HOLD
            reason = one.reason
        if number in rows:
            assert rows[number]["Request.RevokedReason"] == reason
            assert {one.serial for one in told} <= {rows[number]["SerialNumber"]}


def every_list_was_told_of(
    ca: CertificationAuthority, told: Sequence[Entry], ledger: Ledger
) -> None:
    """See that the journal has each list of each run, and that no key's numbers ever fall."""
    entries = [entry for entry in told if isinstance(entry, Publication)]
    kinds = {"base": 1, "delta": 2}
    assert Counter((e.number, kinds[e.what], e.key_index) for e in entries) == Counter(
        (run.number, *one) for run in ledger.runs for one in run.lists
    )
    for key in range(len(ca.certificates)):
        bases = [e.number for e in entries if (e.key_index, e.what) == (key, "base")]
        assert bases == sorted(bases)
    signers = [held.public_key() for held in ca.certificates]
    for row in ca.view("crl", columns=["CRLRawCRL", "CRLCount"]):
        crl = x509.load_der_x509_crl(row["CRLRawCRL"])  # type: ignore[arg-type]
        assert sum(map(crl.is_signature_valid, signers)) == 1
        assert len(crl) == row["CRLCount"]


def the_newest_lists_have_all_that_is_revoked(
    ca: CertificationAuthority, rows: dict[object, dict[str, object]]
) -> None:
    """See that a client that gets the last lists learns of every certificate that is revoked."""
    listed = [
        f"{one.serial_number:x}" for key in range(len(ca.certificates)) for one in ca.crl(key)
    ]
    revoked = [row for row in rows.values() if row["Request.Disposition"] == REVOKED]
    assert Counter(listed) == Counter(str(row["SerialNumber"]).lstrip("0") for row in revoked)


def every_event_was_heard_once(told: Sequence[Entry], ledger: Ledger, module: Recorder) -> None:
    """See that a module heard all that was fired and nothing twice, a thread's events in order."""
    steps = [step for step in steps_in(told) if step.event]
    fired = [(int(step.event), step.request_id, step.after, step.message) for step in steps]
    runs = [(ON_CRL, None, None, "")] * len(ledger.runs)
    heard, name = module.ledger.heard, f"{type(module).__name__}.Exit"
    assert Counter(one[:4] for one in heard) == Counter([*fired, *runs])
    notified = [e for e in told if isinstance(e, Notification) and e.module == name]
    assert Counter((int(e.event), e.request_id) for e in notified) == (
        Counter(one[:2] for one in heard)
    )
    of_row, of_thread = defaultdict(list), defaultdict(list)
    for event in fired:
        of_row[event[1]].append(event)
    for one in heard:
        if one.request_id is not None:
            of_thread[one.thread, one.request_id].append(one[:4])
    for (_, number), its in of_thread.items():
        to_come = iter(of_row[number])
        assert all(event in to_come for event in its)


def only_those_failed_that_should(
    ca: CertificationAuthority, told: Sequence[Entry], raised: Ledger
) -> None:
    """See that the event log has each failure of the one module that fails, and of policy's."""
    failed = [step for step in steps_in(told) if "policy fails" in step.message]
    failed = [step for step in failed if step.verb in ("submit", "resubmit")]
    assert Counter(entry.progid for entry in ca.event_log) == {
        "Raiser.Exit": len(raised.heard),
        "Script.Policy": len(failed),
    }


def the_folder_is_at_rest(folder: Path, ca: CertificationAuthority) -> None:
    """See that nothing is left to be told, and that another process finds all as this one does."""
    with closing(sqlite3.connect(folder / "database.sqlite")) as database:
        assert list(database.execute("SELECT * FROM certsim_Posted")) == []
        assert list(database.execute("PRAGMA integrity_check")) == [("ok",)]
    looking = CertificationAuthority.open(folder, read_only=True, journal_limit=EVER)
    assert list(map(str, looking.journal)) == list(map(str, ca.journal))
    for name in ("request", "extension", "attribute", "crl"):
        assert list(looking.view(name)) == list(ca.view(name))
