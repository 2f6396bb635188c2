"""Virtual services that the last director has left in the table, and the configuration names no more."""

from collections.abc import Callable
from dataclasses import dataclass

from ldirectord_py.engine.differences import beyond_limit
from ldirectord_py.model.config import Config
from ldirectord_py.model.events import Trigger
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

    async def take_out(self, before: Left, config: Config, *, force: bool) -> None:
        """Take out what *before* names and *config* does not, if the last director has ended a short while ago.

        As with a reload that is never more than `reloadlimit` allows, but with *force*.
        """
        named = {str(virtual.key) for virtual in config.virtuals}
        gone = {name for name in before.virtuals if name not in named}
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
