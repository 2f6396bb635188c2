"""`ldirectord.yaml` as a raw tree: the same directives as in `ldirectord.cf`, in mappings and lists."""

import re
from collections.abc import Iterator
from collections.abc import Mapping as Table
from functools import cache
from typing import Any

from ldirectord_py.config.grammar import invisible
from ldirectord_py.config.grammar.directive import Directive, Scope
from ldirectord_py.config.grammar.directives.all_directives import rows
from ldirectord_py.config.grammar.tree import Checks, Line, Section, Tree
from ldirectord_py.config.syntax.references import Refer
from ldirectord_py.config.syntax.yaml_nodes import Mapping, Node, Scalar, Sequence, YamlError, compose
from ldirectord_py.config.syntax.yaml_scalars import Words
from ldirectord_py.config.syntax.yaml_servers import ServersReader
from ldirectord_py.model.checks.check_options import CheckOptions

OPENINGS = {"virtual": "virtual", "virtual6": "virtual6", "mark": "virtual", "mark6": "virtual6"}
"""The keys that say which virtual is meant, and the directives that they stand for."""
ASIDE = "x-"
"""Keys at the top that begin so are ignored: a place for anchors."""
_ASKED = frozenset(CheckOptions.__dataclass_fields__)
_IN_LISTS = ("real", "real6")
_BYTE_ORDER_MARK = "\ufeff"
_SERVER_IN_QUOTES = re.compile("""["']([^"']*(?:gate|masq|ipip)[^"']*)["']""")
_IN_QUOTES = re.compile("'[^']*'")


@cache
def asked() -> Table[str, Directive[Any]]:
    """Return the directives that say how a server is asked, and so may differ between several checks of it."""
    # A directive is named like what it sets in `CheckOptions`: like one of several there, or like a part of `tls`.
    table = rows(Scope.SECTION).items()
    return {name: row for name, row in table if {name, f"{name}s"} & _ASKED or name.startswith("tls")}


@cache
def _in_section() -> Table[str, Directive[Any]]:
    return {name: row for name, row in rows(Scope.SECTION).items() if name not in _IN_LISTS}


def read(text: bytes, path: str, start: int, refer: Refer) -> Tree:
    """Return what *text* says, its lines counted after *start*; *refer* knows what stands elsewhere."""
    reading = _Reading(Words(refer))
    problems = reading.words.problems
    notes: tuple[tuple[int, str], ...] = ()
    try:
        decoded = _decoded(text, start)
        notes = tuple(_invisible(decoded, start))
        root = compose(decoded, start, problems)
    except YamlError as broken:
        return Tree(path, problems=(*problems, (broken.line, str(broken))), notes=notes)
    tree = reading.top(root, path)
    return Tree(path, tree.lines, tree.sections, tuple(problems), tree.defaults, notes)


def _invisible(text: str, start: int) -> Iterator[tuple[int, str]]:
    """Yield the lines in which a character that nobody sees stands outside of quotes, or within a real server's."""
    for number, line in enumerate(() if text.isascii() else text.split("\n"), start + 1):
        if not line.isascii() and (what := invisible.told(_IN_QUOTES.sub("", _SERVER_IN_QUOTES.sub(r"\1", line)))):
            yield number, what


