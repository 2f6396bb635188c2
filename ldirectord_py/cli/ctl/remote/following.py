"""The daemon's events as they happen (Server-Sent Events), over its control socket."""

import json
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Self

from ldirectord_py.cli.ctl.remote.choosing import NoDaemon
from ldirectord_py.cli.ctl.remote.daemon import located
from ldirectord_py.cli.daemon.control_client import connect
from ldirectord_py.model.errors import DirectorError

_SILENCE = 45.0
"""Seconds after which a stream that says nothing is broken: the daemon sends a comment every 15."""


class DaemonEvents:
    """A context, and in it the events of the daemon at a socket that come after the one of id *after*.

    They end if the daemon does.  Raises `NoDaemon` if none listens, and `DirectorError` if it refuses.
    """

    def __init__(self, path: Path, after: int, **query: object) -> None:
        self._path = path
        self._after = after
        self._query = query
        self._channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def __enter__(self) -> Self:
        self._channel.settimeout(_SILENCE)
        try:
            connect(self._channel, self._path)
        except OSError as error:
            self._channel.close()
            raise NoDaemon(f"no ldirectord listens at {self._path}: {error.strerror or error}") from error
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        connection = HTTPConnection("localhost")
        connection.sock = self._channel
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(self._after)}
        try:
            connection.request("GET", located("/v1/events", self._query), headers=headers)
            with connection.getresponse() as answer:
                if answer.status != 200:
                    raise DirectorError(f"the daemon at {self._path} does not stream its events: {answer.reason}")
                yield from events_of(iter(answer.readline, b""))
        except (OSError, HTTPException):
            return

    def stop(self) -> None:
        """Let the events end, also from another thread."""
        with suppress(OSError):  # it has ended
            self._channel.shutdown(socket.SHUT_RDWR)


def events_of(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the events of a stream: the JSON of their `data:` fields (HTML Living Standard, §9.2.6)."""
    data = b""
    for line in lines:
        text = line.rstrip(b"\r\n")
        if text.startswith(b"data:"):
            data += text.removeprefix(b"data:").removeprefix(b" ")
        elif not text and data:
            yield json.loads(data)
            data = b""
