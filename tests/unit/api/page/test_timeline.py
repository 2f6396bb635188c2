from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.api.page.states import STATES
from ldirectord_py.api.page.timeline import HOUR, MOST_LANES, SHORTEST, History, changes, timeline
from tests.unit.api.page.documents import NOW, event

LONG_AGO = NOW - 86400
ABOUT = {"real": "10.0.0.5:80", "virtual": "tcp:10.0.0.1:80"}


def history(status: str = "up", since: float = LONG_AGO, *known: tuple[float, str], name: str = "a") -> History:
    return History(name, "10.0.0.5:80", "10.0.0.1:80", status, since, [(NOW - ago, state) for ago, state in known])


def test_a_server_that_was_up_all_the_time_has_no_lane() -> None:
    found = timeline([history()], LONG_AGO, NOW)
    assert (found.lanes, found.more, found.began) == ((), 0, 0)


def test_a_lane_shows_when_its_server_was_out() -> None:
    (lane,) = timeline([history("down", NOW - 60, (1200, "down"), (900, "up"), (60, "down"))], LONG_AGO, NOW).lanes
    assert [(part.status, part.x, part.width) for part in lane.stretches] == [
        ("down", HOUR - 1200, 300),
        ("down", HOUR - 60, 60),
    ]
    assert lane.out == 360


def test_one_that_is_out_for_longer_than_an_hour_is_out_from_edge_to_edge() -> None:
    (lane,) = timeline([history("draining", LONG_AGO)], LONG_AGO, NOW).lanes
    assert [(part.status, part.x, part.width) for part in lane.stretches] == [("draining", 0, HOUR)]


def test_nothing_is_told_of_the_time_before_the_daemon_began() -> None:
    found = timeline([history("down", LONG_AGO)], NOW - 600, NOW)
    assert (found.length, found.began, found.title) == (600, 0, "The last 10 min")
    assert found.axis == ("10 min", "7 min", "5 min", "2 min")
    assert [(part.x, part.width) for part in found.lanes[0].stretches] == [(0, 600)]
    young = timeline([history("down", LONG_AGO)], NOW - 20, NOW)
    assert (young.length, young.began) == (SHORTEST, SHORTEST - 20)
    assert [(part.x, part.width) for part in young.lanes[0].stretches] == [(SHORTEST - 20, 20)]


def test_those_come_first_that_are_out_now_or_were_for_longest() -> None:
    short = history("up", LONG_AGO, (600, "down"), (590, "up"), name="short")
    long = history("up", LONG_AGO, (600, "down"), (300, "up"), name="long")
    found = timeline([short, long, history("down", NOW - 5, name="now")], LONG_AGO, NOW)
    assert [lane.name for lane in found.lanes] == ["now", "long", "short"]


def test_there_are_so_many_lanes_and_the_others_are_counted() -> None:
    found = timeline([history("down", NOW - 5, name=str(number)) for number in range(MOST_LANES + 3)], LONG_AGO, NOW)
    assert (len(found.lanes), found.more) == (MOST_LANES, 3)


def test_events_of_the_last_hour_tell_the_changes() -> None:
    told = [
        event(1, "real_down", "too old", HOUR + 1, **ABOUT),
        event(2, "real_down", "down", 60, **ABOUT),
        event(3, "hook_done", "no change", 50, **ABOUT),
        event(4, "real_up", "up", 40, **ABOUT),
        event(5, "reloaded", "of nobody", 30),
    ]
    assert changes(told, NOW) == {"10.0.0.5:80@tcp:10.0.0.1:80": [(NOW - 60, "down"), (NOW - 40, "up")]}


@given(
    st.sampled_from(sorted(STATES)),
    st.floats(0, 2 * HOUR),
    st.lists(st.tuples(st.floats(0, 2 * HOUR), st.sampled_from(sorted(STATES))), max_size=8),
    st.floats(0, 2 * HOUR),
)
def test_stretches_lie_within_the_hour_and_do_not_overlap(
    status: str, since: float, known: list[tuple[float, str]], started: float
) -> None:
    about = history(status, NOW - since, *sorted(known, reverse=True))
    found = timeline([about], NOW - started, NOW)
    for lane in found.lanes:
        edge = 0.0
        for part in lane.stretches:
            assert part.x >= edge - 0.2  # they are rounded
            assert part.width >= 0
            edge = part.x + part.width
        assert edge <= found.length + 0.2
