"""Announces addresses that have come to this machine, so that neighbours forget who had them before."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from heapq import heappop, heappush
from ipaddress import IPv4Address
from itertools import count

from ldirectord_py.cluster.network import Device
from ldirectord_py.cluster.wire import arp, neighbours
from ldirectord_py.cluster.wire.owners import sender
from ldirectord_py.cluster.wire.pacing import Pace
from ldirectord_py.model.address import IPAddress

_AFTER = (0.0, 1.0, 2.0, 5.0)
"""Seconds after an address has come, at each of which it is announced: a frame may be lost, and a switch be slow."""
PER_SECOND = 200
"""Frames; an address is announced by one."""


@dataclass(frozen=True, slots=True, order=True)
class _Announcement:
    due: float
    number: int
    address: IPAddress = field(compare=False)
    device: Device = field(compare=False)
    times: int = field(compare=False)
    """So often has it been announced before."""


class AddressAnnouncer:
    """Announces addresses, each several times, and all of them together at a pace."""

    def __init__(self, router: Callable[[str], bool], pace: Pace | None = None) -> None:
        """*router* says whether a device forwards IPv6."""
        self._router = router
        self._pace = pace or Pace(PER_SECOND)
        self._wires = _Wires()
        self._due: list[_Announcement] = []
        self._current: dict[IPAddress, int] = {}
        """Each address that is to be announced, and the number of what is due next of it."""
        self._numbers = count()
        self._news = asyncio.Event()

    def announce(self, address: IPAddress, device: Device) -> None:
        """Announce *address*, which is on *device*, at once and some times more."""
        self._add(address, device, 0, asyncio.get_running_loop().time())

    def withdraw(self, address: IPAddress) -> None:
        """Announce *address* no more."""
        self._current.pop(address, None)

    async def keep(self) -> None:
        """Send what is due; runs until cancelled."""
        while True:
            self._news.clear()
            if not self._due:
                self._wires.close()
                await self._news.wait()
            elif (left := self._due[0].due - asyncio.get_running_loop().time()) > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await self._news.wait()
            else:
                await self._send(heappop(self._due))

    def close(self) -> None:
        """Announce nothing more."""
        self._due.clear()
        self._wires.close()

    def _add(self, address: IPAddress, device: Device, times: int, begun: float) -> None:
        number = self._current[address] = next(self._numbers)
        heappush(self._due, _Announcement(begun + _AFTER[times], number, address, device, times))
        self._news.set()

    async def _send(self, one: _Announcement) -> None:
        if self._current.get(one.address) != one.number:
            return  # withdrawn, or announced anew
        await self._pace.turn()
        self._wires.send(one.device.name, self._frame(one))
        if one.times + 1 < len(_AFTER):
            self._add(one.address, one.device, one.times + 1, one.due - _AFTER[one.times])
        else:
            self.withdraw(one.address)

    def _frame(self, one: _Announcement) -> bytes:
        mac = one.device.hardware_address
        if isinstance(one.address, IPv4Address):
            return arp.announcement(one.address, mac, reply=bool(one.times % 2))
        return neighbours.announcement(one.address, mac, router=self._router(one.device.name))


class _Wires:
    """Sends frames; what a device does not take is lost, as it is on a wire."""

    def __init__(self) -> None:
        self._open: dict[str, socket.socket] = {}

    def send(self, device: str, frame: bytes) -> None:
        try:
            if device not in self._open:
                self._open[device] = sender(device)
            self._open[device].send(frame)
        except OSError:  # it is down, or another one has its name now
            if (wire := self._open.pop(device, None)) is not None:
                wire.close()

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()
