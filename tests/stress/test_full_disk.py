"""A disk that is full, a folder that cannot be written, a database that is damaged.

Where the system lets one (root on Linux), a small file system is mounted and filled to the brim;
everywhere SQLite is held to the pages it has. Whatever stands in a verb's way, it is told in one
line, nothing of it is there, and once there is room the same verb works.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import attrs
import pytest

from certsim import CertificationAuthority, ComError
from certsim._engine.journal import Call, Transition, Undelivered, Verification
from certsim.sources import SeededSources
from tests.codes import E_ACCESSDENIED, ERROR_DISK_FULL, ON_CRL, ON_SHUTDOWN, refused, signed
from tests.conftest import Recorder
from tests.folder.folder_kit import make, module_file, reopen
from tests.marks import few_or_many
from tests.requests_kit import make_csr
from tests.stress.stress_kit import foreign

MEGABYTES = 8
VALID = 3


def can_mount() -> bool:
    """Tell whether a file system can be mounted here."""
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("mount") is not None


needs_mount = pytest.mark.skipif(not can_mount(), reason="mounting takes root on Linux")


@attrs.define
class Disk:
    """Be a small file system of its own at *path*."""

    path: Path

    def fill(self) -> None:
        """Take up all the room there is."""
        with (self.path / "filler").open("ab", buffering=0) as file:
            try:
                while file.write(bytes(65_536)):
                    pass
            except OSError:
                pass

    def clear(self) -> None:
        """Make room."""
        (self.path / "filler").unlink(missing_ok=True)

    def remount(self, how: str) -> None:
        """Make it `ro` or `rw`."""
        subprocess.run(["mount", "-o", f"remount,{how}", self.path], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Return an empty file system of a few megabytes."""
    path = tmp_path / "disk"
    path.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={MEGABYTES}m", "certsim"]
    if subprocess.run(["mount", *options, path], capture_output=True, check=False).returncode:
        pytest.skip("this system lets root mount nothing")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "-l", path], check=True)  # though a test left something open


@attrs.define
class Office:
    """Be a running CA in which there is something for every verb to work on."""

    ca: CertificationAuthority
    recorder: Recorder
    spare: str
    issued: str = ""
    pending: int = 0
    denied: int = 0

    def furnish(self) -> None:
        """Have a request of each kind, and lists."""
        self.issued = str(self.ca.submit(make_csr()).serial_number)
        self.pending, self.denied = (
            self.ca.submit(make_csr(), attributes=f"Disposition:{word}").request_id
            for word in ("Pending", "Deny")
        )
        self.ca.publish_crls()

    def later(self) -> datetime:
        """Return a moment at which everything will long have been done."""
        return self.ca._state.now() + timedelta(days=1)


VERBS: dict[str, Callable[[Office], object]] = {
    "submit": lambda it: it.ca.submit(make_csr("two.example.test")),
    "submit, pending": lambda it: it.ca.submit(make_csr(), attributes="Disposition:Pending"),
    "submit, failed": lambda it: it.ca.submit(b"no request"),
    "resubmit": lambda it: it.ca.resubmit(it.pending),
    "deny": lambda it: it.ca.deny(it.pending),
    "attributes": lambda it: it.ca.set_request_attributes(it.pending, f"A:{'x' * 4_000}"),
    "extension": lambda it: it.ca.set_certificate_extension(it.pending, "1.2.3", bytes(4_000)),
    "revoke": lambda it: it.ca.revoke(it.issued, 1),
    "import": lambda it: it.ca.import_certificate(foreign(77), allow_foreign=True),
    "delete": lambda it: it.ca.delete_rows(row_id=it.denied),
    "delete by date": lambda it: it.ca.delete_rows(last_changed_before=it.later()),
    "delete lists": lambda it: it.ca.delete_rows("crl", row_id=1),
    "publish": lambda it: it.ca.publish_crls(),
    "renew": lambda it: it.ca.renew(new_key=True),
    "set_config": lambda it: it.ca.set_config(r"ca\Full", "x" * 9_000),
    "install": lambda it: it.ca.install_exit_module(it.spare),
}
BEYOND = frozenset({"renew", "set_config", "install", "publish", "delete by date"})
"""Verbs that write other files than the database, or take several steps by their nature."""
MANY_PAGES = 50


