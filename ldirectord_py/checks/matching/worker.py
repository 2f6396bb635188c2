"""Matches patterns in a worker, run as a program: what takes long there holds up nobody else."""

from typing import Any

from ldirectord_py.checks.matching.patterns import PatternGaveUp, Receive
from ldirectord_py.workers.child import AnswerQuestion, serve

PATTERN = "pattern"
"""The key of a pattern in a question, each byte a character; the subject is the raw data."""
FOUND = "found"
"""The key of the answer: whether the subject matches, or null where nobody can tell."""

_MOST_MEMORY = 1 << 28


def _search(told: dict[str, Any], subject: bytes) -> dict[str, Any]:
    try:
        return {FOUND: Receive(told[PATTERN].encode("latin-1")).matches(subject)}
    except (PatternGaveUp, MemoryError):
        return {FOUND: None}


def _begin() -> AnswerQuestion:
    return _search


if __name__ == "__main__":
    serve(lambda: _begin, most_memory=_MOST_MEMORY)
