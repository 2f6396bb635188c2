"""Writes a tree as YAML, or says why that is not possible."""

import re
from collections.abc import Iterable, Iterator

from ldirectord_py.config.convert.comments import Comments
from ldirectord_py.config.convert.effective import Effective, effective
from ldirectord_py.config.grammar import json_types
from ldirectord_py.config.grammar.directive import Scope
from ldirectord_py.config.grammar.json_types import Schema
from ldirectord_py.config.grammar.server_lines import RealLine
from ldirectord_py.config.grammar.tree import Line, Section, Tree
from ldirectord_py.config.grammar.virtual_line import read_opening
from ldirectord_py.config.syntax.yaml_nodes import is_text
from ldirectord_py.model.text.escaping import printable

_PLAIN = re.compile(r"[A-Za-z0-9/.]([ -~]*[!-~])?", re.ASCII)
_REALS = ("real", "real6")
_AMBIGUOUS = re.compile(r": | #|:$|[\[\]{}]", re.ASCII)


def write(tree: Tree, comments: Comments) -> tuple[str, list[tuple[int, str]]]:
    """Return the YAML text, and what it cannot say: line numbers and sentences."""
    writing = _Writing(comments)
    lines = list(writing.entries(effective(tree.lines, Scope.GLOBAL), ""))
    if tree.sections:
        lines += [*([""] if lines else []), "virtuals:"]
    for number, section in enumerate(tree.sections):
        lines += [*([""] if number else []), *writing.section(section)]
    rest = comments.take_rest()
    lines += [*([""] if rest and lines else []), *_comments(rest, "")]
    return "".join(f"{line}\n" for line in lines), writing.problems


def scalar(text: str) -> str:
    """Return *text* as YAML has it: plain if nobody can take it for anything else, otherwise in quotes."""
    if _PLAIN.fullmatch(text) and not _AMBIGUOUS.search(text) and is_text(text):
        return text
    if text.isprintable():
        quoted = text.replace("'", "''")
        return f"'{quoted}'"
    inner = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{printable(inner)}"'  # its escapes are YAML's too


def _comment(text: str) -> str:
    """Return a comment; what is not printable, which YAML takes nowhere, and what is no UTF-8 is made visible."""
    return "#" + "\t".join(map(printable, text.split("\t")))


def _comments(texts: Iterable[str | None], indent: str) -> Iterator[str]:
    return ("" if text is None else f"{indent}{_comment(text)}" for text in texts)


class _Writing:
    def __init__(self, comments: Comments) -> None:
        self.comments = comments
        self.problems: list[tuple[int, str]] = []

    def section(self, section: Section) -> Iterator[str]:
        opening = section.opening
        read = read_opening(opening.name, opening.value or "")
        sixth = "6" if read.family == 6 else ""
        key, what = f"virtual{sixth}", f"{read.host}:{read.port}"
        if read.mark is not None:
            key, what = f"mark{sixth}", str(read.mark)
        yield from _comments(self.comments.take_above(opening.number), "  ")
        value = what if read.mark is not None else scalar(what)
        yield f"  - {key}: {value}{self.beside(opening.number)}"
        yield from self.entries(effective(section.lines, Scope.SECTION), "    ")

    def entries(self, these: Iterable[Effective], indent: str) -> Iterator[str]:
        """Yield one line for each directive; those that are lists begin where their first one stood."""
        lists: dict[str, list[Effective]] = {}
        these = list(these)
        for meaning in these:
            if meaning.row.repeated:
                lists.setdefault(meaning.row.name, []).append(meaning)
        for meaning in these:
            items = lists.get(meaning.row.name)
            if items is None or not any(item.said for item in items):
                yield from self.entry(meaning, indent)
            elif meaning is items[0]:
                yield f"{indent}{'reals' if meaning.row.name in _REALS else meaning.row.name}:"
                for item in items:
                    yield from self.item(item, f"{indent}  ")

    def entry(self, meaning: Effective, indent: str) -> Iterator[str]:
        number = meaning.line.number
        yield from self.above(number, indent)
        text = self.value(meaning)
        if not meaning.said:
            yield self.without_effect(meaning, indent)
        else:
            key = "fallback" if indent and meaning.row.name == "fallback6" else meaning.row.name
            yield f"{indent}{key}: {text}{self.beside(number)}"

    def item(self, meaning: Effective, indent: str) -> Iterator[str]:
        number = meaning.line.number
        yield from self.above(number, indent)
        if not meaning.said:
            yield self.without_effect(meaning, indent)
        elif isinstance(meaning.value, RealLine) and _needs_keys(meaning.value):
            self.check(meaning.line, meaning.row.reader.write(meaning.value))
            (first, value), *others = _keys(meaning.value)
            yield f"{indent}- {first}: {value}{self.beside(number)}"
            yield from (f"{indent}  {key}: {value}" for key, value in others)
        else:
            yield f"{indent}- {self.value(meaning)}{self.beside(number)}"

    def without_effect(self, meaning: Effective, indent: str) -> str:
        self.comments.take_beside(meaning.line.number)
        return f"{indent}{_comment(f' without effect: {meaning.line.text.strip()}')}"

    def above(self, number: int, indent: str) -> Iterator[str]:
        yield from _comments(self.comments.take_above(number), indent)

    def beside(self, number: int) -> str:
        comment = self.comments.take_beside(number)
        return "" if comment is None else f"  {_comment(f' {comment}')}"

    def value(self, meaning: Effective) -> str:
        if not meaning.said:
            return ""
        text = meaning.row.reader.scalar_of(meaning.value)
        self.check(meaning.line, text)
        return text if _bare(meaning.row.reader.schema, text) else scalar(text)

    def check(self, line: Line, text: str) -> None:
        try:
            text.encode()
        except UnicodeEncodeError:
            self.problems.append((line.number, f"{line.name}: YAML is UTF-8, and the value is not"))


def _bare(schema: Schema | None, text: str) -> bool:
    """Return whether *text* is a number or a switch, and meant as one."""
    if schema is json_types.SWITCH or (schema is json_types.SWITCH_OR_NAME and text in {"yes", "no"}):
        return True
    numeric = schema is json_types.CHECKTYPE or (
        schema is not None and {"integer", "number"} & {*schema.get("type", ())}
    )
    return bool(numeric) and re.fullmatch(r"0|[1-9][0-9]*(\.[0-9]+)?", text, re.ASCII) is not None


def _needs_keys(real: RealLine) -> bool:
    return real.request is not None or real.receive is not None or bool(real.lower or real.upper)


def _keys(real: RealLine) -> Iterator[tuple[str, str]]:
    """Yield the keys and values that say *real*."""
    host = real.host
    if real.end is not None:
        yield "range", scalar(f"{host}->{real.end}")
    else:
        bare = host[1:-1] if host.startswith("[") and host.count(":") > 1 else host
        yield "address", scalar(bare)
    if real.port is not None:
        yield "port", real.port if re.fullmatch("[1-9][0-9]*", real.port) else scalar(real.port)
    yield "forwarding", real.forwarding
    yield "weight", str(real.weight)
    for key, text in (("request", real.request), ("receive", real.receive)):
        if text is not None:
            yield key, scalar(text)
    for key, number in (("lower", real.lower), ("upper", real.upper)):
        if number:
            yield key, str(number)
