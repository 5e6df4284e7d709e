# PYTHON_ARGCOMPLETE_OK
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
        number = getattr(signal, name, None)
        # Who started the process may have had one ignored, as nohup does.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    sys.exit(main())


if __name__ == "__main__":
    run()
