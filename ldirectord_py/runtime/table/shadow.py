"""The writer that writes nothing: it tells in what the table differs from what we would make of it."""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence

from ldirectord_py.engine.plan import drift, plan
from ldirectord_py.model.events import Agreed, Diverged, DriftKind, Event, Trigger
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import Change, Table, TableState
from ldirectord_py.runtime.table.reconciler import KnownTable, Wanted, slices

_Divergence = tuple[VirtualKey, RealKey | None]


class Shadow:
    """Follows a table that somebody else keeps.

    A divergence is told once, when it is seen first or becomes another one, and once more when it
    is over.  Servers that change their health make two daemons differ for a while: which of them
    was late, the times of the lines tell.
    """

    def __init__(self, _table: Table, known: KnownTable, wanted: Wanted, emit: Callable[[Event], None]) -> None:
        self._known = known
        self._wanted = wanted
        self._emit = emit
        self._diverging: dict[_Divergence, tuple[Change, float]] = {}

    @property
    def unfinished(self) -> bool:
        """See `Writer.unfinished`: whether the table differs."""
        return bool(self._diverging)

    async def update(self, virtuals: Collection[VirtualKey], _trigger: Trigger) -> None:
        """Compare *virtuals*."""
        await self._look(list(virtuals))

    async def retry(self, _trigger: Trigger) -> None:
        """Compare those that differed before."""
        await self._look([virtual for virtual, _ in self._diverging])

    async def reconcile(self) -> None:
        """Compare the whole table."""
        await self._look([*self._wanted.virtuals(), *(virtual for virtual, _ in self._diverging)])

    async def remove(self, virtuals: Sequence[VirtualKey], _trigger: Trigger) -> None:
        """Leave *virtuals* as they are."""

    async def _look(self, virtuals: Sequence[VirtualKey]) -> None:
        for some in slices(list(dict.fromkeys(virtuals)), self._known.services):
            found = await self._known.read(some)
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
                if stays_out and told.real is not None and self._wanted.may_stay_out(told.real):
                    self._wanted.taken_out(told.real)
                else:
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
