"""Pictures in numbers: sparklines, timelines and the plot of a server's checks, as coordinates for inline SVG."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ldirectord_py.api.page.words import Moment, milliseconds, moment

SPARK_WIDTH, SPARK_HEIGHT, SPARK_STEP = 90, 18, 3
PLOT_WIDTH, PLOT_HEIGHT = 720, 160


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
    """One check that failed, or one change of state, in the plot of a server's history."""

    x: float
    kind: str
    """`failed`, or the state that the server went to."""
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """How long each check of a server took, over time."""

    line: str
    """The `d` of an SVG path; it is broken where a check failed."""
    marks: tuple[Mark, ...]
    changes: tuple[Mark, ...]
    top: str
    """The duration at the upper edge."""
    first: Moment
    last: Moment
    spoken: str


def plot(checks: Sequence[Mapping[str, Any]], events: Iterable[Mapping[str, Any]], now: float) -> Plot | None:
    """Return the plot of a server's history as the API tells it, oldest first; None: there is nothing to draw."""
    if len(checks) < 2 or checks[-1]["time"] <= checks[0]["time"]:
        return None
    first, last = float(checks[0]["time"]), float(checks[-1]["time"])
    passed = [check["seconds"] for check in checks if check["verdict"] == "up" and check["seconds"] is not None]
    top = max(passed, default=0.0) or 1.0

    def across(time: float) -> float:
        return round((time - first) / (last - first) * PLOT_WIDTH, 1)

    def point(check: Mapping[str, Any]) -> tuple[float, float]:
        return across(check["time"]), PLOT_HEIGHT - check["seconds"] / top * (PLOT_HEIGHT - 10)

    def drawn(check: Mapping[str, Any]) -> bool:
        return check["verdict"] == "up" and check["seconds"] is not None

    failures = [check for check in checks if check["verdict"] != "up"]
    return Plot(
        line="".join(_stroke([*map(point, run)]) for passes, run in groupby(checks, drawn) if passes),
        marks=tuple(Mark(across(check["time"]), "failed", _failed(check, now)) for check in failures),
        changes=tuple(
            Mark(across(event["time"]), event["event"].removeprefix("real_"), event["sentence"])
            for event in events
            if first <= event["time"] <= last and event["event"].startswith("real_")
        ),
        top=milliseconds(top),
        first=moment(first, now),
        last=moment(last, now),
        spoken=f"{len(passed)} checks passed, the longest took {milliseconds(top)}; {len(failures)} failed",
    )


def _failed(check: Mapping[str, Any], now: float) -> str:
    return f"{moment(check['time'], now).clock}: {check['detail'] or check['reason']}"
