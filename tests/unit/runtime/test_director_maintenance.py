"""Servers that the operator takes out, and who serves at all."""

from dataclasses import replace

import pytest

from ldirectord_py.engine.maintained import IN_MAINTENANCE, kept_out
from ldirectord_py.model.checks.check_plan import Always, Never
from ldirectord_py.model.checks.outcome import Reason, fault, up
from ldirectord_py.model.events import CheckDone, HealthChanged, MaintenanceChanged, ServingChanged
from ldirectord_py.model.health import State
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.table import Service
from ldirectord_py.runtime.snapshots import snapshot
from tests.unit.runtime.test_director import (
    FALLBACK,
    REFUSED,
    SETTINGS,
    WEB,
    A,
    B,
    F,
    Stage,
    config,
    directing,
    entry,
    polled,
    server,
    virtual,
)

ONE, TWO = RealKey(WEB, server(1)), RealKey(WEB, server(2))


BACK = dict.fromkeys((ONE, TWO))
"""Nobody is in maintenance."""


def states(stage: Stage) -> list[State]:
    found = (stage.director.health(key) for key in (ONE, TWO))
    return [health.state for health in found if health is not None]


@pytest.mark.parametrize("quiescent", [True, False])
async def test_a_server_in_maintenance_is_out_at_once_and_comes_back_with_a_success(quiescent: bool) -> None:
    async with directing(config(virtual(3, 2, quiescent=quiescent, failurecount=9))) as stage:
        await stage.report(1, up())
        await stage.report(2, up())
        assert stage.weights() == {A: 3, B: 2}
        assert stage.director.maintain({ONE: "10.9.0.1"})
        await stage.known()
        assert stage.weights() == ({A: 0, B: 2} if quiescent else {B: 2})
        assert polled(1) not in stage.director.plans
        assert stage.director.maintain({ONE: "10.9.0.1"}) == {}

        stage.director.report(kept_out(ONE, 10), IN_MAINTENANCE, 0.0, 0.0)
        assert stage.events[-1] == CheckDone((ONE,), IN_MAINTENANCE, 0.0, 0.0)

        assert stage.director.maintain(BACK)
        await stage.known()
        assert states(stage) == [State.UNKNOWN, State.UP]
        assert stage.weights() == ({A: 0, B: 2} if quiescent else {B: 2})
        assert set(stage.director.plans) == {polled(1), polled(2)}
        await stage.report(1, up())
        assert stage.weights() == {A: 3, B: 2}
    assert stage.told(MaintenanceChanged) == [
        MaintenanceChanged(ONE, active=True, by="10.9.0.1"),
        MaintenanceChanged(ONE, active=False, by="10.9.0.1"),
    ]


async def test_the_fallback_comes_in_when_maintenance_leaves_nobody() -> None:
    async with directing(config(virtual(3, 2))) as stage:
        await stage.report(1, up())
        await stage.report(2, REFUSED)
        stage.director.maintain({ONE: "one"})
        await stage.known()
        assert stage.weights() == {F: 1}
        stage.director.report(kept_out(ONE, 10), IN_MAINTENANCE, 0.0, 0.0)
    assert [event.serving for event in stage.told(ServingChanged)] == [True, False]


async def test_a_server_in_maintenance_is_never_let_in_at_start() -> None:
    found = {WEB: Service(SETTINGS, {server(1): entry(3), server(2): entry(2)})}
    async with directing(config(virtual(3, 2)), found, files={ONE: "one"}) as stage:
        assert stage.weights() == {B: 2}
        assert stage.director.state.servers[ONE].health.reason is Reason.MAINTENANCE
        (status,) = [real for real in next(iter(_virtuals(stage))).reals if real.key == ONE]
        assert status.maintenance == "one"


def _virtuals(stage: Stage):
    return snapshot(stage.director, inflight=0, queued=0, log_lines_lost=0).virtuals


@pytest.mark.parametrize(("plan", "back"), [(Always(), {A: 3}), (Never(), {A: 3})], ids=["on", "off"])
async def test_servers_that_are_not_checked_come_back_as_they_were(plan, back) -> None:
    found = {WEB: Service(SETTINGS, {server(1): entry(3)})}
    async with directing(config(virtual(3, plan=plan)), found) as stage:
        assert stage.weights() == {A: 3}
        stage.director.maintain({ONE: "one"})
        await stage.known()
        assert stage.weights() == {F: 1}
        stage.director.maintain(BACK)
        await stage.known()
        assert stage.weights() == back
    assert list(stage.director.plans) == []


async def test_a_check_that_others_share_goes_on_for_them() -> None:
    shared = virtual(3, 2, plan=polled(1))
    async with directing(config(shared)) as stage:
        await stage.report(1, up())
        stage.director.maintain({TWO: "two"})
        await stage.report(1, up())
        assert stage.weights() == {A: 3}
        stage.director.maintain(BACK)
        await stage.report(1, up())
        assert stage.weights() == {A: 3, B: 2}


