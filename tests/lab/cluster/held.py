"""Connections that are held open, hundreds of them by one process: which of them live on, and with which server."""

import select
import socket
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Self

from tests.lab.support.client import endpoint
from tests.lab.support.namespaces import Host

_QUESTION = b"GET / HTTP/1.1\r\nHost: held\r\n\r\n"
_AT_ONCE = 50
"""Connections that are opened, or asked, at a time: less than a server lets wait to be accepted."""
_SILENCE = 15.0
"""Seconds without an answer from anybody, after which the rest counts as broken."""
_first_ports = count(20000, 1000)


class Held:
    """Connections from *host* to *where*, each from a port of its own that no others had before; use it in a `with`."""

    def __init__(self, host: Host, where: str, number: int) -> None:
        self._host, self._where = host, endpoint(where)
        first = next(_first_ports)
        self.ports = range(first, first + number)
        self.servers: dict[int, str] = {}
        """Who serves each connection, by its port."""
        self.broken: dict[int, str] = {}
        """How those ended that did."""
        self._sockets: dict[int, socket.socket] = {}
        self._answers: dict[int, bytes] = {}
        self._epoll = select.epoll()

    def __enter__(self) -> Self:
        with self._host.inside():
            self._exchange(self.ports, opening=True)
        assert not self.broken, Counter(self.broken.values())
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._sockets.values():
            connection.close()
        self._epoll.close()

    def of(self, server: str) -> set[int]:
        """Return the ports of those that *server* serves, or did."""
        return {port for port, name in self.servers.items() if name == server}

    def ask(self) -> Mapping[int, str]:
        """Ask over each that lives, and return those that have broken since they were opened, and how."""
        self._exchange([port for port in self.ports if port not in self.broken], opening=False)
        return self.broken

    def _exchange(self, ports: Iterable[int], *, opening: bool) -> None:
        rest, waiting = iter(ports), set[int]()
        while True:
            while len(waiting) < _AT_ONCE and (port := next(rest, None)) is not None:
                waiting.add(port)
                if opening:
                    self._open(port)
                else:
                    self._send(port, waiting)
            if not waiting:
                return
            if not (events := self._epoll.poll(_SILENCE)):
                self._give_up(waiting)
            ports_of = {self._sockets[port].fileno(): port for port in waiting}
            for descriptor, happened in events:
                if (port := ports_of.get(descriptor, 0)) in waiting:
                    self._step(port, happened, waiting)

    def _open(self, port: int) -> None:
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        connection.bind((self._host.v4, port))
        self._sockets[port] = connection
        connection.connect_ex(self._where)
        self._epoll.register(connection, select.EPOLLOUT)

    def _step(self, port: int, happened: int, waiting: set[int]) -> None:
        if happened & select.EPOLLOUT:
            self._epoll.modify(self._sockets[port], select.EPOLLIN)
            self._send(port, waiting)
            return
        try:
            came = self._sockets[port].recv(4096)
        except OSError as error:
            self._end(port, error.strerror or "failed", waiting)
            return
        self._answers[port] += came
        if not came:
            self._end(port, "closed", waiting)
        elif server := self._answers[port].partition(b"\r\n\r\n")[2].decode():
            assert self.servers.setdefault(port, server) == server
            waiting.discard(port)

    def _send(self, port: int, waiting: set[int]) -> None:
        self._answers[port] = b""
        try:
            self._sockets[port].send(_QUESTION)
        except OSError as error:
            self._end(port, error.strerror or "failed", waiting)

    def _end(self, port: int, how: str, waiting: set[int]) -> None:
        self.broken[port] = how
        self._epoll.unregister(self._sockets[port])
        waiting.discard(port)

    def _give_up(self, waiting: set[int]) -> None:
        for port in tuple(waiting):
            self._end(port, "silent", waiting)
