"""The state file: what a director knew of its servers, for the next one on the same table.

One JSON document next to the pid file.  It is written when something changes, at most once a second, and touched
every few seconds, so that its age tells how long nobody has looked after the servers.
"""

import asyncio
import json
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any

from ldirectord_py.engine.recording.commands import commands, commands_as_json
from ldirectord_py.model.checks.outcome import Reason
from ldirectord_py.model.commands import AdminKind, AdminState, Commands
from ldirectord_py.model.events import (
    AdminChanged,
    Event,
    HealthChanged,
    MaintenanceChanged,
    Reloaded,
    SoftFailure,
    Started,
)
from ldirectord_py.model.health import Health, State
from ldirectord_py.model.service import RealKey
from ldirectord_py.runtime.director import Director
from ldirectord_py.system.daemon_thread import in_thread
from ldirectord_py.system.identity import boot_id, network_namespace
from ldirectord_py.system.supervision import SideJob
from ldirectord_py.system.threads import NoThread

VERSION = 1
FRESH_SECONDS = 60.0
"""So long after its last sign of life a director's verdicts count."""
KEEPING_STATE = SideJob("Keeping the state file", "a restart forgets since when servers are up or down")
_TOUCHED_EVERY = 20.0
_WRITTEN_EVERY = 1.0
_LAST_SECONDS = 2.0
_LARGEST = 256 * 1024 * 1024
_LATEST = 1e11
"""Seconds since the epoch that a clock may show: some three thousand years from now."""
_MOST = 2**31 - 1
"""So large may a weight be in the kernel's table, and a number of failures."""
_SHOWN = 200
"""Characters of what is no command that are shown."""
_UNUSABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, OSError)
"""What a file raises that is not there or not ours, or that somebody has edited."""
_SLICE = 256  # servers told in one turn of the loop
_NEWS = (AdminChanged, HealthChanged, SoftFailure, MaintenanceChanged, Reloaded, Started)

Remembered = Mapping[str, Health]
"""The last known health of real servers, by `str(RealKey)`."""


class Foreign(ValueError):
    """A file that is no state file of ours."""


class StateFile:
    """Writes what the director knows, off the loop; a file that cannot be written is told once and tried again."""

    def __init__(
        self,
        path: Path,
        director: Director,
        warn: Callable[[str], None],
        sysctls: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """Write to *path* what *director* knows, and what the *sysctls* were before they were set."""
        self._path = path
        self._sysctls = sysctls
        self._director = director
        self._warn = warn
        self._news = asyncio.Event()
        self._texts: dict[RealKey, tuple[Health, str]] = {}
        self._told = False
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
            "sysctls": dict(self._sysctls),
            "commanded": commands_as_json(director.commanded.items()),
        }
        pieces = [f'{json.dumps(head)[:-1]}, "virtuals": [']
        count = 0
        texts: dict[RealKey, tuple[Health, str]] = {}
        for number, virtual in enumerate(director.config.virtuals):
            pieces.append(f'{"," if number else ""}\n{{"virtual": "{virtual.key}", "reals": [')
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


def remembered(path: Path, now: float, warn: Callable[[str], None]) -> Remembered:
    """Return what the last director on this table knew, if that was a short while ago; else nothing.

    A file that is none of ours, or broken, is set aside, and *warn* is told.
    """
    try:
        document, touched = _read(path)
        if not _fresh(document, touched, now):
            return {}
        return dict(_healths(document))
    except FileNotFoundError:
        return {}
    except _UNUSABLE as error:
        why = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        warn(f"The state file {path} is set aside as {path.name}.broken, since it cannot be used: {why}")
        with suppress(OSError):
            path.replace(f"{path}.broken")
        return {}


def commanded(path: Path, now: float, warn: Callable[[str], None] = lambda _sentence: None) -> Commands:
    """Return what operators had said under the last director, as far as its time is not over *now*.

    It counts however long ago that was, after a boot too: a host that is drained to be repaired stays drained.
    Of what is no command *warn* is told; a file that cannot be read is none of its business, see `remembered`.
    """
    try:
        found = _read(path)[0].get("commanded", [])
    except _UNUSABLE:
        return {}
    said: dict[str, AdminState | None] = {}
    wrong: list[str] = []
    for each in found if isinstance(found, list) else [found]:
        try:
            ((name, admin),) = commands([each])
            said[name] = _checked(admin)
        except _UNUSABLE:
            wrong.append(json.dumps(each)[:_SHOWN])
    if wrong:
        warn(
            f"The state file {path} has {len(wrong)} commands that are none, and nobody obeys them, such as {wrong[0]}"
        )
    return {name: admin for name, admin in said.items() if admin is None or admin.until is None or admin.until > now}


