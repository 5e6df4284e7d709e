"""A process that presses Ctrl-C on itself: `python interrupt_worker.py WHAT FOLDER COUNT`.

A timer sends the signal at random moments, so that every line has its turn. It says `held` if all
that was promised held; what a library prints when it is interrupted goes to standard error. It is a
process of its own because such a library may leave complaints behind that others would hear.
"""

from __future__ import annotations

import random
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from certsim import CertificationAuthority

SEED = 11
LONGEST = 0.004
"""Seconds until the signal at the most; a submit takes about a quarter of that."""
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "www.example.test")])
KEY = ec.derive_private_key(7, ec.SECP256R1())
BUILDER = x509.CertificateSigningRequestBuilder().subject_name(NAME)
REQUEST = BUILDER.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


class Hearing:
    """Be an exit module that hears whatever there is."""

    def Initialize(self, strConfig: str) -> int:
        """Ask for everything."""
        return 0x3FF

    def Notify(self, event: int, context: int) -> None:
        """Hear it."""

    def GetDescription(self) -> str:
        """Return what it does."""
        return "Hears everything"


def interrupt(_number: int, _frame: object) -> None:
    """Be Ctrl-C."""
    raise KeyboardInterrupt


def interrupted(seconds: float, work: Callable[[], object]) -> None:
    """Press Ctrl-C once, after so many *seconds*, if *work* has not ended by then."""
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            work()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except BaseException as error:
        if isinstance(error, Exception):
            raise  # what gets through is the interruption, or what a library has made of it


def holds(claim: bool, what: object) -> None:
    """End the process if *claim* does not hold."""
    if not claim:
        sys.exit(f"broken: {what}")


def ids(folder: Path) -> list[int]:
    """Return the requests that another program finds."""
    asked = "SELECT RequestID FROM Request ORDER BY RequestID"
    with closing(sqlite3.connect(folder / "database.sqlite")) as database:
        return [number for (number,) in database.execute(asked)]


def verbs(folder: Path, count: int, chance: random.Random) -> None:
    """Interrupt submits, and see that the next answer is kept."""
    answered: list[int] = []
    with CertificationAuthority.create(folder, exit_modules=[Hearing()]) as ca:
        for _ in range(count):
            interrupted(
                chance.uniform(0.0001, LONGEST),
                lambda: answered.append(ca.submit(REQUEST).request_id),
            )
            answered.append(ca.submit(REQUEST).request_id)
            holds(ids(folder)[-1] == answered[-1], (ids(folder)[-3:], answered[-3:]))
        holds(ca.running, "running")
    holds(not ca.running, "stopped")
    holds(set(answered) <= set(ids(folder)), set(answered) - set(ids(folder)))
    holds(len(set(answered)) == len(answered), "an id came twice")


def lives(folder: Path, count: int, chance: random.Random) -> None:
    """Interrupt starts and stops, and see that the next ones work and no lock is left."""
    ca = CertificationAuthority.create(folder, lock_timeout=0)

    def live() -> None:
        ca.start()
        ca.submit(REQUEST)
        ca.stop()

    for _ in range(count):
        interrupted(chance.uniform(0.0001, 4 * LONGEST), live)
        ca.stop()
        holds(not ca.running, "stopped")
        with CertificationAuthority.open(folder, lock_timeout=0) as other:
            holds(other.submit(REQUEST).certificate is not None, "issued")


if __name__ == "__main__":
    what, where, often = sys.argv[1:]
    work = {"verbs": verbs, "lives": lives}[what]
    signal.signal(signal.SIGALRM, interrupt)
    work(Path(where), int(often), random.Random(SEED))  # noqa: S311  (it chooses moments)
    sys.stdout.write("held\n")
