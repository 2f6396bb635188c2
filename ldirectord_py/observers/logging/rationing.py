"""How many lines the log has for one server: some at once, few for long, and always the last of each kind.

A server that flaps has a line or more for each change, and each check may be one.  Pure: time is handed in.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from ldirectord_py.observers.events.log_line import Field, Level, LogLine

BURST = 20
"""Lines about one server, or one virtual service, that are written as they come."""
REFILL = 30.0
"""Seconds after which it has room for one more."""
WINDOW = 60.0
"""Seconds after which it is told what was left out, however restless the server is."""
QUIET = 20.0
"""Seconds without a line after which that is told already."""
_KINDS = {"real_up": "state", "real_down": "state", "real_unknown": "state", "real_adopted": "state"}
"""Events of which a later one makes the earlier out of date; others do so with their own name only."""

Key = tuple[str, ...]


@dataclass(slots=True)
class _Bucket:
    """The lines of one server: how many more may be written, and those that wait."""

    tokens: float
    filled: float
    """When *tokens* was true."""
    held: dict[str, LogLine] | None = None
    """The last line of each kind, in the order in which they came; None: nothing waits, as with almost all."""
    left: int = 0
    """Lines since *since* that were not written."""
    since: float = 0.0

    def fill(self, now: float) -> None:
        self.tokens = min(BURST, self.tokens + (now - self.filled) / REFILL)
        self.filled = now


class Rations:
    """A token bucket for each server, with the lines that found it empty.

    Lines about one server come out in the order in which they went in, those that are left out excepted.  What is left
    out is counted, and the last line of each kind is never among it.
    """

    def __init__(self) -> None:
        self._buckets: OrderedDict[Key, _Bucket] = OrderedDict()
        """Those that are not full, by when they were last used."""
        self._windows: OrderedDict[Key, float] = OrderedDict()
        """When those with held lines are to tell of them at the latest, the first one first."""
        self._rests: OrderedDict[Key, float] = OrderedDict()
        """When they are to, if nothing happens any more, the first one first."""

    def take(self, line: LogLine, now: float) -> Sequence[LogLine]:
        """Take *line*; return what is to be written now.  *now* is in seconds and never goes back."""
        key = _key(line)
        if key is None:
            return (line,)
        bucket = self._bucket(key, now)
        if bucket.tokens >= 1 and bucket.held is None:
            bucket.tokens -= 1
            return (line,)
        if bucket.held is None:
            bucket.since, bucket.left, bucket.held = now, 0, {}
            self._windows[key] = now + WINDOW
        kind = _KINDS.get(line.event, line.event)
        bucket.held.pop(kind, None)
        bucket.held[kind] = line
        bucket.left += 1
        self._rests[key] = now + QUIET
        self._rests.move_to_end(key)
        return ()

    @property
    def due(self) -> float | None:
        """When `release` is to be called next; None if nothing is held."""
        firsts = [next(iter(each.values())) for each in (self._windows, self._rests) if each]
        return min(firsts, default=None)

    def release(self, now: float, most: int | None = None) -> Sequence[LogLine]:
        """Return what is held of those servers whose time has come, of *most* of them; what else there is stays due."""
        told: list[LogLine] = []
        count = 0
        while (due := self.due) is not None and due <= now and count != most:
            told += self._told(self._next(due), now)
            count += 1
        return told

    def release_all(self, now: float) -> Sequence[LogLine]:
        """Return everything that is held."""
        return [line for key in list(self._windows) for line in self._told(key, now)]

    def _bucket(self, key: Key, now: float) -> _Bucket:
        self._forget(now)
        bucket = self._buckets.setdefault(key, _Bucket(BURST, now))
        self._buckets.move_to_end(key)
        bucket.fill(now)
        return bucket

    def _forget(self, now: float) -> None:
        """Forget who has been quiet for so long that its bucket is full again."""
        while self._buckets:
            key, bucket = next(iter(self._buckets.items()))
            if bucket.held or now - bucket.filled < BURST * REFILL:
                return
            del self._buckets[key]

    def _next(self, due: float) -> Key:
        for each in (self._windows, self._rests):
            key, moment = next(iter(each.items()))
            if moment == due:
                return key
        raise AssertionError(due)

    def _told(self, key: Key, now: float) -> Sequence[LogLine]:
        bucket = self._buckets[key]
        del self._windows[key], self._rests[key]
        bucket.fill(now)
        held, bucket.held = list((bucket.held or {}).values()), None
        bucket.tokens = max(0.0, bucket.tokens - len(held))
        missing = bucket.left - len(held)
        return [_left_out(held[-1], key, missing, now - bucket.since), *held] if missing else held


def _key(line: LogLine) -> Key | None:
    """Return what *line* counts for; None: it is never left out."""
    fields = line.fields
    for names in (("virtual", "real"), ("virtual",), ("directive", "command"), ("subject",)):
        if all(name in fields for name in names):
            return tuple(str(fields[name]) for name in names)
    return None


def _left_out(line: LogLine, key: Key, missing: int, seconds: float) -> LogLine:
    """Return the line that stands for *missing* ones about what *line* is about."""
    match key:
        case (virtual, real) if "real" in line.fields:
            about = f"real server {real} ({virtual})"
        case (name,) if "virtual" in line.fields:
            about = f"virtual server {name}"
        case _:
            about = f"'{' '.join(key)}'"
    many = "1 more change" if missing == 1 else f"{missing} more changes"
    verb = "was" if missing == 1 else "were"
    text = f"{many} of {about} in the last {seconds:.0f} s {verb} left out; now follows the last of each kind"
    names = {name: line.fields[name] for name in ("virtual", "real") if name in line.fields}
    fields: dict[str, Field] = {**names, "lines": missing, "seconds": round(seconds, 6)}
    return LogLine(Level.WARNING, "lines_left_out", text, fields)
