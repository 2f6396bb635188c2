"""Whether this machine has the VIP, which a cluster manager moves from director to director."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import suppress

from ldirectord_py.cluster.network import Network
from ldirectord_py.cluster.role.sources import Reading
from ldirectord_py.cluster.rtnetlink import session, watching
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.cluster.role import Role

_EVERY = 5.0
"""Seconds from one look to the next, should the kernel tell nothing."""


class HeldVip:
    """Follows the addresses of this network namespace, as the kernel tells of them."""

    def __init__(self, vips: Callable[[], Collection[IPAddress]]) -> None:
        """*vips* returns the addresses of which any decides."""
        self._vips = vips

    async def readings(self) -> AsyncGenerator[Reading, None]:
        """See `RoleReader`."""
        async with session() as rtnetlink, watching() as changes:
            while True:
                yield role_by(self._vips(), await rtnetlink.network())
                with suppress(TimeoutError):
                    async with asyncio.timeout(_EVERY):
                        await changes.wait()


def role_by(vips: Collection[IPAddress], network: Network) -> Role:
    """Return ACTIVE if *network* has one of *vips* on a wire: on a loopback device a real server has it."""
    return Role.ACTIVE if any(network.on_wire(vip) for vip in vips) else Role.STANDBY
