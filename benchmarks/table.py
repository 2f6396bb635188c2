"""What writing, re-weighting and reading the kernel's table costs; prints one JSON object on one line.

Runs as root where the kernel has IPVS (the lab's guest), and clears the table.  Ratios between ours and `ipvsadm -R`
in one run mean something; absolute figures of a user-mode kernel, whose system calls are dear, do not.

    python benchmarks/table.py [DESTINATIONS ...]
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable
from ipaddress import IPv4Address
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parent.parent))

from ldirectord_py.ipvs.kernel import KernelTable
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.service import AddressKey, Forwarding, Protocol
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Change,
    Destination,
    Service,
    SetDestination,
    Settings,
)

REALS_PER_VIRTUAL = 100
SETTINGS = Settings(scheduler="wlc", netmask=IPv4Address("255.255.255.255"))

T = TypeVar("T")


def wanted(count: int, weight: int) -> dict[AddressKey, Service]:
    table = {}
    for number in range(count // REALS_PER_VIRTUAL):
        virtual = AddressKey(Protocol.TCP, Endpoint(IPv4Address("10.1.0.0") + number, 80))
        first = IPv4Address("10.64.0.0") + number * 256
        destination = Destination(forwarding=Forwarding.MASQ, weight=weight)
        reals = {Endpoint(first + place, 8080): destination for place in range(REALS_PER_VIRTUAL)}
        table[virtual] = Service(SETTINGS, reals)
    return table


def rules(table: dict[AddressKey, Service]) -> str:
    lines = []
    for virtual, service in table.items():
        lines.append(f"-A -t {virtual.endpoint} -s {service.settings.scheduler}")
        lines += [f"-a -t {virtual.endpoint} -r {real} -m -w {it.weight}" for real, it in service.destinations.items()]
    return "\n".join(lines) + "\n"


def ipvsadm(argument: str, text: str = "") -> float:
    began = time.perf_counter()
    subprocess.run(["ipvsadm", *argument.split()], input=text, text=True, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


async def timed(work: Awaitable[T]) -> tuple[float, float, T]:
    """Return how long *work* took, the longest time for which it kept the loop to itself, and its result."""
    gaps = [0.0]

    async def ticking() -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            gaps.append((now := time.perf_counter()) - last)
            last = now

    ticker = asyncio.create_task(ticking())
    await asyncio.sleep(0)
    began = time.perf_counter()
    result = await work
    seconds = time.perf_counter() - began
    ticker.cancel()
    return seconds, max([*gaps, 0.0 if len(gaps) > 2 else seconds]), result


async def measured(count: int) -> dict[str, float]:
    table = KernelTable.open()
    first, second = wanted(count, 1), wanted(count, 2)
    restore, listing = ipvsadm("-R", rules(first)), ipvsadm("-L -n")
    ipvsadm("-C")
    added: list[Change] = [AddService(virtual, service.settings) for virtual, service in first.items()]
    added += [
        AddDestination(virtual, real, it) for virtual, at in first.items() for real, it in at.destinations.items()
    ]
    heavier = [
        SetDestination(virtual, real, it) for virtual, at in second.items() for real, it in at.destinations.items()
    ]
    write, write_gap, refusals = await timed(table.apply(added))
    weigh, weigh_gap, more = await timed(table.apply(heavier))
    if refusals or more:
        raise SystemExit(f"refused: {[*refusals, *more][:3]}")
    await table.read()
    read, read_gap, actual = await timed(table.read())
    if actual != second:
        raise SystemExit("what was read is not what was written")
    ipvsadm("-C")
    table.close()
    return {
        "destinations": count,
        "ipvsadm_restore_us": micros(restore, count),
        "ipvsadm_list_us": micros(listing, count),
        "write_us": micros(write, count),
        "reweight_us": micros(weigh, count),
        "read_us": micros(read, count),
        "write_gain": round(restore / write, 1),
        "longest_turn_ms": round(max(write_gap, weigh_gap, read_gap) * 1e3, 1),
    }


def micros(seconds: float, count: int) -> float:
    return round(seconds / count * 1e6, 1)


def main() -> None:
    counts = [int(word) for word in sys.argv[1:]] or [2_000, 10_000]
    ipvsadm("-C")
    print(json.dumps({"table": [asyncio.run(measured(count)) for count in counts]}))


main()
