"""The command `ldirectorctl`: what is done with configurations and running directors besides being one."""

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import Any, NoReturn

from ldirectord_py import __version__
from ldirectord_py.cli.ctl.command import CommandEntry, ExitStatus
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
  0    it was done, and nothing was found
  1    it could not be done, or the command line means nothing
  2    problems or differences were found, or a server that was named is out
  124  what it waited for has not happened in time

environment:
  NO_COLOR  set to anything: no colours
"""


class _Parser(ArgumentParser):
    """Ends in our own status where argparse would take 2, which means that something was found."""

    intermixed = False
    """See `Command.intermixed`."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """See `ArgumentParser.parse_known_args`."""
        if self.intermixed:
            self.intermixed = False  # it asks here again, for options and for the rest
            return self.parse_known_intermixed_args(args, namespace)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        _fail(message)
        complain(f"see '{self.prog} --help'")
        raise SystemExit(ExitStatus.ERROR)


def main(argv: Sequence[str] | None = None, commands: Sequence[CommandEntry] = COMMANDS) -> int:
    """Do what the command line asks for; return the exit status."""
    if argv is None:  # a process of our own
        leave_behind()
    words = sys.argv[1:] if argv is None else argv
    asked = _parser(commands, words).parse_args(words)
    try:
        status: ExitStatus = asked.run(asked)
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
    return ExitStatus.ERROR


def _parser(commands: Sequence[CommandEntry], words: Sequence[str]) -> ArgumentParser:
    """Return what reads *words*; only the command that they name is loaded."""
    parser = _Parser(
        prog=PROGRAM,
        description=_DESCRIPTION,
        epilog=_EPILOGUE,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    table = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    named = next((word for word in words if not word.startswith("-")), None)
    for entry in commands:
        listed: dict[str, Any] = {"help": entry.summary} if entry.summary else {}
        its = table.add_parser(entry.name, **listed, formatter_class=RawDescriptionHelpFormatter, allow_abbrev=False)
        if entry.name == named:
            command = entry.load()
            its.description = command.description
            command.arguments(its)
            its.set_defaults(run=command.run)
            its.intermixed = command.intermixed
    return parser


def _fail(sentence: str) -> None:
    complain(sentence, by=PROGRAM)


if __name__ == "__main__":
    sys.exit(main())
