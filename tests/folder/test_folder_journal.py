"""The journal of a CA in a folder: nothing is lost, and what was not told is said to be so."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from certsim import CertificationAuthority, ComError, RevocationReason, Sources
from certsim._engine import places
from certsim._engine.audit import AuditEntry
from certsim._engine.journal import (
    Call,
    EventLogEntry,
    Loading,
    Notification,
    Publication,
    Read,
    Service,
    Transition,
    Undelivered,
    Verification,
)
from tests.codes import ON_CRL, ON_ISSUED, ON_REVOKED, refused
from tests.conftest import Recorder
from tests.folder.folder_kit import make, output, reopen
from tests.marks import needs_sqlite3
from tests.requests_kit import make_csr

ERROR_DISK_FULL, ERROR_FILE_CORRUPT = 0x80070070, 0x80070570
EVERY_AUDIT = 0x7F


class Interrupting(Recorder):
    """Be a module at whose side somebody presses Ctrl-C when a certificate is issued."""

    def Notify(self, event: int, context: int) -> None:
        """Note the event; let a person interrupt the first."""
        super().Notify(event, context)
        if event == ON_ISSUED:
            raise KeyboardInterrupt


class Failing(Recorder):
    """Be a module that fails at every event."""

    def Notify(self, event: int, context: int) -> None:
        """Fail with text that has to come through whole."""
        raise OSError("Ünïcode, a \ud800 half and a\nnew line")


def busy(ca: CertificationAuthority) -> None:
    """Let *ca* do something of every kind that leaves an entry."""
    with ca, ca.tracing():
        outcome = ca.submit(make_csr())
        ca.revoke(outcome.serial_number, RevocationReason.KEY_COMPROMISE)
        ca.publish_crls()
        ca.set_config(r"ca\KRAFlags", 1)
        ca.delete_rows(row_id=outcome.request_id)


def test_every_kind_of_entry_comes_back_as_it_was(tmp_path: Path, recorder: Recorder) -> None:
    """What another object reads from the database equals what the engine appended in memory."""
    config = {r"ca\AuditFilter": EVERY_AUDIT, r"ca\CRLPublicationURLs": ["1:/no/such/folder/x"]}
    ca = make(tmp_path / "ca", exit_modules=[recorder, Failing()], config=config)
    memory = CertificationAuthority(
        "Test CA", exit_modules=[recorder, Failing()], config=config, sources=Sources.seeded(1)
    )
    ca.remove_exit_module("CertificateAuthority_MicrosoftDefault.Exit")
    busy(ca)
    busy(memory)
    kinds = {type(entry) for entry in reopen(tmp_path / "ca").journal}
    assert kinds == {
        AuditEntry,
        Call,
        EventLogEntry,
        Loading,
        Notification,
        Publication,
        Read,
        Service,
        Transition,
        Verification,
    }
    assert like(reopen(tmp_path / "ca")) == like(memory)


def like(ca: CertificationAuthority) -> list[tuple[str, object]]:
    """Return the journal without what differs from one home to another: contexts, durations."""
    told = []
    for entry in ca.journal:
        fields = entry.as_dict()
        for volatile in ("context", "duration", "arguments", "result"):
            fields.pop(volatile, None)
        told.append((type(entry).__name__, fields))
    return told


@needs_sqlite3
def test_people_can_read_the_journal_with_another_program(tmp_path: Path) -> None:
    """Each entry is JSON with its fields' names."""
    with make(tmp_path / "ca") as ca:
        ca.submit(make_csr(), requester=r"CONTOSO\alice")
    asked = "SELECT Entry FROM certsim_Journal WHERE Kind = 'call'"
    told = json.loads(output("sqlite3", tmp_path / "ca/database.sqlite", asked))
    assert told == {
        "when": "2026-01-01T12:00:00+00:00",
        "verb": "submit",
        "request_id": 1,
        "by": r"CONTOSO\alice",
    }


def test_old_entries_make_room(tmp_path: Path) -> None:
    """The journal keeps its limit, and a busy one does not push failures out."""
    with make(tmp_path / "ca", journal_limit=20, exit_modules=[Failing()]) as ca:
        ca.submit(make_csr())
        failures = len(ca.event_log)
        for number in range(600):
            ca.retrieve(1, requester=f"reader {number}")
    looked = reopen(tmp_path / "ca", journal_limit=20)
    assert len(looked.journal) == 20
    assert failures == 1
    assert len(looked.event_log) == 2
    with closing(sqlite3.connect(tmp_path / "ca/database.sqlite")) as database:
        ((count,),) = database.execute("SELECT count(*) FROM certsim_Journal")
    assert count < 1_200


