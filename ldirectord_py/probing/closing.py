"""Connections whose check is over, until the server has closed its side, too.

A socket that is closed with bytes unread, or before the last bytes have come, is answered with RST, and servers write
an error into their logs.  So what still comes is thrown away until the end of the stream.  Nobody waits for that: the
verdict has been told already.
"""

import asyncio
import socket
from contextlib import suppress
from struct import pack

from ldirectord_py.probing.time_waits import TimeWaitBudget

MOST_BYTES = 4 << 20
"""Of one connection that are thrown away: a page may be large where its status is all that a check wants."""
MOST_CLOSING = 256
"""Connections at a time."""
MOST_SECONDS = 3.0
"""For the server to close its side."""

_ABORT = pack("ii", 1, 0)  # struct linger
_CHUNK = 65536
_SCRATCH = bytearray(_CHUNK)
"""Where received bytes would go; with MSG_TRUNC, tcp(7) throws them away and nothing is written here."""


class ClosingConnections:
    """Closes connections in order: each is an entry of the prober's epoll set until its stream has ended.

    Where this takes too long, or too many wait already, the connection that has waited longest is closed just so: the
    kernel answers for it from then on.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        budget: TimeWaitBudget,
        *,
        most: int = MOST_CLOSING,
        seconds: float = MOST_SECONDS,
    ) -> None:
        self.now = 0.0
        """Of this turn of the loop (monotonic), as the prober knows it."""
        self._loop = loop
        self._budget = budget
        self._most = most
        self._seconds = seconds
        self._waiting: dict[int, _Waiting] = {}
        """By descriptor, in the order in which their time is up."""
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def close_first(self, opened: socket.SocketType, last_words: bytes, *, unread: bool) -> None:
        """Say *last_words*, end our side, and wait for the server's; reset where this machine has no room for that."""
        if not self._budget.spend(self.now):
            reset(opened)
            return
        try:
            if last_words:
                opened.send(last_words)
            opened.shutdown(socket.SHUT_WR)
        except OSError:  # it has gone meanwhile
            opened.close()
            return
        self._wait(_Waiting(opened, self.now + self._seconds), unread=unread)

    def close_second(self, opened: socket.SocketType, last_words: bytes, *, unread: bool, answering: bool) -> None:
        """Wait until the server has ended its side, and then end ours.

        *last_words* are said at once, or in the end where the server is *answering* still: it might take them for a
        client that wants no answer any more.
        """
        if last_words and not answering:
            with suppress(OSError):
                opened.send(last_words)
            last_words = b""
        self._wait(_Waiting(opened, self.now + self._seconds, last_words), unread=unread)

    def on_news(self, descriptor: int) -> None:
        """Go on with the connection that has *descriptor*, if it is one of these: something has come."""
        if (waiting := self._waiting.get(descriptor)) is not None and not waiting.discard():
            del self._waiting[descriptor]

    def close(self) -> None:
        """Close them all now."""
        if self._timer is not None:
            self._timer.cancel()
        while self._waiting:
            self._give_up_oldest()

    def _wait(self, waiting: "_Waiting", *, unread: bool) -> None:
        """Take *waiting* in, unless its stream ends with what is *unread*: of that there will be no further news."""
        if unread and not waiting.discard():
            return
        if len(self._waiting) == self._most:
            self._give_up_oldest()
        self._waiting[waiting.socket.fileno()] = waiting
        if self._timer is None:
            self._timer = self._loop.call_at(waiting.until, self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._waiting:
            oldest = next(iter(self._waiting.values()))
            if oldest.until > now:
                self._timer = self._loop.call_at(oldest.until, self._on_time)
                return
            self._give_up_oldest()

    def _give_up_oldest(self) -> None:
        self._waiting.pop(next(iter(self._waiting))).finish()


class _Waiting:
    """One of them."""

    __slots__ = ("_last_words", "_left", "socket", "until")

    def __init__(self, opened: socket.SocketType, until: float, last_words: bytes = b"") -> None:
        self.socket = opened
        self.until = until
        self._last_words = last_words
        self._left = MOST_BYTES

    def discard(self) -> bool:
        """Throw away what has come; return whether more is to be waited for, otherwise the socket is closed."""
        try:
            while count := self.socket.recv_into(_SCRATCH, _CHUNK, socket.MSG_TRUNC):
                self._left -= count
                if self._left < 0:
                    reset(self.socket)
                    return False
        except BlockingIOError:
            return True
        except OSError:  # the server has reset it
            self.socket.close()
            return False
        self.finish()
        return False

    def finish(self) -> None:
        """Say the last words, if there are any left, and close."""
        if self._last_words:
            with suppress(OSError):
                self.socket.send(self._last_words)
        self.socket.close()


def reset(opened: socket.SocketType) -> None:
    """Close *opened* at once with RST, so that neither side keeps a TIME_WAIT."""
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
    opened.close()
