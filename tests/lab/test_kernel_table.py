"""The kernel's table, compared with what `ipvsadm` shows of it and writes to it."""

import asyncio
import errno
import os
import resource
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroute2.ipvs import IPVS, IPVSService

from ldirectord_py.ipvs.kernel import KernelTable
from ldirectord_py.ipvs.memory import MemoryTable
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.errors import TableUnavailable
from ldirectord_py.model.service import AddressKey, Forwarding, MarkKey, Protocol, VirtualKey
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Change,
    Connections,
    Destination,
    Rates,
    RemoveDestination,
    RemoveService,
    Service,
    ServiceFlags,
    SetDestination,
    SetService,
    Settings,
    TableState,
    Totals,
)
from tests.lab.support.waiting import wait_until
from tests.unit.ipvs.strategies import CHANGES

pytestmark = pytest.mark.lab

FOUR, SIX = IPv4Address("10.0.0.1"), IPv6Address("fd00::1")
WHOLE = {4: IPv4Address("255.255.255.255"), 6: 128}
PART = {4: IPv4Address("255.255.255.0"), 6: 64}
KEYS: dict[str, VirtualKey] = {
    "-t 10.0.0.1:80": AddressKey(Protocol.TCP, Endpoint(FOUR, 80)),
    "-u 10.0.0.1:53": AddressKey(Protocol.UDP, Endpoint(FOUR, 53)),
    "-t [fd00::1]:443": AddressKey(Protocol.TCP, Endpoint(SIX, 443)),
    "-u [fd00::1]:5353": AddressKey(Protocol.UDP, Endpoint(SIX, 5353)),
    "-f 5": MarkKey(5),
    "-f 2147483647": MarkKey(2**31 - 1),
    "-f 5 -6": MarkKey(5, 6),
}
METHODS = {"-g": Forwarding.GATE, "-m": Forwarding.MASQ, "-i": Forwarding.IPIP}
SCHEDULERS = ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "none")
FLAGS = {
    "": ServiceFlags.NONE,
    "-b sh-fallback": ServiceFlags.SCHED1,
    "-b sh-port": ServiceFlags.SCHED2,
    "-b sh-fallback,sh-port": ServiceFlags.SCHED1 | ServiceFlags.SCHED2,
}


