"""Moments, lengths of time and numbers in words."""

from datetime import datetime

from ldirectord_py.model.text.moments import duration


def age(seconds: float) -> str:
    """Return a length of time in whole seconds or more, such as `3 min 20 s`; `a moment` for less than one."""
    return duration(round(seconds)) if seconds >= 1 else "a moment"


def took(seconds: float) -> str:
    """Return how long a check took, such as `3.2 ms` or `1.25 s`."""
    return f"{seconds * 1000:.3g} ms" if seconds < 0.9995 else f"{seconds:.3g} s"


def clock(moment: float, now: float) -> str:
    """Return a moment in local time: `14:03:22`, with the day in front where that is not today."""
    then, today = datetime.fromtimestamp(moment).astimezone(), datetime.fromtimestamp(now).astimezone()
    return then.strftime("%H:%M:%S" if then.date() == today.date() else "%Y-%m-%d %H:%M:%S")


def counted(number: int, noun: str) -> str:
    """Return a number of things, such as `1 server` or `2 servers`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
