"""The keeper of the table: wanted against actual, on each change and again every few seconds."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from ldirectord_py.engine.apply import apply, replaced
from ldirectord_py.engine.plan import drift, plan
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import TableUnavailable
from ldirectord_py.model.events import (
    Cause,
    ChangeRefused,
    DriftFound,
    DriftKind,
    Event,
    TableBack,
    TableChanged,
    TableLost,
)
from ldirectord_py.model.problems import Problem
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import AddService, Change, Refusal, RemoveService, Service, Table, TableState
from ldirectord_py.runtime.modules import missing_modules
from ldirectord_py.runtime.recurring_drift import RecurringDrift

_SLICE = 256  # destinations compared in one turn of the loop


class Wanted(Protocol):
    """What the keeper asks of the director."""

    def virtuals(self) -> Iterable[VirtualKey]:
        """Return the virtuals that are ours now."""
        ...

    def service(self, virtual: VirtualKey) -> Service | None:
        """Return what *virtual* should be now; None where it is not ours any more."""
        ...

    def is_fallback(self, change: Change) -> bool:
        """Return whether *change* is about a fallback server."""
        ...

    def may_stay_out(self, real: RealKey) -> bool:
        """Return whether *real*, which somebody took out of the table, is to stay out; take note of it if so."""
        ...


class Keeper:
    """Keeps the table as it is wanted.

    *known* is the table as it was last written or read.  A change of health is written against it
    at once, for the services concerned alone; every few seconds the table is read, what differs from
    *known* is told as drift, and mended in the same way.
    """

    def __init__(self, table: Table, wanted: Wanted, emit: Callable[[Event], None]) -> None:
        self.known: dict[VirtualKey, Service] = {}
        self._table = table
        self._wanted = wanted
        self._emit = emit
        self._writing = asyncio.Lock()
        self._lost = False
        self._stale: set[VirtualKey] = set()  # to be compared with what is wanted
        self._told: set[Refusal] = set()
        self._drift = RecurringDrift(emit)

    async def learn(self, virtuals: Sequence[VirtualKey]) -> TableState:
        """Read *virtuals* into *known*, and return what is there; raise `TableUnavailable`."""
        async with self._writing:
            return await self._learn(virtuals)

    async def missing_modules(self, config: Config) -> tuple[Problem, ...]:
        """Return what of *config* the kernel could not set up; raise `TableUnavailable`."""
        return await missing_modules(config, self._table)

    async def settle(self, virtuals: Collection[VirtualKey], cause: Cause) -> None:
        """Write what it takes to make *virtuals* as they are wanted; what is refused is looked at again, once."""
        async with self._writing:
            self._stale.update(virtuals)
            await self._reaching(self._settle(cause))

    async def reconcile(self) -> None:
        """Compare the whole table with what we left there, tell what differs, and mend it."""
        async with self._writing:
            await self._reaching(self._reconcile())

    async def remove(self, virtuals: Sequence[VirtualKey], cause: Cause) -> None:
        """Take *virtuals* out of the table, their servers first, as far as they are in it."""
        async with self._writing:
            await self._reaching(self._remove(virtuals, cause))

    async def _reaching(self, work: Coroutine[None, None, object]) -> None:
        """Carry out *work*, and tell when the table gets lost or comes back."""
        try:
            await work
        except TableUnavailable as error:
            if not self._lost:
                self._lost = True
                self._emit(TableLost(str(error)))
        else:
            if self._lost:
                self._lost = False
                self._emit(TableBack())

    async def _learn(self, virtuals: Sequence[VirtualKey]) -> TableState:
        found = await self._table.read(virtuals)
        for virtual in virtuals:
            if virtual in found:
                self.known[virtual] = found[virtual]
            else:
                self.known.pop(virtual, None)
        return found

    async def _remove(self, virtuals: Sequence[VirtualKey], cause: Cause) -> None:
        # A reload that was cut short may have written more than we know of.
        await self._learn(virtuals)
        changes: list[Change] = []
        for virtual in virtuals:
            if virtual in self.known:
                changes += plan({virtual: Service(self.known[virtual].settings)}, self.known)
                changes.append(RemoveService(virtual))
        await self._write(changes, cause)

    async def _settle(self, cause: Cause) -> None:
        # What could not be written, for whatever reason, stays stale and is tried again.
        refusals = await self._write(self._changes(self._stale), cause)
        self._stale = {refusal.change.virtual for refusal in refusals}
        if not refusals:
            self._told.clear()
            return
        # What the table refuses, it may hold differently from what we believe: look, and try once more.
        believed = {virtual: self.known[virtual] for virtual in self._stale if virtual in self.known}
        found = await self._learn(list(self._stale))
        for virtual, left in believed.items():
            self._tell_drift(virtual, left, found)
        refusals = await self._write(self._changes(self._stale), cause)
        self._stale = {refusal.change.virtual for refusal in refusals}
        self._complain(refusals, cause)

    def _complain(self, refusals: Sequence[Refusal], cause: Cause) -> None:
        unentered = _unentered(refusals)
        for refusal in refusals:
            if refusal.change.virtual in unentered and not isinstance(refusal.change, AddService):
                continue  # a server without its service: told already
            if refusal not in self._told:
                self._told.add(refusal)
                self._emit(ChangeRefused(refusal, cause))

    def _changes(self, virtuals: Collection[VirtualKey]) -> list[Change]:
        wanted = {virtual: service for virtual in virtuals if (service := self._wanted.service(virtual)) is not None}
        return plan(wanted, self.known, gone=[virtual for virtual in virtuals if virtual not in wanted])

    async def _write(self, changes: Sequence[Change], cause: Cause) -> Sequence[Refusal]:
        if not changes:
            return ()
        refusals = await self._table.apply(changes)
        refused = {refusal.change for refusal in refusals}
        # Where a service was refused, what became of its servers is not known: it will be read again.
        unentered = _unentered(refusals)
        written = [change for change in changes if change not in refused and change.virtual not in unentered]
        before = [replaced(change, self.known) for change in written]
        apply(written, self.known)
        for change, was in zip(written, before, strict=True):
            again = cause is Cause.DRIFT and self._drift.recurs(change.virtual)
            self._emit(TableChanged(change, cause, self._wanted.is_fallback(change), again, was))
        return refusals

    async def _reconcile(self) -> None:
        await self._settle(Cause.HEALTH)
        virtuals = list(self.known)
        for some in slices(virtuals, self.known):
            found = await self._table.read(some)
            self._stale.update(
                virtual
                for virtual in some
                if self._compare(virtual, found) or self._wanted.service(virtual) != self.known.get(virtual)
            )
            await asyncio.sleep(0)  # checks first
        await self._settle(Cause.DRIFT)
        await self._drift.raise_alarm()

    def _compare(self, virtual: VirtualKey, found: TableState) -> bool:
        """Take what was *found* for known; return whether it has to be mended."""
        left = self.known.get(virtual)
        actual = found.get(virtual)
        if left is None or left == actual:
            return False
        if actual is None:
            del self.known[virtual]
        else:
            self.known[virtual] = actual
        self._tell_drift(virtual, left, found)
        return True

    def _tell_drift(self, virtual: VirtualKey, left: Service, found: TableState) -> None:
        """Tell in what *found* differs from what we had *left* there."""
        for change in plan({virtual: left}, found):
            told = drift(change, found)
            if not self._stays_out(told):
                self._drift.tell(told)

    def _stays_out(self, found: DriftFound) -> bool:
        return (
            found.kind is DriftKind.MISSING_DESTINATION
            and found.virtual in self.known
            and found.real is not None
            and self._wanted.may_stay_out(found.real)
        )


def _unentered(refusals: Sequence[Refusal]) -> set[VirtualKey]:
    """Return the services that are not in the table because they were refused."""
    return {refusal.change.virtual for refusal in refusals if isinstance(refusal.change, AddService)}


def slices(virtuals: Sequence[VirtualKey], known: Mapping[VirtualKey, Service]) -> Iterator[list[VirtualKey]]:
    """Cut *virtuals* into slices of about so many destinations as one turn of the loop may take."""
    some: list[VirtualKey] = []
    size = 0
    for virtual in virtuals:
        some.append(virtual)
        size += 1 + (len(known[virtual].destinations) if virtual in known else 0)
        if size >= _SLICE:
            yield some
            some, size = [], 0
    if some:
        yield some