def ipvsadm(words: str, text: str | None = None) -> str:
    done = subprocess.run(["ipvsadm", *words.split()], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def saved() -> list[str]:
    """Return the lines of `ipvsadm -S -n`, which are the arguments that would bring the table back."""
    return [" ".join(line.split()) for line in ipvsadm("-S -n").splitlines()]


def thresholds() -> dict[str, tuple[int, int]]:
    """Return the upper and lower thresholds of all real servers, as `ipvsadm` shows them."""
    rows = [line.split() for line in ipvsadm("-L -n --thresholds").splitlines() if line.startswith("  ->")]
    return {row[1]: (int(row[2]), int(row[3])) for row in rows[1:]}


def real(family: int, last: int = 5, port: int = 8080) -> Endpoint:
    return Endpoint((IPv4Address("10.0.1.0") if family == 4 else IPv6Address("fd00:1::")) + last, port)


def gate(weight: int = 1, upper: int = 0, lower: int = 0) -> Destination:
    return Destination(forwarding=Forwarding.GATE, weight=weight, upper=upper, lower=lower)


def plain(virtual: VirtualKey, scheduler: str = "rr") -> Settings:
    return Settings(scheduler=scheduler, netmask=WHOLE[virtual.family])


def additions(state: TableState) -> list[Change]:
    changes: list[Change] = []
    for virtual, service in state.items():
        changes.append(AddService(virtual, service.settings))
        changes += [AddDestination(virtual, at, it) for at, it in service.destinations.items()]
    return changes


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    subprocess.run(["ipvsadm", "-C"], check=True)
    yield
    subprocess.run(["ipvsadm", "-C"], check=True)


@pytest.fixture
def table() -> Iterator[KernelTable]:
    opened = KernelTable.open()
    yield opened
    opened.close()


WEB = KEYS["-t 10.0.0.1:80"]


def numbered(kind: str, number: int) -> tuple[str, VirtualKey]:
    """Return the service *number* of a *kind* (such as `-t6`), as `ipvsadm` names it and as we do."""
    address = Endpoint(SIX if "6" in kind else FOUR, number)
    match kind:
        case "-t" | "-t6":
            return f"-t {address}", AddressKey(Protocol.TCP, address)
        case "-u" | "-u6":
            return f"-u {address}", AddressKey(Protocol.UDP, address)
        case "-f6":
            return f"-f {number} -6", MarkKey(number, 6)
        case _:
            return f"-f {number}", MarkKey(number)


def all_ways(kind: str) -> dict[str, tuple[VirtualKey, Settings]]:
    """Return each way to set a service up, by its line of `ipvsadm -S -n`."""
    family = 6 if "6" in kind else 4
    persistences = [
        ("", ServiceFlags.NONE, 0, WHOLE, ""),
        ("-p 600", ServiceFlags.PERSISTENT, 600, WHOLE, ""),
        (f"-p 2678400 -M {PART[family]}", ServiceFlags.PERSISTENT, 2678400, PART, ""),
        ("-p 600 --pe sip", ServiceFlags.PERSISTENT, 600, WHOLE, "sip"),
    ]
    ways = {}
    for number, (persistence, flag) in enumerate(product(persistences, FLAGS.items()), 1000):
        (words, persistent, seconds, netmask, engine), (flag_words, bits) = persistence, flag
        name, key = numbered(kind, number)
        ways[" ".join(f"-A {name} -s sh {words} {flag_words}".split())] = (
            key,
            Settings(
                scheduler="sh", flags=bits | persistent, persistence=seconds, netmask=netmask[family], engine=engine
            ),
        )
    return ways


@pytest.mark.parametrize("kind", ["-t", "-u", "-t6", "-u6", "-f", "-f6"])
async def test_services_agree_with_ipvsadm_in_both_directions(table: KernelTable, kind: str) -> None:
    ways = all_ways(kind)
    state = {key: Service(setup) for key, setup in ways.values()}
    assert not await table.apply(additions(state))
    assert sorted(saved()) == sorted(ways)
    assert await table.read() == state

    ipvsadm("-C")
    ipvsadm("-R", "\n".join(ways) + "\n")
    assert await table.read() == state


async def test_the_highest_mark_is_written_and_read(table: KernelTable) -> None:
    mark = MarkKey(2**32 - 1)
    assert not await table.apply([AddService(mark, plain(mark))])
    assert saved() == ["-A -f -1 -s rr"]  # so ipvsadm prints it
    assert await table.read() == {mark: Service(plain(mark))}


async def test_one_packet_scheduling_is_written_and_read(table: KernelTable) -> None:
    dns = KEYS["-u 10.0.0.1:53"]
    setup = Settings(scheduler="rr", flags=ServiceFlags.ONE_PACKET, netmask=WHOLE[4])
    assert not await table.apply([AddService(dns, setup)])
    assert saved() == ["-A -u 10.0.0.1:53 -s rr -o"]
    assert await table.read() == {dns: Service(setup)}


@pytest.mark.parametrize("scheduler", SCHEDULERS)
async def test_each_scheduler_of_the_kernel_is_written_and_read(table: KernelTable, scheduler: str) -> None:
    assert not await table.apply([AddService(WEB, plain(WEB, scheduler))])
    assert saved() == [f"-A -t 10.0.0.1:80 -s {scheduler}"]
    assert await table.read() == {WEB: Service(plain(WEB, scheduler))}


@pytest.mark.parametrize(("name", "key"), KEYS.items(), ids=KEYS)
async def test_destinations_agree_with_ipvsadm_in_both_directions(
    table: KernelTable, name: str, key: VirtualKey
) -> None:
    columns = product(METHODS.items(), (0, 1, 65535), ((0, 0), (100, 0), (100, 60)))
    port = key.endpoint.port if isinstance(key, AddressKey) else 0
    wanted, lines, limits = {}, [f"-A {name} -s rr"], []
    for last, ((option, method), weight, (upper, lower)) in enumerate(columns, 1):
        at = real(key.family, last, 8080 if method is Forwarding.MASQ else port)
        wanted[at] = Destination(forwarding=method, weight=weight, upper=upper, lower=lower)
        tunnel = " --tun-type ipip" if option == "-i" else ""
        lines.append(f"-a {name} -r {at} {option} -w {weight}{tunnel}")
        limits.append(f" -x {upper} -y {lower}" if lower else f" -x {upper}" if upper else "")
    state = {key: Service(plain(key), wanted)}

    assert not await table.apply(additions(state))
    assert sorted(saved()) == sorted(lines)
    assert thresholds() == {str(at): (it.upper, it.lower) for at, it in wanted.items()}
    assert await table.read() == state

    ipvsadm("-C")
    ipvsadm("-R", "\n".join(line + limit for line, limit in zip(lines, ["", *limits], strict=True)) + "\n")
    assert await table.read() == state


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "10.0.0.1"])
@pytest.mark.parametrize("method", Forwarding)
async def test_a_real_server_on_the_director_itself_is_read_as_written(
    table: KernelTable, address: str, method: Forwarding
) -> None:
    at = Endpoint(IPv4Address(address), 80)
    state = {WEB: Service(plain(WEB), {at: Destination(forwarding=method, weight=1)})}
    assert not await table.apply(additions(state))
    assert await table.read() == state


