"""Threads besides the main one: signals do not reach them, and nobody waits for them."""

import errno
import signal
from collections.abc import Callable
from threading import Thread  # noqa: TID251  # the one place


class NoThread(OSError):
    """The machine, or the unit, has no room for a thread."""

    sentence = "no thread can be started: look at TasksMax and at the memory"

    def __init__(self) -> None:
        super().__init__(errno.EAGAIN, self.sentence)


def begin(work: Callable[[], None], name: str) -> Thread:
    """Start a thread that does *work*, that no signal reaches, and that the end of the process does not wait for.

    A signal for the process goes to any thread that does not block it, and the main thread blocks those that ask for
    the end once that has come: in another thread they would kill the process before its pid file is gone.
    Raises `NoThread`.
    """
    thread = Thread(target=work, name=name, daemon=True)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        thread.start()  # it inherits the mask of the thread that starts it
    except RuntimeError as error:  # by Python, whatever the kernel's reason was
        raise NoThread from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return thread
