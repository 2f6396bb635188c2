"""The table of commands: a new one is a module beside this one and a row here."""

from ldirectord_py.cli.control.command import Command
from ldirectord_py.cli.control.convert import CONVERT
from ldirectord_py.cli.control.lint import LINT
from ldirectord_py.cli.control.plan import PLAN

COMMANDS: tuple[Command, ...] = (CONVERT, LINT, PLAN)
