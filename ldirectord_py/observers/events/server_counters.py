"""What is counted of a server or a virtual service, kept so that counting costs next to nothing.

A scrape puts here too what a snapshot says of a server or virtual, instead of keeping the snapshot's
objects until it is written: tens of thousands of them would have the garbage collector go through all.
"""

from bisect import bisect_left
from collections.abc import Sequence

from ldirectord_py.model.checks.outcome import Phase, PhaseTimes, Reason
from ldirectord_py.model.commands import AdminState
from ldirectord_py.model.service import AddressKey, RealKey, VirtualKey
from ldirectord_py.model.snapshot import RealStatus, StatusWord, VirtualStatus
from ldirectord_py.model.table import Connections, Totals

RESULTS = ("success", "failure", "timeout", "local_error")
"""The values of the label `result`, in the order in which `results` has their counts."""

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
        "name",
        "phases",
        "quiescent",
        "reals",
        "results",
        "scheduler",
        "scrape",
        "service",
        "weight",
        "went_down",
        "went_up",
    )

    def __init__(self, key: VirtualKey) -> None:
        self.labels = f'virtual="{key}"'
        self.checktype = ""
        self.durations = Histogram(DURATION_BOUNDS)
        self.failures: dict[Reason, int] = {}
        self.phases: dict[Phase, Histogram] = {}
        self.results = [0] * len(RESULTS)
        self.went_up = self.went_down = 0
        self.scrape = 0
        self.name = self.scheduler = self.service = ""
        self.quiescent = self.fallback_active = False
        self.reals = dict.fromkeys(StatusWord, 0)
        self.weight = 0

    def count_phases(self, times: PhaseTimes) -> None:
        """Count how long the phases of a check took."""
        for phase, seconds in times:
            if (durations := self.phases.get(phase)) is None:
                durations = self.phases[phase] = Histogram(DURATION_BOUNDS)
            durations.add(seconds)

    def show(self, status: VirtualStatus) -> None:
        """Be as *status* says; its durations start over where they were those of another checktype."""
        if self.checktype and self.checktype != status.checktype:
            self.durations = Histogram(DURATION_BOUNDS)
        self.checktype = status.checktype
        self.name = status.servicename or ""
        self.scheduler = status.scheduler
        self.service = status.service
        self.quiescent = status.quiescent
        self.fallback_active = status.fallback_active


class CheckCounts:
    """What is counted of one server's checks: little, so that a check that goes well touches little memory."""

    __slots__ = ("others", "seconds", "successes", "virtual")

    def __init__(self, virtual: VirtualCounters) -> None:
        self.successes = 0
        self.others = [0] * (len(RESULTS) - 1)
        """How many had the other results, in the order of `RESULTS`."""
        self.seconds: float | None = None
        """How long the last one took; None: there was none yet."""
        self.virtual = virtual


class RealCounters:
    """What was counted of one real server, and what it was when last shown; *labels* and *place* are ready to print."""

    __slots__ = (
        "actual",
        "admin",
        "checks",
        "connections",
        "down_since",
        "downtime",
        "expires",
        "forward",
        "labels",
        "place",
        "scrape",
        "shown_downtime",
        "since",
        "status",
        "totals",
        "up",
        "wanted",
        "weight",
        "went_down",
        "went_up",
    )

    def __init__(self, key: RealKey, virtual: VirtualCounters) -> None:
        self.labels = f'{virtual.labels},real="{key.real}"'
        self.place = _place(key)
        self.checks = CheckCounts(virtual)
        self.went_up = 0
        self.went_down = 0
        self.scrape = 0
        self.up = False
        self.status = StatusWord.UNKNOWN
        self.admin: AdminState | None = None
        self.connections: Connections | None = None
        self.totals: Totals | None = None
        self.downtime = 0.0
        """Seconds that it has been down, up to the last time that it came up."""
        self.down_since: float | None = None
        """By the monotonic clock; None: it is not down."""
        self.shown_downtime = 0.0
        """Seconds that it had been down when it was last shown."""
        self.since = 0.0
        self.expires: float | None = None
        self.forward = ""
        self.weight = self.wanted = self.actual = 0

    @property
    def results(self) -> Sequence[int]:
        """How many checks had each result, in the order of `RESULTS`."""
        return (self.checks.successes, *self.checks.others)

    @property
    def virtual(self) -> VirtualCounters:
        """What is counted of the virtual service that it belongs to."""
        return self.checks.virtual

    def show(self, status: RealStatus, virtual: VirtualCounters) -> None:
        """Be as *status* says, below *virtual*: another than before, if that was forgotten meanwhile."""
        self.checks.virtual = virtual
        self.up = status.health.state.serving
        self.status = status.word
        self.admin = status.admin
        self.connections = status.connections
        self.totals = status.totals
        self.since = status.health.since
        self.expires = status.certificate_expires
        self.forward = status.forwarding.value
        # A server that is not in the table gets nothing: 0, so that wanted and actual can always be compared.
        self.weight = status.weight
        self.wanted = status.wanted or 0
        self.actual = status.actual or 0

    def turn(self, now: float, *, down: bool) -> None:
        """Know whether it is *down* now, by the monotonic clock."""
        if down and self.down_since is None:
            self.down_since = now
        elif not down and self.down_since is not None:
            self.downtime += now - self.down_since
            self.down_since = None

    def show_downtime(self, now: float) -> None:
        """Have its downtime be shown as it is *now*, by the monotonic clock."""
        self.shown_downtime = self.downtime + (0.0 if self.down_since is None else now - self.down_since)


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
