"""What is said of a machine that is to direct, by what was surveyed."""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from ldirectord_py.cluster.doctor.checks import CHECKS, examine
from ldirectord_py.cluster.doctor.surroundings import Ipvs, Owners, Surroundings, servers, vips
from ldirectord_py.cluster.finding import Finding, FindingSeverity, counts
from ldirectord_py.cluster.network import Device, HeldAddress, Network, Route
from ldirectord_py.config.load import parse
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.cluster.sync_daemon import SyncDaemon, SyncRole
from ldirectord_py.model.config import Config
from ldirectord_py.model.problems import Problem
from ldirectord_py.model.service import AddressKey, Forwarding, MarkKey, Protocol, VirtualKey
from ldirectord_py.system.clock import Clock

VIP, REAL, SECOND = (ip_address(text) for text in ("192.0.2.100", "198.51.100.11", "198.51.100.12"))
DIRECT, ROUTED = Route(device="eth1"), Route(device="eth0", gateway=ip_address("192.0.2.1"))
FINE = {
    "net.ipv4.ip_forward": 1,
    "net.ipv6.conf.all.forwarding": 1,
    "net.ipv4.vs.conntrack": 1,
    "net.ipv4.vs.expire_quiescent_template": 1,
    "net.ipv4.vs.expire_nodest_conn": 1,
    "net.ipv4.conf.all.send_redirects": 0,
    "net.ipv4.conf.eth0.send_redirects": 0,
    "net.ipv4.conf.eth1.send_redirects": 0,
}
NETWORK = Network(
    devices={"eth0": Device(name="eth0"), "eth1": Device(name="eth1"), "eth2": Device(name="eth2", up=False)},
    addresses=(
        HeldAddress(address=ip_address("192.0.2.5"), length=24, device="eth0"),
        HeldAddress(address=VIP, length=32, device="eth0"),
        HeldAddress(address=ip_address("198.51.100.5"), length=24, device="eth1"),
        HeldAddress(address=ip_address("2001:db8::100"), length=128, device="eth0"),
    ),
)


def config(forwarding: str = "masq", real: str = str(REAL), more: str = "") -> Config:
    return parse(f"virtual=192.0.2.100:80\n\treal={real}:80 {forwarding}\n{more}".encode(), "x.cf")


def seen(
    forwarding: str = "masq", *, settings: Mapping[str, int] = FINE, more: str = "", **fields: Any
) -> Surroundings:
    """Return a machine that is fit, but for *fields*."""
    return replace(
        Surroundings(
            config=config(forwarding, more=more),
            network=NETWORK,
            routes={REAL: DIRECT, SECOND: DIRECT},
            setting=settings.get,
            clock=Clock(synchronised=True, error=0.01),
        ),
        **fields,
    )


def on_addresses(*held: HeldAddress, **mtus: int) -> Network:
    devices = {name: replace(device, mtu=mtus.get(name, device.mtu)) for name, device in NETWORK.devices.items()}
    return Network(devices=devices, addresses=held or NETWORK.addresses)


@pytest.mark.parametrize("forwarding", ["masq", "gate"])
def test_of_a_machine_that_is_fit_nothing_is_said(forwarding: str) -> None:
    assert examine(seen(forwarding)) == []


def test_a_tunnel_for_which_there_is_room_is_fine() -> None:
    assert examine(seen("ipip", network=on_addresses(eth1=1520))) == []


