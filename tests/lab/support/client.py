"""The client of the network: who serves it, and does a connection live on?"""

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, RemoteDisconnected
from types import TracebackType
from typing import Self

from tests.lab.support.namespaces import Host

SECONDS = 2.0


def endpoint(text: str) -> tuple[str, int]:
    """Take `10.9.0.100:80` or `[fd00:9::100]:80` apart."""
    address, _, port = text.rpartition(":")
    return address.strip("[]"), int(port)


class Connection:
    """A connection that stays open between requests; use it in a `with` block, or close it."""

    def __init__(self, host: Host, where: str) -> None:
        self._http = HTTPConnection(*endpoint(where), timeout=SECONDS)
        with host.inside():
            self._http.connect()

    def ask(self, path: str = "/") -> str:
        """Send one request and return the answer's body: by default the name of the server."""
        self._http.request("GET", path)
        return self._http.getresponse().read().decode()

    def close(self) -> None:
        """Close it."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Client:
    """Asks virtual services as a user would, from the namespace of *host*."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def ask(self, where: str, path: str = "/") -> str:
        """Return the body that *where* serves, or in one word what went wrong: `refused`, `timed out`, `reset` …"""
        try:
            with self.hold(where) as connection:
                return connection.ask(path)
        except (OSError, HTTPException) as error:
            return _in_a_word(error)

    def tally(self, where: str, times: int = 30) -> Counter[str]:
        """Connect *times* times and count who answered."""
        return Counter(self.ask(where) for _ in range(times))

    def hold(self, where: str) -> Connection:
        """Open a connection to be used later."""
        return Connection(self.host, where)

    def ask_by_datagram(self, where: str) -> str:
        """Send one datagram from a new port and return the answer."""
        with self.one_port(where) as ask:
            return ask()

    def tally_datagrams(self, where: str, times: int = 30) -> Counter[str]:
        """Send *times* datagrams, each from a new port, and count who answered."""
        return Counter(self.ask_by_datagram(where) for _ in range(times))

    @contextmanager
    def one_port(self, where: str) -> Iterator[Callable[[], str]]:
        """Yield what sends a datagram from one and the same port each time, and returns the answer."""
        address, port = endpoint(where)
        with self.host.inside():
            options = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        with options:
            yield lambda: _exchange(options, (address, port))

    def datagrams_from_one_port(self, where: str, times: int = 30) -> Counter[str]:
        """Send *times* datagrams from one and the same port and count who answered."""
        with self.one_port(where) as ask:
            return Counter(ask() for _ in range(times))


def _exchange(options: socket.socket, where: tuple[str, int]) -> str:
    options.settimeout(SECONDS)
    try:
        options.sendto(b"who?", where)
        return options.recv(2048).decode()
    except OSError as error:
        return _in_a_word(error)


def _in_a_word(error: Exception) -> str:
    match error:
        case RemoteDisconnected():
            return "cut off"  # without a byte of an answer; http.client takes it for a kind of reset
        case TimeoutError():
            return "timed out"
        case ConnectionRefusedError():
            return "refused"
        case ConnectionResetError():
            return "reset"
        case OSError():
            return error.strerror or "failed"
        case _:
            return "cut off"
