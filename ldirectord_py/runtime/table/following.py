"""The table follows what the engine decides: at once what has changed, and now and then as a whole."""

import asyncio
from collections.abc import Callable, Collection

from ldirectord_py.engine.inputs import Input, Written
from ldirectord_py.engine.state import EngineState
from ldirectord_py.model.events import Trigger
from ldirectord_py.model.service import VirtualKey
from ldirectord_py.runtime.table.reconciler import Reconciler
from ldirectord_py.system.turns import in_turns

_WRITTEN = 16
"""Virtual services of which the engine is told in one turn of the loop."""


class TableFollower:
    """Has the reconciler write what is to be written, and tells the engine when that is done."""

    def __init__(self, reconciler: Reconciler, state: Callable[[], EngineState], step: Callable[[Input], None]) -> None:
        """*state* returns the engine's state, which is another one after a start; *step* hands it an input."""
        self._reconciler = reconciler
        self._state = state
        self._step = step
        self._pending: set[VirtualKey] = set()
        self._wake = asyncio.Event()

    def note(self, virtuals: Collection[VirtualKey]) -> None:
        """Have `follow` write what is decided of *virtuals*; none: the engine waits to be told that all is written."""
        self._pending.update(virtuals)
        self._wake.set()

    async def follow(self) -> None:
        """Write each change to the table, as soon as it is known; runs until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            pending, self._pending = self._pending, set()
            await self.write(pending, Trigger.HEALTH)

    async def watch(self) -> None:
        """Compare the whole table every `reconcileinterval` seconds; runs until cancelled."""
        while True:
            config = self._state().config
            if seconds := config.reconcileinterval:
                await asyncio.sleep(seconds)
                await self._reconciler.reconcile()
            else:
                await asyncio.sleep(config.checkinterval)
                # What could not be written is tried again all the same.
                await self._reconciler.update((), Trigger.HEALTH)

    async def leave(self) -> None:
        """Take the services with `cleanstop` out of the table, and leave the others as they are.

        Also those go that the configuration has no more, if a reload was cut short before it could remove them.
        """
        state = self._state()
        cleaned = [virtual.key for virtual in state.config.virtuals if virtual.cleanstop]
        gone = [key for key in self._reconciler.known if key not in state.virtuals]
        await self._reconciler.remove([*cleaned, *gone], Trigger.STOP)

    async def write(self, virtuals: Collection[VirtualKey], trigger: Trigger, *, anew: bool = False) -> None:
        """Write what is decided of *virtuals*; *anew*: they are those of a start or a reload."""
        await self._reconciler.update(virtuals, trigger)
        async for some in in_turns(virtuals, _WRITTEN):
            self._step(Written(some))
        self._step(Written((), anew=anew, all=not anew and not self._pending))
