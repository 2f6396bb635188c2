"""The state file: what a director knew of its servers, for the next one on the same table.

One JSON document next to the pid file.  It is written when something changes, at most once a second, and touched
every few seconds, so that its age tells how long nobody has looked after the servers.
"""

import asyncio
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from ldirectord_py.engine.recording.commands import commands_as_json
from ldirectord_py.engine.recording.roles import role_status_as_json
from ldirectord_py.model.events import (
    AdminChanged,
    Event,
    HealthChanged,
    MaintenanceChanged,
    Reloaded,
    RoleChanged,
    SoftFailure,
    Started,
    SyncStarted,
    SyncStopped,
)
from ldirectord_py.model.health import Health
from ldirectord_py.model.service import RealKey
from ldirectord_py.runtime.director import Director
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.identity import boot_id, network_namespace
from ldirectord_py.system.supervision import SideJob
from ldirectord_py.system.threads import NoThread
from ldirectord_py.system.whole_file import replace_file

VERSION = 1
KEEPING_STATE = SideJob("Keeping the state file", "a restart forgets since when servers are up or down")
_TOUCHED_EVERY = 20.0
_WRITTEN_EVERY = 1.0
_LAST_SECONDS = 2.0
_SLICE = 256  # servers told in one turn of the loop
_NEWS = (
    AdminChanged,
    HealthChanged,
    SoftFailure,
    MaintenanceChanged,
    Reloaded,
    RoleChanged,
    Started,
    SyncStarted,
    SyncStopped,
)


class StateFile:
    """Writes what the director knows, off the loop; a file that cannot be written is told once and tried again."""

    def __init__(
        self,
        path: Path,
        director: Director,
        warn: Callable[[str], None],
        left: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        """Write to *path* what *director* knows, and what else of its doing outlives it, by what *left* returns."""
        self._path = path
        self._left = left
        self._director = director
        self._warn = warn
        self._news = asyncio.Event()
        self._texts: dict[RealKey, tuple[Health, str]] = {}
        self._told = False
        self._turn = asyncio.Lock()
        """What was known earlier is written earlier."""
        self._writing = Lock()
        """Held by the thread that writes: one that was given up may still be at it."""

    def observe(self, event: Event) -> None:
        """Note whether *event* changes what is to be written."""
        if isinstance(event, _NEWS):
            self._news.set()

    async def keep(self) -> None:
        """Write whenever there is news; runs until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_TOUCHED_EVERY):
                    await self._news.wait()
            if self._news.is_set():
                await self.write()
                await asyncio.sleep(_WRITTEN_EVERY)
            else:
                with suppress(NoThread):
                    await in_thread(self._touch)

    async def write(self) -> None:
        """Write now."""
        async with self._turn:
            self._news.clear()
            pieces = await self._pieces()
            try:
                trouble = await in_thread(lambda: self._write(pieces))
            except NoThread as error:
                trouble = error.sentence
        if trouble and not self._told:
            self._warn(f"The state file {self._path} cannot be written, so a restart forgets since when: {trouble}")
        self._told = trouble is not None

    async def write_last(self) -> None:
        """Write once more at the end, which waits for it for `_LAST_SECONDS` at most: else the next one knows less."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS):
                await self.write()

    def _write(self, pieces: list[str]) -> str | None:
        with self._writing:
            return _write(self._path, pieces)

    def _touch(self) -> None:
        with suppress(OSError):  # the next writing will say what is wrong
            os.utime(self._path)

    async def _pieces(self) -> list[str]:
        director = self._director
        head: dict[str, Any] = {
            "version": VERSION,
            "boot": boot_id(),
            "time": time.time(),
            "namespace": network_namespace(),
        }
        head |= {
            "config": director.config.path,
            "role": role_status_as_json(director.state.role.told),
            "commanded": commands_as_json(director.commanded.items()),
        }
        head |= self._left()
        pieces = [f'{json.dumps(head)[:-1]}, "virtuals": [']
        count = 0
        texts: dict[RealKey, tuple[Health, str]] = {}
        for number, virtual in enumerate(director.config.virtuals):
            told = json.dumps(
                {"virtual": str(virtual.key), "weight": virtual.has_weight, "vips": virtual.vips is not None}
            )
            pieces.append(f'{"," if number else ""}\n{told[:-1]}, "reals": [')
            for place, real in enumerate(dict.fromkeys(virtual.keys)):
                if (health := director.health(real)) is not None:
                    texts[real] = self._text(real, health)
                    pieces.append(f"{',' if place else ''}\n{texts[real][1]}")
                count += 1
                if count % _SLICE == 0:
                    await asyncio.sleep(0)  # checks first
            pieces.append("]}")
        self._texts = texts
        return [*pieces, "\n]}\n"]

    def _text(self, real: RealKey, health: Health) -> tuple[Health, str]:
        known = self._texts.get(real)
        if known is not None and known[0] is health:
            return known
        told = {
            "real": str(real.real),
            "state": health.state,
            "since": health.since,
            "failures": health.failures,
            "reason": health.reason,
            "detail": health.detail,
        }
        return health, json.dumps(told)


def _write(path: Path, pieces: list[str]) -> str | None:
    """Replace *path* as a whole; return what went wrong, None: nothing."""
    try:
        replace_file(path, pieces, 0o600)
    except OSError as error:
        return error.strerror or str(error)
    return None
