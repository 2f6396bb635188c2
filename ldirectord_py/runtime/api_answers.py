"""What a running director answers to those who ask it over the API."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ldirectord_py.model.snapshot import DaemonStatus, TableStatus
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.reloading import Reloader, ReloadResult
from ldirectord_py.system.sysctls import KernelSettings


class Reload(Protocol):
    """Carries a reload out."""

    async def __call__(self, by: str, *, force: bool) -> ReloadResult:
        """Return what became of it; *by* names who asks."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonFacts:
    """What is to be told of the process besides its director."""

    instance: str
    table: str
    """`kernel` or `memory`."""
    settings: KernelSettings
    healthy: Callable[[], bool]
    """Says whether checks make progress."""
    started: float = field(default_factory=time.time)


class ApiAnswers:
    """The state of the process besides its servers, and reloads."""

    def __init__(self, director: Director, reloader: Reloader, reload: Reload, facts: DaemonFacts) -> None:
        self._director = director
        self._reloader = reloader
        self._reload = reload
        self._facts = facts

    def status(self) -> DaemonStatus:
        """Say what runs, on which configuration, and what was wrong with the last one that was refused."""
        facts, reloader, config = self._facts, self._reloader, self._director.config
        reachable = self._director.reconciler.reachable
        return DaemonStatus(
            pid=os.getpid(),
            instance=facts.instance,
            config=config.path,
            started=facts.started,
            loaded=reloader.loaded,
            healthy=facts.healthy(),
            table=TableStatus(kind=facts.table, reachable=reachable, agrees=reachable),
            refused_at=reloader.refused_at or None,
            refused=tuple(str(problem) for problem in reloader.refused),
            sysctls=facts.settings.told(),
            reloadlimit=config.reloadlimit,
        )

    async def reload(self, *, force: bool, by: str) -> Mapping[str, Any]:
        """Reload, and say what changed or every problem."""
        result = await self._reload(by, force=force)
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
