"""What the state file says of the last director on this table: what it knew, and what it has left there."""

import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ldirectord_py.engine.differences import ServiceInForce
from ldirectord_py.engine.recording.commands import commands
from ldirectord_py.engine.recording.roles import role_status
from ldirectord_py.model.checks.outcome import Reason
from ldirectord_py.model.cluster.role import RoleStatus
from ldirectord_py.model.cluster.sync_daemon import StartedSync, started_of_json
from ldirectord_py.model.commands import AdminKind, AdminState, Commands
from ldirectord_py.model.health import Health, State
from ldirectord_py.runtime.statefile import VERSION
from ldirectord_py.system.identity import boot_id, network_namespace

FRESH_SECONDS = 60.0
"""So long after its last sign of life a director's verdicts count."""
_LARGEST = 256 * 1024 * 1024
_LATEST = 1e11
"""Seconds since the epoch that a clock may show: some three thousand years from now."""
_MOST = 2**31 - 1
"""So large may a weight be in the kernel's table, and a number of failures."""
_SHOWN = 200
"""Characters of what is no command that are shown."""
_UNUSABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, OSError)
"""What a file raises that is not there or not ours, or that somebody has edited."""

Remembered = Mapping[str, Health]
"""The last known health of real servers, by `str(RealKey)`."""


class Foreign(ValueError):
    """A file that is no state file of ours."""


class StateReading:
    """A state file that is read once, however many look at what it says."""

    def __init__(self, path: Path, owner: int | None = None) -> None:
        """Read *path* if it is root's file, or that of this process's user or of *owner*, another one."""
        self.path = path
        self._owner = owner
        self._found: tuple[Mapping[str, Any], float] | Exception | None = None

    def document(self) -> tuple[Mapping[str, Any], float]:
        """Return the document, and when the file was last touched; raise what reading it raised."""
        if self._found is None:
            try:
                self._found = _read(self.path, self._owner)
            except _UNUSABLE as error:
                self._found = error
        if isinstance(self._found, Exception):
            raise self._found
        return self._found

    def since_boot(self) -> Mapping[str, Any] | None:
        """Return the document; None: it is of another network namespace, or older than the last boot."""
        document, _ = self.document()
        return document if _is_of_here(document) else None


def remembered(file: StateReading, now: float, warn: Callable[[str], None]) -> Remembered:
    """Return what the last director on this table knew, if that was a short while ago; else nothing.

    A file that is none of ours, or broken, is set aside, and *warn* is told.
    """
    path = file.path
    try:
        document, touched = file.document()
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


def commanded(file: StateReading, now: float, warn: Callable[[str], None] = lambda _sentence: None) -> Commands:
    """Return what operators had said under the last director, as far as its time is not over *now*.

    It counts however long ago that was, after a boot too: a host that is drained to be repaired stays drained.
    Of what is no command *warn* is told; a file that cannot be read is none of its business, see `remembered`.
    """
    try:
        found = file.document()[0].get("commanded", [])
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
            f"The state file {file.path} has {len(wrong)} commands that are none, and nobody obeys them,"
            f" such as {wrong[0]}"
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


def _is_of_here(document: Mapping[str, Any]) -> bool:
    return bool(document["boot"] == boot_id() and document["namespace"] == network_namespace())


def _fresh(document: Mapping[str, Any], touched: float, now: float) -> bool:
    return _is_of_here(document) and abs(now - touched) <= FRESH_SECONDS


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
    role: RoleStatus | None = None
    """None: it is not known, or the machine has been booted since."""
    sync: Sequence[StartedSync] = ()
    """The sync daemons that it has started."""


def predecessor(path: Path | None, now: float, warn: Callable[[str], None]) -> Predecessor:
    """Return what the state file *path* says *now*, in seconds since the epoch; see `remembered` for *warn*."""
    if path is None:
        return Predecessor(left=Left(), remembered={}, commanded={})
    file = StateReading(path)
    return Predecessor(
        commanded=commanded(file, now, warn),
        left=left(file, now),
        remembered=remembered(file, now, warn),
        role=role_before(file),
        sync=_sync(file),
    )


@dataclass(frozen=True, slots=True)
class Left:
    """The virtual services that the last director on this table has left there."""

    virtuals: tuple[ServiceInForce, ...] = ()
    just_now: bool = False
    """It has ended a short while ago."""


def left(file: StateReading, now: float) -> Left:
    """Return what the last director has left in this table; *now* is in seconds since the epoch."""
    try:
        document, touched = file.document()
        if not _is_of_here(document):
            return Left()
        return Left(_kept(document), just_now=_fresh(document, touched, now))
    except _UNUSABLE:
        return Left()


def role_before(file: StateReading) -> RoleStatus | None:
    """Return the role of the last director on this machine; None: it is not known, or there was a boot since."""
    try:
        if (document := file.since_boot()) is None:
            return None
        if (role := role_status(document["role"])) is not None:
            _moment(role.since)
    except _UNUSABLE:
        return None
    return role


def _sync(file: StateReading) -> Sequence[StartedSync]:
    try:
        if (document := file.since_boot()) is None:
            return ()
        return tuple(map(started_of_json, document.get("sync", [])))
    except _UNUSABLE:
        return ()


def settings_before(file: StateReading) -> Mapping[str, int]:
    """Return what directors have set in this kernel since it was booted, and what it was before."""
    try:
        if (document := file.since_boot()) is None:
            return {}
        return {str(name): int(value) for name, value in document["sysctls"].items()}
    except _UNUSABLE:
        return {}


def vips_before(file: StateReading) -> Sequence[Any]:
    """Return the addresses that directors have added to this machine since it was booted, and not removed."""
    try:
        document = file.since_boot()
    except _UNUSABLE:
        return ()
    found = document.get("vips", ()) if document else ()
    return found if isinstance(found, list) else ()


def owned(file: StateReading) -> tuple[ServiceInForce, ...] | None:
    """Return the virtual services that a state file names as the daemon's; None: there is nothing to go by."""
    try:
        return _kept(file.document()[0])
    except _UNUSABLE:
        return None


def _kept(document: Mapping[str, Any]) -> tuple[ServiceInForce, ...]:
    """Return the services of *document*; former versions name their real servers, and tell no weights and no VIPs."""
    return tuple(
        ServiceInForce(
            str(virtual["virtual"]), bool(virtual.get("weight", virtual["reals"])), bool(virtual.get("vips", False))
        )
        for virtual in document["virtuals"]
    )


def _read(path: Path, owner: int | None) -> tuple[Mapping[str, Any], float]:
    """Return the document in *path*, and when it was last touched."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid not in {0, os.geteuid(), owner} or found.st_size > _LARGEST:
            raise Foreign("it is no regular file of ours")
        document = json.loads(file.read())
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise Foreign(f"expected a document of version {VERSION}")
    return document, found.st_mtime
