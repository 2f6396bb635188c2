"""What is counted of a server or a virtual service, kept so that counting costs next to nothing.

A scrape puts here too what a snapshot says of a server or virtual, instead of keeping the snapshot's
objects until it is written: tens of thousands of them would have the garbage collector go through all.
"""

from bisect import bisect_left
from collections.abc import Sequence

from ldirectord_py.model.health import State
from ldirectord_py.model.outcome import Reason
from ldirectord_py.model.service import AddressKey, RealKey, VirtualKey
from ldirectord_py.model.snapshot import RealStatus, VirtualStatus

RESULTS = ("success", "failure", "timeout", "local_error")
"""The values of the label `result`, in the order of `RealTally.results`."""

DURATION_BOUNDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0)


class Histogram:
    """Observations by upper bound; the last place is for those above all bounds."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count one observation."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class VirtualCounters:
    """What was counted of one virtual, and what it was when last shown; *labels* are ready to be printed."""

    __slots__ = (
        "checktype",
        "durations",
        "failures",
        "fallback_active",
        "labels",
        "quiescent",
        "reals",
        "scheduler",
        "scrape",
        "service",
    )

    def __init__(self, key: VirtualKey) -> None:
        self.labels = f'virtual="{key}"'
        self.checktype = ""
        self.durations = Histogram(DURATION_BOUNDS)
        self.failures: dict[Reason, int] = {}
        self.scrape = 0
        self.scheduler = self.service = ""
        self.quiescent = self.fallback_active = False
        self.reals = dict.fromkeys(State, 0)

    def show(self, status: VirtualStatus) -> None:
        """Be as *status* says; its durations start over where they were those of another checktype."""
        if self.checktype and self.checktype != status.checktype:
            self.durations = Histogram(DURATION_BOUNDS)
        self.checktype = status.checktype
        self.scheduler = status.scheduler
        self.service = status.service
        self.quiescent = status.quiescent
        self.fallback_active = status.fallback_active
        states = [real.health.state for real in status.reals]
        for state in self.reals:
            self.reals[state] = states.count(state)


class RealCounters:
    """What was counted of one real server, and what it was when last shown; *labels* and *place* are ready to print."""

    __slots__ = (
        "actual",
        "expires",
        "forward",
        "labels",
        "maintenance",
        "place",
        "results",
        "scrape",
        "seconds",
        "since",
        "up",
        "virtual",
        "wanted",
        "weight",
        "went_down",
        "went_up",
    )

    def __init__(self, key: RealKey, virtual: VirtualCounters) -> None:
        self.labels = f'{virtual.labels},real="{key.real}"'
        self.place = _place(key)
        self.virtual = virtual
        self.results = [0] * len(RESULTS)
        self.seconds: float | None = None
        self.went_up = 0
        self.went_down = 0
        self.scrape = 0
        self.up = self.maintenance = False
        self.since = 0.0
        self.expires: float | None = None
        self.forward = ""
        self.weight = self.wanted = self.actual = 0

    def show(self, status: RealStatus, virtual: VirtualCounters) -> None:
        """Be as *status* says, below *virtual*: another than before, if that was forgotten meanwhile."""
        self.virtual = virtual
        self.up = status.health.state.serving
        self.maintenance = status.maintenance is not None
        self.since = status.health.since
        self.expires = status.certificate_expires
        self.forward = status.forwarding.value
        # A server that is not in the table gets nothing: 0, so that wanted and actual can always be compared.
        self.weight = status.weight
        self.wanted = status.wanted or 0
        self.actual = status.actual or 0


def _place(key: RealKey) -> str:
    """Return where IPVS keeps the server, in the labels and the spelling of node_exporter's `node_ipvs_backend_*`."""
    virtual = key.virtual
    if isinstance(virtual, AddressKey):
        local, port, mark = str(virtual.endpoint.address), virtual.endpoint.port, ""
        protocol = virtual.protocol.upper()
    else:
        local, port, mark, protocol = "", 0, f"{virtual.mark:08X}", "FWM"
    return (
        f'local_address="{local}",local_port="{port}",local_mark="{mark}",proto="{protocol}",'
        f'remote_address="{key.real.address}",remote_port="{key.real.port}"'
    )
