"""`ldirectorctl reload`: the daemon reads its configuration again."""

from argparse import ArgumentParser, Namespace

from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.ctl.remote.daemon import daemon_of, tell_json
from ldirectord_py.cli.ctl.remote.steering import add_common_arguments
from ldirectord_py.cli.ctl.reports.commands import reloaded
from ldirectord_py.cli.rendering import tell_blocks
from ldirectord_py.cli.terminal import complain

_DESCRIPTION = """\
Have the daemon read its configuration again, wait until that is in force, and say what has changed. A configuration
with problems changes nothing: each is told with file and line, and the exit status is 2.
"""
_SECONDS = 120.0


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="also if it takes out more than reloadlimit permits")
    add_common_arguments(parser)


def _run(asked: Namespace) -> ExitStatus:
    body = {"command": "reload", "force": asked.force}
    answer = daemon_of(asked).post("/v1/commands", body, seconds=_SECONDS)
    if asked.json:
        tell_json(answer)
    elif answer["in_force"]:
        tell_blocks(reloaded(answer))
    else:
        for problem in answer["problems"]:
            complain(problem)
        complain("the daemon refuses this configuration and goes on with the one it has")
    return ExitStatus.FINE if answer["in_force"] else ExitStatus.FOUND


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
