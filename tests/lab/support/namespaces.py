"""Hosts of a small network: one network namespace each, with a leg on one bridge, IPv4 and IPv6.

Namespaces are made and searched here, as `ip netns` does it, and under the names by which it finds them.
"""

import os
import shlex
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Self

from tests.lab.support.links import Links
from tests.lab.support.unsharing import NETWORK, bind, enter, on_thread, unbind, unshare

NETWORK_4, NETWORK_6 = "10.9.0.", "fd00:9::"
COMMAND_SECONDS = 120
_NAMED = Path("/run/netns")


class CommandFailed(Exception):
    """A command on a host ended with another status than 0; says what it printed."""


@dataclass(eq=False, slots=True)
class Host:
    """One machine of the network: a namespace with `eth0`, its addresses and the programs started in it."""

    name: str
    v4: str
    v6: str
    links: Links = field(init=False)
    _children: list[subprocess.Popen[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.namespace.touch()
        on_thread(lambda: (unshare(NETWORK), bind(Path("/proc/thread-self/ns/net"), self.namespace)))
        self.links = Links(self.inside)

    @property
    def namespace(self) -> Path:
        """The file that stands for the host's network."""
        return _NAMED / self.name

    @property
    def mac(self) -> str:
        """The hardware address of its eth0; a host that is made anew has the same."""
        return f"02:00:0a:09:00:{int(self.v4.rpartition('.')[2]):02x}"

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Enter the host's network with this thread; sockets made and programs started inside stay in it."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            enter(self.namespace, NETWORK)
            yield
        finally:
            enter(before, NETWORK)
            os.close(before)

    def run(self, command: str, *, text: str | None = None, check: bool = True) -> str:
        """Run *command* (words, no shell) with *text* on its input and return what it prints on both outputs."""
        with self.inside():
            done = subprocess.run(
                shlex.split(command),
                input=text or "",
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=COMMAND_SECONDS,
                check=False,
            )
        if check and done.returncode:
            raise CommandFailed(f"{command} on {self.name} ended with {done.returncode}: {done.stdout.strip()}")
        return done.stdout

    def popen(self, command: str) -> subprocess.Popen[str]:
        """Start *command* (words, no shell) in a session of its own; it is killed when the test ends."""
        with self.inside():
            child = subprocess.Popen(
                shlex.split(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        self._children.append(child)
        return child

    def sysctl(self, name: str, value: object) -> None:
        """Set a kernel parameter below `net` in the host's namespace, such as `ipv4.ip_forward`."""
        with self.inside():
            Path("/proc/sys/net", *name.split(".")).write_text(str(value))

    def listen(self, port: int = 80, *, address: str = "::", udp: bool = False) -> socket.socket:
        """Return a socket of the host that listens on *address*; on `::` it takes IPv4 too."""
        kind = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
        with self.inside():
            listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if ":" in address:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(address != "::"))
        listener.bind((address, port))
        if not udp:
            listener.listen(128)
        return listener

    def pids(self) -> list[int]:
        """Return the process ids of every program that runs on this host."""
        own, found = self.namespace.stat().st_ino, []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended
                if (process / "ns/net").stat().st_ino == own:
                    found.append(int(process.name))
        return found

    def end(self) -> None:
        """Kill every program on this host and remove its namespace."""
        for child in self._children:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
        for pid in self.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.links.close()
        unbind(self.namespace)
        self.namespace.unlink()


class Net:
    """The hosts and the bridges between them; use it in a `with` block, or through the fixture `net`.

    Each host has a port of the bridge br0: `portNUMBER`.
    """

    def __init__(self) -> None:
        self.hosts: dict[str, Host] = {}
        self._numbers = count(11)

    def __enter__(self) -> Self:
        self._switch = Host("switch", "", "")
        self.ports = self._switch.links
        """The bridges and their ports."""
        self.ports.add_bridge("br0")
        return self

    def __exit__(self, *_: object) -> None:
        for host in self.hosts.values():
            host.end()
        self._switch.end()

    def host(self, name: str, number: int | None = None) -> Host:
        """Add a host with the addresses 10.9.0.*number* and fd00:9::*number*; numbers start at 11."""
        number = next(self._numbers) if number is None else number
        host = Host(name, f"{NETWORK_4}{number}", f"{NETWORK_6}{number}")
        self.hosts[name] = host
        # Duplicate address detection would keep IPv6 addresses tentative for a second or two.
        for device in ("all", "default"):
            host.sysctl(f"ipv6.conf.{device}.accept_dad", 0)
        self.ports.add_pair(f"port{number}", "br0", "eth0", host.namespace, host.mac)
        host.links.up("lo", "eth0")
        host.links.add_address(f"{host.v4}/24")
        host.links.add_address(f"{host.v6}/64")
        return host

    def remove(self, host: Host) -> None:
        """End *host*, with all that runs there."""
        self.hosts.pop(host.name).end()
