"""The sync daemons follow the role, and the kernel is asked no more often than that takes."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address

from ldirectord_py.config.load import parse
from ldirectord_py.engine.inputs import RoleTaken
from ldirectord_py.ipvs.memory import MemoryTable
from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.cluster.sync_daemon import SyncDaemon, SyncRole
from ldirectord_py.model.events import Event, SyncRefused, SyncStarted, SyncStopped
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.sync_daemons import SyncDaemons

CONFIG = b"role = /run/role\nsyncdaemon = lo id=7\nvirtual=192.0.2.1:80\n\treal=192.0.2.11:80 masq\n\tservice=http\n"
GROUP = ip_address("224.0.0.81")


class Kernel:
    """Sync daemons, and how often they were read; the kernel chooses a group where none is named."""

    def __init__(self, *running: SyncDaemon) -> None:
        self.running = {one.role: one for one in running}
        self.reads = 0

    async def sync_daemons(self) -> Sequence[SyncDaemon]:
        self.reads += 1
        return tuple(self.running.values())

    async def start_sync_daemon(self, daemon: SyncDaemon) -> str:
        self.running[daemon.role] = replace(daemon, group=daemon.group or GROUP)
        return ""

    async def stop_sync_daemon(self, role: SyncRole) -> None:
        del self.running[role]


def looked_after(kernel: Kernel, events: list[Event]) -> tuple[SyncDaemons, Director]:
    director = Director(parse(CONFIG, "web.cf"), MemoryTable(), events.append)
    director.take_role(RoleTaken(Role.STANDBY, "/run/role"))
    return SyncDaemons(kernel, director, events.append), director


async def test_the_kernel_is_read_once_where_nothing_has_to_change() -> None:
    kernel, events = Kernel(), list[Event]()
    daemons, _ = looked_after(kernel, events)
    await daemons.follow()
    assert [each.role for each in daemons.running] == [SyncRole.BACKUP]
    assert [each.group for each in daemons.running] == [GROUP]  # as the kernel has it
    kernel.reads = 0
    await daemons.follow()
    assert kernel.reads == 1
    assert [each.role for each in daemons.running] == [SyncRole.BACKUP]


async def test_what_is_told_as_running_is_what_runs_after_the_role_has_changed() -> None:
    kernel, events = Kernel(), list[Event]()
    daemons, director = looked_after(kernel, events)
    await daemons.follow()
    director.take_role(RoleTaken(Role.ACTIVE, "/run/role"))
    await daemons.follow()
    assert tuple(daemons.running) == tuple(kernel.running.values())
    assert [each.role for each in daemons.running] == [SyncRole.MASTER]
    assert [type(each) for each in events if isinstance(each, SyncStarted | SyncStopped)] == [
        SyncStarted,
        SyncStopped,
        SyncStarted,
    ]


async def test_one_of_somebody_else_is_told_as_running_too() -> None:
    other = SyncDaemon(role=SyncRole.BACKUP, device="lo", sync_id=3, group=GROUP)
    kernel, events = Kernel(other), list[Event]()
    daemons, _ = looked_after(kernel, events)
    await daemons.follow()
    await daemons.follow()
    assert list(daemons.running) == [other]
    assert sum(isinstance(each, SyncRefused) for each in events) == 1
    await daemons.leave()
    assert list(kernel.running.values()) == [other]
