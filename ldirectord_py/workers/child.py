"""The processes' side: a parent, which loads a library and gives up all rights, and the workers that it forks off.

A worker answers questions from its stream, one after the other, until there are no more.  Forking it costs about a
millisecond, and most of the memory is the parent's.
"""

import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from time import process_time
from typing import Any, NoReturn

from ldirectord_py.workers.confine import drop, end_with, limit
from ldirectord_py.workers.frames import (
    BEGIN,
    END,
    ENDED,
    HEAD,
    LONGEST_MESSAGE,
    MOST_MICROSECONDS,
    READY,
    STATUS,
    UNAVAILABLE,
    packed,
)

MOST_MEMORY = 1 << 30
"""Bytes of address space of each process."""
_MOST_SAID = 500
"""Characters of an error, so that it fits into a message."""

AnswerQuestion = Callable[[dict[str, Any], bytes], dict[str, Any]]
"""Returns the answer to the JSON and the raw data of a question."""
Prepare = Callable[[], AnswerQuestion]
"""Is called in each worker, and returns what answers there."""


def serve(load: Callable[[], Prepare], *, most_memory: int = MOST_MEMORY) -> NoReturn:
    """Be the parent: have *load* load what is needed, which may read files; then give up all rights, and fork workers.

    The director's process id is the first word of the command line; standard input is the socket to the director.
    """
    limit(most_memory)
    control = socket.socket(fileno=os.dup(0))
    try:
        begin = load()
        drop(int(sys.argv[1]))
    except (ImportError, OSError) as error:
        _tell(control, {UNAVAILABLE: f"the process that asks cannot be set up: {str(error)[:_MOST_SAID]}"})
        sys.exit(1)
    # What is there now stays: collecting garbage would write to its pages, so that each worker had its own of them.
    gc.collect()
    gc.freeze()
    _tell(control, {READY: True})
    workers: dict[int, int] = {}
    while True:
        message, descriptors, _flags, _address = socket.recv_fds(control, LONGEST_MESSAGE, 1)
        if not message:
            sys.exit()
        told = json.loads(message)
        if descriptors:
            _fork(told[BEGIN], descriptors[0], workers, control, begin)
        elif (number := told[END]) in workers:
            status = _ended(workers.pop(number))
            _tell(control, {ENDED: number, STATUS: status})


def _fork(number: int, descriptor: int, workers: dict[int, int], control: socket.socket, begin: Prepare) -> None:
    """Fork worker *number*, with *descriptor* as its stream."""
    parent = os.getpid()
    try:
        pid = os.fork()
    except OSError as error:
        _tell(control, {ENDED: number, UNAVAILABLE: f"cannot start a process that asks: {error.strerror}"})
        os.close(descriptor)
        return
    if pid == 0:
        end_with(parent)
        # A worker must not be able to speak to the director as its parent does.
        control.close()
        os.dup2(descriptor, 0)
        os.dup2(descriptor, 1)
        os.close(descriptor)
        _work(begin())
    os.close(descriptor)
    workers[number] = pid


def _ended(pid: int) -> int:
    """End a worker and return how it ended; that it is killed changes nothing if it has ended already."""
    with suppress(OSError):
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _work(answer: AnswerQuestion) -> NoReturn:
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    asked, said = os.fdopen(0, "rb", closefd=False), os.fdopen(1, "wb", closefd=False)
    while len(head := asked.read(HEAD.size)) == HEAD.size:
        size, more, allowed = HEAD.unpack(head)
        told, data = json.loads(asked.read(size)), asked.read(more)
        begun = process_time()
        signal.setitimer(signal.ITIMER_PROF, allowed / 1e6)
        answered = answer(told, data)
        signal.setitimer(signal.ITIMER_PROF, 0)
        taken = round((process_time() - begun) * 1e6)
        said.write(packed(answered, microseconds=min(taken, MOST_MICROSECONDS)))
        said.flush()
    sys.exit()


def _tell(control: socket.socket, told: dict[str, Any]) -> None:
    try:
        control.send(json.dumps(told).encode())
    except OSError:  # nobody is there any more
        sys.exit(1)
