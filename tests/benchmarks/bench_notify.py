"""One journaled notification, beside a bare call: `f(1, 7)` through a lambda.

The cost of a notification is the difference between a verb that 100 modules hear and the same
verb that none hears, divided by 100. The two CAs take turns verb by verb. The verb is `deny`'s
cheapest relative, a retrieval of a certificate that had once been pending.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from bench_submit import make_requests

import certsim

MODULES = 100
ROUNDS, VERBS = 15, 300


def heard(_event: int, _context: int) -> None:
    """Hear an event and do nothing."""


def bare() -> Callable[[], None]:
    """Return the bare call that everything is measured by."""
    return lambda: heard(1, 7)


class Listener:
    """Hear CERTRETRIEVEPENDING and do nothing."""

    def Initialize(self, strConfig: str, /) -> int:
        """Ask for CERTRETRIEVEPENDING."""
        return certsim.ExitEvent.CERTRETRIEVEPENDING

    def Notify(self, ExitEvent: int, Context: int, /) -> None:
        """Do nothing."""

    def GetDescription(self) -> str:
        """Say what this is."""
        return "listens"


def retrieval(request: bytes, modules: int) -> Callable[[], object]:
    """Return a retrieval that *modules* modules hear."""
    ca = certsim.CertificationAuthority(
        exit_modules=[Listener] * modules, config={r"policy\RequestDisposition": 0x101}
    )
    ca.start()
    request_id = ca.submit(request).request_id
    ca.resubmit(request_id)
    return lambda: ca.retrieve(request_id)


def _seconds(call: Callable[[], object], calls: int) -> float:
    started = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - started) / calls


def main() -> None:
    """Measure in turns and print the ratio."""
    request = make_requests()[0]
    many, none, call = retrieval(request, MODULES), retrieval(request, 0), bare()
    ratios, costs, floors = [], [], []
    for _ in range(ROUNDS):
        with_modules = without = 0.0
        for _ in range(VERBS):
            with_modules += _seconds(many, 1)
            without += _seconds(none, 1)
        floor = _seconds(call, 100_000)
        cost = (with_modules - without) / VERBS / MODULES
        ratios.append(cost / floor)
        costs.append(cost)
        floors.append(floor)
    print("one journaled notification against a bare call")
    print(f"  bare call      {statistics.median(floors) * 1e9:8.1f} ns")
    print(f"  notification   {statistics.median(costs) * 1e9:8.1f} ns")
    print(f"  ratio          {statistics.median(ratios):8.2f}      aim 5.00")


if __name__ == "__main__":
    main()
