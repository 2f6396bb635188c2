"""All files of a configuration as one tree: the file itself, and what it includes."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from ldirectord_py.config.grammar.diagnostics import MOST
from ldirectord_py.config.grammar.directive import Scope, Unreadable, Void
from ldirectord_py.config.grammar.directives.all_directives import rows
from ldirectord_py.config.grammar.directives.director_directives import INCLUDE
from ldirectord_py.config.grammar.tree import Line, Section, SourceMap, Tree
from ldirectord_py.config.grammar.values import unknown
from ldirectord_py.config.syntax import cf
from ldirectord_py.config.syntax.references import REFERENCES, Refer
from ldirectord_py.config.syntax.sources import SourceReader, beside
from ldirectord_py.model.text.escaping import printable

MOST_FILES = 1000
MOST_WILD = 2
"""So many folders and names of a pattern may have wildcards: more would search through a whole disk."""
DEEPEST = 10
"""So many files may include one another in a row."""
_MAGIC = frozenset("*?[")


def gather(text: bytes, path: str, reading: SourceReader) -> tuple[Tree, SourceMap]:
    """Return what the file *path*, which holds *text*, and all files that it includes say together."""
    gathering = _Gathering(reading, SourceMap(path))
    lines, sections = gathering.file(path, text, (), ())
    problems, defaults, notes = gathering.problems, gathering.defaults, gathering.notes
    return Tree(path, lines, sections, tuple(problems), tuple(defaults), tuple(notes)), gathering.files


def read(text: bytes, path: str, start: int, refer: Refer) -> Tree:
    """Return what one file says, its lines counted after *start*; *refer* knows what stands elsewhere."""
    if b"\0" in text:
        line = start + text.count(b"\n", 0, text.index(b"\0")) + 1
        return Tree(path, problems=((line, "this is no text file: it holds a NUL byte"),))
    if not is_yaml(path):
        return cf.read(text, path, start)
    from ldirectord_py.config.syntax import yaml_file  # noqa: PLC0415  # most directors have no file in YAML

    return yaml_file.read(text, path, start, refer)


def is_yaml(path: str) -> bool:
    """Return whether the file *path* is taken for YAML: by its name, since no text tells for certain."""
    return path.lower().endswith((".yaml", ".yml"))


@dataclass(slots=True)
class _Gathering:
    reading: SourceReader
    files: SourceMap
    problems: list[tuple[int, str]] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)
    defaults: list[Line] = field(default_factory=list)
    """Those of all files."""
    seen: dict[str, int] = field(default_factory=dict)
    """The files read, by their real paths, and where each was asked for."""

    def file(
        self, path: str, text: bytes, defaults: tuple[Line, ...], within: tuple[str, ...]
    ) -> tuple[tuple[Line, ...], tuple[Section, ...]]:
        """Return the global directives of a file, and its sections with those of the files that it includes behind."""
        self.seen.setdefault(os.path.realpath(path), 0)
        tree = self.read(path, text)
        self.problems += tree.problems
        self.notes += tree.notes
        self.defaults += tree.defaults
        own = {line.name for line in tree.defaults}
        defaults = (*(line for line in defaults if line.name not in own), *tree.defaults)
        sections = [section.with_defaults(defaults) for section in tree.sections]
        for line in tree.lines:
            if line.name == INCLUDE.name:
                for name in self.asked_for(line, path, (*within, path)):
                    sections += self.included(line, name, defaults, (*within, path))
        return tree.lines, tuple(sections)

    def read(self, path: str, text: bytes) -> Tree:
        start = self.files.add(path, text.count(b"\n") + 1)
        return read(text, path, start, lambda kind, name: self.referred(kind, name, path))

    def referred(self, kind: str, name: str, path: str) -> str:
        """Return what a reference in the file *path* stands for; raises `Unreadable`."""
        try:
            return REFERENCES[kind](self.reading, path, name)
        except Unreadable:
            if self.reading.absent is None:
                raise
            return self.reading.absent

    def asked_for(self, line: Line, path: str, within: tuple[str, ...]) -> Iterator[str]:
        """Yield the paths that an `include` stands for, as far as they may be read."""
        try:
            pattern = beside(path, INCLUDE.reader.read(line.value or "") or "")
        except (Unreadable, Void):
            return  # told where the values are read
        found = self.matching(line, pattern)
        if len(within) >= DEEPEST:
            self.refuse(line, f"more than {DEEPEST} files include one another in a row")
            return
        for name in found:
            if len(self.problems) > MOST:
                return
            real = os.path.realpath(name)
            if real in map(os.path.realpath, within):
                self.refuse(line, f"{printable(name)} would include itself")
            elif real in self.seen:
                first = self.files.told(self.seen[real], beside=line.number)
                self.refuse(line, f"{printable(name)} is included already, from {first}")
            elif len(self.seen) >= MOST_FILES:
                self.refuse(line, f"expected at most {MOST_FILES} files")
                return
            else:
                self.seen[real] = line.number
                yield name

    def matching(self, line: Line, pattern: str) -> tuple[str, ...]:
        """Return the paths that *pattern* stands for; none where those are too many, or there are none."""
        if sum(bool(_MAGIC & set(part)) for part in pattern.split("/")) > MOST_WILD:
            self.refuse(
                line, f"expected wildcards in at most {MOST_WILD} parts of a path, but got {printable(pattern)}"
            )
            return ()
        found = self.reading.matches(pattern)
        if len(found) > MOST_FILES:
            self.refuse(line, f"{printable(pattern)} stands for more than {MOST_FILES} files")
            return ()
        if not found and not _MAGIC & set(pattern):
            self.refuse(line, f"there is no file {printable(pattern)}")
        return found

    def included(
        self, line: Line, path: str, defaults: tuple[Line, ...], within: tuple[str, ...]
    ) -> tuple[Section, ...]:
        try:
            text = self.reading.read(path)
        except Unreadable as exc:
            self.refuse(line, f"{printable(path)} {exc}")
            return ()
        lines, sections = self.file(path, text, defaults, within)
        sentence = f"a global directive belongs into {printable(self.files.main)}, not into a file that is included"
        for each in lines:
            if each.name in rows(Scope.GLOBAL) and each.name != INCLUDE.name:
                self.problems.append((each.number, f"{each.name}: {sentence}"))
            elif each.name != INCLUDE.name:
                self.problems.append((each.number, unknown(each, Scope.GLOBAL)))
        return sections

    def refuse(self, line: Line, sentence: str) -> None:
        self.problems.append((line.number, f"{INCLUDE.name}: {sentence}"))
