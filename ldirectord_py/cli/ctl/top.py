"""`ldirectorctl top`: all servers, live, on the whole terminal."""

from argparse import ArgumentParser, Namespace

from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.ctl.remote.choosing import add_arguments
from ldirectord_py.cli.ctl.remote.daemon import daemon_of
from ldirectord_py.cli.rendering import on_terminal
from ldirectord_py.model.errors import DirectorError

_DESCRIPTION = """\
Show everything as it is, live: virtual services with new connections and bytes a second; servers with their status,
weight, connections and how long checks take. Sort by the title of a column, type / to filter, and drain, maintain or
enable what the cursor is on: a reason is asked for first.
Needs Textual, which the Debian package has: pip install 'ldirectord-py[top]'.
"""


class CannotShow(DirectorError):
    """There is no terminal, or the library is missing."""


def _run(asked: Namespace) -> ExitStatus:
    daemon = daemon_of(asked)
    try:
        from ldirectord_py.cli.ctl.screen.app import Top  # noqa: PLC0415  # Textual is an extra
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "textual":
            raise
        raise CannotShow(
            "top needs Textual: pip install 'ldirectord-py[top]'; 'ldirectorctl status --watch' does without"
        ) from error
    if not on_terminal():
        raise CannotShow("top needs a terminal; 'ldirectorctl status --watch' does without")
    daemon.status()
    Top(daemon).run()
    return ExitStatus.FINE


def _arguments(parser: ArgumentParser) -> None:
    add_arguments(parser)


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
