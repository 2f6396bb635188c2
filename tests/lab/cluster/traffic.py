"""What a client of the cluster sees, second by second, and the worst of it."""

import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.lab.support.client import endpoint
from tests.lab.support.namespaces import Host
from tests.lab.support.waiting import wait_until

RATE = 100
HELD = 20
_PROGRAM = Path(__file__).with_name("client_program.py")
_STEADY = 30
"""New connections that have to succeed one after the other, before all is taken to be well."""

_RECOVERED = 20
"""So many that are served one after the other end an outage."""


def _succeeded(outcome: str) -> bool:
    return not outcome.isupper()


@dataclass(frozen=True, slots=True, order=True)
class Visit:
    """A new connection: when it was begun, the seconds until it ended, and what came: a server's name or an ERROR."""

    begun: float
    seconds: float
    outcome: str

    @property
    def served(self) -> bool:
        """Whether a server answered."""
        return _succeeded(self.outcome)


@dataclass(frozen=True, slots=True)
class Outage:
    """New connections that were begun in this time failed."""

    since: float
    until: float
    visits: int

    @property
    def seconds(self) -> float:
        """From the first that failed to the first that was served again."""
        return self.until - self.since


@dataclass(eq=False)
class Traffic:
    """Opens *rate* connections a second from *host* to *where*, and holds *held* open, while the block runs."""

    host: Host
    where: str
    folder: Path
    rate: float = RATE
    held: int = HELD
    visits: list[Visit] = field(default_factory=list)
    """New connections that have ended, in the order of their ends."""
    broken: dict[int, tuple[float, str]] = field(default_factory=dict)
    """Held connections that have ended, by number: when, and with which error."""
    talked: dict[int, tuple[float, str]] = field(default_factory=dict)
    """When a held connection last had an answer, and from which server."""
    ports: set[int] = field(default_factory=set)
    """The client's ports of the held connections."""

    def __enter__(self) -> Self:
        address, port = endpoint(self.where)
        printed = self.folder / f"client-{time.monotonic_ns()}"
        words = [sys.executable, "-S", "-I", str(_PROGRAM), address, str(port), f"{self.rate:g}", str(self.held)]
        with printed.open("w") as output, self.host.inside():
            self._program = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output)
        self._printed, self._rest = printed.open(), ""
        return self

    def __exit__(self, *_: object) -> None:
        self._program.terminate()
        self._program.wait()
        self.read()
        self._printed.close()

    def read(self) -> Self:
        """Take in what the client has printed until now."""
        *lines, self._rest = (self._rest + self._printed.read()).split("\n")
        for line in lines:
            told = json.loads(line)
            self.ports.update(told["ports"])
            self.visits += (Visit(*each) for each in told["new"])
            for at, number, outcome in told["held"]:
                (self.talked if _succeeded(outcome) else self.broken)[number] = (at, outcome)
        return self

    def wait_until_served(self, seconds: float = 60, *, held: bool = True) -> None:
        """Wait until new connections succeed from now on, and what is left of the held ones has had an answer."""
        now = time.monotonic()

        def well() -> bool:
            self.read()
            later = [visit.served for visit in self.visits if visit.begun >= now][-_STEADY:]
            return len(later) == _STEADY and all(later) and not (held and self.silent(now))

        wait_until(well, seconds, telling=lambda: self)

    def silent(self, since: float) -> set[int]:
        """Return the held connections that have neither ended nor had an answer *since*."""
        answered = {number for number, (at, _) in self.talked.items() if at >= since}
        return set(range(self.held)) - answered - self.broken.keys()

    def outages(self, since: float = 0) -> list[Outage]:
        """Return the spans in which new connections failed; some that were served in between do not end one.

        One at the end lasts until the last connection that has ended.
        """
        found: list[Outage] = []
        first, last, failed, served = 0.0, 0.0, 0, _RECOVERED
        for visit in sorted(visit for visit in self.visits if visit.begun >= since):
            if not visit.served:
                first = visit.begun if served >= _RECOVERED else first
                failed, served, last = failed + 1, 0, visit.begun
            elif served < _RECOVERED:
                last = last if served else visit.begun
                served += 1
                if served == _RECOVERED:
                    found.append(Outage(first, last, failed))
                    failed = 0
        return [*found, Outage(first, last, failed)] if failed else found

    def longest_outage(self, since: float = 0) -> float:
        """Return the seconds of the longest span in which new connections failed, or 0."""
        return max((outage.seconds for outage in self.outages(since)), default=0.0)

    def outcomes(self, since: float = 0) -> Counter[str]:
        """Count what new connections came to, that were begun *since*."""
        return Counter(visit.outcome for visit in self.visits if visit.begun >= since)

    def seconds(self) -> dict[int, Counter[str]]:
        """Return the same for each second in which they were begun."""
        counted: dict[int, Counter[str]] = {}
        for visit in sorted(self.visits):
            counted.setdefault(int(visit.begun), Counter())[visit.outcome] += 1
        return counted

    def __str__(self) -> str:
        """Say how it went, in some lines."""
        went = Counter("served" if visit.served else visit.outcome for visit in self.visits)
        outages = ", ".join(f"{outage.seconds:.2f} s ({outage.visits})" for outage in self.outages()) or "none"
        broke = dict(Counter(what for _, what in self.broken.values()))
        return (
            f"{len(self.visits)} new connections: {dict(went)}; outages: {outages}\n"
            f"{self.held} held connections: {len(self.broken)} broke {broke}"
        )
