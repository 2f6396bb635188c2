"""`maintenancedir`: a file named after a real server takes it out, as long as it is there."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from ldirectord_py.engine.admin.maintenance import MaintainedServers, servers_of
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.config import Config, Real
from ldirectord_py.model.events import Event, MaintenanceUnclear
from ldirectord_py.model.service import RealKey
from ldirectord_py.probing.schedule import Schedule
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.maintenance_files import MaintenanceFiles
from ldirectord_py.system.host_names import HostNames
from ldirectord_py.system.supervision import SideJob
from ldirectord_py.system.turns import in_turns

WATCHING_MAINTENANCE = SideJob("Watching maintenancedir", "maintenance stays as it is")
PATIENCE = 5.0
"""Seconds that a start or a reload waits for the names of hosts, if files bear any."""
MOST_TOLD = 20
"""Files that name nobody are told of one by one as long as they are no more than that."""

_CURE = "call it ADDRESS, ADDRESS:PORT or as the server's host, or remove it"
_FILES, _SERVERS, _ADDRESSES = 256, 32, 512  # taken in a turn of the loop: some 2 ms
_HOSTS_EVERY = 5.0
"""Seconds from one look for host names that may have changed to the next."""


class Maintenance:
    """Knows which servers are in maintenance, and keeps the director informed.

    The kernel tells of changes at once; for file systems that it does not speak for, such as NFS, and for
    directories that come later, the directory is read every `checkinterval` seconds as well.
    """

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._wake = asyncio.Event()
        self._looking = asyncio.Lock()
        self._hosts = HostNames(self._wake.set)
        self._asked_at = -_HOSTS_EVERY
        self._files: MaintenanceFiles | None = None
        self._maintained = MaintainedServers()
        self._config: Config | None = None
        """Whose servers are looked for."""
        self._addresses: tuple[IPAddress, ...] = ()
        self._changed: set[RealKey] | None = None
        """Of whom the director is to be told; None: it is to be compared with as a whole."""
        self._troubles: set[str] = set()
        self._strays: set[str] = set()

    async def look(self, config: Config) -> Mapping[RealKey, str]:
        """Return the servers of *config* that are in maintenance, and by which file."""
        if config.maintenancedir is None:
            return {}
        async with self._looking:
            await self._look(config, config.maintenancedir)
            if not self._hosts.complete:
                await self._hosts.wait(PATIENCE)
                await self._look_for_hosts()
                self._tell_strays()
            self._changed = None
            return dict(self._maintained.out)

    async def watch(self, director: Director, schedule: Schedule) -> None:
        """Have *director* take servers out and in as files come and go; runs until cancelled."""
        while True:
            self._wake.clear()
            config, begun = director.config, time.monotonic()
            async with self._looking:
                if config.maintenancedir is not None:
                    await self._look(config, config.maintenancedir)
                    await self._tell_director(director, schedule)
                else:
                    self._turn_to(None)
            # While thousands of files come one by one, the directory is not read for each of them.
            await asyncio.sleep(time.monotonic() - begun)
            with suppress(TimeoutError):
                async with asyncio.timeout(config.checkinterval):
                    await self._wake.wait()

    def look_again(self) -> None:
        """Have `watch` look at once: there is a new configuration."""
        self._wake.set()

    def close(self) -> None:
        """Let go of everything."""
        self._turn_to(None)

    def _turn_to(self, directory: str | None) -> MaintenanceFiles | None:
        """Watch *directory* from now on, and no other; return its files."""
        known = self._files.directory if self._files is not None else None
        if directory != known:
            if self._files is not None:
                self._files.close()
            self._files = MaintenanceFiles(directory, self._wake.set) if directory is not None else None
            self._maintained, self._config = MaintainedServers(), None
            self._troubles, self._strays = set(), set()
        return self._files

    async def _look(self, config: Config, directory: str) -> None:
        """Find out which files there are, and whom of *config* they name."""
        if (files := self._turn_to(directory)) is None:
            return
        news = await files.read()
        async for some in in_turns(news.gone, _FILES):
            self._note(self._maintained.remove(some))
        async for some in in_turns(news.come, _FILES):
            self._note(self._maintained.add(some))
        self._troubles = self._tell({*news.troubles, *filter(None, [self._hosts.trouble])}, self._troubles)
        if config is not self._config:
            await self._serve(config, files.names)
        await self._look_for_hosts()
        self._tell_strays()

    async def _serve(self, config: Config, names: frozenset[str]) -> None:
        """Have the servers of *config* be those that the files *names* are about."""
        servers: dict[IPAddress, list[tuple[RealKey, Real]]] = {}
        for _ in servers_of(config, servers):
            await asyncio.sleep(0)
        self._config, self._addresses, self._changed = config, tuple(servers), None
        self._asked_at = -_HOSTS_EVERY
        self._maintained.serve(servers)
        async for some in in_turns(names, _FILES):
            self._maintained.look_again(some)

    async def _look_for_hosts(self) -> None:
        """Have the names of hosts asked for where files bear such, and take in what has been answered."""
        now = time.monotonic()
        if self._maintained.needs_hosts and now - self._asked_at >= _HOSTS_EVERY:
            self._asked_at = now
            async for some in in_turns(self._addresses, _ADDRESSES):
                self._hosts.ask(some)
        async for changed in in_turns(self._hosts.news(), _FILES):
            for address in changed:
                self._note(self._maintained.call(address, self._hosts.known.get(address)))

    def _note(self, keys: set[RealKey]) -> None:
        if self._changed is not None:
            self._changed |= keys

    async def _tell_director(self, director: Director, schedule: Schedule) -> None:
        """Have *director* be as the files say, a few servers at a time, unless a reload comes in between."""
        out = self._maintained.out
        keys = [*out, *director.in_maintenance] if self._changed is None else self._changed
        self._changed = None
        async for some in in_turns(keys, _SERVERS):
            if director.config is not self._config:
                return
            schedule.exchange(director.maintain({key: out.get(key) for key in some}))
        self._changed = set()

    def _tell_strays(self) -> None:
        if self._maintained.needs_hosts and not self._hosts.complete:
            return
        strays = self._maintained.strays
        if len(strays) <= MOST_TOLD:
            told = {f"Maintenance file '{name}' names no real server: {_CURE}" for name in strays}
        else:
            told = {f"More than {MOST_TOLD} maintenance files name no real server: {_CURE}"}
        self._strays = self._tell(told, self._strays)

    def _tell(self, sentences: set[str], told: set[str]) -> set[str]:
        """Tell what has not been told while it lasted; return what has been told now."""
        for sentence in sorted(sentences - told):
            self._emit(MaintenanceUnclear(sentence))
        return sentences
