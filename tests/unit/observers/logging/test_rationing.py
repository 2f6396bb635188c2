"""How many lines a server has, whatever it does."""

from collections import Counter
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.observers.events.log_line import Level, LogLine
from ldirectord_py.observers.logging.rationing import BURST, QUIET, REFILL, WINDOW, Rations

KINDS = ("real_up", "real_down", "real_failed_softly", "table_changed")
STATES = {"real_up": "state", "real_down": "state"}


def line(event: str, number: int = 0, real: str = "10.0.0.5:80") -> LogLine:
    return LogLine(Level.INFO, event, f"{real} {event} {number}", {"virtual": "tcp:10.0.0.1:80", "real": real})


@dataclass
class Written:
    at: float
    line: LogLine


@dataclass(frozen=True)
class Step:
    pause: float
    real: str
    event: str


steps = st.lists(
    st.builds(
        Step,
        st.sampled_from([0.0, 0.1, 1.0, 5.0, QUIET - 1, QUIET + 1, WINDOW]) | st.floats(0, 100),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(KINDS),
    ),
    max_size=300,
)


def played(story: list[Step]) -> tuple[list[LogLine], list[Written], Rations]:
    """Return what went in, and what was written when, with what is due released at its time."""
    rations, now = Rations(), 0.0
    taken: list[LogLine] = []
    written: list[Written] = []

    def until(moment: float) -> None:
        while (due := rations.due) is not None and due <= moment:
            written.extend(Written(due, each) for each in rations.release(due, 1))

    for number, step in enumerate(story):
        until(now + step.pause)
        now += step.pause
        taken.append(line(step.event, number, step.real))
        written.extend(Written(now, each) for each in rations.take(taken[-1], now))
    until(float("inf"))
    return taken, written, rations


def of(real: str, lines: list[LogLine]) -> list[LogLine]:
    return [each for each in lines if each.fields["real"] == real and each.event != "lines_left_out"]


@given(steps)
def test_the_last_line_of_each_kind_is_always_written(story):
    taken, written, _ = played(story)
    told = [each.line for each in written]
    for real in "abc":
        last = {STATES.get(each.event, each.event): each for each in of(real, taken)}
        assert {STATES.get(each.event, each.event): each for each in of(real, told)} == last


@given(steps)
def test_no_line_comes_twice_or_out_of_turn_and_what_is_left_out_is_counted(story):
    taken, written, _ = played(story)
    told = [each.line for each in written]
    left = Counter()
    for each in told:
        if each.event == "lines_left_out":
            left[each.fields["real"]] += each.fields["lines"]
    for real in "abc":
        mine = iter(of(real, taken))
        assert all(each in mine for each in of(real, told))  # a subsequence
        assert len(of(real, taken)) == len(of(real, told)) + left[real]


@given(steps)
def test_so_many_lines_and_no_more_are_written(story):
    _, written, _ = played(story)
    for real in "abc":
        moments = [each.at for each in written if each.line.fields["real"] == real]
        for begin, first in enumerate(moments):
            for count, last in enumerate(moments[begin:], 1):
                span = last - first
                releases = span / QUIET + 2
                assert count <= BURST + span / REFILL + releases * (len(KINDS)) + 1


@given(steps)
def test_what_is_rare_is_written_as_it_comes(story):
    rations, now = Rations(), 0.0
    for number, step in enumerate(story):
        now += REFILL + step.pause
        assert rations.take(line(step.event, number, step.real), now) == (line(step.event, number, step.real),)
    assert rations.due is None


@given(steps)
def test_nothing_is_remembered_of_who_has_been_quiet_for_long(story):
    _, written, rations = played(story)
    now = max((each.at for each in written), default=0.0) + sum(step.pause for step in story) + BURST * REFILL + WINDOW
    rations.take(line("real_up", real="d"), now)
    assert len(rations._buckets) == 1
    assert not rations._windows
    assert not rations._rests


def left_out(lines: int, seconds: int) -> str:
    who = "real server a (tcp:10.0.0.1:80)"
    return f"{lines} more changes of {who} in the last {seconds} s were left out; now follows the last of each kind"


def test_a_server_that_flaps_has_a_burst_then_a_word_a_minute_and_its_last_state():
    _, written, _ = played([Step(1.0, "a", KINDS[number % 2]) for number in range(1, 101)])
    assert [(each.at, each.line.message) for each in written[BURST:]] == [
        (81.0, left_out(59, 60)),
        (81.0, "a real_up 79"),
        (81.0, "a real_down 80"),
        (120.0, left_out(18, 38)),
        (120.0, "a real_up 99"),
    ]


def test_lines_about_nobody_in_particular_are_never_left_out():
    rations = Rations()
    reloaded = LogLine(Level.INFO, "reloaded", "Configuration is in force", {"path": "x"})
    assert all(rations.take(reloaded, 0.0) == (reloaded,) for _ in range(1000))


def test_at_the_end_everything_that_is_held_comes_out():
    rations = Rations()
    written = [each for number in range(50) for each in rations.take(line("real_up", number), 0.0)]
    assert len(written) == BURST
    assert [each.event for each in rations.release_all(1.0)] == ["lines_left_out", "real_up"]
    assert rations.due is None


def test_many_servers_are_released_a_few_at_a_time():
    rations = Rations()
    for real in range(100):
        for number in range(BURST + 5):
            rations.take(line("real_up", number, str(real)), 0.0)
    assert len(rations.release(QUIET, 32)) == 64
    assert rations.due == QUIET
    assert len(rations.release(QUIET)) == 136
    assert rations.due is None
