"""The table of commands: a new one is a module in this folder and a row here."""

from ldirectord_py.cli.ctl.command import Command
from ldirectord_py.cli.ctl.convert import CONVERT
from ldirectord_py.cli.ctl.demo import DEMO
from ldirectord_py.cli.ctl.lint import LINT
from ldirectord_py.cli.ctl.plan import PLAN
from ldirectord_py.cli.ctl.replay import REPLAY

COMMANDS: tuple[Command, ...] = (CONVERT, DEMO, LINT, PLAN, REPLAY)