async def test_only_tunnels_lead_to_the_other_family(table: KernelTable) -> None:
    tunnel = Destination(forwarding=Forwarding.IPIP, weight=1)
    state = {key: Service(plain(key), {real(10 - key.family, 5, 80): tunnel}) for key in KEYS.values()}
    assert not await table.apply(additions(state))
    assert await table.read() == state


async def test_a_set_changes_everything_and_clears_what_is_not_wanted(table: KernelTable) -> None:
    at, masq = real(4), Destination(forwarding=Forwarding.MASQ, weight=4, upper=100, lower=50)
    bits = ServiceFlags.PERSISTENT | ServiceFlags.SCHED2
    rich = Settings(scheduler="sh", flags=bits, persistence=600, netmask=PART[4], engine="sip")
    await table.apply([AddService(WEB, rich), AddDestination(WEB, at, masq)])
    assert not await table.apply([SetService(WEB, plain(WEB)), SetDestination(WEB, at, gate(0))])
    assert await table.read() == {WEB: Service(plain(WEB), {at: gate(0)})}
    assert not await table.apply([SetService(WEB, rich), SetDestination(WEB, at, masq)])
    assert await table.read() == {WEB: Service(rich, {at: masq})}


async def test_a_set_keeps_order_and_connections(table: KernelTable) -> None:
    local = AddressKey(Protocol.TCP, Endpoint(IPv4Address("127.0.0.1"), 8000))
    with socket.create_server(("127.0.0.9", 0)) as server:
        first = Endpoint(IPv4Address("127.0.0.9"), server.getsockname()[1])
        others = [Endpoint(IPv4Address("127.0.0.10") + n, 80) for n in range(5)]
        masq = {weight: Destination(forwarding=Forwarding.MASQ, weight=weight) for weight in (0, 1)}
        reals = {first: masq[1]} | dict.fromkeys(others, masq[0])
        await table.apply(additions({local: Service(plain(local, "wlc"), reals)}))
        order = list((await table.read())[local].destinations)
        assert (await table.traffic([local]))[local].connections == dict.fromkeys(reals, Connections(0, 0, 0))
        with socket.create_connection(("127.0.0.1", 8000), timeout=5):
            assert "ESTABLISHED" in ipvsadm("-L -n -c")
            counted = await table.traffic([local, WEB])
            assert {key: each.connections for key, each in counted.items()} == {
                local: {first: Connections(1, 0, 0)} | dict.fromkeys(others, Connections(0, 0, 0))
            }
            changes = [SetService(local, plain(local, "wrr")), SetDestination(local, first, masq[0])]
            assert not await table.apply(changes)
            assert list((await table.read())[local].destinations) == order
            assert "ESTABLISHED" in ipvsadm("-L -n -c")


