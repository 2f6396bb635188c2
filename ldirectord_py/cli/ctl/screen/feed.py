"""What the daemon says, asked for in threads, so that the screen never stands still.

It is asked again at once when something happens, and else so seldom that it spends no more than a hundredth of its time
on the answers.
"""

from collections.abc import Callable, Mapping, Sequence
from threading import Event
from time import monotonic
from typing import Any

from ldirectord_py.cli.ctl.remote.choosing import NoDaemon
from ldirectord_py.cli.ctl.remote.daemon import Daemon
from ldirectord_py.cli.ctl.remote.following import Following
from ldirectord_py.model.errors import DirectorError

Show = Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]]], None]
"""Shows what the daemon says of itself, and of its virtual services."""
Miss = Callable[[str], None]
"""Says why the daemon cannot be asked."""

_EVERY = 2.0
_SHARE = 100.0
"""Seconds of pause for each second that an answer took, and when something happens a tenth of that."""
_AGAIN = 0.5
_PATIENCE = 30.0


class Feed:
    """Asks one daemon until it is ended; `poll` and `listen` each need a thread."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self._ended = Event()
        self._news = Event()
        self._following: Following | None = None

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
                status = self.daemon.status()
                virtuals = self.daemon.get("/v1/virtuals", view="full", seconds=_PATIENCE)["virtuals"]
            except DirectorError as error:
                if not self.ended:
                    miss(str(error))
                self._ended.wait(_AGAIN)
                continue
            took = monotonic() - began
            if not self.ended:
                show(status, virtuals)
            self._ended.wait(min(_AGAIN, took * _SHARE / 10))
            self._news.wait(max(_EVERY, took * _SHARE))

    def listen(self) -> None:
        """Have the daemon asked again whenever something happens."""
        while not self.ended:
            try:
                last = self.daemon.get("/v1/events", limit=1)["last"]
                with Following(self.daemon.socket, last) as self._following:
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
