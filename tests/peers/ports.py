"""Ports for programs that bind them themselves: each is given out once, and nobody is handed it by chance.

A port that the kernel has chosen and that was closed again belongs to the next who asks for any, be it a connection
that sets out: that is how a stranger's server came to answer a test.  So these come from below the range that the
kernel chooses from, one after the other: all processes of all test runs of a user count in one file.
"""

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir

_LOWEST = 10_000
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_COUNTER = Path(gettempdir()) / f"ldirectord-test-ports-{os.getuid()}"


def free_port() -> int:
    """Return a port that nobody uses, for TCP and UDP, on both loopbacks."""
    first_chosen = int(_RANGE.read_text().split()[0])
    number = max(first_chosen, _LOWEST + 1_000) - _LOWEST
    while True:
        port = _LOWEST + _count() % number
        with suppress(OSError):
            _claim(port)
            return port


def _count() -> int:
    """Return how many numbers were asked for before, by whichever process."""
    descriptor = os.open(_COUNTER, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        before = int(file.read() or "0")
        file.seek(0)
        file.write(str(before + 1))
    return before


def _claim(port: int) -> None:
    """Raise OSError if somebody has *port*, on any address."""
    for family, address in ((socket.AF_INET, ""), (socket.AF_INET6, "::")):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(family, kind) as taker:
                if family == socket.AF_INET6:
                    taker.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                taker.bind((address, port))
