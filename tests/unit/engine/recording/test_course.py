"""What a recorded night comes to under the configuration that was in force, and under others."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import settings as hypothesis_settings

from ldirectord_py.engine.inputs import Configured, Input, Maintained, Moment, Observed, TakenOut
from ldirectord_py.engine.recording.course import Course, Spell, course
from ldirectord_py.engine.recording.decoding import decoded
from ldirectord_py.engine.recording.encoding import Encoder
from ldirectord_py.engine.recording.items import Given, Item, RecordingHeader, Why
from ldirectord_py.engine.recording.state_as_belief import belief_of
from ldirectord_py.engine.state import EngineState
from ldirectord_py.model.checks.outcome import Reason, down, fault, up
from ldirectord_py.model.config import Config, Virtual
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.table import Destination, Service
from tests.unit.engine.recording.test_replay import Recorded
from tests.unit.engine.test_state import FALLBACK, checked, real, service

REFUSED = down(Reason.REFUSED, "connection refused")
WEB = service(80, reals=(real(1, 3, "checked"), real(2, 2, "checked")), fallback=FALLBACK)
ONE, TWO = WEB.keys


def config(*virtuals: Virtual, **more: object) -> Config:
    return Config(path="test.cf", virtuals=virtuals, **more)


def night(*given: tuple[float, Input], why: Why = Why.START, before: EngineState | None = None) -> Sequence[Item]:
    """Return a recording as it is read again."""
    encoder, begun = Encoder(), Moment(given[0][0], 0)
    lines = [encoder.header(RecordingHeader(why=why, at=begun, begun=begun))]
    lines += encoder.belief(belief_of(before)) if before else ()
    for at, each in given:
        lines += encoder.given(Given(each, Moment(at, at)))
    return list(decoded(lines))


def observed(number: int, outcome: object) -> Observed:
    return Observed(checked(number), outcome, 0.1, 0.0)


def spells(found: Course, key: RealKey) -> list[tuple[float, float, int | None]]:
    return [(spell.since, spell.until, spell.weight) for spell in found.servers[key]]


NIGHT = night(
    (100, Configured(config=config(WEB))),
    (101, observed(1, up())),
    (102, observed(2, up())),
    (110, observed(2, REFUSED)),
    (120, observed(2, REFUSED)),
    (130, observed(2, REFUSED)),
    (140, observed(2, up())),
    (150, observed(1, REFUSED)),
    (160, observed(1, up())),
)


def test_who_was_out_and_why() -> None:
    found = course(NIGHT)
    assert (found.since, found.until) == (100, 160)
    assert spells(found, TWO) == [(100, 102, None), (102, 110, 2), (110, 140, None), (140, 160, 2)]
    assert [spell.why for spell in found.servers[TWO]][2] == "is down: connection refused"
    assert found.fallbacks[WEB.key] == [
        Spell(100, 1, "no real server serves", 101),
        Spell(101, 0, "no real server serves", 160),
    ]


def test_with_more_patience_a_server_would_have_been_out_for_less_time_or_not_at_all() -> None:
    patient = replace(WEB, failurecount=3, quiescent=True)
    found = course(NIGHT, config(patient))
    assert spells(found, TWO) == [(100, 102, 0), (102, 130, 2), (130, 140, 0), (140, 160, 2)]
    assert spells(found, ONE) == [(100, 101, 0), (101, 160, 3)]


def test_other_weights_and_servers_without_checks_are_as_the_other_configuration_says() -> None:
    other = replace(WEB, reals=(real(1, 7, "checked"), real(2, 2, "on")))
    found = course(NIGHT, config(other))
    assert [weight for _, _, weight in spells(found, ONE)] == [None, 7, None, 7]
    assert spells(found, TWO) == [(100, 160, 2)]
    assert not found.unrecorded


def test_servers_that_were_not_recorded_are_named() -> None:
    more = replace(WEB, reals=(*WEB.reals, real(3, 1, "checked")))
    assert [str(key.real) for key in course(NIGHT, config(more)).unrecorded] == ["10.9.0.3:80"]
    unchecked = night((100, Configured(config=config(replace(WEB, reals=(real(1, 3, "on"),))))))
    assert list(course(unchecked, config(WEB)).unrecorded) == [ONE, TWO]


def test_a_reload_takes_servers_away_in_the_recording_alone() -> None:
    reloaded = night(
        (100, Configured(config=config(WEB))),
        (101, observed(2, up())),
        (110, Configured(config=config(replace(WEB, reals=WEB.reals[:1])))),
        (120, Configured(config=config())),
    )
    assert spells(course(reloaded), TWO) == [(100, 101, None), (101, 110, 2), (110, 120, None)]
    assert course(reloaded).servers[ONE][-1].why == "has not been checked yet"
    assert spells(course(reloaded, config(WEB)), TWO)[:2] == [(100, 101, None), (101, 120, 2)]


def test_what_somebody_took_out_stays_out_only_where_it_would_have_been_left() -> None:
    quiescent = replace(WEB, quiescent=True)
    taken = night(
        (100, Configured(config=config(quiescent))),
        (101, observed(1, REFUSED)),
        (110, TakenOut(ONE)),
        (120, observed(1, REFUSED)),
    )
    assert spells(course(taken), ONE) == [(100, 110, 0), (110, 120, None)]
    assert spells(course(taken, config(quiescent, readdquiescent=True)), ONE) == [(100, 120, 0)]


def test_maintenance_and_faults_count_under_each_configuration() -> None:
    found = night(
        (100, Configured(config=config(WEB))),
        (101, observed(1, up())),
        (105, observed(1, fault(OSError()))),
        (110, Maintained({ONE: "one"})),
        (120, Maintained({ONE: None})),
        (130, observed(1, up())),
    )
    for other in (None, config(replace(WEB, failurecount=9))):
        assert spells(course(found, other), ONE)[1:] == [(101, 110, 3), (110, 130, None), (130, 130, 3)]


def test_a_recording_that_begins_in_the_middle_begins_with_what_was_believed() -> None:
    state = EngineState(Moment(1, 1))
    for at, each in ((1, Configured(config=config(WEB))), (2, observed(1, up())), (3, observed(2, REFUSED))):
        state.step(each, Moment(at, at))
    late = night((100, observed(1, REFUSED)), (110, observed(1, REFUSED)), why=Why.GAP, before=state)
    assert spells(course(late), ONE) == [(100, 100, 3), (100, 110, None)]
    assert spells(course(late, config(replace(WEB, failurecount=2))), ONE) == [(100, 110, 3), (110, 110, None)]
    assert spells(course(late), TWO) == [(100, 110, None)]


def test_a_restart_finds_the_table_as_the_other_configuration_would_have_left_it() -> None:
    entry = Destination(forwarding=WEB.reals[0].destination.forwarding, weight=3)
    left = {WEB.key: Service(WEB.settings, {ONE.real: entry})}
    first = night((100, Configured(config=config(WEB))), (101, observed(1, up())), (102, observed(1, REFUSED)))
    second = night((200, Configured(config=config(WEB), found=left)), (201, observed(1, REFUSED)))
    found = course([*first, *second], config(replace(WEB, failurecount=2)))
    assert spells(found, ONE) == [(100, 101, None), (101, 201, 3)]
    assert spells(course([*first, *second]), ONE)[-1] == (102, 201, None)


class Compared(Recorded):
    """Whatever was recorded, the configuration that was in force would have made of it what it made of it."""

    def __init__(self) -> None:
        self.configs: list[Config] = []
        super().__init__()

    def step(self, given: Input) -> Sequence[object]:
        if isinstance(given, Configured):
            self.configs.append(given.config)
        return super().step(given)

    def teardown(self) -> None:
        self.written()  # both recordings end at the same moment: repeated successes are in one
        found = course(decoded(self.whole))
        assert course(decoded(self.brief)) == found
        for key, server in self.state.servers.items():
            if server.health.state.serving and not self.pending:
                decision = self.state.decide(key.virtual)
                assert decision is not None
                assert found.servers[key][-1].weight == decision.reals[key].weight
        for number in (1, 2, 5):  # successes that repeat play no part, whatever the configuration
            virtuals = (replace(each, failurecount=number, quiescent=number == 2) for each in self.configs[0].virtuals)
            other = replace(self.configs[-1], virtuals=tuple(virtuals))
            assert course(decoded(self.brief), other) == course(decoded(self.whole), other)
        if len(self.configs) == 1:
            assert course(decoded(self.whole), self.configs[0]) == found


TestCompared = Compared.TestCase
TestCompared.settings = hypothesis_settings(max_examples=60, stateful_step_count=30, deadline=None)
