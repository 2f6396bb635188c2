"""The kernel's sync daemons follow the director's role."""

import asyncio
import socket
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Protocol

from ldirectord_py.model.cluster.sync_daemon import StartedSync, SyncDaemon, SyncRole
from ldirectord_py.model.events import Event, SyncRefused, SyncStarted, SyncStopped
from ldirectord_py.runtime.director import Director
from ldirectord_py.system.supervision import SideJob

KEEPING_SYNC = SideJob("Keeping the sync daemon", "connections may be lost with a takeover")
_EVERY = 5.0
"""Seconds from one look to the next: somebody may end a daemon, or an interface may come."""


class SyncTable(Protocol):
    """Where sync daemons run; every method raises `TableUnavailable`."""

    async def sync_daemons(self) -> Sequence[SyncDaemon]:
        """Return those that run."""
        ...

    async def start_sync_daemon(self, daemon: SyncDaemon) -> str:
        """Have *daemon* run; return why it does not, empty: it does."""
        ...

    async def stop_sync_daemon(self, role: SyncRole) -> None:
        """End the one of *role*."""
        ...


class SyncDaemons:
    """Starts those that are wanted, and ends those that it has started; the others it leaves alone."""

    def __init__(self, table: SyncTable, director: Director, emit: Callable[[Event], None]) -> None:
        self._table = table
        self._director = director
        self._emit = emit
        self._own: dict[SyncRole, StartedSync] = {}
        self.running: Sequence[SyncDaemon] = ()
        """Those that run, as far as it is known."""
        self._refused: dict[SyncRole, str] = {}
        self._changed = asyncio.Event()

    @property
    def remembered(self) -> list[dict[str, Any]]:
        """What the state file keeps."""
        return [self._own[role].as_json() for role in sorted(self._own)]

    def take_over(self, before: Iterable[StartedSync]) -> None:
        """Have what the last director on this table has started be ours."""
        self._own = {one.daemon.role: one for one in before}

    def look_again(self) -> None:
        """Have `keep` look at once: the role, or the configuration, is another one."""
        self._changed.set()

    async def keep(self) -> None:
        """Have those run that are wanted; runs until cancelled, and raises `TableUnavailable`."""
        while True:
            self._changed.clear()
            await self.follow()
            with suppress(TimeoutError):
                async with asyncio.timeout(_EVERY):
                    await self._changed.wait()

    async def follow(self) -> None:
        """Compare once what runs with what is wanted, and make it so."""
        settings = self._director.config.cluster.sync
        if settings is None and not self._own:
            self.running = ()
            return
        wanted = {} if settings is None else {each.role: each for each in settings.wanted(self._director.role.role)}
        found = await self._found()
        for role in [role for role, one in self._own.items() if not _fits(one, wanted.get(role))]:
            await self._stop(found.pop(role))
        for daemon in wanted.values():
            await self._see_to(daemon, found)
        self._refused = {role: told for role, told in self._refused.items() if role in wanted}
        self.running = tuple(found.values())

    async def leave(self) -> None:
        """End those that the director has started."""
        if self._own:
            await self._found()
        for one in list(self._own.values()):
            await self._stop(one.daemon)

    async def _found(self) -> dict[SyncRole, SyncDaemon]:
        """Return what runs; what has been started and is not among it is not ours any more."""
        found = await self._running()
        self._own = {role: one for role, one in self._own.items() if found.get(role) == one.daemon}
        return found

    async def _see_to(self, wanted: SyncDaemon, running: dict[SyncRole, SyncDaemon]) -> None:
        """Have *wanted* run, if none of somebody else's is *running* in its place, and take down there that it does."""
        if wanted.role in self._own:
            return
        index, found = _index(wanted.device), running.get(wanted.role)
        if found is None:
            why = await self._table.start_sync_daemon(wanted)
        elif found.does(wanted):
            why = ""
        else:
            why = (
                f"the sync daemon ({wanted}) cannot be started: another one runs already, which this director has not"
                f" started ({found}); end it with `ipvsadm --stop-daemon {found.role}`, or have syncdaemon say the same"
            )
        if not why:
            # what the kernel has chosen itself, such as the group, is known only afterwards
            runs = running[wanted.role] = found or (await self._running()).get(wanted.role, wanted)
            self._own[wanted.role] = StartedSync(runs, index)
            self._refused.pop(wanted.role, None)
            self._emit(SyncStarted(wanted, found=found is not None))
        elif self._refused.get(wanted.role) != why:
            self._refused[wanted.role] = why
            self._emit(SyncRefused(wanted, why))

    async def _running(self) -> dict[SyncRole, SyncDaemon]:
        return {each.role: each for each in await self._table.sync_daemons()}

    async def _stop(self, daemon: SyncDaemon) -> None:
        await self._table.stop_sync_daemon(daemon.role)
        self._own.pop(daemon.role, None)
        self._emit(SyncStopped(daemon))


def _fits(one: StartedSync, wanted: SyncDaemon | None) -> bool:
    """Return whether *one* does what is *wanted*, on the interface that has its name now."""
    return wanted is not None and one.daemon.does(wanted) and one.index == _index(wanted.device)


def _index(device: str) -> int:
    """Return the number of an interface; 0: there is none of that name."""
    try:
        return socket.if_nametoindex(device)
    except OSError:
        return 0
