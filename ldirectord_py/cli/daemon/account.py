"""What `status` tells of a daemon that runs, in the daemon's own words."""

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ldirectord_py.cli.daemon.control_client import ask, control_path
from ldirectord_py.cli.daemon.pidfile import Running
from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.errors import DirectorError

_STATUS_SECONDS = 2.0
"""A cluster manager waits for `status`, and gives up on a director that takes long."""


def asked(found: Running) -> Mapping[str, Any]:
    """Return what a daemon says of itself: nothing where it does not answer."""
    with suppress(DirectorError):  # it stands still, or is another user's
        return ask(control_path(found.path), "/v1/status", seconds=_STATUS_SECONDS) or {}
    return {}


def in_force(found: Running, reply: Mapping[str, Any]) -> str:
    """Say which configuration a daemon goes by, as far as it has said."""
    said = f"running, pid {found.pid}"
    return f"{said}, on the configuration of {_clock(reply['loaded'])}" if reply else said


def trouble(config: str, file_trouble: str, reply: Mapping[str, Any]) -> str:
    """Say why *config*, as it is on disk, is not what is in force; nothing, as far as can be seen: it is.

    *file_trouble* is what is wrong with the file itself.
    """
    if reply and _is_gone(reply["config"]):
        return f"its file {reply['config']} is not there any more"
    if other := other_file(config, reply):
        return other
    if file_trouble or not reply or not reply["refused"]:
        return file_trouble
    return f"what was read at {_clock(reply['refused_at'])} was refused: " + "\n".join(reply["refused"])


def place(reply: Mapping[str, Any]) -> str:
    """Say which role a daemon has, and how many of its services are served; nothing if its role never changes.

    Pacemaker's agent looks for these lines.
    """
    if "served" not in reply or reply["role"]["source"] in tuple(Role):
        return ""
    role = reply["role"]
    virtuals = reply["virtuals"]
    served = f"served: {reply['served']} of {virtuals} virtual service{'' if virtuals == 1 else 's'}"
    return f"role: {role['role']}, from {role['source']}\n{served}"


def settings(reply: Mapping[str, Any]) -> str:
    """Say which settings of the kernel directors have set, and what they were before the first of them."""
    return "\n".join(_setting(**each) for each in reply.get("sysctls", ()))


def _setting(name: str, before: int, now: int | None) -> str:
    if now == 1:
        return f"sysctls: {name} is 1, set by ldirectord; it was {before}"
    return f"sysctls: {name} is {'gone' if now is None else now}; ldirectord had set it to 1, and it was {before}"


def _is_gone(path: str) -> bool:
    try:
        Path(path).stat()
    except OSError as error:
        return isinstance(error, FileNotFoundError | NotADirectoryError)
    return False


def other_file(config: str, reply: Mapping[str, Any]) -> str:
    """Say so if the daemon, whose instance has the last name of its file, runs on another file of that name."""
    if not reply or Path(reply["config"]).resolve() == Path(config).resolve():
        return ""
    return f"it runs on {reply['config']}, not on {config}; a restart has it run on that"


def _clock(seconds: float) -> str:
    """Return a moment (seconds since the epoch) as an operator reads it: without the day, if that is today."""
    moment = time.localtime(seconds)
    return time.strftime("%H:%M" if moment[:3] == time.localtime()[:3] else "%Y-%m-%d %H:%M", moment)
