"""One director of the cluster: a machine that can be cut off, die, and come back."""

import os
import shutil
import signal
import socket
import struct
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

from tests.lab.cluster.witness import Witness
from tests.lab.support.director import OURS, Director, Started
from tests.lab.support.namespaces import Host, Net
from tests.lab.support.scene import VIP, forward
from tests.lab.support.waiting import wait_until

_ALL = b"\xff" * 6
BETWEEN = "10.9.1."
"""The network that the directors have to themselves, on their eth1 and on the bridge br1."""


def isolated(name: str, words: Sequence[str], *, pids: bool = False) -> list[str]:
    """Return the command that runs *words* under a host name of its own, and with process ids of its own too."""
    kinds = ["--uts", *(["--pid", "--ipc", "--fork", "--kill-child", "--mount-proc"] if pids else [])]
    return ["unshare", *kinds, "sh", "-c", 'hostname "$0"; exec "$@"', name, *words]


@dataclass(eq=False)
class Node:
    """A director with eth0 in the clients' network and eth1 in the directors' own.

    Programs on it have /run, /var/log and /etc/ha.d of their own below `director.folder`, and whichever other places
    of `director._ITS_OWN` the test makes there.
    """

    net: Net
    witness: Witness
    folder: Path
    name: str
    number: int
    director: Director = field(init=False)
    """Our daemon; what else runs on the machine is started with `start`."""
    boot: Callable[["Node"], object] = field(default=lambda _: None)
    """What starts when the machine does."""
    _programs: list[Started] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.director = Director(self._make(), OURS, self.folder)

    @property
    def host(self) -> Host:
        """Its network, which is another one after it has died and come back."""
        return self.director.host

    @property
    def between(self) -> str:
        """Its address in the directors' own network."""
        return f"{BETWEEN}{self.number}"

    @property
    def plugs(self) -> tuple[str, str]:
        """Its ports of br0 and br1."""
        return f"port{self.number}", f"between{self.number}"

    @property
    def holds(self) -> bool:
        """Whether it holds the virtual address and can be reached."""
        return self.name in self.witness.holders

    def start(self, *words: str) -> Started:
        """Start a program that goes on; what it prints is in the file of its name in /var/log."""
        program = self.director.popen(words, self.folder / "var/log" / f"{Path(words[0]).name}.log")
        self._programs.append(program)
        return program

    def connected_ports(self) -> set[int]:
        """Return the ports of clients whose connections its table of connections has."""
        with self.host.inside():
            lines = Path("/proc/thread-self/net/ip_vs_conn").read_text().splitlines()[1:]
        return {int(line.split()[2], 16) for line in lines}

    def cut_off(self, *, silently: bool = False) -> None:
        """Pull its cables; *silently*: the switch forgets it, so that its devices still have a carrier."""
        self.witness.reach(self.name, possible=False)
        (self.net.ports.part if silently else self.net.ports.down)(*self.plugs)

    def plug_in(self) -> None:
        """Undo `cut_off`."""
        for bridge, port in zip(("br0", "br1"), self.plugs, strict=True):
            self.net.ports.join(bridge, port)
            self.net.ports.up(port)
        self.witness.reach(self.name, possible=True)

    def die(self) -> None:
        """Lose power: all programs, addresses, tables and what is in /run are gone at once."""
        self.cut_off()
        self.witness.forget(self.name)
        self.net.ports.delete(*self.plugs)  # its network ends with a delay
        self.net.remove(self.host)
        self.reap()
        shutil.rmtree(self.folder / "run")
        (self.folder / "run").mkdir()

    def revive(self) -> None:
        """Come back after `die`, and start what starts with the machine."""
        self.director.host = self._make()
        self.boot(self)

    def take_address(self) -> None:
        """Hold the virtual address and announce it, as a cluster manager does."""
        self.host.links.add_address(f"{VIP}/32")
        address, mac = IPv4Address(VIP).packed, bytes.fromhex(self.host.mac.replace(":", ""))
        arp = (1, 0x0800, 6, 4, 1, mac, address, _ALL, address)
        announcement = struct.pack("!6s6sHHHBBH6s4s6s4s", _ALL, mac, 0x0806, *arp)
        with self.host.inside(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
            wire.bind(("eth0", 0))
            wire.send(announcement)

    def leave_address(self) -> None:
        """Hold it no longer."""
        self.host.links.delete_address(f"{VIP}/32")

    def kill(self, *names: str) -> list[int]:
        """Kill -9 every process on it, or those of programs (as in /proc/PID/comm); return their ids.

        None of them learns of another's end.
        """
        self._send(signal.SIGSTOP, names)
        return self._signal(signal.SIGKILL, names)

    def end(self, *names: str) -> list[int]:
        """Ask programs to end, and wait until they have; return their ids."""
        return self._signal(signal.SIGTERM, names)

    def _signal(self, number: signal.Signals, names: Collection[str]) -> list[int]:
        reached = self._send(number, names)
        wait_until(lambda: not any(_runs(pid) for pid in reached))
        self._programs = [program for program in self._programs if program.poll() is None]
        return reached

    def _send(self, number: signal.Signals, names: Collection[str]) -> list[int]:
        reached = []
        for pid in self.host.pids():
            with suppress(OSError):  # it has ended
                if not names or Path(f"/proc/{pid}/comm").read_text().strip() in names:
                    os.kill(pid, number)
                    reached.append(pid)
        return reached

    def reap(self) -> None:
        """Wait for the programs that were started, all of which end."""
        while self._programs:
            self._programs.pop().wait()

    def _make(self) -> Host:
        host = self.net.host(self.name, self.number)
        forward(host)
        self.net.ports.add_pair(self.plugs[1], "br1", "eth1", host.namespace, f"02:00:0a:09:01:{self.number:02x}")
        host.links.up("eth1")
        host.links.add_address(f"{self.between}/24", "eth1")
        self.witness.watch(host)
        self.witness.reach(self.name, possible=True)
        return host

    def sections(self) -> list[tuple[str, str]]:
        """Return what the report of a failed test shows of it."""
        logs = sorted((self.folder / "var/log").glob("*.log"))
        alive = self.host.namespace.exists()
        return [
            (f"ipvsadm -L -n on {self.name}", self.host.run("ipvsadm -L -n", check=False) if alive else "it is dead"),
            *((f"{log.name} on {self.name}", log.read_text(errors="replace")[-20_000:]) for log in logs),
        ]


def _runs(pid: int) -> bool:
    """Return whether a process is there and has not ended: one that has, and that nobody waited for, has no words."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False
