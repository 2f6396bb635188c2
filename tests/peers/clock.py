"""A clock that only the test moves: what happens when is then no matter of how fast a machine is."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

_TURNS = 30
"""Turns of the loop within which what is due is done, with all that it sends over loopback; some to spare."""


class Clock:
    """What the running loop takes for the time, in seconds."""

    def __init__(self, now: float) -> None:
        self.now = now

    async def go_on(self, seconds: float, step: float = 0.1) -> None:
        """Let so many *seconds* pass, a *step* at a time, and what is due be done after each."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + step, end)
            await self.rest()

    async def rest(self) -> None:
        """Let what is due be done, and no time pass."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)


@contextmanager
def stopped_clock() -> Iterator[Clock]:
    """Have the running loop's time stand still but for what the test lets pass."""
    loop = asyncio.get_running_loop()
    clock = Clock(loop.time())
    loop.time = lambda: clock.now  # type: ignore[method-assign]
    try:
        yield clock
    finally:
        del loop.time  # type: ignore[method-assign]
