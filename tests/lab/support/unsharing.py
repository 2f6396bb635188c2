"""Namespaces of threads: what `unshare`, `nsenter` and `mount` do, without starting a program."""

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import TypeVar

T = TypeVar("T")

NETWORK, MOUNTS, HOST_NAME, PROCESSES = 0x40000000, 0x00020000, 0x04000000, 0x20000000
"""Kinds of namespaces: CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS and CLONE_NEWPID of unshare(2)."""
_BIND, _RECURSIVE, _PRIVATE, _DETACH = 0x1000, 0x4000, 0x40000, 0x2
_libc = ctypes.CDLL(None, use_errno=True)


def on_thread(act: Callable[[], T]) -> T:
    """Return what *act* does on a thread of its own: namespaces that it changes are those of no other."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(act())
        except BaseException as error:  # noqa: BLE001  # it is raised again below
            outcome.set_exception(error)

    thread = Thread(target=run, name="namespaces")
    thread.start()
    thread.join()
    return outcome.result()


def enter(namespace: Path | int, kind: int) -> None:
    """Move this thread to a namespace: a file, or a descriptor of it."""
    descriptor = os.open(namespace, os.O_RDONLY) if isinstance(namespace, Path) else namespace
    try:
        _call("setns", descriptor, kind)
    finally:
        if descriptor != namespace:
            os.close(descriptor)


def unshare(kind: int) -> None:
    """Move this thread to a new namespace; what is mounted in one of its own stays there."""
    _call("unshare", kind)
    if kind == MOUNTS:
        _call("mount", b"none", b"/", None, _RECURSIVE | _PRIVATE, None)


def bind(source: Path, target: Path) -> None:
    """Show *source* at *target* too: files at files, folders at folders."""
    _call("mount", os.fsencode(source), os.fsencode(target), None, _BIND, None)


def unbind(target: Path) -> None:
    """Show it there no more, even if somebody still uses it."""
    _call("umount2", os.fsencode(target), _DETACH)


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc, name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
