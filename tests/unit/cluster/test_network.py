"""Questions to the addresses of a machine."""

from ipaddress import ip_address

from ldirectord_py.cluster.network import Device, HeldAddress, Network

VIP = ip_address("192.0.2.100")
NETWORK = Network(
    devices={"lo": Device(name="lo", arp=False), "eth0": Device(name="eth0")},
    addresses=(
        HeldAddress(address=VIP, length=32, device="lo"),
        HeldAddress(address=ip_address("192.0.2.5"), length=24, device="eth0"),
        HeldAddress(address=ip_address("2001:db8::5"), length=64, device="eth0"),
        HeldAddress(address=ip_address("192.0.0.1"), length=8, device="lo"),
    ),
)


def test_an_address_on_lo_is_held_and_on_no_wire() -> None:
    assert [held.device for held in NETWORK.holders(VIP)] == ["lo"]
    assert NETWORK.on_wire(VIP) == []
    assert [str(held) for held in NETWORK.on_wire(ip_address("192.0.2.5"))] == ["192.0.2.5/24"]


def test_networks_are_those_of_wires_and_of_the_same_family() -> None:
    assert [str(held) for held in NETWORK.connected(VIP)] == ["192.0.2.5/24"]
    assert [str(held) for held in NETWORK.connected(ip_address("2001:db8::9"))] == ["2001:db8::5/64"]
    assert list(NETWORK.connected(ip_address("203.0.113.1"))) == []


def test_a_device_that_nobody_knows_answers_nothing() -> None:
    assert not NETWORK.answers("eth9")
