"""Drift that comes back again and again: one alarm that says who may cause it, instead of lines for ever."""

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ldirectord_py.model.events import DriftFound, DriftRecurs, Event
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.threads import NoThread

_OFTEN = 3
"""So many times in one place, each within `_QUIET_SECONDS` of the last, somebody else keeps the table too."""
_QUIET_SECONDS = 60.0
_KEEPERS = ("keepalived", "ldirectord", "seesaw", "surealived")

Place = tuple[VirtualKey, RealKey | None]


def other_keepers(proc: Path = Path("/proc")) -> list[str]:
    """Return the processes of this network namespace that may keep its table too, such as `keepalived (pid 801)`."""
    found: list[str] = []
    with suppress(OSError):
        ours = os.stat(proc / "self/ns/net").st_ino  # noqa: PTH116  # no path of a file
        for folder in proc.iterdir():
            if folder.name.isdigit() and int(folder.name) != os.getpid():
                with suppress(OSError):
                    words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
                    name = next((each for each in _KEEPERS if any(each in word for word in words[:3])), None)
                    if name and os.stat(folder / "ns/net").st_ino == ours:  # noqa: PTH116  # see above
                        found.append(f"{name} (pid {folder.name})")
    return sorted(found)


class RecurringDrift:
    """Tells of each drift, and once where it does not end; what follows is told as *again* until there is a pause."""

    def __init__(self, emit: Callable[[Event], None], suspects: Callable[[], Sequence[str]] = other_keepers) -> None:
        self._emit = emit
        self._suspects = suspects
        self._seen: dict[Place, tuple[int, float]] = {}
        """How often in each place, and when last (monotonic seconds); the longest ago comes first."""
        self._lasting: Counter[VirtualKey] = Counter()
        """How many places of each virtual service have been told often enough."""
        self._alarm: Place | None = None
        self._told = False

    def tell(self, found: DriftFound) -> None:
        """Take note of *found*, and tell it."""
        now, place = time.monotonic(), (found.virtual, found.real)
        self._forget_before(now - _QUIET_SECONDS)
        if not self._seen:
            self._alarm, self._told = None, False
        times = self._seen.pop(place, (0, now))[0] + 1
        self._seen[place] = (times, now)
        if times == _OFTEN and self._alarm is None:
            self._alarm = place
        if times == _OFTEN + 1:
            self._lasting[found.virtual] += 1
        self._emit(replace(found, again=times > _OFTEN))

    def recurs(self, virtual: VirtualKey) -> bool:
        """Return whether the mending of *virtual* has been told often enough."""
        return self._lasting[virtual] > 0

    def _forget_before(self, moment: float) -> None:
        while self._seen:
            place, (times, last) = next(iter(self._seen.items()))
            if last > moment:
                return
            del self._seen[place]
            self._lasting[place[0]] -= times > _OFTEN

    async def raise_alarm(self) -> None:
        """Tell once if drift does not end, and who else may keep this table."""
        if self._alarm is not None and not self._told:
            self._told = True
            places = sum(times >= _OFTEN for times, _ in self._seen.values())
            try:
                suspects = tuple(await in_thread(self._suspects))
            except NoThread:
                suspects = ()
            self._emit(DriftRecurs(*self._alarm, places, suspects))
