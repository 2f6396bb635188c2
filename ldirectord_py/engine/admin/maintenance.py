"""Which real servers the files in `maintenancedir` take out, by their names alone.

With thousands of files and servers each change costs what it concerns, not what there is.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address

from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.config import Config, Real
from ldirectord_py.model.service import RealKey

_HOST_PORT = re.compile(r"(\[[^]]*\]|[^]:[]+)(?::([0-9]{1,5}))?")
_SHORT = re.compile(r"([a-z][a-z0-9-]*)\.")
_PORT = re.compile(r":[0-9]+\Z")
_SLICE = 256

ServersByAddress = Mapping[IPAddress, Sequence[tuple[RealKey, Real]]]
"""The servers of a configuration by their addresses."""


def servers_of(config: Config, found: dict[IPAddress, list[tuple[RealKey, Real]]]) -> Iterator[None]:
    """Enter the servers of *config* in *found*; yields now and then, so that others get their turn."""
    count = 0
    for virtual in config.virtuals:
        for key, real in virtual.servers:
            found.setdefault(real.endpoint.address, []).append((key, real))
            count += 1
            if count % _SLICE == 0:
                yield


class MaintainedServers:
    """Files, servers and the names of hosts, and who is in maintenance because of them; hidden files are nothing."""

    def __init__(self) -> None:
        self.out: dict[RealKey, str] = {}
        """The servers that are to be out, and the name of the file that says so."""
        self.strays: set[str] = set()
        """Files that name none of the servers."""
        self._servers: ServersByAddress = {}
        self._files: set[str] = set()
        self._for_hosts: set[str] = set()
        self._by_address: dict[IPAddress, dict[int | None, set[str]]] = {}
        self._hosts: dict[IPAddress, str] = {}
        self._called: dict[str, set[IPAddress]] = {}
        """The addresses of hosts by their names, long and short."""
        self._naming: dict[RealKey, tuple[str, ...]] = {}
        """The files that name a server."""
        self._uses: Counter[str] = Counter()

    @property
    def needs_hosts(self) -> bool:
        """Whether some files can only bear the names of hosts."""
        return bool(self._for_hosts)

    def add(self, names: Iterable[str]) -> set[RealKey]:
        """Take in the files *names*; return the servers for which that changes something."""
        return self._turn(names, self._enter)

    def remove(self, names: Iterable[str]) -> set[RealKey]:
        """Forget the files *names*; return the servers for which that changes something."""
        return self._turn(names, self._forget)

    def call(self, address: IPAddress, host: str | None) -> set[RealKey]:
        """Take note that *address* is called *host*, or nothing (None); return the servers that this changes."""
        if (before := self._hosts.pop(address, None)) is not None:
            for name in _spoken(before):
                self._called[name].discard(address)
                if not self._called[name]:
                    del self._called[name]
        if host is not None:
            self._hosts[address] = host
            for name in _spoken(host):
                self._called.setdefault(name, set()).add(address)
        return self._look_at(address)

    def serve(self, servers: ServersByAddress) -> None:
        """Have *servers* be those of the configuration; nobody is out until `look_again` has been told of all files."""
        self._servers = servers
        self.out, self._naming, self._uses = {}, {}, Counter()
        self.strays = set(self._files)

    def look_again(self, names: Iterable[str]) -> None:
        """Find out anew whom the files *names* take out."""
        self._turn(names, lambda _name: None)

    def _turn(self, names: Iterable[str], change: Callable[[str], None]) -> set[RealKey]:
        touched: set[IPAddress] = set()
        for name in names:
            if not name.startswith("."):
                change(name)
                touched |= self._meant(name)
        return {key for address in touched for key in self._look_at(address)}

    def _enter(self, name: str) -> None:
        self._files.add(name)
        if not self._uses[name]:
            self.strays.add(name)
        if (place := _place(name)) is None:
            self._for_hosts.add(name)
        else:
            self._by_address.setdefault(place[0], {}).setdefault(place[1], set()).add(name)

    def _forget(self, name: str) -> None:
        self._files.discard(name)
        self._for_hosts.discard(name)
        self.strays.discard(name)
        if (place := _place(name)) is None or (ports := self._by_address.get(place[0])) is None:
            return
        ports.get(place[1], set()).discard(name)
        if not ports.get(place[1]):
            ports.pop(place[1], None)
        if not ports:
            del self._by_address[place[0]]

    def _meant(self, name: str) -> set[IPAddress]:
        """Return the addresses whose servers *name* can mean."""
        if (place := _place(name)) is not None:
            return {place[0]}
        return self._called.get(name, set()) | self._called.get(_PORT.sub("", name), set())

    def _look_at(self, address: IPAddress) -> set[RealKey]:
        """Find out who of the servers at *address* is out; return those for which that is another one than before."""
        naming: dict[RealKey, list[str]] = {}
        for key, real in self._servers.get(address, ()):
            naming.setdefault(key, []).extend(self._names(key, real))
        return {key for key, names in naming.items() if self._is_named(key, tuple(dict.fromkeys(names)))}

    def _is_named(self, key: RealKey, names: tuple[str, ...]) -> bool:
        """Take note of which files name *key*; return whether another one than before takes it out, or none does."""
        before = self._naming.pop(key, ())
        if names:
            self._naming[key] = names
            self.out[key] = names[0]
        else:
            self.out.pop(key, None)
        for name in names:
            self._uses[name] += 1
            self.strays.discard(name)
        for name in before:
            self._uses[name] -= 1
            if not self._uses[name]:
                del self._uses[name]
                if name in self._files:
                    self.strays.add(name)
        return before[:1] != names[:1]

    def _names(self, key: RealKey, real: Real) -> Iterator[str]:
        """Yield the files that name a server, the original's first choice first."""
        address, port = real.endpoint.address, real.endpoint.port
        if (ports := self._by_address.get(address)) is not None:
            # Without a port of its own a server is known by the one that the table shows as well.
            for number in (port, port or key.real.port, None):
                yield from sorted(ports.get(number, ()))
        if (host := self._hosts.get(address)) is not None:
            for name in _spoken(host):
                for written in (f"{name}:{port}", f"{name}:{port or key.real.port}", name):
                    if written in self._files:
                        yield written


def _spoken(host: str) -> tuple[str, ...]:
    """Return what files may call *host*: its name, and the first label of it."""
    short = _SHORT.match(host)
    return (host, short[1]) if short else (host,)


def _place(name: str) -> tuple[IPAddress, int | None] | None:
    """Return the address and port (None: all of them) that *name* is; None where it is no address."""
    try:
        if (match := _HOST_PORT.fullmatch(name)) is None:
            return IPv6Address(name), None
        host, port = match[1], int(match[2]) if match[2] else None
        return (IPv6Address(host[1:-1]) if host.startswith("[") else IPv4Address(host)), port
    except ValueError:
        return None