def pyroute2s_rates() -> Rates:
    """Return the rates of the one service that there is."""
    with IPVS() as theirs:
        (service,) = theirs.service("dump")
    shown = service.get_attr("IPVS_CMD_ATTR_SERVICE").get_attr("IPVS_SVC_ATTR_STATS64").get_attr
    return Rates(*(shown(f"IPVS_STATS_ATTR_{name}") for name in ("CPS", "INBPS", "OUTBPS")))


def ipvsadms_rates() -> Rates:
    """Return the same as `ipvsadm` shows it: CPS, InPPS, OutPPS, InBPS, OutBPS."""
    (row,) = (line.split() for line in ipvsadm("-L -n --rate --exact").splitlines() if line.startswith("TCP"))
    return Rates(int(row[2]), int(row[5]), int(row[6]))


def test_connections_through_a_service_give_it_rates_as_others_read_them() -> None:
    local = AddressKey(Protocol.TCP, Endpoint(IPv4Address("127.0.0.1"), 8000))
    totals: dict[Endpoint, Totals] = {}

    async def act(changes: Sequence[Change]) -> Rates | None:
        table = KernelTable.open()
        await table.apply(changes)
        counted = (await table.traffic([local], totals=True))[local]
        totals.update(counted.totals)
        table.close()
        return counted.rates

    def agreed() -> bool:
        rates = asyncio.run(act([]))  # the kernel estimates them anew every two seconds
        return rates is not None and min(rates) > 0 and rates == pyroute2s_rates() == ipvsadms_rates()

    with socket.create_server(("127.0.0.9", 0)) as server:
        at = Endpoint(IPv4Address("127.0.0.9"), server.getsockname()[1])
        masq = Destination(forwarding=Forwarding.MASQ, weight=1)
        assert asyncio.run(act(additions({local: Service(plain(local), {at: masq})}))) == Rates(0, 0, 0)
        for _ in range(100):
            socket.create_connection(("127.0.0.1", 8000), timeout=5).close()
            server.accept()[0].close()
        wait_until(agreed, telling=lambda: (asyncio.run(act([])), pyroute2s_rates(), ipvsadms_rates()))
        (row,) = (line.split() for line in ipvsadm("-L -n --stats --exact").splitlines() if f"-> {at} " in line)
        assert totals[at] == Totals(*map(int, row[2:]))
        assert totals[at].connections == 100


async def test_what_exists_is_adopted_and_what_is_gone_is_no_matter(table: KernelTable) -> None:
    ipvsadm("-A -t 10.0.0.1:80 -s wlc -p 60")
    ipvsadm("-a -t 10.0.0.1:80 -r 10.0.1.5:80 -g -w 9")
    wanted = {WEB: Service(plain(WEB), {real(4, 5, 80): gate(2)})}
    assert not await table.apply(additions(wanted))
    assert await table.read() == wanted
    mark = KEYS["-f 5"]
    gone = [RemoveDestination(WEB, real(4, 6)), RemoveDestination(mark, real(4)), RemoveService(mark)]
    assert not await table.apply(gone)


async def test_an_adoption_does_not_undo_what_was_written_after_it(table: KernelTable) -> None:
    ipvsadm("-A -t 10.0.0.1:80 -s rr")
    at = real(4, 5, 80)
    ipvsadm(f"-a -t 10.0.0.1:80 -r {at} -g -w 9")
    assert not await table.apply([AddDestination(WEB, at, gate(1)), SetDestination(WEB, at, gate(2))])
    assert (await table.read())[WEB].destinations == {at: gate(2)}


