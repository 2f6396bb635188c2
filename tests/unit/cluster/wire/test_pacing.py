"""The pace of frames."""

import asyncio

from ldirectord_py.cluster.wire.pacing import Pace


async def test_some_may_go_together_and_the_others_keep_the_pace() -> None:
    loop = asyncio.get_running_loop()
    pace = Pace(200, at_once=10)
    begun = loop.time()
    for _ in range(10):
        await pace.turn()
    together = loop.time() - begun
    for _ in range(20):
        await pace.turn()
    in_all = loop.time() - begun
    assert together < 0.05
    assert in_all >= 19 / 200


async def test_a_rest_lets_no_more_go_together_than_may() -> None:
    loop = asyncio.get_running_loop()
    pace = Pace(1000, at_once=2)
    await pace.turn()
    await asyncio.sleep(0.05)
    begun = loop.time()
    for _ in range(12):
        await pace.turn()
    assert loop.time() - begun >= 10 / 1000
