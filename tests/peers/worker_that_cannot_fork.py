"""Workers of which none can be had: there is no room for one more process."""

import errno
import os

from ldirectord_py.workers.child import serve


def refuse() -> int:
    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))


if __name__ == "__main__":
    os.fork = refuse
    serve(lambda: lambda: lambda told, _data: told)
