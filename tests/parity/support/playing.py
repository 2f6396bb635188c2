"""Plays runs: the original first, then ours, on the same servers and the same kernel's table."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.support.director import ORIGINAL, OURS
from tests.lab.support.namespaces import Net
from tests.lab.support.table import read_weights
from tests.lab.support.waiting import NeverCame, wait_until
from tests.parity.support.farm import Farm
from tests.parity.support.observing import Observation, Reader, named, neutral, observe, weights_in
from tests.parity.support.scenario import PULSE_ENTRY, Run, State, Step, of
from tests.parity.support.stage import CALLS, Stage, network, stage
from tests.peers.webserver import WebServer

PATIENCE = {"original": 180.0, "ours": 60.0}
"""Seconds for a step to come about; the original checks one server after the other and forks for each change."""
IMPATIENCE = 3.0
"""Seconds for the steps after one that did not come about."""
ROUNDS = 2
"""Rounds of checks that may not change anything any more; the first of them may have begun before we looked."""


@dataclass(frozen=True, slots=True)
class Played:
    """What both programs did, by step."""

    original: dict[str, Observation]
    ours: dict[str, Observation]


@dataclass(slots=True)
class Theatre:
    """Plays each run once, when it is first asked for."""

    net: Net
    farm: Farm
    folder: Path
    _played: dict[str, Played] = field(default_factory=dict)

    def play(self, run: Run) -> Played:
        """Return what both programs did in *run*."""
        if run.name not in self._played:
            folder = self.folder / run.name.replace(" ", "-")
            both = (stage(run, program, self.net, self.farm, folder) for program in (ORIGINAL, OURS))
            original, ours = (_play(each) for each in both)
            self._played[run.name] = Played(original, ours)
        return self._played[run.name]


@contextmanager
def theatre(web: WebServer, folder: Path) -> Iterator[Theatre]:
    """Yield a theatre."""
    with network(web) as (net, farm):
        yield Theatre(net, farm, folder)


def _play(on: Stage) -> dict[str, Observation]:
    on.begin()
    reader, found = Reader(), dict[str, Observation]()
    patience = PATIENCE[on.name]
    try:
        for step in on.run.steps:
            on.step, on.ended = step.name, None
            step.happen(on)
            settled = _settle(on, step, patience, reader)
            if not settled:
                patience = min(patience, IMPATIENCE)
            found[step.name] = observe(on, reader, settled=settled)
    finally:
        on.end()
    return found


def _settle(on: Stage, step: Step, patience: float, reader: Reader) -> bool:
    """Wait until what is expected came about and stays so for two rounds; return whether it did."""
    wanted = {PULSE_ENTRY: "pulse 1" if on.run.pulse and step.running else None}
    wanted |= {each.virtual: on.run.expected(each, step.name, on.name) for each in on.run.scenarios if each.virtual}
    mails = {mail for each in on.run.scenarios for mail in of(each.mails.get(step.name, ()), on.name)}
    calls = {call for each in on.run.scenarios for call in of(each.calls.get(step.name, ()), on.name)}
    weights = {name.removesuffix(" -6"): None if state is None else weights_in(state) for name, state in wanted.items()}

    def there() -> bool:
        """Look only at weights, for which no program has to be started: the guest has one processor."""
        table = read_weights(on.director.host)
        found = {name: {named(real): weight for real, weight in reals.items()} for name, reals in table.items()}
        return all(found.get(name) == each for name, each in weights.items())

    def told() -> bool:
        return mails <= reader.waiting(on.farm.post) and calls <= {neutral(line, on) for line in reader.ahead(CALLS)}

    def rounds_later() -> bool:
        return on.farm.rounds() >= goal

    try:
        wait_until(there, patience)
        wait_until(told, patience)
        goal = on.farm.rounds() + ROUNDS
        if on.run.pulse and step.running:
            wait_until(rounds_later, patience)
    except NeverCame:
        return False
    return there()


def spelled(state: State) -> str:
    """Return a state for a report."""
    return "not in the table" if state is None else state or "without real servers"
