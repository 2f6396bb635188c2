"""What is counted while checks go by, kept so that counting costs next to nothing.

A scrape puts here too what a snapshot says of a server or virtual, instead of keeping the snapshot's
objects until it is written: tens of thousands of them would have the garbage collector go through all.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TypeVar

from ldirectord_py.model.events import CheckDone
from ldirectord_py.model.health import State
from ldirectord_py.model.outcome import Outcome, Reason, Verdict
from ldirectord_py.model.service import AddressKey, RealKey, VirtualKey
from ldirectord_py.model.snapshot import RealStatus, VirtualStatus

RESULTS = ("success", "failure", "timeout", "local_error")
"""The values of the label `result`, in the order of `RealTally.results`."""

DURATION_BOUNDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0)
LAG_BOUNDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

KeyT = TypeVar("KeyT", RealKey, VirtualKey)

TURN = 1024
"""So many tallies are looked through without a pause: some 50 µs."""


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


class VirtualTally:
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


class RealTally:
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

    def __init__(self, key: RealKey, virtual: VirtualTally) -> None:
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

    def show(self, status: RealStatus, virtual: VirtualTally) -> None:
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


class Counters:
    """The tallies of all reals and virtuals that were seen since they came in with a configuration."""

    def __init__(self) -> None:
        self.lag = Histogram(LAG_BOUNDS)
        self._scrape = 0
        self._reals: dict[RealKey, RealTally] = {}
        self._virtuals: dict[VirtualKey, VirtualTally] = {}
        # By the identity of `CheckDone.reals`, which lives as long as its entry: hashing keys costs more than counting.
        self._sharing: dict[int, tuple[tuple[RealKey, ...], list[RealTally]]] = {}

    def checked(self, event: CheckDone) -> None:
        """Count one check for all reals that share it; a server in maintenance is not checked."""
        outcome, seconds = event.outcome, event.seconds
        result = 0 if outcome.verdict is Verdict.UP else _result(outcome)
        if result and outcome.reason is Reason.MAINTENANCE:
            return
        self.lag.add(event.lateness)
        shared = self._sharing.get(id(event.reals))
        tallies = shared[1] if shared is not None else self._share(event.reals)
        place = bisect_left(DURATION_BOUNDS, seconds)
        for tally in tallies:
            tally.results[result] += 1
            tally.seconds = seconds
            virtual = tally.virtual
            durations = virtual.durations
            durations.counts[place] += 1
            durations.total += seconds
            if result:
                virtual.failures[outcome.reason] = virtual.failures.get(outcome.reason, 0) + 1

    def real(self, key: RealKey) -> RealTally:
        """Return the tally of *key*, a new one if there is none yet."""
        if (tally := self._reals.get(key)) is None:
            tally = self._reals[key] = RealTally(key, self.virtual(key.virtual))
            tally.scrape = self._scrape
        return tally

    def virtual(self, key: VirtualKey) -> VirtualTally:
        """Return the tally of *key*, a new one if there is none yet."""
        if (tally := self._virtuals.get(key)) is None:
            tally = self._virtuals[key] = VirtualTally(key)
            tally.scrape = self._scrape
        return tally

    def begin_scrape(self) -> int:
        """Return the number of a new scrape; whatever it shows is to be marked with it."""
        self._scrape += 1
        return self._scrape

    def forget(self, before: int) -> Iterator[None]:
        """Forget what no scrape has shown since number *before*: it left with a reload.  Yields for pauses."""
        yield from self._forget(self._reals, before)
        yield from self._forget(self._virtuals, before)

    def _forget(self, kept: dict[KeyT, RealTally] | dict[KeyT, VirtualTally], before: int) -> Iterator[None]:
        keys = list(kept)
        for start in range(0, len(keys), TURN):
            for key in keys[start : start + TURN]:
                # Between two pauses another scrape may have forgotten it, or shown it.
                if (tally := kept.get(key)) is not None and tally.scrape < before:
                    del kept[key]
                    self._sharing.clear()
            yield

    def _share(self, reals: tuple[RealKey, ...]) -> list[RealTally]:
        tallies = [self.real(key) for key in reals]
        if len(self._sharing) > 2 * len(self._reals) + 1024:  # somebody makes a new tuple for each event
            self._sharing.clear()
        self._sharing[id(reals)] = (reals, tallies)
        return tallies


def _result(outcome: Outcome) -> int:
    if outcome.verdict is Verdict.FAULT:
        return 3
    return 2 if outcome.reason is Reason.TIMEOUT else 1


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
