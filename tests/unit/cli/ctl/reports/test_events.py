"""What happened, and what checks found, line by line."""

from typing import Any

from ldirectord_py.cli.blocks import Plain
from ldirectord_py.cli.ctl.reports.events import histories, told
from ldirectord_py.cli.ctl.reports.words import clock
from tests.peers.api_answers import NOW

EVENT = {"id": 7, "time": NOW - 5, "level": "warning", "sentence": "one is down"}


def check(seconds_ago: float, verdict: str, **more: Any) -> dict[str, Any]:
    found = {"time": NOW - seconds_ago, "seconds": 0.25, "verdict": verdict, "reason": "ok", "detail": "", "asked": ""}
    return {**found, "count": 1, **more}


def test_an_event_stands_behind_its_time() -> None:
    assert Plain().written([told([EVENT], NOW)]) == f"{clock(NOW - 5, NOW)}  one is down\n"


def test_checks_and_events_come_in_the_order_of_time() -> None:
    failed = check(5.5, "down", reason="status", detail="404", asked="GET /", seconds=None)
    history = {"name": "one", "checks": [check(65, "up", count=12), failed], "events": [EVENT]}
    name, first, second, third = Plain().written(histories([history], NOW)).splitlines()
    assert name == "one"
    assert first.split()[1:] == ["up", "250", "ms", "ok", "(12", "times)"]
    assert second.split()[1:] == ["down", "GET", "/:", "404"]
    assert third.split()[1:] == ["event", "one", "is", "down"]


def test_a_server_of_which_nothing_is_known() -> None:
    assert (
        Plain().written(histories([{"name": "one", "checks": [], "events": []}], NOW))
        == "one\n  nothing is known yet\n"
    )
