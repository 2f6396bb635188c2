"""What the daemon says, asked for in threads, so that whoever goes by it never stands still.

It is asked again at once when something happens, and otherwise so seldom that it spends no more than a small share of
its time on the answers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from threading import Event
from time import monotonic
from typing import Any

from ldirectord_py.cli.ctl.remote.choosing import NoDaemon
from ldirectord_py.cli.ctl.remote.daemon import Daemon
from ldirectord_py.cli.ctl.remote.following import DaemonEvents
from ldirectord_py.model.errors import DirectorError

Show = Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]]], None]
"""Shows what the daemon says of itself, and of its virtual services."""
Miss = Callable[[str], None]
"""Says why the daemon cannot be asked."""

_EVERY = 2.0
_AGAIN = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedQuestion:
    """What the daemon is asked again and again."""

    view: str
    """Of the virtual services: `full`, or `summary`."""
    pause: float
    """Seconds of pause for each second that an answer took, and when something happens a tenth of that."""
    longest: float = inf
    """Seconds of pause at most, however slow an answer was: one that came after a hang says nothing of the next."""
    healthy: bool = False
    """Whether a daemon that makes no progress with its checks counts as one that does not answer."""
    patience: float = 30.0
    """Seconds that an answer about the virtual services may take."""


class Feed:
    """Asks the daemon that *find* returns until it is ended; `poll` and `listen` each need a thread.

    *find* is called anew each time, since another daemon may have taken the place of the last one; it may raise
    `NoDaemon`.
    """

    def __init__(self, find: Callable[[], Daemon], question: FeedQuestion) -> None:
        self._find = find
        self._question = question
        self._ended = Event()
        self._news = Event()
        self._following: DaemonEvents | None = None

    @property
    def ended(self) -> bool:
        """Whether nobody wants to know any more."""
        return self._ended.is_set()

    def poll(self, show: Show, miss: Miss) -> None:
        """Ask again and again."""
        while not self.ended:
            began = monotonic()
            self._news.clear()
            try:
                daemon = self._find()
                status = daemon.status()
                if self._question.healthy and not status.get("healthy"):
                    raise DirectorError("the daemon makes no progress with its checks")  # noqa: TRY301  # missed alike
                virtuals = self._virtuals(daemon)
            except DirectorError as error:
                if not self.ended:
                    miss(str(error))
                self._ended.wait(_AGAIN)
                continue
            took = monotonic() - began
            if not self.ended:
                show(status, virtuals)
            self._ended.wait(min(_AGAIN, took * self._question.pause / 10))
            self._news.wait(max(_EVERY, min(self._question.longest, took * self._question.pause)))

    def _virtuals(self, daemon: Daemon) -> Sequence[Mapping[str, Any]]:
        question = self._question
        answer = daemon.get("/v1/virtuals", view=question.view, seconds=question.patience)
        virtuals: Sequence[Mapping[str, Any]] = answer["virtuals"]
        return virtuals

    def listen(self) -> None:
        """Have the daemon asked again whenever something happens."""
        while not self.ended:
            try:
                daemon = self._find()
                last = daemon.get("/v1/events", limit=1)["last"]
                self._news.set()  # of what happened before that
                with DaemonEvents(daemon.socket, last) as self._following:
                    if self._ended.is_set():  # before there was anything that `end` could have stopped
                        return
                    for _ in self._following:
                        self._news.set()
            except NoDaemon:
                pass
            except DirectorError:
                self._ended.wait(_EVERY)
            self._news.set()
            self._ended.wait(_AGAIN)

    def look_again(self) -> None:
        """Have the daemon asked at once."""
        self._news.set()

    def end(self) -> None:
        """Let both threads end soon."""
        self._ended.set()
        self._news.set()
        if self._following is not None:
            self._following.stop()
