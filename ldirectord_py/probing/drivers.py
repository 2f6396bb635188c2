"""Driver checks: tasks under a deadline."""

import asyncio
import time
from collections.abc import Callable

from ldirectord_py.checks.matching.offload import Allowance, Matcher
from ldirectord_py.model.checks.conversation import Driver, Pattern, PreparedDriver
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, fault
from ldirectord_py.model.checks.probe import Probe
from ldirectord_py.model.checks.trace import StepKind
from ldirectord_py.model.errors import CheckUnavailable
from ldirectord_py.model.workers import WorkerAnswer, WorkerKind, WorkerQuestion
from ldirectord_py.probing.peer_services import TellOutcome
from ldirectord_py.probing.reasons import HELD_UP, outcome_of_bug, outcome_of_delay
from ldirectord_py.workers.workers import Workers

Crashed = Callable[[Probe, Exception], None]


class DriverRun:
    """One driver check under way."""

    def __init__(self, task: asyncio.Task[None]) -> None:
        self._task = task

    def abandon(self) -> None:
        """End the check without a verdict."""
        self._task.cancel()


class RunServices:
    """What one run of a driver may ask for, see `DriverServices`."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._allowance = Allowance()

    def note(self, what: StepKind, content: str | bytes) -> None:
        """See `DriverServices.note`: nobody follows the check."""

    async def has_match(self, pattern: Pattern, subject: bytes) -> bool:
        """See `DriverServices.has_match`."""
        found = pattern.matches_at_once(subject)
        return await Matcher(self._workers).matches(pattern, subject, self._allowance) if found is None else found

    async def worker_ready(self, kind: WorkerKind) -> None:
        """See `DriverServices.worker_ready`."""
        await self._workers.ready(kind)

    async def ask_worker(self, kind: WorkerKind, question: WorkerQuestion) -> WorkerAnswer:
        """See `DriverServices.ask_worker`."""
        return await self._workers.ask(kind, question)


class DriverRunner:
    """Runs driver checks as tasks of *tasks*."""

    def __init__(
        self,
        tasks: asyncio.TaskGroup,
        workers: Workers,
        crashed: Crashed,
        services: Callable[[Workers], RunServices],
    ) -> None:
        self._tasks = tasks
        self._workers = workers
        self._services = services
        self._crashed = crashed

    def start(self, probe: Probe, done: TellOutcome) -> DriverRun:
        """Begin *probe*, and hand its outcome to *done*."""
        return DriverRun(self._tasks.create_task(self._run(probe, done), name=f"check {probe.check}"))

    async def _run(self, probe: Probe, done: TellOutcome) -> None:
        begun = time.monotonic()
        services = self._services(self._workers)
        try:
            if isinstance(probe.check, PreparedDriver):
                await probe.check.ready(services)
                begun = time.monotonic()
            outcome = await self._outcome(probe, services)
        except CheckUnavailable as error:
            outcome = fault(error)
        now = time.monotonic()
        done(outcome, now - begun, now)

    async def _outcome(self, probe: Probe, services: RunServices) -> Outcome:
        driver: Driver = probe.check  # type: ignore[assignment]  # a probe without a target is a driver's
        loop = asyncio.get_running_loop()
        when, late = loop.time() + probe.timeout, 0.0

        def look() -> None:
            nonlocal late
            late = loop.time() - when

        # In the same turn as the deadline, because ending what was begun may take a while.
        looking, deadline = loop.call_at(when, look), asyncio.timeout_at(when)
        try:
            async with deadline:
                return await driver.run(services)
        except CheckUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # the one place around a driver: what is no fault of ours by its type is down
            if deadline.expired() and late > HELD_UP:
                return outcome_of_delay(late)
            if deadline.expired():
                return down(Reason.TIMEOUT, f"no result within {probe.timeout:g} s")
            self._crashed(probe, error)
            return outcome_of_bug(error)
        finally:
            looking.cancel()
