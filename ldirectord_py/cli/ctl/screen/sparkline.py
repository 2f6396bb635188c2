"""A row of numbers as a picture one line high."""

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(numbers: Sequence[float | None], width: int, missing: str) -> str:
    """Return the last *width* of *numbers* as bars between 0 and the largest of them; *missing* stands for None."""
    shown = numbers[-width:]
    most = max((number for number in shown if number is not None), default=0.0)
    return "".join(missing if number is None else _bar(number, most) for number in shown)


def _bar(number: float, most: float) -> str:
    return _BARS[0] if most <= 0 else _BARS[min(int(number / most * len(_BARS)), len(_BARS) - 1)]
