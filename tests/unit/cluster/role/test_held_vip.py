"""Which addresses of a machine make it the active director."""

from ipaddress import ip_address

import pytest

from ldirectord_py.cluster.network import Device, HeldAddress, Network
from ldirectord_py.cluster.role.held_vip import role_by
from ldirectord_py.model.cluster.role import Role

VIP, VIP6, OTHER = (ip_address(text) for text in ("192.0.2.100", "2001:db8::100", "192.0.2.1"))
DEVICES = {each.name: each for each in (Device(name="lo", arp=False), Device(name="eth0"))}


@pytest.mark.parametrize(
    ("vips", "held", "role"),
    [
        ([VIP], [], Role.STANDBY),
        ([VIP], [(OTHER, "eth0")], Role.STANDBY),
        ([VIP], [(VIP, "eth0")], Role.ACTIVE),
        ([VIP], [(VIP, "lo")], Role.STANDBY),  # as on a real server
        ([VIP, VIP6], [(VIP6, "eth0"), (VIP, "lo")], Role.ACTIVE),
        ([], [(VIP, "eth0")], Role.STANDBY),
    ],
)
def test_who_has_a_vip_on_a_wire_is_active(vips: list, held: list, role: Role) -> None:
    addresses = tuple(HeldAddress(address=address, length=32, device=device) for address, device in held)
    assert role_by(vips, Network(devices=DEVICES, addresses=addresses)) is role
