"""`ldirectorctl status`: how the virtual services and their servers are."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from threading import Event

from ldirectord_py.cli.blocks import Block
from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.ctl.remote.choosing import NoDaemon
from ldirectord_py.cli.ctl.remote.daemon import Answer, Daemon, daemon_of, now, tell_json
from ldirectord_py.cli.ctl.remote.steering import TARGET, add_common_arguments
from ldirectord_py.cli.ctl.reports import servers
from ldirectord_py.cli.ctl.reports.status import is_out, overview, services
from ldirectord_py.cli.rendering import on_terminal, rendered, tell_blocks
from ldirectord_py.cli.terminal import complain, is_read, tell_rendered

_DESCRIPTION = """\
Say how the daemon, its virtual services and their servers are: a line for each virtual service, and below them each
server that is not up, since when and why, and what would bring it back.
With NAME, say it of one virtual service and all of its servers, or of one server.

The exit status is 2 if a server that was named gets no new connections, if a virtual service that was named has none
of its own servers left, and with --down if anything is not up.
"""
_EVERY = 2.0


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("target", metavar="NAME", nargs="?", help=TARGET)
    parser.add_argument("--down", action="store_true", help="only what is not up")
    parser.add_argument("--watch", action="store_true", help=f"again every {_EVERY:g} s, until interrupted")
    add_common_arguments(parser)


def _run(asked: Namespace) -> ExitStatus:
    daemon = daemon_of(asked)
    status = _told(daemon, asked)
    pause = Event()
    while asked.watch and is_read():
        pause.wait(_EVERY)
        try:
            status = _told(daemon, asked)
        except NoDaemon as gone:
            complain(f"{gone}; waiting for the next one")
    return status


def _told(daemon: Daemon, asked: Namespace) -> ExitStatus:
    if asked.target is not None:
        answer, blocks, found = _named(daemon, asked.target)
    else:
        answer, blocks, found = _all(daemon, down=asked.down)
    if asked.json:
        tell_json(answer)
    elif asked.watch and on_terminal():
        # the upper left corner, each line to its end, and what is below: nothing flickers
        lines = rendered(blocks).splitlines()
        tell_rendered("\x1b[H" + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[J")
    else:
        tell_blocks(blocks)
    return ExitStatus.FOUND if found else ExitStatus.FINE


def _all(daemon: Daemon, *, down: bool) -> tuple[Answer, Sequence[Block], bool]:
    status = daemon.status()
    virtuals = daemon.get("/v1/virtuals", view="summary")["virtuals"]
    counts = status["servers"]
    found = down and (counts["up"] != counts["total"] or any(map(is_out, virtuals)))
    answer = {"status": status, "virtuals": virtuals}
    return answer, overview(status, virtuals, now(), down=down), found


def _named(daemon: Daemon, target: str) -> tuple[Answer, Sequence[Block], bool]:
    """Return the virtual service, or the servers, that *target* names."""
    reals = daemon.get("/v1/reals", target=target)["reals"]
    names = {real["virtual"] for real in reals}
    if len(names) == 1 and target in _short(name := names.pop()):
        virtual = daemon.virtual(name)
        return {"virtuals": [virtual]}, services([virtual], now()), is_out(virtual)
    return {"reals": reals}, [servers.table(reals, now(), full=True)], any(not real["serving"] for real in reals)


def _short(virtual: str) -> tuple[str, str]:
    return virtual, virtual.partition(":")[2]


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