def test_a_limit_of_nothing_shows_nothing(tmp_path: Path) -> None:
    """As in memory, a CA may keep no journal at all."""
    with make(tmp_path / "ca", journal_limit=0) as ca:
        ca.submit(make_csr())
    assert ca.journal == ()
    assert ca.event_log == ()


def test_verbs_that_change_nothing_are_journaled_before_they_answer(tmp_path: Path) -> None:
    """Another process sees the call as soon as the caller has its answer."""
    looking = []
    with make(tmp_path / "ca") as ca:
        outcome = ca.submit(make_csr())
        other = reopen(tmp_path / "ca", read_only=True)
        for verb in (
            lambda: ca.retrieve(outcome.request_id),
            lambda: ca.is_valid(outcome.serial_number),
            ca.view,
        ):
            verb()
            (*_, last) = other.journal
            looking.append(getattr(last, "verb", None))
    assert looking == ["retrieve", "is_valid", "view"]


def test_an_event_whose_telling_was_cut_short_is_shown_as_such(tmp_path: Path) -> None:
    """The next start finds that somebody had to hear of a certificate, and says so once."""
    with make(tmp_path / "ca", exit_modules=[Interrupting()]) as ca:
        with pytest.raises(KeyboardInterrupt):
            ca.submit(make_csr())
        assert [row["RequestID"] for row in ca.view()] == [1]
    for _ in range(2):
        with reopen(tmp_path / "ca") as ca:
            found = [entry for entry in ca.journal if isinstance(entry, Undelivered)]
            assert [(entry.event, entry.request_id) for entry in found] == [(ON_ISSUED, 1)]
    assert "CERTISSUED of request 1 not told to every module" in str(found[0])


def test_an_event_that_was_told_leaves_nothing_open(tmp_path: Path) -> None:
    """Neither a request's nor a CRL's, nor one that a module caused from inside another."""

    class Revoking(Recorder):
        """Be a module that revokes whatever is issued."""

        def Notify(self, event: int, context: int) -> None:
            """Revoke the certificate that was issued."""
            super().Notify(event, context)
            if event == ON_ISSUED:
                ca.revoke(str(self.heard[-1].values["SerialNumber"]))

    module = Revoking()
    with make(tmp_path / "ca", exit_modules=[module]) as ca:
        ca.submit(make_csr())
        ca.publish_crls()
    assert [event for event in module.events if event < 0x40] == [ON_ISSUED, ON_REVOKED, ON_CRL]
    assert posted(tmp_path) == []


def posted(tmp_path: Path) -> list[tuple[int, int | None]]:
    """Return the events that the database says are still to be told."""
    with closing(sqlite3.connect(tmp_path / "ca/database.sqlite")) as database:
        return list(database.execute("SELECT Event, RequestId FROM certsim_Posted"))


def test_an_event_is_written_down_before_it_is_told(tmp_path: Path) -> None:
    """While a module hears of a row, the database says that it has to; row and entry are there."""
    seen = []

    class Looking(Recorder):
        """Be a module that looks into the database by other means."""

        def Notify(self, event: int, context: int) -> None:
            """Note what another process would see."""
            other = reopen(tmp_path / "ca", read_only=True)
            last = [entry for entry in other.journal if isinstance(entry, Transition)][-1]
            rows = [row["RequestID"] for row in other.view()]
            seen.append((event, posted(tmp_path), rows, last.event))

    with make(tmp_path / "ca", exit_modules=[Looking()]) as ca:
        ca.submit(make_csr())
        seen_running = list(seen)
    assert seen_running == [(ON_ISSUED, [(ON_ISSUED, 1)], [1], ON_ISSUED)]


def test_nobody_is_expected_to_hear_what_nobody_asked_for(tmp_path: Path) -> None:
    """Without a listener no event is open, and none is ever shown as not told."""
    with make(tmp_path / "ca") as ca:
        ca.submit(make_csr())
        assert posted(tmp_path) == []


@contextmanager
def full(ca: CertificationAuthority) -> Iterator[None]:
    """Let the database of *ca* have no page more than it has."""
    writing = ca._state.shelf._connections.writing  # type: ignore[attr-defined]
    with writing() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    yield
    with writing() as connection:
        connection.execute("PRAGMA max_page_count = 1073741823")


