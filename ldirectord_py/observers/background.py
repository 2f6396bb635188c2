"""Tasks that an observer begins while it is told of an event, and that end with it."""

import asyncio
from asyncio import TaskGroup
from collections.abc import Coroutine
from typing import Self


class BackgroundTasks:
    """Runs tasks while entered.  What still runs at the end is cancelled, and waited for."""

    def __init__(self) -> None:
        self._group = TaskGroup()
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Be ready for tasks."""
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End what still runs; an error of the block goes on as it is, not in a group."""
        self.cancel()
        await self._group.__aexit__(None, None, None)

    def begin(self, work: Coroutine[None, None, None], name: str) -> None:
        """Run *work* in the background."""
        task = self._group.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def wait(self, seconds: float | None = None) -> None:
        """Wait until all tasks have ended, but not longer than *seconds*."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    def cancel(self) -> None:
        """Have all tasks end now; `wait` waits for that."""
        for task in self._running:
            task.cancel()
