"""All that is kept of the past."""

import os
import time
from collections.abc import Callable

from ldirectord_py.model.events import Event
from ldirectord_py.observers.history.event_ring import EventRing


class History:
    """The last events, and the last checks of each server."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self.events = EventRing(os.urandom(8).hex(), clock=clock)

    def observe(self, event: Event) -> None:
        """Take note of *event*, which is no check."""
        self.events.observe(event)
