from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.api.page.hour.timeline import (
    AT_FIRST,
    HOUR,
    MOST_LANES,
    SHORTEST,
    Timeline,
    TimelineBuilder,
    by_server,
)
from tests.unit.api.page.documents import NOW, commanded, down, drained, event, health, server

LONG_AGO = NOW - 86400
ABOUT = {"real": "10.0.0.5:80", "virtual": "tcp:10.0.0.1:80"}


def history(about: dict[str, Any], *events: dict[str, Any]) -> tuple[dict[str, Any], str, tuple[dict[str, Any], ...]]:
    return about, "10.0.0.1:80", events


def shown(*histories: tuple[dict[str, Any], str, tuple[dict[str, Any], ...]], started: float = LONG_AGO) -> Timeline:
    builder = TimelineBuilder(started, NOW)
    for about in histories:
        builder.add(*about)
    return builder.timeline()


def test_a_server_that_was_up_all_the_time_has_no_lane() -> None:
    found = shown(history(server()))
    assert (found.lanes, found.others, found.more, found.began, found.title) == ((), (), 0, 0, "The last hour")


def test_a_lane_shows_when_its_server_was_out() -> None:
    events = health("up", "down", 1200), health("down", "up", 900), health("up", "down", 60)
    (lane,) = shown(history(down(since=NOW - 60), *events)).lanes
    assert [(part.status, part.x, part.width) for part in lane.stretches] == [
        ("down", HOUR - 1200, 300),
        ("down", HOUR - 60, 60),
    ]
    assert lane.words == "down for 5 min, from 13:53:20 to 13:58:20 UTC; down for 1 min, from 14:12:20 to now"


def test_nothing_is_told_of_the_time_before_the_daemon_began() -> None:
    found = shown(history(down(since=LONG_AGO)), started=NOW - 600)
    assert (found.length, found.began, found.title) == (600, 0, "The last 10 min")
    assert found.axis == ("10 min", "7 min", "5 min", "2 min")
    assert [(part.x, part.width) for part in found.lanes[0].stretches] == [(0, 600)]
    young = shown(history(down(since=LONG_AGO)), started=NOW - 20)
    assert (young.length, young.began, young.title) == (SHORTEST, SHORTEST - 20, "The last minute")
    assert [(part.x, part.width) for part in young.lanes[0].stretches] == [(SHORTEST - 20, 20)]


def test_those_come_first_that_are_out_now_or_were_for_longest() -> None:
    short = history(server(name="short"), health("up", "down", 600), health("down", "up", 590))
    long = history(server(name="long"), health("up", "down", 600), health("down", "up", 300))
    found = shown(short, long, history(down(name="now", since=NOW - 5)))
    assert [lane.name for lane in found.lanes] == ["now", "long", "short"]


def test_some_lanes_are_shown_at_first_and_the_others_counted() -> None:
    found = shown(*(history(down(name=str(number))) for number in range(MOST_LANES + 3)))
    assert (len(found.lanes), len(found.others), found.more) == (AT_FIRST, MOST_LANES - AT_FIRST, 3)
    assert found.count == MOST_LANES + 3


def test_commands_that_have_ended_are_told_with_who_and_why() -> None:
    drain = commanded(None, "drain", 600), commanded("drain", None, 300)
    (lane,) = (found := shown(history(server(), *drain))).lanes
    assert lane.words.endswith("14:08:20 UTC: drained by root (pid 801): kernel upgrade")
    (ended,) = found.ended
    assert (ended.subject, ended.because, ended.began.clock, ended.ended.clock) == (
        "10.0.0.5:80",
        "drained by root (pid 801): kernel upgrade",
        "14:03:20",
        "14:08:20",
    )


def test_a_command_that_named_a_host_is_told_once_and_one_in_force_elsewhere() -> None:
    drain = commanded(None, "drain", 600, scope="10.0.0.5"), commanded("drain", None, 300, scope="10.0.0.5")
    hosts = [history(server(f"10.0.0.5:{port}"), *drain) for port in (80, 81, 82)]
    in_force = history(drained(), commanded(None, "drain", 300))
    (ended,) = shown(*hosts, in_force).ended
    assert (ended.subject, ended.names[2]) == ("3 servers", "10.0.0.5:82@tcp:10.0.0.1:80")
    assert ended.because == "drained by root (pid 801), with all of 10.0.0.5: kernel upgrade"


def test_events_are_told_of_servers_to_which_something_happened_in_the_last_hour() -> None:
    other = {"real": "10.0.0.6:80", "virtual": "tcp:10.0.0.1:80"}
    told = [
        commanded(None, "drain", HOUR + 9, **ABOUT),
        commanded(None, "drain", HOUR + 8, **other),
        health("up", "down", 60, **ABOUT),
        health("unknown", "up", 60, real="10.0.0.8:80", virtual="tcp:10.0.0.1:80"),
        event(5, "reloaded", "of nobody", 30),
    ]
    assert by_server(told, NOW) == {"10.0.0.5:80@tcp:10.0.0.1:80": [told[0], told[2]]}


@given(
    st.sampled_from([server(), down(), drained()]),
    st.lists(st.floats(0, 2 * HOUR), max_size=8),
    st.floats(0, 2 * HOUR),
)
def test_stretches_lie_within_the_hour_and_do_not_overlap(
    about: dict[str, Any], moments: list[float], started: float
) -> None:
    events = [health("up", "down", ago) for ago in sorted(moments, reverse=True)]
    found = shown(history(about, *events), started=NOW - started)
    for lane in found.lanes:
        edge = 0.0
        for part in lane.stretches:
            assert part.x >= edge - 0.2  # they are rounded
            assert part.width >= 0
            edge = part.x + part.width
        assert edge <= found.length + 0.2
