"""Keeps VIPs where they are wanted: brings them up while the director is active, and takes them down otherwise.

It goes by level: whatever happens, the kernel is asked what there is, and what is missing is done.
Before an address is added, the wire is asked whether another machine has it, and the state file takes down that it is
ours.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby

from ldirectord_py.cluster.network import Device, Network
from ldirectord_py.cluster.rtnetlink import NetworkChanges, session, watching
from ldirectord_py.cluster.vips.attempts import LONGEST, OFTEN, Attempts, Recurrence
from ldirectord_py.cluster.vips.vip_book import VipBook
from ldirectord_py.cluster.vips.vip_kernel import HardwareOwners, VipKernel
from ldirectord_py.cluster.vips.vip_plan import AddedVip, VipStanding, plan_vips
from ldirectord_py.cluster.vips.wanted import WantedVip
from ldirectord_py.cluster.wire.announcing import AddressAnnouncer
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.cluster.vips import VipCause, VipState
from ldirectord_py.model.events.vips import VipEvent
from ldirectord_py.system.supervision import Backoff, SideJob
from ldirectord_py.system.sysctls import current, of_device

KEEPING_VIPS = SideJob("Keeping VIPs up", "VIPs stay as they are")
_AT_A_TIME = 64
"""VIPs that are brought up together."""
_PATIENCE = 1.0
"""Seconds for which another machine may still have a VIP before that is told: who had it may be about to let it go."""
_FIRST_CONFLICT, _LONGEST_CONFLICT, _CONFLICTS_PER_SECOND = 0.2, 0.5, 50
_REFUSED = Backoff(1.0, LONGEST)
_REST = 0.1
"""Seconds between two looks at the kernel's addresses, at least, while somebody else keeps changing them."""
_SHARE = 10
"""After a look that only news of the kernel has caused, the rest lasts at least so many times as long as the look."""
_WATCHED_EVERY = 60.0
_WAITED, _REMEMBERED, _TAKEN_DOWN = 3.0, 1.0, 5.0
"""Seconds, at most: for which a start or a reload waits for VIPs, VIPs for the state file, and the end for VIPs."""


