"""Word from the kernel that a directory's entries have changed, inotify(7).

What changed does not matter here: the listener reads the directory anew.  So two calls of the C library are all
that it takes, and `ctypes` (a quarter of a megabyte) is imported only where a directory is watched.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress

# From <sys/inotify.h>; the flags of inotify_init1 are those of open(2).
_ENTRIES = 0x40 | 0x80 | 0x100 | 0x200  # IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE
_CONTENTS = 0x8  # IN_CLOSE_WRITE
_ITSELF = 0x400 | 0x800  # IN_DELETE_SELF, IN_MOVE_SELF
_ONLYDIR = 0x01000000  # IN_ONLYDIR


class DirectoryWatch:
    """Calls *changed* when the entries of a directory have changed; file systems of other hosts tell nothing."""

    def __init__(self, changed: Callable[[], None]) -> None:
        """Raise OSError where there is no inotify, or no instance left (fs.inotify.max_user_instances)."""
        import ctypes  # noqa: PLC0415  # see above

        self._error = ctypes.get_errno
        libc = ctypes.CDLL(None, use_errno=True)
        self._add_watch = libc.inotify_add_watch
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._descriptor = self._checked(libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self._loop.add_reader(self._descriptor, self._on_news)

    def add(self, directory: str, *, contents: bool = False) -> None:
        """Watch *directory*, also if it is a new one at an old place; raise OSError.  May take a file system's time.

        *contents*: writing to one of its files is news, too.
        """
        path = os.fsencode(directory)
        self._checked(
            self._add_watch(self._descriptor, path, _ENTRIES | (_CONTENTS if contents else 0) | _ITSELF | _ONLYDIR)
        )

    def close(self) -> None:
        """Watch no more."""
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _on_news(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._descriptor, 64 * 1024)
        self._changed()

    def _checked(self, result: int) -> int:
        if result < 0:
            number = self._error()
            raise OSError(number, os.strerror(number))
        return result
