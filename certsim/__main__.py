"""`python -m certsim` is the command `certsim`.

Whoever interrupts it while it is still being loaded is told no more than one who does later.
"""

import signal
import sys

try:
    from certsim.cli import main
except KeyboardInterrupt:
    print("certsim: interrupted", file=sys.stderr)
    sys.exit(130)


def run() -> None:
    """Carry out the command and leave with its status.

    A process that is asked to end (SIGTERM, SIGHUP) ends as if somebody had pressed Ctrl-C, so that
    a CA that runs is stopped and its modules hear SHUTDOWN.
    """
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    sys.exit(main())


if __name__ == "__main__":
    run()
