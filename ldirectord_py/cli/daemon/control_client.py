"""Asks a running daemon over its control socket."""

import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ldirectord_py.model.errors import DirectorError

_CONNECT_SECONDS = 2.0
_LARGEST_REPLY = 64 * 1024 * 1024


class NoReply(DirectorError):
    """A daemon took the request and did not answer in time."""


def control_path(pid_file: Path) -> Path:
    """Return where the control socket of the daemon with this pid file is: where that daemon may write."""
    return pid_file.resolve().with_suffix(".sock")


def ask(path: Path, command: str, *, seconds: float = 5.0, **arguments: object) -> Mapping[str, Any] | None:
    """Return what the daemon behind the socket *path* answers to *command*; None: nobody listens there.

    Raises `NoReply` if the request was taken and not answered within *seconds*, and `DirectorError` if it was refused.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(_CONNECT_SECONDS)
        try:
            connect(channel, path)
            channel.sendall(json.dumps({"command": command, **arguments}).encode() + b"\n")
        except PermissionError as error:
            raise DirectorError(f"Not permitted to use {path}: become root, or the user it runs as") from error
        except OSError:
            return None
        channel.settimeout(seconds)
        line = _line(channel, seconds)
    if not line:
        return None  # it ended meanwhile
    return _reply(line, path)


def connect(channel: socket.socket, path: Path) -> None:
    """Connect to the socket *path*; raises `OSError`."""
    # Seen through the descriptor of its folder, a path of any length fits into an address of 108 bytes.
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        channel.connect(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


def _line(channel: socket.socket, seconds: float) -> bytes:
    try:
        with channel.makefile("rb") as file:
            return file.readline(_LARGEST_REPLY)
    except TimeoutError as error:
        raise NoReply(f"the daemon has not answered within {seconds:g} seconds; its log will say more") from error
    except ConnectionError:
        return b""


def _reply(line: bytes, path: Path) -> Mapping[str, Any]:
    try:
        reply = json.loads(line)
    except ValueError as error:
        raise DirectorError(f"what answers at {path} is no ldirectord") from error
    if not isinstance(reply, dict) or not reply.get("ok"):
        raise DirectorError(str(reply.get("error", reply) if isinstance(reply, dict) else reply))
    return reply
