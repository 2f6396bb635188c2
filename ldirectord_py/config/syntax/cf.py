"""`ldirectord.cf` as a raw tree: its lines, cut exactly as the original cuts them."""

import re
from dataclasses import dataclass, field

from ldirectord_py.config.grammar import invisible
from ldirectord_py.config.grammar.directive import quoted
from ldirectord_py.config.grammar.directives.all_directives import redacted
from ldirectord_py.config.grammar.tree import MOST_LINES, Line, Section, Tree

_OPENING = re.compile(r"(virtual6?)\s*=\s*(.*)", re.ASCII | re.DOTALL)
_DIRECTIVE = re.compile(r"(\w*)\s*(=?)\s*(.*)", re.ASCII | re.DOTALL)
_COMMENT_OR_BLANK = re.compile(r"\s*(#|$)", re.ASCII)
_INDENT = " " * 4
_AT_THE_MARGIN = "start the line at the margin"
_CARRIAGE = "lines end in CR LF, as in Windows, and a value without quotes gets the CR as its last letter"
_BYTE_ORDER_MARK = "\ufeff"


def directive(number: int, body: str, text: str) -> Line:
    """Return line *number*, which says *body*, as a directive."""
    match = _DIRECTIVE.match(body)
    name, equals, value = match.groups() if match else ("", "", "")
    bare = not equals and not value
    return Line(number, name if equals or bare else "", value if equals else None, text)


def read(text: bytes, path: str, start: int = 0) -> Tree:
    """Return the lines of *text*, counted after *start*; bytes that are no UTF-8 are kept as surrogate escapes."""
    return _Reading(path, start).run(text.decode("utf-8", "surrogateescape").split("\n"))


@dataclass(slots=True)
class _Reading:
    """The state of going through a file: global mode, or within a section."""

    path: str
    start: int
    globals: list[Line] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)
    opening: Line | None = None
    body: list[Line] = field(default_factory=list)
    carriage: bool = False
    """That lines end in CR LF was told."""
    ended_by: str = ""
    """The line that ended the last section."""
    told: int = -1
    """How many sections there were when an indented line outside of any was told: once is enough for all of them."""

    def run(self, lines: list[str]) -> Tree:
        if lines and not lines[-1]:
            lines.pop()
        if len(lines) > MOST_LINES:
            self.problem(self.start, f"expected at most {MOST_LINES} lines, but got {len(lines)}")
            lines = []
        for number, text in enumerate(lines, self.start + 1):
            self.note(number, text)
            if self.opening is None or not self.within(number, text):
                self.outside(number, text)
        if self.opening is not None:
            self.close(self.start + len(lines))
        notes = tuple(self.notes)
        return Tree(self.path, tuple(self.globals), tuple(self.sections), tuple(self.problems), notes=notes)

    def note(self, number: int, text: str) -> None:
        """Take down what looks like something else in a line."""
        if text.endswith("\r") and not self.carriage:
            self.carriage = True
            self.notes.append((number, f"{_CARRIAGE}; save the file with LF alone"))
        if not text.isascii() and not invisible.begins(text) and (what := invisible.told(text)):
            self.notes.append((number, what))

    def within(self, number: int, text: str) -> bool:
        """Take a line as part of the open section; return whether it is."""
        if text.lstrip(" \t\n\r\f\v").startswith("#"):
            return True
        body = text.partition("#")[0].replace("\t", _INDENT)
        if not body.startswith(_INDENT) or len(body) == len(_INDENT):
            return False
        if not body.strip(" "):
            self.problem(number, "a line of blanks only, five columns or more, is no directive; empty it or remove it")
        elif self.opening is not None and _OPENING.match(body.lstrip(" ")):
            of = Section(self.opening, (), number).label
            self.problem(number, f"indented, so it is read as a directive of {of}; {_AT_THE_MARGIN}")
        else:
            self.body.append(directive(number, body.lstrip(" "), text))
        return True

    def outside(self, number: int, text: str) -> None:
        if self.opening is not None:
            self.close(number)
            self.ended_by = text
        if _COMMENT_OR_BLANK.match(text):
            return
        if text[0] not in " \t":
            self.column_0(number, text)
        elif self.told != len(self.sections):
            self.told = len(self.sections)
            self.homeless(number, text)

    def column_0(self, number: int, text: str) -> None:
        if match := _OPENING.match(text):
            self.opening = Line(number, match[1], match[2], text)
            self.body = []
        elif text.startswith(_BYTE_ORDER_MARK):
            self.problem(number, "the file begins with a byte order mark; save it as UTF-8 without one")
        elif invisible.begins(text):
            self.problem(number, invisible.what(text[0]))
        else:
            self.globals.append(directive(number, text, text))

    def close(self, end: int) -> None:
        if self.opening is not None:
            self.sections.append(Section(self.opening, tuple(self.body), end, lost=end == self.opening.number))
            self.opening = None

    def homeless(self, number: int, text: str) -> None:
        """Tell why an indented line belongs to no section; operators meet this most often of all."""
        if _OPENING.match(text.lstrip()):
            self.problem(number, f"indented, so no virtual begins here; {_AT_THE_MARGIN}")
            return
        what = f"unknown directive {quoted(redacted(text))}"
        if not self.sections:
            why = "it is indented, but no virtual stands above it; global directives begin in the first column"
            self.problem(number, f"{what}: {why}")
            return
        section = self.sections[-1]
        if section.end == number:
            why = f"the directives of {section.label} need a TAB or at least four blanks in front"
            self.problem(number, f"{what}: {why}")
        elif _COMMENT_OR_BLANK.match(self.ended_by):
            why = f"a blank line at line {section.end - self.start} ended the section of {section.label}"
            self.problem(number, f"{what}: {why}; remove it, or put a # at its beginning")
        elif not invisible.begins(self.ended_by):
            # What is wrong with the lines that should be indented is told when they are.
            self.globals = [line for line in self.globals if line.number < section.end]
            self.problem(section.end, "not indented, so it ended the section; indent it and what follows")

    def problem(self, number: int, sentence: str) -> None:
        self.problems.append((number, sentence))
