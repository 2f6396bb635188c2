"""The IPVS table of a host, as `ipvsadm` shows it, and its changes over time, as the kernel's own file does."""

import ipaddress
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from tests.lab.support.namespaces import Host

_WATCH_PAUSE = 0.004
_KINDS = {"TCP": "-t", "UDP": "-u", "SCTP": "--sctp-service"}
_METHODS = {"-g": "gate", "-m": "masq", "-i": "ipip"}


@dataclass(frozen=True, slots=True)
class RealEntry:
    """One real server of a virtual service."""

    method: str
    weight: int


@dataclass(frozen=True, slots=True)
class VirtualEntry:
    """One virtual service: how it is set up (as `ipvsadm` says it) and its real servers by ADDRESS:PORT."""

    options: str
    reals: Mapping[str, RealEntry]


@dataclass(frozen=True, slots=True)
class Table:
    """All of it; virtual services by `-t ADDRESS:PORT`, `-u ADDRESS:PORT` or `-f MARK`."""

    raw: str
    virtuals: Mapping[str, VirtualEntry]

    def lines(self) -> list[str]:
        """Return the lines of `ipvsadm -S -n` in an order that does not depend on who came first."""
        return sorted(line.strip() for line in self.raw.splitlines())


Weights = Mapping[str, Mapping[str, int]]
"""The real servers' weights by virtual service; both are named as in `Table` and `VirtualEntry`."""


def read_weights(host: Host) -> Weights:
    """Return the weights that *host* has now, at a hundredth of the cost of `read_table`: no program is started."""
    with host.inside():
        return _weights(Path("/proc/thread-self/net/ip_vs").read_text())


def read_table(host: Host) -> Table:
    """Return the table of *host* now."""
    raw = host.run("ipvsadm -S -n")
    options: dict[str, str] = {}
    reals: dict[str, dict[str, RealEntry]] = {}
    for line in raw.splitlines():
        match shlex.split(line):
            case ["-A", kind, address, *rest]:
                options[f"{kind} {address}"] = " ".join(rest)
                reals[f"{kind} {address}"] = {}
            case ["-a", kind, address, *rest]:
                real = rest[rest.index("-r") + 1]
                (method,) = (name for flag, name in _METHODS.items() if flag in rest)
                reals[f"{kind} {address}"][real] = RealEntry(method, int(rest[rest.index("-w") + 1]))
            case words:
                raise ValueError(f"expected -A or -a from ipvsadm -S -n, but got {words}")
    return Table(raw, {name: VirtualEntry(options[name], reals[name]) for name in options})


@dataclass(slots=True)
class Watch:
    """What a watched table went through."""

    states: list[Weights] = field(default_factory=list)
    """A new entry for each change that was seen."""

    def weights(self, real: str) -> list[int | None]:
        """Return the successive weights of the real server ADDRESS:PORT, None while it is absent."""
        seen: list[int | None] = []
        for state in self.states:
            weight = next((reals[real] for reals in state.values() if real in reals), None)
            if not seen or seen[-1] != weight:
                seen.append(weight)
        return seen


@contextmanager
def watching(host: Host) -> Iterator[Watch]:
    """Read the table of *host* some hundred times a second while the block runs."""
    watch, begun, end = Watch(), Event(), Event()

    def look() -> None:
        with host.inside():
            over = False
            while not over:
                over = end.wait(_WATCH_PAUSE)  # asked before reading: the last state is still seen
                state = _weights(Path("/proc/thread-self/net/ip_vs").read_text())
                if not watch.states or watch.states[-1] != state:
                    watch.states.append(state)
                begun.set()

    thread = Thread(target=look, name=f"watch {host.name}", daemon=True)
    thread.start()
    begun.wait()
    try:
        yield watch
    finally:
        end.set()
        thread.join()


def _weights(text: str) -> Weights:
    """Read /proc/net/ip_vs, whose numbers are hexadecimal but for the weights (net/netfilter/ipvs/ip_vs_ctl.c)."""
    weights: dict[str, dict[str, int]] = {}
    reals: dict[str, int] = {}
    for line in text.splitlines()[3:]:
        match line.split():
            case ["->", real, _, weight, *_]:
                reals[_readable(real)] = int(weight)
            case ["FWM", mark, *_]:
                reals = weights.setdefault(f"-f {int(mark, 16)}", {})
            case [protocol, virtual, *_]:
                reals = weights.setdefault(f"{_KINDS[protocol]} {_readable(virtual)}", {})
            case words:
                raise ValueError(f"expected a virtual service or a real server, but got {words}")
    return weights


def _readable(endpoint: str) -> str:
    """Turn the kernel's hexadecimal spelling of an endpoint into the usual one."""
    address, _, port = endpoint.rpartition(":")
    if address.startswith("["):
        return f"[{ipaddress.ip_address(address.strip('[]'))}]:{int(port, 16)}"
    return f"{ipaddress.ip_address(int(address, 16))}:{int(port, 16)}"
