"""`ldirectorctl enable`: what a command has brought about is taken back."""

from argparse import ArgumentParser, Namespace

from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.ctl.remote.daemon import daemon_of
from ldirectord_py.cli.ctl.remote.steering import TARGET, add_command_arguments, give, tell_carried_out

_DESCRIPTION = """\
Take back what drain, maintain or weight has brought about: the server has the weight that is configured again if its
checks find it well. A file in maintenancedir keeps it out as before.
"""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("target", metavar="TARGET", help=TARGET)
    add_command_arguments(parser)


def _run(asked: Namespace) -> ExitStatus:
    tell_carried_out(asked, give(asked, "enable", daemon_of(asked)))
    return ExitStatus.FINE


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
