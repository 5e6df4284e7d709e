"""`python -m certsim` is the command `certsim`."""

import sys

from certsim.cli import main

if __name__ == "__main__":
    sys.exit(main())