def _decoded(text: bytes, start: int) -> str:
    try:
        return text.decode("utf-8").removeprefix(_BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        line = start + text.count(b"\n", 0, error.start) + 1
        raise YamlError(line, f"YAML is written in UTF-8, but here is the byte {text[error.start]:#x}") from None


class _Reading:
    """Goes down from the top of a file."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.servers = ServersReader(words, self.checks)

    def top(self, root: Node | None, path: str) -> Tree:
        what = "global directives, defaults and virtuals"
        mapping = None if root is None else self.words.expect("the file", root, Mapping, f"a mapping: {what}")
        if mapping is None:
            return Tree(path)
        table = rows(Scope.GLOBAL)
        lines: list[Line] = []
        sections: list[Section] = []
        defaults: tuple[Line, ...] = ()
        aside = {key.text for key, _ in mapping.pairs if key.text.startswith(ASIDE)}
        for key, node in self.words.known(mapping, {*table, "defaults", "virtuals", *aside}, _hint_at_top):
            if key.text == "defaults":
                defaults = tuple(self.defaults(node))
            elif key.text == "virtuals":
                sections = list(self.virtuals(node))
            elif key.text not in aside:
                lines += self.directive(table[key.text], key, node)
        return Tree(path, tuple(lines), tuple(sections), defaults=defaults)

    def directive(self, row: Directive[Any], key: Scalar, node: Node, name: str = "") -> list[Line]:
        """Return the lines that say what a key and its value say; *name* is the directive's, if it is not the key's."""
        if key.text in {"fallback", "fallback6"}:
            return self.servers.fallback(name or key.text, node)
        if key.text == "checks":
            checks = self.checks(node)
            return [Line(node.line, "checks", None, "checks", strict=True, meant=checks)] if checks else []
        return list(self.words.directive(row, key, node))

    def defaults(self, node: Node) -> Iterator[Line]:
        mapping = self.words.expect("defaults", node, Mapping, "a mapping of directives")
        table = _in_section()
        for key, value in self.words.known(mapping, table, _hint_in_section) if mapping else ():
            yield from self.directive(table[key.text], key, value)

    def virtuals(self, node: Node) -> Iterator[Section]:
        listed = self.words.expect("virtuals", node, Sequence, "a list of virtuals, each with a dash")
        for item in listed.items if listed else ():
            mapping = self.words.expect("virtuals", item, Mapping, "a mapping with virtual, virtual6 or mark")
            if mapping is not None and (section := self.section(mapping)) is not None:
                yield section

    def section(self, mapping: Mapping) -> Section | None:
        given = [(key, node) for key, node in mapping.pairs if key.text in OPENINGS]
        if len(given) != 1:
            got = " and ".join(key.text for key, _ in given) or "none of them"
            expected = f"expected one of {', '.join(OPENINGS)} in each virtual"
            self.words.problem(given[1][0] if given else mapping, f"virtuals: {expected}, but got {got}")
            return None
        opening = self.opening(*given[0])
        sixth = OPENINGS[given[0][0].text] == "virtual6"
        table = _in_section()
        lines: list[Line] = []
        for key, node in self.words.known(mapping, {*table, "reals", *OPENINGS}, _hint_in_section):
            if key.text == "reals":
                lines += self.servers.reals("real6" if sixth else "real", node)
            elif key.text not in OPENINGS:
                name = "fallback6" if key.text == "fallback" and sixth else key.text
                lines += self.directive(table[key.text], key, node, name)
        return None if opening is None else Section(opening, tuple(lines), opening.number)

    def opening(self, key: Scalar, node: Node) -> Line | None:
        if (text := self.words.word(key.text, node)) is None:
            return None
        if key.text.startswith("mark") and not text.isdecimal():
            self.words.unfit(key.text, node, "expected a firewall mark, such as 5")
            return None
        return Line(key.line, OPENINGS[key.text], text, key.text, strict=True)

    def checks(self, node: Node) -> Checks:
        listed = self.words.expect("checks", node, Sequence, "a list of checks, each with a dash")
        table = asked()
        checks = []
        for item in listed.items if listed else ():
            if (mapping := self.words.expect("checks", item, Mapping, "a mapping of directives")) is None:
                continue
            known = self.words.known(mapping, table, _hint_in_check)
            checks.append(tuple(line for key, value in known for line in self.directive(table[key.text], key, value)))
        if listed is not None and not listed.items:
            self.words.problem(node, "checks: expected at least one check")
        return tuple(checks)


def _hint_at_top(name: str) -> str:
    if name in OPENINGS:
        return "it belongs into the list below virtuals, with a dash in front"
    return "it belongs to a virtual, or below defaults" if name in rows(Scope.SECTION) or name == "reals" else ""


def _hint_in_section(name: str) -> str:
    if name in _IN_LISTS or name == "reals":
        return "real servers are a list below reals, in a virtual"
    if name in rows(Scope.GLOBAL):
        return "it is a global directive; put it at the top of the file, in the first column"
    return "it stands in a virtual" if name in OPENINGS else ""


def _hint_in_check(name: str) -> str:
    return "it is for all checks of a virtual; put it beside checks" if name in rows(Scope.SECTION) else ""
