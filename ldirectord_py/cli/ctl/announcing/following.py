"""The announcer at work: it follows the daemon, the operator's file and the clock, and tells ExaBGP or BIRD."""

import os
import signal
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from ldirectord_py.cli.ctl.announcing.health import AnnouncingRules, sight
from ldirectord_py.cli.ctl.remote.feed import Feed
from ldirectord_py.cli.terminal import complain
from ldirectord_py.cluster.announcing.announcer import Announcer, Delays, Form, Sight, Stand
from ldirectord_py.cluster.announcing.exabgp import REFUSED, says_end
from ldirectord_py.cluster.announcing.route import BgpRoute, Community, prefix, routes
from ldirectord_py.model.address import IPAddress
from ldirectord_py.system.threads import begin

_GLANCE = 0.5
"""Seconds between two looks at the operator's file."""
_AGAIN = 2.0
"""Seconds until a router that could not be told is told again."""


class Speaker(Protocol):
    """What speaks BGP."""

    def state(self, routes: Collection[BgpRoute], vips: Collection[IPAddress]) -> str:
        """Announce *routes* and withdraw the others of *vips*; return what is wrong, empty: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How it is announced."""

    rules: AnnouncingRules
    delays: Delays
    communities: tuple[Community, ...] = ()
    disable: Path | None = None
    """While this file is there, nothing is announced."""


@dataclass(frozen=True, slots=True)
class _Missed:
    why: str


class _Left:
    """The end was asked for."""


class _Over:
    """Who is to be told has ended."""


@dataclass(eq=False, slots=True)
class AnnouncingWork:
    """Announces by *speaker* what *feed* and the rest of the world say, until it is asked to end."""

    manner: Manner
    feed: Feed
    speaker: Speaker
    _news: "SimpleQueue[Sight | _Missed | _Left | _Over]" = field(default_factory=SimpleQueue)
    _announcer: Announcer = field(init=False)
    _told: dict[IPAddress, Form] = field(default_factory=dict)
    _trouble: str = ""
    _missing: str = ""

    def __post_init__(self) -> None:
        self._announcer = Announcer(self.manner.delays, time.monotonic())

    def run(self, answers: int | None) -> None:
        """Announce until SIGTERM or SIGINT, and then withdraw in order, at once if there is another one.

        If *answers* end, so does it: who has started it is gone.
        """
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, self._asked_to_end)
        begin(self._ask, "ask the daemon")
        begin(self.feed.listen, "follow the daemon")
        if answers is not None:
            begin(partial(self._read, answers), "read answers")
        try:
            while self._step():
                pass
        except BrokenPipeError:
            complain("ExaBGP has ended")
        finally:
            self.feed.end()

    def _asked_to_end(self, *_: object) -> None:
        self._news.put(_Left())

    def _ask(self) -> None:
        try:
            self.feed.poll(self._take, self._miss)
        finally:  # nothing stays announced because a thread has ended
            self._miss("the daemon is asked no more")

    def _take(self, status: Mapping[str, Any], virtuals: Sequence[Mapping[str, Any]]) -> None:
        try:
            self._news.put(sight(status, virtuals, self.manner.rules))
        except (LookupError, TypeError, ValueError) as error:
            self._miss(f"the daemon's answer cannot be read, perhaps one of another version: {error!r}")

    def _miss(self, why: str) -> None:
        self._news.put(_Missed(why))

    def _read(self, answers: int) -> None:
        for line in _lines(answers):
            if says_end(line):
                break
            if line == REFUSED:
                complain("ExaBGP refuses a command: its log says which and why")
        self._news.put(_Over())

    def _step(self) -> bool:
        """Wait for news or the next moment, and act; return whether it goes on."""
        try:
            news = self._news.get(timeout=self._patience(time.monotonic()))
        except Empty:
            news = None
        now = time.monotonic()
        match news:
            case Sight():
                self._say_whether_it_answers("")
                self._announcer.see(news, now)
            case _Missed():
                self._say_whether_it_answers(news.why)
                self._announcer.miss(now)
            case _Left() if self._announcer.leaving:
                self.speaker.state((), self._told.keys())
                return False
            case _Left():
                self._announcer.leave(now)
            case _Over():
                return False
            case None:
                pass
        self._look_at_file(now)
        self._tell(now)
        return not self._announcer.left

    def _patience(self, now: float) -> float | None:
        moment = self._announcer.next()
        waits = [] if moment is None else [max(0.0, moment - now)]
        if self.manner.disable is not None:
            waits.append(_GLANCE)
        if self._trouble:
            waits.append(_AGAIN)
        return min(waits, default=None)

    def _look_at_file(self, now: float) -> None:
        file = self.manner.disable
        if file is not None:
            with suppress(OSError):  # it was seen at the start whether there is one
                self._announcer.hold_back(f"{file} is there" if file.exists() else "", now)

    def _say_whether_it_answers(self, missing: str) -> None:
        if missing != self._missing:
            announced = any(form.announced for form in self._told.values())
            grace = f"; what is announced stays for {self.manner.delays.grace:g} s" if announced else ""
            complain(f"{missing}{grace}" if missing else "the daemon answers")
            self._missing = missing

    def _tell(self, now: float) -> None:
        stands = self._announcer.stands(now)
        if stands is None:
            return
        for vip, stand in stands.items():
            if self._told.get(vip) is not stand.form:
                complain(said(vip, stand, now))
            self._told[vip] = stand.form
        trouble = self.speaker.state(list(routes(stands, self.manner.communities)), stands.keys())
        if trouble != self._trouble:
            complain(trouble or "what is to be announced is announced again")
            self._trouble = trouble


def _lines(descriptor: int) -> Iterator[str]:
    """Yield the lines of a file that is read while the process may end: nothing is locked meanwhile."""
    rest = b""
    while piece := os.read(descriptor, 65536):
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line.decode(errors="replace").strip() for line in lines)


def said(vip: IPAddress, stand: Stand, now: float) -> str:
    """Say how a VIP stands."""
    left = f"{max(0.0, (stand.until or now) - now):.0f} s"
    match stand.form:
        case Form.ANNOUNCED:
            return f"announced {prefix(vip)}: {stand.why}"
        case Form.LEAVING:
            return f"announced {prefix(vip)} with GRACEFUL_SHUTDOWN, to be withdrawn in {left}: {stand.why}"
        case Form.HELD:
            return f"to be announced {prefix(vip)} in {left}: {stand.why}"
        case Form.WITHDRAWN:
            return f"withdrawn {prefix(vip)}: {stand.why}"
