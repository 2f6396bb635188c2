"""A router with BIRD between the directors' network and a client, and directors that announce their VIPs to it.

ExaBGP and BIRD are Debian's, with the configurations in `etc/`, in which the addresses are replaced by the lab's.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ldirectord_py.cli.daemon.control_client import ask
from tests.lab.support.client import Client
from tests.lab.support.director import ROOT, Director
from tests.lab.support.namespaces import Host
from tests.lab.support.scene import Real, Scene, forward, serve
from tests.lab.support.waiting import wait_until

VIP, VIP6 = "198.51.100.1", "2001:db8:100::1"
"""In the networks from which etc/bird/router.conf takes routes."""
VIPS = (VIP, VIP6)
HOLD, GRACEFUL, GRACE = 3.0, 2.0, 40.0
OPTIONS = f"--policy any --hold {HOLD:g}s --graceful {GRACEFUL:g}s --grace {GRACE:g}s --disable /run/disabled"
CONTROL = (sys.executable, "-m", "ldirectord_py.cli.ldirectorctl")
_FAR, _FAR6 = "10.8.0.", "fd00:8::"
_CHANGE = re.compile(
    r"(?P<at>[-\d]+ [:.\d]+) <TRACE> director\d\.ipv\d > (?P<what>added|removed) .*?(?P<prefix>\S+/\d+)"
)

CONFIG = f"""\
checkinterval=1
virtual={VIP}:80
	real={{v4}}:80 gate
	service=http
	request="alive.html"
	receive="I'm alive!"
virtual6=[{VIP6}]:80
	real6=[{{v6}}]:80 gate
	service=http
	request="alive.html"
	receive="I'm alive!"
