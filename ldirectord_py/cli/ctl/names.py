"""`ldirectorctl names`: what the shells complete names from; not in the list of commands, and silent on errors."""

from argparse import ArgumentParser, Namespace

from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.ctl.remote.choosing import add_arguments, running
from ldirectord_py.cli.ctl.remote.daemon import daemon_of
from ldirectord_py.cli.ctl.reports.names import names_of
from ldirectord_py.cli.instances import run_dir
from ldirectord_py.cli.terminal import tell
from ldirectord_py.model.errors import DirectorError

_DESCRIPTION = """\
List the names that begin with PREFIX: virtual services and servers of the running daemon, for the completion of
command lines.
"""
_SECONDS = 1.0
_MOST = 1000


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("prefix", metavar="PREFIX", nargs="?", default="", help="what the names begin with")
    parser.add_argument("--instances", action="store_true", help="the names of the daemons that run here")
    add_arguments(parser)


def _run(asked: Namespace) -> ExitStatus:
    try:
        found = _instances(asked.prefix) if asked.instances else _names(asked)
    except DirectorError:
        return ExitStatus.ERROR  # the reader is in the middle of a line
    for name in found[:_MOST]:
        tell(name)
    return ExitStatus.FINE


def _instances(prefix: str) -> list[str]:
    return [each.name for each in running(run_dir()) if each.name.startswith(prefix)]


def _names(asked: Namespace) -> list[str]:
    answer = daemon_of(asked).get("/v1/virtuals", view="names", seconds=_SECONDS)
    return names_of(answer["virtuals"], asked.prefix)


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
