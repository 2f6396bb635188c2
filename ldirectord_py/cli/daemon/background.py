"""The way into the background, and word from there that the daemon is at work."""

import os
import select
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from ldirectord_py.model.signals import LEAVE_TABLE
from ldirectord_py.options import Ready

_LONGEST_REPORT = 4000  # below PIPE_BUF, so that it comes in one piece


@dataclass(frozen=True, slots=True)
class StartReport:
    """What became of a start: an exit status, and what the operator should know of it, if anything."""

    status: int
    sentence: str = ""


Announce = Callable[[StartReport], None]


def in_background(work: Callable[[Announce], int], seconds: float) -> StartReport:
    """Do *work* in a daemon; return what it announces first, or that it did not do so within *seconds*.

    Returns in the foreground only: the daemon ends with the status that *work* returns.  It lets go of
    the terminal at once: a reader of `start`'s output must not have to wait for the daemon's end.
    """
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        child = os.fork()
    except OSError as error:
        os.close(reader)
        os.close(writer)
        return _no_process(error)
    if child:
        os.close(writer)
        os.waitpid(child, 0)
        return _await_report(reader, seconds)
    os.close(reader)
    os.setsid()
    announce = _announcer(writer)
    try:
        grandchild = os.fork()
    except OSError as error:
        announce(_no_process(error))
        os._exit(1)
    if grandchild:
        os._exit(0)
    os.chdir("/")
    _leave_terminal()
    sys.exit(work(announce))


def _no_process(error: OSError) -> StartReport:
    return StartReport(1, f"no process can be started ({error.strerror}): look at TasksMax, ulimit -u and the memory")


def _announcer(writer: int) -> Announce:
    announced = False

    def announce(report: StartReport) -> None:
        """Tell the foreground, once."""
        nonlocal announced
        if announced:
            return
        announced = True
        try:
            os.write(writer, f"{report.status} {report.sentence}".encode(errors="surrogateescape")[:_LONGEST_REPORT])
        except BrokenPipeError:
            pass  # the foreground was interrupted, or has lost patience; the daemon goes on
        finally:
            os.close(writer)

    return announce


def _leave_terminal() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    if nowhere > 2:
        os.close(nowhere)


def _await_report(reader: int, seconds: float) -> StartReport:
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    try:
        if not poll.poll(seconds * 1000):
            return StartReport(1, f"ldirectord has not got to work within {seconds:g} seconds; it goes on trying")
        answer = os.read(reader, _LONGEST_REPORT).decode(errors="surrogateescape")
    finally:
        os.close(reader)
    if not answer:
        return StartReport(1, "ldirectord ended before it got to work")
    status, _, sentence = answer.partition(" ")
    return StartReport(int(status), sentence)


def early_signals() -> Ready:
    """See to signals until the director sees to them itself; the function returned is told when it does.

    Until then a request to stop ends the process in order, and a request to reload, whose default
    would be to end it, is kept and made again.
    """
    kept: list[int] = []

    def keep(number: int, _frame: FrameType | None) -> None:
        kept.append(number)

    def stop(_number: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    def over(*_troubles: str) -> None:
        for number in kept:
            signal.raise_signal(number)
        kept.clear()

    signal.signal(signal.SIGHUP, keep)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, LEAVE_TABLE):
        signal.signal(number, stop)
    return over
