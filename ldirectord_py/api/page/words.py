"""Numbers and moments as the page says them.  `files/page.js` says lengths of time by the same rules."""

from dataclasses import dataclass
from datetime import UTC, datetime

DAY = 86400
SHORTLY = "a moment"
"""For what is due."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment beside now, as a `<time>` shows it."""

    epoch: float
    """Seconds since the epoch."""
    words: str
    """How far from now, without saying whether it lies before or after: `4 min`."""
    iso: str
    title: str
    """In UTC, to the second."""
    clock: str
    """The time of the day in UTC, such as `18:02:11`; with JavaScript, the reader's own."""


def span(seconds: float) -> str:
    """Return a length of time, such as `42 s`, `4 min`, `3 h 12 min` or `61 d`; below 0 counts as 0."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 2 * DAY:
        hours, minutes = whole // 3600, whole // 60 % 60
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{whole // DAY} d"


def moment(epoch: float, now: float) -> Moment:
    """Return *epoch* as it is shown at *now*."""
    at = datetime.fromtimestamp(epoch, UTC)
    return Moment(
        epoch=round(epoch, 3),
        words=span(abs(now - epoch)) if now >= epoch or epoch - now >= 1 else SHORTLY,
        iso=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        title=at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        clock=at.strftime("%H:%M:%S"),
    )


def maybe(epoch: float | None, now: float) -> Moment | None:
    """Return *epoch* as `moment` does, if there is one."""
    return None if epoch is None else moment(epoch, now)


def milliseconds(seconds: float) -> str:
    """Return the length of a check, such as `0.4 ms`, `12 ms` or `1.2 s`."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.1f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"


def count(number: int, one: str, many: str = "") -> str:
    """Return *number* with the noun that suits it: `1 server`, `1,000 servers`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


_SIZES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def amount(number: float, unit: str = "") -> str:
    """Return a number with at most three digits and its size, such as `12.5 k` or `3 MB/s` (*unit* is `B/s`)."""
    for size, letter in _SIZES:
        if number >= size:
            return f"{number / size:.3g} {letter}{unit}"
    digits = f"{number:.0f}" if number >= 10 or number == int(number) else f"{number:.1f}"
    return f"{digits} {unit}".rstrip()


def sentence(text: str) -> str:
    """Return *text* as a sentence: a capital letter in front, a full stop behind."""
    text = text.strip()
    if not text:
        return ""
    ended = text if text[-1] in ".!?" else f"{text}."
    return ended[0].upper() + ended[1:] if ended[:1].islower() and not _is_name(ended) else ended


def _is_name(text: str) -> bool:
    """Return whether *text* begins with a name that has its own spelling, such as `tcp:10.0.0.1:80`."""
    return ":" in text.split(" ", 1)[0]
