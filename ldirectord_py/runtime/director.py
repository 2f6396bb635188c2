"""The director: outcomes in, the wanted table out."""

import asyncio
import time
from collections.abc import Callable, Collection

from ldirectord_py.engine.desired import desired_service, fallback_active, in_service
from ldirectord_py.engine.health import advance, unchecked, unmoved
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checking import Always, Never, Polled
from ldirectord_py.model.config import Config, Real, Virtual
from ldirectord_py.model.events import (
    Cause,
    CheckDone,
    Event,
    FallbackChanged,
    FirstPassComplete,
    HealthChanged,
    SoftFailure,
)
from ldirectord_py.model.health import Health, Rules, State
from ldirectord_py.model.outcome import Outcome
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import (
    AddDestination,
    Change,
    RemoveDestination,
    Service,
    SetDestination,
    Table,
    TableState,
)
from ldirectord_py.runtime.certificates import Certificates
from ldirectord_py.runtime.keeper import Keeper


class Director:
    """Keeps what is believed of every real server, and has the table follow.

    It knows neither sockets nor files: it is handed configurations and outcomes, and emits events.
    """

    def __init__(
        self, config: Config, table: Table, emit: Callable[[Event], None], keeper: type[Keeper] = Keeper
    ) -> None:
        self.config = config
        self.keeper = keeper(table, self, emit)
        self.certificates = Certificates(emit)
        self.healths: dict[RealKey, Health] = {}
        self.first_pass = False
        self._emit = emit
        self._begun = time.monotonic()
        self._virtuals: dict[VirtualKey, Virtual] = {}
        self._subscribers: dict[Polled, tuple[RealKey, ...]] = {}
        self._rules: dict[RealKey, Rules] = {}
        self._unasked: set[Polled] = set()
        self._forgone: set[RealKey] = set()
        self._standing_in: set[VirtualKey] = set()
        self._dirty: set[VirtualKey] = set()
        self._wake = asyncio.Event()
        self._take(config, {})

    @property
    def polled(self) -> Collection[Polled]:
        """The plans that the schedule is to carry out; servers with equal plans share one."""
        return self._subscribers.keys()

    # A configuration comes in.

    async def start(self) -> None:
        """Take the table over as it is, and make it what the configuration asks for; raise `TableUnavailable`."""
        found = await self.keeper.learn([virtual.key for virtual in self.config.virtuals])
        self.healths.clear()
        self._take(self.config, found)
        await self._settle(self._virtuals, Cause.START)
        self._note_first_pass()

    async def reload(self, config: Config) -> None:
        """Put *config* in force: what did not change is not touched, nor is what is believed of it.

        Raises `TableUnavailable`, and then everything is as it was.
        """
        before = set(self._virtuals)
        found = await self.keeper.learn([*before, *(v.key for v in config.virtuals if v.key not in before)])
        self._take(config, found)
        await self._settle(before | set(self._virtuals), Cause.RELOAD)
        self._note_first_pass()

    def _take(self, config: Config, found: TableState) -> None:
        now = time.time()
        old_healths, old_subscribers = self.healths, self._subscribers
        fallbacks = {
            RealKey(key, endpoint)
            for key in self._standing_in
            if (endpoint := self._fallback_endpoint(key)) is not None
        }
        self.config = config
        self._virtuals = {virtual.key: virtual for virtual in config.virtuals}
        self._forgone.clear()
        self._standing_in &= set(self._virtuals)
        self.healths = {}
        self._rules = {}
        subscribers: dict[Polled, dict[RealKey, None]] = {}
        for virtual in config.virtuals:
            # Of several lines that name one server the last counts, as in the original.
            for key, real in dict(zip(virtual.keys, virtual.reals, strict=True)).items():
                self._rules[key] = Rules(virtual.failurecount)
                adopted = key not in fallbacks and in_service(found, key, real)
                self.healths[key] = old_healths.get(key) or unchecked(adopted=adopted, now=now)
                self._subscribe(key, real, subscribers, now)
        self._subscribers = {polled: tuple(keys) for polled, keys in subscribers.items()}
        self.certificates.take(self._subscribers)
        self._unasked = (self._unasked & set(self._subscribers)) | (set(self._subscribers) - set(old_subscribers))

    def _subscribe(self, key: RealKey, real: Real, subscribers: dict[Polled, dict[RealKey, None]], now: float) -> None:
        match real.plan:
            case Always():
                if self.healths[key].state is not State.UP:
                    self.healths[key] = Health(State.UP, now)
            case Never():
                pass
            case polled:
                subscribers.setdefault(polled, {})[key] = None

    # An outcome comes in.

    def report(self, polled: Polled, outcome: Outcome, seconds: float, lateness: float) -> None:
        """Take note of what a check of *polled* found; see `probing.schedule.Report`."""
        reals = self._subscribers.get(polled, ())
        self._emit(CheckDone(reals, outcome, seconds, lateness))
        for real in reals:
            before = self.healths[real]
            if not unmoved(before, outcome):
                self.healths[real] = after = advance(before, outcome, self._rules[real], time.time())
                self._changed(real, before, after)
        if self._unasked:
            self._unasked.discard(polled)
            self._note_first_pass()

    def _note_first_pass(self) -> None:
        if not self._unasked and not self.first_pass:
            self.first_pass = True
            self._emit(FirstPassComplete(time.monotonic() - self._begun))

    def _changed(self, real: RealKey, before: Health, after: Health) -> None:
        if before.state is not after.state:
            self._emit(HealthChanged(real, before, after))
            if after.state.serving:
                self._forgone.discard(real)
            if before.state.serving != after.state.serving:
                self._dirty.add(real.virtual)
                self._wake.set()
        elif after.failures > before.failures:
            self._emit(SoftFailure(real, after, self._rules[real].failurecount))
        elif after.failures < before.failures:
            self._emit(HealthChanged(real, before, after))

    # The table follows.

    async def follow(self) -> None:
        """Write each change of health to the table, as soon as it is known; runs until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            dirty, self._dirty = self._dirty, set()
            await self._settle(dirty, Cause.HEALTH)

    async def watch_table(self) -> None:
        """Compare the whole table every `reconcileinterval` seconds; runs until cancelled."""
        while True:
            if seconds := self.config.reconcileinterval:
                await asyncio.sleep(seconds)
                await self.keeper.reconcile()
            else:
                await asyncio.sleep(self.config.checkinterval)
                await self.keeper.settle((), Cause.HEALTH)  # what could not be written is tried again all the same

    async def leave(self) -> None:
        """Take the services with `cleanstop` out of the table, and leave the others as they are."""
        await self.keeper.remove([virtual.key for virtual in self.config.virtuals if virtual.cleanstop], Cause.STOP)

    async def _settle(self, virtuals: Collection[VirtualKey], cause: Cause) -> None:
        await self.keeper.settle(virtuals, cause)
        for key in virtuals:
            if (virtual := self._virtuals.get(key)) is None:
                continue
            active = fallback_active(virtual, self.healths)
            if active != (key in self._standing_in):
                self._standing_in.symmetric_difference_update({key})
                self._emit(FallbackChanged(key, active))

    # What the keeper asks (see `Wanted`).

    def virtuals(self) -> Collection[VirtualKey]:
        """See `Wanted.virtuals`."""
        return self._virtuals.keys()

    def service(self, virtual: VirtualKey) -> Service | None:
        """See `Wanted.service`."""
        if (configured := self._virtuals.get(virtual)) is None:
            return None
        return desired_service(configured, self.healths, self._forgone)

    def is_fallback(self, change: Change) -> bool:
        """See `Wanted.is_fallback`."""
        match change:
            case AddDestination() | SetDestination() | RemoveDestination():
                key = RealKey(change.virtual, change.real)
                return key not in self.healths and self._fallback_endpoint(change.virtual) == change.real
            case _:
                return False

    def may_stay_out(self, real: RealKey) -> bool:
        """See `Wanted.may_stay_out`: a quiesced server that somebody took out, unless `readdquiescent` is on."""
        health = self.healths.get(real)
        if health is None or health.state.serving or self.config.readdquiescent:
            return False
        self._forgone.add(real)
        return True

    def _fallback_endpoint(self, virtual: VirtualKey) -> Endpoint | None:
        configured = self._virtuals.get(virtual)
        if configured is None or configured.fallback is None:
            return None
        return configured.kernel_endpoint(configured.fallback)
