"""Finds what is probably not meant, and leaves out what was silenced."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from ldirectord_py.config.lint.machine import Machine
from ldirectord_py.config.lint.rule import Context
from ldirectord_py.config.lint.rules import READING, RULES
from ldirectord_py.config.load import Located
from ldirectord_py.model.problems import Problem, Severity

IDS: frozenset[str] = frozenset(rule.id for rule in RULES) | frozenset(READING)

_SILENCE = re.compile(r"#\s*lint:\s*ignore(-file)?\s*=\s*([\w, -]+)")
_COMMENT = re.compile(r"\s*#")


@dataclass(frozen=True, slots=True)
class Silenced:
    """What the comments of one file silence: ids, each for the whole file or for lines."""

    everywhere: frozenset[str]
    lines: frozenset[tuple[int, str]]

    def covers(self, problem: Problem) -> bool:
        """Return whether *problem*, which is of this file, is not to be told."""
        return problem.id in self.everywhere or (problem.line, problem.id) in self.lines


def lint(located: Located, machine: Machine, ignored: Collection[str] = ()) -> list[Problem]:
    """Return what is legal in a configuration and probably not meant, by file and line.

    Left out are the ids in *ignored*, and what comments silence: `# lint: ignore=ID, ID` at the end
    of a line or above it, `# lint: ignore-file=ID` anywhere in the file.
    """
    context = Context(located.config, located.tree, located.files, machine)
    # What a global line means for every virtual is told once.
    rules = {rule.id for rule in RULES} - {"no-effect"}
    found = dict.fromkeys(warning for warning in located.config.warnings if warning.id not in rules)
    for rule in RULES:
        for number, sentence in rule.examine(context):
            found[Problem(*located.files.place(number), sentence, Severity.WARNING, rule.id)] = None
    silenced = {path: _silenced(path) for path in {problem.path for problem in found}}
    told = (problem for problem in found if problem.id not in ignored and not silenced[problem.path].covers(problem))
    return sorted(told, key=lambda problem: (problem.path != located.config.path, problem.path, problem.line))


def _silenced(path: str) -> Silenced:
    try:
        text = Path(path).read_text("utf-8", "surrogateescape")
    except OSError:
        text = ""
    everywhere: set[str] = set()
    lines: set[tuple[int, str]] = set()
    for number, whole_file, ids in _comments(text):
        if whole_file:
            everywhere.update(ids)
        else:
            lines.update((number, name) for name in ids)
    return Silenced(frozenset(everywhere), frozenset(lines))


def _comments(text: str) -> Iterator[tuple[int, bool, list[str]]]:
    """Yield for each comment that silences: the line it is about, whether it is about the whole file, and the ids."""
    pending: list[tuple[bool, list[str]]] = []
    for number, line in enumerate(text.split("\n"), 1):
        alone = _COMMENT.match(line) is not None
        if match := _SILENCE.search(line):
            pending.append((bool(match[1]), [name.strip() for name in match[2].split(",")]))
        if not alone:
            for whole_file, ids in pending:
                yield number, whole_file, ids
            pending.clear()
    for whole_file, ids in pending:
        yield 0, whole_file, ids
