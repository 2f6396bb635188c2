"""Programs of the operator's that are run in the background when something happens, and never delay a check."""

import asyncio
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Self

from ldirectord_py.model.events import Event, HookDone
from ldirectord_py.observers.background import BackgroundTasks
from ldirectord_py.system import processes
from ldirectord_py.system.supervision import SideJob, Supervisor

LIMIT = 30.0
"""Seconds after which a program is ended, with all that it has started."""
FAREWELL = 10.0
"""Seconds that the end of the director waits for programs; cluster managers give it 15 (ocf:heartbeat:ldirectord)."""
_SHARE = 0.5
"""Of that time so much is for what runs already; the rest is left to calls that wait behind it."""
_ENDED = "it was ended, because the director ends"
_NOT_RUN = "it was not run: the director has ended, and what ran before it took too long"
_MOST_SHOWN = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A program to be run, and why."""

    directive: str
    """The directive that names it."""
    shown: str
    """What is run, as the log shows it."""
    argv: tuple[str, ...]
    limit: float = LIMIT
    place: Hashable = None
    """While it waits, a later one of the same queue and place takes its turn instead."""
    variables: Mapping[str, str] | None = None
    """Its environment, where it is another than that of programs."""
    says_state: bool = False
    """It says how things stand: while it is under way, there is no use in saying so again."""


def shell(command: str, *words: str) -> tuple[str, ...]:
    """Return the argv that has the shell run *command* with *words* behind it, each as it is."""
    return ("/bin/sh", "-c", f'{command} "$@"', "sh", *words)


class _HookQueue:
    """Programs of which one runs at a time, in order."""

    __slots__ = ("_limit", "hurried", "running", "waiting")

    def __init__(self) -> None:
        self.running: Hook | None = None
        self.waiting: dict[Hashable, Hook] = {}
        self.hurried = False
        """What runs was ended for those that wait."""
        self._limit: asyncio.Timeout | None = None

    def limit(self, hook: Hook) -> asyncio.Timeout:
        """Return the limit of *hook*, which begins to run."""
        self.hurried = False
        self._limit = asyncio.timeout(hook.limit)
        return self._limit

    def hurry(self) -> None:
        """End what runs."""
        if self.running is not None and self._limit is not None:
            self.hurried = True
            self._limit.reschedule(asyncio.get_running_loop().time())


class Hooks:
    """Runs programs while entered: in each queue one at a time, and not more than *at_a_time* in all."""

    def __init__(self, emit: Callable[[Event], None], at_a_time: int) -> None:
        self._emit = emit
        self._supervisor = Supervisor(emit)
        self._tasks = BackgroundTasks()
        self._queues: dict[Hashable, _HookQueue] = {}
        self._places = asyncio.Semaphore(at_a_time)

    async def __aenter__(self) -> Self:
        """Be ready to run programs."""
        await self._tasks.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End whatever still runs."""
        self._abandon()
        await self._tasks.__aexit__()

    def run(self, queue: Hashable, hook: Hook) -> None:
        """Have *hook* run as soon as those before it in *queue* have ended."""
        if (line := self._queues.get(queue)) is None:
            line = self._queues[queue] = _HookQueue()
            job = SideJob(f"{hook.directive} {hook.shown}", "this run of it is lost")
            serving = self._supervisor.contain(job, partial(self._serve, queue, line))
            self._tasks.begin(serving, f"{hook.directive} {queue}")
        line.waiting.pop(hook.place, None)
        if not (hook.says_state and hook == line.running and not line.waiting):
            line.waiting[hook.place] = hook

    async def finish(self, seconds: float = FAREWELL) -> None:
        """Wait until all have ended, but not longer than *seconds*; then end those that have not.

        A program that hangs is ended in time for what waits behind it, as the `stop` of a fallbackcommand does.
        """
        await self._tasks.wait(seconds * _SHARE)
        waited_for = [queue for queue in self._queues.values() if queue.waiting]
        for queue in self._queues.values() if waited_for and self._places.locked() else waited_for:
            queue.hurry()
        await self._tasks.wait(seconds * (1 - _SHARE))
        self._abandon()

    def _abandon(self) -> None:
        for queue in self._queues.values():
            for hook in queue.waiting.values():
                self._emit(HookDone(hook.directive, hook.shown, _NOT_RUN, 0.0))
            queue.waiting.clear()
        self._tasks.cancel()

    async def _serve(self, name: Hashable, queue: _HookQueue) -> None:
        try:
            while queue.waiting:
                async with self._places:
                    queue.running = queue.waiting.pop(next(iter(queue.waiting)))
                    await self._carry_out(queue.running, queue)
                    queue.running = None
        finally:
            del self._queues[name]

    async def _carry_out(self, hook: Hook, queue: _HookQueue) -> None:
        begun = time.monotonic()
        failure = _ENDED
        try:
            failure = await _failure(hook, queue)
        finally:
            self._emit(HookDone(hook.directive, hook.shown, failure, time.monotonic() - begun))


async def _failure(hook: Hook, queue: _HookQueue) -> str:
    """Run *hook*; return what became of it, in a sentence, or nothing where it succeeded."""
    try:
        async with queue.limit(hook):
            ended = await processes.run(hook.argv, errors_only=True, variables=hook.variables)
    except TimeoutError:
        return _ENDED if queue.hurried else f"it had not ended after {hook.limit:g} seconds, and was ended"
    except (OSError, ValueError) as error:  # ValueError: a NUL character
        return f"cannot be run: {getattr(error, 'strerror', None) or error}"
    if ended.status == 0:
        return ""
    line = ended.first[:_MOST_SHOWN].decode("utf-8", "backslashreplace")
    return f"{ended}: {line}" if line else str(ended)
