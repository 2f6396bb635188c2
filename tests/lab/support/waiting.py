"""Waiting for what a test expects, with a deadline."""

import time
from collections.abc import Callable

PAUSE = 0.05
_REST, _LONGEST_PAUSE = 3, 1.0
"""After a question that took long, such as a program in a guest, the pause lasts so many times as long; and seconds."""
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
    began = asked = time.monotonic()
    while not expected():
        now = time.monotonic()
        if now > began + seconds:
            raise NeverCame(f"not within {seconds:g} s; there is now:\n{telling()}")
        time.sleep(min(max(PAUSE, _REST * (now - asked)), _LONGEST_PAUSE))
        asked = time.monotonic()
    return time.monotonic() - began