@pytest.mark.parametrize(
    ("change", "number", "sentence"),
    [
        (
            AddService(WEB, plain(WEB, "nosuch")),
            errno.ENOENT,
            (
                "The kernel has no scheduler 'nosuch' (module ip_vs_nosuch) for tcp:10.0.0.1:80:"
                " correct the name or install the module."
            ),
        ),
        (
            AddService(WEB, Settings(scheduler="rr", netmask=WHOLE[4], engine="nosuch")),
            errno.ENOENT,
            (
                "The kernel has no scheduler 'rr' (module ip_vs_rr) or no persistence engine 'nosuch' (ip_vs_pe_nosuch)"
                " for tcp:10.0.0.1:80: correct the name or install the module."
            ),
        ),
        (
            SetService(WEB, plain(WEB)),
            errno.ESRCH,
            "The virtual service tcp:10.0.0.1:80 is not in the table; it is tried again every few seconds.",
        ),
        (
            AddDestination(KEYS["-f 5"], Endpoint(IPv4Address("224.0.0.1"), 80), gate()),
            errno.EINVAL,
            (
                "The real server 224.0.0.1:80 of fwm:5 cannot be entered: expected the address of a single machine,"
                " but this is a broadcast, multicast or unspecified one."
            ),
        ),
        (
            AddDestination(KEYS["-f 5"], real(6), gate()),
            errno.EINVAL,
            (
                "The real server [fd00:1::5]:8080 of fwm:5 cannot be entered: only ipip may lead to the other IP"
                " family, but this is gate."
            ),
        ),
        (
            AddDestination(KEYS["-f 5"], real(4), gate(1, 0, 5)),
            errno.ERANGE,
            (
                "The real server 10.0.1.5:8080 of fwm:5 cannot be entered: expected a weight from 0 to 2147483647"
                " and a lower threshold not above the upper one, but got weight 1, upper 0, lower 5."
            ),
        ),
        (
            SetDestination(KEYS["-f 5"], real(4), gate()),
            errno.ENOENT,
            "The real server 10.0.1.5:8080 is not in the table under fwm:5; it is tried again every few seconds.",
        ),
    ],
    ids=["scheduler", "engine", "absent service", "multicast", "family", "thresholds", "absent real"],
)
async def test_a_refusal_is_a_sentence_and_the_rest_is_in_force(
    table: KernelTable, change: Change, number: int, sentence: str
) -> None:
    mark = KEYS["-f 5"]
    before, after = AddService(mark, plain(mark)), AddDestination(mark, real(4, 9), gate())
    (refusal,) = await table.apply([before, change, after])
    assert (refusal.change, refusal.errno, refusal.sentence) == (change, number, sentence)
    assert await table.read() == {mark: Service(plain(mark), {real(4, 9): gate()})}


async def test_only_the_services_that_were_asked_for_are_read(table: KernelTable) -> None:
    state = {key: Service(plain(key), {real(key.family): gate()}) for key in KEYS.values()}
    await table.apply(additions(state))
    asked = [WEB, MarkKey(5, 6), MarkKey(99)]
    assert await table.read(asked) == {key: state[key] for key in asked[:2]}
    assert await table.read([]) == {}


async def test_a_service_that_is_named_twice_or_cannot_be_is_no_matter(table: KernelTable) -> None:
    state = {key: Service(plain(key), {real(key.family): gate()}) for key in KEYS.values()}
    await table.apply(additions(state))
    many = [AddressKey(Protocol.TCP, Endpoint(FOUR + number, 81)) for number in range(500)]
    assert await table.read([*many, WEB, *many, WEB]) == {WEB: state[WEB]}
    assert await table.read([*many, *many]) == {}


async def test_reading_one_service_costs_the_same_however_many_there_are(table: KernelTable) -> None:
    keys = [AddressKey(Protocol.TCP, Endpoint(FOUR + number, 80)) for number in range(1000)]
    await table.apply([AddService(key, plain(key)) for key in keys])

    async def seconds(virtuals: Sequence[VirtualKey] | None) -> float:
        began = time.perf_counter()
        await table.read(virtuals)
        return time.perf_counter() - began

    # Of a hundred times: asking for one takes four system calls, and reading them all some four thousand.
    assert min([await seconds(keys[:1]) for _ in range(5)]) < await seconds(None) / 20


