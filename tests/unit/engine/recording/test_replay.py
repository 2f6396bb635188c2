"""Recordings: whatever the engine was told is written, read, and makes the same happen again."""

import gc
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from ldirectord_py.engine.belief import Belief
from ldirectord_py.engine.inputs import (
    Commanded,
    Configured,
    Elapsed,
    Handset,
    Input,
    Moment,
    Observed,
    RoleTaken,
    TakenOut,
)
from ldirectord_py.engine.maintained import IN_MAINTENANCE, kept_out
from ldirectord_py.engine.recording import commands, names
from ldirectord_py.engine.recording.course import course
from ldirectord_py.engine.recording.decoding import BrokenLine, decoded
from ldirectord_py.engine.recording.encoding import Encoder, Repetitions
from ldirectord_py.engine.recording.items import Given, Prepares, RecordingHeader, Why
from ldirectord_py.engine.recording.replay import ToldEvent, replay
from ldirectord_py.engine.recording.state_as_belief import belief_of, state_of
from ldirectord_py.engine.state import EngineState
from ldirectord_py.model import names as names_in_the_model
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict, down, up
from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.commands import (
    AdminKind,
    AdminState,
    Command,
    Drain,
    Enable,
    Maintain,
    SetWeight,
    target_name,
)
from ldirectord_py.model.config import Config
from ldirectord_py.model.events import CheckDone, Event
from ldirectord_py.model.health import Health, State
from ldirectord_py.model.service import AddressKey, Forwarding, MarkKey, Protocol, RealKey
from ldirectord_py.model.table import Destination, Service, ServiceFlags, Settings
from ldirectord_py.observers.logging.entry import LogFormat
from ldirectord_py.observers.logging.replayed import Replayed
from tests.unit.engine.test_state import FALLBACK, OUTCOMES, SERVERS, Engine, checked, configs, real, service

KEPT = kept_out(RealKey(service(80).key, real(1, 1, "on").endpoint), 10)
"""The plan of all servers in maintenance: they are neighbours."""


class Recorded(Engine):
    """The same engine, recorded as a whole and as the recorder does it, in one segment or several."""

    def __init__(self) -> None:
        super().__init__()
        self.whole: list[str] = []
        self.brief: list[str] = []
        self.encoders = Encoder(), Encoder()
        self.repetitions = Repetitions()
        self.begin(Why.START)

    def begin(self, why: Why) -> None:
        self.encoders = Encoder(), Encoder()
        self.repetitions = Repetitions()
        header = RecordingHeader(why=why, at=Moment(self.now, self.now), begun=self.begun)
        for encoder, lines in zip(self.encoders, (self.whole, self.brief), strict=True):
            lines.append(encoder.header(header))
            lines.extend(encoder.belief(belief_of(self.state)) if why is not Why.START else ())

    def record(self, given: Input | Prepares) -> None:
        item = Given(given, Moment(self.now, self.now))
        self.whole += self.encoders[0].given(item)
        if not self.repetitions.repeats(given):
            self.brief += self.encoders[1].given(item)

    def step(self, given: Input) -> Sequence[Event]:
        if isinstance(given, Configured):
            self.record(Prepares(given))
            for _ in self.state.prepare(given, Moment(self.now, self.now)).work():
                pass
            self.now += 0.5
        self.record(given)
        return super().step(given)

    @rule(times=st.integers(1, 4))
    def goes_round(self, times: int) -> None:
        """All goes well, or is in maintenance, again and again."""
        for _ in range(times):
            for plan in list(self.state.plans):
                self.step(Observed(plan, IN_MAINTENANCE if plan == KEPT else up(), 0, 0))

    @rule(number=st.sampled_from(SERVERS), times=st.integers(1, 4))
    def fails(self, number: int, times: int) -> None:
        for _ in range(times):
            self.step(Observed(checked(number), down(Reason.REFUSED, "connection refused"), 0, 0))

    @rule()
    def begins_a_segment(self) -> None:
        self.begin(Why.FULL)

    def teardown(self) -> None:
        assert told(self.whole) == self.told
        assert [event for event in self.told if not isinstance(event, CheckDone)] == [
            event for event in told(self.brief) if not isinstance(event, CheckDone)
        ]