def _checked(admin: AdminState | None) -> AdminState | None:
    """Return *admin*; raise `ValueError` if no operator can have said so."""
    if admin is not None:
        _moment(admin.since)
        _moment(admin.until or 0.0)
        if admin.kind is AdminKind.WEIGHT and (admin.weight is None or not 0 <= admin.weight <= _MOST):
            raise ValueError("a weight that no table takes")
    return admin


def _moment(found: Any) -> float:
    """Return *found* as seconds since the epoch; raise `ValueError` if no clock can have shown them."""
    if not 0 <= (moment := float(found)) <= _LATEST:
        raise ValueError("a moment that no clock shows")
    return moment


def _count(found: Any) -> int:
    """Return *found* as a number of failures; raise `ValueError` if nobody has counted so far."""
    if not 0 <= (count := int(found)) <= _MOST:
        raise ValueError("a number that nobody has counted to")
    return count


def _fresh(document: Mapping[str, Any], touched: float, now: float) -> bool:
    same = document["boot"] == boot_id() and document["namespace"] == network_namespace()
    return same and abs(now - touched) <= FRESH_SECONDS


def _healths(document: Mapping[str, Any]) -> Iterator[tuple[str, Health]]:
    for virtual in document["virtuals"]:
        for real in virtual["reals"]:
            health = Health(
                State(real["state"]),
                _moment(real["since"]),
                _count(real["failures"]),
                Reason(real["reason"]),
                str(real["detail"]),
            )
            yield f"{real['real']} ({virtual['virtual']})", health


@dataclass(frozen=True, slots=True, kw_only=True)
class Predecessor:
    """What is known of the last director on this table."""

    left: "Left"
    remembered: Remembered
    commanded: Commands


def predecessor(path: Path | None, now: float, warn: Callable[[str], None]) -> Predecessor:
    """Return what the state file *path* says *now*, in seconds since the epoch; see `remembered` for *warn*."""
    if path is None:
        return Predecessor(left=Left(), remembered={}, commanded={})
    # What operators have said first: a file that is set aside is not there any more.
    said, before = commanded(path, now, warn), left(path, now)
    return Predecessor(left=before, remembered=remembered(path, now, warn), commanded=said)


@dataclass(frozen=True, slots=True)
class Left:
    """The virtual services that the last director on this table has left there, by their names."""

    virtuals: tuple[str, ...] = ()
    just_now: bool = False
    """It has ended a short while ago."""


def left(path: Path, now: float) -> Left:
    """Return what the last director has left in this table; *now* is in seconds since the epoch."""
    try:
        document, touched = _read(path)
        if document["boot"] != boot_id() or document["namespace"] != network_namespace():
            return Left()
        names = tuple(str(virtual["virtual"]) for virtual in document["virtuals"])
        return Left(names, just_now=_fresh(document, touched, now))
    except _UNUSABLE:
        return Left()


def settings_before(path: Path) -> Mapping[str, int]:
    """Return what directors have set in this kernel since it was booted, and what it was before."""
    try:
        document, _ = _read(path)
        if document["boot"] != boot_id() or document["namespace"] != network_namespace():
            return {}
        return {str(name): int(value) for name, value in document["sysctls"].items()}
    except _UNUSABLE:
        return {}


def owned(path: Path) -> tuple[str, ...] | None:
    """Return the virtual services that the state file *path* names as the daemon's; None: there is nothing to go by."""
    try:
        return tuple(str(virtual["virtual"]) for virtual in _read(path)[0]["virtuals"])
    except _UNUSABLE:
        return None


def _read(path: Path) -> tuple[Mapping[str, Any], float]:
    """Return the document in *path*, and when it was last touched."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid not in {0, os.geteuid()} or found.st_size > _LARGEST:
            raise Foreign("it is no regular file of ours")
        document = json.loads(file.read())
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise Foreign(f"expected a document of version {VERSION}")
    return document, found.st_mtime


def _write(path: Path, pieces: list[str]) -> str | None:
    """Replace *path* as a whole; return what went wrong, None: nothing."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        with suppress(FileNotFoundError):
            fresh.unlink()
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(piece.encode(errors="backslashreplace") for piece in pieces)
        fresh.replace(path)
    except OSError as error:
        return error.strerror or str(error)
    return None
