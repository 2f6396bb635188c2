"""What happened in a cluster, in one order: what the test did, what the kernels and the client saw."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.cluster.traffic import Traffic
from tests.lab.cluster.witness import Witness

_PAUSE = 1.0
"""Seconds without a word after which somebody who claims the address begins to claim it anew."""


@dataclass(eq=False)
class Timeline:
    """Remembers moments, and puts them between those that others saw."""

    witness: Witness
    noted: list[tuple[float, str]] = field(default_factory=list)

    def note(self, what: str) -> float:
        """Remember that something happens now; return the moment, on the monotonic clock."""
        now = time.monotonic()
        self.noted.append((now, what))
        return now

    def note_written(self, file: Path, what: str) -> None:
        """Remember that *file* was written, when it was."""
        self.noted.append((file.stat().st_mtime - time.time() + time.monotonic(), what))

    def told(self, traffic: Traffic, since: float) -> str:
        """Return a line for each thing that happened *since*, with the seconds from then on."""
        moments = [*self.noted, *self._held(), *self._claimed(), *_seen(traffic, since)]
        return "\n".join(f"{at - since:+8.2f} s  {what}" for at, what in sorted(moments) if at >= since)

    def _held(self) -> Iterator[tuple[float, str]]:
        for holding in self.witness.holdings[1:]:
            words = [name if name in holding.reached else f"{name} (cut off)" for name in sorted(holding.holders)]
            yield holding.at, f"the virtual address is held by {', '.join(words) or 'nobody'}"

    def _claimed(self) -> Iterator[tuple[float, str]]:
        """Yield who begins to say that the address is theirs."""
        last: dict[str, float] = {}
        for claim in self.witness.claims:
            if claim.at > last.get(claim.name, 0) + _PAUSE:
                verb = "answers" if claim.asked else "announces"
                yield claim.at, f"{claim.name} {verb} that it has the address (ARP)"
            last[claim.name] = claim.at


def _seen(traffic: Traffic, since: float) -> Iterator[tuple[float, str]]:
    for outage in traffic.outages(since):
        yield outage.since, f"new connections fail ({outage.visits} in {outage.seconds:.2f} s)"
        yield outage.until, "new connections are served"
    for error, count in Counter(what for _, what in traffic.broken.values()).items():
        first = min(at for at, what in traffic.broken.values() if what == error)
        yield first, f"the first of {count} held connections breaks: {error}"
