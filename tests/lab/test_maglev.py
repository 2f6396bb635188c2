"""The hash table of the scheduler mh: what it depends on, and so what directors that share clients have to agree in."""

import asyncio
import itertools
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from ldirectord_py.engine.plan import plan
from ldirectord_py.ipvs.kernel import KernelTable
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.service import AddressKey, Forwarding, Protocol, VirtualKey
from ldirectord_py.model.table import Destination, Service, ServiceFlags, Settings

pytestmark = pytest.mark.lab

VIP = IPv4Address("127.0.0.100")
SERVERS = range(11, 16)
CLIENTS = range(20000, 20250)
"""Ports, each of which is another client to `mh-port`."""
_virtual_ports = itertools.count(5000)
Choices = Mapping[int, int]
"""Which server each client is sent to."""


@pytest.fixture
def table() -> Iterator[KernelTable]:
    opened = KernelTable.open()
    yield opened
    opened.close()
    subprocess.run(["ipvsadm", "-C"], check=True)


class Director:
    """A service of its own in *table*, which is written as a director writes it."""

    def __init__(self, table: KernelTable, scheduler: str = "mh", *, stand_in: bool = True) -> None:
        flags = ServiceFlags.SCHED2 | (ServiceFlags.SCHED1 if stand_in else ServiceFlags.NONE)
        self._table = table
        self._key: VirtualKey = AddressKey(Protocol.UDP, Endpoint(VIP, next(_virtual_ports)))
        self._settings = Settings(scheduler=scheduler, flags=flags, netmask=IPv4Address("255.255.255.255"))

    def want(self, weights: Mapping[int, int], hashed: Mapping[int, int] | None = None) -> "Director":
        """Have these servers with these weights, in this order."""
        destinations = {
            Endpoint(IPv4Address(f"127.0.1.{server}"), 80): Destination(
                forwarding=Forwarding.MASQ, weight=weight, hashed_weight=(hashed or {}).get(server, 0)
            )
            for server, weight in weights.items()
        }
        wanted = {self._key: Service(self._settings, destinations)}

        async def write() -> None:
            assert not await self._table.apply(plan(wanted, await self._table.read([self._key])))

        asyncio.run(write())
        return self

    def choices(self) -> Choices:
        """Let each client send a datagram, and return who got it."""
        assert isinstance(self._key, AddressKey)
        port = self._key.endpoint.port
        for client in CLIENTS:
            # Who is refused hears so at once, for client and director are one machine here.
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, suppress(PermissionError):
                sender.bind(("127.0.0.1", client))
                sender.sendto(b"", (str(VIP), port))
        rows = [line.split() for line in Path("/proc/net/ip_vs_conn").read_text().splitlines()[1:]]
        return {int(row[2], 16): int(row[5], 16) & 255 for row in rows if int(row[4], 16) == port}


def alike(servers: Sequence[int] = SERVERS, weight: int = 1) -> dict[int, int]:
    return dict.fromkeys(servers, weight)


def differing(one: Choices, other: Choices) -> set[int]:
    return {client for client in CLIENTS if one.get(client) != other.get(client)}


def test_the_same_servers_in_the_same_order_make_the_same_choices_whatever_became_of_them(table: KernelTable) -> None:
    fresh = Director(table).want(alike())
    chosen = fresh.choices()
    assert set(chosen.values()) == set(SERVERS)
    assert len(chosen) == len(CLIENTS)

    came_up_one_by_one = Director(table).want(alike(weight=0))
    weights = alike(weight=0)
    for server in (14, 12, 15, 11, 13):
        weights[server] = 1
        came_up_one_by_one.want(weights)
    assert came_up_one_by_one.choices() == chosen

    one_was_out = Director(table).want(alike())
    one_was_out.want({**alike(), 13: 0}).want(alike())
    assert one_was_out.choices() == chosen


def test_a_server_that_is_out_loses_its_own_clients_alone_and_on_a_director_that_is_new_too(table: KernelTable) -> None:
    before = Director(table).want(alike()).choices()
    out, hashed = {**alike(), 13: 0}, {13: 1}
    saw_it_serve = Director(table).want(alike()).want(out).choices()
    assert differing(before, saw_it_serve) == {client for client in CLIENTS if before[client] == 13}

    is_new = Director(table).want(out, hashed).choices()
    assert is_new == saw_it_serve
    without_its_place = Director(table).want(out).choices()
    print(f"without: {len(differing(without_its_place, saw_it_serve))} of {len(CLIENTS)} are sent elsewhere")
    assert differing(without_its_place, saw_it_serve)


@pytest.mark.parametrize("scheduler", ["mh", "sh"])
def test_without_fallback_nobody_stands_in_for_a_server_that_is_out(table: KernelTable, scheduler: str) -> None:
    director = Director(table, scheduler, stand_in=False)
    before = Director(table, scheduler).want(alike()).choices()
    left = director.want(alike()).want({**alike(), 13: 0}).choices()
    assert left == {client: server for client, server in before.items() if server != 13}


def test_another_order_moves_a_few_clients(table: KernelTable) -> None:
    weights = {server: 1 + server % 7 for server in range(11, 31)}
    chosen = Director(table).want(weights).choices()
    backwards = dict(reversed(weights.items()))
    moved = differing(chosen, Director(table).want(backwards).choices())
    print(f"20 servers with weights of 1 to 7, entered backwards: {len(moved)} of {len(CLIENTS)} are sent elsewhere")
    assert 0 < len(moved) < len(CLIENTS) / 4