async def test_a_large_table_is_read_by_name_as_it_is_read_whole(table: KernelTable) -> None:
    keys = [AddressKey(Protocol.TCP, Endpoint(FOUR + number, 80)) for number in range(1000)]
    state = {key: Service(plain(key), {real(4, last, 80): gate(last)}) for last, key in enumerate(keys)}
    assert not await table.apply(additions(state))
    assert await table.read(keys) == state
    assert await table.read() == state
    assert await table.read(keys[::2]) == {key: state[key] for key in keys[::2]}


async def test_others_have_their_turn_while_many_services_are_looked_for(table: KernelTable) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    absent = [AddressKey(Protocol.TCP, Endpoint(FOUR + number, 80)) for number in range(5000)]
    beside = asyncio.create_task(others())
    assert await table.read(absent) == {}
    beside.cancel()
    assert turns >= 10


async def test_services_of_sctp_are_passed_over(table: KernelTable) -> None:
    ipvsadm("-A --sctp-service 10.0.0.1:80 -s rr")
    ipvsadm("-A -t 10.0.0.1:80 -s rr")
    assert await table.read() == {WEB: Service(plain(WEB))}


async def test_ten_thousand_destinations_are_written_weighted_and_read(table: KernelTable) -> None:
    keys = [AddressKey(Protocol.TCP, Endpoint(FOUR + number, 80)) for number in range(20)]
    reals = [real(4, last, 80) for last in range(500)]
    light = {key: Service(plain(key, "wlc"), dict.fromkeys(reals, gate(1))) for key in keys}
    heavy = {key: Service(plain(key, "wlc"), dict.fromkeys(reals, gate(7, 9, 8))) for key in keys}
    assert not await table.apply(additions(light))
    assert await table.read() == light
    sets = [SetDestination(key, at, it) for key, service in heavy.items() for at, it in service.destinations.items()]
    assert not await table.apply(sets)
    assert await table.read() == heavy
    assert len(saved()) == 20 + 10_000


async def test_a_thousand_refusals_are_all_told(table: KernelTable) -> None:
    wrong = [AddDestination(WEB, real(4, last), gate()) for last in range(1000)]
    assert [refusal.change for refusal in await table.apply(wrong)] == wrong


async def test_a_reading_that_is_given_up_does_not_disturb_the_next(table: KernelTable) -> None:
    state = {WEB: Service(plain(WEB, "wlc"), {real(4, last, 80): gate() for last in range(5000)})}
    await table.apply(additions(state))
    reading = asyncio.create_task(table.read())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await table.read() == state


async def test_a_reading_that_is_given_up_without_a_file_descriptor_left_does_no_harm(table: KernelTable) -> None:
    state = {WEB: Service(plain(WEB, "wlc"), {real(4, last, 80): gate() for last in range(5000)})}
    await table.apply(additions(state))
    reading = asyncio.create_task(table.read())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as last:
        resource.setrlimit(resource.RLIMIT_NOFILE, (last.fileno(), hard))
    try:
        assert await table.read([WEB]) == state
        assert not await table.apply([SetDestination(WEB, real(4, 0, 80), gate(7))])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (await table.read())[WEB].destinations[real(4, 0, 80)] == gate(7)


async def test_reading_and_writing_at_the_same_time_take_turns(table: KernelTable) -> None:
    state = {WEB: Service(plain(WEB, "wlc"), {real(4, last, 80): gate() for last in range(3000)})}
    async with asyncio.TaskGroup() as group:
        writing = group.create_task(table.apply(additions(state)))
        reading = group.create_task(table.read())
    assert not writing.result()
    assert reading.result() == state


def unload() -> None:
    ipvsadm("-C")
    modules = [line.split()[0] for line in Path("/proc/modules").read_text().splitlines()]
    subprocess.run(["modprobe", "-r", *(name for name in modules if name.startswith("ip_vs_")), "ip_vs"], check=True)


