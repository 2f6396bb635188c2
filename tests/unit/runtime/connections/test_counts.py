"""The connections of the servers: read when somebody asks, shared, and not shown for long."""

import asyncio
from collections.abc import Mapping, Sequence

from ldirectord_py.ipvs.memory import MemoryTable
from ldirectord_py.model.checks.outcome import up
from ldirectord_py.model.errors import TableUnavailable
from ldirectord_py.model.service import VirtualKey
from ldirectord_py.model.table import UNKNOWN_TRAFFIC, Connections, Rates, Totals, Traffic
from ldirectord_py.runtime.connections.counts import FRESH_SECONDS, STALE_SECONDS, ConnectionCounts
from ldirectord_py.runtime.snapshots import Live, snapshot
from tests.unit.runtime.test_director import MAIL, WEB, Stage, config, directing, server, virtual

BUSY = Connections(3, 2, 1)
RATES = Rates(12, 3400, 56000)
TOTALS = Totals(12, 34, 56, 78, 90)


class Busy(MemoryTable):
    """A table whose servers and services all have traffic, unless it cannot be read."""

    reachable = True
    reads = 0

    async def traffic(self, virtuals: Sequence[VirtualKey], *, totals: bool = False) -> Mapping[VirtualKey, Traffic]:
        self.reads += 1
        await asyncio.sleep(0)
        if not self.reachable:
            raise TableUnavailable("the kernel has no IPVS any more")
        found = await super().traffic(virtuals)
        return {
            virtual: Traffic(
                dict.fromkeys(each.connections, BUSY), RATES, dict.fromkeys(each.connections if totals else (), TOTALS)
            )
            for virtual, each in found.items()
        }


class Scene:
    """Counts of the servers of *stage*, by a clock of the test's own."""

    def __init__(self, stage: Stage) -> None:
        self.now = 1000.0
        self.table = Busy(stage.table.state)
        self.counts = ConnectionCounts(self.table, stage.director, lambda: self.now)


async def test_nothing_is_read_before_somebody_asks_and_then_once_for_all_who_ask() -> None:
    async with directing(config(virtual(3, 2))) as stage:
        await stage.report(1, up())
        scene = Scene(stage)
        assert scene.counts.of(WEB) == UNKNOWN_TRAFFIC

        await asyncio.gather(*(scene.counts.refresh() for _ in range(5)))

        assert scene.counts.of(WEB) == Traffic({server(1): BUSY}, RATES)
        assert scene.counts.of(MAIL) == UNKNOWN_TRAFFIC
        assert scene.table.reads == 1


async def test_counts_are_read_anew_when_they_are_old_and_not_shown_when_they_are_older() -> None:
    async with directing(config(virtual(3))) as stage:
        await stage.report(1, up())
        scene = Scene(stage)
        await scene.counts.refresh()
        scene.now += FRESH_SECONDS
        await scene.counts.refresh()
        assert scene.table.reads == 1
        await scene.counts.refresh(at_most=1)
        assert scene.table.reads == 2

        scene.now += STALE_SECONDS + 1
        assert scene.counts.of(WEB) == UNKNOWN_TRAFFIC


async def test_a_table_that_cannot_be_read_leaves_no_counts() -> None:
    async with directing(config(virtual(3))) as stage:
        await stage.report(1, up())
        scene = Scene(stage)
        await scene.counts.refresh()
        scene.table.reachable, scene.now = False, scene.now + FRESH_SECONDS + 1

        await scene.counts.refresh()

        assert scene.counts.of(WEB) == UNKNOWN_TRAFFIC


async def test_thousands_of_servers_are_read_in_slices() -> None:
    many = [virtual(*[1] * 255, key=each) for each in (WEB, MAIL)]
    async with directing(config(*many)) as stage:
        for number in range(1, 256):
            await stage.report(number, up())
        scene = Scene(stage)

        await scene.counts.refresh()

        assert len(scene.counts.of(WEB).connections) == len(scene.counts.of(MAIL).connections) == 255
        assert scene.table.reads == 2


async def test_the_snapshot_has_them() -> None:
    async with directing(config(virtual(3, 2, servicename="shop"))) as stage:
        await stage.report(1, up())
        scene = Scene(stage)
        await scene.counts.refresh()
        (shown,) = snapshot(stage.director, inflight=0, queued=0, live=Live(scene.counts.of)).virtuals

    assert shown.servicename == "shop"
    assert [real.connections for real in shown.reals] == [BUSY, None]
    assert shown.rates == RATES


async def test_totals_are_read_where_they_are_wanted() -> None:
    async with directing(config(virtual(3))) as stage:
        scene = Scene(stage)
        await scene.counts.refresh()
        assert not scene.counts.of(WEB).totals
        scene.counts.totals = True
        scene.now += FRESH_SECONDS + 1
        await scene.counts.refresh()
        assert set(scene.counts.of(WEB).totals.values()) == {TOTALS}
