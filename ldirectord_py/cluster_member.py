"""What a director is among others: its role, the kernel's sync daemons and its VIPs, which follow the role."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from ldirectord_py.cluster.role.following import FOLLOWING_ROLE, RoleFollower
from ldirectord_py.cluster.vips.foreseeing import foreseen_vips
from ldirectord_py.cluster.vips.keeper import KEEPING_VIPS, VipKeeper
from ldirectord_py.engine.inputs import RoleTaken
from ldirectord_py.ipvs.kernel import KernelTable
from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.cluster.sync_daemon import SyncDaemon
from ldirectord_py.model.config import Config
from ldirectord_py.model.events import Event, Reloaded, RoleChanged
from ldirectord_py.model.plan_steps import VipStep
from ldirectord_py.model.table import Table
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.predecessor import Predecessor
from ldirectord_py.runtime.sync_daemons import KEEPING_SYNC, SyncDaemons
from ldirectord_py.system.supervision import SideJob, Work


class ClusterMember:
    """Follows the role, and has what depends on it follow; a shadow leaves all that to the daemon that it shadows."""

    def __init__(
        self,
        director: Director,
        table: Table,
        emit: Callable[[Event], None],
        remember: Callable[[], Awaitable[None]],
        *,
        shadow: bool,
    ) -> None:
        """*remember* writes what `left` returns to the state file."""
        self.vips = VipKeeper(emit, remember)
        self._director = director
        self._shadow = shadow
        self._kernel = isinstance(table, KernelTable)
        self._role = RoleFollower(lambda: director.config, lambda: director.role, director.take_role, emit)
        self._sync = SyncDaemons(table, director, emit) if isinstance(table, KernelTable) and not shadow else None

    @property
    def sync_daemons(self) -> Sequence[SyncDaemon]:
        """The kernel's sync daemons that run, if the director looks after any."""
        return self._sync.running if self._sync else ()

    @property
    def left(self) -> Mapping[str, Any]:
        """What outlives the process: the next director on this machine takes it over."""
        return {"sync": self._sync.remembered if self._sync else [], "vips": self.vips.book.remembered}

    async def first_role(self, before: Predecessor) -> RoleTaken | None:
        """Take over what the last director left, as *before* tells; return the role to begin with."""
        if self._shadow:  # it takes no lines out of a pipe, and tells nobody anyway
            return None
        if self._sync is not None:
            self._sync.take_over(before.sync)
        role = await self._role.first(self._director.config, before.role)
        self.vips.take_role(active=role.role is Role.ACTIVE)
        return role

    async def follow_role(self, config: Config) -> None:
        """Have the role come from where *config* says, which has come in force."""
        if not self._shadow:
            await self._role.turn_to(config)

    async def foreseen_vips(self, config: Config) -> Sequence[VipStep]:
        """Return what would be done with VIPs if *config* were put in force now; see `foreseen_vips`."""
        if self._shadow or not self._kernel:
            return ()
        active = await self._role.foreseen(config) is Role.ACTIVE
        return await foreseen_vips(config, tuple(self.vips.book.added.values()), active=active)

    def jobs(self) -> Iterator[tuple[SideJob, Work]]:
        """Yield what is to be done all the time."""
        if not self._shadow:
            yield FOLLOWING_ROLE, self._role.keep
        if self._sync is not None:
            yield KEEPING_SYNC, self._sync.keep
        yield KEEPING_VIPS, self.vips.keep

    def follow(self, event: Event) -> None:
        """Go by another role, or another configuration."""
        if isinstance(event, RoleChanged | Reloaded) and self._sync is not None:
            self._sync.look_again()
        if isinstance(event, RoleChanged):
            self.vips.take_role(active=event.after is Role.ACTIVE)
        if isinstance(event, Reloaded):
            self._role.look_again()

    async def leave(self) -> None:
        """End the sync daemons that were started."""
        if self._sync is not None:
            await self._sync.leave()
