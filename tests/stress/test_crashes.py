"""A process that uses a CA is killed at random moments, and nothing it had answered is lost.

The witnesses are a file of what was answered, a file of what a module heard, and the `sqlite3`
program; the journal has to account for what the module did not hear.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import attrs
import pytest
from cryptography import x509

from certsim import CertificationAuthority
from certsim._engine.journal import Transition, Undelivered
from tests.codes import ISSUED, ON_CRL, PENDING, REVOKED
from tests.marks import few_or_many, needs_sqlite3
from tests.stress import crash_worker

SEED = 4
LONGEST_LIFE = 0.8
"""Seconds that a process may work before it is killed; starting takes a part of it."""


@attrs.define
class Witness:
    """Know the folder and what is said of it elsewhere."""

    folder: Path

    @property
    def answered(self) -> list[dict[str, object]]:
        """Return what verbs have answered, over all processes, in order."""
        path = self.folder.with_name("answered.jsonl")
        return [json.loads(line) for line in path.read_text().splitlines()]

    @property
    def heard(self) -> Counter[tuple[int, int]]:
        """Return how often the module heard each event of each request."""
        lines = self.folder.with_name("heard.log").read_text().splitlines()
        return Counter(tuple(map(int, line.split())) for line in lines)  # type: ignore[misc]


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """Return a folder with a CA that a worker may use, and a module that notes what it hears."""
    module = tmp_path / "hearing.py"
    module.write_text(crash_worker.EXIT_MODULE)
    config = {r"policy\RequestDisposition": 3}
    with CertificationAuthority.create(
        tmp_path / "ca", "Crashing CA", exit_modules=[f"{module}:Hearing"], config=config
    ) as ca:
        ca.publish_crls()
    (tmp_path / "answered.jsonl").touch()
    return Witness(tmp_path / "ca")


def kill_one(folder: Path, chance: random.Random) -> None:
    """Start a process that uses the CA, and kill it at some moment."""
    worker = [sys.executable, crash_worker.__file__, str(folder), str(chance.getrandbits(30))]
    log = folder.with_name("answered.jsonl")
    before = log.stat().st_size
    process = subprocess.Popen(worker, stderr=subprocess.PIPE)
    pause = threading.Event()
    for _ in range(2_000):  # until it has begun to answer, however slow the machine is
        if log.stat().st_size > before or process.poll() is not None:
            break
        pause.wait(0.01)
    pause.wait(chance.uniform(0, LONGEST_LIFE))
    process.send_signal(signal.SIGKILL)
    _, complaint = process.communicate()
    assert (process.returncode, complaint) == (-signal.SIGKILL, b"")


@needs_sqlite3
@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
@few_or_many(10, 200)
def test_what_was_answered_survives_a_kill(witness: Witness, count: int) -> None:
    """After each kill the folder opens, and rows, ids, numbers and events are all accounted for."""
    chance = random.Random(SEED)  # noqa: S311  (it chooses moments)
    for _ in range(count):
        kill_one(witness.folder, chance)
        sound(witness)
    assert len(witness.answered) > 5 * count  # or nothing has been shown


def sound(witness: Witness) -> None:
    """Open the folder as the next process would, and hold it against the witnesses."""
    check = ["sqlite3", str(witness.folder / "database.sqlite"), "PRAGMA integrity_check"]
    printed = subprocess.run(check, check=True, capture_output=True, text=True).stdout
    assert printed == "ok\n"
    answered = witness.answered
    with CertificationAuthority.open(witness.folder, journal_limit=10**6, lock_timeout=0) as ca:
        rows = {row["RequestID"]: row for row in ca.view(columns=COLUMNS)}
        every_answer_is_there(ca, answered, rows)
        nothing_is_used_twice(ca, answered)
        every_event_is_accounted_for(ca, witness, answered)
    for row in rows.values():
        whole(row)


COLUMNS = [
    "RequestID",
    "Request.Disposition",
    "Request.RawRequest",
    "Request.RequesterName",
    "Request.SubmittedWhen",
    "Request.RevokedWhen",
    "SerialNumber",
    "RawCertificate",
    "CommonName",
]


def every_answer_is_there(
    ca: CertificationAuthority,
    answered: list[dict[str, object]],
    rows: dict[object, dict[str, object]],
) -> None:
    """Find each row that a client was told of, in a state that what came later allows."""
    revoked = {answer["serial"] for answer in answered if answer["verb"] == "revoke"}
    for answer in answered:
        if answer["verb"] != "submit":
            continue
        row = rows[answer["id"]]
        if answer["serial"]:
            assert row["SerialNumber"] == answer["serial"]
            assert row["Request.Disposition"] in (ISSUED, REVOKED)
        if row["SerialNumber"] in revoked:
            assert row["Request.Disposition"] == REVOKED
    numbers = [answer["number"] for answer in answered if answer["verb"] == "publish"]
    if numbers:
        held = {row["CRLNumber"] for row in ca.view("crl", columns=["CRLNumber"])}
        assert numbers[-1] in held


def nothing_is_used_twice(ca: CertificationAuthority, answered: list[dict[str, object]]) -> None:
    """See that ids, serial numbers and CRL numbers only ever rise or differ."""
    serials = [row["SerialNumber"] for row in ca.view(columns=["SerialNumber"])]
    known = [serial for serial in serials if serial]
    assert len(known) == len(set(known))
    by_id = {}
    for answer in answered:
        if answer["verb"] == "submit" and answer["serial"]:
            assert by_id.setdefault(answer["id"], answer["serial"]) == answer["serial"]
    numbers = [answer["number"] for answer in answered if answer["verb"] == "publish"]
    assert numbers == sorted(set(numbers))  # type: ignore[type-var]


def every_event_is_accounted_for(
    ca: CertificationAuthority, witness: Witness, answered: list[dict[str, object]]
) -> None:
    """See that what was fired was heard once, or is shown as not told."""
    fired, lost = Counter(), Counter()
    for entry in ca.journal:
        if isinstance(entry, Transition) and entry.event:
            fired[int(entry.event), entry.request_id] += 1
        elif isinstance(entry, Undelivered):
            lost[int(entry.event), entry.request_id or 0] += 1
    heard = witness.heard
    of_requests = {key: times for key, times in heard.items() if key[0] != ON_CRL}
    assert {key: n for key, n in of_requests.items() if n > fired[key]} == {}
    assert {key: n for key, n in fired.items() if n > heard[key] + lost[key]} == {}
    published = sum(answer["verb"] == "publish" for answer in answered)
    assert published + 1 <= heard[ON_CRL, 0] + lost[ON_CRL, 0]  # and the fixture's


def whole(row: dict[str, object]) -> None:
    """See that a row has all that its state promises, and that its parts agree."""
    raw, state = row["RawCertificate"], row["Request.Disposition"]
    assert state in (PENDING, ISSUED, REVOKED)
    assert isinstance(row["Request.RawRequest"], bytes)
    assert row["Request.RequesterName"] == r"CERTSIM\user"
    assert row["Request.SubmittedWhen"] is not None
    assert (row["Request.RevokedWhen"] is not None) == (state == REVOKED)
    if state == PENDING:
        assert raw is None
        return
    assert isinstance(raw, bytes)
    certificate = x509.load_der_x509_certificate(raw)
    request = x509.load_der_x509_csr(row["Request.RawRequest"])
    assert f"{certificate.serial_number:x}" == str(row["SerialNumber"]).lstrip("0")
    assert certificate.subject == request.subject
    assert certificate.subject.rfc4514_string() == f"CN={row['CommonName']}"
