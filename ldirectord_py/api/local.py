"""The API on its unix socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ldirectord_py.api.application import application
from ldirectord_py.api.limits import BACKLOG, ConnectionLimiter, Limits
from ldirectord_py.api.ports import Ports
from ldirectord_py.api.server import talking
from ldirectord_py.api.unix_socket import bound


@asynccontextmanager
async def serve_locally(path: Path, ports: Ports, limits: Limits) -> AsyncIterator[None]:
    """Serve on the socket *path*, which takes the place of one that was left there; raises `DirectorError`."""
    door = ConnectionLimiter(limits)
    with bound(path) as listener:
        async with talking(application(ports, limits, door), door):
            server = await asyncio.get_running_loop().create_unix_server(door, sock=listener, backlog=BACKLOG)
            try:
                yield
            finally:
                server.close()