def told(lines: Sequence[str]) -> list[Event]:
    return [each.event for each in replay(decoded(lines)) if isinstance(each, ToldEvent)]


TestRecorded = Recorded.TestCase
TestRecorded.settings = hypothesis_settings(max_examples=80, stateful_step_count=40, deadline=None)

addresses = st.builds(IPv4Address, st.integers(0, 2**32 - 1)) | st.builds(IPv6Address, st.integers(0, 2**128 - 1))
endpoints = st.builds(Endpoint, addresses, st.integers(0, 65535))
virtuals = st.builds(AddressKey, st.sampled_from(Protocol), endpoints) | st.builds(
    MarkKey, st.integers(0, 2**32 - 1), st.sampled_from([4, 6])
)
reals = st.builds(RealKey, virtuals, endpoints)
destinations = st.builds(
    Destination,
    forwarding=st.sampled_from(Forwarding),
    weight=st.integers(0, 65535),
    upper=st.integers(0, 2**32 - 1),
    lower=st.integers(0, 2**32 - 1),
)
set_ups = st.builds(
    Settings,
    scheduler=st.text(max_size=9),
    flags=st.integers(0, 63).map(ServiceFlags),
    persistence=st.integers(0, 2**32 - 1),
    netmask=st.integers(0, 128) | st.builds(IPv4Address, st.integers(0, 2**32 - 1)),
    engine=st.text(max_size=9),
)
services = st.builds(Service, set_ups, st.dictionaries(endpoints, destinations, max_size=3))
texts = st.text(max_size=20) | st.just("\udcff")
seconds = st.floats(0, 2e9)
healths = st.builds(Health, st.sampled_from(State), seconds, st.integers(0, 9), st.sampled_from(Reason), texts)
moments = st.builds(Moment, seconds, seconds)


@given(st.dictionaries(virtuals, services, max_size=3), st.dictionaries(reals, texts | st.none(), max_size=3))
def test_names_and_tables_are_read_as_they_were_written(table: dict, files: dict) -> None:
    assert names.table(names.table_as_json(table)) == table
    assert names.files(names.files_as_json(files)) == files


admins = st.builds(
    AdminState,
    kind=st.sampled_from(AdminKind),
    by=texts,
    since=seconds,
    until=st.none() | seconds,
    reason=texts,
    weight=st.none() | st.integers(0, 65535),
    scope=texts,
)
targets = reals | virtuals | addresses
timed = {"target": targets, "by": texts, "reason": texts, "until": st.none() | seconds}
asked_for = st.one_of(
    st.builds(Drain, **timed),
    st.builds(Maintain, **timed),
    st.builds(SetWeight, weight=st.integers(0, 65535), **timed),
    st.builds(Enable, target=targets, by=texts, reason=texts),
)


@given(asked_for, st.dictionaries(texts, admins, max_size=3))
def test_commands_are_read_as_they_were_written(command: Command, commanded: dict[str, AdminState]) -> None:
    assert commands.command(commands.command_as_json(command)) == command
    assert dict(commands.commands(commands.commands_as_json(commanded.items()))) == commanded
    assert names_in_the_model.target(target_name(command.target)) == command.target


@given(
    st.lists(st.tuples(st.builds(Outcome, st.sampled_from(Verdict), st.sampled_from(Reason), texts), texts)), moments
)
def test_outcomes_are_read_to_the_last_bit(ends: list[tuple[Outcome, str]], at: Moment) -> None:
    encoder = Encoder()
    lines = [encoder.header(RecordingHeader(why=Why.START, at=at, begun=at))]
    for outcome, asked in ends:
        lines += encoder.given(Given(Observed(checked(1), outcome, at.epoch / 7, at.monotonic / 3, asked), at))
    _, *read = decoded(lines)
    assert [(each.at, *each.input[1:]) for each in read if isinstance(each, Given)] == [
        (at, outcome, at.epoch / 7, at.monotonic / 3, asked) for outcome, asked in ends
    ]


