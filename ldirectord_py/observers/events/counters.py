"""What is counted of each event while it goes by; a check costs next to nothing here."""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TypeVar

from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict
from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.commands import AdminKind
from ldirectord_py.model.events import (
    AdminChanged,
    ChangeRefused,
    CheckDone,
    DriftFound,
    DriftKind,
    HealthChanged,
    HookDone,
    MailDone,
    MailsLost,
    MaintenanceChanged,
    MonitorFileFailed,
    Reconciled,
    Reloaded,
    ReloadRefused,
    RoleChanged,
    TableBack,
    TableChanged,
    TableLost,
    Trigger,
    VipAdded,
    VipConflict,
    VipRemoved,
    VipTakenAway,
)
from ldirectord_py.model.health import Health, State
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.snapshot import RealStatus
from ldirectord_py.model.table import Change
from ldirectord_py.observers.events.server_counters import (
    DURATION_BOUNDS,
    CheckCounts,
    Histogram,
    RealCounters,
    VirtualCounters,
)

RECONCILE_BOUNDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
LAG_BOUNDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

KeyT = TypeVar("KeyT", RealKey, VirtualKey)

_UP = Verdict.UP  # see `engine.health`

TURN = 1024
"""So many tallies are looked through without a pause: some 50 µs."""


class Counters:
    """All that is counted, with the tallies of the reals and virtuals seen since they came in with a configuration.

    It has a method for each kind of event that counts for something; `event_table` says which.
    """

    def __init__(self, clock: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._begun = monotonic()
        self.lag = Histogram(LAG_BOUNDS)
        self.reconciles = Histogram(RECONCILE_BOUNDS)
        self.reconcile_time: float | None = None
        """When the table was last compared as a whole, in seconds since the epoch."""
        self.drift: Counter[DriftKind] = Counter()
        self.changes: Counter[tuple[type[Change], Trigger, str]] = Counter()
        """Changes of the table by kind, cause and result."""
        self.hooks: Counter[tuple[str, str]] = Counter()
        """Programs that were run, by directive and result."""
        self.unmonitored = 0
        """Lines that no monitorfile could take."""
        self.mails = dict.fromkeys(("sent", "failed", "lost"), 0)
        self.role_changes: Counter[Role] = Counter()
        self.vip_changes = dict.fromkeys(("added", "removed", "taken_away", "conflict"), 0)
        self.table_reachable = True
        self.reload_successful = True
        self.reload_time = clock()
        self._scrape = 0
        self._reals: dict[RealKey, RealCounters] = {}
        self._virtuals: dict[VirtualKey, VirtualCounters] = {}
        # By the identity of `CheckDone.reals`, which lives as long as its entry: hashing keys costs more than counting.
        self._sharing: dict[int, tuple[tuple[RealKey, ...], tuple[CheckCounts, ...]]] = {}
        self._alone: dict[int, CheckCounts] = {}
        """Those of a server that shares its check with no other: nearly all."""

    def check_done(self, event: CheckDone) -> None:
        """Count one check for all reals that share it; a server in maintenance is not checked."""
        reals, outcome, seconds, lateness, _ = event
        result = 0 if outcome.verdict is _UP else _result(outcome)
        if result and outcome.reason is Reason.MAINTENANCE:
            return
        # What `Histogram.add` does, without a call.
        lag = self.lag
        lag.counts[bisect_left(LAG_BOUNDS, lateness)] += 1
        lag.total += lateness
        alone = self._alone.get(id(reals))
        place = bisect_left(DURATION_BOUNDS, seconds)
        for checks in (alone,) if alone is not None else self._counts(reals):
            checks.seconds = seconds
            virtual = checks.virtual
            virtual.results[result] += 1
            durations = virtual.durations
            durations.counts[place] += 1
            durations.total += seconds
            if outcome.phases:
                virtual.count_phases(outcome.phases)
            if result:
                checks.others[result - 1] += 1
                virtual.failures[outcome.reason] = virtual.failures.get(outcome.reason, 0) + 1
            else:
                checks.successes += 1

    def health_changed(self, event: HealthChanged) -> None:
        """Count a server that came up or went down."""
        if event.before.state is event.after.state:
            return
        tally = self.real(event.real)
        if event.after.state is State.UP:
            tally.went_up += 1
            tally.virtual.went_up += 1
        elif event.after.state is State.DOWN:
            tally.went_down += 1
            tally.virtual.went_down += 1
        tally.turn(self._monotonic(), down=_is_down(event.after))

    def maintenance_changed(self, event: MaintenanceChanged) -> None:
        """Have no time in maintenance count as downtime."""
        if event.active:
            self.real(event.real).turn(self._monotonic(), down=False)

    def admin_changed(self, event: AdminChanged) -> None:
        """Have no time in an operator's maintenance count as downtime."""
        if event.after is not None and event.after.kind is AdminKind.MAINTENANCE:
            self.real(event.real).turn(self._monotonic(), down=False)

    def table_changed(self, event: TableChanged) -> None:
        """Count a change that was written."""
        self.changes[type(event.change), event.cause, "ok"] += 1

    def change_refused(self, event: ChangeRefused) -> None:
        """Count a change that the table did not accept."""
        self.changes[type(event.refusal.change), event.cause, "refused"] += 1

    def drift_found(self, event: DriftFound) -> None:
        """Count a difference that is not ours."""
        self.drift[event.kind] += 1

    def reconciled(self, event: Reconciled) -> None:
        """Count a comparison of the whole table, and take down when it was."""
        self.reconciles.add(event.seconds)
        self.reconcile_time = self._clock()

    def table_lost(self, _event: TableLost) -> None:
        """Take down that the table cannot be reached."""
        self.table_reachable = False

    def table_back(self, _event: TableBack) -> None:
        """Take down that the table can be reached again."""
        self.table_reachable = True

    def reloaded(self, _event: Reloaded) -> None:
        """Take down when a configuration was accepted."""
        self.reload_successful, self.reload_time = True, self._clock()

    def reload_refused(self, _event: ReloadRefused) -> None:
        """Take down that the last configuration was not accepted."""
        self.reload_successful = False

    def role_changed(self, event: RoleChanged) -> None:
        """Count the director's becoming active, or standby."""
        self.role_changes[event.after] += 1

    def vip_added(self, _event: VipAdded) -> None:
        """Count a VIP that was brought up."""
        self.vip_changes["added"] += 1

    def vip_removed(self, _event: VipRemoved) -> None:
        """Count a VIP that was taken down."""
        self.vip_changes["removed"] += 1

    def vip_taken_away(self, _event: VipTakenAway) -> None:
        """Count a VIP that somebody else has taken down."""
        self.vip_changes["taken_away"] += 1

    def vip_conflict(self, _event: VipConflict) -> None:
        """Count a VIP that another machine has."""
        self.vip_changes["conflict"] += 1

    def hook_done(self, event: HookDone) -> None:
        """Count a program of the operator's."""
        self.hooks[event.directive, "failure" if event.failure else "success"] += 1

    def monitorfile_failed(self, event: MonitorFileFailed) -> None:
        """Count lines that are lost."""
        self.unmonitored += event.lines

    def mail_done(self, event: MailDone) -> None:
        """Count a mail by what became of it."""
        self.mails["failed" if event.failure else "sent"] += 1

    def mails_lost(self, event: MailsLost) -> None:
        """Count mails that were given up for newer ones."""
        self.mails["lost"] += event.count

    def nothing(self, _event: object) -> None:
        """Count nothing."""

    def real(self, key: RealKey) -> RealCounters:
        """Return the tally of *key*, a new one if there is none yet."""
        if (tally := self._reals.get(key)) is None:
            tally = self._reals[key] = RealCounters(key, self.virtual(key.virtual))
            tally.scrape = self._scrape
        return tally

    def virtual(self, key: VirtualKey) -> VirtualCounters:
        """Return the tally of *key*, a new one if there is none yet."""
        if (tally := self._virtuals.get(key)) is None:
            tally = self._virtuals[key] = VirtualCounters(key)
            tally.scrape = self._scrape
        return tally

    def show(self, status: RealStatus, virtual: VirtualCounters, scrape: int) -> RealCounters:
        """Return the tally of a server, which is as *status* says, below *virtual*, in the scrape of this number."""
        tally = self.real(status.key)
        tally.scrape = max(tally.scrape, scrape)
        tally.show(status, virtual)
        down, now = _is_down(status.health), self._monotonic()
        if down is (tally.down_since is None):  # it was so before anything was counted
            seconds = min(self._clock() - status.health.since, now - self._begun) if down else 0.0
            tally.turn(now - max(0.0, seconds), down=down)
        tally.show_downtime(now)
        return tally

    def begin_scrape(self) -> int:
        """Return the number of a new scrape; whatever it shows is to be marked with it."""
        self._scrape += 1
        return self._scrape

    def forget(self, before: int) -> Iterator[None]:
        """Forget what no scrape has shown since number *before*: it left with a reload.  Yields for pauses."""
        yield from self._forget(self._reals, before)
        yield from self._forget(self._virtuals, before)

    def _forget(self, kept: dict[KeyT, RealCounters] | dict[KeyT, VirtualCounters], before: int) -> Iterator[None]:
        keys = list(kept)
        for start in range(0, len(keys), TURN):
            for key in keys[start : start + TURN]:
                # Between two pauses another scrape may have forgotten it, or shown it.
                if (tally := kept.get(key)) is not None and tally.scrape < before:
                    del kept[key]
                    self._part()
            yield

    def _counts(self, reals: tuple[RealKey, ...]) -> tuple[CheckCounts, ...]:
        """Return what is counted of the checks of *reals*."""
        if (shared := self._sharing.get(id(reals))) is not None:
            return shared[1]
        counts = tuple([self.real(key).checks for key in reals])
        if len(self._sharing) > 2 * len(self._reals) + 1024:  # somebody makes a new tuple for each event
            self._part()
        self._sharing[id(reals)] = (reals, counts)
        if len(counts) == 1:
            self._alone[id(reals)] = counts[0]
        return counts

    def _part(self) -> None:
        """Forget which servers share a check; the next one tells it again."""
        self._alone.clear()
        self._sharing.clear()


def _is_down(health: Health) -> bool:
    return health.state is State.DOWN and health.reason is not Reason.MAINTENANCE


def _result(outcome: Outcome) -> int:
    if outcome.verdict is Verdict.FAULT:
        return 3
    return 2 if outcome.reason is Reason.TIMEOUT else 1
