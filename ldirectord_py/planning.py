"""What a configuration would change, found out without changing it: a composition of its own, smaller than `app`."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from ldirectord_py.cluster.role.following import RoleFollower
from ldirectord_py.cluster.vips.foreseeing import foreseen_vips
from ldirectord_py.cluster.vips.vip_book import VipBook
from ldirectord_py.engine.forecast import Circumstances, forecast
from ldirectord_py.engine.plan_steps import steps_of
from ldirectord_py.ipvs.kernel import KernelTable
from ldirectord_py.model.checks.outcome import CheckedOnce, up
from ldirectord_py.model.cluster.role import Role, RoleStatus
from ldirectord_py.model.commands import NOTHING_COMMANDED, Commands
from ldirectord_py.model.config import Config
from ldirectord_py.model.plan_steps import PlannedReload, VipStep
from ldirectord_py.model.service import RealKey
from ldirectord_py.probing.checking import checking
from ldirectord_py.runtime.check_once import check_once
from ldirectord_py.runtime.maintenance import Maintenance
from ldirectord_py.runtime.predecessor import StateReading, role_before, vips_before
from ldirectord_py.system.limits import limits
from ldirectord_py.system.sysctls import advised, current


async def planned_changes(
    config: Config,
    *,
    check: bool,
    ours: Collection[str] = (),
    commanded: Commands = NOTHING_COMMANDED,
    believed: Mapping[RealKey, CheckedOnce] = MappingProxyType({}),
) -> PlannedReload:
    """Return what *config* would change in the kernel's table, which is only read; with *check*, ask each real once.

    *ours* names the services that a daemon keeps, and would remove where *config* does not name them; *commanded* is
    what operators have said, and *believed* what the daemon has found of servers that it takes for down.

    Raises `TableUnavailable`.
    """
    table = KernelTable.open()
    try:
        found = await table.read()
        named = {virtual.key for virtual in config.virtuals}
        leaving = [virtual for virtual in found if virtual not in named and str(virtual) in ours]
        counted = await table.traffic(leaving)
    finally:
        table.close()
    checked = None
    if check:
        async with asyncio.TaskGroup() as tasks:
            # a crash is told as the check's outcome
            checked = await check_once(config, partial(checking, tasks, limits(), crashed=lambda _probe, _error: None))
    maintenance = Maintenance(lambda _event: None)
    try:
        maintained = await maintenance.look(config)
    finally:
        maintenance.close()
    found_out = _expected(config, believed) if checked is None else checked
    outcomes = None if found_out is None else {key: one.outcome for key, one in found_out.items()}
    told = forecast(config, found, outcomes, Circumstances(maintained=maintained, ours=ours, commanded=commanded))
    return PlannedReload(
        file=config.path,
        steps=tuple(steps_of(config, found, told)),
        connections={virtual: traffic.open for virtual, traffic in counted.items()},
        checked=checked,
        believed={} if check else believed,
        maintained=maintained,
        untouched=told.untouched,
        advice=tuple(advice.sentence for advice in advised(config, current)),
    )


async def planned_vips(config: Config, files: Sequence[StateReading]) -> Sequence[VipStep]:
    """Return what *config* would do with VIPs now; *files* are the state files that a daemon on it may have.

    Raises `DirectorError`.
    """
    book = VipBook(lambda _event: None)
    book.take_over(one for file in files for one in vips_before(file))
    before = next(filter(None, map(role_before, files)), None)
    follower = RoleFollower(lambda: config, RoleStatus, lambda _taken: None, lambda _event: None)
    role = await follower.first(config, before)
    return await foreseen_vips(config, tuple(book.added.values()), active=role.role is Role.ACTIVE)


def _expected(config: Config, believed: Mapping[RealKey, CheckedOnce]) -> Mapping[RealKey, CheckedOnce] | None:
    """Return what checks are expected to find: what is believed of those that are down, and that all others pass."""
    if not believed:
        return None
    passing = CheckedOnce(up(), "")
    return {key: believed.get(key, passing) for virtual in config.virtuals for key in virtual.keys}
