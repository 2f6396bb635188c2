"""Which virtual services a running daemon keeps, how that is known, and what operators have said of their servers."""

import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ldirectord_py.cli.daemon.control_client import ask, control_path
from ldirectord_py.cli.daemon.pidfile import Running, standing
from ldirectord_py.model.commands import AdminState, Commands
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.runtime.predecessor import StateReading, commanded, owned


@dataclass(frozen=True, slots=True)
class KeptServices:
    """What is known of a daemon's virtual services."""

    pid: int | None
    """Of the daemon; None: none runs."""
    virtuals: Collection[str] | None
    """By name; None: nobody can tell."""
    source: str = ""
    """Who says so: `daemon` or `state file`."""
    down: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The servers that the daemon believes to be down, by their full names, as its API shows them."""
    socket: Path | None = None
    """Where the daemon answers; None: it does not."""


def ownership(*pid_files: Path) -> KeptServices:
    """Ask the daemon under one of *pid_files* what is its own, or its state file where it does not answer."""
    found = standing(*pid_files)
    if not isinstance(found, Running):
        return KeptServices(None, None)
    control = control_path(found.path)
    with suppress(DirectorError):  # it stands still, or is another user's; its state file says the same
        if (reply := ask(control, "/v1/virtuals?view=summary")) is not None:
            virtuals = reply["virtuals"]
            reals = [real for virtual in virtuals for real in virtual["reals"] if real["state"] == "down"]
            down = {real["name"]: real for real in reals}
            return KeptServices(found.pid, frozenset(each["name"] for each in virtuals), "daemon", down, control)
    if (kept := owned(control.with_suffix(".state"))) is not None:
        return KeptServices(found.pid, frozenset(kept), "state file")
    return KeptServices(found.pid, None)


def commands_in_force(*pid_files: Path) -> Commands:
    """Return what operators have said and a start would put in force again, by the names of its targets."""
    now = time.time()
    found: dict[str, AdminState | None] = {}
    for path in state_files(*pid_files):
        found |= commanded(StateReading(path), now)
    return found


def state_files(*pid_files: Path) -> list[Path]:
    """Return where a daemon with one of *pid_files* has its state file."""
    return [control_path(path).with_suffix(".state") for path in pid_files]
