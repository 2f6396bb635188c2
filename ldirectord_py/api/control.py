"""The control socket: one JSON request and one JSON reply a line, over a unix stream socket next to the pid file.

Who may connect is decided by the socket's mode and by the peer's user; nobody can hold up a check: clients are few,
requests small and expected soon, and replies are written in pieces, between which checks have their turn.
"""

import asyncio
import json
import os
import socket
import stat
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ldirectord_py.model.errors import DirectorError

_PEER = struct.Struct("3i")  # struct ucred of unix(7): pid, uid, gid
_PIECE = 16 * 1024


Command = Callable[[Mapping[str, Any], str], Awaitable[Mapping[str, Any]]]
"""Carries a request out, whose client is named by the text, and returns the reply; raises `DirectorError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLimits:
    """How much clients may take."""

    clients: int = 8
    request_bytes: int = 4096
    request_seconds: float = 10.0
    """Until a request has come in completely; also for reading a reply."""


class ControlServer:
    """Answers requests by the table of *commands*."""

    def __init__(self, commands: Mapping[str, Command], limits: ControlLimits) -> None:
        self._commands = commands
        self._limits = limits
        self._clients: set[asyncio.Task[None]] = set()
        self._ended = False

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until its end."""
        if (task := asyncio.current_task()) is not None:
            self._clients.add(task)
            task.add_done_callback(self._clients.discard)
        try:
            if not self._ended:  # a connection may be accepted in the very turn that ends us
                await self._serve(reader, writer)
        except (ConnectionError, TimeoutError):
            writer.transport.abort()  # it has left, or takes too long
        except asyncio.CancelledError:
            writer.transport.abort()  # by `end`, and this task is nobody else's: asyncio would log it as a failure
        finally:
            writer.close()

    async def end(self) -> None:
        """Break off whatever is under way: nothing may be carried out after the director has left its table."""
        self._ended = True
        for client in self._clients:
            client.cancel()
        if self._clients:
            await asyncio.wait(self._clients)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pid, uid = _peer(writer)
        if uid not in {0, os.geteuid()}:
            await self._write(writer, _refusal(f"user {uid} may not control this daemon: become root"))
        elif len(self._clients) > self._limits.clients:
            await self._write(writer, _refusal("too many clients; try again"))
        else:
            while (line := await self._request(reader)) is not None:
                await self._write(writer, await self._answer(line, f"pid {pid} of user {uid}"))

    async def _request(self, reader: asyncio.StreamReader) -> bytes | None:
        try:
            async with asyncio.timeout(self._limits.request_seconds):
                line = await reader.readline()
        except ValueError:  # longer than permitted
            return b""
        return line if line.endswith(b"\n") else None

    async def _answer(self, line: bytes, client: str) -> Mapping[str, Any]:
        try:
            request = json.loads(line)
            command = self._commands[request["command"]]
        except (ValueError, TypeError, LookupError, RecursionError):
            known = ", ".join(self._commands)
            most = self._limits.request_bytes
            return _refusal(f'expected a line {{"command": NAME}} of at most {most} bytes; NAME: {known}')
        try:
            return {"ok": True, **await command(request, client)}
        except DirectorError as error:
            return _refusal(str(error))

    async def _write(self, writer: asyncio.StreamWriter, reply: Mapping[str, Any]) -> None:
        async with asyncio.timeout(self._limits.request_seconds):
            piece = ""
            for part in json.JSONEncoder().iterencode(reply):
                piece += part
                if len(piece) >= _PIECE:
                    writer.write(piece.encode())
                    piece = ""
                    await writer.drain()
                    await asyncio.sleep(0)  # checks first
            writer.write(f"{piece}\n".encode())
            await writer.drain()


@asynccontextmanager
async def serve_control(
    path: Path, commands: Mapping[str, Command], limits: ControlLimits | None = None
) -> AsyncIterator[None]:
    """Serve on the socket *path*, which takes the place of one that was left there; raises `DirectorError`."""
    limits = limits or ControlLimits()
    listener = _bound(path)
    control = ControlServer(commands, limits)
    try:
        server = await asyncio.start_unix_server(
            control.__call__, sock=listener, limit=limits.request_bytes, backlog=limits.clients
        )
        try:
            yield
        finally:
            server.close()
            await control.end()
    finally:
        listener.close()
        _remove(path)


def _bound(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        # Seen through the descriptor of its folder, a path of any length fits into an address of 108 bytes.
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _remove_stale(path.name, folder)
            listener.bind(f"/proc/self/fd/{folder}/{path.name}")
            # Nobody can connect before `listen`, so there is no moment in which others could.
            os.chmod(path.name, 0o600, dir_fd=folder)
        finally:
            os.close(folder)
    except OSError as error:
        listener.close()
        raise DirectorError(f"cannot listen on the control socket {path}: {error.strerror or error}") from error
    return listener


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _remove_stale(name: str, folder: int) -> None:
    """Remove a socket that was left behind: only the holder of the pid file may serve here."""
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            os.unlink(name, dir_fd=folder)


def _peer(writer: asyncio.StreamWriter) -> tuple[int, int]:
    """Return the process and the user at the other end, as the kernel knows them."""
    raw = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    pid, uid, _ = _PEER.unpack(raw)
    return pid, uid


def _refusal(sentence: str) -> Mapping[str, Any]:
    return {"ok": False, "error": sentence}
