"""Waiting for what a test expects, with a deadline."""

import time
from collections.abc import Callable

PAUSE = 0.05
PATIENCE = 120.0
"""Seconds.  Guests share processors, and all that is waited for comes sooner or later; tests of how soon say so."""


class NeverCame(AssertionError):
    """What was waited for did not come in time."""


def wait_until(
    expected: Callable[[], object], seconds: float = PATIENCE, *, telling: Callable[[], object] = str
) -> float:
    """Ask *expected* again and again until it says yes; return the seconds that took.

    Raises `NeverCame` after *seconds*, with what *telling* returns then.
    """
    began = time.monotonic()
    while not expected():
        if time.monotonic() > began + seconds:
            raise NeverCame(f"not within {seconds:g} s; there is now:\n{telling()}")
        time.sleep(PAUSE)
    return time.monotonic() - began
