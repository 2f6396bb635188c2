"""Addresses and ports, as values."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Self

from ldirectord_py.model.hashing import HashedOnce

IPAddress = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True, order=False)
class Endpoint(HashedOnce):
    """An address and a port (0: none given), written as operators write it: `10.0.0.1:80`, `[fd00::1]:80`."""

    __hash__ = HashedOnce.__hash__

    address: IPAddress
    port: int

    def __str__(self) -> str:
        """Return `ADDRESS:PORT`, IPv6 in brackets."""
        return f"{bracketed(self.address)}:{self.port}"

    def at_port(self, port: int) -> Self:
        """Return the same address with another port."""
        return type(self)(self.address, port)


def bracketed(address: IPAddress) -> str:
    """Return *address* as ldirectord writes it: IPv6 in brackets."""
    return f"[{address}]" if address.version == 6 else str(address)
