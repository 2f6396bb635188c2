"""When each check is due: spread, never overlapping itself, and under a cap."""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from heapq import heapify, heappop, heappush
from itertools import count

from ldirectord_py.model.checks.check_plan import Polled, Together
from ldirectord_py.model.checks.outcome import Outcome
from ldirectord_py.model.checks.probe import CheckTarget
from ldirectord_py.probing.pace import Progress, pauses_back, spread
from ldirectord_py.probing.prober import Prober, ProbeStarter, Run
from ldirectord_py.probing.tracing.phases import time_phases
from ldirectord_py.system.turns import in_turns

TICK = 0.01
"""Seconds: due times are looked at so often at most, so that checks begin several at a time."""

_FOLLOWED = 256  # plans looked at in one turn of the loop
_STARTS = 64  # checks begun in one turn of the loop
_GOLDEN = (math.sqrt(5) - 1) / 2  # its multiples, modulo 1, are spread evenly however many they are

ReportOutcome = Callable[[Polled, Outcome, float, float, str], None]
"""Is handed the plan, the outcome, the check's seconds, by how many seconds it began late, and what was asked."""


class _CheckQueue:
    """Checks of one kind: how many may be under way, how many are, and who waits."""

    __slots__ = ("inflight", "limit", "line")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.inflight = 0
        self.line: deque[_Item] = deque()


class _Item:
    """One plan that is carried out again and again."""

    __slots__ = (
        "asked",
        "due",
        "gone",
        "interval",
        "lateness",
        "pauses",
        "plan",
        "queue",
        "run",
        "running",
        "schedule",
        "several",
        "spent",
        "starter",
        "step",
    )

    def __init__(self, plan: Polled, schedule: "Schedule", due: float, shift: float) -> None:
        self.plan = plan
        self.schedule = schedule
        self.due = due
        self.lateness = 0.0
        self.step = 0
        self.several = isinstance(plan, Together)
        self.spent = 0.0
        """Seconds that the steps of a turn under way have taken."""
        self.queue, self.starter, self.asked = schedule.starter(plan, 0)
        self.run: Run | None = None
        self.running = False
        self.gone = False
        # First checks come close upon one another, so that the table is soon right; two shortened
        # pauses then shift each check to its own place within the interval.
        self.interval = max(plan.interval, schedule.progress.least)
        half = self.interval * (1 + shift) / 2
        self.pauses = [half, half]

    def done(self, outcome: Outcome, seconds: float, now: float) -> None:
        self.running = False
        self.run = None
        if self.gone:
            return
        queue, last, asked = self.queue, self.step, self.asked
        step = self.plan.step_after(last, outcome)
        if step != last:
            self.step = step
            self.queue, self.starter, self.asked = self.schedule.starter(self.plan, step)
        if self.several and isinstance(self.plan, Together):
            self.spent = seconds = self.spent + seconds
            whole = self.plan.verdict(last, outcome)
            if whole is None:
                self.schedule.goes_on(self, queue, now)
                return
            outcome, self.spent = whole, 0.0
        self.due += self.pauses.pop() if self.pauses else self.interval
        self.schedule.ended(self, queue, now)
        self.schedule.report(self.plan, outcome, seconds, self.lateness, asked)


