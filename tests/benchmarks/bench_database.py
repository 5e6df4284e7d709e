"""A CA in a folder, beside one in memory, and a big folder beside a small one.

The same submits go to a CA in memory and to two in folders, of which one waits for the disk at each
commit. Then two folders are filled, one with a thousand rows and one with a million, and what is
asked of the big one is asked of the small one in turn: rows by id and by serial number, drawn at
random; the opening and the start of the CA; a view of all rows, where it is the memory that counts,
above what the process had taken before. Opening and viewing each have a process of their own.

Rows are copies of one that was issued, with ids, hosts and serial numbers of their own. A million
of them take some minutes and three gigabytes; another number may be given. Needs a POSIX system.
"""

from __future__ import annotations

import itertools
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
from bench_submit import make_requests
from sidebyside import race, show

import certsim
from certsim._engine import columns
from certsim.database.rows import Row
from certsim.database.sqlite import SQLiteShelf

SMALL, BIG = 1_000, 1_000_000
ROUNDS = 5
HOST, SERIAL = "www0", "SerialNumber"


def submitter(ca: certsim.CertificationAuthority, requests: list[bytes]) -> Callable[[], object]:
    """Return a submit to *ca*, started and without exit modules."""
    turn = itertools.cycle(requests)
    for progid in ca.exit_modules:
        ca.remove_exit_module(progid)
    ca.start()

    def submit() -> object:
        outcome = ca.submit(next(turn))
        if outcome.disposition != certsim.CRDisposition.ISSUED:
            raise ValueError(outcome)
        return outcome

    return submit


def submits(folder: Path) -> None:
    """Race submits in memory and in folders."""
    requests = make_requests()
    memory, normal, full = "submit in memory", "submit in a folder", "the same, synchronous FULL"
    authorities = {
        memory: certsim.CertificationAuthority(),
        normal: certsim.CertificationAuthority.create(folder / "normal"),
        full: certsim.CertificationAuthority.create(folder / "full", synchronous="FULL"),
    }
    contestants = {name: submitter(ca, requests) for name, ca in authorities.items()}
    times = race(contestants, rounds=60, calls=60)
    show("submit to issued", times, memory, {normal: 2.00})
    for ca in authorities.values():
        ca.stop()


def template(folder: Path) -> Row:
    """Return an issued row."""
    with certsim.CertificationAuthority.create(folder) as ca:
        ca.submit(make_requests()[0], attributes="CertFile:true")
        row = ca._state.shelf.get(1)
    if row is None:
        raise ValueError
    return row


def copy(row: Row, number: int) -> Row:
    """Return *row* as if it were another request, of another host."""
    host = f"{number:04}"[-4:].encode()
    held: dict[str, Any] = {
        name: value.replace(HOST.encode(), host) if isinstance(value, bytes) else value
        for name, value in row.columns.items()
    }
    later = timedelta(seconds=number)
    held |= {
        "Request.RequestID": number,
        "RequestID": number,
        SERIAL: serial_of(number),
        "NotAfter": held["NotAfter"] + later,
        "Request.SubmittedWhen": held["Request.SubmittedWhen"] + later,
        "RawCertificate": held["RawCertificate"] + number.to_bytes(8),
    }
    return attrs.evolve(row, request_id=number, columns=held)


def serial_of(number: int) -> str:
    """Return a serial number that lies anywhere among the others."""
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}{number:08x}"


def fill(folder: Path, size: int) -> SQLiteShelf:
    """Make a folder with a CA of *size* rows, and return its database, closed."""
    row = template(folder)
    shelf = SQLiteShelf(folder / "database.sqlite", columns.worked_out)
    shelf.open()
    for first in range(2, size + 1, 1000):
        with shelf.transaction():
            for number in range(first, min(first + 1000, size + 1)):
                shelf.commit(copy(row, number))
    shelf.close()
    return shelf


def look_ups(shelves: dict[str, SQLiteShelf], sizes: dict[str, int]) -> None:
    """Race look-ups in a big and in a small database, once the disk has nothing left to write."""
    os.sync()
    for shelf in shelves.values():
        shelf.open()
    chance = random.Random(1)  # noqa: S311  (the same rows in each run)

    def by_id(name: str) -> Callable[[], object]:
        turn = itertools.cycle([chance.randrange(2, sizes[name]) for _ in range(20_000)])
        return lambda: found(shelves[name].get(next(turn)))

    def by_serial(name: str) -> Callable[[], object]:
        numbers = (chance.randrange(2, sizes[name]) for _ in range(20_000))
        turn = itertools.cycle([serial_of(number) for number in numbers])
        return lambda: found(shelves[name].by_serial(next(turn)))

    for title, contestant in (("look-up by id", by_id), ("look-up by serial number", by_serial)):
        times = race({name: contestant(name) for name in shelves}, rounds=40, calls=200)
        small, big = shelves
        show(title, times, small, {big: 2.00})
    for shelf in shelves.values():
        shelf.close()


def found(row: Row | None) -> Row:
    """Return *row*, which has to be there."""
    if row is None:
        raise LookupError
    return row


def opened(folder: Path) -> float:
    """Return the seconds it takes to open and start the CA in *folder*."""
    started = time.perf_counter()
    ca = certsim.CertificationAuthority.open(folder)
    ca.start()
    spent = time.perf_counter() - started
    ca.stop()
    return spent


def viewed(folder: Path) -> float:
    """Return the megabytes that a view of all rows and columns takes while the CA runs."""
    with certsim.CertificationAuthority.open(folder) as ca:
        before = megabytes()
        started = time.perf_counter()
        rows = sum(1 for _ in ca.view())
        spent = time.perf_counter() - started
        print(f"{rows:,} rows in {spent:.1f} s", file=sys.stderr)
        return megabytes() - before


def megabytes() -> float:
    """Return the most memory this process has ever taken.

    Linux tells of the process alone; what `getrusage` says may come from the one that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 2**10
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


ALONE = {"opened": opened, "viewed": viewed}


def alone(name: str, folder: Path) -> float:
    """Return what a fresh process measures."""
    command = [sys.executable, __file__, name, str(folder)]
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def main(size: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        submits(folder)
        sizes = {f"of {count:,} rows": count for count in (SMALL, size)}
        folders = {title: folder / str(count) for title, count in sizes.items()}
        shelves = {title: fill(path, sizes[title]) for title, path in folders.items()}
        look_ups(shelves, sizes)
        print("open and start")
        for title, path in folders.items():
            middle = statistics.median(alone("opened", path) for _ in range(ROUNDS))
            print(f"  {title:34} {middle:9.3f} s   aim 1.000 s")
        print("view of all rows and columns, memory above the start")
        for title, path in folders.items():
            print(f"  {title:34} {alone('viewed', path):9.1f} MB   aim 200 MB")


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in ALONE:
        print(ALONE[sys.argv[1]](Path(sys.argv[2])))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else BIG)
