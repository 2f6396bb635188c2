"""How many inputs the engine takes in a second, whatever they are; prints a line of JSON.

    python benchmarks/engine.py [STEPS]

Random outcomes, reloads, maintenance files and strangers' changes of the table come one after the other.  What is
decided is written into a table in memory after each, and at the end an engine that is given the same inputs has to tell
the same events.
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from random import Random

from ldirectord_py.config.load import parse
from ldirectord_py.engine.apply import apply
from ldirectord_py.engine.inputs import Configured, Input, Maintained, Moment, Observed, TakenOut, Written
from ldirectord_py.engine.plan import plan
from ldirectord_py.engine.state import EngineState
from ldirectord_py.model.checks.outcome import Reason, down, fault, up
from ldirectord_py.model.config import Config
from ldirectord_py.model.events import Event
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.model.table import Service

VIRTUALS, REALS = 4, 5
STEPS = 50_000
LENGTH = 1000
"""Steps, after which another night begins."""
OUTCOMES = (up(), up(), up(), down(Reason.REFUSED, "connection refused"), down(Reason.STATUS, "503"), fault("ours"))
BEGUN = Moment(1000.0, 1000.0)


def configurations(chance: Random) -> Iterator[Config]:
    """Yield configurations of which each has some of the servers, with other weights and rules."""
    while True:
        lines = [f"readdquiescent={chance.choice(('yes', 'no'))}"]
        for virtual in range(1, VIRTUALS + 1):
            lines += [f"virtual=192.168.0.{virtual}:80", "\tfallback=127.0.0.1:80 gate"]
            lines += [f"\tquiescent={chance.choice(('yes', 'no'))}", f"\tfailurecount={chance.randint(1, 3)}"]
            lines += ["\tservice=http", "\tchecktype=connect"]
            for real in chance.sample(range(1, REALS + 1), chance.randint(1, REALS)):
                lines.append(f"\treal=10.0.{virtual}.{real}:80 gate {chance.randint(0, 2)}")
        yield parse("\n".join(lines).encode(), "bench.cf")


class Night:
    """One engine, and the table in memory that follows it."""

    def __init__(self, chance: Random, configs: list[Config]) -> None:
        self.chance, self.configs = chance, configs
        self.state = EngineState(BEGUN)
        self.table: dict[VirtualKey, Service] = {}
        self.files: dict[RealKey, str] = {}
        self.given: list[tuple[Input, Moment]] = []
        self.told: list[Event] = []
        self.now = BEGUN.epoch
        self.kinds = (self.observe,) * 12 + (self.reload, self.maintain, self.take_out, self.pass_time)

    def step(self, given: Input) -> None:
        at = Moment(self.now, self.now)
        self.given.append((given, at))
        events, touched = self.state.step(given, at)
        self.told += events
        if touched:
            self.write(list(touched))

    def write(self, virtuals: list[VirtualKey], *, anew: bool = False) -> None:
        for virtual in virtuals:
            decision = self.state.decide(virtual)
            wanted = {} if decision is None else {virtual: decision.service}
            apply(plan(wanted, self.table, gone=[virtual]), self.table)
        self.step(Written(virtuals, anew=anew, all=not anew))

    def pass_time(self) -> None:
        self.now += self.chance.random() * 100
        self.step(Written((), all=True))

    def observe(self) -> None:
        if plans := list(self.state.plans):
            self.step(Observed(self.chance.choice(plans), self.chance.choice(OUTCOMES), 0.01, 0.0, "connect"))

    def reload(self) -> None:
        before = list(self.state.virtuals)
        config = replace(self.chance.choice(self.configs))
        servers = {key for virtual in config.virtuals for key in virtual.keys}
        self.files = {key: file for key, file in self.files.items() if key in servers}
        self.step(Configured(config=config, found=dict(self.table), files=self.files))
        self.write(list(dict.fromkeys([*before, *self.state.virtuals])), anew=True)

    def maintain(self) -> None:
        servers = list(self.state.servers)
        before, self.files = self.files, {key: str(key) for key in self.chance.sample(servers, min(2, len(servers)))}
        self.step(Maintained({key: self.files.get(key) for key in {**before, **self.files}}))

    def take_out(self) -> None:
        virtual, service = self.chance.choice(list(self.table.items()))
        if not service.destinations:
            return
        place = self.chance.choice(list(service.destinations))
        kept = {real: entry for real, entry in service.destinations.items() if real != place}
        self.table[virtual] = Service(service.settings, kept)
        if self.state.may_stay_out(RealKey(virtual, place)):
            self.step(TakenOut(RealKey(virtual, place)))
        else:
            self.write([virtual])

    def go_on(self) -> None:
        """Go through the whole night."""
        self.reload()
        while len(self.given) < LENGTH:
            self.chance.choice(self.kinds)()

    def told_again(self) -> bool:
        """Whether the same inputs make an engine tell the same."""
        again = EngineState(BEGUN)
        return [event for given, at in self.given for event in again.step(given, at)[0]] == self.told


def main() -> None:
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else STEPS
    chance = Random(1)
    configs = list(islice(configurations(chance), 100))
    taken, rates = 0, []
    while taken < steps:
        night, began = Night(chance, configs), time.process_time()
        night.go_on()
        rates.append(len(night.given) / (time.process_time() - began))
        if not night.told_again():
            raise SystemExit("the same inputs made an engine tell something else")
        taken += len(night.given)
    print(json.dumps({"engine": round(sorted(rates)[len(rates) // 2]), "steps": taken}), flush=True)


if __name__ == "__main__":
    main()
