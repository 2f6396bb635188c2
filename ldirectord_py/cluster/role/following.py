"""The director's role follows what the configuration names."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import aclosing, suppress

from ldirectord_py.cluster.role.held_vip import HeldVip
from ldirectord_py.cluster.role.role_fifo import RoleFifo
from ldirectord_py.cluster.role.role_file import RoleFile
from ldirectord_py.cluster.role.sources import Reading, RoleReader
from ldirectord_py.cluster.role.words import UnclearRole
from ldirectord_py.engine.inputs import RoleTaken
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.cluster.role import Role, RoleKind, RoleStatus
from ldirectord_py.model.config import Config
from ldirectord_py.model.events import Event, RoleUnclear
from ldirectord_py.model.service import AddressKey
from ldirectord_py.system.supervision import SideJob

FOLLOWING_ROLE = SideJob("Following the role", "the role stays as it is")
_PATIENCE = 2.0
"""Seconds that a start waits for the role."""
_FIRST_REST, _LONGEST_REST, _CALM = 0.1, 1.0, 10.0
"""Seconds until the next word counts, at least: twice as long each time, unless the last one has stood for so long."""


class _Flapping:
    """How long a word counts before the next one, so that a role that flaps floods no log, and no mailbox."""

    def __init__(self) -> None:
        self._rest, self._changed = _FIRST_REST, -_CALM

    def rest(self, now: float) -> float:
        """Return the seconds to stay with what was read *now*, in monotonic seconds."""
        calm = now - self._changed >= _CALM
        self._rest = _FIRST_REST if calm else min(_LONGEST_REST, 2 * self._rest)
        self._changed = now
        return self._rest


class RoleFollower:
    """Reads the role from what the configuration in force names, and hands it on.

    A source that says nothing, or nonsense, changes nothing; it is told once until it says something else.  A director
    that has never known its role is standby as long as its source does not say that it is active.
    """

    def __init__(
        self,
        config: Callable[[], Config],
        current: Callable[[], RoleStatus],
        take: Callable[[RoleTaken], None],
        emit: Callable[[Event], None],
    ) -> None:
        self._config = config
        self._current = current
        self._take = take
        self._emit = emit
        self._changed = asyncio.Event()
        self._unclear = ""
        self._flapping = _Flapping()

    async def first(self, config: Config, before: RoleStatus | None) -> RoleTaken:
        """Return the role to begin with; *before*: that of the last director on this machine, if it is to count."""
        source = config.cluster.role
        found = await _first_word(config)
        if isinstance(found, Role):
            return _taken(found, str(source), before)
        same = before is not None and before.source == str(source)
        role = before.role if before is not None and same else Role.STANDBY
        if isinstance(found, UnclearRole):
            self._tell(found, role)
        return _taken(role, str(source), before)

    async def turn_to(self, config: Config) -> None:
        """Have the role be what *config* says, which is in force, if it can say so at once: VIPs must not come before.

        If it cannot, the role stays as it is.
        """
        source = config.cluster.role
        if str(source) == self._current().source:
            return
        self.look_again()
        found = await _first_word(config)
        if isinstance(found, Role):
            self._take(RoleTaken(found, str(source)))

    async def foreseen(self, config: Config) -> Role:
        """Return the role that *config* would bring with it if it were put in force now."""
        current = self._current()
        found = None if str(config.cluster.role) == current.source else await _first_word(config)
        return found if isinstance(found, Role) else current.role

    async def keep(self) -> None:
        """Follow the role; runs until cancelled, and raises `OSError` if its source cannot be read."""
        while True:
            self._changed.clear()
            described = self._config().cluster.role
            try:
                async with asyncio.TaskGroup() as tasks:
                    following = tasks.create_task(self._follow())
                    await self._changed.wait()
                    following.cancel()
            except ExceptionGroup as several:
                raise several.exceptions[0] from several
            if self._config().cluster.role != described:
                self._unclear = ""

    def look_again(self) -> None:
        """Have `keep` look at once at what the configuration names: there is a new one."""
        self._changed.set()

    async def _follow(self) -> None:
        """Hand each role on; returns if it can never change."""
        described = self._config().cluster.role
        if (source := _source(self._config)) is None:
            self._take(RoleTaken(described.fixed, str(described)))
            return
        async with aclosing(source.readings()) as readings:
            async for reading in readings:
                if isinstance(reading, Role):
                    self._unclear = ""
                    await self._turn(RoleTaken(reading, str(described)))
                elif self._tell(reading, self._current().role):
                    await self._rest()

    async def _turn(self, given: RoleTaken) -> None:
        """Have the role be as *given* says, and stay so for a moment if it is another one."""
        before = self._current()
        if (given.role, given.source) == (before.role, before.source):
            return
        self._take(given)
        if given.role is not before.role:
            await self._rest()

    async def _rest(self) -> None:
        await asyncio.sleep(self._flapping.rest(asyncio.get_running_loop().time()))

    def _tell(self, unclear: UnclearRole, role: Role) -> bool:
        """Tell that the role is unclear, unless that is known; return whether it was told."""
        if (sentence := str(unclear)) == self._unclear:
            return False
        self._unclear = sentence
        self._emit(RoleUnclear(role, str(self._config().cluster.role), sentence))
        return True


async def _first_word(config: Config) -> Reading | None:
    """Return the first thing that `role` says; None: it takes too long, or cannot be asked, as a pipe."""
    source = config.cluster.role
    if source.kind is RoleKind.FIXED:
        return source.fixed
    if source.kind is RoleKind.FIFO or (asked := _source(lambda: config)) is None:
        return None
    with suppress(TimeoutError, OSError):
        async with asyncio.timeout(_PATIENCE), aclosing(asked.readings()) as readings:
            return await anext(readings)
    return None


def _source(config: Callable[[], Config]) -> RoleReader | None:
    """Return what is to be asked for the role; None: it is fixed."""
    described = config().cluster.role
    match described.kind:
        case RoleKind.FIXED:
            return None
        case RoleKind.FILE:
            return RoleFile(described.path)
        case RoleKind.FIFO:
            return RoleFifo(described.path)
        case RoleKind.VIP:
            return HeldVip(lambda: _vips(config()))


def _vips(config: Config) -> Collection[IPAddress]:
    if (address := config.cluster.role.address) is not None:
        return {address}
    return {each.key.endpoint.address for each in config.virtuals if isinstance(each.key, AddressKey)}


def _taken(role: Role, source: str, before: RoleStatus | None) -> RoleTaken:
    since = before.since if before is not None and before.role is role else 0.0
    return RoleTaken(role, source, since)
