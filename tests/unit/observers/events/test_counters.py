"""Counting, and forgetting."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.model import events as ev
from ldirectord_py.model.checks.outcome import up
from ldirectord_py.observers.events.counters import TURN, Counters
from ldirectord_py.observers.events.server_counters import DURATION_BOUNDS, Histogram
from tests.unit.observers import happenings as the


def exhaust(pauses: Iterator[None]) -> None:
    for _ in pauses:
        pass


@given(st.lists(st.floats(0, 100)))
def test_every_observation_falls_below_its_bound_and_above_the_one_before(values):
    histogram = Histogram(DURATION_BOUNDS)
    for value in values:
        histogram.add(value)

    below = 0
    for bound, count in zip(DURATION_BOUNDS, histogram.counts[:-1], strict=True):
        below += count
        assert below == sum(value <= bound for value in values)
    assert sum(histogram.counts) == len(values)
    assert histogram.total == pytest.approx(sum(values))


@pytest.mark.parametrize(
    ("event", "results"),
    [
        (the.CHECKED, [1, 0, 0, 0]),
        (the.FAILED, [0, 1, 0, 0]),
        (the.TIMED_OUT, [0, 0, 1, 0]),
        (the.FAULT, [0, 0, 0, 1]),
    ],
    ids=["success", "failure", "timeout", "local error"],
)
def test_each_check_has_one_result(event, results):
    tallies = Counters()

    tallies.check_done(event)

    assert [*tallies.real(the.REAL).results] == results
    assert tallies.real(the.REAL).checks.seconds == event.seconds
    assert sum(tallies.lag.counts) == 1


def test_equal_servers_are_counted_as_one_whatever_tuple_they_come_in():
    tallies = Counters()
    reals = [the.REAL, the.OTHER]

    for _ in range(5000):
        tallies.check_done(ev.CheckDone(tuple(reals), up(), 0.01, 0))

    assert tallies.real(the.REAL).results[0] == tallies.real(the.OTHER).results[0] == 5000
    assert len(tallies._sharing) < 2000


def test_what_no_scrape_shows_is_forgotten_and_begins_anew():
    tallies = Counters()
    tallies.check_done(the.CHECKED)
    scrape = tallies.begin_scrape()
    tallies.virtual(the.WEB).scrape = scrape

    exhaust(tallies.forget(before=scrape))
    tallies.check_done(the.CHECKED)

    assert [*tallies.real(the.REAL).results] == [1, 0, 0, 0]


def test_what_comes_in_during_a_scrape_is_kept():
    tallies = Counters()
    scrape = tallies.begin_scrape()
    tallies.check_done(the.CHECKED)

    exhaust(tallies.forget(before=scrape))

    assert [*tallies.real(the.REAL).results] == [1, 0, 0, 0]


def test_forgetting_many_takes_pauses_and_bears_what_happens_in_them():
    tallies = Counters()
    reals = [the.RealKey(the.WEB, the.REAL.real.at_port(port)) for port in range(1, 5000)]
    for real in reals:
        tallies.real(real)
    scrape = tallies.begin_scrape()

    pauses = 0
    for _ in tallies.forget(before=scrape):
        tallies.check_done(ev.CheckDone((reals[-1],), up(), 0.01, 0))
        exhaust(tallies.forget(before=scrape))
        pauses += 1

    assert pauses > len(reals) // TURN
    assert list(tallies._reals) == [reals[-1]]


def test_counting_a_check_costs_next_to_nothing():
    tallies = Counters()
    events = [the.CHECKED] * 2000
    best = 1.0
    for _ in range(5):
        begun = time.thread_time()
        for event in events:
            tallies.check_done(event)
        best = min(best, (time.thread_time() - begun) / len(events))

    assert best < 20e-6  # measured: 0.65 µs; the bound is for slow and busy machines
