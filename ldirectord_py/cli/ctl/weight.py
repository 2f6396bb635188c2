"""`ldirectorctl weight`: a server gets another weight than the one that is configured."""

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
from ldirectord_py.cli.typed import whole
from ldirectord_py.model.commands import HIGHEST_WEIGHT

_DESCRIPTION = """\
Give a server the weight N instead of the one that is configured, as long as its checks find it well: over reloads and
restarts, until 'enable' or the time that is given. A weight of 0 is a drain.
"""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("target", metavar="TARGET", help=TARGET)
    parser.add_argument("weight", metavar="N", type=whole(0, HIGHEST_WEIGHT), help=f"0 to {HIGHEST_WEIGHT}")
    add_time_arguments(parser)
    add_command_arguments(parser)


def _run(asked: Namespace) -> ExitStatus:
    tell_carried_out(asked, give(asked, "weight", daemon_of(asked), weight=asked.weight))
    return ExitStatus.FINE


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
