"""What has become of a command about servers, or of a reload."""

from collections.abc import Mapping
from typing import Any

from ldirectord_py.cli.blocks import Block, Cell, Grid, sentence
from ldirectord_py.cli.ctl.reports.servers import commanded
from ldirectord_py.cli.ctl.reports.words import counted
from ldirectord_py.cli.terminal import Style

Answer = Mapping[str, Any]


def carried_out(answer: Answer, now: float) -> list[Block]:
    """Return what a command has changed, server by server, and what is to be known of it."""
    rows = [_carried_out(each, now) for each in answer["reals"]]
    return [Grid(rows), *(sentence(note, Style.YELLOW) for note in answer["notes"])]


def _carried_out(real: Mapping[str, Any], now: float) -> tuple[Cell, ...]:
    before, after, connections = real["before"], real["after"], real["connections"]
    was = commanded(before, now) if before is not None else ""
    if after is None:
        words = f"enabled: its checks decide (before: {was})" if was else "nothing was in force: its checks decide"
        return Cell(real["name"], Style.GREEN), Cell(words)
    words = commanded(after, now)
    if connections is not None:
        words += f"; {left(connections)}"
    if was and before != after:
        words += f"; in place of: {was}"
    return Cell(real["name"], Style.YELLOW), Cell(words)


def left(connections: Mapping[str, int]) -> str:
    """Return how many connections are open, such as `12 connections (10 active, 2 inactive)`."""
    active, inactive = connections["active"], connections["inactive"]
    total = counted(active + inactive, "connection") if active + inactive else "no connections"
    return f"{total} ({active:,} active, {inactive:,} inactive)" if active + inactive else total


def reloaded(answer: Answer) -> list[Block]:
    """Return what a reload has changed."""
    signs = (("+", "added", Style.GREEN), ("-", "removed", Style.RED), ("~", "changed", Style.YELLOW))
    rows = [(Cell(sign, style), Cell(name)) for sign, key, style in signs for name in answer[key]]
    said = [sentence(text, Style.YELLOW) for text in (*answer["warnings"], *answer["notes"])]
    summary = ", ".join(f"{len(answer[key])} {key}" for _, key, _ in signs if answer[key]) or "nothing has changed"
    return [*([Grid(rows, indent=2)] if rows else []), *said, sentence(f"The configuration is in force: {summary}.")]
