"""The names of addresses, asked for in threads of their own and remembered for a while."""

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress

from ldirectord_py.model.address import IPAddress
from ldirectord_py.system.threads import NoThread, begin

_THREADS = 8
_LASTING = 600.0
"""Seconds until a name is asked for again; so long a file goes on naming a server whose name has changed."""
_BRIEF = 60.0
"""Seconds until an address without a name is asked for again, or one whose name servers do not answer."""
_NO_SUCH_HOST = 1  # HOST_NOT_FOUND of <netdb.h>


def look_up(address: IPAddress) -> str | None:
    """Return the host name of *address*, empty where it has none; None: nobody can tell.  Takes name servers' time."""
    try:
        return socket.gethostbyaddr(str(address))[0]
    except socket.herror as error:
        return "" if error.errno == _NO_SUCH_HOST else None
    except (OSError, UnicodeError):
        return None


class HostNames:
    """Knows the names of addresses.  What is known stays known while name servers do not answer."""

    def __init__(self, news: Callable[[], None], look_up: Callable[[IPAddress], str | None] = look_up) -> None:
        self.known: dict[IPAddress, str] = {}
        self._news = news
        self._changed: set[IPAddress] = set()
        self._look_up = look_up
        self._loop = asyncio.get_running_loop()
        self._due: dict[IPAddress, float] = {}
        self._asked: set[IPAddress] = set()
        self._queue: deque[IPAddress] = deque()
        self._threads = 0
        self.trouble = ""
        """What keeps us from asking at all; empty: nothing."""
        self._complete = asyncio.Event()
        self._complete.set()

    @property
    def complete(self) -> bool:
        """Whether all that was asked for has been answered, one way or another."""
        return not self._asked

    def ask(self, addresses: Collection[IPAddress]) -> None:
        """Find out the names of *addresses*, as far as they are not known or were asked for long ago."""
        now = self._loop.time()
        fresh = {address for address in addresses if self._due.get(address, 0) <= now} - self._asked
        if fresh:
            self._asked |= fresh
            self._complete.clear()
            self._queue.extend(fresh)
            for _ in range(min(_THREADS, len(self._queue)) - self._threads):
                self._start()

    def news(self) -> set[IPAddress]:
        """Return the addresses of which *known* has changed since this was last asked."""
        changed, self._changed = self._changed, set()
        return changed

    async def wait(self, seconds: float) -> None:
        """Wait until everything is answered, but no longer than *seconds*."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._complete.wait()

    def _start(self) -> None:
        self._threads += 1
        try:
            begin(self._work, "host names")
            self.trouble = ""
        except NoThread as error:  # those at work go on, or nobody can be asked now
            self.trouble = f"Names of real servers cannot be looked up: {error.sentence}"
            self._threads -= 1
            while self._queue and not self._threads:
                self._take(self._queue.popleft(), None)

    def _work(self) -> None:
        """Ask for one after the other; runs in a thread, and touches nothing else of ours."""
        with suppress(RuntimeError):  # the loop is closed: nobody wants to know
            with suppress(IndexError):
                while True:
                    address = self._queue.popleft()
                    self._loop.call_soon_threadsafe(self._take, address, self._look_up(address))
            self._loop.call_soon_threadsafe(self._end)

    def _take(self, address: IPAddress, name: str | None) -> None:
        self._asked.discard(address)
        self._due[address] = self._loop.time() + (_LASTING if name else _BRIEF)
        news = name is not None and name != self.known.get(address, "")
        if news:
            self._changed.add(address)
        if name:
            self.known[address] = name
        elif name is not None:
            self.known.pop(address, None)
        if not self._asked:
            self._complete.set()
        if news or not self._asked:
            self._news()

    def _end(self) -> None:
        self._threads -= 1
        if self._queue and not self._threads:
            self._start()
