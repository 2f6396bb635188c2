"""What a running director answers to those who control it."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ldirectord_py.model.table import Table
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.reconciler import slices
from ldirectord_py.runtime.reloading import Reloader, ReloadResult
from ldirectord_py.system.sysctls import KernelSettings

Reply = Mapping[str, Any]
Reload = Callable[[bool, str], Awaitable[ReloadResult]]
"""Carries a reload out, forced or not, for whom the text names."""


class ControlCommands:
    """The commands `status`, `reload` and `owned`."""

    def __init__(
        self, director: Director, reloader: Reloader, table: Table, reload: Reload, settings: KernelSettings
    ) -> None:
        self._director = director
        self._reloader = reloader
        self._table = table
        self._reload = reload
        self._settings = settings

    async def status(self, _request: Reply, _client: str) -> Reply:
        """Say what runs, on which configuration, and what was wrong with the last one that was refused."""
        return {
            "pid": os.getpid(),
            "config": self._director.config.path,
            "loaded": self._reloader.loaded,
            "reloadlimit": self._director.config.reloadlimit,
            "refused_at": self._reloader.refused_at,
            "refused": [str(problem) for problem in self._reloader.refused],
            "sysctls": self._settings.told(),
        }

    async def reload(self, request: Reply, client: str) -> Reply:
        """Reload, and say what changed or every problem."""
        result = await self._reload(request.get("force") is True, client)
        changes = result.differences
        return {
            "in_force": not result.problems,
            "problems": [str(problem) for problem in result.problems],
            "warnings": [str(problem) for problem in result.warnings],
            "notes": list(result.notes),
            "added": [str(key) for key in changes.added],
            "removed": [str(key) for key in changes.removed],
            "changed": [str(key) for key in changes.changed],
        }

    async def owned(self, _request: Reply, _client: str) -> Reply:
        """List the virtual services that are ours as the table has them, with their servers and connections."""
        virtuals = list(self._director.virtuals())
        told: dict[str, list[Reply]] = {str(virtual): [] for virtual in virtuals}
        for some in slices(virtuals, self._director.reconciler.known):
            found = await self._table.read(some)
            connections = await self._table.connections(some)
            for virtual, service in found.items():
                counted = connections.get(virtual, {})
                told[str(virtual)] = [
                    {
                        "real": str(real),
                        "weight": destination.weight,
                        "connections": counted[real].open if real in counted else 0,
                    }
                    for real, destination in service.destinations.items()
                ]
            await asyncio.sleep(0)  # checks first
        return {"virtuals": [{"virtual": virtual, "reals": reals} for virtual, reals in told.items()]}
