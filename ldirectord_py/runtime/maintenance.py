"""`maintenancedir`: a file named after a real server takes it out, as long as it is there."""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress

from ldirectord_py.aside import aside
from ldirectord_py.engine.maintenance import FileNames, Found
from ldirectord_py.model.config import Config
from ldirectord_py.model.events import Event, MaintenanceUnclear
from ldirectord_py.model.service import RealKey
from ldirectord_py.probing.schedule import Schedule
from ldirectord_py.runtime.director import Director
from ldirectord_py.runtime.host_names import HostNames
from ldirectord_py.runtime.inotify import DirectoryWatch

PATIENCE = 5.0
"""Seconds that a start or a reload waits for the directory, and as many for the names of hosts if files bear any."""

_CURE = "call it ADDRESS, ADDRESS:PORT or as the server's host, or remove it"


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
        self._directory: str | None = None
        self._names = FileNames(())
        """Of the files in the directory when it was last read."""
        self._watch: DirectoryWatch | None = None
        self._readings: dict[str, asyncio.Future[list[str]]] = {}
        self._found: tuple[Config, FileNames, int, Found] | None = None
        self._troubles: set[str] = set()
        self._strays: set[str] = set()

    async def look(self, config: Config) -> Mapping[RealKey, str]:
        """Return the servers of *config* that are in maintenance, and by which file."""
        if config.maintenancedir is None:
            return {}
        async with self._looking:
            await self._read(config.maintenancedir)
            found = self._find(config)
            if not self._hosts.settled:
                await self._hosts.wait(PATIENCE)
                found = self._find(config)
            return found

    async def watch(self, director: Director, schedule: Schedule) -> None:
        """Have *director* take servers out and in as files come and go; runs until cancelled."""
        while True:
            self._wake.clear()
            config = director.config
            async with self._looking:
                if config.maintenancedir is not None:
                    await self._read(config.maintenancedir)
                    if config is director.config and director.maintain(self._find(config)):
                        schedule.retarget(director.polled)
                else:
                    self._turn_to(None)
            with suppress(TimeoutError):
                async with asyncio.timeout(config.checkinterval):
                    await self._wake.wait()

    def look_again(self) -> None:
        """Have `watch` look at once: there is a new configuration."""
        self._wake.set()

    def close(self) -> None:
        """Let go of everything."""
        self._turn_to(None)

    def _turn_to(self, directory: str | None) -> None:
        if directory != self._directory:
            self._directory = directory
            self._names, self._found = FileNames(()), None
            self._troubles, self._strays = set(), set()
            if self._watch is not None:
                self._watch.close()
                self._watch = None

    async def _read(self, directory: str) -> None:
        """Learn which files are in *directory*, and see to it that its changes are told."""
        self._turn_to(directory)
        troubles: set[str] = set()
        if self._watch is None:
            try:
                self._watch = DirectoryWatch(self._wake.set)
            except OSError as error:
                troubles.add(f"Maintenance files are not noticed at once: inotify cannot be used: {error.strerror}")
        names: tuple[str, ...] | None = None
        try:
            names = tuple(sorted(await self._listing(directory)))
        except (FileNotFoundError, NotADirectoryError):
            names = ()
            troubles.add(f"Maintenance directory {directory} does not exist: no server is in maintenance")
        except OSError as error:  # a TimeoutError as well
            # That they cannot be seen does not mean that the files have gone.
            why = error.strerror or "it does not answer"
            troubles.add(f"Maintenance directory {directory} cannot be read, so maintenance stays as it is: {why}")
        if names is not None and names != self._names.given:
            self._names = FileNames(names)
        self._troubles = self._tell(troubles, self._troubles)

    async def _listing(self, directory: str) -> list[str]:
        """Return the directory's entries; raise OSError, `TimeoutError` where it does not answer."""
        reading = self._readings.pop(directory, None)
        if reading is not None and reading.done():
            reading.exception()  # of another time; asked for, since the loop would tell of it as nobody's
            reading = None
        if reading is None:
            reading = aside(lambda: _listed(directory, self._watch))
        done, _ = await asyncio.wait({reading}, timeout=PATIENCE)
        if not done:
            self._readings[directory] = reading  # one thread that hangs is enough
            raise TimeoutError
        return reading.result()

    def _find(self, config: Config) -> Mapping[RealKey, str]:
        names = self._names
        if names.hosts:
            self._hosts.ask({real.endpoint.address for virtual in config.virtuals for real in virtual.reals})
        known = (config, names, self._hosts.version)
        if self._found is None or any(old is not new for old, new in zip(self._found, known, strict=False)):
            self._found = (*known, names.find(config, self._hosts.known))
        found = self._found[-1]
        if self._hosts.settled or not names.hosts:
            strays = {f"Maintenance file '{name}' names no real server: {_CURE}" for name in found.strays}
            self._strays = self._tell(strays, self._strays)
        return found.out

    def _tell(self, sentences: set[str], told: set[str]) -> set[str]:
        """Tell what has not been told while it lasted; return what has been told now."""
        for sentence in sorted(sentences - told):
            self._emit(MaintenanceUnclear(sentence))
        return sentences


def _listed(directory: str, watch: DirectoryWatch | None) -> list[str]:
    if watch is not None:
        with suppress(OSError):  # reading the directory will say what is wrong, or that nothing is
            watch.add(directory)  # first, so that no change falls between the two
    return os.listdir(directory)  # noqa: PTH208  # names are all that is wanted
