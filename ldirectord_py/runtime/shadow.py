"""A keeper that writes nothing: it tells in what the table differs from what it would make of it."""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence

from ldirectord_py.engine.plan import drift, plan
from ldirectord_py.model.events import Agreed, Cause, Diverged, DriftKind, Event
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import Change, Table, TableState
from ldirectord_py.runtime.keeper import Keeper, Wanted, slices

_Divergence = tuple[VirtualKey, RealKey | None]


class Shadow(Keeper):
    """Follows a table that somebody else keeps.

    A divergence is told once, when it is seen first or becomes another one, and once more when it
    is over.  Servers that change their health make two daemons differ for a while: which of them
    was late, the times of the lines tell.
    """

    def __init__(self, table: Table, wanted: Wanted, emit: Callable[[Event], None]) -> None:
        super().__init__(table, wanted, emit)
        self._diverging: dict[_Divergence, tuple[Change, float]] = {}

    async def settle(self, virtuals: Collection[VirtualKey], cause: Cause) -> None:
        """Compare *virtuals*, and those that differed before."""
        del cause
        async with self._writing:
            before = {virtual for virtual, _ in self._diverging}
            await self._reaching(self._look([*virtuals, *(before - set(virtuals))]))

    async def reconcile(self) -> None:
        """Compare the whole table."""
        async with self._writing:
            await self._reaching(self._look([*self._followed(), *(virtual for virtual, _ in self._diverging)]))

    async def remove(self, virtuals: Sequence[VirtualKey], cause: Cause) -> None:
        """Leave *virtuals* as they are."""

    def _followed(self) -> list[VirtualKey]:
        return list(self._wanted.virtuals())

    async def _look(self, virtuals: Sequence[VirtualKey]) -> None:
        for some in slices(list(dict.fromkeys(virtuals)), self.known):
            found = await self._learn(some)
            for virtual in some:
                self._compare_one(virtual, found)
            await asyncio.sleep(0)  # checks first

    def _compare_one(self, virtual: VirtualKey, found: TableState) -> None:
        now = time.monotonic()
        differing: dict[_Divergence, Change] = {}
        wanted = self._wanted.service(virtual)
        if wanted is not None:
            for change in plan({virtual: wanted}, found):
                told = drift(change, found)
                stays_out = told.kind is DriftKind.MISSING_DESTINATION and told.real is not None
                if not (stays_out and told.real is not None and self._wanted.may_stay_out(told.real)):
                    differing[virtual, told.real] = change
        for place, (_, since) in [item for item in self._diverging.items() if item[0][0] == virtual]:
            if place not in differing:
                del self._diverging[place]
                if wanted is not None:
                    self._emit(Agreed(*place, now - since))
        for place, change in differing.items():
            before = self._diverging.get(place)
            if before is None or before[0] != change:
                self._diverging[place] = (change, before[1] if before else now)
                self._emit(Diverged(*place, change, drift(change, found).sentence))
