"""`ldirectorctl lint`: what is legal in a configuration and probably not meant."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from itertools import groupby

from ldirectord_py.cli.ctl.command import ExitStatus, Subcommand
from ldirectord_py.cli.environment import Environment
from ldirectord_py.cli.instances import find_config
from ldirectord_py.cli.rendering import TableRow, on_terminal, tell_rows
from ldirectord_py.cli.terminal import Style, tell
from ldirectord_py.config.lint.linting import IDS, lint
from ldirectord_py.config.lint.machine import Machine
from ldirectord_py.config.lint.rules import READING, RULES
from ldirectord_py.config.load import locate
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.model.problems import Problem

_DESCRIPTION = """\
Tell everything in FILE that is legal and probably not meant, one finding a line: FILE:LINE: ID: what it is.

Run it on the director that FILE is for: it looks at this machine's addresses and its kernel's schedulers.
A finding is silenced by --ignore ID, by a comment '# lint: ignore=ID, ID' at the end of its line or on the line
above, or for a whole file by '# lint: ignore-file=ID'.
"""


class UnknownId(DirectorError):
    """An id that no finding has."""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", nargs="?", help="looked for as ldirectord does: in /etc/ha.d first")
    parser.add_argument(
        "--ignore", metavar="ID", action="append", default=[], help="silence a finding; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="a JSON list, for programs")
    parser.add_argument("--list", action="store_true", help="list all ids with what they mean, and end")


def _run(asked: Namespace) -> ExitStatus:
    if asked.list:
        _list()
        return ExitStatus.FINE
    if unknown := [name for name in asked.ignore if name not in IDS]:
        raise UnknownId(f"expected one of {', '.join(sorted(IDS))} after --ignore, but got {', '.join(unknown)}")
    located = locate(find_config(asked.file, Environment.of_process().config_dirs))
    found = lint(located, Machine.this(), asked.ignore)
    if asked.json:
        told = [{"path": each.path, "line": each.line, "id": each.id, "text": each.text} for each in found]
        tell(json.dumps(told, indent=2))
        return ExitStatus.FOUND if found else ExitStatus.FINE
    _show(found)
    if not found:
        tell(f"{located.config.path}: nothing to remark on")
    return ExitStatus.FOUND if found else ExitStatus.FINE


def _show(found: Sequence[Problem]) -> None:
    for path, theirs in groupby(found, key=lambda each: each.path):
        if on_terminal():
            tell(path, Style.BOLD)
        tell_rows([_row(each) for each in theirs], indent=2)


def _row(found: Problem) -> TableRow:
    place = f"{found.path}:{found.line}" if found.line else found.path
    line = f"line {found.line}" if found.line else ""
    return TableRow(f"{place}: {found.id}: {found.text}", (line, found.id, found.text), Style.YELLOW)


def _list() -> None:
    width = max(map(len, IDS))
    known = sorted([*((rule.id, rule.summary) for rule in RULES), *READING.items()])
    tell_rows([TableRow(f"{name:<{width}}  {summary}", (name, summary)) for name, summary in known])


COMMAND = Subcommand(description=_DESCRIPTION, arguments=_arguments, run=_run)
