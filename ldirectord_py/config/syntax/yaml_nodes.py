"""YAML as nodes with places: PyYAML finds the tokens, and nothing is made of them but words, lists and mappings.

A word keeps the letters that it is written with, whatever YAML would take it for: `22:22` is no number to base 60,
`no` is no false and `010` no eight.  Tags, with which YAML files can ask for objects, are refused; so are aliases that
expand to more than anybody writes, and nesting deeper than any configuration's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml

from ldirectord_py.config.grammar.directive import Scope, quoted, shown
from ldirectord_py.config.grammar.directives.all_directives import rows
from ldirectord_py.config.syntax.yaml_margins import first_word, swallowed_item, without_colon, wrong_margin

DEEPEST = 16
MOST_VALUES = 1_000_000
"""Words, lists and mappings, each counted as often as it is meant."""
LONGEST = 65_536
_TOO_DEEP = f"lists and mappings are nested deeper than {DEEPEST} levels"

_GLUED = re.compile(r"(\w+):(\S.*)", re.ASCII)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER: Any = yaml.resolver.Resolver()
_STANDARD = "tag:yaml.org,2002:"
_HARMLESS = {None, "!", *(_STANDARD + name for name in ("str", "int", "float", "bool", "seq", "map"))}
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar."""

    line: int
    text: str
    plain: bool = False
    """Written without quotes."""
    size: int = 1


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    line: int
    items: tuple["Node", ...]
    size: int = 1


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping; its keys are words, and each is there once."""

    line: int
    pairs: tuple[tuple[Scalar, "Node"], ...]
    size: int = 1


Node = Scalar | Sequence | Mapping
_KINDS = {Scalar: "a word", Sequence: "a list", Mapping: "a mapping"}
NodeT = TypeVar("NodeT", Scalar, Sequence, Mapping)


def kind(node: Node) -> str:
    """Return what *node* is called in messages."""
    return "nothing" if isinstance(node, Scalar) and node.plain and not node.text else _KINDS[type(node)]


class YamlError(Exception):
    """A text that is no YAML, or none that is read here; *line* is counted like those of the nodes."""

    def __init__(self, line: int, sentence: str) -> None:
        self.line = line
        super().__init__(sentence)


def compose(text: str, start: int, problems: list[tuple[int, str]]) -> Node | None:
    """Return the one document in *text*, or None where it is empty; its lines are counted after *start*.

    What is wrong with single nodes goes to *problems*; raises `YamlError` where nothing can be made of the text.
    """
    try:
        return _Composer(_events(text, start), text, start, problems).document()
    except yaml.MarkedYAMLError as error:
        raise YamlError(*_told(error, text, start)) from None


@dataclass(frozen=True, slots=True)
class Span:
    """Which part of a text a word takes up; lines count from 1."""

    first: int
    last: int
    column: int
    """Behind its end, in its last line."""
    block: bool
    """It is the text below a `|` or `>`."""


def spans(text: str) -> Iterator[Span]:
    """Yield where each word in *text*, which can be composed, stands."""
    events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))
    for event in events:
        if isinstance(event, yaml.ScalarEvent):
            start: Any = event.start_mark
            end: Any = event.end_mark
            block = event.style in {"|", ">"}
            # The end of a block is the beginning of the line below it.
            yield Span(start.line + 1, end.line if block else end.line + 1, end.column, block)


def is_text(plain: str) -> bool:
    """Return whether YAML, of any version, takes *plain* without quotes for a text and not for a number or a switch."""
    try:
        float(plain.replace("_", ""))
    except ValueError:
        tag: str = _RESOLVER.resolve(yaml.ScalarNode, plain, (True, False))
        return tag == f"{_STANDARD}str" and not plain.startswith("0o")
    return False


def glued(line: str) -> str:
    """Say that the directive on *line* has no blank behind its colon, or nothing where it is no such line."""
    match = _GLUED.fullmatch(line)
    if match is None or not (row := rows(Scope.SECTION).get(match[1]) or rows(Scope.GLOBAL).get(match[1])):
        keys = match is not None and match[1] in {"virtual", "virtual6", "mark", "mark6", "reals", "virtuals"}
        return f'"{shown(line)}" needs a blank after the colon' if keys else ""
    return f'"{match[1]}:{"***" if row.secret else shown(match[2])}" needs a blank after the colon'


def _events(text: str, start: int) -> Iterator[Any]:
    if match := _UNPRINTABLE.search(text):
        line = start + text.count("\n", 0, match.start()) + 1
        raise YamlError(line, f"YAML takes no control characters as they are, but here is {quoted(match[0])}")
    return iter(yaml.parse(text, Loader=_LOADER))


def _glued_in(line: str) -> str:
    return glued(line.strip().removeprefix("- ").lstrip())


def _began(lines: list[str], line: int) -> int:
    """Return where the word may have begun that goes on to *line*: lines without a colon make one, empty ones too."""
    first = line
    for number in range(line - 1, -1, -1):
        if _glued_in(lines[number]):
            first = number
        elif lines[number].strip():
            break
    return first


def _told(error: yaml.MarkedYAMLError, text: str, start: int) -> tuple[int, str]:
    mark = error.problem_mark or error.context_mark
    line = mark.line if mark else 0
    if "nesting" in (error.problem or ""):  # libyaml has a limit too, and meets it first where it looks ahead
        return start + line + 1, _TOO_DEEP
    lines = text.split("\n")
    first = error.context_mark.line if error.context_mark else _began(lines, line)
    for number, glance in enumerate(lines[first : line + 1], first):
        if pair := _glued_in(glance):
            return start + number + 1, pair
    within_block = "block" in (error.context or "") or error.context is None
    if sentence := wrong_margin(lines, line, mark.column if mark else 0, in_block=within_block):
        return start + line + 1, sentence
    colonless = error.context_mark.line if error.context_mark and "simple key" in (error.context or "") else None
    if colonless is not None or (colonless := first_word(lines, line)) is not None:
        return start + colonless + 1, without_colon(lines, colonless)
    hint = ""
    if re.search(r":\s+\[[0-9A-Fa-f:.]+\]:", text):
        hint = '; an IPv6 address in brackets needs quotes, as in "[2001:db8::1]:80"'
    elif re.match(r"[^:\"']*:\s[^\"']*:(\s|$)", (lines[line : line + 1] or [""])[0]):
        hint = "; a value with a colon in front of a blank needs quotes"
    context = f" {error.context}" if error.context else ""
    return start + line + 1, f"this is not YAML: {error.problem or 'it ends too soon'}{context}{hint}"


class _Composer:
    """Makes nodes of events."""

    def __init__(self, events: Iterator[Any], text: str, start: int, problems: list[tuple[int, str]]) -> None:
        self._events = events
        self._lines = text.split("\n")
        self._start = start
        self._problems = problems
        self._anchors: dict[str, Node | None] = {}
        """None: the node is not complete yet."""
        self._values = 0

    def document(self) -> Node | None:
        next(self._events)  # the stream
        if isinstance(event := next(self._events), yaml.StreamEndEvent):
            return None
        node = self._node(next(self._events), 1)
        next(self._events)  # the document's end
        if not isinstance(event := next(self._events), yaml.StreamEndEvent):
            raise YamlError(self._line(event), "expected one document, but another one begins here")
        return None if isinstance(node, Scalar) and node.plain and node.text in {"", "~", "null"} else node

    def _line(self, event: Any) -> int:
        return self._start + int(event.start_mark.line) + 1

    def _problem(self, line: int, sentence: str) -> None:
        self._problems.append((line, sentence))

    def _count(self, event: Any, values: int) -> None:
        self._values += values
        if self._values > MOST_VALUES:
            raise YamlError(
                self._line(event), f"this and what its aliases stand for are more than {MOST_VALUES} values"
            )

    def _node(self, event: Any, depth: int) -> Node:
        line = self._line(event)
        if isinstance(event, yaml.AliasEvent):
            node = self._alias(event, line)
            self._count(event, node.size)
            return node
        if depth > DEEPEST:
            raise YamlError(line, _TOO_DEEP)
        self._count(event, 1)
        if event.tag not in _HARMLESS:
            # Perhaps it is the beginning of a password, so it is not shown.
            self._problem(
                line, "a tag is not taken: write the value without it; a text that begins with ! needs quotes"
            )
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node = self._made(event, line, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any, line: int) -> Node:
        if event.anchor not in self._anchors:
            # Perhaps it is a password, so it is not shown.
            sentence = "an alias stands for nothing: there is no such anchor above"
            raise YamlError(line, f"{sentence}; a text that begins with * needs quotes")
        node = self._anchors[event.anchor]
        if node is None:
            raise YamlError(line, "an alias stands within what it stands for")
        return node

    def _made(self, event: Any, line: int, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            if len(event.value) > LONGEST:
                raise YamlError(line, f"a value is longer than {LONGEST} characters")
            return Scalar(line, event.value, plain=not event.style and event.tag is None)
        if isinstance(event, yaml.SequenceStartEvent):
            items = tuple(self._until(yaml.SequenceEndEvent, depth))
            return Sequence(line, items, 1 + sum(item.size for item in items))
        nodes = list(self._until(yaml.MappingEndEvent, depth))
        return self._mapping(line, list(zip(nodes[::2], nodes[1::2], strict=True)))

    def _until(self, end: type, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), end):
            if end is yaml.SequenceEndEvent and isinstance(event, yaml.ScalarEvent) and not event.style:
                self._whole_item(event)
            yield self._node(event, depth + 1)

    def _whole_item(self, event: Any) -> None:
        """Tell where another item was taken for a part of the one that *event* is."""
        first = int(event.start_mark.line)
        if (number := swallowed_item(self._lines, first, int(event.end_mark.line))) is not None:
            remedy = "indent both alike"
            self._problem(
                self._start + number + 1, f"indented deeper than line {first + 1}, so it goes on with it; {remedy}"
            )

    def _mapping(self, line: int, pairs: list[tuple[Node, Node]]) -> Mapping:
        own: dict[str, tuple[Scalar, Node]] = {}
        for key, node in pairs:
            if not isinstance(key, Scalar):
                self._problem(key.line, f"expected a word in front of the colon, but got {kind(key)}")
            elif key.text in own:
                first = own[key.text][0].line - self._start
                self._problem(key.line, f"{shown(key.text)}: this key is there already, from line {first}")
            else:
                own[key.text] = key, node
        if "<<" in own and own["<<"][0].plain:
            own = self._merged(own)
        found = tuple(own.values())
        return Mapping(line, found, 1 + sum(1 + node.size for _, node in found))

    def _merged(self, own: dict[str, tuple[Scalar, Node]]) -> dict[str, tuple[Scalar, Node]]:
        """Return what a mapping says together with what its `<<` brings: its own word counts, then the first."""
        key, source = own.pop("<<")
        for one in source.items if isinstance(source, Sequence) else (source,):
            if not isinstance(one, Mapping):
                self._problem(key.line, f"<<: expected a mapping or a list of them, but got {kind(one)}")
                continue
            for word, node in one.pairs:
                own.setdefault(word.text, (word, node))
        return own
