"""The command `ldirectorctl`: what is done with configurations and running directors besides being one."""

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import NoReturn

from ldirectord_py import __version__
from ldirectord_py.cli.ctl.command import Command, Status
from ldirectord_py.cli.ctl.commands import COMMANDS
from ldirectord_py.cli.inherited import leave_behind
from ldirectord_py.cli.terminal import complain
from ldirectord_py.model.errors import ConfigRejected, DirectorError

PROGRAM = "ldirectorctl"
INTERRUPTED = 130
"""The exit status that shells use for SIGINT."""

_DESCRIPTION = "Work with configurations of ldirectord, and with what a running one does."
_EPILOGUE = f"""\
'{PROGRAM} COMMAND --help' explains a command.

exit status:
  0  it was done, and nothing was found
  1  it could not be done, or the command line means nothing
  2  problems or differences were found

environment:
  NO_COLOR  set to anything: no colours
"""


class _Parser(ArgumentParser):
    """Ends in our own status where argparse would take 2, which means that something was found."""

    def error(self, message: str) -> NoReturn:
        _fail(message)
        complain(f"see '{self.prog} --help'")
        raise SystemExit(Status.ERROR)


def main(argv: Sequence[str] | None = None, commands: Sequence[Command] = COMMANDS) -> int:
    """Do what the command line asks for; return the exit status."""
    if argv is None:  # a process of our own
        leave_behind()
    asked = _parser(commands).parse_args(argv)
    try:
        status: Status = asked.run(asked)
        sys.stdout.flush()
    except ConfigRejected as rejected:
        complain(str(rejected))
    except DirectorError as error:
        _fail(str(error))
    except BrokenPipeError:
        # The reader has closed the pipe; what is left would be told as an error at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    else:
        return status
    return Status.ERROR


def _parser(commands: Sequence[Command]) -> ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        description=_DESCRIPTION,
        epilog=_EPILOGUE,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    table = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in commands:
        its = table.add_parser(
            command.name,
            help=command.summary,
            description=command.description,
            formatter_class=RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.arguments(its)
        its.set_defaults(run=command.run)
    return parser


def _fail(sentence: str) -> None:
    complain(sentence, by=PROGRAM)


if __name__ == "__main__":
    sys.exit(main())
