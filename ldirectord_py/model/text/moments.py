"""Times as people read them."""

from datetime import UTC, datetime

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def span(seconds: float) -> str:
    """Return a length of time in its largest whole unit, such as `3 days`."""
    for size, word in _UNITS:
        if (count := int(abs(seconds) // size)) >= 1:
            return f"{count} {word}{'s' if count > 1 else ''}"
    return "less than a minute"


def expiry(left: float) -> str:
    """Return how far off the end is of what is valid for *left* seconds more, such as `expired 3 days ago`."""
    return f"expired {span(left)} ago" if left < 0 else f"expires in {span(left)}"


def date(seconds: float) -> str:
    """Return the day and minute that lie *seconds* after the epoch, in UTC, such as `2026-01-31 12:00 UTC`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def duration(seconds: float) -> str:
    """Return a length of time in its two largest units, such as `1 h 5 min`, `12.3 s` or `0.004 s`."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    whole = round(seconds)
    days, hours, minutes, rest = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    parts = [f"{count} {unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")) if count]
    return " ".join(parts[:2])


def brief(seconds: float) -> str:
    """Return a length of time that fits a column, such as `42 s`, `4 min`, `3 h 12 min` or `61 d`; below 0 it is 0."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 2 * 86400:
        hours, minutes = whole // 3600, whole // 60 % 60
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{whole // 86400} d"
