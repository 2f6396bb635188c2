"""Whether the programs that a configuration names are there, and can be started."""

import re
from collections.abc import Iterator
from pathlib import Path

from ldirectord_py.config.grammar.directive import quoted, shown
from ldirectord_py.config.lint.rule import Context
from ldirectord_py.model.checks.check_options import CheckType

_ONE_WORD = re.compile(r"[\w@%+:,./-]+", re.ASCII)
"""Nothing that means anything to the shell."""
_OF_THE_SHELL = frozenset(
    {".", ":", "command", "echo", "eval", "exec", "exit", "export", "false", "if", "printf", "set"}
)
_OF_THE_SHELL |= {"case", "cd", "for", "return", "test", "trap", "true", "umask", "unset", "until", "wait", "while"}
"""What no file needs to be there for."""
_PASSWORD = re.compile(r"((?:pass\w*|pwd?|secret|token|key|login)(?:\s*=\s*|\s+))\S+|(?<=-p)\S+", re.IGNORECASE)


def missing_programs(context: Context) -> Iterator[tuple[int, str]]:
    """Yield each program that is not there or cannot be started, with the line that names it."""
    yield from _of_checks(context)
    for line in context.tree.lines:
        callback = context.config.callback
        if line.name == "callback" and callback and (why := _one_path("callback", context, callback)):
            yield line.number, why
    for number, program in dict.fromkeys(_fallbackcommands(context)):
        if why := _unusable(context, program):
            yield number, f"fallbackcommand: {why}"


def missing_instances(context: Context) -> Iterator[tuple[int, str]]:
    """Yield each value of `execute` that names no configuration."""
    for line in context.tree.lines:
        name = (line.value or "").strip()
        if line.name != "execute" or not _ONE_WORD.fullmatch(name):
            continue  # the shell's own matters cannot be told from here
        places = [*(f"{folder}/{name}" for folder in context.machine.config_dirs), str(Path("/", name))]
        there = [place for place in places if context.machine.mode(place) is not None]
        if not there:
            yield line.number, f"execute: there is no configuration {shown(name)}: none of {', '.join(places)}"
        elif all(map(context.machine.folder, there)):
            yield line.number, f"execute: {shown(name)} is a directory, and no configuration"


def _of_checks(context: Context) -> Iterator[tuple[int, str]]:
    for place in context.places:
        for options in place.all_options:
            command = options.checkcommand
            if options.checktype is CheckType.EXTERNAL_PERL:
                yield from ((place.line("checkcommand"), each) for each in _script_troubles(context, command))
            elif options.checktype is CheckType.EXTERNAL and (why := _one_path("checkcommand", context, command)):
                yield place.line("checkcommand"), why


def _script_troubles(context: Context, command: str) -> Iterator[str]:
    """Yield what keeps perl from a script, which needs no right to be executed."""
    if context.machine.which("perl") is None:
        yield "checktype=external-perl: there is no perl in PATH"
    path = str(Path("/", command))
    if context.machine.mode(path) is None:
        yield _with_arguments("checkcommand", command) if " " in command else f"checkcommand: there is no {shown(path)}"
    elif context.machine.folder(path):
        yield f"checkcommand: {shown(path)} is a directory"


def _one_path(directive: str, context: Context, command: str) -> str:
    """Say why *command*, which is one path without arguments, cannot be started."""
    why = _unusable(context, command)
    return _with_arguments(directive, command) if why and " " in command else f"{directive}: {why}" if why else ""


def _fallbackcommands(context: Context) -> Iterator[tuple[int, str]]:
    """Yield the lines of fallbackcommands and their programs, as far as that shows in what the shell is given."""
    for place in context.places:
        command = place.virtual.fallbackcommand
        program = command.split(maxsplit=1)[0] if command and command.strip() else ""
        if _ONE_WORD.fullmatch(program) and program not in _OF_THE_SHELL:
            yield place.line("fallbackcommand"), program


def _unusable(context: Context, program: str) -> str:
    """Say why *program* cannot be started, which is run in `/`; nothing: that does not show."""
    if "/" not in program:
        found = context.machine.which(program)
        if found is None:
            return f"there is no {shown(program)} in PATH"
        path = found
    else:
        path = str(Path("/", program))
    mode = context.machine.mode(path)
    if mode is None:
        return f"there is no {shown(path)}"
    if context.machine.folder(path):
        return f"{shown(path)} is a directory"
    if not mode & 0o111:
        return f"{shown(path)} is not executable"
    why = _no_interpreter(context, path)
    return f"{shown(path)} {why}" if why else ""


def _no_interpreter(context: Context, path: str) -> str:
    """Say why the kernel finds no interpreter for a script, and calls that "No such file"."""
    first = context.machine.first_line(path)
    if not first.startswith(b"#!"):
        return ""
    if first.endswith(b"\r"):
        return "has a first line that ends in CR LF, so that no interpreter is found: save it with LF alone"
    words = first[2:].split()
    interpreter = words[0].decode("utf-8", "surrogateescape") if words else ""
    if context.machine.mode(interpreter) is None:
        return f"asks for the interpreter {quoted(interpreter)}, which is not there"
    return ""


def _with_arguments(directive: str, command: str) -> str:
    arguments = _PASSWORD.sub(r"\1***", command.partition(" ")[2])
    return f'{directive} is one path without arguments; "{shown(arguments)}" was taken as part of it'
