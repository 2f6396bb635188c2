"""Devices, addresses and routes of a network namespace, set by netlink: to start `ip` takes long in a guest.

Sources: rtnetlink(7), and of the kernel's headers uapi/linux/rtnetlink.h, if_link.h, if_addr.h and veth.h.
"""

import ipaddress
import os
import socket
import struct
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path

_REQUEST, _ACK, _REPLACE, _EXCLUSIVE, _CREATE = 0x1, 0x4, 0x100, 0x200, 0x400
_ERROR = 2
_NEW_LINK, _DELETE_LINK, _NEW_ADDRESS, _DELETE_ADDRESS, _NEW_ROUTE = 16, 17, 20, 21, 24
_LINK_ADDRESS, _LINK_NAME, _LINK_MASTER, _LINK_INFO, _LINK_NAMESPACE_FD = 1, 3, 10, 18, 28
_INFO_KIND, _INFO_DATA, _BRIDGE_SNOOPING, _VETH_PEER = 1, 2, 23, 1
_ADDRESS, _ADDRESS_LOCAL, _ADDRESS_CACHE, _NO_DETECTION = 1, 2, 6, 0x02
_ROUTE_TO, _ROUTE_GATEWAY = 1, 5
_MAIN_TABLE, _BY_ADMINISTRATOR, _UNICAST = 254, 3, 1
_UP = 1
_FOR_EVER = 0xFFFFFFFF


class Links:
    """Sets up the network namespace that *inside* enters."""

    def __init__(self, inside: Callable[[], AbstractContextManager[None]]) -> None:
        self._inside = inside
        with inside():
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)

    def close(self) -> None:
        """Let go of the namespace."""
        self._socket.close()

    def add_bridge(self, name: str) -> None:
        """Add a bridge, which is up, and sends what is for many to all."""
        data = _attribute(_BRIDGE_SNOOPING, b"\0")
        self._add_link(_link(name) + _attribute(_LINK_INFO, _info("bridge", data)))

    def add_pair(self, name: str, bridge: str, peer: str, namespace: Path, mac: str) -> None:
        """Add a port of *bridge*, which is up, and the device *peer* of another namespace at its end, which is not."""
        descriptor = os.open(namespace, os.O_RDONLY)
        try:
            far = _link_header(0, 0) + _name(peer) + _attribute(_LINK_NAMESPACE_FD, struct.pack("=i", descriptor))
            far += _attribute(_LINK_ADDRESS, bytes.fromhex(mac.replace(":", "")))
            info = _info("veth", _attribute(_VETH_PEER, far))
            master = _attribute(_LINK_MASTER, struct.pack("=i", self._index(bridge)))
            self._add_link(_link(name) + master + _attribute(_LINK_INFO, info))
        finally:
            os.close(descriptor)

    def up(self, *names: str) -> None:
        """Set devices up."""
        for name in names:
            self._ask(_NEW_LINK, 0, _link_header(self._index(name), _UP))

    def down(self, *names: str) -> None:
        """Set devices down; the other end of a pair loses its carrier."""
        for name in names:
            self._ask(_NEW_LINK, 0, _change(self._index(name), 0, _UP))

    def delete(self, *names: str) -> None:
        """Delete devices, each with the other end of its pair."""
        for name in names:
            self._ask(_DELETE_LINK, 0, _link_header(self._index(name), 0))

    def join(self, bridge: str, *ports: str) -> None:
        """Make devices ports of *bridge*."""
        self._set_master(self._index(bridge), ports)

    def part(self, *ports: str) -> None:
        """Take ports off their bridge: what is at the other end of a pair has a carrier, but reaches nobody."""
        self._set_master(0, ports)

    def _set_master(self, index: int, ports: Iterable[str]) -> None:
        master = _attribute(_LINK_MASTER, struct.pack("=i", index))
        for name in ports:
            self._ask(_NEW_LINK, 0, _link_header(self._index(name), 0) + master)

    def add_address(self, address: str, device: str = "eth0", *, preferred: bool = True) -> None:
        """Add ADDRESS/LENGTH, or let it stand if it is there; one that is not *preferred* is no source of packets."""
        self._ask(_NEW_ADDRESS, _CREATE | _REPLACE, self._address(address, device, preferred=preferred))

    def delete_address(self, address: str, device: str = "eth0") -> None:
        """Delete ADDRESS/LENGTH."""
        self._ask(_DELETE_ADDRESS, 0, self._address(address, device, preferred=True))

    def add_route(self, to: str, gateway: str) -> None:
        """Add a route to one address."""
        target = ipaddress.ip_address(to)
        header = struct.pack(
            "=BBBBBBBBI",
            *(_family(target), target.max_prefixlen, 0, 0, _MAIN_TABLE, _BY_ADMINISTRATOR, 0, _UNICAST, 0),
        )
        via = _attribute(_ROUTE_GATEWAY, ipaddress.ip_address(gateway).packed)
        self._ask(_NEW_ROUTE, _CREATE | _EXCLUSIVE, header + _attribute(_ROUTE_TO, target.packed) + via)

    def _add_link(self, message: bytes) -> None:
        self._ask(_NEW_LINK, _CREATE | _EXCLUSIVE, message)

    def _address(self, address: str, device: str, *, preferred: bool) -> bytes:
        interface = ipaddress.ip_interface(address)
        packed, family = interface.ip.packed, _family(interface.ip)
        header = struct.pack("=BBBBI", family, interface.network.prefixlen, _NO_DETECTION, 0, self._index(device))
        lifetimes = struct.pack("=IIII", _FOR_EVER if preferred else 0, _FOR_EVER, 0, 0)
        parts = ((_ADDRESS_LOCAL, packed), (_ADDRESS, packed), (_ADDRESS_CACHE, lifetimes))
        return header + b"".join(_attribute(kind, value) for kind, value in parts)

    def _index(self, device: str) -> int:
        with self._inside():
            return socket.if_nametoindex(device)

    def _ask(self, kind: int, flags: int, payload: bytes) -> None:
        """Send one message; raise `OSError` if the kernel refuses it."""
        self._socket.send(struct.pack("=IHHII", 16 + len(payload), kind, _REQUEST | _ACK | flags, 0, 0) + payload)
        answer = self._socket.recv(65536)
        kind, error = struct.unpack_from("=4xH10xi", answer)
        if kind != _ERROR or error:
            raise OSError(-error, f"netlink: {os.strerror(-error)}")


def _link(name: str) -> bytes:
    """Return a device that is up."""
    return _link_header(0, _UP) + _name(name)


def _name(name: str) -> bytes:
    return _attribute(_LINK_NAME, name.encode() + b"\0")


def _link_header(index: int, flags: int) -> bytes:
    return _change(index, flags, flags)


def _change(index: int, flags: int, changed: int) -> bytes:
    return struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, flags, changed)


def _info(kind: str, data: bytes) -> bytes:
    return _attribute(_INFO_KIND, kind.encode()) + _attribute(_INFO_DATA, data)


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def _family(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> int:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6
