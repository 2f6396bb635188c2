"""Whether the programs that a configuration names are there, and can be started."""

import re
from collections.abc import Iterator

from ldirectord_py.config.directive import quoted, shown
from ldirectord_py.config.lint.rule import Sight
from ldirectord_py.model.asking import CheckType

_PASSWORD = re.compile(r"((?:pass\w*|pwd?|secret|token|key|login)(?:\s*=\s*|\s+))\S+|(?<=-p)\S+", re.IGNORECASE)


def missing_programs(sight: Sight) -> Iterator[tuple[int, str]]:
    """Yield each program that is not there or cannot be started, with the line that names it."""
    yield from _of_checks(sight)
    told: set[tuple[int, str]] = set()
    for number, directive, program in _others(sight):
        if (number, program) not in told and program.startswith("/"):
            told.add((number, program))
            if why := _unusable(sight, program):
                yield number, f"{directive}: {why}"


def _of_checks(sight: Sight) -> Iterator[tuple[int, str]]:
    for place in sight.places:
        for asking in place.askings:
            command = asking.checkcommand
            if asking.checktype is CheckType.EXTERNAL_PERL and sight.machine.mode(command) is not None:
                continue  # perl reads it, and needs no right to execute it
            if asking.checktype in {CheckType.EXTERNAL, CheckType.EXTERNAL_PERL}:
                if " " in command and sight.machine.mode(command) is None:
                    yield place.line("checkcommand"), _with_arguments(command)
                elif why := _unusable(sight, command):
                    yield place.line("checkcommand"), f"checkcommand: {why}"


def _others(sight: Sight) -> Iterator[tuple[int, str, str]]:
    """Yield line, directive and program of whatever else is run; its arguments stand behind a blank."""
    for line in sight.tree.lines:
        if line.name == "callback" and sight.config.callback:
            yield line.number, "callback", sight.config.callback.split(" ", 1)[0]
    for place in sight.places:
        if place.virtual.fallbackcommand:
            yield place.line("fallbackcommand"), "fallbackcommand", place.virtual.fallbackcommand.split(" ", 1)[0]


def _unusable(sight: Sight, path: str) -> str:
    """Say why the program *path* cannot be started; nothing: that does not show."""
    mode = sight.machine.mode(path)
    if mode is None:
        return f"there is no {shown(path)}"
    if not mode & 0o111:
        return f"{shown(path)} is not executable"
    why = _no_interpreter(sight, path)
    return f"{shown(path)} {why}" if why else ""


def _no_interpreter(sight: Sight, path: str) -> str:
    """Say why the kernel finds no interpreter for a script, and calls that "No such file"."""
    first = sight.machine.first_line(path)
    if not first.startswith(b"#!"):
        return ""
    if first.endswith(b"\r"):
        return "has a first line that ends in CR LF, so that no interpreter is found: save it with LF alone"
    words = first[2:].split()
    interpreter = words[0].decode("utf-8", "surrogateescape") if words else ""
    if sight.machine.mode(interpreter) is None:
        return f"asks for the interpreter {quoted(interpreter)}, which is not there"
    return ""


def _with_arguments(command: str) -> str:
    arguments = _PASSWORD.sub(r"\1***", command.partition(" ")[2])
    return f'checkcommand is one path without arguments; "{shown(arguments)}" was taken as part of it'
