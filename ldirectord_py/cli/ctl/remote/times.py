"""Lengths of time and moments as they are typed: `90`, `10m`, `1h30m`; `18:30`, `2026-12-01 06:00`."""

import re
from argparse import ArgumentTypeError
from datetime import datetime, timedelta

_MOST = 100 * 366 * 86400
"""Seconds: what is longer is a mistake."""
_UNITS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(d|h|min|m|s|)")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


def length(text: str) -> float:
    """Return a length of time in seconds; raise `ArgumentTypeError`."""
    seconds, position = 0.0, 0
    while position < len(text.rstrip()):
        part = _PART.match(text, position)
        if part is None:
            break
        seconds += float(part[1]) * _UNITS[part[2]]
        position = part.end()
    if position < len(text.rstrip()) or not 0 < seconds < _MOST:
        raise ArgumentTypeError(f"expected a length of time such as 90s, 10m or 1h30m, but got '{text}'")
    return seconds


def since(text: str, now: datetime | None = None) -> float:
    """Return a moment that has been, in seconds since the epoch: a time, or so long ago; raise `ArgumentTypeError`."""
    now = now or datetime.now().astimezone()
    if clock := _at(text, now):
        return (clock if clock <= now else clock - timedelta(days=1)).timestamp()
    try:
        return datetime.fromisoformat(text.strip()).astimezone().timestamp()
    except (ValueError, OverflowError):
        return now.timestamp() - length(text)


def moment(text: str, now: datetime | None = None) -> float:
    """Return a moment to come in seconds since the epoch; raise `ArgumentTypeError`.

    A time alone is the next one of this machine's clock.
    """
    now = now or datetime.now().astimezone()
    if clock := _at(text, now):
        return (clock if clock > now else clock + timedelta(days=1)).timestamp()
    try:
        then = datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError):
        raise ArgumentTypeError(f"expected a time such as 18:30 or '2026-12-01 06:00', but got '{text}'") from None
    if then <= now:
        raise ArgumentTypeError(f"expected a time to come, but got '{text}'")
    return then.timestamp()


def _at(text: str, now: datetime) -> datetime | None:
    """Return the moment of today that a time such as 18:30 is; None: *text* is something else."""
    clock = _CLOCK.fullmatch(text.strip())
    if clock is None:
        return None
    hour, minute, second = (int(part or 0) for part in clock.groups())
    return now.replace(hour=hour, minute=minute, second=second, microsecond=0)