@given(configs, st.dictionaries(st.text(max_size=5), healths, max_size=2), moments)
def test_a_belief_is_read_as_it_was_written(config, remembered, at: Moment) -> None:
    state = EngineState(at)
    state.step(Configured(config=config, remembered=remembered), at)
    encoder = Encoder()
    lines = [encoder.header(RecordingHeader(why=Why.ON, at=at, begun=at)), *encoder.belief(belief_of(state))]
    _, belief = decoded(lines)
    again = Encoder()
    header = again.header(RecordingHeader(why=Why.ON, at=at, begun=at))
    assert isinstance(belief, Belief)
    assert list(decoded([header, *again.belief(belief_of(state_of(belief)))]))[1] == belief


def test_answers_without_end_are_told_apart() -> None:
    encoder, at = Encoder(), Moment(1, 1)
    lines = [encoder.header(RecordingHeader(why=Why.START, at=at, begun=at))]
    found = [down(Reason.STATUS, f"{number % 6000}") for number in range(12000)]
    for outcome in found:
        lines += encoder.given(Given(Observed(checked(1), outcome, 0, 0), at))
    read = [each.input for each in decoded(lines) if isinstance(each, Given)]
    assert [each.outcome for each in read if isinstance(each, Observed)] == found


def test_a_success_after_a_success_is_not_recorded_until_something_else_happens() -> None:
    repetitions = Repetitions()
    one = Observed(checked(1), up(), 0, 0)
    assert [repetitions.repeats(one) for _ in range(3)] == [False, True, True]
    assert [repetitions.repeats(Observed(KEPT, IN_MAINTENANCE, 0, 0)) for _ in range(3)] == [False, True, True]
    assert not repetitions.repeats(Observed(checked(2), up(), 0, 0))
    assert not any(repetitions.repeats(Observed(checked(1), down(Reason.STATUS, "503"), 0, 0)) for _ in range(2))
    assert [repetitions.repeats(one) for _ in range(2)] == [False, True]
    assert not repetitions.repeats(Configured(config=EngineState(Moment(0, 0)).config))
    assert [repetitions.repeats(one) for _ in range(2)] == [False, True]


HEADER = Encoder().header(RecordingHeader(why=Why.START, at=Moment(1, 1), begun=Moment(1, 1)))


@pytest.mark.parametrize(
    ("lines", "number", "why"),
    [
        (["real=10.0.0.1:80"], 1, "no line of a recording: Expecting value"),
        (["{}"], 1, "it is no recording: its first line is no header"),
        (
            [HEADER, HEADER.replace('"recording":3', '"recording":4')],
            2,
            "expected a recording of version 3, but got 4",
        ),
        ([HEADER, '{"at":[1,1],"ended":3,"answer":0}'], 2, "0 is missing, or stands for nothing"),
        ([HEADER, '{"at":[1,1],"configured":null}'], 2, "a configuration comes in force that was not prepared"),
        ([HEADER, '{"at":[1],"taken_out":["tcp:10.0.0.1:80","10.0.0.2:80"]}'], 2, "not as a recording has it: "),
        (
            [HEADER, '{"at":[1,1],"taken_out":["tcp:10.0.0.1:80","here:80"]}'],
            2,
            "not as a recording has it: 'here'",
        ),
        ([HEADER, "7"], 2, "not as a recording has it: "),
        ([HEADER, "{}"], 2, "'believed' is missing"),
    ],
)
def test_a_broken_line_is_told_with_its_number(lines: list[str], number: int, why: str) -> None:
    with pytest.raises(BrokenLine) as raised:
        list(replay(decoded(lines)))
    assert raised.value.number == number
    assert str(raised.value).startswith(why)


def test_lists_without_end_are_no_line_of_a_recording() -> None:
    gc.disable()  # what it calls would find no room on the stack
    try:
        with pytest.raises(BrokenLine, match="not as a recording has it: "):
            list(decoded([HEADER, "[" * 100_000]))
    finally:
        gc.enable()


