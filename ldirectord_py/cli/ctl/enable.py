"""`ldirectorctl enable`: what was ordered by hand is undone."""

from argparse import ArgumentParser, Namespace

from ldirectord_py.cli.ctl.command import Command, Status
from ldirectord_py.cli.ctl.remote.daemon import daemon_of
from ldirectord_py.cli.ctl.remote.steering import TARGET, add_order_arguments, order, tell_order

_DESCRIPTION = """\
Undo a drain, a maintenance or a weight that was ordered: the server has the weight that is configured again if its
checks find it well. A file in maintenancedir keeps it out as before.
"""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("target", metavar="TARGET", help=TARGET)
    add_order_arguments(parser)


def _run(asked: Namespace) -> Status:
    tell_order(asked, order(asked, "enable", daemon_of(asked)))
    return Status.FINE


COMMAND = Command(description=_DESCRIPTION, arguments=_arguments, run=_run)