@contextmanager
def office(folder: Path, tmp_path: Path, module: Recorder | None = None) -> Iterator[Office]:
    """Yield a running CA in a new *folder*, furnished; *module* records, or does more."""
    recorder = module or Recorder()
    config = {r"policy\RequestDisposition": 3, r"ca\KRAFlags": 1}
    with make(folder, config=config, exit_modules=[recorder]) as ca:
        found = Office(ca, recorder, module_file(tmp_path))
        found.furnish()
        yield found


def kept(folder: Path) -> dict[str, object]:
    """Return all that is kept of a CA, as another process finds it.

    That a verb was called, and policy asked, may be known of one that was not carried out.
    """
    looking = reopen(folder, read_only=True)
    told = [e for e in looking.journal if not isinstance(e, Call | Verification)]
    views = {name: list(looking.view(name)) for name in ("request", "extension", "attribute")}
    return {
        **views,
        "crl": list(looking.view("crl")),
        "told": [str(entry) for entry in told],
        "config": looking.export_config(),
        "modules": looking.exit_modules,
        "certificates": looking.certificates,
    }


@needs_mount
@pytest.mark.parametrize("verb", VERBS)
def test_on_a_full_disk_a_verb_fails_as_a_whole(disk: Disk, tmp_path: Path, verb: str) -> None:
    """The file that has no room is named, nothing has changed, and with room the verb works."""
    folder = disk.path / "ca"
    with office(folder, tmp_path) as it:
        before, heard = kept(folder), list(it.recorder.events)
        disk.fill()
        with pytest.raises(ComError) as caught:
            VERBS[verb](it)
        assert caught.value.hresult == signed(ERROR_DISK_FULL)
        assert str(folder) in caught.value.strerror
        assert len(str(caught.value).splitlines()) == 1
        assert kept(folder) == before
        assert it.recorder.events == heard
        disk.clear()
        VERBS[verb](it)
        assert kept(folder) != before


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in BEYOND])
@few_or_many(1, 15)
def test_whatever_room_there_is_a_verb_is_done_and_answered_or_not_done(
    tmp_path: Path, verb: str, count: int
) -> None:
    """Page by page there is more room, and no verb stops half way or fails when it is done."""
    for start in range(count):
        folder = tmp_path / str(start)
        with office(folder, tmp_path) as it:
            for _ in range(start * 3):
                it.ca.is_valid("61")  # so that pages are filled otherwise each time
            before, heard = kept(folder), list(it.recorder.events)
            codes: set[int] = set()
            for room in range(MANY_PAGES):
                try:
                    with quota(it.ca, room):
                        VERBS[verb](it)
                    break
                except ComError as error:
                    codes.add(error.hresult)
                assert kept(folder) == before
                assert it.recorder.events == heard
            assert codes <= {signed(ERROR_DISK_FULL)}
            assert kept(folder) != before
            fired = [e for e in it.ca.journal if isinstance(e, Transition) and e.event]
            assert len(it.recorder.events) == len(fired) + 1  # for the lists


class Filling(Recorder):
    """Be a module during whose call the disk fills up: not another entry fits into the journal."""

    ca: CertificationAuthority
    fill: Callable[[], None] | None = None

    def Notify(self, event: int, context: int) -> None:
        """Let nothing grow any more, and leave more to be written than a page has room for."""
        super().Notify(event, context)
        if self.fill is not None and event != ON_SHUTDOWN:
            self.fill()
            self.ca.is_valid("61", caller="x" * 2_000)
            self.ca.is_valid("61", caller="x" * 2_000)


