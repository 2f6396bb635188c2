"""How long tests wait for what is to happen, and how they do."""

import asyncio
from collections.abc import Callable

PATIENCE = 90.0
"""Seconds.  On a quiet machine it comes in a tenth of that; one that has much else to do may need all of it."""
BUILDING = 900.0
"""Seconds for what keeps a processor busy for a while: to make a package, an image or the manual's site."""
PAUSE = 0.005


async def until(come_true: Callable[[], object]) -> None:
    """Wait until *come_true* returns something true."""
    async with asyncio.timeout(PATIENCE):
        while not come_true():
            await asyncio.sleep(PAUSE)
