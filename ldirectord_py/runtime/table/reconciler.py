"""The reconciler: has the table be what is wanted, on each change and again every few seconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol

from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import TableUnavailable
from ldirectord_py.model.events import Event, Reconciled, TableBack, TableLost, Trigger
from ldirectord_py.model.problems import Problem
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import Change, Service, Table, TableState
from ldirectord_py.runtime.table.modules import missing_modules

_SLICE = 256  # destinations compared in one turn of the loop


class Wanted(Protocol):
    """What is asked and told of the engine; see `wanted.WantedTable`."""

    def virtuals(self) -> Iterable[VirtualKey]:
        """Return the virtuals that are ours now."""
        ...

    def servers(self, virtual: VirtualKey) -> int:
        """Return how many real servers *virtual* has in the configuration."""
        ...

    def service(self, virtual: VirtualKey) -> Service | None:
        """Return what *virtual* should be now; None where it is not ours any more."""
        ...

    def is_fallback(self, change: Change) -> bool:
        """Return whether *change* is about a fallback server."""
        ...

    def may_stay_out(self, real: RealKey) -> bool:
        """Return whether *real*, which somebody took out of the table, may stay out."""
        ...

    def taken_out(self, real: RealKey) -> None:
        """Know that somebody took *real* out of the table, and that it stays out."""
        ...

    def set_by_hand(self, real: RealKey, weight: int) -> bool:
        """Know that somebody gave *real* another *weight* in the table; return whether that is respected."""
        ...


class KnownTable:
    """The services that are ours, as the table was last written or read."""

    def __init__(self, table: Table) -> None:
        self.services: dict[VirtualKey, Service] = {}
        self._table = table

    async def read(self, virtuals: Sequence[VirtualKey]) -> TableState:
        """Read *virtuals* anew, and return what is there; raise `TableUnavailable`."""
        found = await self._table.read(virtuals)
        for virtual in virtuals:
            if virtual in found:
                self.services[virtual] = found[virtual]
            else:
                self.services.pop(virtual, None)
        return found


class Writer(Protocol):
    """What is done about differences; each raises `TableUnavailable`."""

    @property
    def unfinished(self) -> bool:
        """Whether there are differences of which nothing could be done yet."""
        ...

    async def update(self, virtuals: Collection[VirtualKey], trigger: Trigger) -> None:
        """See to *virtuals*, of which something else may be wanted than before."""
        ...

    async def retry(self, trigger: Trigger) -> None:
        """Try again what could not be done."""
        ...

    async def reconcile(self) -> None:
        """See to the whole table, which somebody else may have changed."""
        ...

    async def remove(self, virtuals: Sequence[VirtualKey], trigger: Trigger) -> None:
        """See to *virtuals*, which are to leave the table."""
        ...


MakeWriter = Callable[[Table, KnownTable, Wanted, Callable[[Event], None]], Writer]


class Reconciler:
    """Has a writer see to the table, one thing at a time, and tells when the table gets lost or comes back."""

    def __init__(self, table: Table, wanted: Wanted, emit: Callable[[Event], None], writer: MakeWriter) -> None:
        self._table = table
        self._wanted = wanted
        self._emit = emit
        self._known = KnownTable(table)
        self._writer = writer(table, self._known, wanted, emit)
        self._writing = asyncio.Lock()
        self._lost = False

    @property
    def known(self) -> dict[VirtualKey, Service]:
        """The services that are ours, as the table was last written or read."""
        return self._known.services

    @property
    def reachable(self) -> bool:
        """Whether the table could be read and written the last time."""
        return not self._lost

    @property
    def agrees(self) -> bool:
        """Whether the table had what is wanted when it was last written or read."""
        return self.reachable and not self._writer.unfinished

    async def learn(self, virtuals: Sequence[VirtualKey]) -> TableState:
        """Read *virtuals* into *known*, and return what is there; raise `TableUnavailable`."""
        async with self._writing:
            return await self._known.read(virtuals)

    async def missing_modules(self, config: Config) -> tuple[Problem, ...]:
        """Return what of *config* the kernel could not set up; raise `TableUnavailable`."""
        return await missing_modules(config, self._table)

    async def update(self, virtuals: Collection[VirtualKey], trigger: Trigger) -> None:
        """Make *virtuals* as they are wanted, and what could not be made so before.

        A few at a time: one whose server changes its health meanwhile does not wait for all the others.
        """
        for some in slices(list(virtuals), self.known, self._wanted.servers):
            await self._reach(partial(self._writer.update, some, trigger))
            await asyncio.sleep(0)  # checks first
        await self._reach(partial(self._writer.retry, trigger))

    async def reconcile(self) -> None:
        """Compare the whole table with what we left there, tell what differs, and repair it."""
        begun = time.monotonic()
        if await self._reach(self._writer.reconcile):
            self._emit(Reconciled(time.monotonic() - begun))

    async def remove(self, virtuals: Sequence[VirtualKey], trigger: Trigger) -> None:
        """Take *virtuals* out of the table, as far as they are in it."""
        await self._reach(partial(self._writer.remove, virtuals, trigger))

    async def _reach(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Do *work*, and tell when the table gets lost or comes back; return whether it was reached."""
        try:
            async with self._writing:
                await work()
        except TableUnavailable as error:
            if not self._lost:
                self._lost = True
                self._emit(TableLost(str(error)))
            return False
        if self._lost:
            self._lost = False
            self._emit(TableBack())
        return True


def slices(
    virtuals: Sequence[VirtualKey],
    known: Mapping[VirtualKey, Service],
    servers: Callable[[VirtualKey], int] = lambda _virtual: 0,
) -> Iterator[list[VirtualKey]]:
    """Cut *virtuals* into slices of about so many destinations as one turn of the loop may take.

    Counted are those that are *known*, or so many *servers* as the configuration has, if those are more.
    """
    some: list[VirtualKey] = []
    size = 0
    for virtual in virtuals:
        some.append(virtual)
        size += 1 + max(len(known[virtual].destinations) if virtual in known else 0, servers(virtual))
        if size >= _SLICE:
            yield some
            some, size = [], 0
    if some:
        yield some
