"""Pictures in numbers: sparklines, timelines and the plot of a server's checks, as coordinates for inline SVG."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ldirectord_py.api.page.words import ShownMoment, count, milliseconds, moment

SPARK_WIDTH, SPARK_HEIGHT, SPARK_STEP = 90, 18, 3
PLOT_WIDTH = 720
BARS_WIDTH, BARS_HEIGHT, BAR_STEP = 720, 60, 24


@dataclass(frozen=True, slots=True)
class Sparkline:
    """How long the last checks took: a line that is broken where one failed."""

    line: str
    """The `d` of an SVG path, for those that passed; empty: none did."""
    failed: str
    """The same, a stroke over the whole height for each that failed."""
    spoken: str


def sparkline(recent: Sequence[float | None]) -> Sparkline:
    """Return the sparkline of the durations of checks in seconds, the newest last; None: that check failed."""
    recent = recent[-SPARK_WIDTH // SPARK_STEP :]
    passed = [seconds for seconds in recent if seconds is not None]
    if not recent:
        return Sparkline("", "", "not checked yet")
    top = max(passed, default=0.0) or 1.0
    left = SPARK_WIDTH - len(recent) * SPARK_STEP + 1
    points = [(left + number * SPARK_STEP, seconds) for number, seconds in enumerate(recent)]
    line = [
        _stroke([(x, SPARK_HEIGHT - 2 - (seconds or 0.0) / top * (SPARK_HEIGHT - 4)) for x, seconds in run])
        for passes, run in groupby(points, lambda point: point[1] is not None)
        if passes
    ]
    failed = [f"M{x} 2V{SPARK_HEIGHT - 2}" for x, seconds in points if seconds is None]
    longest = f"the longest took {milliseconds(max(passed))}" if passed else "none passed"
    lost = f", {len(failed)} failed" if failed else ""
    return Sparkline("".join(line), "".join(failed), f"the last {len(recent)} checks: {longest}{lost}")


def _stroke(points: Sequence[tuple[float, float]]) -> str:
    """Return the path through *points*; one alone is a dot, which round ends of lines make of it."""
    path = "M" + "L".join(f"{x:g} {y:.1f}" for x, y in points)
    return f"{path}h.01" if len(points) == 1 else path


@dataclass(frozen=True, slots=True)
class Cells:
    """Neighbours in the same state, in the strip that shows all servers of a virtual service."""

    status: str
    x: int
    width: int


def strip(statuses: Iterable[str]) -> tuple[Cells, ...]:
    """Return the strip of a virtual service's servers, a unit for each."""
    cells, x = [], 0
    for status, group in groupby(statuses):
        width = sum(1 for _ in group)
        cells.append(Cells(status, x, width))
        x += width
    return tuple(cells)


@dataclass(frozen=True, slots=True)
class Mark:
    """One change of state in the plot of a server's history."""

    x: float
    kind: str
    """The state that the server went to."""
    title: str


@dataclass(frozen=True, slots=True)
class Band:
    """A time in which all checks of a server ended alike."""

    verdict: str
    x: float
    width: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """What the checks of a server found over time, as far back as is remembered, and when its state changed."""

    bands: tuple[Band, ...]
    changes: tuple[Mark, ...]
    first: ShownMoment
    last: ShownMoment
    spoken: str


def plot(checks: Sequence[Mapping[str, Any]], events: Iterable[Mapping[str, Any]], now: float) -> Plot | None:
    """Return the plot of a server's history as the API tells it, oldest first; None: there is nothing to draw.

    Each of *checks* stands for those in a row that ended alike, from `since` to `time`.
    """
    if not checks:
        return None
    first, last = float(_since(checks[0])), float(checks[-1]["time"])
    if last <= first:
        return None

    def across(time: float) -> float:
        return round((time - first) / (last - first) * PLOT_WIDTH, 1)

    def band(check: Mapping[str, Any], end: float) -> Band:
        x = across(_since(check))
        return Band(check["verdict"], x, max(2.0, round(across(end) - x, 1)), _told(check, now))

    ends = [*(_since(check) for check in checks[1:]), last]
    failed = sum(check["count"] for check in checks if check["verdict"] != "up")
    return Plot(
        bands=tuple(band(check, end) for check, end in zip(checks, ends, strict=True)),
        changes=tuple(
            Mark(across(event["time"]), event["name"].removeprefix("real_"), event["sentence"])
            for event in events
            if first <= event["time"] <= last and event["name"] in CHANGES
        ),
        first=moment(first, now),
        last=moment(last, now),
        spoken=f"{sum(check['count'] for check in checks)} checks, of which {failed} failed",
    )


CHANGES = frozenset({"real_up", "real_down", "real_unknown", "real_adopted"})
"""The names of events that tell of a server's new state."""


def _since(check: Mapping[str, Any]) -> float:
    return float(check.get("since", check["time"]))


def _told(check: Mapping[str, Any], now: float) -> str:
    found = "passed" if check["verdict"] == "up" else check["detail"] or check["reason"]
    return f"{count(check['count'], 'check')} until {moment(check['time'], now).clock}: {found}"


@dataclass(frozen=True, slots=True)
class Bar:
    """One of a server's last checks."""

    x: int
    height: float
    """Out of `BARS_HEIGHT`."""
    failed: bool
    title: str


def bars(recent: Sequence[float | None]) -> tuple[Bar, ...]:
    """Return a bar for each of the last checks, as high as it took long; one that failed has the full height."""
    top = max((seconds for seconds in recent if seconds is not None), default=0.0) or 1.0
    left = BARS_WIDTH - len(recent) * BAR_STEP
    return tuple(
        Bar(left + number * BAR_STEP, BARS_HEIGHT, failed=True, title="failed")
        if seconds is None
        else Bar(
            left + number * BAR_STEP,
            round(max(1.0, seconds / top * BARS_HEIGHT), 1),
            failed=False,
            title=milliseconds(seconds),
        )
        for number, seconds in enumerate(recent)
    )
