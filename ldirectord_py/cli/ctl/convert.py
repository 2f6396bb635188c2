"""`ldirectorctl convert`: a configuration in the other syntax."""

import os
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from pathlib import Path

from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.terminal import tell
from ldirectord_py.config.convert.conversion import Syntax, convert, syntax_of
from ldirectord_py.config.grammar.directive import Unreadable
from ldirectord_py.config.syntax.files import content
from ldirectord_py.model.errors import ConfigRejected, DirectorError
from ldirectord_py.model.problems import Problem

_DESCRIPTION = """\
Write a ldirectord.cf as YAML, or a YAML file as ldirectord.cf, with its comments. What is
written is read again and compared: it means exactly the same, or nothing is written.

A file whose name ends in .yaml or .yml is YAML, any other is a ldirectord.cf. Files that it
includes are not converted, and still included.

What only YAML can say (several checks of a server, references to secrets) cannot be written as
ldirectord.cf; it is told with its line.
"""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the configuration")
    parser.add_argument(
        "-o", "--output", metavar="OUT", help="write OUT (readable by its owner only) instead of standard output"
    )
    parser.add_argument("--to", choices=list(Syntax), type=Syntax, help="what to write; by default what FILE is not")


def _run(asked: Namespace) -> ExitStatus:
    path, out = str(asked.file), asked.output
    source = syntax_of(path)
    if asked.to is source:
        raise DirectorError(f"{path} is {source} already, by its name")
    if out is not None and syntax_of(out) is source:
        expected = "a name in .yaml or .yml" if source is Syntax.CF else "a name in neither .yaml nor .yml, such as .cf"
        raise DirectorError(f"{out}: expected {expected}: what is written would be read as {source}")
    try:
        text = content(path)
    except Unreadable as exc:
        raise ConfigRejected([Problem(path, 0, str(exc))]) from None
    result = convert(text, path, out)
    if out is None and sys.stdout.isatty():
        tell(result.decode("utf-8", "surrogateescape"))
    elif out is None:
        sys.stdout.buffer.write(result)
    else:
        _write(Path(out), result)
    return ExitStatus.FINE


def _write(out: Path, result: bytes) -> None:
    """Put *result* in the place of *out* as a whole; it may hold passwords, so that nobody else is to read it."""
    descriptor, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(result)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
