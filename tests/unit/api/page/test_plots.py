import itertools
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.api.page.plots import (
    BARS_HEIGHT,
    PLOT_WIDTH,
    SPARK_HEIGHT,
    SPARK_WIDTH,
    bars,
    plot,
    sparkline,
    strip,
)
from tests.unit.api.page.documents import NOW, event

DURATIONS = st.one_of(st.none(), st.floats(0, 100))


def check(since: float, until: float, verdict: str = "up", count: int = 1) -> dict[str, Any]:
    reason = "ok" if verdict == "up" else "refused"
    return {
        "since": NOW - since,
        "time": NOW - until,
        "verdict": verdict,
        "reason": reason,
        "detail": "",
        "count": count,
    }


def test_a_sparkline_is_broken_where_a_check_failed() -> None:
    found = sparkline([0.001, 0.002, None, 0.002])
    assert found.line == "M79 9.0L82 2.0M88 2.0h.01"
    assert found.failed == "M85 2V16"
    assert found.spoken == "the last 4 checks: the longest took 2.0 ms, 1 failed"


@given(st.lists(DURATIONS, max_size=40))
def test_every_point_of_a_sparkline_lies_in_its_picture(recent: list[float | None]) -> None:
    found = sparkline(recent)
    for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", found.line):
        assert 0 <= float(x) <= SPARK_WIDTH
        assert 0 <= float(y) <= SPARK_HEIGHT
    assert found.failed.count("M") == recent[-30:].count(None)


def test_neighbours_in_the_same_state_are_one_cell() -> None:
    cells = strip(["up", "up", "down", "up"])
    assert [(cell.status, cell.x, cell.width) for cell in cells] == [("up", 0, 2), ("down", 2, 1), ("up", 3, 1)]


def test_a_plot_shows_what_checks_found_and_when_the_state_changed() -> None:
    checks = [check(30, 20, count=7), check(10, 5, "down", 3), check(0, 0)]
    told = [
        event(1, "real_down", "is down", 10),
        event(2, "soft_failure", "no change", 20),
        event(3, "real_up", "", 99),
    ]
    found = plot(checks, told, NOW)
    assert found is not None
    assert [(band.verdict, band.x, band.width) for band in found.bands] == [
        ("up", 0, PLOT_WIDTH * 2 / 3),
        ("down", PLOT_WIDTH * 2 / 3, PLOT_WIDTH / 3),
        ("up", PLOT_WIDTH, 2),
    ]
    assert [(mark.x, mark.kind, mark.title) for mark in found.changes] == [(PLOT_WIDTH * 2 / 3, "down", "is down")]
    assert found.bands[1].title == "3 checks until 14:13:15: refused"
    assert found.spoken == "11 checks, of which 3 failed"


def test_nothing_is_drawn_of_no_time() -> None:
    assert plot([], [], NOW) is None
    assert plot([check(5, 5)], [], NOW) is None


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=30))
def test_every_band_of_a_plot_lies_in_its_picture(moments: list[float]) -> None:
    moments.sort(reverse=True)
    found = plot([check(since, until) for since, until in itertools.pairwise(moments)], [], NOW)
    for band in found.bands if found else ():
        assert 0 <= band.x <= PLOT_WIDTH
        assert 0 < band.width <= PLOT_WIDTH + 2


@given(st.lists(DURATIONS, max_size=30))
def test_every_bar_has_its_height(recent: list[float | None]) -> None:
    found = bars(recent)
    assert [bar.failed for bar in found] == [seconds is None for seconds in recent]
    assert all(1 <= bar.height <= BARS_HEIGHT for bar in found)
