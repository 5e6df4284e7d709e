"""A process that takes turns with others at a CA: `python -m tests.stress.load_worker …`.

Its arguments are the folder, a name, and how many turns it takes. A turn is to open the folder, to
wait for the CA to be free, to call a few verbs and to stop. At its end the process prints its notes
as JSON, the errors it met among them.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

import attrs

from certsim import CertificationAuthority
from tests.stress.stress_kit import Clerk, Ledger, Pool
from tests.stress.stress_modules import Recorder, Script

VERBS = 12
"""How many verbs are called in a turn."""
PATIENCE = 300.0


def take_turn(folder: Path, name: str, ledger: Ledger) -> None:
    """Run the CA once."""
    ca = CertificationAuthority.open(
        folder,
        exit_modules=[Recorder(ledger)],
        policy_module=Script(),
        lock_timeout=PATIENCE,
        journal_limit=10**7,
    )
    with ca:
        clerk = Clerk(ca, name, ledger, Pool.of(ca))
        clerk.publish_crls(base=True)
        clerk.call("renew")
        for _ in range(VERBS):
            clerk.call_any()


def main(folder: Path, name: str, turns: int) -> None:
    """Take so many turns and tell of them."""
    ledger = Ledger()
    try:
        for turn in range(turns):
            take_turn(folder, f"{name} turn {turn}", ledger)
    except BaseException:
        ledger.errors.append(traceback.format_exc())
    print(json.dumps(attrs.asdict(ledger, recurse=False)))  # noqa: T201  (to the test)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
