"""Writes a tree as `ldirectord.cf`, or says why that is not possible."""

from collections.abc import Iterator
from dataclasses import replace

from ldirectord_py.config.convert.comments import Comments
from ldirectord_py.config.convert.effective import Effective, effective
from ldirectord_py.config.grammar.directive import Scope, Unreadable, Void
from ldirectord_py.config.grammar.directives.check_directives import CHECKS
from ldirectord_py.config.grammar.server_lines import FallbackLine, RealLine
from ldirectord_py.config.grammar.tree import Line, Section, Tree
from ldirectord_py.config.grammar.virtual_line import read_opening


def write(tree: Tree, comments: Comments) -> tuple[str, list[tuple[int, str]]]:
    """Return the text of a `ldirectord.cf`, and what it cannot say: line numbers and sentences."""
    writing = _Writing(comments)
    lines = [*writing.globals(tree)]
    for section in tree.sections:
        lines += ["", *writing.section(section.with_defaults(tree.defaults))]
    if tree.sections and not tree.sections[-1].lines:
        lines.append("")  # the last line of a file must not be an opening
    rest = comments.take_rest()
    lines += [*([""] if rest and tree.sections else []), *map(_comment, rest)]
    while lines and not lines[0]:
        lines.pop(0)
    return "".join(f"{line}\n" for line in lines), writing.problems


def _comment(text: str | None) -> str:
    return "" if text is None else f"#{text}"


class _Writing:
    def __init__(self, comments: Comments) -> None:
        self.comments = comments
        self.problems: list[tuple[int, str]] = []

    def globals(self, tree: Tree) -> Iterator[str]:
        for meaning in effective(tree.lines, Scope.GLOBAL):
            number = meaning.line.number
            beside = self.comments.take_beside(number)
            # Here a # behind a value would be part of it.
            yield from map(_comment, (*self.comments.take_above(number), *([f" {beside}"] if beside else [])))
            if (text := self.text(meaning)) is not None:
                yield f"{meaning.row.name} = {text}"

    def section(self, section: Section) -> Iterator[str]:
        opening = section.opening
        read = read_opening(opening.name, opening.value or "")
        what = str(read.mark) if read.mark is not None else f"{read.host}:{read.port}"
        yield from map(_comment, self.comments.take_above(opening.number))
        yield f"{opening.name} = {what}{self.beside(opening)}"
        for meaning in effective(self.expanded(section), Scope.SECTION):
            # An empty line would end the section.
            above = self.comments.take_above(meaning.line.number)
            yield from (f"\t{_comment(comment)}" for comment in above if comment is not None)
            text = self.text(meaning, section=True)
            beside = self.beside(meaning.line)
            if beside and text is not None and self.read(meaning, f"{text} ") != _without_notes(meaning.value):
                # The blank in front of the comment would be part of the value.
                yield f"\t{beside[1:]}"
                beside = ""
            if text is not None:
                yield f"\t{meaning.row.name} = {text}{beside}"

    def expanded(self, section: Section) -> Iterator[Line]:
        """Yield the directives of *section*, with those of its check in place of `checks`, if there is one only."""
        checks = next((line.meant for line in section.lines if line.name == CHECKS.name), ())
        its: tuple[Line, ...] = checks[0] if isinstance(checks, tuple) and len(checks) == 1 else ()
        said = {line.name for line in its}
        for line in section.lines:
            if line.name == CHECKS.name and its:
                yield from its
            elif line.name not in said:
                yield line

    def beside(self, line: Line) -> str:
        comment = self.comments.take_beside(line.number)
        return "" if comment is None else f" # {comment}"

    def text(self, meaning: Effective, *, section: bool = False) -> str | None:
        """Return what stands behind the `=`, or None where nothing can or need."""
        line, row, value = meaning.line, meaning.row, meaning.value
        if not meaning.said:
            return None
        text = row.reader.write(value)
        if reason := self.reason(meaning, text, section=section):
            self.problems.append((line.number, f"{row.name}: {reason}"))
            return None
        return text

    def reason(self, meaning: Effective, text: str, *, section: bool) -> str:
        """Say why *text* cannot stand in a `ldirectord.cf`, or nothing."""
        value, row = meaning.value, meaning.row
        if meaning.line.redacted:
            return "a reference can be written in YAML only"
        if row.name == CHECKS.name or (isinstance(value, RealLine) and value.checks):
            return "several checks, or checks of one real server, can be written in YAML only"
        if isinstance(value, RealLine) and (value.request is None) != (value.receive is None):
            return "ldirectord.cf has request and receive of a real server together only"
        if section and "#" in text:
            return "a # begins a comment in ldirectord.cf, even within quotes"
        if section and "\t" in text:
            return "ldirectord.cf takes a tab for four blanks"
        same = self.read(meaning, text.lstrip(" \t\n\r\f\v")) == _without_notes(value)
        return "" if same and "\n" not in text else "ldirectord.cf has no way to write this value"

    @staticmethod
    def read(meaning: Effective, text: str) -> object:
        """Return what *text* is read as, or None."""
        try:
            return _without_notes(meaning.row.reader.read(text))
        except (Unreadable, Void):
            return None


def _without_notes(value: object) -> object:
    return replace(value, notes=()) if isinstance(value, RealLine | FallbackLine) else value
