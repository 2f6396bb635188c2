"""Sees who holds the virtual address, who answers ARP for it, and who forwards connections to it.

One thread waits for all of it: the kernels tell of addresses that come and go (rtnetlink(7)), and a few times a second
it asks the network who has the virtual address, as a host of its own so that the client learns nothing from it, and
the directors how many connections they have scheduled.
"""

import os
import selectors
import socket
import struct
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from threading import Event, Lock, Thread
from typing import Self

from ldirectord_py.cluster.wire.arp import owner, probe
from tests.lab.support.namespaces import Host

PROBE = 0.2
"""Seconds from one ARP probe to the next."""
_ARP = 0x0806
_IPV4_ADDRESSES = 0x10  # RTMGRP_IPV4_IFADDR
_NEW_ADDRESS, _DELETE_ADDRESS = 20, 21
_LOCAL = 2  # IFA_LOCAL
_LOOPBACK = 1  # the index of `lo` in every network namespace


@dataclass(frozen=True, slots=True)
class Holding:
    """Who held the address from a moment on, and who of them could be reached."""

    at: float
    holders: frozenset[str]
    reached: frozenset[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody said by ARP that the address is theirs: by an answer to a probe, or to all."""

    at: float
    name: str
    asked: bool


@dataclass(eq=False)
class _Watched:
    """One director."""

    host: Host
    addresses: socket.socket
    counters: int
    holds: set[int] = field(default_factory=set)
    """The indexes of its devices that have the address."""


class Witness:
    """Watches the holders of *address* from *host*, a host of the same network; use it in a `with` block."""

    def __init__(self, host: Host, address: str) -> None:
        self._address, self._mac = IPv4Address(address), bytes.fromhex(host.mac.replace(":", ""))
        self.holdings: list[Holding] = [Holding(time.monotonic(), frozenset(), frozenset())]
        self.claims: list[Claim] = []
        self.forwarded: list[tuple[float, str, int]] = []
        """When, which director, how many connections it scheduled since it was last asked."""
        self._names: dict[str, str] = {}
        self._watched: dict[str, _Watched] = {}
        self._scheduled: dict[str, int] = {}
        self._unreachable: set[str] = set()
        self._selector = selectors.DefaultSelector()
        with host.inside():
            self._wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.htons(_ARP))
            self._wire.bind(("eth0", _ARP))
        self._selector.register(self._wire, selectors.EVENT_READ)
        self._lock, self._end = Lock(), Event()
        self._thread = Thread(target=self._run, name="witness", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        for name in tuple(self._watched):
            self.forget(name)
        self._wire.close()
        self._selector.close()

    def watch(self, host: Host) -> None:
        """Watch a director from now on, which does not hold the address yet."""
        with host.inside():
            addresses = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
            addresses.bind((0, _IPV4_ADDRESSES))
            counters = os.open("/proc/thread-self/net/ip_vs_stats_percpu", os.O_RDONLY)
        with self._lock:
            self._names[host.mac] = host.name
            self._watched[host.name] = watched = _Watched(host, addresses, counters)
            self._scheduled[host.name] = 0
            self._selector.register(addresses, selectors.EVENT_READ, watched)

    def forget(self, name: str) -> None:
        """Watch a director no more: it does not exist any longer."""
        with self._lock:
            watched = self._watched.pop(name)
            self._selector.unregister(watched.addresses)
            watched.addresses.close()
            os.close(watched.counters)
            self._record()

    def reach(self, name: str, *, possible: bool) -> None:
        """Remember that a director can be reached by clients from now on, or not."""
        with self._lock:
            (self._unreachable.discard if possible else self._unreachable.add)(name)
            self._record()

    @property
    def holders(self) -> frozenset[str]:
        """Who can be reached and holds the address now."""
        return self.holdings[-1].reached

    def several(self, since: float = 0) -> float:
        """Return for how many seconds in all more than one director that could be reached held the address."""
        return sum(seconds for holding, seconds in self._spans(since) if len(holding.reached) > 1)

    def nobody(self, since: float = 0) -> float:
        """Return the longest time for which none did, in seconds."""
        longest = empty = 0.0
        for holding, seconds in self._spans(since):
            empty = 0.0 if holding.reached else empty + seconds
            longest = max(longest, empty)
        return longest

    def second_owners(self, since: float = 0) -> list[Claim]:
        """Return the answers to probes that were given after another director's to the same probe."""
        found, last = [], None
        for claim in self.claims:
            if not claim.asked or claim.at < since:
                continue
            if last is not None and claim.name != last.name and claim.at - last.at < PROBE / 2:
                found.append(claim)
            last = claim
        return found

    def scheduled(self, since: float = 0) -> Mapping[str, int]:
        """Return how many connections each director has scheduled *since*."""
        counts: dict[str, int] = {}
        for at, name, number in self.forwarded:
            if at >= since:
                counts[name] = counts.get(name, 0) + number
        return counts

    def _spans(self, since: float) -> list[tuple[Holding, float]]:
        """Return each state with the seconds that it lasted after *since*."""
        ends = [*(holding.at for holding in self.holdings[1:]), time.monotonic()]
        spans = zip(self.holdings, ends, strict=True)
        return [(holding, end - max(holding.at, since)) for holding, end in spans if end > since]

    def _record(self) -> None:
        holders = frozenset(name for name, watched in self._watched.items() if watched.holds)
        reached = holders - self._unreachable
        if (holders, reached) != (self.holdings[-1].holders, self.holdings[-1].reached):
            self.holdings.append(Holding(time.monotonic(), holders, reached))

    def _run(self) -> None:
        due = time.monotonic()
        while not self._end.is_set():
            if due <= time.monotonic():
                due = time.monotonic() + PROBE
                with suppress(OSError):
                    self._wire.send(probe(self._address, self._mac))
                with self._lock:
                    self._count()
            ready = self._selector.select(max(0.0, due - time.monotonic()))
            with self._lock:
                for key, _ in ready:
                    self._read(key.data)

    def _read(self, watched: _Watched | None) -> None:
        with suppress(BlockingIOError, ValueError, OSError):  # it was forgotten meanwhile
            if watched is None:
                while True:
                    self._hear(self._wire.recv(128))
            while True:
                self._note_addresses(watched, watched.addresses.recv(65536))

    def _hear(self, frame: bytes) -> None:
        said = owner(frame)
        if said is not None and said[0] == self._address and (name := self._names.get(said[1].hex(":"))):
            self.claims.append(Claim(time.monotonic(), name, asked=frame[:6] == self._mac))

    def _note_addresses(self, watched: _Watched, messages: bytes) -> None:
        while messages:
            length, kind = struct.unpack_from("=IH", messages)
            (index,) = struct.unpack_from("=4xI", messages, 16)
            if kind in {_NEW_ADDRESS, _DELETE_ADDRESS} and index != _LOOPBACK and self._is_ours(messages[24:length]):
                (watched.holds.add if kind == _NEW_ADDRESS else watched.holds.discard)(index)
            messages = messages[length + -length % 4 :]
        self._record()

    def _is_ours(self, attributes: bytes) -> bool:
        while attributes:
            length, kind = struct.unpack_from("=HH", attributes)
            if kind == _LOCAL:
                return attributes[4:length] == self._address.packed
            attributes = attributes[length + -length % 4 :]
        return False

    def _count(self) -> None:
        for name, watched in self._watched.items():
            total = int(os.pread(watched.counters, 4096, 0).splitlines()[2].split()[1], 16)  # of a guest's processor
            if scheduled := total - self._scheduled[name]:
                self._scheduled[name] = total
                self.forwarded.append((time.monotonic(), name, scheduled))
