"""Asks a running daemon over its control socket: HTTP/1.1 on a unix stream socket, by the standard library alone."""

import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ldirectord_py.model.errors import DirectorError

_CONNECT_SECONDS = 2.0
_LARGEST_REPLY = 64 * 1024 * 1024
_JSON = {"Content-Type": "application/json"}


class NoReply(DirectorError):
    """A daemon took the request and did not answer in time."""


class ConnectionEnded(DirectorError):
    """A daemon took the request and ended the connection, or itself, without an answer."""


class FormerDaemon(DirectorError):
    """A daemon of a former version serves the socket, whose protocol was another."""


class ApiProblem(DirectorError):
    """The daemon refused; the sentence is its own."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        """*problem* is what the daemon told (RFC 9457)."""
        super().__init__(str(problem.get("detail") or problem.get("title") or f"the daemon answers {status}"))
        self.status = status
        self.problem = problem


def control_path(pid_file: Path) -> Path:
    """Return where the control socket of the daemon with this pid file is: where that daemon may write."""
    return pid_file.resolve().with_suffix(".sock")


def ask(
    path: Path, target: str, body: Mapping[str, Any] | None = None, *, seconds: float = 5.0
) -> Mapping[str, Any] | None:
    """Return what the daemon behind the socket *path* answers at *target*, such as `/v1/status`; None: nobody listens.

    With a *body*, that is sent by POST.
    Raises `NoReply` if the request was taken and not answered within *seconds*, `ConnectionEnded` if it was taken and
    will not be answered, `FormerDaemon` if the daemon does not
    speak HTTP, `ApiProblem` if it refused, and `DirectorError` if there is no right to use the socket.
    """
    from http.client import BadStatusLine, HTTPConnection, HTTPException  # noqa: PLC0415  # most actions do without

    method, sent, headers = ("GET", None, {}) if body is None else ("POST", json.dumps(body), _JSON)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        if not _connected(channel, path):
            return None
        channel.settimeout(seconds)
        connection = HTTPConnection("localhost")
        connection.sock = channel
        try:
            connection.request(method, target, sent, headers)
            answer = connection.getresponse()
            raw = answer.read(_LARGEST_REPLY)
        except TimeoutError as error:
            raise NoReply(f"the daemon has not answered within {seconds:g} seconds; its log will say more") from error
        except ConnectionError as error:  # RemoteDisconnected is one, too
            raise ConnectionEnded("the daemon ended before it had answered; its log will say more") from error
        except BadStatusLine as error:
            raise _stranger(str(error), path) from error
        except HTTPException as error:
            raise DirectorError(f"what answers at {path} is no ldirectord") from error
    return _reply(answer.status, raw, path)


def connect(channel: socket.socket, path: Path) -> None:
    """Connect to the socket *path*; raises `OSError`."""
    # Seen through the descriptor of its folder, a path of any length fits into an address of 108 bytes.
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        channel.connect(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


def _connected(channel: socket.socket, path: Path) -> bool:
    """Return whether somebody listens at *path*, to whom *channel* is connected now."""
    channel.settimeout(_CONNECT_SECONDS)
    try:
        connect(channel, path)
    except PermissionError as error:
        raise DirectorError(f"Not permitted to use {path}: become root, or the user it runs as") from error
    except OSError:
        return False
    return True


def _stranger(line: str, path: Path) -> DirectorError:
    """Return what is wrong with a server whose first *line* is not HTTP's."""
    if line.startswith("{"):  # the control sockets of former versions took and gave lines of JSON
        return FormerDaemon(f"the daemon behind {path} is of a former version: restart it, or send it signals")
    return DirectorError(f"what answers at {path} is no ldirectord")


def _reply(status: int, raw: bytes, path: Path) -> Mapping[str, Any]:
    try:
        reply = json.loads(raw)
    except ValueError as error:
        raise DirectorError(f"what answers at {path} is no ldirectord") from error
    if not isinstance(reply, dict):
        raise DirectorError(f"what answers at {path} is no ldirectord")
    if status != 200:
        raise ApiProblem(status, reply)
    return reply
