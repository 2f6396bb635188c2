from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.api.page.hour.past import periods
from tests.unit.api.page.documents import NOW, commanded, down, drained, event, health, server

LONG_AGO = NOW - 86400
HOUR_AGO = NOW - 3600


def told(about: dict[str, Any], *events: dict[str, Any], begins: float = HOUR_AGO) -> list[tuple[str, float, float]]:
    """Return state, beginning and end of each period, in seconds before now."""
    return [
        (each.status, round(NOW - each.began, 3), round(NOW - each.ended, 3))
        for each in periods(about, events, begins, NOW)
    ]


def test_what_checks_found() -> None:
    found = told(down(since=NOW - 60), health("up", "down", 1200), health("down", "up", 900), health("up", "down", 60))
    assert found == [("down", 1200, 900), ("down", 60, 0)]


def test_what_was_before_the_first_event() -> None:
    assert told(server(), health("down", "up", 900)) == [("down", 3600, 900)]


def test_what_nothing_is_told_of_goes_on_all_the_time_or_since_then() -> None:
    assert told(down(since=LONG_AGO)) == [("down", 3600, 0)]
    assert told(down(since=NOW - 50)) == [("down", 50, 0)]
    assert told(down(since=NOW - 50), health("down", "up", 900)) == [("down", 3600, 900), ("down", 50, 0)]


def test_the_time_until_a_server_is_checked_for_the_first_time_is_not_told_afterwards() -> None:
    assert told(server(), health("unknown", "up", 3599)) == []
    assert told(server(state="unknown", status="unknown", since=NOW - 5)) == [("unknown", 5, 0)]


def test_commands_that_have_ended_with_who_and_why() -> None:
    events = [commanded(None, "drain", 600), commanded("drain", None, 300, by="the other")]
    (found,) = periods(server(), events, HOUR_AGO, NOW)
    assert (found.status, NOW - found.began, NOW - found.ended) == ("draining", 600, 300)
    assert found.because == "drained by root (pid 801): kernel upgrade"


def test_who_began_before_the_hour_is_told_as_long_as_it_is_known() -> None:
    end = commanded("drain", None, 300, by="the other")
    assert [each.because for each in periods(server(), [end], HOUR_AGO, NOW)] == ["drained"]
    events = [commanded(None, "drain", 7200, scope="10.0.0.5", reason=""), end]
    (found,) = periods(server(), events, HOUR_AGO, NOW)
    assert (found.because, found.began) == ("drained by root (pid 801), with all of 10.0.0.5", HOUR_AGO)


def test_a_command_in_force() -> None:
    (found,) = periods(drained(), [commanded(None, "drain", 300)], HOUR_AGO, NOW)
    assert (found.status, found.began, found.ended) == ("draining", NOW - 300, NOW)
    assert found.because == "drained by root (pid 801): kernel upgrade"


def test_one_command_after_the_other() -> None:
    events = [
        commanded(None, "drain", 600),
        commanded("drain", "maintenance", 500),
        commanded("maintenance", None, 400),
    ]
    events[2:2] = [health("up", "down", 500)]
    after = health("down", "unknown", 400), health("unknown", "up", 395)
    assert told(server(), *events, *after) == [
        ("draining", 600, 500),
        ("maintenance", 500, 400),
        ("unknown", 400, 395),
    ]


def test_states_on_the_way_to_another_one_are_left_out() -> None:
    events = [health("up", "down", 500), health("down", "unknown", 499.999), health("unknown", "up", 400)]
    assert told(server(), *events) == [("unknown", 499.999, 400)]


def test_a_weight_of_0_is_a_drain_and_another_is_none() -> None:
    assert told(server(), commanded(None, "weight", 60, weight=0), commanded("weight", None, 30)) == [
        ("draining", 60, 30)
    ]
    assert told(server(), commanded(None, "weight", 60, weight=3), commanded("weight", None, 30)) == []


def test_maintenance_files() -> None:
    file = {"file": "10.0.0.5"}
    events = [event(1, "maintenance_begun", "", 600, **file), event(2, "maintenance_ended", "", 500, **file)]
    (found,) = periods(server(), events, HOUR_AGO, NOW)
    assert (found.status, found.because) == ("maintenance", "there was a file '10.0.0.5'")


def test_a_server_that_is_down_while_it_is_drained_is_drained() -> None:
    events = [commanded(None, "drain", 600), health("up", "down", 500), health("down", "up", 400)]
    assert told(drained(), *events) == [("draining", 600, 0)]


STATES = st.sampled_from(["up", "down", "unknown", "adopted"])
KINDS = st.sampled_from([None, "drain", "maintenance", "weight"])
FILES = st.sampled_from(["maintenance_begun", "maintenance_ended"])
AGES = st.floats(0, 7200)
EVENTS = st.one_of(
    st.builds(health, STATES, STATES, AGES),
    st.builds(commanded, KINDS, KINDS, AGES),
    st.builds(lambda name, ago: event(1, name, "", ago, file="a"), FILES, AGES),
)


@given(st.sampled_from([server(), down(), drained()]), st.lists(EVENTS, max_size=8), st.floats(0, 7200))
def test_periods_come_one_after_the_other_within_the_time(
    about: dict[str, Any], events: list[dict[str, Any]], length: float
) -> None:
    edge = begins = NOW - length
    for period in periods(about, sorted(events, key=lambda each: float(each["time"])), begins, NOW):
        assert edge <= period.began < period.ended <= NOW
        assert period.status != "up"
        edge = period.ended
