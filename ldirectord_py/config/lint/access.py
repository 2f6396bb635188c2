"""Who may change what the director reads and runs: a configuration that anybody can write is anybody's."""

from collections.abc import Iterator
from pathlib import Path

from ldirectord_py.config.lint.rule import Context
from ldirectord_py.model.checks.check_options import CheckType

_BY_ALL = 0o002
_BY_GROUP = 0o020
_STICKY = 0o1000
_BY_PROGRAM = {CheckType.EXTERNAL, CheckType.EXTERNAL_PERL}
_TRUSTED = frozenset({"root", "ldirectord"})


def writable(context: Context) -> Iterator[tuple[int, str]]:
    """Yield each file or folder that others than root can write and that what the director does depends on."""
    told: set[str] = set()
    for path, number, what in _depended_upon(context):
        for each in (Path(path), *Path(path).parents):
            name = str(each)
            if name in told or not path.startswith("/"):
                continue
            told.add(name)
            if who := _writers(context, name, folder=name != path):
                inside = "" if name == path else f", in which {path} is,"
                yield number, f"{what}: {name}{inside} can be written by {who}, who so gain the rights of the director"


def as_the_director(context: Context) -> Iterator[tuple[int, str]]:
    """Yield the first external check that runs as the director's own user, which is root where it is no unit."""
    for place in context.places:
        for options in place.all_options:
            if options.checktype in _BY_PROGRAM and options.checkuser is None:
                sentence = "checkcommand: it runs as root where root starts the director; checkuser names another user"
                yield place.line("checkcommand"), sentence
                return


def _depended_upon(context: Context) -> Iterator[tuple[str, int, str]]:
    """Yield paths, the numbers of the lines that name them, and what they are."""
    for path in context.files.paths:
        yield str(Path(path).absolute()), 0, "configuration"
    for line in context.tree.lines:
        if line.name == "maintenancedir" and context.config.maintenancedir:
            yield context.config.maintenancedir, line.number, "maintenancedir"
        if line.name == "callback" and context.config.callback:
            yield context.config.callback.split(" ", 1)[0], line.number, "callback"
    for place in context.places:
        for options in place.all_options:
            if options.checktype in _BY_PROGRAM:
                yield options.checkcommand, place.line("checkcommand"), "checkcommand"
        if place.virtual.fallbackcommand:
            program = place.virtual.fallbackcommand.split(" ", 1)[0]
            yield program, place.line("fallbackcommand"), "fallbackcommand"


def _writers(context: Context, path: str, *, folder: bool) -> str:
    """Say who can write *path* and should not; nothing where nobody can."""
    mode = context.machine.mode(path)
    if mode is None or (folder and mode & _STICKY):
        return ""
    if mode & _BY_ALL:
        return f"everybody (mode {mode:04o})"
    group = context.machine.group(path) if mode & _BY_GROUP else None
    return f"the group {group} (mode {mode:04o})" if group is not None and group not in _TRUSTED else ""
