"""Which real servers the files in `maintenancedir` take out, by their names alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.config import Config, Real
from ldirectord_py.model.service import RealKey

_HOST_PORT = re.compile(r"(\[[^]]*\]|[^]:[]+)(?::([0-9]{1,5}))?")
_SHORT = re.compile(r"([a-z][a-z0-9-]*)\.")


@dataclass(frozen=True, slots=True)
class Found:
    """What a directory's files mean."""

    out: Mapping[RealKey, str]
    """The servers that are to be out, and the name of the file that says so."""
    strays: tuple[str, ...]
    """Files that name none of the servers."""


class FileNames:
    """The names of a directory's files, read as the names of servers; hidden files are none."""

    def __init__(self, names: Sequence[str]) -> None:
        self.given = names
        self._named: set[str] = set()
        self._by_address: dict[IPAddress, dict[int | None, str]] = {}
        for name in names:
            if name.startswith("."):
                continue
            self._named.add(name)
            if (place := _place(name)) is not None:
                self._by_address.setdefault(place[0], {})[place[1]] = name
        addresses = {name for ports in self._by_address.values() for name in ports.values()}
        self.hosts = bool(self._named - addresses)
        """Whether some can only be hosts' names."""

    def find(self, config: Config, hosts: Mapping[IPAddress, str]) -> Found:
        """Return which servers of *config* are named; *hosts* has the names of addresses, as far as they are known."""
        out: dict[RealKey, str] = {}
        used: set[str] = set()
        if self._named:
            for virtual in config.virtuals:
                for key, real in zip(virtual.keys, virtual.reals, strict=True):
                    address = real.endpoint.address
                    if address not in self._by_address and not (self.hosts and address in hosts):
                        continue
                    for name in self._names(key, real, hosts):
                        used.add(name)
                        out.setdefault(key, name)
        return Found(out, tuple(sorted(self._named - used)))

    def _names(self, key: RealKey, real: Real, hosts: Mapping[IPAddress, str]) -> Iterator[str]:
        """Yield the files that name a server, the original's first choice first."""
        address, port = real.endpoint.address, real.endpoint.port
        if (ports := self._by_address.get(address)) is not None:
            # Without a port of its own a server is known by the one that the table shows as well.
            for number in (port, port or key.real.port, None):
                if number in ports:
                    yield ports[number]
        if (host := hosts.get(address)) is not None:
            short = _SHORT.match(host)
            for name in (host, short[1]) if short else (host,):
                for written in (f"{name}:{port}", f"{name}:{port or key.real.port}", name):
                    if written in self._named:
                        yield written


def _place(name: str) -> tuple[IPAddress, int | None] | None:
    """Return the address and port (None: all of them) that *name* is; None where it is no address."""
    try:
        if (match := _HOST_PORT.fullmatch(name)) is None:
            return IPv6Address(name), None
        host, port = match[1], int(match[2]) if match[2] else None
        return (IPv6Address(host[1:-1]) if host.startswith("[") else IPv4Address(host)), port
    except ValueError:
        return None
