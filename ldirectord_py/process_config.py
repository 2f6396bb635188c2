"""The process's own part of a configuration: what has to be there before it comes in force, and what follows it then.

Ownership of services, listeners, the kernel's settings, recording and history: all besides checks and table.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from ldirectord_py.api_endpoints import ApiEndpoints
from ldirectord_py.cluster.vips.keeper import VipKeeper
from ldirectord_py.cluster.vips.wanted import wanted_vips
from ldirectord_py.engine.recording.items import Why
from ldirectord_py.model.cluster.vips import VipCause
from ldirectord_py.model.config import Config
from ldirectord_py.model.problems import Problem
from ldirectord_py.observers.history.history import History
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.recording.recorder import Recorder
from ldirectord_py.runtime.table.ownership import FILE, Ownership, open_ownership
from ldirectord_py.system.identity import network_namespace
from ldirectord_py.system.limits import ProcessLimits
from ldirectord_py.system.sysctls import KernelSettings, advised, current


@dataclass(kw_only=True)
class ProcessConfig:
    """Admits configurations, and has the process follow the one in force."""

    director: Director
    api: ApiEndpoints
    recorder: Recorder
    history: History
    settings: KernelSettings
    follow_role: Callable[[Config], Awaitable[None]]
    """Has the role come from where a new configuration says; the start has it already."""
    vips: VipKeeper
    limits: ProcessLimits
    warn: Callable[[str], None]
    shadow: bool
    """A shadow leaves to the active daemon what there can be once only."""
    kernel: bool
    """The table is the kernel's."""
    supervised: bool
    """As the process was started."""
    ownership: Ownership | None = field(default=None, init=False)
    troubles: list[str] = field(default_factory=list, init=False)
    """What the configuration in force asks for and has to do without."""
    _applied: bool = field(default=False, init=False)
    """A configuration has been in force before."""

    def open_ownership(self, run_dir: Path | None, pid_file: Path | None, stack: AsyncExitStack) -> None:
        """Have locks say which services of the kernel's table are ours; where there can be none, go on without."""
        if run_dir is not None and not self.shadow and self.kernel:
            self.ownership = open_ownership(run_dir / FILE, network_namespace(), pid_file, self.warn)
        if self.ownership is not None:
            stack.callback(self.ownership.close)

    async def admit(self, config: Config) -> tuple[Problem, ...]:
        """Return what keeps *config* from being put in force on this machine; raise `TableUnavailable`."""
        problems = await self.director.reconciler.missing_modules(config)
        if problems or self.ownership is None:
            return problems
        return await self.ownership.claim((virtual.key for virtual in config.virtuals), config.path)

    async def apply(self, config: Config) -> tuple[str, ...]:
        """Have what is the process's own follow *config*; return what does not, and why."""
        # A shadow has the configuration of a running daemon, which listens there already: it warns, and goes on.
        if self.ownership is not None:
            self.ownership.keep([virtual.key for virtual in config.virtuals])
        complaints = (*await self.api.follow(config), self.limits.complaint(len(self.director.plans)))
        self.troubles = [complaint for complaint in complaints if complaint]
        notes = [*self.troubles, *self._kernel_notes(config)]
        vips = await self._follow_vips(config)
        self._record(config)
        self.history.follow(config)
        if config.supervised != self.supervised:
            notes.append("supervised has changed: that takes effect at the next start")
        told = tuple(note for note in notes if note)
        for note in told:
            self.warn(note)
        return (*told, *vips)

    async def _follow_vips(self, config: Config) -> Sequence[str]:
        """Have the role be as *config* says, and VIPs come and go; return what is wrong with them, which has been told.

        At the start that begins later, when the table is written.
        """
        if self._applied:
            await self.follow_role(config)
        if self.shadow or not self.kernel:
            return ()
        self.vips.follow(wanted_vips(config), VipCause.RELOAD if self._applied else VipCause.START)
        return await self.vips.settled() if self._applied else ()

    def _kernel_notes(self, config: Config) -> list[str]:
        """Have the kernel's settings be as *config* needs them, or say what it would take."""
        if self.shadow or not self.kernel:
            return []
        advice = advised(config, current)
        return [self.settings.put(each) if config.sysctls else each.sentence for each in advice]

    def _record(self, config: Config) -> None:
        if not self.shadow:
            self.recorder.follow(config.record, Why.ON if self._applied else Why.START)
            self.director.recorder = self.recorder if config.record else None
        self._applied = True
