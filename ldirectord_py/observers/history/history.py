"""All that is kept of the past."""

import os
import time
from collections.abc import Callable, Container
from pathlib import Path

from ldirectord_py.model.config import Config
from ldirectord_py.model.events import Event
from ldirectord_py.model.service import RealKey
from ldirectord_py.observers.history.event_ring import EventRing
from ldirectord_py.observers.history.event_writer import EventWriter, HistoryTarget
from ldirectord_py.observers.history.exchanges import Exchanges


class History:
    """The last events, and the last checks of each server; *configured* returns the servers there are now.

    Events are kept in a file too if *in_file* allows it and the configuration names one; what becomes of that file is
    *tell*-ed.
    """

    def __init__(
        self,
        configured: Callable[[], Container[RealKey]],
        tell: Callable[[Event], None],
        *,
        in_file: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.events = EventRing(os.urandom(8).hex(), clock=clock)
        self.exchanges = Exchanges(configured, clock=clock)
        self._in_file = in_file
        self._writer = EventWriter(self.events, tell)

    def observe(self, event: Event) -> None:
        """Take note of *event*, which is no check."""
        self.events.observe(event)

    async def restore(self, config: Config, warn: Callable[[str], None]) -> None:
        """Begin with the events of earlier starts that are in the file; to be called before anything happens."""
        if complaint := await self._writer.restore(self._target(config)):
            warn(complaint)

    def follow(self, config: Config) -> None:
        """Have events written where *config* says."""
        self._writer.follow(self._target(config))

    async def keep(self) -> None:
        """Write events as they come; see `EventWriter.keep`."""
        await self._writer.keep()

    async def finish(self) -> None:
        """Write what waits, but do not wait long for it."""
        await self._writer.finish()

    def _target(self, config: Config) -> HistoryTarget | None:
        if config.historyfile is None or not self._in_file:
            return None
        return HistoryTarget(Path(config.historyfile), config.historysize * 2**20)