"""


@dataclass(frozen=True, slots=True)
class Change:
    """What the router was told of a VIP, and when, in seconds since the epoch."""

    at: float
    what: str
    vip: str


@dataclass(eq=False)
class Bgp:
    """The scene with a router, behind which the client is, and one real server of both VIPs."""

    scene: Scene
    router: Host
    real: Real
    _started: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def director(self) -> Director:
        return self.scene.director

    @property
    def client(self) -> Client:
        return self.scene.client

    def conf(self, name: str) -> str:
        """Return a configuration of `etc/` for the lab."""
        text = (ROOT / "etc" / name).read_text()
        replaced = {
            "192.0.2.11": self.director.host.v4,
            "192.0.2.1": self.router.v4,
            "2001:db8::11": self.director.host.v6,
            "2001:db8::1": self.router.v6,
            "multiplier 5": "multiplier 10",  # guests stand still for a second now and then
            "/usr/sbin/ldirectorctl announce": f"{' '.join(CONTROL)} announce {OPTIONS};#",
        }
        for old, new in replaced.items():
            text = text.replace(old, new)
        return text

    def start_router(self) -> None:
        file = self.scene.folder / "router.conf"
        log = f'log "{self._log}" all;\ntimeformat log iso long ms;\ndebug protocols {{ routes }};'
        file.write_text(self.conf("bird/router.conf").replace("log syslog all;", log))
        self.router.run(f"bird -c {file} -s {self._socket}")

    def start_director(self) -> None:
        self.director.start(CONFIG.format(v4=self.real.host.v4, v6=self.real.host.v6))

    def start(self, *words: str, **environment: str) -> "subprocess.Popen[bytes]":
        """Start a program on the director; what it prints is in the file of its name in /var/log."""
        printed = self.director.folder / "var/log" / f"{Path(words[0]).name}.log"
        started = self.director.popen(words, printed, PYTHONPATH=str(ROOT), **environment)
        assert isinstance(started, subprocess.Popen)
        self._started.append(started)
        return started

    @property
    def _control(self) -> Path:
        return self.director.folder / "run" / f"ldirectord.{self.director.file.name}.sock"

    def weigh(self, weight: int | None) -> None:
        """Give the server of VIP a weight by hand, or take that back."""
        body = {"command": "enable"} if weight is None else {"command": "weight", "weight": weight, "force": True}
        assert ask(self._control, "/v1/commands", {**body, "target": f"{self.real.at}@tcp:{VIP}:80"}, seconds=20)

    def timeline(self, since: float) -> str:
        """Return what happened on the director and what the router was told, in one order."""
        events = ask(self._control, f"/v1/events?since={since}")
        assert events is not None
        moments = [(event["time"], f"director  {event['sentence']}") for event in events["events"]]
        moments += [(change.at, f"router    {change.what} {change.vip}") for change in self.changes(since)]
        return "\n".join(f"{at - since:+7.3f} s  {what}" for at, what in sorted(moments))

    def changes(self, since: float = 0) -> list[Change]:
        """Return what the router was told."""
        lines = self._log.read_text().splitlines()
        found = [match for line in lines if (match := _CHANGE.match(line))]
        changes = [
            Change(datetime.fromisoformat(each["at"]).timestamp(), each["what"], each["prefix"].partition("/")[0])
            for each in found
        ]
        return [change for change in changes if change.at >= since]

    def wait_for(self, what: str, vip: str, since: float, seconds: float = 40) -> float:
        """Wait until the router is told *what* of *vip*; return the seconds from *since* to the first time."""
        told = [f"{what} {vip}"]
        wait_until(lambda: self._first(*told, since) is not None, seconds, telling=self.said)
        first = self._first(*told, since)
        assert first is not None
        return first - since

    def _first(self, told: str, since: float) -> float | None:
        return next((each.at for each in self.changes(since) if f"{each.what} {each.vip}" == told), None)

    def wait_until_announced(self, *vips: str) -> None:
        """Wait until the router has routes to exactly these."""
        wait_until(lambda: set(self.routes()) == set(vips), telling=self.said)

    def routes(self) -> dict[str, str]:
        """Return the routes of the router with all their attributes, by their VIPs."""
        shown = self.router.run(f"birdcl -s {self._socket} show route all")
        parts = re.split(r"^(?=\S+/\d+ )", shown, flags=re.MULTILINE)[1:]
        return {part.partition("/")[0]: part for part in parts}

    def said(self) -> str:
        """Return what each of them has said."""
        logs = [*sorted((self.director.folder / "var/log").glob("*.log")), self._log]
        return "\n".join(f"{log.name}:\n{log.read_text(errors='replace')[-6000:]}" for log in logs if log.exists())

    def kill(self, words: str = "") -> None:
        """Kill -9 every process on the director whose command line has *words*."""
        for pid in self.director.host.pids():
            with suppress(OSError):  # it has ended
                if words.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)

    def end(self) -> None:
        for each in self._started:
            each.kill()
            each.wait()

    @property
    def _log(self) -> Path:
        return self.scene.folder / "router.log"

    @property
    def _socket(self) -> Path:
        return self.scene.folder / "router.ctl"


@contextmanager
def running_bgp(scene: Scene) -> Iterator[Bgp]:
    """Put a router between the director and the client, and start it."""
    router, one = scene.net.host("router", 3), scene.net.host("one")
    scene.net.ports.add_bridge("br1")
    for number, host in ((1, router), (2, scene.client.host)):
        mac = f"02:00:0a:08:00:{number:02x}"
        scene.net.ports.add_pair(f"far{number}", "br1", "eth1", host.namespace, mac)
        host.links.up("eth1")
        host.links.add_address(f"{_FAR}{number}/24", "eth1")
        host.links.add_address(f"{_FAR6}{number}/64", "eth1")
    forward(router)
    for vip, bits, gateway in ((VIP, 32, f"{_FAR}1"), (VIP6, 128, f"{_FAR6}1")):
        scene.client.host.links.add_route(vip, gateway)
        scene.director.host.links.add_address(f"{vip}/{bits}", "lo")
        one.links.add_address(f"{vip}/{bits}", "lo")
    one.links.add_route(f"{_FAR}2", router.v4)
    one.links.add_route(f"{_FAR6}2", router.v6)
    bgp = Bgp(scene, router, serve(scene.web, one))
    bgp.start_router()
    try:
        yield bgp
    finally:
        bgp.end()


def outcome(client: Client, vip: str) -> str:
    """Return who answers the client at *vip*, or what keeps it from that."""
    return client.ask(f"[{vip}]:80" if ":" in vip else f"{vip}:80")


def told(changes: Sequence[Change], vip: str) -> list[str]:
    """Return what was said of *vip*, in order."""
    return [change.what for change in changes if change.vip == vip]