WEB = AddressKey(Protocol.TCP, Endpoint(VIP, 80))
REAL_AT, SECOND_AT = Endpoint(REAL, 80), Endpoint(SECOND, 80)
HASHED = "\treal=198.51.100.12:80 masq\n\tscheduler=mh\n"
MISSING = Problem("x.cf", 0, "tcp:192.0.2.100:80: this kernel has no scheduler mh")
UNFIT: Mapping[str, tuple[Surroundings, FindingSeverity, str]] = {
    "ip-vs": (seen(ipvs=Ipvs(trouble="The kernel has no IPVS.")), FindingSeverity.ERROR, "modprobe ip_vs"),
    "scheduler": (seen(ipvs=Ipvs(missing=[MISSING])), FindingSeverity.ERROR, ""),
    "ip-forward": (
        seen(settings={**FINE, "net.ipv4.ip_forward": 0}),
        FindingSeverity.ERROR,
        "sysctl -w net.ipv4.ip_forward=1",
    ),
    "conntrack": (
        seen(settings={**FINE, "net.ipv4.vs.conntrack": 0}, packet_filters=["iptables with nat"]),
        FindingSeverity.WARNING,
        "sysctl -w net.ipv4.vs.conntrack=1",
    ),
    "expire": (
        seen(settings={**FINE, "net.ipv4.vs.expire_nodest_conn": 0}, more="\tpersistent=60\n\tquiescent=no\n"),
        FindingSeverity.WARNING,
        "sysctl -w net.ipv4.vs.expire_nodest_conn=1",
    ),
    "vip-missing": (
        seen(network=on_addresses(NETWORK.addresses[0], NETWORK.addresses[2])),
        FindingSeverity.ERROR,
        "ip address add 192.0.2.100/32 dev eth0",
    ),
    "vip-duplicate": (
        seen(owners=Owners(macs={VIP: {"eth0": frozenset({"02:00:00:00:00:07"})}})),
        FindingSeverity.ERROR,
        "ldirectorctl realserver check 192.0.2.100  # there, if it is a real server",
    ),
    "no-route": (seen(routes={REAL: None}), FindingSeverity.ERROR, "ip route add 198.51.100.11 via ROUTER"),
    "gate-remote": (seen("gate", routes={REAL: ROUTED}), FindingSeverity.ERROR, ""),
    "mtu": (
        seen("ipip"),
        FindingSeverity.WARNING,
        "ip route change default via ROUTER advmss 1440  # on 198.51.100.11",
    ),
    "nat-return": (seen(routes={REAL: ROUTED}), FindingSeverity.NOTE, ""),
    "send-redirects": (
        seen(
            settings={**FINE, "net.ipv4.conf.all.send_redirects": 1},
            network=on_addresses(replace(NETWORK.addresses[1], device="eth1", length=32)),
        ),
        FindingSeverity.WARNING,
        "sysctl -w net.ipv4.conf.all.send_redirects=0",
    ),
    "clock": (seen(clock=Clock(synchronised=False, error=16.0)), FindingSeverity.WARNING, "timedatectl set-ntp true"),
    "sync-device": (
        seen(ipvs=Ipvs(sync_daemons=[SyncDaemon(role=SyncRole.MASTER, device="eth2", sync_id=1)])),
        FindingSeverity.ERROR,
        "ip link set eth2 up",
    ),
    "sloppy-tcp": (
        seen(settings={**FINE, "net.ipv4.vs.sloppy_tcp": 0}, more=HASHED),
        FindingSeverity.NOTE,
        "sysctl -w net.ipv4.vs.sloppy_tcp=1",
    ),
    "server-order": (
        seen(ipvs=Ipvs(orders={WEB: [REAL_AT, SECOND_AT]}), more=HASHED),
        FindingSeverity.NOTE,
        "ipvsadm -D -t 192.0.2.100:80  # while no client is sent here; the daemon enters it anew",
    ),
}


def test_there_is_a_case_for_each_check() -> None:
    assert [check.id for check in CHECKS] == list(UNFIT)


@pytest.mark.parametrize("name", UNFIT)
def test_what_is_wrong_is_said_with_the_command_that_mends_it(name: str) -> None:
    surveyed, severity, command = UNFIT[name]
    (finding,) = examine(surveyed)
    assert (finding.id, finding.severity, finding.command) == (name, severity, command)
    assert examine(surveyed, [name]) == []
    assert counts([finding]) == (severity is not FindingSeverity.NOTE)


@pytest.mark.parametrize("name", UNFIT)
def test_what_may_be_fixed_is_what_the_command_says(name: str) -> None:
    (finding,) = examine(UNFIT[name][0])
    for setting, value in finding.sysctls:
        assert f"{setting}={value}" in finding.command
    assert bool(finding.sysctls) == (name in {"ip-forward", "expire", "send-redirects"})


def test_forwarding_of_ipv6_is_told_and_not_fixed() -> None:
    over_ipv6 = parse(b"virtual6=[2001:db8::100]:80\n\treal6=[2001:db8:1::11]:80 masq\n", "x.cf")
    address = ip_address("2001:db8:1::11")
    surveyed = seen(settings={**FINE, "net.ipv6.conf.all.forwarding": 0}, config=over_ipv6, routes={address: DIRECT})
    (finding,) = examine(surveyed)
    assert (finding.id, finding.command) == ("ip-forward", "sysctl -w net.ipv6.conf.all.forwarding=1")
    assert finding.sysctls == ()


def test_a_vip_that_another_machine_has_is_a_note_on_standby() -> None:
    owners = Owners(macs={VIP: {"eth0": frozenset({"02:00:00:00:00:07"})}})
    (finding,) = examine(seen(network=on_addresses(NETWORK.addresses[0], NETWORK.addresses[2]), owners=owners))
    assert (finding.id, finding.severity) == ("vip-missing", FindingSeverity.NOTE)
    assert finding.evidence == "02:00:00:00:00:07 on eth0 has it"


@pytest.mark.parametrize(
    ("place", "held", "expected"),
    [
        ("yes", None, (FindingSeverity.NOTE, "nobody has it")),
        ("yes", "eth0", None),
        ("eth7", None, (FindingSeverity.ERROR, "there is no interface eth7")),
        ("eth2", None, (FindingSeverity.ERROR, "the interface eth2 is down")),
        (
            "yes",
            "lo",
            (
                FindingSeverity.ERROR,
                f"{VIP}/32 is on lo already, as on a real server; take it away first: ip address del {VIP}/32 dev lo",
            ),
        ),
    ],
)
def test_a_vip_that_the_director_brings_up_itself(
    place: str, held: str | None, expected: tuple[FindingSeverity, str] | None
) -> None:
    here = [HeldAddress(address=VIP, length=32, device=held)] if held else []
    others = [each for each in NETWORK.addresses if each.address != VIP]
    found = examine(seen(more=f"\tvips={place}\n", network=on_addresses(*others, *here)), ["vip-duplicate"])
    assert [(each.severity, each.evidence) for each in found] == ([expected] if expected else [])


