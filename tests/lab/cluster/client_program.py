"""The client: opens connections at an even rate, holds others open, and says what became of each.

    client_program.py ADDRESS PORT RATE HELD

Runs until SIGTERM. Prints a line of JSON a few times a second: `new` has a list for each connection that was opened
and has ended (begun, seconds, outcome), `held` one for each exchange over a held connection (ended, number, outcome),
`ports` the ports of those that are held, at first. The outcome is the body that came, or an error's name, which is in
capitals; times are of the monotonic clock. It imports little, for it is started in guests.
"""

import errno
import json
import select
import signal
import socket
import sys
import time
from collections import deque

NEW_SECONDS, HELD_SECONDS = 0.9, 30.0
"""How long an answer may take: over a new connection, less than TCP waits until it asks again; and over a held one."""
TALK = 1.0
"""Seconds between two exchanges over a held connection."""
FLUSH = 0.25
_NEW = b"GET / HTTP/1.0\r\n\r\n"
_HELD = b"GET / HTTP/1.1\r\nHost: held\r\n\r\n"
_EVENTS = select.EPOLLIN | select.EPOLLOUT | select.EPOLLET


class Exchange:
    """One question over a connection; *number* is None for a new connection, which ends with the answer."""

    __slots__ = ("answer", "asked", "begun", "number", "over", "socket")

    def __init__(self, connection: socket.socket, begun: float, number: int | None) -> None:
        self.socket, self.begun, self.number = connection, begun, number
        self.asked, self.over, self.answer = False, False, b""


class Client:
    """Talks with *where*."""

    def __init__(self, where: tuple[str, int], rate: float, held: int) -> None:
        self._where, self._rate = where, rate
        self._epoll = select.epoll()
        self._open: dict[int, Exchange] = {}
        self._under_way: tuple[deque[Exchange], ...] = (deque(), deque())
        self._resting: deque[tuple[float, Exchange]] = deque()
        self._told: dict[str, list[object]] = {"new": [], "held": [], "ports": []}
        now = time.monotonic()
        for number in range(held):
            self._connect(now, number)
        self._told["ports"] = [exchange.socket.getsockname()[1] for exchange in self._open.values()]

    def run(self) -> None:
        """Go on until SIGTERM."""
        now = due = told = time.monotonic()
        while True:
            while due <= now:
                self._connect(due, None)
                due += 1 / self._rate
            for descriptor, _ in self._epoll.poll(max(0.0, due - time.monotonic())):
                if exchange := self._open.get(descriptor):
                    self._step(exchange)
            now = time.monotonic()
            self._give_up(now)
            while self._resting and self._resting[0][0] <= now:
                self._ask_again(self._resting.popleft()[1], now)
            if now >= told + FLUSH:
                told = now
                self.flush()

    def flush(self) -> None:
        """Print what there is to tell."""
        print(json.dumps(self._told), flush=True)
        self._told = {"new": [], "held": [], "ports": []}

    def _connect(self, now: float, number: int | None) -> None:
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        exchange = Exchange(connection, now, number)
        self._open[connection.fileno()] = exchange
        self._under_way[number is not None].append(exchange)
        failed = connection.connect_ex(self._where)
        if failed not in {0, errno.EINPROGRESS}:
            self._end(exchange, errno.errorcode[failed])
            return
        self._epoll.register(connection, _EVENTS)

    def _step(self, exchange: Exchange) -> None:
        try:
            if not exchange.asked:
                exchange.socket.send(_NEW if exchange.number is None else _HELD)
                exchange.asked = True
            if not (came := exchange.socket.recv(4096)):
                self._end(exchange, "CLOSED")
                return
        except BlockingIOError:
            return
        except OSError as error:
            self._end(exchange, errno.errorcode[error.errno or 0])
            return
        exchange.answer += came
        head, _, body = exchange.answer.partition(b"\r\n\r\n")
        if body:
            self._end(exchange, body.decode() if b" 200 " in head else "REFUSED")

    def _end(self, exchange: Exchange, outcome: str) -> None:
        now = time.monotonic()
        exchange.over = True
        if exchange.number is None:
            self._told["new"].append((round(exchange.begun, 4), round(now - exchange.begun, 4), outcome))
        else:
            self._told["held"].append((round(now, 4), exchange.number, outcome))
        if exchange.number is None or outcome.isupper():
            del self._open[exchange.socket.fileno()]
            exchange.socket.close()
        else:
            self._resting.append((now + TALK, exchange))

    def _ask_again(self, last: Exchange, now: float) -> None:
        if last.socket.fileno() < 0:
            return  # it broke while nothing was asked
        exchange = Exchange(last.socket, now, last.number)
        self._open[last.socket.fileno()] = exchange
        self._under_way[True].append(exchange)
        self._step(exchange)

    def _give_up(self, now: float) -> None:
        for under_way, seconds in zip(self._under_way, (NEW_SECONDS, HELD_SECONDS), strict=True):
            while under_way and (under_way[0].over or under_way[0].begun + seconds <= now):
                exchange = under_way.popleft()
                if not exchange.over:
                    self._end(exchange, "TIMEOUT")


def main() -> None:
    """Be the client."""

    def end(*_: object) -> None:
        raise SystemExit

    signal.signal(signal.SIGTERM, end)
    address, port, rate, held = sys.argv[1:]
    client = Client((address, int(port)), float(rate), int(held))
    try:
        client.run()
    finally:
        client.flush()


if __name__ == "__main__":
    main()
