"""`ldirectorctl drain`: a server gets no new connections, and those that are open may end."""

from argparse import ArgumentParser, Namespace

from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.ctl.remote.daemon import daemon_of
from ldirectord_py.cli.ctl.remote.draining import explained, wait_until_empty
from ldirectord_py.cli.ctl.remote.steering import (
    TARGET,
    add_command_arguments,
    add_time_arguments,
    give,
    tell_carried_out,
)
from ldirectord_py.cli.ctl.remote.times import length
from ldirectord_py.cli.ctl.reports.words import age
from ldirectord_py.cli.terminal import complain
from ldirectord_py.model.errors import DirectorError

_DESCRIPTION = """\
Give a server weight 0: it gets no new connections, and those that are open may end. Its entry stays in the table, also
with quiescent=no, until 'enable' or the time that is given; over reloads and restarts.
The last server that serves a virtual service is drained with --force only; at a terminal you are asked.

With --wait, count the connections of that service alone, as the kernel has them, until none is left: the exit status
is 0 then, and 124 if --timeout comes first. The server stays drained in both cases. Over TCP what is counted is the
active ones: those that have ended are remembered as inactive for some minutes.

A client of a persistent virtual service comes back to a drained server as long as the kernel remembers it, which is
what 'persistent' says and begins anew with each connection; over UDP any client does until it has been silent for a
while. --hard says what keeps them from that.
"""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("target", metavar="TARGET", help=TARGET)
    parser.add_argument("--wait", action="store_true", help="count the open connections until none is left")
    parser.add_argument("--timeout", type=length, metavar="DURATION", help="with --wait: no longer than that")
    parser.add_argument("--hard", action="store_true", help="say what keeps clients from coming back")
    add_time_arguments(parser)
    add_command_arguments(parser)


def _run(asked: Namespace) -> ExitStatus:
    if asked.timeout is not None and not asked.wait:
        raise DirectorError("--timeout says how long --wait may take: give both, or neither")
    daemon = daemon_of(asked)
    answer = give(asked, "drain", daemon)
    tell_carried_out(asked, answer, stream=asked.wait)
    names = [real["name"] for real in answer["reals"]]
    if not asked.json:
        for sentence in explained(daemon, names, hard=asked.hard):
            complain(sentence)
    if asked.wait and (obstacle := wait_until_empty(daemon, asked.target, asked.timeout, json=asked.json)):
        complain(f"{obstacle} after {age(asked.timeout)}; {asked.target} stays drained")
        return ExitStatus.TIMEOUT
    return ExitStatus.FINE


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
