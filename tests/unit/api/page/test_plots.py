import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.api.page.plots import PLOT_HEIGHT, PLOT_WIDTH, SPARK_HEIGHT, SPARK_WIDTH, plot, sparkline, strip
from tests.unit.api.page.documents import NOW, event

DURATIONS = st.one_of(st.none(), st.floats(0, 100))


def check(ago: float, seconds: float | None = 0.002, verdict: str = "up") -> dict[str, Any]:
    reason = "ok" if verdict == "up" else "refused"
    return {"time": NOW - ago, "seconds": seconds, "verdict": verdict, "reason": reason, "detail": "", "asked": ""}


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


def test_a_plot_marks_failures_and_changes_of_state() -> None:
    checks = [check(30), check(20, None, "down"), check(10, 0.004), check(0)]
    told = [
        event(1, "real_down", "is down", 20),
        event(2, "soft_failure", "no change", 20),
        event(3, "real_up", "", 99),
    ]
    found = plot(checks, told, NOW)
    assert found is not None
    assert found.line == f"M0 85.0h.01M{PLOT_WIDTH * 2 / 3:g} 10.0L{PLOT_WIDTH} 85.0"
    assert [(mark.x, mark.kind) for mark in found.marks] == [(PLOT_WIDTH / 3, "failed")]
    assert [(mark.kind, mark.title) for mark in found.changes] == [("down", "is down")]
    assert found.top == "4.0 ms"


def test_nothing_is_drawn_of_less_than_two_checks() -> None:
    assert plot([], [], NOW) is None
    assert plot([check(5)], [], NOW) is None


@given(st.lists(st.tuples(st.floats(0, 1e6), DURATIONS), min_size=2, max_size=30))
def test_every_point_of_a_plot_lies_in_its_picture(known: list[tuple[float, float | None]]) -> None:
    checks = [
        check(ago, seconds, "down" if seconds is None else "up")
        for ago, seconds in sorted(known, key=lambda each: -each[0])
    ]
    found = plot(checks, [], NOW)
    for x, y in re.findall(r"[ML]([\d.e-]+) ([\d.]+)", found.line if found else ""):
        assert 0 <= float(x) <= PLOT_WIDTH
        assert 0 <= float(y) <= PLOT_HEIGHT
