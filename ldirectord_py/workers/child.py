"""The worker's side: answers questions from its standard input, one after the other, until there are no more."""

import json
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from ldirectord_py.workers.confine import drop, limit
from ldirectord_py.workers.frames import HEAD, READY, UNAVAILABLE, packed

MOST_CPU = 2.0
"""Seconds of processor time for one question; whoever needs more ends the worker (SIGPROF)."""

Answer = Callable[[dict[str, Any]], dict[str, Any]]


def serve(load: Callable[[], Answer]) -> NoReturn:
    """Have *load*, which may take its time and read files, return what answers questions; then give up all rights.

    The parent's process id is the first word of the command line.
    """
    limit()
    try:
        answer = load()
        drop(int(sys.argv[1]))
    except (ImportError, OSError) as error:
        _write({UNAVAILABLE: f"the process that asks cannot be set up: {error}"})
        sys.exit(1)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    _write({READY: True})
    while (question := _read()) is not None:
        signal.setitimer(signal.ITIMER_PROF, MOST_CPU)
        told = answer(question)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _write(told)
    sys.exit()


def _read() -> dict[str, Any] | None:
    head = sys.stdin.buffer.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    body = sys.stdin.buffer.read(HEAD.unpack(head)[0])
    question: dict[str, Any] = json.loads(body)
    return question


def _write(told: dict[str, Any]) -> None:
    sys.stdout.buffer.write(packed(told))
    sys.stdout.buffer.flush()
