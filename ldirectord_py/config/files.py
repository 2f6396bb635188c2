"""Files that a configuration consists of or names: read at once, whole, and never waited for."""

import os
import stat


class BadFile(ValueError):
    """A file that cannot be read; the message is a sentence without its subject, such as `is a directory`."""


def read_regular(path: str | os.PathLike[str], most: int, what: str) -> bytes:
    """Return the content of the file *path*, at most *most* bytes; *what* it should be.  Raises `BadFile`."""
    try:
        # Not blocking, so that a FIFO without a writer does not keep us.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISDIR(mode):
                raise BadFile("is a directory, not a file")
            if not stat.S_ISREG(mode):
                raise BadFile("is not a regular file")
            with open(descriptor, "rb", closefd=False) as file:
                content = file.read(most + 1)
        finally:
            os.close(descriptor)
    except OSError as exc:
        raise BadFile(f"cannot be read: {exc.strerror or exc}") from None
    if len(content) > most:
        raise BadFile(f"is larger than {most // 2**20} MiB, which no {what} is")
    return content
