"""Single values in YAML: words, lists of words, references; what is wrong with them is told with their lines."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ldirectord_py.config.grammar import json_types
from ldirectord_py.config.grammar.directive import Directive, Reader, Scope, Unreadable, near, quoted, shown
from ldirectord_py.config.grammar.directives.all_directives import rows
from ldirectord_py.config.grammar.tree import Line
from ldirectord_py.config.syntax.references import REFERENCES, Refer
from ldirectord_py.config.syntax.yaml_nodes import Mapping, Node, NodeT, Scalar, Sequence, glued, kind

T = TypeVar("T")
_YES = {"yes", "true", "on"}
_NO = {"no", "false", "off"}


@dataclass(slots=True)
class Words:
    """Reads single values."""

    refer: Refer
    problems: list[tuple[int, str]] = field(default_factory=list)

    def problem(self, node: Node, sentence: str) -> None:
        """Add what is wrong with *node*."""
        self.problems.append((node.line, sentence))

    def expect(self, name: str, node: Node, wanted: type[NodeT], what: str) -> NodeT | None:
        """Return *node* if it is what is *wanted*; otherwise tell, and return None."""
        if isinstance(node, wanted):
            return node
        if isinstance(node, Scalar) and node.plain and (pair := glued(node.text)):
            self.problem(node, pair)
        else:
            self.problem(node, f"{name}: expected {what}, but got {kind(node)}")
        return None

    def known(
        self, mapping: Mapping, names: Collection[str], hint: Callable[[str], str]
    ) -> Iterator[tuple[Scalar, Node]]:
        """Yield the pairs of *mapping* whose keys are in *names*; tell of the others, with a *hint* if there is one."""
        for key, node in mapping.pairs:
            gone = rows(Scope.SECTION).get(key.text) or rows(Scope.GLOBAL).get(key.text)
            if key.text in names:
                yield key, node
            elif gone is not None and gone.instead:
                self.problem(key, f"{key.text} is gone: write {gone.instead}")
            else:
                meant = hint(key.text) or near(key.text, names)
                self.problem(key, f"unknown key {quoted(key.text)}: {meant}")

    def word(self, name: str, node: Node) -> str | None:
        """Return the text of *node*, which has to be one line; None where it is none, which is told."""
        if isinstance(node, Scalar) and node.plain and node.text in {"", "~", "null"}:
            self.problem(node, f"{name}: expected a value; to leave it out, remove the whole line")
            return None
        word = self.expect(name, node, Scalar, "a word or a text")
        if word is None:
            return None
        return self._one_line(name, node, word.text)

    def _one_line(self, name: str, node: Node, text: str) -> str | None:
        if "\n" in text or "\0" in text:
            self.problem(node, f"{name}: expected one line of text, but got several")
            return None
        return text

    def text(self, name: str, node: Node) -> tuple[str, bool] | None:
        """Return a text, and whether it stands elsewhere and is not to be shown."""
        if not isinstance(node, Mapping):
            text = self.word(name, node)
            return None if text is None else (text, False)
        keys = [key.text for key, _ in node.pairs]
        if len(keys) != 1 or keys[0] not in REFERENCES:
            kinds = ", ".join(f"{{{one}: ...}}" for one in REFERENCES)
            row = rows(Scope.SECTION).get(name)
            got = "a mapping" if row is not None and row.secret else shown(", ".join(keys)) or "{}"
            self.problem(node, f"{name}: expected a text, or one of {kinds}, but got {got}")
            return None
        if (target := self.word(keys[0], node.pairs[0][1])) is None:
            return None
        try:
            found = self._one_line(name, node, self.refer(keys[0], target))
        except Unreadable as exc:
            self.problem(node, f"{name}: {exc}")
            return None
        return None if found is None else (found, True)

    def read(self, name: str, node: Node, reader: Reader[T]) -> T | None:
        """Return the value of *node* as *reader* has it; None where it has none, which is told."""
        if (text := self.word(name, node)) is None:
            return None
        return self.tried(name, node, lambda: _strictly(reader, text))

    def unfit(self, name: str, node: Node, expected: str) -> None:
        """Tell that *node* is not what is *expected*."""
        text = f", but got {quoted(node.text)}" if isinstance(node, Scalar) else ""
        self.problem(node, f"{name}: {expected}{text}")

    def tried(self, name: str, node: Node, make: Callable[[], T]) -> T | None:
        """Return what is made, or None where that is not possible, which is told."""
        try:
            return make()
        except Unreadable as exc:
            if exc.complete:
                self.problem(node, exc.told(name))
            else:
                self.unfit(name, node, str(exc))
            return None

    def directive(self, row: Directive[Any], key: Scalar, node: Node) -> Iterator[Line]:
        """Yield the line, or where a directive may be repeated the lines, that say the same as a key and its value."""
        name = key.text
        if isinstance(node, Sequence) and row.repeated:
            for item in node.items:
                yield from self._line(row, name, item)
        elif isinstance(node, Sequence) and row.reader.between is not None:
            texts = [self.word(name, item) for item in node.items]
            if None not in texts:
                yield self._written(row, node, name, row.reader.between.join(filter(None, texts)), redacted=False)
        else:
            yield from self._line(row, name, node)

    def _line(self, row: Directive[Any], name: str, node: Node) -> Iterator[Line]:
        if row.reader.schema is None:
            found = self.text(name, node)
        else:
            found = None if (word := self.word(name, node)) is None else (word, False)
        if found is not None:
            yield self._written(row, node, name, found[0], redacted=found[1])

    def _written(self, row: Directive[Any], node: Node, name: str, text: str, *, redacted: bool) -> Line:
        if row.reader.schema in (json_types.SWITCH, json_types.SWITCH_OR_NAME):  # no hashes
            text = switch(text)
        return Line(node.line, name, row.reader.text_of(text), name, strict=True, redacted=redacted)


def switch(text: str) -> str:
    """Return yes or no for what YAML calls true and false."""
    return "yes" if text.lower() in _YES else "no" if text.lower() in _NO else text


def _strictly(reader: Reader[T], text: str) -> T:
    value = reader.read(text)
    if reader.plain is not None and not re.fullmatch(reader.plain, text, re.ASCII):
        raise Unreadable(f"expected {reader.syntax}")
    return value
