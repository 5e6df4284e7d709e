"""`import certsim`, beside importing the two packages it stands on.

The names of the front door load when they are first used, so the whole engine is measured too.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

ROUNDS = 15
_CODE = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def seconds(modules: str) -> float:
    """Return how long a fresh interpreter takes to import *modules*."""
    done = subprocess.run(
        [sys.executable, "-c", _CODE.format(modules)], capture_output=True, check=True, text=True
    )
    return float(done.stdout)


def main() -> None:
    """Measure in turns and print the ratios."""
    floor = "cryptography.x509, attrs"
    contestants = {floor: "", "certsim": "aim 1.50", "certsim.ca, cryptography.x509": ""}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, spent in times.items():
            spent.append(seconds(name))
    base = statistics.median(times[floor])
    for name, aim in contestants.items():
        middle = statistics.median(times[name])
        print(f"  import {name:30} {middle * 1e3:7.1f} ms   ratio {middle / base:5.2f}   {aim}")


if __name__ == "__main__":
    main()
