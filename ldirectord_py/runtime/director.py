"""The director: outcomes in, the wanted table out."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

from ldirectord_py.engine.desired import desired_service, fallback_active, in_service
from ldirectord_py.engine.health import advance, resumed, unchecked, unmoved
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checking import Always, CheckPlan, Never, Polled
from ldirectord_py.model.config import Config, Real, Virtual
from ldirectord_py.model.events import (
    Cause,
    CheckDone,
    Event,
    FallbackChanged,
    FirstPassComplete,
    HealthChanged,
    MaintenanceChanged,
    ServingChanged,
    Settled,
    SoftFailure,
)
from ldirectord_py.model.health import Health, Rules, State
from ldirectord_py.model.outcome import Outcome, Verdict
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
from ldirectord_py.runtime.faults import LastingFaults
from ldirectord_py.runtime.keeper import Keeper
from ldirectord_py.runtime.maintained import IN_MAINTENANCE, kept_out
from ldirectord_py.runtime.subscriptions import Subscriptions

Files = Mapping[RealKey, str]
"""The servers in maintenance, and the name of the file that takes each out."""

_NONE: Files = MappingProxyType({})
_NOTHING: Mapping[str, Health] = MappingProxyType({})


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
        self._faults = LastingFaults(emit)
        self.healths: dict[RealKey, Health] = {}
        self.first_pass = False
        self._settling = False
        self._emit = emit
        self._begun = time.monotonic()
        self._virtuals: dict[VirtualKey, Virtual] = {}
        self._subscriptions = Subscriptions()
        self._reals: dict[RealKey, Real] = {}
        self._forgone: set[RealKey] = set()
        self._standing_in: set[VirtualKey] = set()
        self._serving: dict[VirtualKey, bool] = {}
        self._files: dict[RealKey, str] = {}
        self._set_aside: dict[RealKey, Health] = {}
        self._before = _NOTHING
        self._dirty: set[VirtualKey] = set()
        self._wake = asyncio.Event()
        self._take(config, {}, _NONE)

    @property
    def polled(self) -> Collection[Polled]:
        """The plans that the schedule is to carry out; servers with equal plans share one."""
        return self._subscriptions.reals.keys()

    # A configuration comes in.

    async def start(self, files: Files = _NONE, before: Mapping[str, Health] = _NOTHING) -> None:
        """Take the table over as it is, and make it what the configuration asks for; raise `TableUnavailable`.

        *before* is what the last director knew of the servers, by `str(RealKey)`.
        """
        self._before = before
        found = await self.keeper.learn([virtual.key for virtual in self.config.virtuals])
        self.healths.clear()
        self._take(self.config, found, files)
        self._before = _NOTHING
        await self._settle(self._virtuals, Cause.START)
        self._settling = True
        self._note_pass()

    async def reload(self, config: Config, files: Files = _NONE) -> None:
        """Put *config* in force: what did not change is not touched, nor is what is believed of it.

        *files* names the servers of *config* that are in maintenance.
        Raises `TableUnavailable`, and then everything is as it was.
        """
        before = set(self._virtuals)
        found = await self.keeper.learn([*before, *(v.key for v in config.virtuals if v.key not in before)])
        self._take(config, found, files)
        await self._settle(before | set(self._virtuals), Cause.RELOAD)
        self._settling = True
        self._note_pass()

    def _take(self, config: Config, found: TableState, files: Files) -> None:
        now = time.time()
        old_healths = self.healths
        fallbacks = {
            RealKey(key, endpoint)
            for key in self._standing_in
            if (endpoint := self._fallback_endpoint(key)) is not None
        }
        self.config = config
        self._virtuals = {virtual.key: virtual for virtual in config.virtuals}
        self._forgone.clear()
        self._standing_in &= set(self._virtuals)
        self._serving = {key: serving for key, serving in self._serving.items() if key in self._virtuals}
        self.healths = {}
        self._reals = {}
        out_before, self._files = self._files, dict(files)
        subscribers: dict[Polled, dict[RealKey, None]] = {}
        for virtual in config.virtuals:
            # Of several lines that name one server the last counts, as in the original.
            for key, real in dict(zip(virtual.keys, virtual.reals, strict=True)).items():
                self._reals[key] = real
                adopted = key not in fallbacks and in_service(found, key, real)
                self.healths[key] = old_healths.get(key) or self._unchecked(key, now, adopted=adopted)
                if (key in out_before) != (key in files):
                    self._turn(key, real, out_before.get(key), now)
                plan = self._plan(virtual, key, real)
                if isinstance(plan, Always) and self.healths[key].state is not State.UP:
                    self.healths[key] = Health(State.UP, self.healths[key].since if adopted else now)
                if isinstance(plan, Polled):
                    subscribers.setdefault(plan, {})[key] = None
        self._set_aside = {key: health for key, health in self._set_aside.items() if key in self.healths}
        self._subscriptions.replace(subscribers)
        self._note_polled()

    def _note_polled(self) -> None:
        self.certificates.take(self._subscriptions.reals)
        self._faults.take(self.config.faults, self._subscriptions.reals)

    def _unchecked(self, key: RealKey, now: float, *, adopted: bool) -> Health:
        return resumed(unchecked(adopted=adopted, now=now), self._before.get(str(key)) if self._before else None)

    def _rules(self, key: RealKey) -> Rules:
        return Rules(self._virtuals[key.virtual].failurecount)

    def _plan(self, virtual: Virtual, key: RealKey, real: Real) -> CheckPlan:
        return kept_out(key, virtual.asking.interval) if key in self._files else real.plan

    # Servers go into maintenance, and come back.

    @property
    def in_maintenance(self) -> Files:
        """The servers that are in maintenance, and the file that has each there."""
        return self._files

    def maintain(self, changes: Mapping[RealKey, str | None]) -> dict[Polled, bool]:
        """Have servers in maintenance by the file named, or in it no longer (None); others stay as they are.

        Who goes in is out at once, whatever it takes otherwise; who comes back is out until it has been asked.
        Return the plans that end with that (False) and those that begin (True).
        """
        plans: dict[Polled, bool] = {}
        turned = {key for key, by in changes.items() if key in self._reals and self._enter(key, by, plans)}
        self._faults.forget(plan for plan, wanted in plans.items() if not wanted)
        # Whoever goes in is waited for no longer, and may have been the last one.
        for whole in {key.virtual for key in turned} - self._dirty:
            self._tell_serving(whole)
        if turned:
            self._note_pass()
        return plans

    def _enter(self, key: RealKey, by: str | None, plans: dict[Polled, bool]) -> bool:
        """Have *key* in maintenance *by* a file, or not (None), and note in *plans* what that ends and begins.

        Return whether it was otherwise before.
        """
        before = self._files.pop(key, None)
        if by is not None:
            self._files[key] = by
        if (before is None) is (by is None):
            return False
        real = self._reals[key]
        own, aside = real.plan, kept_out(key, self._virtuals[key.virtual].asking.interval)
        old, new = (own, aside) if before is None else (aside, own)
        plans |= self._subscriptions.move(key, old, new)
        self.certificates.move(key, old, new)
        self._turn(key, real, before, time.time())
        return True

    def _turn(self, key: RealKey, real: Real, by: str | None, now: float) -> None:
        """Have *key*, which was in maintenance *by* a file or was not, be what it is now."""
        before = self.healths[key]
        file = self._files.get(key)
        self._emit(MaintenanceChanged(key, file is not None, file or by or ""))
        if file is not None:
            if isinstance(real.plan, Never):
                self._set_aside[key] = before
            self.healths[key] = advance(before, IN_MAINTENANCE, self._rules(key), now)
        elif isinstance(real.plan, Always):
            self.healths[key] = Health(State.UP, now)
        else:
            fresh, kept = unchecked(adopted=False, now=now), self._set_aside.pop(key, None)
            # What was believed of a server without checks counts as long as it has none.
            self.healths[key] = kept if kept is not None and isinstance(real.plan, Never) else fresh
        self._changed(key, before, self.healths[key])

    # An outcome comes in.

    def report(self, polled: Polled, outcome: Outcome, seconds: float, lateness: float, asked: str = "") -> None:
        """Take note of what a check of *polled* found; see `probing.schedule.Report`."""
        reals = self._subscriptions.reals.get(polled, ())
        self._emit(CheckDone(reals, outcome, seconds, lateness, asked))
        if outcome.verdict is Verdict.FAULT or self._faults:
            outcome = self._faults.counted(polled, outcome, self._subscriptions.reals)
        for real in reals:
            before = self.healths[real]
            if not unmoved(before, outcome):
                self.healths[real] = after = advance(before, outcome, self._rules(real), time.time())
                self._changed(real, before, after, asked)
        if self._subscriptions.unasked and polled in self._subscriptions.unasked:
            for virtual in self._subscriptions.asked(polled):
                if virtual not in self._dirty:
                    self._tell_serving(virtual)
            self._note_pass()

    def _note_pass(self) -> None:
        """Tell once that all have been asked; have `follow` tell what comes of it."""
        if self._subscriptions.unasked:
            return
        self._wake.set()
        if not self.first_pass:
            self.first_pass = True
            self._emit(FirstPassComplete(time.monotonic() - self._begun))

    def _changed(self, real: RealKey, before: Health, after: Health, asked: str = "") -> None:
        failurecount = self._rules(real).failurecount
        if before.state is not after.state:
            self._emit(HealthChanged(real, before, after, failurecount, asked))
            if after.state.serving:
                self._forgone.discard(real)
            if before.state.serving != after.state.serving:
                self._dirty.add(real.virtual)
                self._wake.set()
        elif after.failures > before.failures:
            self._emit(SoftFailure(real, after, failurecount, asked))
        elif after.failures < before.failures:
            self._emit(HealthChanged(real, before, after, failurecount, asked))

    # The table follows.

    async def follow(self) -> None:
        """Write each change of health to the table, as soon as it is known; runs until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            dirty, self._dirty = self._dirty, set()
            await self._settle(dirty, Cause.HEALTH)
            if self._settling and not self._subscriptions.unasked and not self._dirty:
                self._settling = False
                self._emit(Settled())

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
        """Take the services with `cleanstop` out of the table, and leave the others as they are.

        Also those go that the configuration has no more, if a reload was cut short before it could remove them.
        """
        cleaned = [virtual.key for virtual in self.config.virtuals if virtual.cleanstop]
        gone = [key for key in self.keeper.known if key not in self._virtuals]
        await self.keeper.remove([*cleaned, *gone], Cause.STOP)

    async def _settle(self, virtuals: Collection[VirtualKey], cause: Cause) -> None:
        await self.keeper.settle(virtuals, cause)
        for key in virtuals:
            if (virtual := self._virtuals.get(key)) is None:
                continue
            active = fallback_active(virtual, self.healths)
            if active != (key in self._standing_in):
                self._standing_in.symmetric_difference_update({key})
                fallback = virtual.fallback.endpoint if virtual.fallback else None
                self._emit(FallbackChanged(key, active, fallback))
            self._tell_serving(key)

    def _tell_serving(self, key: VirtualKey) -> None:
        """Tell whether anybody serves, if that is news, and not while those who may are still to be asked."""
        virtual = self._virtuals[key]
        serving = any(self.healths[real].state.serving for real in virtual.keys)
        told = self._serving.get(key)
        if serving is not told and (serving or not self._subscriptions.awaited(key)):
            self._serving[key] = serving
            self._emit(ServingChanged(key, serving, virtual.fallback is not None, first=told is None))

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
