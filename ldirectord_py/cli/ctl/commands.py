"""The table of commands: a new one is a module in this folder and a row here.

A module is imported when its command is carried out: all of them together take longer than any of them.
"""

from functools import partial
from importlib import import_module

from ldirectord_py.cli.ctl.command import Command, CommandEntry


def _loaded(module: str) -> Command:
    command: Command = import_module(f"{__package__}.{module}").COMMAND
    return command


def _entry(name: str, summary: str) -> CommandEntry:
    return CommandEntry(name, summary, partial(_loaded, name))


COMMANDS: tuple[CommandEntry, ...] = (
    _entry("plan", "say what a configuration would change in the kernel's table now"),
    _entry("lint", "tell what is legal in a configuration and probably not meant"),
    _entry("convert", "write a ldirectord.cf as YAML, or the other way round"),
    _entry("replay", "tell again what a director has recorded, or what another configuration would have made of it"),
    _entry("demo", "show on three small web servers what a director does"),
)
"""In the order of the help: what is asked and done often comes first."""