@pytest.mark.parametrize(
    "verb", ["submit", "submit, failed", "resubmit", "deny", "revoke", "import", "publish"]
)
def test_what_is_done_is_answered_though_the_disk_is_full_by_then(
    tmp_path: Path, verb: str
) -> None:
    """What the journal has no room for waits, and nobody is said not to have been told."""
    folder, module = tmp_path / "ca", Filling()
    with office(folder, tmp_path, module) as it:
        before, module.ca = len(module.heard), it.ca
        module.fill = partial(limit, it.ca, 0)
        VERBS[verb](it)
        assert len(module.heard) == before + 1
        told = [str(entry) for entry in it.ca.journal]
        assert [str(entry) for entry in reopen(folder, read_only=True).journal] != told
        limit(it.ca, None)
        it.ca.is_valid("61")
        assert [str(entry) for entry in reopen(folder, read_only=True).journal][:-1] == told
        module.fill = None
    with reopen(folder) as after:
        assert [entry for entry in after.journal if isinstance(entry, Undelivered)] == []


def test_a_full_disk_keeps_nobody_from_reading(tmp_path: Path) -> None:
    """Verbs that change nothing answer, and what the journal says of them waits for room."""
    folder = tmp_path / "ca"
    with office(folder, tmp_path) as it:
        with quota(it.ca, 0):
            for number in range(100):
                assert it.ca.is_valid(it.issued, caller=f"reader {number}") == VALID
                assert it.ca.retrieve(1).serial_number == it.issued
                assert len(list(it.ca.view(columns=["RequestID"]))) == 3
        told = [str(entry) for entry in it.ca.journal]
        assert sum("is_valid request 1 by reader" in line for line in told) == 100
        it.ca.is_valid(it.issued)
    assert [str(entry) for entry in reopen(folder).journal][: len(told)] == told


def test_the_journal_that_waits_for_room_keeps_its_limit(tmp_path: Path) -> None:
    """However long the disk is full, no more waits in memory than the journal would hold."""
    with make(tmp_path / "ca", journal_limit=30) as ca, quota(ca, 0):
        for number in range(200):
            ca.is_valid("61", caller=f"reader {number} {'x' * 2_000}")
        assert len(ca._state.journal._waiting) <= 30  # type: ignore[attr-defined]
        assert "reader 199" in str(ca.journal[-1])


def test_a_deletion_by_date_that_finds_no_room_says_so(tmp_path: Path) -> None:
    """It goes row by row: what went is gone, and the rest is there."""
    folder = tmp_path / "ca"
    with office(folder, tmp_path) as it:
        for number in range(20):
            it.ca.submit(make_csr(f"www{number}.example.test"), attributes="Disposition:Deny")
        rows = len(list(it.ca.view()))
        with quota(it.ca, 0), refused(ERROR_DISK_FULL, "database.sqlite"):
            for _ in range(100):
                it.ca.is_valid("61", caller="x" * 2_000)
            it.ca.delete_rows(last_changed_before=it.later())
        assert len(list(it.ca.view())) == rows
        assert it.ca.delete_rows(last_changed_before=it.later()) == rows - 1


def test_lists_that_were_signed_before_the_room_ran_out_are_published_by_the_next_tick(
    tmp_path: Path, sources: SeededSources, recorder: Recorder
) -> None:
    """They stand in the table as not yet published, and nobody has been told of them."""
    nowhere = {r"ca\CRLPublicationURLs": [f"65:/no/such/folder/{'x' * 3_000}"]}  # much to log
    ca = make(tmp_path / "ca", config=nowhere, sources=sources, exit_modules=[recorder])
    with ca:
        for room in range(MANY_PAGES):
            with quota(ca, room), refused(ERROR_DISK_FULL, "database.sqlite"):
                ca.publish_crls()
            if list(ca.view("crl")):
                break
        attempts = [row["CRLPublishAttempts"] for row in ca.view("crl")]
        assert (attempts, recorder.events) == ([0, 0], [])
        sources.clock.advance(timedelta(minutes=10))
        numbers = {crl.number for crl in ca.tick()}
        assert numbers == {row["CRLNumber"] for row in ca.view("crl")}
        attempts = [row["CRLPublishAttempts"] for row in ca.view("crl")]
        assert (attempts, recorder.events) == ([1, 1], [ON_CRL])


