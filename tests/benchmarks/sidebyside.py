"""Measure contestants in turns, so that a noisy machine is equally unkind to all."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping


def race(
    contestants: Mapping[str, Callable[[], object]], *, rounds: int, calls: int
) -> dict[str, float]:
    """Return the median over *rounds* of each contestant's seconds per call.

    In every round each contestant makes *calls* calls, one contestant after the other; the first
    round warms up and does not count. The garbage collector rests while a round is timed.
    """
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, call in contestants.items():
            spent = _time(call, calls)
            if turn:
                times[name].append(spent / calls)
    return {name: statistics.median(spent) for name, spent in times.items()}


def _time(call: Callable[[], object], calls: int) -> float:
    gc.collect()
    gc.disable()
    try:
        started = time.perf_counter()
        for _ in range(calls):
            call()
        return time.perf_counter() - started
    finally:
        gc.enable()


def show(title: str, times: Mapping[str, float], floor: str, aims: Mapping[str, float]) -> None:
    """Print every time beside the *floor*'s, with the aim where there is one."""
    print(title)
    for name, seconds in times.items():
        ratio = seconds / times[floor]
        aim = f"   aim {aims[name]:.2f}" if name in aims else ""
        print(f"  {name:42} {seconds * 1e6:10.2f} us   ratio {ratio:5.2f}{aim}")
