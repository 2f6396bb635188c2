"""What a configuration would change, found out without changing it: a composition of its own, smaller than `app`."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from ldirectord_py.engine.forecast import Circumstances, Forecast, forecast
from ldirectord_py.ipvs.kernel import KernelTable
from ldirectord_py.model.checks.outcome import up
from ldirectord_py.model.commands import NOTHING_COMMANDED, Commands
from ldirectord_py.model.config import Config
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import TableState
from ldirectord_py.probing.checking import checking
from ldirectord_py.runtime.check_once import CheckedOnce, check_once
from ldirectord_py.runtime.maintenance import Maintenance
from ldirectord_py.system.limits import limits


@dataclass(frozen=True, slots=True)
class PlannedChanges:
    """What a start on a configuration, or a reload, would do."""

    forecast: Forecast
    found: TableState
    """The table as it is now."""
    checked: Mapping[RealKey, CheckedOnce] | None
    """What one check of each server found; None: they were not asked."""
    maintained: Mapping[RealKey, str]
    """The servers in maintenance, and the name of the file that takes each out."""
    connections: Mapping[VirtualKey, int] = field(default_factory=dict)
    """Those of each service that would be removed."""
    believed: Mapping[RealKey, CheckedOnce] = field(default_factory=dict)
    """The servers that the daemon at work has found down, if they were not asked."""


async def planned_changes(
    config: Config,
    *,
    check: bool,
    ours: Collection[str] = (),
    commanded: Commands = NOTHING_COMMANDED,
    believed: Mapping[RealKey, CheckedOnce] = MappingProxyType({}),
) -> PlannedChanges:
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
    connections = {virtual: traffic.open for virtual, traffic in counted.items()}
    return PlannedChanges(told, found, checked, maintained, connections, {} if check else believed)


def _expected(config: Config, believed: Mapping[RealKey, CheckedOnce]) -> Mapping[RealKey, CheckedOnce] | None:
    """Return what checks are expected to find: what is believed of those that are down, and that all others pass."""
    if not believed:
        return None
    passing = CheckedOnce(up(), "")
    return {key: believed.get(key, passing) for virtual in config.virtuals for key in virtual.keys}
