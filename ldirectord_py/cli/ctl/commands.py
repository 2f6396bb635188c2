"""The table of commands: a new one is a module in this folder, or in one below it, and a row here.

A module is imported when its command is carried out: all of them together take longer than any of them.
"""

from functools import partial
from importlib import import_module

from ldirectord_py.cli.ctl.command import CommandEntry, Subcommand


def _loaded(module: str) -> Subcommand:
    command: Subcommand = import_module(f"{__package__}.{module}").COMMAND
    return command


def _entry(name: str, summary: str, folder: str = "") -> CommandEntry:
    return CommandEntry(name, summary, partial(_loaded, f"{folder}{name}"))


COMMANDS: tuple[CommandEntry, ...] = (
    _entry("status", "say how the virtual services and their servers are"),
    _entry("why", "say why a server is in or out, and what would change that"),
    _entry("events", "say what happened, and what happens"),
    _entry("history", "say what the last checks of a server found"),
    _entry("top", "show all servers live, on the whole terminal"),
    _entry("check", "check a server once, now, and show each step"),
    _entry("drain", "give a server no new connections, and let those that are open end"),
    _entry("maintain", "take a server out"),
    _entry("enable", "undo a drain, a maintenance or a weight: checks decide again"),
    _entry("weight", "give a server another weight"),
    _entry("reload", "have the daemon read its configuration again, and say what changed"),
    _entry("role", "say whether the daemon is active or standby, or set it", "cluster."),
    _entry("plan", "say what a configuration would change in the kernel's table now"),
    _entry("lint", "tell what is legal in a configuration and probably not meant"),
    _entry("convert", "write a ldirectord.cf as YAML, or the other way round"),
    _entry("replay", "tell again what a director has recorded, or what another configuration would have made of it"),
    _entry("doctor", "say what of this machine keeps it from directing what a configuration says", "machine."),
    _entry(
        "realserver",
        "make this machine a real server for direct routing or tunnelling, or say what is wrong with it",
        "machine.",
    ),
    _entry("announce", "announce VIPs over BGP while they are served, by ExaBGP or BIRD", "announcing."),
    _entry("demo", "show on three small web servers what a director does"),
    _entry("names", ""),
)
"""In the order of the help: what is asked and done often comes first."""
