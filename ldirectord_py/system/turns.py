"""Long work in turns of the loop, so that checks go on meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


async def in_turns(items: Iterable[T], size: int) -> AsyncIterator[list[T]]:
    """Yield *items*, up to *size* at a time, each time in another turn of the loop."""
    rest = iter(items)
    some = list(islice(rest, size))
    while some:
        yield some
        if some := list(islice(rest, size)):
            await asyncio.sleep(0)