@pytest.mark.parametrize(
    "verb",
    [
        lambda ca: ca.submit(make_csr("two.example.test")),
        lambda ca: [ca.publish_crls() for _ in range(20)],
    ],
)
def test_a_full_disk_changes_nothing_and_loses_nothing(
    tmp_path: Path, recorder: Recorder, verb: Callable[[CertificationAuthority], object]
) -> None:
    """The verb fails clearly, no module hears of it, and with room again the CA goes on."""
    with make(tmp_path / "ca", exit_modules=[recorder]) as ca:
        ca.submit(make_csr())
        for number in range(50):
            ca.submit(make_csr(f"fill{number}.example.test"))
        before = list(ca.view())
        with full(ca), refused(ERROR_DISK_FULL, "database.sqlite"):
            for _ in range(50):
                verb(ca)
        rows = list(ca.view())
        assert rows[: len(before)] == before
        transitions = [entry for entry in ca.journal if isinstance(entry, Transition)]
        assert len(transitions) == len(rows)
        told = sum(event == ON_ISSUED for event in recorder.events)
        assert told == len(rows)
        assert ca.submit(make_csr("three.example.test")).certificate is not None
    assert len(list(reopen(tmp_path / "ca").view())) == len(rows) + 1


def test_a_row_whose_entry_cannot_be_written_is_not_there(
    tmp_path: Path, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are one transaction: nobody is told, nothing is left, and the next try is a new one."""

    def failing(*_arguments: object) -> None:
        raise ComError(ERROR_DISK_FULL, "database.sqlite has no room")

    with make(tmp_path / "ca", exit_modules=[recorder]) as ca:
        with monkeypatch.context() as patch:
            patch.setattr(ca._state.shelf, "add_entries", failing)
            with refused(ERROR_DISK_FULL):
                ca.submit(make_csr())
        left = [row["RequestID"] for row in ca.view()]
        assert (left, recorder.events, posted(tmp_path)) == ([], [], [])
        second = ca.submit(make_csr())
        assert [row["RequestID"] for row in ca.view()] == [second.request_id]
    told = [entry for entry in ca.journal if isinstance(entry, Transition)]
    assert [entry.request_id for entry in told] == [second.request_id]


def test_a_damaged_entry_is_told_as_damage(tmp_path: Path) -> None:
    """Whoever edited the journal by hand gets one line."""
    with make(tmp_path / "ca"):
        pass
    with closing(sqlite3.connect(tmp_path / "ca/database.sqlite")) as database:
        database.execute("UPDATE certsim_Journal SET Entry = '{\"when\": 1}'")
        database.commit()
    with refused(ERROR_FILE_CORRUPT, "cannot be read"):
        _ = reopen(tmp_path / "ca").journal


def test_what_a_stopped_ca_configures_is_journaled_at_once(tmp_path: Path) -> None:
    """There is no next verb that would carry the entry along."""
    make(tmp_path / "ca").set_config(r"ca\KRAFlags", 1, administrator=r"CONTOSO\admin")
    told = [str(entry) for entry in reopen(tmp_path / "ca").journal]
    assert told == [r"2026-01-01 12:00:00 set_config by CONTOSO\admin"]


def test_short_runs_make_room_as_well(tmp_path: Path) -> None:
    """A command line starts the CA anew for each verb, and old entries go all the same."""
    make(tmp_path / "ca", journal_limit=10)
    for _ in range(6):
        with reopen(tmp_path / "ca", journal_limit=10) as ca:
            ca.submit(make_csr())
    with closing(sqlite3.connect(tmp_path / "ca/database.sqlite")) as database:
        ((count,),) = database.execute("SELECT count(*) FROM certsim_Journal")
    assert count < 30


def test_a_publication_that_was_cut_short_is_shown_as_not_told(
    tmp_path: Path, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lists are signed and stored, and modules should have heard of them."""
    with make(tmp_path / "ca", exit_modules=[recorder]) as ca:
        with monkeypatch.context() as patch:

            def cut_short(*_arguments: object) -> int:
                raise KeyboardInterrupt

            patch.setattr(places, "write", cut_short)
            with pytest.raises(KeyboardInterrupt):
                ca.publish_crls()
        assert recorder.events == []
        assert [row["CRLNumber"] for row in ca.view("crl")] == [1, 1]
    with reopen(tmp_path / "ca") as ca:
        found = [entry for entry in ca.journal if isinstance(entry, Undelivered)]
    assert [(entry.event, entry.request_id) for entry in found] == [(ON_CRL, None)]
