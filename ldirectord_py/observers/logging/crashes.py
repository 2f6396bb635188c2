"""Bugs in checks: each is logged with its traceback, but a server that meets one each second does not fill the log."""

import time
import traceback
from collections.abc import Callable

from ldirectord_py.model.checks.probe import Probe

TOLD_AGAIN = 3600.0
"""Seconds until the same bug is logged once more, with how often it was met meanwhile."""
_MOST_PLACES = 256

_Place = tuple[type, type, str, int]


class Crashes:
    """Takes the errors that escape from checks, and has those logged that are new."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._places: dict[_Place, tuple[float, int]] = {}

    def __call__(self, probe: Probe, error: Exception) -> None:
        """Log *error*, unless the same place in the code has raised it within the last hour."""
        now = self._clock()
        place = _place(probe, error)
        told, times = self._places.get(place, (now - TOLD_AGAIN, 0))
        if now - told < TOLD_AGAIN:
            self._places[place] = (told, times + 1)
            return
        if len(self._places) >= _MOST_PLACES:
            self._places.clear()
        self._places[place] = (now, 0)
        again = f" (met {times} times more since it was last logged)" if times else ""
        self._say(f"A check has a bug{again}: {probe.check}: {''.join(traceback.format_exception(error))}")


def _place(probe: Probe, error: Exception) -> _Place:
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    name, line = (frames[-1].filename, frames[-1].lineno or 0) if frames else ("", 0)
    return (type(probe.check), type(error), name, line)
