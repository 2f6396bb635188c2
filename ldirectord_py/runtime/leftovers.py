"""What the last director has left in the table, and the configuration names no more: services, or all their servers."""

from collections.abc import Callable
from dataclasses import dataclass

from ldirectord_py.engine.differences import beyond_limit
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import ConfigRejected
from ldirectord_py.model.events import Trigger
from ldirectord_py.model.problems import Problem
from ldirectord_py.model.service import VirtualKey
from ldirectord_py.model.table import Table
from ldirectord_py.runtime.predecessor import Left
from ldirectord_py.runtime.table.ownership import Ownership
from ldirectord_py.runtime.table.reconciler import Reconciler


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Takes them out, or tells of them: nobody checks their servers."""

    table: Table
    reconciler: Reconciler
    ownership: Ownership | None
    warn: Callable[[str], None]

    async def prove(self, before: Left, config: Config, *, force: bool) -> None:
        """Raise `ConfigRejected` if *config* takes all servers from services that are served.

        As with a reload it may do so to as many as `reloadlimit` allows, or to all with *force*.  Nothing is changed.
        What is served the table says, and *before* of what its director had and *config* does not name: the state file
        may be gone, as it is when systemd has given a refused start up.
        """
        empty = {virtual.key for virtual in config.virtuals if not virtual.can_be_served}
        found = await self.table.read([virtual.key for virtual in config.virtuals]) if empty and not force else {}
        serving = {key for key, service in found.items() if any(each.weight for each in service.destinations.values())}
        had = {kept.name for kept in before.virtuals if kept.has_weight} | {str(key) for key in serving}
        if share := beyond_limit(len(had), sorted(map(str, serving & empty)), config.reloadlimit):
            sentence = f"a start would leave nobody to serve {share}, and reloadlimit is {config.reloadlimit} percent"
            insist = f"if it is meant: reloadlimit=100, or ldirectord {config.path} restart --force"
            why = "the table stays as it is, and nobody checks its servers"
            raise ConfigRejected([Problem(config.path, 0, f"{sentence}; {why}; {insist}")])

    async def take_out(self, before: Left, config: Config, *, force: bool) -> None:
        """Take out what *before* names and *config* does not, if the last director has ended a short while ago.

        As with a reload that is never more than `reloadlimit` allows, but with *force*.
        """
        named = {str(virtual.key) for virtual in config.virtuals}
        gone = {kept.name for kept in before.virtuals if kept.name not in named}
        keys = [key for key in await self.table.read() if str(key) in gone] if gone else []
        if not keys:
            return
        if self.ownership is None:
            await self._see_to(keys, before, config, force=force)
            return
        if await self.ownership.claim(keys, config.path):
            return  # another ldirectord has taken them over
        await self._see_to(keys, before, config, force=force)
        self.ownership.keep([virtual.key for virtual in config.virtuals])

    async def _see_to(self, keys: list[VirtualKey], before: Left, config: Config, *, force: bool) -> None:
        share = None if force else beyond_limit(len(before.virtuals), keys, config.reloadlimit)
        if before.just_now and not share:
            await self.reconciler.remove(keys, Trigger.START)
            return
        self.warn(
            f"The last director has left {share or ', '.join(map(str, keys))} in the table, which {config.path} does"
            " not name: nobody checks their servers; put them back into the file, or take them out with ipvsadm -D"
        )
