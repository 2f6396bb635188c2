"""`ldirectorctl why`: why a server has the weight that it has."""

from argparse import ArgumentParser, Namespace

from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.ctl.remote.daemon import daemon_of, now, tell_json
from ldirectord_py.cli.ctl.remote.steering import TARGET, add_common_arguments
from ldirectord_py.cli.ctl.reports.why import reasons
from ldirectord_py.cli.rendering import tell_blocks

_DESCRIPTION = """\
Say why a server is in or out: each cause from the weight that is configured to the one that the table has, who is
behind it and since when; when it is checked next and what it takes to change; and what happened to it last.

The exit status is 2 if a server that was named gets no new connections.
"""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("target", metavar="REAL", help=TARGET)
    add_common_arguments(parser)


def _run(asked: Namespace) -> ExitStatus:
    daemon = daemon_of(asked)
    reals = daemon.get("/v1/reals", target=asked.target)["reals"]
    histories = {each["name"]: each for each in daemon.get("/v1/history", target=asked.target)["reals"]}
    if asked.json:
        tell_json({"reals": [{**real, "history": histories.get(real["name"])} for real in reals]})
    else:
        tell_blocks(reasons(reals, histories, now()))
    return ExitStatus.FINE if all(real["serving"] for real in reals) else ExitStatus.FOUND


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
