"""Which of the daemons that run here a command is for."""

import re
import socket
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ldirectord_py.cli.daemon.control_client import connect, control_path
from ldirectord_py.cli.instances import SHADOW, instance_name, pid_paths, run_dir
from ldirectord_py.model.errors import DirectorError

_SECONDS = 2.0
_NAME = re.compile(r"ldirectord\.(.+)\.sock")


class NoDaemon(DirectorError):
    """None runs here, or none of that name, or several."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A daemon that runs."""

    name: str
    socket: Path


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options that say which daemon is meant."""
    which = parser.add_argument_group("which daemon, if several run here").add_mutually_exclusive_group()
    which.add_argument("--instance", metavar="NAME", help="the daemon of that name, such as web.cf")
    which.add_argument("--config", metavar="FILE", help="the daemon that was started with FILE")
    which.add_argument("--socket", metavar="PATH", help="the daemon that listens at PATH")


def chosen(asked: Namespace) -> Instance:
    """Return the daemon that is meant; raise `NoDaemon`, with what to do."""
    if asked.socket is not None:
        return _at(Path(asked.socket))
    if asked.config is not None:
        return _of_config(asked.config)
    found = running(run_dir())
    if asked.instance is not None:
        return _named(asked.instance, found)
    keeping = [each for each in found if not each.name.endswith(SHADOW)] or found
    if not keeping:
        raise NoDaemon(
            "no ldirectord that can be asked runs here (with -d none can); "
            "start one: systemctl start ldirectord, or ldirectord CONFIG start"
        )
    if len(keeping) > 1:
        raise NoDaemon(f"several ldirectord run here; say which one with --instance: {_names(keeping)}")
    return keeping[0]


def running(folder: Path) -> Sequence[Instance]:
    """Return the daemons that serve a control socket in the run directory *folder*, or in the folder of a unit."""
    paths = sorted({*folder.glob("ldirectord.*.sock"), *folder.glob("ldirectord*/ldirectord.*.sock")})
    return [Instance(_name(path), path) for path in paths if listens(path)]


def _at(path: Path) -> Instance:
    if not listens(path):
        raise NoDaemon(f"no ldirectord listens at {path}; see which ones run: ls {run_dir()}/ldirectord*.sock")
    return Instance(_name(path), path)


def _of_config(config: str) -> Instance:
    name = instance_name(config)
    for path in map(control_path, pid_paths(run_dir(), name)):
        if listens(path):
            return Instance(name, path)
    raise NoDaemon(f"no ldirectord runs on {config}; start it: ldirectord {config} start")


def _named(name: str, found: Sequence[Instance]) -> Instance:
    for tried in (name, f"{name}.cf", f"{name}.yaml"):
        for each in found:
            if each.name == tried:
                return each
    others = f"these run: {_names(found)}" if found else "none runs here"
    raise NoDaemon(f"no ldirectord called {name} runs here; {others}")


def _names(found: Sequence[Instance]) -> str:
    return ", ".join(each.name for each in found)


def _name(path: Path) -> str:
    match = _NAME.fullmatch(path.name)
    return match[1] if match else path.name


def listens(path: Path) -> bool:
    """Return whether somebody listens on the socket *path*, also one whom this user may not ask."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(_SECONDS)
        try:
            connect(channel, path)
        except (PermissionError, TimeoutError, BlockingIOError):
            return True
        except OSError:
            return False
    return True
