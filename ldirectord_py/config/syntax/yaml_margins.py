"""Lines of YAML whose margin is wrong, told in words of ours: the library's lead nobody to the blanks in front.

The lines above the one at which the library stopped are looked at as far as margins go: which of them are directives
or list items, and where these begin.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_DASH = re.compile(r"-(?:\s+|$)")
_KEY = re.compile(r"""(?:"[^"]*"\s*|'[^']*'\s*|[^\s"'\[{#][^#]*?):(?=\s|$)""")
_REMARK = re.compile(r"(?:^|\s)#.*")
_BLOCK = re.compile(r"[|>][-+0-9]*")
_NAMED = re.compile(r"[&!]\S*")
_MOST_DASHES = 32
_PAIRS = {"[": "]", "{": "}", '"': '"', "'": "'"}


@dataclass(frozen=True, slots=True)
class _Begin:
    """A directive or a list item begins."""

    line: int
    """Counted from 0."""
    column: int
    is_item: bool
    value: str = ""
    """What stands behind it on its line, without a remark."""

    @property
    def is_complete(self) -> bool:
        """Whether nothing more can stand below it."""
        closing = _PAIRS.get(self.value[:1])
        cut = closing is not None and (len(self.value) == 1 or not self.value.endswith(closing))
        return bool(self.value) and not cut and not _BLOCK.fullmatch(self.value) and not _NAMED.fullmatch(self.value)


def wrong_margin(lines: Sequence[str], at: int, column: int, *, in_block: bool) -> str:
    """Say what is wrong with the margin of line *at*, counted from 0, or nothing: it is something else.

    The library stopped in that line at *column*, within a list or a mapping that needs margins if *in_block*.
    """
    line = lines[at] if at < len(lines) else ""
    margin = len(line) - len(line.lstrip())
    if "\t" in line[:margin]:
        return "a tab stands in front of this line; YAML is indented by blanks, not by tabs"
    above, begins = _open_above(lines[:at]), _begins(line, at)
    if not above or not begins:
        return "not indented like the lines that it belongs to" if above and in_block and column == margin else ""
    begin, last = begins[0], above[-1]
    if margin > last.column and last.is_complete:
        return _deeper(begin, above)
    if margin > last.column and not _BLOCK.fullmatch(last.value):
        return ""
    return _elsewhere(begin, above) if column == margin and in_block else ""


def without_colon(lines: Sequence[str], at: int) -> str:
    """Say what line *at*, counted from 0, lacks: the library took it for the beginning of a directive."""
    above = _open_above(lines[:at])
    further = f"; if it goes on with line {above[-1].line + 1}, indent it deeper than that" if above else ""
    return f"neither a directive, since it has no colon, nor a list item, since it has no dash{further}"


def first_word(lines: Sequence[str], at: int) -> int | None:
    """Return the line above *at* with which the file begins, if that is no directive and no list item."""
    if _open_above(lines[:at]):
        return None
    return next((number for number in range(at) if _REMARK.sub("", lines[number]).strip()), None)


def swallowed_item(lines: Sequence[str], first: int, last: int) -> int | None:
    """Return the line from *first* on, to *last*, that looks like a list item and goes on with the one above it."""
    return next((number for number in range(first + 1, last + 1) if _DASH.match(lines[number].lstrip())), None)


def _deeper(begin: _Begin, above: Sequence[_Begin]) -> str:
    like = next((other for other in reversed(above) if other.is_item == begin.is_item), None)
    remedy = "indent both alike"
    if like is not None:
        where = "" if like.line == above[-1].line else f", like line {like.line + 1}"
        remedy = (f"indent it {_by(like.column)}" if like.column else "begin it in the first column") + where
    return f"indented deeper than line {above[-1].line + 1}, which has its value already; {remedy}"


def _elsewhere(begin: _Begin, above: Sequence[_Begin]) -> str:
    """Say why *begin*, which is not indented deeper than all of *above*, belongs to none of them."""
    alike = [other for other in above if other.column == begin.column]
    if begin.column < above[0].column:
        return f"indented less than line {above[0].line + 1}, the first one; begin both in the first column"
    if not alike:
        margins = [str(column) for column in sorted({other.column for other in above})]
        known = " or ".join(filter(None, (", ".join(margins[:-1]), margins[-1])))
        return f"indented {_by(begin.column)}, like no line above that it could go with: those have {known}"
    if begin.is_item and not any(other.is_item for other in alike):
        return (
            f"a list item, indented like line {alike[-1].line + 1}, which is none; indent it like the other items of"
            " its list, or write the list's name above it"
        )
    if not begin.is_item and all(other.is_item for other in alike):
        within = next((other.column for other in above if other.column > begin.column), None)
        remedy = "" if within is None else f"; indent it {_by(within)} if it belongs to that item"
        return f"indented like the list item of line {alike[-1].line + 1}, but without a dash{remedy}"
    return ""


def _by(column: int) -> str:
    return f"by {column} blank{'' if column == 1 else 's'}"


def _open_above(lines: Sequence[str]) -> list[_Begin]:
    """Return those directives and list items of *lines* that a line below them could belong to, or stand beside."""
    found: list[_Begin] = []
    text: int | None = None
    """The column of the directive whose text, below a `|` or `>`, is being passed over."""
    for number, line in enumerate(lines):
        margin = len(line) - len(line.lstrip())
        if not line.strip() or (text is not None and margin > text):
            continue
        text = None
        for begin in _begins(line, number):
            found = [
                each for each in found if each.column < begin.column or (each.column == begin.column and begin.is_item)
            ]
            if found and found[-1].column == begin.column and found[-1].is_item:
                found.pop()
            found.append(begin)
            text = begin.column if _BLOCK.fullmatch(begin.value) else None
    return found


def _begins(line: str, number: int) -> list[_Begin]:
    """Return what begins in *line*, from the left: list items, and a directive."""
    columns = [len(line) - len(line.lstrip())]
    while (dash := _DASH.match(line, columns[-1])) and len(columns) <= _MOST_DASHES:
        columns.append(dash.end())
    key = _KEY.match(line, columns[-1])
    value = _REMARK.sub("", line[key.end() if key else columns[-1] :]).strip()
    items = [_Begin(number, column, is_item=True, value=value) for column in columns[:-1]]
    return [*items, _Begin(number, columns[-1], is_item=False, value=value)] if key else items
