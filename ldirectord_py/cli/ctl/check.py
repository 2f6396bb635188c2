"""`ldirectorctl check`: one check of a server, now, step by step."""

from argparse import ArgumentParser, Namespace

from ldirectord_py.cli.ctl.command import Command, Status
from ldirectord_py.cli.ctl.remote.daemon import daemon_of, tell_json
from ldirectord_py.cli.ctl.remote.steering import TARGET, add_common_arguments
from ldirectord_py.cli.ctl.reports.commands import checked
from ldirectord_py.cli.rendering import tell_blocks

_DESCRIPTION = """\
Have the daemon check a server once, now, and show each step with its time: what was sent, what came back, and how it
was judged. Nothing follows from it: the server stays in or out as it is, and secrets are left out.

The exit status is 2 if a server does not pass.
"""
_SECONDS = 120.0


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("target", metavar="REAL", help=TARGET)
    add_common_arguments(parser)


def _run(asked: Namespace) -> Status:
    answer = daemon_of(asked).post("/v1/check", {}, target=asked.target, seconds=_SECONDS)
    if asked.json:
        tell_json(answer)
    else:
        tell_blocks(checked(answer["reals"]))
    return Status.FINE if all(real["verdict"] == "up" for real in answer["reals"]) else Status.FOUND


COMMAND = Command(description=_DESCRIPTION, arguments=_arguments, run=_run)
