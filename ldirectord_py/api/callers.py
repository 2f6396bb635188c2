"""Who asks, and what they may do: decided for each request, by the user behind a unix socket."""

import asyncio
import os
import pwd
import socket
import struct
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from ldirectord_py.api.problems import RequestRefused
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.threads import NoThread

_PEER = struct.Struct("3i")  # struct ucred of unix(7): pid, uid, gid
CALLER: ContextVar["Caller"] = ContextVar("CALLER")
_NAME_SECONDS = 1.0
"""So long may the look-up of a user's name take, which may ask a directory on the network."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    name: str
    """A user's name, or that of a token."""
    may_read: bool
    may_write: bool
    pid: int | None = None
    """The process that asks, if it is on this machine."""

    def __str__(self) -> str:
        """Return how a command's origin is told: `root (pid 801)`."""
        return self.name if self.pid is None else f"{self.name} (pid {self.pid})"


class Callers:
    """Says of each request whose it is."""

    def __init__(self) -> None:
        self._names = {0: "root"}

    async def of(self, request: web.Request) -> Caller:
        """Return who sent *request*."""
        connection = request.get_extra_info("socket")
        if connection is None or connection.family != socket.AF_UNIX:
            return Caller("anyone", may_read=True, may_write=False)
        pid, uid, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
        trusted = uid in {0, os.geteuid()}
        return Caller(await self._name(uid), may_read=trusted, may_write=trusted, pid=pid)

    async def _name(self, uid: int) -> str:
        if (known := self._names.get(uid)) is not None:
            return known
        try:
            async with asyncio.timeout(_NAME_SECONDS):
                found = await in_thread(lambda: pwd.getpwuid(uid).pw_name)
        except (LookupError, OSError, NoThread):
            return f"user {uid}"
        self._names[uid] = found
        return found


def require(caller: Caller, *, write: bool) -> None:
    """Raise `RequestRefused` if *caller* may not read, or not *write*."""
    if not caller.may_read:
        raise RequestRefused(
            HTTPStatus.FORBIDDEN, f"{caller.name} may not read here: become root, or the user that the daemon runs as"
        )
    if write and not caller.may_write:
        raise RequestRefused(
            HTTPStatus.FORBIDDEN, f"{caller.name} may read here only: a command takes the right to write"
        )


def caller() -> Caller:
    """Return whose request this task is answering, as was found before it was let in."""
    return CALLER.get()
