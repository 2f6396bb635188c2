"""What is said of a machine that is no proper real server."""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address

import pytest

from ldirectord_py.cluster.network import Device, HeldAddress, Network
from ldirectord_py.cluster.realserver.checking import RealServer, examine

VIP, VIP6 = ip_address("192.0.2.100"), ip_address("2001:db8::100")
DEVICES = {
    "lo": Device(name="lo", arp=False),
    "eth0": Device(name="eth0"),
    "eth0.7": Device(name="eth0.7"),
    "eth1": Device(name="eth1", up=False),
    "tunl0": Device(name="tunl0", arp=False),
}
SILENT = {"net.ipv4.conf.all.arp_ignore": 1, "net.ipv4.conf.all.arp_announce": 2}


def server(*held: HeldAddress, values: Mapping[str, int] = SILENT, tunnel: bool = False) -> RealServer:
    vips = [VIP] if all(each.address.version == 4 for each in held) else [VIP6]
    network = Network(devices=DEVICES, addresses=held)
    return RealServer(vips=vips, network=network, setting=lambda name: values.get(name, 0), tunnel=tunnel)


ON_LO = HeldAddress(address=VIP, length=32, device="lo")
ON_TUNNEL = replace(ON_LO, device="tunl0")


@pytest.mark.parametrize("held", [ON_LO, ON_TUNNEL, HeldAddress(address=VIP6, length=128, device="lo")], ids=str)
def test_nothing_is_said_of_one_that_is_fine(held: HeldAddress) -> None:
    assert examine(server(held)) == []


@pytest.mark.parametrize(
    ("values", "commands"),
    [
        ({}, ["sysctl -w net.ipv4.conf.all.arp_ignore=1"] * 2),
        ({"net.ipv4.conf.all.arp_ignore": 3}, ["sysctl -w net.ipv4.conf.all.arp_ignore=1"] * 2),
        (
            {"net.ipv4.conf.all.arp_ignore": 1, "net.ipv4.conf.eth0.arp_ignore": 3},
            ["sysctl -w net.ipv4.conf.eth0.arp_ignore=1"],
        ),
        ({"net.ipv4.conf.eth0.arp_ignore": 1, "net/ipv4/conf/eth0.7/arp_ignore": 1}, []),
        (
            {"net.ipv4.conf.eth0.arp_ignore": 1, "net/ipv4/conf/eth0.7/arp_ignore": 4},
            ["sysctl -w net/ipv4/conf/eth0.7/arp_ignore=1"],
        ),
    ],
)
def test_each_device_that_answers_is_named_with_what_silences_it(
    values: Mapping[str, int], commands: list[str]
) -> None:
    found = examine(server(ON_LO, values={"net.ipv4.conf.all.arp_announce": 2, **values}))
    assert {finding.id for finding in found} <= {"arp-ignore"}
    assert [finding.command for finding in found] == commands


def test_on_the_wire_both_families_answer() -> None:
    (finding,) = examine(server(replace(ON_LO, device="eth0", length=24)))
    assert finding.command == "ip address del 192.0.2.100/24 dev eth0 && ldirectorctl realserver up 192.0.2.100"
    (finding,) = examine(server(HeldAddress(address=VIP6, length=64, device="eth0")))
    assert "which answers neighbour solicitations for it" in finding.text


@pytest.mark.parametrize(
    ("held", "values", "command"),
    [
        (ON_TUNNEL, {"net.ipv4.conf.all.rp_filter": 1}, "sysctl -w net.ipv4.conf.tunl0.rp_filter=2"),
        (ON_TUNNEL, {"net.ipv4.conf.tunl0.rp_filter": 1}, "sysctl -w net.ipv4.conf.tunl0.rp_filter=0"),
        (ON_TUNNEL, {"net.ipv4.conf.tunl0.rp_filter": 2}, None),
        (ON_LO, {"net.ipv4.conf.tunl0.rp_filter": 2}, "sysctl -w net.ipv4.conf.tunl0.rp_filter=0"),
        (
            ON_LO,
            {"net.ipv4.conf.all.rp_filter": 2},
            "sysctl -w net.ipv4.conf.tunl0.rp_filter=0 net.ipv4.conf.all.rp_filter=0",
        ),
    ],
)
def test_a_filter_in_the_tunnels_way_is_found(
    held: HeldAddress, values: Mapping[str, int], command: str | None
) -> None:
    found = examine(server(held, values=SILENT | values, tunnel=True))
    assert [finding.command for finding in found] == ([command] if command else [])


def test_an_address_that_another_has_is_told() -> None:
    found = examine(server(HeldAddress(address=VIP6, length=128, device="lo", unusable=True)))
    assert [finding.id for finding in found] == ["vip-tentative"]
