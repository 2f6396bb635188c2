"""What a process inherits from its parent, and a daemon of root must not."""

import os
import sys
from contextlib import suppress

_MASK = 0o022


def leave_behind() -> None:
    """Close all descriptors but the three standard ones, open those if they are closed, and let nobody else write.

    A descriptor that stays open keeps a lock, a pipe or a file system busy for as long as the daemon runs.  With a
    standard one closed, the first file that is opened takes its place, and gets what is printed.  With a mask of 0
    (umask(2)) every user could write to our log.
    """
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  # the listing itself has one, which goes with it
        if int(name) > 2:
            with suppress(OSError):
                os.close(int(name))
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    # Where one is closed Python has no stream, and whatever flushes or prints would fail.
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115  # for as long as the process lives
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115  # the same
    os.umask(os.umask(_MASK) | _MASK)
