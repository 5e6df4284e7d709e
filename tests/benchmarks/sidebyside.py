"""Measure contestants in turns, so that a noisy machine is equally unkind to all."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping

Times = dict[str, list[float]]
"""Seconds per call of each contestant, round by round."""


def race(contestants: Mapping[str, Callable[[], object]], *, rounds: int, calls: int) -> Times:
    """Let each contestant make *calls* calls in each of *rounds* rounds, one after the other.

    The first round warms up and does not count. The garbage collector rests while a contestant
    is timed.
    """
    times: Times = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, call in contestants.items():
            spent = _time(call, calls)
            if turn:
                times[name].append(spent / calls)
    return times


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


def show(title: str, times: Times, floor: str, aims: Mapping[str, float]) -> None:
    """Print the median of each contestant's ratio to *floor*, taken round by round.

    The microseconds beside it are medians too, and for orientation only.
    """
    print(title)
    for name, spent in times.items():
        ratio = statistics.median(a / b for a, b in zip(spent, times[floor], strict=True))
        aim = f"   aim {aims[name]:.2f}" if name in aims else ""
        middle = statistics.median(spent) * 1e6
        print(f"  {name:34} {middle:9.2f} us   ratio {ratio:5.2f}{aim}")
