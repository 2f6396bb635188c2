"""Files that a configuration consists of or names: read at once, whole, and never waited for."""

import os
import stat

from ldirectord_py.config.grammar.directive import Unreadable

LARGEST_FILE = 16 * 1024 * 1024


def content(path: str, most: int = LARGEST_FILE, what: str = "configuration") -> bytes:
    """Return what is in the file *path*, at most *most* bytes; *what* it should be.

    Raises `OSError`, or `Unreadable` where it is none to be read, with a sentence that goes on where the path ends.
    """
    # Not blocking, so that a FIFO without a writer does not keep us.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise Unreadable("is a directory, not a file")
        if not stat.S_ISREG(mode):
            raise Unreadable("is not a regular file")
        with open(descriptor, "rb", closefd=False) as file:
            found = file.read(most + 1)
    finally:
        os.close(descriptor)
    if len(found) > most:
        size = f"{most // 2**20} MiB" if most >= 2**20 else f"{most // 2**10} KiB"
        raise Unreadable(f"is larger than {size}, which no {what} is")
    return found