class VipKeeper:
    """Brings up what it was told to `follow`, in the job `keep`; `leave` is the end."""

    def __init__(self, tell: Callable[[VipEvent], None], remember: Callable[[], Awaitable[None]]) -> None:
        """*remember* writes `book.remembered` to the state file."""
        self.book = VipBook(tell)
        self._remember = remember
        self._active, self._cause = True, VipCause.START
        self._news, self._settled = asyncio.Event(), asyncio.Event()
        self._stale = False
        """What is under way goes by what was wanted before."""
        self._asking: asyncio.Timeout | None = None
        self._attempts, self._recurrence = Attempts(), Recurrence()
        self._taken: set[IPAddress] = set()
        """What somebody else has removed, and is not back yet."""
        self._running: frozenset[str] = frozenset()
        """The devices that had a carrier when last looked at."""
        self._announcer = AddressAnnouncer(lambda device: current(of_device("ipv6", device, "forwarding")) == 1)
        self._watched, self._watch_due = 0, 0.0
        self._rest = _REST

    # What is wanted.

    def follow(self, wanted: Mapping[IPAddress, WantedVip], cause: VipCause) -> None:
        """Have *wanted* be here, and nothing else of ours, as long as the director is active."""
        self.book.want(wanted)
        self._turn(cause)

    def take_role(self, *, active: bool) -> None:
        """Have VIPs be here only while the director is *active*."""
        if active is not self._active:
            self._active = active
            self._turn(VipCause.ROLE)

    def _turn(self, cause: VipCause) -> None:
        self._cause, self._stale = cause, True
        self._attempts.hasten()
        self._settled.clear()
        self._news.set()
        if self._asking is not None:
            self._asking.reschedule(0)

    async def settled(self) -> Sequence[str]:
        """Wait until what is wanted has been tried, some seconds at most; return what is wrong, in sentences."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_WAITED):
                await self._settled.wait()
        return self.book.complaints()

    # The job.

    async def keep(self) -> None:
        """Keep VIPs where they are wanted; runs until cancelled, and raises `OSError`."""
        while not self.book.wanted and not self.book.added:  # and do without the library as long as that is so
            self._settled.set()
            await self._news.wait()
            self._news.clear()
        self._watch_due = _now() + _WATCHED_EVERY
        failure: OSError | None = None
        try:
            async with session() as kernel, watching() as changes, asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(changes), name="listen to changes of the network")
                tasks.create_task(self._announcer.keep(), name="announce VIPs")
                await self._follow(VipKernel(kernel))
        except* OSError as errors:
            failure = next(each for each in errors.exceptions if isinstance(each, OSError))
        finally:
            self._announcer.close()
        if failure is not None:
            raise failure

    async def leave(self, *, stays: bool) -> None:
        """End: take down what was brought up; *stays*: leave it to the next director, which remembers it.

        What belongs to a virtual service with `cleanstop=no` stays in any case.
        """
        wanted = self.book.wanted
        left = [one for one in self.book.added.values() if one.address not in wanted or not wanted[one.address].stays]
        if stays or not left:
            return
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(_TAKEN_DOWN), session() as kernel:
                for one in left:
                    await self._take_down(VipKernel(kernel), one, VipCause.STOP)

    async def _listen(self, changes: NetworkChanges) -> None:
        while True:
            await changes.wait()
            self._news.set()
            await asyncio.sleep(self._rest)

    async def _follow(self, kernel: VipKernel) -> None:
        while True:
            self._news.clear()
            self._stale = False
            await self._look(kernel)
            if not self._stale:
                self._settled.set()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._next_look()):
                    await self._news.wait()

    def _next_look(self) -> float:
        due = self._attempts.next_of((*self.book.wanted, *self.book.added))
        return self._watch_due if due is None else min(due, self._watch_due)

    # One look.

    async def _look(self, kernel: VipKernel) -> None:
        begun = _now()
        network = await kernel.network()
        plan = plan_vips(self.book.wanted, list(self.book.added.values()), network, active=self._active)
        self._rest = max(_REST, _SHARE * (_now() - begun))
        for one in plan.lost:
            self._lose(one)
        for one in plan.remove:
            verdict = plan.verdicts.get(one.address)
            out_of_reach = verdict is not None and verdict.state is VipState.INTERFACE_DOWN
            await self._take_down(kernel, one, VipCause.INTERFACE if out_of_reach else self._cause)
        if plan.lost or plan.remove:
            await self._write_down()
        for address, verdict in plan.verdicts.items():
            self._judge(address, verdict)
        await self._welcome_devices(kernel, network)
        await self._bring_up(kernel, network, plan.add)
        await self._watch(kernel, network)

    def _judge(self, address: IPAddress, verdict: VipStanding) -> None:
        if verdict.state is not VipState.PENDING:
            self._attempts.forget(address)
        elif self._attempts.has_failed(address):
            return  # what was wrong is wrong until it has been tried again
        self.book.judge(address, verdict)

    def _lose(self, one: AddedVip) -> None:
        self._announcer.withdraw(one.address)
        if not self._active or one.address not in self.book.wanted:
            self.book.forget(one)
            return
        times = self._recurrence.count(one.address, _now())
        self._attempts.contested(one.address, _now(), times)
        self._taken.add(one.address)
        self.book.taken_away(one, times, alarm=times == OFTEN, again=times > OFTEN)

    async def _take_down(self, kernel: VipKernel, one: AddedVip, cause: VipCause) -> None:
        self._announcer.withdraw(one.address)
        if (trouble := await kernel.remove(one)) is None:
            self.book.went(one, cause)
        else:
            self._attempts.failed(one.address, _now(), _REFUSED)
            self.book.stays(one, trouble)

    async def _welcome_devices(self, kernel: VipKernel, network: Network) -> None:
        """Announce what is on devices that have a carrier again, or take it down if another machine has it by now."""
        running = frozenset(device.name for device in network.devices.values() if device.up and device.running)
        back = running - self._running
        held = [one for one in self.book.added.values() if one.device in back and self._is_held(one)]
        for device, some in _batches(network, held):
            found = await self._ask(kernel, device, some)
            if found is None:
                return
            for one in some:
                if isinstance(found, VipStanding) or one.address not in found:
                    self._announce(one, device)
                else:
                    await self._take_down(kernel, one, VipCause.CONFLICT)
                    self._yield(one, found[one.address])
        self._running = running

    async def _bring_up(self, kernel: VipKernel, network: Network, add: Sequence[AddedVip]) -> None:
        now = _now()
        due = [one for one in add if self._attempts.is_due(one.address, now) and one.address not in self.book.added]
        for device, some in _batches(network, due):
            found = await self._ask(kernel, device, some)
            if found is None:
                return
            if isinstance(found, VipStanding):
                for one in some:
                    self._fail(one, found)
                continue
            for one in some:
                if one.address in found:
                    self._yield(one, found[one.address])
            await self._add(kernel, device, [one for one in some if one.address not in found])

    async def _add(self, kernel: VipKernel, device: Device, free: Sequence[AddedVip]) -> None:
        """Add what nobody has, once the state file has it."""
        if not free:
            return
        self.book.added.update({one.address: one for one in free})
        await self._write_down()
        for number, one in enumerate(free):
            if self._stale:
                for late in free[number:]:
                    self.book.forget(late)
                await self._write_down()
                return
            if (trouble := await kernel.add(one)) is not None:
                self.book.forget(one)
                self._fail(one, trouble)
            else:
                self._come(one, device)

    def _come(self, one: AddedVip, device: Device) -> None:
        before = self.book.state(one.address)
        cause = VipCause.INTERFACE if before is VipState.INTERFACE_DOWN else self._cause
        cause = VipCause.RETRY if self._attempts.has_failed(one.address) else cause
        cause = VipCause.REPAIR if one.address in self._taken else cause
        self._taken.discard(one.address)
        self._attempts.forget(one.address)
        self._announce(one, device)
        self.book.came(one, cause, again=self._recurrence.lasts(one.address, _now()))

    def _announce(self, one: AddedVip, device: Device) -> None:
        if device.announces:
            self._announcer.announce(one.address, device)

    def _fail(self, one: AddedVip, trouble: VipStanding) -> None:
        self._attempts.failed(one.address, _now(), _REFUSED)
        self.book.judge(one.address, trouble)

    def _yield(self, one: AddedVip, others: frozenset[str]) -> None:
        """Leave *one* to the machines that have it, and try again soon: one of them may be about to let it go."""
        waiting = len(self.book.wanted) - len(self.book.added)
        pause = Backoff(_FIRST_CONFLICT, max(_LONGEST_CONFLICT, waiting / _CONFLICTS_PER_SECOND))
        lasted = self._attempts.failed(one.address, _now(), pause)
        self.book.conflict(one.address, one.device, others, held=False, silent=lasted < _PATIENCE)

    async def _watch(self, kernel: VipKernel, network: Network) -> None:
        """Ask from time to time whether other machines have VIPs of ours as well, some VIPs at a time."""
        if _now() < self._watch_due:
            return
        held = [one for one in self.book.added.values() if self._is_held(one)]
        begin = self._watched if self._watched < len(held) else 0
        for device, some in _batches(network, held[begin : begin + _AT_A_TIME]):
            found = await self._ask(kernel, device, some)
            if found is None or isinstance(found, VipStanding):
                return
            for one in some:
                if one.address in found:
                    self.book.conflict(one.address, one.device, found[one.address], held=True, silent=False)
                else:
                    self.book.alone(one.address)
        self._watched = begin + _AT_A_TIME
        self._watch_due = _now() + _WATCHED_EVERY

    async def _ask(
        self, kernel: VipKernel, device: Device, some: Sequence[AddedVip]
    ) -> HardwareOwners | VipStanding | None:
        """Return who else has *some*, or why that cannot be asked; None: that is not wanted any more."""
        if self._stale:
            return None
        try:
            async with asyncio.timeout(None) as self._asking:
                return await kernel.owners(device, [one.address for one in some])
        except TimeoutError:
            return None
        finally:
            self._asking = None

    async def _write_down(self) -> None:
        with suppress(TimeoutError):  # a disk that hangs must not keep clients waiting
            async with asyncio.timeout(_REMEMBERED):
                await self._remember()

    def _is_held(self, one: AddedVip) -> bool:
        return self.book.state(one.address) is VipState.HELD


def _now() -> float:
    return asyncio.get_running_loop().time()


def _batches(network: Network, ours: Sequence[AddedVip]) -> Iterator[tuple[Device, Sequence[AddedVip]]]:
    """Yield *ours* by their devices, some at a time."""
    for name, found in groupby(sorted(ours, key=lambda one: one.device), lambda one: one.device):
        some = list(found)
        for start in range(0, len(some), _AT_A_TIME):
            yield network.devices[name], some[start : start + _AT_A_TIME]
