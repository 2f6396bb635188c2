"""All that is kept of the past."""

import os
import time
from collections.abc import Callable, Container

from ldirectord_py.model.events import Event
from ldirectord_py.model.service import RealKey
from ldirectord_py.observers.history.event_ring import EventRing
from ldirectord_py.observers.history.exchanges import Exchanges


class History:
    """The last events, and the last checks of each server; *configured* returns the servers there are now."""

    def __init__(self, configured: Callable[[], Container[RealKey]], *, clock: Callable[[], float] = time.time) -> None:
        self.events = EventRing(os.urandom(8).hex(), clock=clock)
        self.exchanges = Exchanges(configured, clock=clock)

    def observe(self, event: Event) -> None:
        """Take note of *event*, which is no check."""
        self.events.observe(event)
