"""The addresses of hosts that a configuration names: asked for all at a time, under one deadline.

What name servers have said once is kept while they do not answer; that there is no such host is an answer.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from threading import Lock

from ldirectord_py.config.grammar.directive import no_host, shown
from ldirectord_py.config.meaning.resolve import asked_address, numeric_address
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.text.moments import span
from ldirectord_py.system.threads import NoThread, begin

SECONDS = 10.0
"""For all names together."""
_THREADS = 64

Name = tuple[str, int]
"""A host, and the address family (4 or 6) that it is wanted in."""


@dataclass(frozen=True, slots=True)
class LookUps:
    """What came of asking."""

    found: Mapping[Name, IPAddress] = field(default_factory=dict)
    kept: Mapping[Name, float] = field(default_factory=dict)
    """Names whose address is the last known one, since nobody answered, and the seconds since it was found."""
    silent: Collection[Name] = frozenset()
    """Names of which nobody has said anything, now or before."""

    def host_address(self, host: str, family: int) -> IPAddress | None:
        """Return the address of *host*, None where none is known: see `Resolver.host_address`."""
        return self.found.get((host, family)) or numeric_address(host, family)

    def no_host(self, host: str, family: int) -> str:
        """Say why there is no address: see `Resolver.no_host`."""
        if (host, family) not in self.silent:
            return no_host(host, family)
        return (
            f'no name server has said within {SECONDS:g} s which IPv{family} address "{shown(host)}" has:'
            " look at /etc/resolv.conf, try again, or write the address"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What the operator should know, in sentences."""
        return tuple(
            f'no name server has said which IPv{family} address "{shown(host)}" has:'
            f" {self.found[host, family]}, found {span(age)} ago, is kept"
            for (host, family), age in self.kept.items()
        )


class HostAddresses:
    """Asks for the addresses of hosts, and knows what was found last; used by one thread at a time.

    Name servers are asked in threads that nobody waits for: the C library may take minutes for those that are silent.
    """

    def __init__(self, *, seconds: float = SECONDS, clock: Callable[[], float] = time.time) -> None:
        self._seconds = seconds
        self._clock = clock
        self._known: dict[Name, tuple[IPAddress, float]] = {}
        """The last address, and when it was found."""
        self._lock = Lock()
        self._process = os.getpid()
        self._asked: dict[Name, Future[IPAddress | None]] = {}
        self._queue: deque[Name] = deque()
        self._threads = 0

    def find(self, names: Collection[Name]) -> LookUps:
        """Return what there is to know of *names*, within the time given."""
        if os.getpid() != self._process:  # threads do not come along when a process forks
            self._process, self._asked, self._threads = os.getpid(), {}, 0
            self._queue.clear()
        asked = {name: self._ask(name) for name in names}
        wait(asked.values(), self._seconds)
        found: dict[Name, IPAddress] = {}
        kept: dict[Name, float] = {}
        silent: set[Name] = set()
        for name, future in asked.items():
            if future.done() and future.exception() is None:
                if (address := future.result()) is not None:
                    found[name] = address
            elif (last := self._known.get(name)) is not None:
                found[name], kept[name] = last[0], self._clock() - last[1]
            else:
                silent.add(name)
        return LookUps(found, kept, silent)

    def _ask(self, name: Name) -> Future[IPAddress | None]:
        """Have *name* asked for, unless it still is from before."""
        with self._lock:
            if (future := self._asked.get(name)) is None:
                future = self._asked[name] = Future()
                self._queue.append(name)
            wanted = self._threads < min(_THREADS, len(self._asked))
            self._threads += wanted
        if wanted:
            self._start()
        return future

    def _start(self) -> None:
        try:
            begin(self._work, "host addresses")
        except NoThread as error:
            with self._lock:
                self._threads -= 1
                if self._threads:
                    return
                for name in self._queue:
                    self._asked.pop(name).set_exception(error)
                self._queue.clear()

    def _work(self) -> None:
        """Ask for one name after the other; runs in a thread."""
        while (name := self._next()) is not None:
            try:
                answer = asked_address(*name)
            except OSError as error:
                self._asked.pop(name).set_exception(error)
                continue
            if answer is None:
                self._known.pop(name, None)
            else:
                self._known[name] = (answer, self._clock())
            self._asked.pop(name).set_result(answer)

    def _next(self) -> Name | None:
        with self._lock:
            if self._queue:
                return self._queue.popleft()
            self._threads -= 1
            return None
