"""A check step by step, in words: when, in which direction, and what."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ldirectord_py.cli.blocks import Block, Cell, Grid, Paragraph, sentence
from ldirectord_py.cli.ctl.reports.words import took
from ldirectord_py.cli.terminal import Style

_ARROWS = {"send": "→", "receive": "←"}
_STYLES = {"send": Style.BOLD, "receive": Style.GREEN, "tls": Style.DIM, "connect": Style.DIM, "close": Style.DIM}
_VERDICTS = {"up": Style.GREEN, "down": Style.RED, "fault": Style.YELLOW}
_LINE = re.compile(r".*?\\n|.+", re.DOTALL)
"""A line of what was sent or received, with its end, which is shown as an escape."""


def checked(found: Sequence[Mapping[str, Any]]) -> list[Block]:
    """Return each step of a check of each server, and the verdict."""
    blocks: list[Block] = []
    for each in found:
        blocks += [*([Paragraph()] if blocks else []), sentence(each["name"], Style.BOLD)]
        *steps, judged = each["steps"]
        blocks.append(Grid([row for step in steps for row in _rows(step)], right=frozenset({0}), indent=2))
        blocks.append(_verdict(each) if each["verdict"] else sentence(judged["text"], Style.YELLOW, 2))
    return blocks


def _rows(step: Mapping[str, Any]) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows of a step: one for each line that was sent or received."""
    style = _STYLES.get(step["what"])
    first = (Cell(f"{step['at'] * 1000:.1f} ms", Style.DIM), Cell(_ARROWS.get(step["what"], ""), style))
    for line in (_LINE.findall(step["text"]) if "bytes" in step else [step["text"]]) or [""]:
        yield (*first, Cell(line if "bytes" in step else f"{_label(step['what'])}{line}", style))
        first = Cell(""), Cell("")


def _label(what: str) -> str:
    return f"{what}: " if what in {"tls", "run"} else ""


def _verdict(each: Mapping[str, Any]) -> Paragraph:
    words = f" after {took(each['seconds'])}: {each['detail'] or each['reason']}"
    return Paragraph((Cell(each["verdict"], _VERDICTS[each["verdict"]]), Cell(words)), indent=2)
