"""`ldirectorctl role`: whether the daemon is active or standby; with a word, what its role file says from now on."""

import os
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import Any

from ldirectord_py.cli.blocks import Paragraph
from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.ctl.remote.daemon import Daemon, daemon_of, now, tell_json
from ldirectord_py.cli.ctl.remote.steering import add_common_arguments
from ldirectord_py.cli.ctl.reports.role import role_cells
from ldirectord_py.cli.rendering import tell_blocks
from ldirectord_py.cli.terminal import complain
from ldirectord_py.model.cluster.role import Role
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.system.whole_file import replace_file

_DESCRIPTION = """\
Say whether the daemon is active or standby, since when, and what says so.

With 'active' or 'standby', write that word to the file that the configuration names (role = FILE), as a cluster
manager does, and wait until the daemon has this role; the file changes as a whole. With --file, write it to that file,
and ask no daemon: none has to run. A role that comes from a named pipe or from the VIP cannot be set here.
"""
_SECONDS = 5.0
_PAUSE = 0.05


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("role", nargs="?", choices=tuple(map(str, Role)), help="the role that the daemon is to have")
    parser.add_argument("--file", metavar="PATH", help="write the role to this file, and ask no daemon")
    add_common_arguments(parser)


def _run(asked: Namespace) -> ExitStatus:
    if asked.file is not None:
        if asked.role is None:
            raise DirectorError("--file: say which role to write: active or standby")
        write(Path(asked.file), Role(asked.role))
        return ExitStatus.FINE
    daemon = daemon_of(asked)
    found = daemon.status()["role"]
    if asked.role is not None:
        if not found["source"].startswith("/"):
            raise DirectorError(
                f"the role comes from '{found['source']}', and only one that comes from a file is set here:"
                " write role = FILE in the configuration"
            )
        write(Path(found["source"]), Role(asked.role))
        found = _awaited(daemon, asked.role)
    if asked.json:
        tell_json(found)
    else:
        tell_blocks([Paragraph(role_cells(found, now()))])
    if asked.role is not None and found["role"] != asked.role:
        complain(f"the daemon has not followed within {_SECONDS:g} s: see 'ldirectorctl events'")
        return ExitStatus.TIMEOUT
    return ExitStatus.FINE


def write(path: Path, role: Role) -> None:
    """Replace the file *path*, or what it links to, by one that holds *role*; raise `DirectorError`."""
    try:
        replace_file(Path(os.path.realpath(path)), [f"{role}\n"], 0o644)
    except OSError as error:
        raise DirectorError(f"the role cannot be written to {path}: {error.strerror}") from error


def _awaited(daemon: Daemon, role: str) -> Mapping[str, Any]:
    """Return the daemon's role once it is *role*, or what it is after a while."""
    pause, end = Event(), time.monotonic() + _SECONDS
    while True:
        found: Mapping[str, Any] = daemon.status()["role"]
        if found["role"] == role or time.monotonic() > end:
            return found
        pause.wait(_PAUSE)


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
