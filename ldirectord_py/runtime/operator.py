"""Carries operators' commands out, and ends them when their time is over."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial

from ldirectord_py.engine.admin.administration import concerned
from ldirectord_py.engine.admin.targets import find_target
from ldirectord_py.engine.inputs import Commanded, Elapsed
from ldirectord_py.model.checks.check_plan import Polled
from ldirectord_py.model.commands import (
    HIGHEST_WEIGHT,
    AdminChange,
    Command,
    CommandDone,
    Enable,
    SetWeight,
    Target,
    target_name,
)
from ldirectord_py.model.errors import CommandRefused, LastServer
from ldirectord_py.model.service import RealKey, VirtualKey
from ldirectord_py.probing.schedule import Schedule
from ldirectord_py.runtime.director import Director
from ldirectord_py.system.supervision import SideJob
from ldirectord_py.system.turns import in_turns

ENDING_COMMANDS = SideJob("Ending commands", "a drain or a weight that should be over goes on")
_PART = 16
"""Servers for which a command is carried out in one turn of the loop: 2 to 3 ms with all that is told of them."""
_MOST_NOTES = 10
_LONGEST_SLEEP = 60.0
"""Seconds after which the clock is looked at again: it may be set."""


class Operator:
    """Hands commands to the director, and refuses what would be an outage by a slip."""

    def __init__(self, director: Director, schedule: Schedule) -> None:
        self._director = director
        self._schedule = schedule
        self._news = asyncio.Event()
        self._busy = asyncio.Lock()
        """Held while a command is carried out, or ends: of two that contradict each other the later one holds."""

    def find(self, name: str) -> Target:
        """Return whom *name* means; raise `UnknownTarget` or `AmbiguousTarget`."""
        state = self._director.state
        return find_target(name, state.servers, state.virtuals)

    def concerned(self, target: Target) -> tuple[RealKey, ...]:
        """Return the real servers that *target* means."""
        return tuple(concerned(target, self._director.state.servers))

    async def carry_out(self, command: Command, *, force: bool = False) -> CommandDone:
        """Have *command* be in force, and return what it changed; whom it means are seen to in turns of the loop.

        Another command waits for its end.  It is carried out to its end, also if this task is cancelled.
        Raises `CommandRefused`, and then nothing has changed: the weight is none, its time is over already, or a
        virtual would be left without a server (`LastServer`), which can be forced.
        """
        async with self._busy:
            self._examine(command)
            reals = self.concerned(command.target)
            if not force:
                self._spare_the_last(command, reals)
            changes = await self._in_parts(reals, partial(Commanded, command))
            self._news.set()
            return CommandDone(tuple(changes), tuple(self._notes(command, [real for real, _, _ in changes])))

    async def check_now(self, target: Target) -> CommandDone:
        """Have those that *target* means be checked as soon as there is room; return those that are checked at all."""
        state = self._director.state
        found: list[AdminChange] = []
        async for some in in_turns(self.concerned(target), _PART):
            for real in some:
                server, virtual = state.servers.get(real), state.virtuals.get(real.virtual)
                plan = server.plan(real, virtual) if server and virtual else None
                if server and isinstance(plan, Polled) and self._schedule.now(plan):
                    found.append((real, server.admin, server.admin))
        notes = () if found else (f"nobody is checked of {target_name(target)}",)
        return CommandDone(tuple(found), notes)

    async def _in_parts(
        self, reals: Collection[RealKey], given: Callable[[Collection[RealKey] | None], Commanded | Elapsed]
    ) -> list[AdminChange]:
        """Have the director take what is *given* for *reals*, some in each turn; return what it has changed."""
        changes: list[AdminChange] = []
        if len(reals) <= _PART:
            self._administer(reals, given(None), changes)
            return changes
        rest = deque(reals)

        def next_part() -> None:
            part = [rest.popleft() for _ in range(min(_PART, len(rest)))]
            self._administer(part, given(part), changes, more=bool(rest))

        try:
            while rest:
                next_part()
                await asyncio.sleep(0)  # checks first
        finally:
            while rest:  # the task is cancelled: half a command is none
                next_part()
        return changes

    def _administer(
        self, reals: Collection[RealKey], given: Commanded | Elapsed, changes: list[AdminChange], *, more: bool = False
    ) -> None:
        servers = self._director.state.servers
        before = [(real, server, server.admin) for real in reals if (server := servers.get(real)) is not None]
        self._schedule.exchange(self._director.administer(given, more=more))
        changes += [(real, was, server.admin) for real, server, was in before]

    async def keep(self) -> None:
        """End what operators have said when its time is over; runs until cancelled."""
        while True:
            self._news.clear()
            until = self._director.state.interventions.administration.until
            left = _LONGEST_SLEEP if until is None else min(until - time.time(), _LONGEST_SLEEP)
            if left <= 0:
                async with self._busy:
                    await self._in_parts(self._director.state.interventions.administration.over(time.time()), Elapsed)
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
            known = [(real, server) for real in reals if (server := servers.get(real)) is not None]
            kept = [(real, server.file) for real, server in known if server.file is not None]
            out = [real for real, server in known if server.file is None and not server.health.state.serving]
            notes += [f"the file {file} keeps {target_name(real)} in maintenance" for real, file in kept[:_MOST_NOTES]]
            notes += [f"{target_name(real)} is out until a check of it succeeds" for real in out[:_MOST_NOTES]]
            if (more := sum(max(len(each) - _MOST_NOTES, 0) for each in (kept, out))) > 0:
                notes.append(f"the same goes for {more} others")
        return notes