@needs_mount
def test_a_ca_stops_on_a_full_disk_and_starts_when_there_is_room(
    disk: Disk, tmp_path: Path
) -> None:
    """What cannot be written is told, the CA can be read all the while, and nothing is lost."""
    folder, module = disk.path / "ca", Filling()
    with office(folder, tmp_path, module) as it:
        mine = module.ca = it.ca
        for _ in range(50):
            last = mine.submit(make_csr()).request_id  # which the file has to grow for at the end
        module.fill = disk.fill
        assert mine.submit(make_csr()).request_id == last + 1
        before, module.fill = kept(folder), None
        with refused(ERROR_DISK_FULL, str(folder)):
            mine.stop()
    disk.fill()
    assert not mine.running
    assert kept(folder) == before
    for ca in (mine, reopen(folder, lock_timeout=0)):
        with refused(ERROR_DISK_FULL, str(folder)):
            ca.start()
        assert not ca.running
    assert kept(folder) == before
    disk.clear()
    with mine:
        assert mine.submit(make_csr()).request_id == last + 2
    assert [entry for entry in mine.journal if isinstance(entry, Undelivered)] == []


@needs_mount
def test_no_ca_is_made_on_a_full_disk(disk: Disk) -> None:
    """What there was no room for leaves nothing behind."""
    disk.fill()
    with refused(ERROR_DISK_FULL, str(disk.path)):
        make(disk.path / "ca")
    assert [path.name for path in disk.path.iterdir()] == ["filler"]


def everything(folder: Path) -> dict[str, bytes]:
    """Return all files below *folder*."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


ABANDON = """\
import os, sys, certsim
ca = certsim.CertificationAuthority.open(sys.argv[1])
ca.start()
ca.submit(sys.stdin.buffer.read())
os._exit(0)
"""


@needs_mount
@pytest.mark.parametrize("killed", [False, True])
def test_a_folder_that_is_read_only_can_be_read(
    disk: Disk, tmp_path: Path, *, killed: bool
) -> None:
    """All of it, the log of a process that was killed too; a start says what stands in the way."""
    folder = disk.path / "ca"
    with office(folder, tmp_path):
        pass
    if killed:
        command = [sys.executable, "-c", ABANDON, str(folder)]
        subprocess.run(command, input=make_csr("late.example.test"), check=True)
    before = kept(folder)
    files = everything(folder)
    disk.remount("ro")
    try:
        assert kept(folder) == before
        assert len(before["request"]) == 3 + killed  # type: ignore[arg-type]
        ca = reopen(folder)
        with refused(E_ACCESSDENIED, str(folder)):
            ca.start()
        with refused(E_ACCESSDENIED, str(folder)):
            ca.set_config(r"ca\KRAFlags", 0)
        with refused(E_ACCESSDENIED, str(disk.path / "other")):
            make(disk.path / "other")
        assert not ca.running
        assert everything(folder) == files
    finally:
        disk.remount("rw")


def limit(ca: CertificationAuthority, room: int | None) -> None:
    """Let the database of *ca* grow by no more than *room* pages, or without a limit."""
    with ca._state.shelf._connections.writing() as connection:  # type: ignore[attr-defined]
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        most = 1_073_741_823 if room is None else pages + room
        connection.execute(f"PRAGMA max_page_count = {most}")


@contextmanager
def quota(ca: CertificationAuthority, room: int) -> Iterator[None]:
    """Let the database of *ca* grow by no more than *room* pages meanwhile."""
    limit(ca, room)
    try:
        yield
    finally:
        limit(ca, None)