class Schedule:
    """Keeps the plans it was given under way, and reports each outcome.

    A plan begins `interval` after it last began, or at once where it took longer than that; it is
    never under way twice.  Above *limit* conversations or *drivers* at a time those that are due wait
    in line, each kind in its own, and their deadlines with them.
    """

    def __init__(self, prober: Prober, report: ReportOutcome, *, limit: int, drivers: int) -> None:
        self.report = report
        self._prober = prober
        self._times_phases = self._is_outdated = False
        self._conversations, self._drivers = self._queues = _CheckQueue(limit), _CheckQueue(drivers)
        self._loop = asyncio.get_running_loop()
        self._items: dict[Polled, _Item] = {}
        self._heap: list[tuple[float, int, _Item]] = []
        self._serial = count()  # so that items themselves are never compared
        self._created = 0
        self.progress = Progress(self._loop.time)
        self._timer: asyncio.TimerHandle | None = None

    @property
    def inflight(self) -> int:
        """How many checks are under way."""
        return sum(queue.inflight for queue in self._queues)

    @property
    def queued(self) -> int:
        """How many checks are due and wait for a place."""
        return sum(not item.gone for queue in self._queues for item in queue.line)

    @property
    def progressing(self) -> bool:
        """Whether checks end as often as they should: what a watchdog wants to know."""
        return not self._items or not self.progress.is_late

    def retarget(self, wanted: Iterable[Polled]) -> None:
        """Stop what is no longer wanted, start what is new, and leave the rest alone."""
        keep = dict.fromkeys(wanted)
        for plan in [plan for plan in self._items if plan not in keep]:
            self._drop(self._items.pop(plan))
        self._enter(spread([plan for plan in keep if plan not in self._items], self._loop.time()))
        self._prober.tls.forget_all_but(self._targets(self._items))
        self.progress.expect(max((plan.period for plan in self._items), default=0.0), self.progress.least)
        self._arm()

    async def follow(self, plans: Mapping[Polled, object]) -> None:
        """Do the same as `retarget` in turns of the loop; what *plans* holds when a turn comes counts."""
        async for some in in_turns(list(self._items), _FOLLOWED):
            for plan in some:
                if plan not in plans and plan in self._items:
                    self._drop(self._items.pop(plan))
        fresh: list[Polled] = []
        async for some in in_turns(list(plans), _FOLLOWED):
            fresh += [plan for plan in some if plan not in self._items]
        async for begins in in_turns(spread(fresh, self._loop.time()), _FOLLOWED):
            self._enter([(due, plan) for due, plan in begins if plan in plans and plan not in self._items])
            self._arm()
        await self._tidy()

    def time_phases(self, *, wanted: bool) -> None:
        """Have outcomes say how long their phases took, or not; for checks that go on `follow` does that."""
        if wanted is not self._times_phases:
            self._times_phases, self._is_outdated = wanted, True
            time_phases(self._prober, wanted=wanted)

    async def _tidy(self) -> None:
        """Forget what only plans that have gone needed; prepare probes again that are carried out differently now."""
        targets: set[CheckTarget] = set()
        slowest = 0.0
        outdated, self._is_outdated = self._is_outdated, False
        async for some in in_turns(list(self._items), _FOLLOWED):
            targets |= self._targets(some)
            for item in [self._items[plan] for plan in some if outdated and plan in self._items]:
                item.starter = self._prober.prepare(item.plan.probe_at(item.step))
            slowest = max(slowest, *(plan.period for plan in some))
        self._prober.tls.forget_all_but(targets)
        self.progress.expect(slowest, self.progress.least)

    def exchange(self, changes: Mapping[Polled, bool]) -> None:
        """Start those of the plans that are to be carried out (True), stop the others; costs only what those cost."""
        for plan, wanted in changes.items():
            if not wanted and plan in self._items:
                self._drop(self._items.pop(plan))
        fresh = [plan for plan, wanted in changes.items() if wanted and plan not in self._items]
        self._enter(spread(fresh, self._loop.time()))
        self.progress.expect(max((self.progress.slowest, *(each.period for each in fresh))), self.progress.least)
        self._arm()

    def due(self, plan: Polled) -> float | None:
        """Return in how many seconds *plan* is to be carried out next; None: it is not ours."""
        if (item := self._items.get(plan)) is None:
            return None
        due = item.due + (item.pauses[-1] if item.pauses else item.interval) if item.running else item.due
        return max(due - self._loop.time(), 0.0)

    def now(self, plan: Polled) -> bool:
        """Have *plan* carried out as soon as there is room, from its first step on; return whether it is ours at all.

        One that is under way comes again once it has ended: it may have begun before the change that it is to find.
        Two shortened pauses, or one, then bring the check back to its place within the interval.
        """
        if (item := self._items.get(plan)) is None:
            return False
        now = self._loop.time()
        if not item.running and item.due <= now:
            return True
        pauses = pauses_back((item.due + sum(item.pauses) - now) % item.interval, item.interval)
        if item.running:
            item.due, item.pauses = now, [*pauses, 0.0]
            return True
        self._drop(item)  # its entry in the heap cannot be moved
        item = self._items[plan] = _Item(plan, self, now, 0.0)
        item.pauses = pauses
        heappush(self._heap, (now, next(self._serial), item))
        self._arm()
        return True

    def slow_down(self, least: float) -> None:
        """Have at least *least* seconds pass from one check of a plan to the next, whatever its interval; 0: none.

        If that is less than before, all are carried out soon, as after a start: what was found may be old.
        """
        before = self.progress.least
        self.progress.expect(self.progress.slowest, least)
        for item in self._items.values():
            item.interval = max(item.plan.interval, least)
        if least < before:
            self._hurry()

    def _hurry(self) -> None:
        """Have all that wait for their time begin soon, and come back to their places afterwards."""
        waiting = [item for _, _, item in self._heap if not item.gone]
        for item, (due, _) in zip(waiting, spread([each.plan for each in waiting], self._loop.time()), strict=True):
            if due < item.due:
                item.pauses = pauses_back((item.due + sum(item.pauses) - due) % item.interval, item.interval)
                item.due = due
        self._heap = [(item.due, serial, item) for _, serial, item in self._heap if not item.gone]
        heapify(self._heap)
        self._arm()

    def _enter(self, begins: Iterable[tuple[float, Polled]]) -> None:
        if not self._items:
            self.progress.begin()
        for due, plan in begins:
            self._created += 1
            item = _Item(plan, self, due, self._created * _GOLDEN % 1)
            self._items[plan] = item
            heappush(self._heap, (item.due, next(self._serial), item))

    def starter(self, plan: Polled, step: int) -> tuple[_CheckQueue, ProbeStarter, str]:
        """Return the queue of the probe that is due at *step*, the probe made ready, and what it asks."""
        probe = plan.probe_at(step)
        queue = self._drivers if probe.target is None else self._conversations
        return queue, self._prober.prepare(probe), probe.asked

    def close(self) -> None:
        """Abandon everything."""
        self.retarget(())
        if self._timer is not None:
            self._timer.cancel()

    def ended(self, item: _Item, queue: _CheckQueue, now: float) -> None:
        """Take the item's next turn down; this one ended *now* in *queue*."""
        queue.inflight -= 1
        self.progress.ended(now)
        item.due = max(item.due, now)
        heappush(self._heap, (item.due, next(self._serial), item))
        if queue.line or self._timer is None or item.due < self._timer.when() - TICK:
            self._arm()

    def goes_on(self, item: _Item, queue: _CheckQueue, now: float) -> None:
        """Begin the item's next step at once, or have it wait where there is no room; the last one ended in *queue*."""
        queue.inflight -= 1
        self.progress.ended(now)
        if item.queue.inflight < item.queue.limit:
            self._start(item, now)
        else:
            item.queue.line.append(item)
        if queue.line:
            self._arm()

    def _targets(self, plans: Iterable[Polled]) -> set[CheckTarget]:
        targets = (probe.target for plan in plans for probe in plan.probes)
        return {target for target in targets if target is not None and target.tls is not None}

    def _drop(self, item: _Item) -> None:
        item.gone = True
        if item.run is not None:
            item.run.abandon()
        if item.running:
            item.queue.inflight -= 1

    def _arm(self) -> None:
        """Set the timer for the next due time, rounded up to a tick; at once where somebody may leave the line."""
        while self._heap and self._heap[0][2].gone:
            heappop(self._heap)
        if any(queue.line and queue.inflight < queue.limit for queue in self._queues):
            when = 0.0
        elif self._heap:
            when = math.ceil(self._heap[0][0] / TICK) * TICK
        else:
            return
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._on_due)

    def _on_due(self) -> None:
        self._timer = None
        now = self._loop.time()
        heap = self._heap
        begun = 0
        for queue in self._queues:
            while queue.line and queue.inflight < queue.limit and begun < _STARTS:
                begun += self._begin(queue.line.popleft(), now)
        while heap and heap[0][0] <= now and begun < _STARTS:
            item = heappop(heap)[2]
            if item.queue.inflight >= item.queue.limit:
                item.queue.line.append(item)
            else:
                begun += self._begin(item, now)
        self._arm()

    def _begin(self, item: _Item, now: float) -> int:
        if item.gone:
            return 0
        if item.several and item.step:
            self._start(item, now)
            return 1
        item.lateness = late = now - item.due
        if late >= (interval := item.interval):
            # We were held up. Whole intervals are skipped, so that each check keeps its place among the others;
            # and the next one does not follow at once, so that two failures in a row mean two moments.
            item.due += late // interval * interval
            if now - item.due > interval / 2:
                item.due += interval
        self._start(item, now)
        return 1

    @staticmethod
    def _start(item: _Item, now: float) -> None:
        item.running = True
        item.queue.inflight += 1
        run = item.starter(item.done, now)
        if item.running:  # the outcome may be there already
            item.run = run
