"""What processes cost, as `/proc` has it."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")

Stat = list[str]
"""The fields of `/proc/PID/stat` from the state on."""


def everybody() -> dict[int, Stat]:
    stats = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stats[int(entry.name)] = (entry / "stat").read_text().rpartition(") ")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
    return stats


def family(pid: int) -> dict[int, Stat]:
    """Return a process and its descendants."""
    stats = everybody()
    children: dict[int, list[int]] = {}
    for number, stat in stats.items():
        children.setdefault(int(stat[1]), []).append(number)
    found = [pid]
    for number in found:
        found += children.get(number, ())
    return {number: stats[number] for number in found if number in stats}


def spent(stat: Stat) -> float:
    """Return the seconds that a process and the children that it has reaped have spent."""
    return sum(map(int, stat[11:15])) / TICKS


def cpu(pid: int) -> float:
    """Return the seconds that a process, its descendants and those that they have reaped have spent."""
    return sum(map(spent, family(pid).values()))


def cpu_of_all() -> float:
    """Return the seconds that all processes there are, and those that they have reaped, have spent."""
    return sum(map(spent, everybody().values()))


def memory(pid: int) -> float:
    """Return what a process and its descendants hold in memory, in MB."""
    return sum(int(stat[21]) for stat in family(pid).values()) * PAGE / 1e6
