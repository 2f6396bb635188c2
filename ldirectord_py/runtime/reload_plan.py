"""What a reload would change now, given what is believed; nothing is written."""

from collections.abc import Callable

from ldirectord_py.engine.forecast import Circumstances, forecast
from ldirectord_py.engine.plan_steps import steps_of
from ldirectord_py.model.checks.outcome import Outcome, down, up
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import ConfigRejected, DirectorError
from ldirectord_py.model.health import State
from ldirectord_py.model.plan_steps import PlannedReload, Step
from ldirectord_py.model.service import RealKey
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.maintenance import Maintenance
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.threads import NoThread
from ldirectord_py.system.turns import in_turns

_SLICE = 512
"""Servers looked at in one turn of the loop."""


async def planned_reload(director: Director, load: Callable[[], Config]) -> PlannedReload:
    """Return what reading the configuration by *load* would change; it is read and compared in a thread.

    Servers that are down are expected to stay so, all others to pass.
    """
    try:
        config = await in_thread(load)
        outcomes = await _expected(director, config)
        known = Circumstances(
            maintained=await _maintained(config),
            ours=frozenset(map(str, director.state.virtuals)),
            commanded=director.commanded,
        )
        found = dict(director.reconciler.known)

        def steps() -> tuple[Step, ...]:
            return tuple(steps_of(config, found, forecast(config, found, outcomes, known)))

        return PlannedReload(steps=await in_thread(steps))
    except ConfigRejected as rejected:
        return PlannedReload(problems=tuple(str(problem) for problem in rejected.problems))
    except NoThread as error:
        raise DirectorError(f"it cannot be read: {error.sentence}") from error


async def _expected(director: Director, config: Config) -> dict[RealKey, Outcome]:
    """Return what checks are expected to find of the servers of *config*."""
    expected: dict[RealKey, Outcome] = {}
    passing = up()
    async for some in in_turns((key for virtual in config.virtuals for key in virtual.keys), _SLICE):
        for key in some:
            health = director.health(key)
            out = health is not None and health.state is State.DOWN
            expected[key] = down(health.reason, health.detail) if out and health is not None else passing
    return expected


async def _maintained(config: Config) -> dict[RealKey, str]:
    maintenance = Maintenance(lambda _event: None)
    try:
        return dict(await maintenance.look(config))
    finally:
        maintenance.close()
