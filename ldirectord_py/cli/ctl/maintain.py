"""`ldirectorctl maintain`: a server is taken out by hand."""

from argparse import ArgumentParser, Namespace

from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.ctl.remote.daemon import daemon_of
from ldirectord_py.cli.ctl.remote.steering import (
    TARGET,
    add_command_arguments,
    add_time_arguments,
    give,
    tell_carried_out,
)

_DESCRIPTION = """\
Take a server out as a failed check would, and check it no more: with quiescent=yes its weight becomes 0, and without
its entry goes from the table, and with it the connections that are open. Drain it first to let these end.
It stays out over reloads and restarts, until 'enable' or the time that is given, and then until a check succeeds.
The last server that serves a virtual service is taken out with --force only; at a terminal you are asked.
"""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("target", metavar="TARGET", help=TARGET)
    add_time_arguments(parser)
    add_command_arguments(parser)


def _run(asked: Namespace) -> ExitStatus:
    tell_carried_out(asked, give(asked, "maintain", daemon_of(asked)))
    return ExitStatus.FINE


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
