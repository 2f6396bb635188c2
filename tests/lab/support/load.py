"""A steady stream of new connections to a virtual service, and what became of each."""

import errno
import selectors
import socket
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Self

from tests.lab.support.client import endpoint
from tests.lab.support.namespaces import Host

_REQUEST = b"GET / HTTP/1.0\r\n\r\n"
_PATIENCE = 3.0  # seconds that a connection may take; a lost SYN alone costs one


@dataclass(slots=True)
class _Visit:
    """One connection."""

    begun: float
    asked: bool = False
    answer: bytes = b""


@dataclass(eq=False)
class Load:
    """Opens *rate* connections a second from *host* to *where*, evenly, while the block runs."""

    host: Host
    where: str
    rate: int
    served: Counter[str] = field(default_factory=Counter)
    """How often which site answered."""
    failed: list[str] = field(default_factory=list)
    """What became of the others, with the second of the run in which it began."""

    def __post_init__(self) -> None:
        self._address = endpoint(self.where)
        self._end = Event()
        self._under_way: deque[tuple[socket.socket, _Visit]] = deque()
        self._thread = Thread(target=self._run, name=f"load on {self.where}", daemon=True)

    def __enter__(self) -> Self:
        self._begun = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        self.seconds = time.monotonic() - self._begun

    @property
    def opened(self) -> int:
        """How many connections have ended, one way or the other."""
        return self.served.total() + len(self.failed)

    def _run(self) -> None:
        with self.host.inside(), selectors.DefaultSelector() as selector:
            due = time.monotonic()
            while not self._end.is_set() or selector.get_map():
                now = time.monotonic()
                while due <= now and not self._end.is_set():
                    self._open(selector, now)
                    due += 1 / self.rate
                for key, _ in selector.select(max(0.0, min(due - time.monotonic(), 0.1))):
                    self._step(selector, key.fileobj, key.data)  # only sockets are registered
                self._give_up(selector)

    def _open(self, selector: selectors.BaseSelector, now: float) -> None:
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        connection.connect_ex(self._address)
        visit = _Visit(now)
        selector.register(connection, selectors.EVENT_WRITE, visit)
        self._under_way.append((connection, visit))

    def _step(self, selector: selectors.BaseSelector, connection: socket.socket, visit: _Visit) -> None:
        try:
            if not visit.asked:
                connection.send(_REQUEST)  # raises what became of the connection, if nothing did
                visit.asked = True
                selector.modify(connection, selectors.EVENT_READ, visit)
            elif data := connection.recv(4096):
                visit.answer += data
            else:
                self._close(selector, connection)
                self._judge(visit)
        except OSError as error:
            self._close(selector, connection)
            self._fail(visit, errno.errorcode.get(error.errno or 0, str(error)))

    def _judge(self, visit: _Visit) -> None:
        head, _, body = visit.answer.partition(b"\r\n\r\n")
        if head.startswith(b"HTTP/1.1 200") and body:
            self.served[body.decode()] += 1
        else:
            self._fail(visit, f"answered {visit.answer[:40]!r}")

    def _give_up(self, selector: selectors.BaseSelector) -> None:
        while self._under_way:
            connection, visit = self._under_way[0]
            if connection.fileno() >= 0:
                if time.monotonic() < visit.begun + _PATIENCE:
                    return
                self._close(selector, connection)
                self._fail(visit, "timed out")
            self._under_way.popleft()

    def _close(self, selector: selectors.BaseSelector, connection: socket.socket) -> None:
        selector.unregister(connection)
        connection.close()

    def _fail(self, visit: _Visit, what: str) -> None:
        self.failed.append(f"{visit.begun - self._begun:.2f} s: {what}")
