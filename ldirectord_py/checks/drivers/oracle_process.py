"""Asks an Oracle database once, in a process of its own: run as a program, with the question on its standard input.

The library's thin mode believes what a server says of the size of its buffers, and with some sizes it writes past them
or goes round for ever (oracledb 26.1, a session data unit of 10 bytes or less).  Such a server ends this process, which
is down, instead of the director.  So this file imports nothing of ours, and stands alone.
"""

import json
import resource
import signal
import sys
from typing import Any

MOST_MEMORY = 1 << 30
"""Bytes of address space."""
MOST_CPU = 30
"""Seconds of processor time."""
_LONGEST = 3600
"""Seconds until the end in any case, should nobody be left to see to it."""


def main() -> None:
    """Read the question, ask it, and write what came of it."""
    _confine()
    json.dump(_answer(json.load(sys.stdin)), sys.stdout)


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    """Return whether there was a `row`; or an error's `code` and `message`, or its `errno`, or our own `fault`."""
    try:
        import oracledb  # noqa: PLC0415  # within the limits, and it may not be there
    except ImportError as error:
        return {"fault": f"oracledb cannot be loaded: {error}"}
    try:
        with oracledb.connect(**question["connection"]) as connection, connection.cursor() as cursor:
            # One row is enough, so no more are sent.
            cursor.arraysize, cursor.prefetchrows = 1, 1
            cursor.execute(question["text"])
            return {"row": cursor.description is not None and cursor.fetchone() is not None}
    except oracledb.Error as error:
        return _told(oracledb, error)
    except Exception as error:  # noqa: BLE001  # whatever the library makes of a server's bytes
        return {"code": "DPY-5000", "message": f"{type(error).__name__} {error}"}


def _told(oracledb: Any, error: Any) -> dict[str, Any]:
    while isinstance(error.__cause__, oracledb.Error):  # "cannot connect", and why
        error = error.__cause__
    if isinstance(error.__cause__, OSError) and error.__cause__.errno is not None:
        return {"errno": error.__cause__.errno}
    said = error.args[0]
    return {"code": getattr(said, "full_code", ""), "message": str(said)}


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it would hold the password
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU, MOST_CPU))
    signal.alarm(_LONGEST)


if __name__ == "__main__":
    main()
