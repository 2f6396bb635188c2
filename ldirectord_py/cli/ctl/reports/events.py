"""`ldirectorctl events` and `history`: what happened, and what checks found."""

from collections.abc import Mapping, Sequence
from typing import Any

from ldirectord_py.cli.blocks import Block, Cell, Grid, Paragraph, sentence
from ldirectord_py.cli.ctl.reports.words import clock, took
from ldirectord_py.cli.terminal import Style

EventJson = Mapping[str, Any]
"""As `/v1/events` has it."""

_LEVELS = {"warning": Style.YELLOW, "error": Style.RED, "critical": Style.RED}
_VERDICTS = {"up": Style.GREEN, "down": Style.RED, "fault": Style.YELLOW}


def told(events: Sequence[EventJson], now: float, indent: int = 0) -> Grid:
    """Return a line for each event, oldest first."""
    rows = [
        (Cell(clock(event["time"], now), Style.DIM), Cell(event["sentence"], _LEVELS.get(event["level"])))
        for event in events
    ]
    return Grid(rows, indent=indent)


def histories(found: Sequence[Mapping[str, Any]], now: float) -> list[Block]:
    """Return what checks of each server found, and what came of it, oldest first."""
    blocks: list[Block] = []
    for each in found:
        rows = sorted([*_checks(each["checks"], now), *_events(each["events"], now)], key=lambda row: row[0])
        blocks += [*([Paragraph()] if blocks else []), sentence(each["name"], Style.BOLD)]
        blocks.append(Grid([row for _, row in rows], indent=2) if rows else sentence("nothing is known yet", indent=2))
    return blocks


def _checks(checks: Sequence[Mapping[str, Any]], now: float) -> list[tuple[float, tuple[Cell, ...]]]:
    return [
        (
            check["time"],
            (
                Cell(clock(check["time"], now), Style.DIM),
                Cell(check["verdict"], _VERDICTS.get(check["verdict"])),
                Cell("" if check["seconds"] is None else took(check["seconds"])),
                Cell(_found(check)),
            ),
        )
        for check in checks
    ]


def _found(check: Mapping[str, Any]) -> str:
    found = f"{check['asked']}: {check['detail']}" if check["asked"] and check["detail"] else check["detail"]
    times = f" ({check['count']} times)" if check["count"] > 1 else ""
    return f"{found or check['reason']}{times}"


def _events(events: Sequence[EventJson], now: float) -> list[tuple[float, tuple[Cell, ...]]]:
    return [
        (
            event["time"],
            (
                Cell(clock(event["time"], now), Style.DIM),
                Cell("event", Style.BOLD),
                Cell(""),
                Cell(event["sentence"], _LEVELS.get(event["level"], Style.BOLD)),
            ),
        )
        for event in events
    ]
