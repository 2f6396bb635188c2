"""`ldirectorctl history`: what checks of a server found, and what came of it."""

from argparse import ArgumentParser, Namespace

from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.ctl.remote.daemon import daemon_of, now, tell_json
from ldirectord_py.cli.ctl.remote.steering import TARGET, add_common_arguments
from ldirectord_py.cli.ctl.reports.events import histories
from ldirectord_py.cli.rendering import tell_blocks

_DESCRIPTION = """\
Say what the last checks of a server found, and what came of it, oldest first. Failures are kept longer than successes,
and findings that are alike, one after the other, are told once.
"""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("target", metavar="REAL", help=TARGET)
    add_common_arguments(parser)


def _run(asked: Namespace) -> ExitStatus:
    answer = daemon_of(asked).get("/v1/history", target=asked.target)
    if asked.json:
        tell_json(answer)
    else:
        tell_blocks(histories(answer["reals"], now()))
    return ExitStatus.FINE


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