async def test_a_reload_takes_maintenance_along() -> None:
    async with directing(config(virtual(3, 2)), files={ONE: "one"}) as stage:
        await stage.report(2, up())
        stage.events.clear()
        await stage.director.reload(config(virtual(5, 2)), {ONE: "one"})
        assert stage.told(MaintenanceChanged) == []
        await stage.director.reload(config(virtual(5, 2, 1)), {RealKey(WEB, server(3)): "three"})
        assert [(event.real.real, event.active) for event in stage.told(MaintenanceChanged)] == [
            (server(1), False),
            (server(3), True),
        ]
        await stage.report(1, up())
        assert stage.weights() == {A: 5, B: 2}
        await stage.director.reload(config(virtual(5, 2, 1)), {})
        assert polled(3) in stage.director.plans


async def test_files_of_servers_that_a_reload_took_meanwhile_mean_nothing() -> None:
    async with directing(config(virtual(3))) as stage:
        assert not stage.director.maintain({TWO: "two"})


async def test_the_first_pass_does_not_wait_for_servers_in_maintenance() -> None:
    async with directing(config(virtual(3, 2))) as stage:
        await stage.report(1, up())
        stage.director.maintain({TWO: "two"})
        stage.director.report(kept_out(ONE, 10), IN_MAINTENANCE, 0.0, 0.0)
        assert stage.director.state.first_pass


# Who serves at all.


async def test_nobody_serves_is_told_once_everybody_has_been_asked() -> None:
    alone = replace(virtual(3, 2), fallback=None)
    async with directing(config(alone)) as stage:
        assert stage.told(ServingChanged) == []
        await stage.report(1, REFUSED)
        assert stage.told(ServingChanged) == []
        await stage.report(2, fault("no file descriptor"))
        assert stage.told(ServingChanged) == [ServingChanged(WEB, serving=False, fallback=False, first=True)]
        await stage.report(1, up())
        await stage.report(1, REFUSED)
    assert [event.serving for event in stage.told(ServingChanged)] == [False, True, False]


async def test_an_adopted_server_serves_from_the_start() -> None:
    found = {WEB: Service(SETTINGS, {server(1): entry(3)})}
    async with directing(config(virtual(3, 2)), found) as stage:
        assert stage.told(ServingChanged) == [ServingChanged(WEB, serving=True, fallback=True, first=True)]
        await stage.director.reload(config(virtual(4, 2)))
        assert len(stage.told(ServingChanged)) == 1


async def test_a_reload_to_new_servers_says_nothing_before_they_have_been_asked() -> None:
    async with directing(config(virtual(3))) as stage:
        await stage.report(1, up())
        moved = replace(virtual(1, 2), reals=virtual(1, 2).reals[1:])
        await stage.director.reload(config(moved))
        assert stage.weights() == {F: 1}
        await stage.report(2, up())
    assert [event.serving for event in stage.told(ServingChanged)] == [True]
    assert FALLBACK not in stage.table.state[WEB].destinations


async def test_a_virtual_without_servers_is_unserved_from_the_start() -> None:
    async with directing(config(virtual())) as stage:
        assert [event.serving for event in stage.told(ServingChanged)] == [False]


async def test_maintenance_is_a_change_of_health_as_any_other() -> None:
    async with directing(config(virtual(3))) as stage:
        await stage.report(1, up())
        stage.events.clear()
        stage.director.maintain({ONE: "one"})
        stage.director.maintain(BACK)
    assert [(event.before.state, event.after.state) for event in stage.told(HealthChanged)] == [
        (State.UP, State.DOWN),
        (State.DOWN, State.UNKNOWN),
    ]


async def test_maintenance_ends_the_wait_for_a_server_that_had_not_answered_yet() -> None:
    async with directing(config(virtual(3, 2))) as stage:
        stage.director.maintain({ONE: "one"})
        stage.director.report(kept_out(ONE, 10), IN_MAINTENANCE, 0.0, 0.0)
        assert not stage.director.state.first_pass

        stage.director.maintain({ONE: "one", TWO: "two"})  # its first check is still under way
        assert stage.director.state.first_pass
        assert [event.serving for event in stage.told(ServingChanged)] == [False]


async def test_what_was_set_aside_is_not_brought_back_once_the_server_is_checked() -> None:
    unchecked = replace(virtual(3, 2), reals=tuple(replace(real, plan=Never()) for real in virtual(3, 2).reals))
    found = {WEB: Service(SETTINGS, {server(1): entry(3), server(2): entry(2)})}
    async with directing(config(unchecked), found) as stage:
        stage.director.maintain({ONE: "one"})
        await stage.director.reload(config(virtual(3, 2)), {ONE: "one"})
        stage.director.maintain(BACK)
        assert states(stage)[0] is State.UNKNOWN
