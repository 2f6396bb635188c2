"""A pace for frames, so that a thousand addresses do not flood a wire."""

import asyncio


class Pace:
    """Lets at most *per_second* things happen a second, after *at_once* that may happen together."""

    def __init__(self, per_second: float, at_once: int = 1) -> None:
        self._interval = 1 / per_second
        self._ahead = (at_once - 1) * self._interval
        self._next = 0.0

    async def turn(self) -> None:
        """Return when the next one may happen."""
        now = asyncio.get_running_loop().time()
        due = max(self._next, now - self._ahead)
        self._next = due + self._interval
        if due > now:
            await asyncio.sleep(due - now)
