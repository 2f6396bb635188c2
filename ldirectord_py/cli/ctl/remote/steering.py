"""Commands that change what a server gets: their arguments, and how they are carried out and told."""

from argparse import ArgumentParser, Namespace
from typing import Any

from ldirectord_py.cli.ctl.remote.choosing import add_arguments
from ldirectord_py.cli.ctl.remote.daemon import Answer, Daemon, Refused, now, tell_json, tell_line
from ldirectord_py.cli.ctl.remote.times import length, moment
from ldirectord_py.cli.ctl.reports.commands import carried_out
from ldirectord_py.cli.rendering import tell_blocks
from ldirectord_py.cli.terminal import confirmed

TARGET = "REAL@VIRTUAL, REAL, an address (that host in every virtual service), or a virtual service"


def add_command_arguments(parser: ArgumentParser) -> None:
    """Add the options of every command that changes what a server gets."""
    parser.add_argument("--reason", metavar="TEXT", default="", help="why: shown by status, why and events, and logged")
    parser.add_argument("--force", action="store_true", help="also if nobody is left to serve")
    add_common_arguments(parser)


def add_time_arguments(parser: ArgumentParser) -> None:
    """Add the options that say how long a command holds."""
    end = parser.add_mutually_exclusive_group()
    end.add_argument("--for", dest="seconds", type=length, metavar="DURATION", help="so long: 90s, 10m, 1h30m, 2d")
    end.add_argument("--until", type=moment, metavar="TIME", help="until then: 18:30, or '2026-12-01 06:00'")


def add_common_arguments(parser: ArgumentParser) -> None:
    """Add the options of every command that asks a daemon."""
    parser.add_argument("--json", action="store_true", help="the JSON of the daemon's API, for programs")
    add_arguments(parser)


def give(asked: Namespace, command: str, daemon: Daemon, **more: object) -> Answer:
    """Have the daemon carry out *command* for what the command line names, and return its answer.

    Before nobody is left to serve, somebody at a terminal is asked.
    """
    body: dict[str, Any] = {"command": command, "target": asked.target, "force": asked.force, **more}
    if asked.reason:
        body["reason"] = asked.reason
    if getattr(asked, "seconds", None) is not None:
        body["for"] = asked.seconds
    if getattr(asked, "until", None) is not None:
        body["until"] = asked.until
    try:
        return daemon.post("/v1/commands", body)
    except Refused as refused:
        if refused.kind != "last-server":
            raise
        if not confirmed(f"{refused}."):
            raise Refused(f"{refused} with --force", refused.status, refused.kind) from refused
        return daemon.post("/v1/commands", {**body, "force": True})


def tell_carried_out(asked: Namespace, answer: Answer, *, stream: bool = False) -> None:
    """Say what has become of a command; *stream*: other JSON follows, a line each."""
    if asked.json and stream:
        tell_line(answer)
    elif asked.json:
        tell_json(answer)
    else:
        tell_blocks(carried_out(answer, now()))
