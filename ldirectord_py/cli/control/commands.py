"""The table of commands: a new one is a module beside this one and a row here."""

from ldirectord_py.cli.control.command import Command

COMMANDS: tuple[Command, ...] = ()