def recording() -> list[str]:
    """Return a recording in which there is a line of each kind."""
    machine = Recorded()
    web = service(80, reals=(real(1, 1, "checked"), real(2, 1, "off")), fallback=FALLBACK, quiescent=True)
    machine.begins(config=Config(path="x.cf", virtuals=(web,)))
    for outcome in OUTCOMES:
        machine.step(Observed(checked(1), outcome, 0.1, 0))
    machine.maintains(numbers={1})
    machine.begin(Why.FULL)
    one = next(iter(machine.state.servers))
    machine.step(TakenOut(one))
    machine.step(Commanded(SetWeight(target=one.virtual, weight=2, by="root", until=5000.0)))
    machine.step(Commanded(Enable(target=one, by="root")))
    machine.step(Handset(one, 2))
    machine.step(Elapsed())
    machine.step(RoleTaken(Role.STANDBY, "/run/role"))
    machine.begin(Why.FULL)
    machine.maintains(numbers=set())
    machine.step(Observed(checked(1), up(), 0.1, 0))
    machine.written()
    return machine.whole


WHOLE = recording()
JUNK = ["null", "-1", "1e999", "1e300", "{}", "[]", '""', '"x"', "7", "true", '"tcp:1.2.3.4:5"', "[1,1]"]
VALUE = re.compile(r'-?[0-9.e]+|"[^"]*"|null|true|false|\[\]')


def test_the_recording_that_is_spoiled_has_each_kind_of_line() -> None:
    kinds = ("recording", "believed", "check", "answer", "ended", "prepares", "configured", "maintained", "taken_out")
    for kind in (*kinds, "written", "commanded", "handset", "elapsed", "role"):
        assert any(f'"{kind}":' in line for line in WHOLE), kind


@hypothesis_settings(max_examples=400)
@given(st.data())
def test_a_spoiled_recording_is_replayed_or_refused_with_a_line(data: st.DataObject) -> None:
    lines = list(WHOLE)
    place = data.draw(st.integers(0, len(lines) - 1))
    values = list(VALUE.finditer(lines[place]))
    match data.draw(st.sampled_from(["drop", "repeat", "cut", "junk", "junk", "junk"])):
        case "drop":
            del lines[place]
        case "repeat":
            lines.insert(data.draw(st.integers(0, len(lines))), lines[place])
        case "cut":
            lines[place] = lines[place][: data.draw(st.integers(0, len(lines[place])))]
        case _:
            found, junk = data.draw(st.sampled_from(values)), data.draw(st.sampled_from(JUNK))
            lines[place] = lines[place][: found.start()] + junk + lines[place][found.end() :]
    with suppress(BrokenLine):
        for each in replay(decoded(lines)):
            if isinstance(each, ToldEvent):
                list(Replayed(LogFormat.JSON, debug=True).told(each.event, each.at.epoch))
    with suppress(BrokenLine):
        course(decoded(lines))
        course(decoded(lines), Config(path="", virtuals=(service(80, reals=(real(1, 1, "checked"),)),)))


ORDER = """
import sys
from ipaddress import IPv4Address
from tests.unit.engine.test_state import *
from ldirectord_py.engine.inputs import *
many = [service(port, reals=(real(1, 1, "checked"), real(2, 1, "checked"))) for port in range(30)]
state = EngineState(Moment(0, 0))
files = {key: "x" for one in many for key in one.keys if key.real.address == IPv4Address("10.9.0.2")}
events = []
def step(given):
    events.extend(state.step(given, Moment(1, 1))[0])
step(Configured(config=Config(path="", virtuals=tuple(many))))
step(Written(tuple(one.key for one in many), anew=True))
step(Observed(checked(1), OUTCOMES[1], 0, 0))
step(Observed(checked(2), OUTCOMES[1], 0, 0))
step(Configured(config=Config(path="", virtuals=tuple(many)), files=files))
step(Written(tuple(one.key for one in many), anew=True))
step(Configured(config=Config(path="", virtuals=tuple(many))))
step(Written(tuple(one.key for one in many), anew=True))
step(Maintained(dict.fromkeys([key for one in many for key in one.keys], "y")))
print(*events, sep="\\n")
"""


def test_events_come_in_the_same_order_in_each_process() -> None:
    """Sets of names have another order in each process, and nothing that is told may follow it."""
    printed = {
        subprocess.run(
            [sys.executable, "-c", ORDER],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[4],
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
    told = printed.pop()
    assert (told.count(b"MaintenanceChanged"), told.count(b"ServingChanged")) == (120, 30)
