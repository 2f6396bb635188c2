"""Numbers and moments as the page says them.  `files/page.js` says lengths of time by the same rules."""

from dataclasses import dataclass
from datetime import UTC, datetime

from ldirectord_py.model.text.moments import brief

DAY = 86400
SHORTLY = "a moment"
"""For what is due."""


@dataclass(frozen=True, slots=True)
class ShownMoment:
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


def moment(epoch: float, now: float) -> ShownMoment:
    """Return *epoch* as it is shown at *now*."""
    at = datetime.fromtimestamp(epoch, UTC)
    return ShownMoment(
        epoch=round(epoch, 3),
        words=brief(abs(now - epoch)) if now >= epoch or epoch - now >= 1 else SHORTLY,
        iso=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        title=at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        clock=at.strftime("%H:%M:%S"),
    )


def maybe(epoch: float | None, now: float) -> ShownMoment | None:
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
