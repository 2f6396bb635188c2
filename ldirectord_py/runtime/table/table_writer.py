"""The writer: makes the kernel's table what is wanted, and repairs what somebody else has changed."""

import asyncio
from collections.abc import Callable, Collection, Sequence

from ldirectord_py.engine.apply import apply, replaced
from ldirectord_py.engine.plan import drift, plan
from ldirectord_py.model.events import ChangeRefused, DriftFound, DriftKind, Event, TableChanged, Trigger
from ldirectord_py.model.service import VirtualKey
from ldirectord_py.model.table import AddService, Change, Refusal, RemoveService, Service, Table, TableState
from ldirectord_py.runtime.table.contested_weights import ContestedWeights
from ldirectord_py.runtime.table.reconciler import KnownTable, Wanted, slices
from ldirectord_py.runtime.table.recurring_drift import RecurringDrift
from ldirectord_py.system.turns import in_turns

_WRITTEN = 32  # changes written in one turn of the loop


class TableWriter:
    """Writes a change of what is wanted against the table as it is known, for the services concerned alone.

    When the whole table is compared, what differs from what is known is told as drift, and repaired in the same way.
    """

    def __init__(self, table: Table, known: KnownTable, wanted: Wanted, emit: Callable[[Event], None]) -> None:
        self._table = table
        self._known = known
        self._wanted = wanted
        self._emit = emit
        self._stale: set[VirtualKey] = set()  # to be compared with what is wanted
        self._told: set[Refusal] = set()
        self._drift = RecurringDrift(emit)
        self._contested = ContestedWeights(emit)

    @property
    def unfinished(self) -> bool:
        """See `Writer.unfinished`."""
        return bool(self._stale)

    async def update(self, virtuals: Collection[VirtualKey], trigger: Trigger) -> None:
        """See `Writer.update`; what is refused is looked at again, once."""
        self._stale.update(virtuals)
        await self._update(virtuals, trigger)

    async def retry(self, trigger: Trigger) -> None:
        """See `Writer.retry`."""
        await self._update(tuple(self._stale), trigger)

    async def reconcile(self) -> None:
        """See `Writer.reconcile`."""
        await self.retry(Trigger.HEALTH)
        known = self._known.services
        for some in slices(list(known), known):
            found = await self._table.read(some)
            self._stale.update(
                virtual
                for virtual in some
                if self._compare(virtual, found) or self._wanted.service(virtual) != known.get(virtual)
            )
            await asyncio.sleep(0)  # checks first
        await self.retry(Trigger.DRIFT)
        await self._drift.raise_alarm()

    async def remove(self, virtuals: Sequence[VirtualKey], trigger: Trigger) -> None:
        """See `Writer.remove`; their servers go first."""
        # A reload that was cut short may have written more than we know of.
        await self._known.read(virtuals)
        known = self._known.services
        changes: list[Change] = []
        for virtual in virtuals:
            if virtual in known:
                changes += plan({virtual: Service(known[virtual].settings)}, known)
                changes.append(RemoveService(virtual))
        await self._write(changes, trigger)

    async def _update(self, virtuals: Collection[VirtualKey], trigger: Trigger) -> None:
        refused = await self._write_all(virtuals, trigger)
        if not refused:
            if not self._stale:
                self._told.clear()
            return
        # What the table refuses, it may hold differently from what we believe: look, and try once more.
        again = {refusal.change.virtual for refusal in refused}
        believed = {virtual: self._known.services[virtual] for virtual in again if virtual in self._known.services}
        found = await self._known.read(list(again))
        for virtual, left in believed.items():
            self._tell_drift(virtual, left, found)
        self._complain(await self._write_all(again, trigger), trigger)

    async def _write_all(self, virtuals: Collection[VirtualKey], trigger: Trigger) -> Sequence[Refusal]:
        """Make *virtuals* as they are wanted; return what was refused.

        What could not be written, for whatever reason, stays stale and is tried again.
        """
        refusals = await self._write(self._changes(virtuals), trigger)
        self._stale.difference_update(virtuals)
        self._stale.update(refusal.change.virtual for refusal in refusals)
        return refusals

    def _complain(self, refusals: Sequence[Refusal], trigger: Trigger) -> None:
        unentered = _unentered(refusals)
        for refusal in refusals:
            if refusal.change.virtual in unentered and not isinstance(refusal.change, AddService):
                continue  # a server without its service: told already
            if refusal not in self._told:
                self._told.add(refusal)
                self._emit(ChangeRefused(refusal, trigger))

    def _changes(self, virtuals: Collection[VirtualKey]) -> list[Change]:
        wanted = {virtual: service for virtual in virtuals if (service := self._wanted.service(virtual)) is not None}
        return plan(wanted, self._known.services, gone=[virtual for virtual in virtuals if virtual not in wanted])

    async def _write(self, changes: Sequence[Change], trigger: Trigger) -> Sequence[Refusal]:
        """Write *changes*, so many in a turn of the loop as take it some 2 ms with all that is told of them."""
        refusals: list[Refusal] = []
        async for some in in_turns(changes, _WRITTEN):
            unentered = _unentered(refusals)
            refusals += await self._write_some([each for each in some if each.virtual not in unentered], trigger)
        return refusals

    async def _write_some(self, changes: Sequence[Change], trigger: Trigger) -> Sequence[Refusal]:
        if not changes:
            return ()
        refusals = await self._table.apply(changes)
        refused = {refusal.change for refusal in refusals}
        # Where a service was refused, what became of its servers is not known: it will be read again.
        unentered = _unentered(refusals)
        written = [change for change in changes if change not in refused and change.virtual not in unentered]
        before = [replaced(change, self._known.services) for change in written]
        apply(written, self._known.services)
        for change, was in zip(written, before, strict=True):
            again = trigger is Trigger.DRIFT and self._drift.recurs(change.virtual)
            self._emit(TableChanged(change, trigger, self._wanted.is_fallback(change), again, was))
        return refusals

    def _compare(self, virtual: VirtualKey, found: TableState) -> bool:
        """Take what was *found* for known; return whether it has to be mended."""
        left = self._known.services.get(virtual)
        actual = found.get(virtual)
        if left is None or left == actual:
            return False
        if actual is None:
            del self._known.services[virtual]
        else:
            self._known.services[virtual] = actual
        self._tell_drift(virtual, left, found)
        return True

    def _tell_drift(self, virtual: VirtualKey, left: Service, found: TableState) -> None:
        """Tell in what *found* differs from what we had *left* there."""
        for change in plan({virtual: left}, found):
            told = drift(change, found)
            if not self._stays_out(told) and not self._is_respected(told, found):
                self._drift.tell(told)

    def _stays_out(self, found: DriftFound) -> bool:
        """Return whether *found* is a server that is out anyway, and may stay where somebody else's hand left it."""
        real = found.real
        if found.kind is not DriftKind.MISSING_DESTINATION or found.virtual not in self._known.services or real is None:
            return False
        if stays := self._wanted.may_stay_out(real):
            self._wanted.taken_out(real)
        return stays

    def _is_respected(self, drift: DriftFound, found: TableState) -> bool:
        """Return whether *drift* is a weight that somebody has set by hand, and that holds."""
        if drift.kind is not DriftKind.WEIGHT or drift.real is None:
            return False
        weight = found[drift.virtual].destinations[drift.real.real].weight
        if respected := self._wanted.set_by_hand(drift.real, weight):
            self._contested.note(drift.real, weight)
        return respected


def _unentered(refusals: Sequence[Refusal]) -> set[VirtualKey]:
    """Return the services that are not in the table because they were refused."""
    return {refusal.change.virtual for refusal in refusals if isinstance(refusal.change, AddService)}
