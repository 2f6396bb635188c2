"""Matches patterns in a process of its own, run as a program: what takes long there holds up nobody else.

It reads questions from its standard input and writes an answer to each.  A worker does the matching, which nothing but
a signal can stop: one that a question has ended is followed by another.  Both end with whoever asked.
"""

import os
import resource
import signal
import sys
from enum import Enum
from struct import Struct
from time import process_time

from ldirectord_py.checks.matching.patterns import PatternGaveUp, Receive

HEAD = Struct("!III")
"""Begins a question: bytes of the pattern and of the subject, which follow, and microseconds of processor time."""
ANSWER = Struct("!cI")
"""An answer: a byte of `MatchResult`, and the microseconds of processor time that it took."""
ALL = (1 << 32) - 1
"""Microseconds: the whole of what there was."""

_MOST_MEMORY = 1 << 28
_BY_THE_QUESTION = frozenset((
    *(signal.SIGVTALRM, signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL, signal.SIGSYS),
))  # fmt: skip
"""How a question ends a worker; what ends it otherwise comes from outside, and says nothing of the question."""


class MatchResult(Enum):
    """What has come of a question."""

    YES = b"+"
    NO = b"-"
    GAVE_UP = b"?"


def main() -> None:
    """Have questions answered until there are no more."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    while worker := os.fork():
        _, status = os.waitpid(worker, 0)
        ended = os.waitstatus_to_exitcode(status)
        if -ended not in _BY_THE_QUESTION:
            sys.exit(ended and 1)
        _write(MatchResult.GAVE_UP, ALL)
    _work()


def _work() -> None:
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    while len(head := sys.stdin.buffer.read(HEAD.size)) == HEAD.size:
        pattern_size, subject_size, allowed = HEAD.unpack(head)
        pattern, subject = sys.stdin.buffer.read(pattern_size), sys.stdin.buffer.read(subject_size)
        begun = process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, allowed / 1e6)
        found = _search(pattern, subject)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        _write(found, min(round((process_time() - begun) * 1e6), ALL))


def _search(pattern: bytes, subject: bytes) -> MatchResult:
    try:
        return MatchResult.YES if Receive(pattern).matches(subject) else MatchResult.NO
    except (PatternGaveUp, MemoryError):
        return MatchResult.GAVE_UP


def _write(found: MatchResult, microseconds: int) -> None:
    os.write(sys.stdout.fileno(), ANSWER.pack(found.value, microseconds))


if __name__ == "__main__":
    main()
