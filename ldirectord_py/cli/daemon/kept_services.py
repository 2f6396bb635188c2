"""Which virtual services a running daemon keeps, how that is known, and what operators have said of their servers."""

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ldirectord_py.cli.daemon import account
from ldirectord_py.cli.daemon.control_client import ask, control_path
from ldirectord_py.cli.daemon.pidfile import Running, standing
from ldirectord_py.cli.daemon.processes import Process
from ldirectord_py.engine.differences import ServiceInForce, too_much
from ldirectord_py.model.commands import AdminState, Commands
from ldirectord_py.model.config import Config
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
    if (kept := owned(state_file(found.path, found.pid))) is not None:
        return KeptServices(found.pid, frozenset(each.name for each in kept), "state file")
    return KeptServices(found.pid, None)


def too_much_for(found: Running, config: Config, action: str) -> str | None:
    """Return why the daemon *found* would have to be forced to take up *config* by *action*; see `too_much`."""
    limit = account.asked(found).get("reloadlimit", Config(path="").reloadlimit)
    if action == "restart":
        limit = min(limit, config.reloadlimit)  # by which the next daemon judges, when this one has gone
    return too_much(_in_force(found), config, limit, action)


def _in_force(found: Running) -> Sequence[ServiceInForce]:
    """Return the services that the daemon *found* keeps, by its state file or else its word; none: nobody can tell."""
    if (kept := owned(state_file(found.path, found.pid))) is not None:
        return kept
    with suppress(DirectorError):  # it stands still, or is another user's
        if (reply := ask(control_path(found.path), "/v1/virtuals")) is not None:
            return [
                ServiceInForce(each["name"], any(real["weight"]["configured"] for real in each["reals"]), has_vip=False)
                for each in reply["virtuals"]
            ]
    return ()


def commands_in_force(*pid_files: Path) -> Commands:
    """Return what operators have said and a start would put in force again, by the names of its targets."""
    now = time.time()
    found: dict[str, AdminState | None] = {}
    for file in state_files(*pid_files):
        found |= commanded(file, now)
    return found


def state_files(*pid_files: Path) -> list[StateReading]:
    """Return the state files of a daemon with one of *pid_files*, as far as they are to be believed."""
    found = standing(*pid_files)
    return [state_file(path, found.pid if isinstance(found, Running) else None) for path in pid_files]


def state_file(pid_file: Path, pid: int | None) -> StateReading:
    """Return the state file beside *pid_file*, which the user of the daemon *pid* may have written; None: none runs."""
    return StateReading(control_path(pid_file).with_suffix(".state"), None if pid is None else Process(pid).owner)