def test_what_could_not_be_asked_is_said() -> None:
    (finding,) = examine(seen(owners=Owners(trouble="that takes CAP_NET_RAW; run it as root")))
    assert (finding.id, finding.severity) == ("vip-duplicate", FindingSeverity.NOTE)
    assert "was not asked: that takes CAP_NET_RAW" in finding.text


@pytest.mark.parametrize("forwarding", ["masq", "gate", "ipip"])
def test_a_server_that_is_this_machine_needs_no_way(forwarding: str) -> None:
    assert examine(seen(forwarding, routes={REAL: Route(device="lo", local=True)})) == []


def test_the_mtu_of_a_route_counts_before_that_of_its_device() -> None:
    (finding,) = examine(seen("ipip", routes={REAL: replace(DIRECT, mtu=1400)}))
    assert "packets of more than 1380 bytes" in finding.text


def test_the_worst_comes_first() -> None:
    surveyed = seen(routes={REAL: None}, clock=Clock(synchronised=False, error=1), owners=Owners(trouble="no"))
    severities = [finding.severity for finding in examine(surveyed)]
    assert severities == [FindingSeverity.ERROR, FindingSeverity.WARNING, FindingSeverity.NOTE]


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, ("the real server 10.1.0.1:", "to 10.1.0.1")),
        (2, ("10.1.0.1 and 1 more real server:", "to 10.1.0.1, 10.1.0.2")),
        (12, ("10.1.0.1 and 11 more real servers:", "10.1.0.10 and 2 more")),
    ],
)
def test_servers_that_share_a_trouble_are_told_of_together(count: int, words: tuple[str, str]) -> None:
    lines = "".join(f"\treal=10.1.0.{number}:80 masq\n" for number in range(1, count + 1))
    (finding,) = examine(seen(config=parse(f"virtual=192.0.2.100:80\n{lines}".encode(), "x.cf"), routes={}))
    assert words[0] in finding.text
    assert finding.evidence.endswith(words[1])


def test_fallbacks_count_and_marks_have_no_vip() -> None:
    found = parse(b"virtual=7\n\treal=192.0.2.11:80 gate\n\tfallback=192.0.2.12:80 masq\n", "x.cf")
    assert vips(found) == []
    assert [(str(each.address), each.forwarding, each.vip) for each in servers(found)] == [
        ("192.0.2.11", Forwarding.GATE, None),
        ("192.0.2.12", Forwarding.MASQ, None),
    ]


def test_a_finding_is_told_to_programs() -> None:
    finding = Finding(id="mtu", severity=FindingSeverity.NOTE, text="a", evidence="b", command="c")
    assert finding.as_json() == {"id": "mtu", "severity": "note", "text": "a", "evidence": "b", "command": "c"}


def test_servers_in_the_order_of_the_file_are_fine_wherever_others_stand_that_are_not_ours() -> None:
    other = Endpoint(VIP, 80)
    for order in ([SECOND_AT, REAL_AT], [other, SECOND_AT, other, REAL_AT], [REAL_AT], []):
        assert examine(seen(ipvs=Ipvs(orders={WEB: order}), more=HASHED)) == []
    assert examine(seen(ipvs=Ipvs(orders={WEB: [REAL_AT, SECOND_AT]}), more=HASHED.replace("=mh", "=wlc"))) == []


@pytest.mark.parametrize(
    ("opening", "key", "words"),
    [
        ("virtual=192.0.2.100:80\n\tprotocol=udp", AddressKey(Protocol.UDP, Endpoint(VIP, 80)), "-u 192.0.2.100:80"),
        ("virtual=7", MarkKey(7), "-f 7"),
    ],
)
def test_a_service_of_any_kind_is_named_for_ipvsadm(opening: str, key: VirtualKey, words: str) -> None:
    text = f"{opening}\n\treal={REAL}:80 masq\n\treal={SECOND}:80 masq\n\tscheduler=mh\n"
    surveyed = seen(config=parse(text.encode(), "x.cf"), settings={**FINE, "net.ipv4.vs.sloppy_tcp": 0})
    found = {
        finding.id: finding for finding in examine(replace(surveyed, ipvs=Ipvs(orders={key: [REAL_AT, SECOND_AT]})))
    }
    assert found["server-order"].command.startswith(f"ipvsadm -D {words}  #")
    assert found["server-order"].evidence == f"{SECOND_AT} was entered before {REAL_AT}"
    assert ("sloppy-tcp" in found) == isinstance(key, MarkKey)
