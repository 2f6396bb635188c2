"""Who asks, and what they may do: decided for each request.

Over a unix socket that is by the user behind it, over TCP by a token or, with TLS, by a client's certificate.
"""

import array
import asyncio
import os
import pwd
import socket
import ssl
import struct
from collections.abc import Callable, Collection, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web

from ldirectord_py.api.access import Access
from ldirectord_py.api.problems import RequestRefused
from ldirectord_py.model.text.escaping import printable
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.threads import NoThread

_PEER = struct.Struct("3i")  # struct ucred of unix(7): pid, uid, gid
_SO_PEERGROUPS = 59
"""The other groups of the peer (asm-generic/socket.h), which Python has no name for."""
_MOST_GROUPS = 256
"""So many numbers fit into what Python hands `getsockopt`; by more groups nobody is let in."""
CALLER: ContextVar["Caller"] = ContextVar("CALLER")
_NAMES = frozenset(("DNS", "email", "URI"))
"""The kinds of names of RFC 5280 §4.2.1.6 that somebody has who asks."""
_LONGEST_NAME = 64
_WRITING_OVER_TCP = "a token with the right to write (apitokens)"
_NAME_SECONDS = 1.0
"""So long may the look-up of a user's name take, which may ask a directory on the network."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    name: str
    """A user's name, or that of a token or of a certificate."""
    may_read: bool
    may_write: bool
    pid: int | None = None
    """The process that asks, if it is on this machine."""
    needs: str = _WRITING_OVER_TCP
    """What a command needs that is not there."""

    def __str__(self) -> str:
        """Return how a command's origin is told: `root (pid 801)`."""
        return self.name if self.pid is None else f"{self.name} (pid {self.pid})"


class Callers:
    """Says of each request whose it is."""

    def __init__(self, access: Callable[[], Access]) -> None:
        """*access* returns what is in force."""
        self._access = access
        self._names = {0: "root"}

    async def of(self, request: web.Request) -> Caller:
        """Return who sent *request*; raise `RequestRefused` if it has a token that nobody has."""
        connection = request.get_extra_info("socket")
        if connection is not None and connection.family == socket.AF_UNIX:
            return await self._local(connection)
        if (given := request.headers.get("Authorization")) is None:
            return self._by_certificate(request.get_extra_info("ssl_object"))
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer":
            raise RequestRefused(HTTPStatus.UNAUTHORIZED, "expected the header Authorization: Bearer TOKEN")
        if (found := self._access().holder(token.strip())) is None:
            sentence = "this token is not known here: those that are stand in the file that apitokens names"
            raise RequestRefused(HTTPStatus.UNAUTHORIZED, sentence)
        return Caller(found.name, may_read=True, may_write=found.may_write)

    def _by_certificate(self, tls: ssl.SSLObject | None) -> Caller:
        """Return whose certificate has been shown over *tls*; it has been verified."""
        certificate = None if tls is None else tls.getpeercert()
        if not certificate:
            return Caller("anyone", may_read=True, may_write=False)
        names = names_in(certificate)
        name = self._access().may_write(names)
        shown = printable(name or (names or ["a certificate without a name"])[0])[:_LONGEST_NAME]
        needs = f"a certificate whose name is in apiclients, or {_WRITING_OVER_TCP}"
        return Caller(shown, may_read=True, may_write=name is not None, needs=needs)

    async def _local(self, connection: socket.socket) -> Caller:
        pid, uid, gid = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
        writes = reads = uid in {0, os.geteuid()}
        access = self._access()
        if not writes and (access.writers is not None or access.readers is not None):
            groups = {gid, *_groups(connection)}
            writes = access.writers in groups
            reads = writes or access.readers in groups
        needs = "the right to write, which root and the members of apigroup have"
        return Caller(await self._name(uid), may_read=reads, may_write=writes, pid=pid, needs=needs)

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


def _groups(connection: socket.socket) -> Collection[int]:
    """Return the supplementary groups of who is at the other end of a unix socket; none if they are too many."""
    try:
        return array.array("i", connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _MOST_GROUPS * 4))
    except OSError:  # ERANGE
        return ()


def require(caller: Caller, *, write: bool) -> None:
    """Raise `RequestRefused` if *caller* may not read, or not *write*."""
    if not caller.may_read:
        sentence = "become root, the user that the daemon runs as, or a member of apigroup or apireadgroup"
        raise RequestRefused(HTTPStatus.FORBIDDEN, f"{caller.name} may not read here: {sentence}")
    if write and not caller.may_write:
        raise RequestRefused(HTTPStatus.FORBIDDEN, f"{caller.name} may only read here: a command needs {caller.needs}")


def names_in(certificate: Mapping[str, Any]) -> Sequence[str]:
    """Return the names that a *certificate*, as `ssl` tells it, is for: its common name, then the others."""
    common = [value for part in certificate.get("subject", ()) for kind, value in part if kind == "commonName"]
    others = [value for kind, value in certificate.get("subjectAltName", ()) if kind in _NAMES]
    return list(dict.fromkeys(common + others))


def caller() -> Caller:
    """Return whose request this task is answering, as was found before it was let in."""
    return CALLER.get()
