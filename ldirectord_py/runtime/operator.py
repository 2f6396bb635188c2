"""Carries operators' commands out, and ends them when their time is over."""

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress

from ldirectord_py.engine.admin.administration import concerned
from ldirectord_py.engine.admin.targets import find_target
from ldirectord_py.engine.inputs import Commanded, Elapsed
from ldirectord_py.model.checks.check_plan import Polled
from ldirectord_py.model.commands import HIGHEST_WEIGHT, Command, CommandDone, Enable, SetWeight, Target, target_name
from ldirectord_py.model.errors import CommandRefused, LastServer
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.probing.schedule import Schedule
from ldirectord_py.runtime.director import Director
from ldirectord_py.system.supervision import SideJob

ENDING_COMMANDS = SideJob("Ending commands", "a drain or a weight that should be over goes on")
_LONGEST_SLEEP = 60.0
"""Seconds after which the clock is looked at again: it may be set."""


class Operator:
    """Hands commands to the director, and refuses what would be an outage by a slip."""

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
        self._examine(command)
        reals = self.concerned(command.target)
        if not force:
            self._spare_the_last(command, reals)
        state = self._director.state
        before = {real: state.servers[real].admin for real in reals}
        self._schedule.exchange(self._director.administer(Commanded(command)))
        self._news.set()
        changes = tuple((real, before[real], state.servers[real].admin) for real in reals)
        return CommandDone(changes, tuple(self._notes(command, reals)))

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

    def _examine(self, command: Command) -> None:
        if isinstance(command, SetWeight) and not 0 <= command.weight <= HIGHEST_WEIGHT:
            raise CommandRefused(f"weight must be 0 to {HIGHEST_WEIGHT}, but got {command.weight}")
        if not isinstance(command, Enable) and command.until is not None and command.until <= time.time():
            raise CommandRefused("the time at which that should end is over already")

    def _spare_the_last(self, command: Command, reals: Collection[RealKey]) -> None:
        if isinstance(command, Enable) or (isinstance(command, SetWeight) and command.weight):
            return
        named = set(reals)
        virtuals = dict.fromkeys(real.virtual for real in reals)
        if left := [virtual for virtual in virtuals if self._would_be_left(virtual, named)]:
            names = [str(virtual) for virtual in left]
            instead = "; its fallback would stand in" if self._has_fallback(left) else ""
            raise LastServer(
                f"nobody would serve {', '.join(names)} any more{instead}; if that is meant, force it", names
            )

    def _would_be_left(self, virtual: VirtualKey, without: Collection[RealKey]) -> bool:
        """Return whether somebody serves *virtual* now, and nobody would *without* those servers."""
        decision = self._director.state.decide(virtual)
        serving = [real for real, standing in decision.reals.items() if standing.weight] if decision else []
        return bool(serving) and all(real in without for real in serving)

    def _has_fallback(self, virtuals: Collection[VirtualKey]) -> bool:
        return all(self._director.state.fallback_of(virtual) for virtual in virtuals)

    def _notes(self, command: Command, reals: Collection[RealKey]) -> list[str]:
        """Return what may surprise whoever gave *command*."""
        servers = self._director.state.servers
        notes = []
        if isinstance(command, Enable):
            notes += [
                f"the file {file} keeps {target_name(real)} in maintenance"
                for real in reals
                if (file := servers[real].file) is not None
            ]
            notes += [
                f"{target_name(real)} is out until a check of it succeeds"
                for real in reals
                if servers[real].file is None and not servers[real].health.state.serving
            ]
        return notes
