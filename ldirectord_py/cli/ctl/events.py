"""`ldirectorctl events`: what happened, and what happens."""

import json
from argparse import ArgumentParser, Namespace
from contextlib import suppress
from threading import Event as Pause
from typing import Any

from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.ctl.remote.choosing import NoDaemon
from ldirectord_py.cli.ctl.remote.daemon import Answer, Daemon, daemon_of, now, tell_json
from ldirectord_py.cli.ctl.remote.following import DaemonEvents
from ldirectord_py.cli.ctl.remote.steering import add_common_arguments
from ldirectord_py.cli.ctl.remote.times import since
from ldirectord_py.cli.ctl.reports.events import told
from ldirectord_py.cli.rendering import tell_blocks
from ldirectord_py.cli.terminal import complain, is_read, tell
from ldirectord_py.cli.typed import whole

_DESCRIPTION = """\
Say what happened, oldest first, as the log does: the last 50 events, or those since a time. The daemon keeps 10,000.
With -f go on as things happen, also over a restart of the daemon; --json writes a line for each event then.
"""
_LINES = 50
_KEPT = 10_000
_AGAIN = 0.5
"""Seconds between two looks for a daemon that has ended."""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("-f", "--follow", action="store_true", help="go on until interrupted")
    lines = f"the last N events; {_LINES} unless --since is given"
    parser.add_argument("-n", "--lines", type=whole(0, _KEPT), metavar="N", help=lines)
    parser.add_argument("--since", type=since, metavar="TIME", help="since so long (90s, 10m, 1h30m), or since 18:30")
    parser.add_argument("--real", metavar="NAME", help="of these servers alone, or of that virtual service")
    add_common_arguments(parser)


def _run(asked: Namespace) -> ExitStatus:
    daemon = daemon_of(asked)
    lines = _LINES if asked.lines is None and asked.since is None else asked.lines
    answer = daemon.get("/v1/events", since=asked.since, real=asked.real, limit=lines)
    if asked.json and not asked.follow:
        tell_json(answer)
        return ExitStatus.FINE
    _tell(answer["events"], asked)
    if asked.follow:
        _follow(daemon, asked, answer)
    return ExitStatus.FINE


def _tell(events: list[dict[str, Any]], asked: Namespace) -> None:
    if asked.json:
        for event in events:
            tell(json.dumps(event))
    elif events:
        tell_blocks([told(events, now())])


def _follow(daemon: Daemon, asked: Namespace, answer: Answer) -> None:
    """Tell events as they happen, of this daemon and of those that come after it."""
    last, boot = answer["last"], answer["boot"]
    while True:
        with suppress(NoDaemon), DaemonEvents(daemon.socket, last, real=asked.real) as following:
            for event in following:
                last = event["id"]
                if event["boot"] == boot:  # another daemon may remember what has been told
                    _tell([event], asked)
                if not is_read():
                    return
        now_runs = _answering(daemon)
        if now_runs["boot"] != boot:
            last, boot = 0, now_runs["boot"]


def _answering(daemon: Daemon) -> Answer:
    """Wait for a daemon, and return its answer about events."""
    pause, missed = Pause(), False
    while True:
        pause.wait(_AGAIN)
        try:
            return daemon.get("/v1/events", limit=1)
        except NoDaemon:
            if not missed:
                complain("the daemon has ended; what the next one does will be told")
            missed = True


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
