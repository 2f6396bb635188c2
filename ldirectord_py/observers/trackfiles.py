"""`trackfile`: how many per cent of the virtual services have a server, for a cluster manager that reads it in a file.

keepalived, for one, adds the number to the priority of a VRRP instance (`track_file`).  It takes a file that is not
there for 0, so 0 is the worst: nobody serves, the director has stopped, or it has not checked its servers yet.
"""

import asyncio
import os
import re
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock

from ldirectord_py.model.config import Config
from ldirectord_py.model.events import Event, Reloaded, ServingChanged, Started, TrackFileFailed, TrackFileWritten
from ldirectord_py.model.service import VirtualKey
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.supervision import SideJob
from ldirectord_py.system.threads import NoThread
from ldirectord_py.system.whole_file import replace_file

WRITING_TRACK_FILES = SideJob("Writing the track files", "a cluster manager goes by what they last said")
_LOOKED_AT_EVERY = 5.0
"""Seconds after which a file is looked at without news: somebody may have removed or changed it."""
_PATIENCE = 2.0
"""Seconds that the end of the process waits for the files."""
_LONGEST = 64
"""Bytes of a file that are read."""
_NUMBER = re.compile(rb"\s*-?\d*\s*")


class TrackFiles:
    """Keeps the files as they have to be, by threads, while `keep` runs; what cannot be written is told once."""

    def __init__(self, config: Callable[[], Config], tell: Callable[[Event], None], *, off: bool = False) -> None:
        """*off*: a shadow leaves the files to the daemon that it shadows."""
        self._config = config
        self._tell = tell
        self._off = off
        self._serving: dict[VirtualKey, bool] = {}
        self._kept: dict[str, int] = {}
        """What the files of the configuration say, as far as they could be written."""
        self._troubles: dict[str, str] = {}
        self._news = asyncio.Event()
        self._writing = Lock()
        """Held by the thread that writes: one that was given up may still be at it."""

    def observe(self, event: Event) -> None:
        """Note whether *event* changes what is to be written."""
        match event:
            case ServingChanged(virtual, serving):
                self._serving[virtual] = serving
                self._news.set()
            case Started() | Reloaded():
                self._news.set()
            case _:
                pass

    async def keep(self) -> None:
        """Write whenever there is news, and mend what others have done to the files; runs until cancelled."""
        while True:
            self._news.clear()
            wanted = self._percentages()
            self._forget(wanted)
            if wanted:
                await self._write(wanted)
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOKED_AT_EVERY):
                    await self._news.wait()

    async def leave(self, *, stays: bool) -> None:
        """Have the files say 0, because the director ends; *stays*: not if the next one takes over at once."""
        wanted = dict.fromkeys(self._percentages(), 0)
        if self._off or stays or not wanted:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._write(wanted)

    def _percentages(self) -> Mapping[str, int]:
        """Return what each file has to say; only where nobody serves is that 0, and only where all do is it 100."""
        virtuals: dict[str, list[VirtualKey]] = {}
        for virtual in self._config().virtuals:
            if virtual.trackfile is not None:
                virtuals.setdefault(virtual.trackfile, []).append(virtual.key)
        return {path: self._percentage(keys) for path, keys in virtuals.items()}

    def _percentage(self, keys: list[VirtualKey]) -> int:
        serving = sum(self._serving.get(key, False) for key in keys)
        return max(100 * serving // len(keys), 1 if serving else 0)

    def _forget(self, wanted: Mapping[str, int]) -> None:
        """Leave the files that the configuration names no longer, and what is known of its former virtuals."""
        for path in self._kept.keys() - wanted.keys():
            sentence = f"the configuration names it no longer, so it goes on saying {self._kept.pop(path)}"
            self._tell(TrackFileFailed(path, sentence))
        for path in self._troubles.keys() - wanted.keys():
            del self._troubles[path]
        keys = {virtual.key for virtual in self._config().virtuals}
        self._serving = {key: serving for key, serving in self._serving.items() if key in keys}

    async def _write(self, wanted: Mapping[str, int]) -> None:
        try:
            done = await in_thread(lambda: self._put_all(wanted))
        except NoThread as error:
            done = dict.fromkeys(wanted, error.sentence)
        for path, trouble in done.items():
            if not trouble:
                self._troubles.pop(path, None)
                self._kept[path] = wanted[path]
                if trouble is None:
                    self._tell(TrackFileWritten(path, wanted[path]))
            elif trouble != self._troubles.get(path):
                self._troubles[path] = trouble
                self._tell(TrackFileFailed(path, trouble))

    def _put_all(self, wanted: Mapping[str, int]) -> dict[str, str | None]:
        with self._writing:
            return {path: put(Path(path), percent) for path, percent in wanted.items()}


def put(path: Path, percent: int) -> str | None:
    """Have *path* say *percent*; return what keeps it from that, the empty string if it does already, None if not."""
    text = f"{percent}\n"
    try:
        found = _read(path)
        if found == text.encode():
            return ""
        if not _NUMBER.fullmatch(found):
            return "it holds something else than a number, and is left as it is"
        replace_file(path, [text], 0o644)
    except OSError as error:
        return error.strerror or str(error)
    except _Foreign as error:
        return str(error)
    return None


class _Foreign(Exception):
    """What stands there is no file to be replaced; says what it is."""


def _read(path: Path) -> bytes:
    """Return how *path* begins, nothing if it is not there; raise `_Foreign` or `OSError`."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return b""
    if stat.S_ISLNK(mode):
        raise _Foreign("it is a symbolic link")
    if stat.S_ISDIR(mode):
        raise _Foreign("it is a directory")
    if not stat.S_ISREG(mode):
        raise _Foreign("it is no regular file")
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.read(descriptor, _LONGEST)
    finally:
        os.close(descriptor)