async def test_the_module_may_go_and_come_back(table: KernelTable) -> None:
    await table.apply([AddService(WEB, plain(WEB))])
    unload()
    assert not await table.apply([AddService(WEB, plain(WEB))])
    assert await table.read() == {WEB: Service(plain(WEB))}
    unload()
    assert await table.read([WEB]) == {}
    assert not await table.apply([AddService(WEB, plain(WEB))])
    assert await table.read([WEB]) == {WEB: Service(plain(WEB))}


async def test_a_kernel_that_does_not_load_modules_by_itself_is_helped_at_the_start(table: KernelTable) -> None:
    setting = Path("/proc/sys/kernel/modprobe")
    before = setting.read_text()
    setting.write_text("/bin/false\n")
    try:
        unload()
        with pytest.raises(TableUnavailable, match="The kernel's IPVS is gone: load it again with `modprobe ip_vs`"):
            await table.read()
        with pytest.raises(TableUnavailable, match="The kernel's IPVS is gone"):
            await table.read([WEB])
        with pytest.raises(TableUnavailable, match="The kernel's IPVS is gone"):
            await table.apply([RemoveService(WEB)])
        with pytest.raises(TableUnavailable, match="did not help \\(no such luck\\): load the module"):
            KernelTable.open(lambda: "no such luck")
        KernelTable.open().close()
    finally:
        setting.write_text(before)
    assert await table.read() == {}


def test_without_the_right_to_it_the_table_is_unavailable() -> None:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setuid(65534)
            KernelTable.open()
        except TableUnavailable as error:
            status = 0 if "CAP_NET_ADMIN" in str(error) else 2
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def test_pyroute2_decodes_what_we_wrote() -> None:
    setup = Settings(scheduler="wlc", flags=ServiceFlags.PERSISTENT, persistence=300, netmask=PART[4])
    it = Destination(forwarding=Forwarding.MASQ, weight=7, upper=100, lower=50)

    async def write() -> None:
        table = KernelTable.open()
        await table.apply(additions({WEB: Service(setup, {real(4): it})}))
        table.close()

    asyncio.run(write())
    with IPVS() as theirs:
        (service,) = theirs.service("dump")
        (destination,) = theirs.dest("dump", service=IPVSService(addr="10.0.0.1", port=80, protocol=6))
    shown = service.get_attr("IPVS_CMD_ATTR_SERVICE").get_attr
    assert (shown("IPVS_SVC_ATTR_ADDR"), shown("IPVS_SVC_ATTR_PORT")) == ("10.0.0.1", 80)
    assert (shown("IPVS_SVC_ATTR_PROTOCOL"), shown("IPVS_SVC_ATTR_SCHED_NAME")) == (6, "wlc")
    assert (shown("IPVS_SVC_ATTR_TIMEOUT"), shown("IPVS_SVC_ATTR_NETMASK")) == (300, "255.255.255.0")
    shown = destination.get_attr("IPVS_CMD_ATTR_DEST").get_attr
    assert (shown("IPVS_DEST_ATTR_ADDR"), shown("IPVS_DEST_ATTR_PORT")) == ("10.0.1.5", 8080)
    assert (shown("IPVS_DEST_ATTR_FWD_METHOD"), shown("IPVS_DEST_ATTR_WEIGHT")) == (0, 7)
    assert (shown("IPVS_DEST_ATTR_U_THRESH"), shown("IPVS_DEST_ATTR_L_THRESH")) == (100, 50)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CHANGES, min_size=1, max_size=12))
async def test_the_table_in_memory_is_as_strict_as_the_kernels(table: KernelTable, changes: Sequence[Change]) -> None:
    ipvsadm("-C")
    memory = MemoryTable()
    for change in changes:
        ours, kernels = await memory.apply([change]), await table.apply([change])
        assert [bool(refusal.errno) for refusal in ours] == [bool(refusal.errno) for refusal in kernels], change
    assert await table.read() == memory.state
