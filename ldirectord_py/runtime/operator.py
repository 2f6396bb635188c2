"""Carries operators' commands out, and ends them when their time is over."""

import asyncio
import time
from contextlib import suppress

from ldirectord_py.engine.admin.administration import concerned
from ldirectord_py.engine.admin.permission import examine, spare_the_last, surprises
from ldirectord_py.engine.admin.targets import find_target
from ldirectord_py.engine.inputs import Commanded, Elapsed
from ldirectord_py.model.checks.check_plan import Polled
from ldirectord_py.model.commands import Command, CommandDone, Target
from ldirectord_py.model.service import RealKey
from ldirectord_py.probing.schedule import Schedule
from ldirectord_py.runtime.director import Director
from ldirectord_py.system.supervision import SideJob

ENDING_COMMANDS = SideJob("Ending commands", "a drain or a weight that should be over goes on")
_LONGEST_SLEEP = 60.0
"""Seconds after which the clock is looked at again: it may be set."""


class Operator:
    """Hands commands to the director, unless the engine refuses them."""

    def __init__(self, director: Director, schedule: Schedule) -> None:
        self._director = director
        self._schedule = schedule
        self._news = asyncio.Event()

    def find(self, name: str) -> Target:
        """Return whom *name* means; raise `UnknownTarget` or `AmbiguousTarget`."""
        state = self._director.state
        return find_target(name, state.servers, state.virtuals)

    def concerned(self, target: Target) -> tuple[RealKey, ...]:
        """Return the real servers that *target* means."""
        return tuple(concerned(target, self._director.state.servers))

    def carry_out(self, command: Command, *, force: bool = False) -> CommandDone:
        """Have *command* be in force, and return what it changed.

        Raises `CommandRefused`, and then nothing has changed: the weight is none, its time is over already, or a
        virtual would be left without a server (`LastServer`), which can be forced.
        """
        examine(command, time.time())
        state = self._director.state
        reals = self.concerned(command.target)
        if not force:
            spare_the_last(command, reals, state.decide, state.virtuals)
        before = {real: state.servers[real].admin for real in reals}
        self._schedule.exchange(self._director.administer(Commanded(command)))
        self._news.set()
        changes = tuple((real, before[real], state.servers[real].admin) for real in reals)
        return CommandDone(changes, tuple(surprises(command, reals, state.servers)))

    def check_now(self, target: Target) -> tuple[RealKey, ...]:
        """Have those that *target* means be checked as soon as there is room; return those that are checked at all."""
        state = self._director.state
        found = []
        for real in self.concerned(target):
            plan = state.servers[real].plan(real, state.virtuals[real.virtual])
            if isinstance(plan, Polled) and self._schedule.now(plan):
                found.append(real)
        return tuple(found)

    async def keep(self) -> None:
        """End what operators have said when its time is over; runs until cancelled."""
        while True:
            self._news.clear()
            until = self._director.state.interventions.administration.until
            left = _LONGEST_SLEEP if until is None else min(until - time.time(), _LONGEST_SLEEP)
            if left <= 0:
                self._schedule.exchange(self._director.administer(Elapsed()))
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._news.wait()
