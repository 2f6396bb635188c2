"""What a reload would change now, given what is believed; nothing is written."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from ldirectord_py.engine.differences import services_in_force, too_much
from ldirectord_py.engine.forecast import Circumstances, Forecast, forecast
from ldirectord_py.engine.plan_steps import steps_of
from ldirectord_py.model.checks.check_plan import Always, CheckPlan, Never
from ldirectord_py.model.checks.outcome import CheckedOnce, Outcome, down, up
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import ConfigRejected, DirectorError
from ldirectord_py.model.health import State
from ldirectord_py.model.plan_steps import PlannedReload, Step, VipStep
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import RemoveService, Table
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.maintenance import Maintenance
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.sysctls import advised, current
from ldirectord_py.system.threads import NoThread
from ldirectord_py.system.turns import in_turns

_SLICE = 512
"""Servers looked at in one turn of the loop."""


class ReloadPlanner:
    """Says what a reload would change; reading and comparing are done in a thread, for one who asks at a time."""

    def __init__(
        self,
        director: Director,
        table: Table,
        open_connections: Callable[[VirtualKey], int],
        foresee_vips: Callable[[Config], Awaitable[Sequence[VipStep]]],
    ) -> None:
        self._director = director
        self._table = table
        self._open_connections = open_connections
        self._foresee_vips = foresee_vips
        self._busy = asyncio.Lock()

    async def plan(self, load: Callable[[], Config]) -> PlannedReload:
        """Return what reading the configuration by *load* would change.

        Servers that are down are expected to stay so, all others to pass.
        """
        async with self._busy:
            try:
                return await self._planned(await in_thread(load))
            except ConfigRejected as rejected:
                problems = tuple(str(problem) for problem in rejected.problems)
                return PlannedReload(file=self._director.config.path, problems=problems)
            except NoThread as error:
                raise DirectorError(f"it cannot be read: {error.sentence}") from error

    async def _planned(self, config: Config) -> PlannedReload:
        director = self._director
        outcomes, believed = await self._expected(config)
        known = Circumstances(
            maintained=await _maintained(config),
            ours=frozenset(map(str, director.state.virtuals)),
            commanded=director.commanded,
        )
        found = await self._table.read()

        def compared() -> tuple[Forecast, tuple[Step, ...]]:
            told = forecast(config, found, outcomes, known)
            return told, tuple(steps_of(config, found, told))

        told, steps = await in_thread(compared)
        gone = [step.change.virtual for step in steps if isinstance(step.change, RemoveService)]
        return PlannedReload(
            file=config.path,
            steps=steps,
            connections={virtual: self._open_connections(virtual) for virtual in gone},
            believed=believed,
            maintained=known.maintained,
            untouched=told.untouched,
            vips=await self._foresee_vips(config),
            advice=tuple(advice.sentence for advice in advised(config, current)),
            refusal=too_much(services_in_force(director.config), config, director.config.reloadlimit, "reload"),
        )

    async def _expected(self, config: Config) -> tuple[dict[RealKey, Outcome], dict[RealKey, CheckedOnce]]:
        """Return what checks are expected to find of the servers of *config*, and who of them is believed down."""
        expected: dict[RealKey, Outcome] = {}
        believed: dict[RealKey, CheckedOnce] = {}
        passing = up()
        servers = (server for virtual in config.virtuals for server in virtual.servers)
        async for some in in_turns(servers, _SLICE):
            for key, real in some:
                health = self._director.health(key)
                expected[key] = passing
                if health is not None and health.state is State.DOWN:
                    outcome = expected[key] = down(health.reason, health.detail)
                    believed[key] = CheckedOnce(outcome, _asked(real.plan))
        return expected, believed


def _asked(plan: CheckPlan) -> str:
    return "" if isinstance(plan, Always | Never) else plan.probe_at(0).asked


async def _maintained(config: Config) -> dict[RealKey, str]:
    maintenance = Maintenance(lambda _event: None)
    try:
        return dict(await maintenance.look(config))
    finally:
        maintenance.close()
