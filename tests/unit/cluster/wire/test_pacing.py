"""The pace of frames."""

import asyncio

import pytest

from ldirectord_py.cluster.wire.pacing import Pace
from tests.peers.clock import Clock, stopped_clock


async def turns(pace: Pace, clock: Clock, number: int) -> list[float]:
    """Return the seconds from now on at which so many turns come."""
    begun, moments = clock.now, list[float]()

    async def take() -> None:
        for _ in range(number):
            await pace.turn()
            moments.append(clock.now - begun)

    taking = asyncio.create_task(take())
    await clock.rest()
    while not taking.done():
        await clock.go_on(0.001, 0.001)
    return moments


async def test_some_may_go_together_and_the_others_keep_the_pace() -> None:
    with stopped_clock() as clock:
        moments = await turns(Pace(200, at_once=10), clock, 30)
    assert moments == pytest.approx([0.0] * 10 + [number / 200 for number in range(1, 21)], abs=0.0015)


async def test_a_rest_lets_no_more_go_together_than_may() -> None:
    with stopped_clock() as clock:
        pace = Pace(100, at_once=2)
        await turns(pace, clock, 1)
        await clock.go_on(5, 5)
        moments = await turns(pace, clock, 12)
    assert moments == pytest.approx([0.0] * 2 + [number / 100 for number in range(1, 11)], abs=0.0015)
