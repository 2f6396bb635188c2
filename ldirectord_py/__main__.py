"""Run `ldirectord` as `python -m ldirectord_py`."""

import sys

from ldirectord_py.cli.ldirectord import main

if __name__ == "__main__":
    sys.exit(main())
