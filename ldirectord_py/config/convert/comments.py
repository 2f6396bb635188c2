"""The comments in a configuration: where they stand, and which directive each belongs to."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

from ldirectord_py.config.grammar.directives.check_directives import CHECKS
from ldirectord_py.config.grammar.tree import Tree
from ldirectord_py.config.syntax.yaml_nodes import spans

_WHOLE_LINE = re.compile(r"[ \t\r\f\v]*#(.*)", re.ASCII)
_BESIDE = re.compile(r"\s+#(.*)", re.ASCII)


@dataclass(slots=True)
class Comments:
    """What is behind the `#`, by the numbers of the lines that it belongs to; it is taken out when it is written."""

    above: dict[int, list[str | None]] = field(default_factory=dict)
    """None: an empty line."""
    beside: dict[int, str] = field(default_factory=dict)
    at_end: list[str | None] = field(default_factory=list)

    def take_above(self, number: int) -> list[str | None]:
        """Return the comments above line *number*, once."""
        return self.above.pop(number, [])

    def take_beside(self, number: int) -> str | None:
        """Return the comment behind line *number*, once."""
        return self.beside.pop(number, None)

    def take_rest(self) -> list[str | None]:
        """Return what was not taken: above all what follows the last directive."""
        rest = [*chain.from_iterable(self.above.values()), *(f" {comment}" for comment in self.beside.values())]
        self.above, self.beside = {}, {}
        return [*rest, *self.at_end]


def of_cf(text: str, tree: Tree) -> Comments:
    """Return the comments of a `ldirectord.cf`: lines of their own, and in a section also what is behind a `#`."""
    whole = [(number, match[1]) for number, match in _matches(text, _WHOLE_LINE)]
    beside: dict[int, str] = {}
    for section in tree.sections:
        for line in (section.opening, *section.lines):
            _, mark, comment = line.text.partition("#")
            if mark:
                beside[line.number] = comment.strip()
    return _placed(whole, beside, tree)


def of_yaml(text: str, tree: Tree) -> Comments:
    """Return the comments of a YAML text that could be read."""
    inside: set[int] = set()
    columns: dict[int, int] = {}
    for span in spans(text):
        if span.block:
            inside.update(range(span.first + 1, span.last + 1))
        else:
            inside.update(range(span.first, span.last))
            columns[span.last] = max(span.column, columns.get(span.last, 0))
    whole: list[tuple[int, str]] = []
    beside: dict[int, str] = {}
    known = set(_numbers(tree))
    for number, line in enumerate(text.split("\n"), 1):
        if number in inside:
            continue
        if number not in columns and (match := _WHOLE_LINE.match(line)):
            whole.append((number, match[1]))
        elif match := _BESIDE.search(line, columns.get(number, 0)):
            if number in known:
                beside[number] = match[1].strip()
            else:
                whole.append((number, match[1]))
    return _placed(whole, beside, tree)


def _matches(text: str, pattern: re.Pattern[str]) -> Iterable[tuple[int, re.Match[str]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if match := pattern.match(line):
            yield number, match


def _numbers(tree: Tree) -> list[int]:
    lines = [*tree.lines, *tree.defaults]
    for section in tree.sections:
        lines += [section.opening, *section.lines]
    inner = (
        check for line in lines if line.name == CHECKS.name and isinstance(line.meant, tuple) for check in line.meant
    )
    return sorted({line.number for line in (*lines, *chain.from_iterable(inner))})


def _placed(whole: Iterable[tuple[int, str]], beside: Mapping[int, str], tree: Tree) -> Comments:
    """Give each comment on a line of its own to the directive below it."""
    comments = Comments(beside=dict(beside))
    numbers = _numbers(tree)
    last = 0
    for number, comment in sorted(whole):
        at = bisect_right(numbers, number)
        kept = comments.above.setdefault(numbers[at], []) if at < len(numbers) else comments.at_end
        if kept and number > last + 1:
            kept.append(None)
        kept.append(comment.rstrip())
        last = number
    return comments
