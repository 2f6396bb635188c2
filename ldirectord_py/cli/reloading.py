"""`ldirectord CONFIG reload`: asks the daemon, and says what became of it."""

import signal

from ldirectord_py.cli.command_log import CommandLog
from ldirectord_py.cli.daemon.control_client import FormerDaemon, ask, control_path
from ldirectord_py.cli.daemon.pidfile import Running, send
from ldirectord_py.cli.terminal import complain

REFUSED = 2
"""The exit status where the daemon goes on with the configuration that it had."""


def reload(running: Running, log: CommandLog, seconds: float, *, force: bool = False) -> int:
    """Have the daemon reload, wait for its answer, and tell it; return the exit status.

    A daemon without a control socket, such as the original, is sent SIGHUP, and what it makes of that is not known.
    """
    try:
        reply = ask(control_path(running.path), "/v1/commands", {"command": "reload", "force": force}, seconds=seconds)
    except FormerDaemon:
        complain("the daemon is of a former version: it was sent SIGHUP, and its log says what came of that")
        reply = None
    if reply is None:
        send(running, signal.SIGHUP)
        return 0
    for sentence in (*reply["problems"], *reply["warnings"], *reply["notes"]):
        complain(sentence)
    if reply["in_force"]:
        return 0
    log.tell(f"The daemon refuses this configuration and goes on with the one it has, pid: {running.pid}")
    return REFUSED
