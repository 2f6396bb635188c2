"""Ports for programs that bind them themselves: each is given out once, and nobody is handed it by chance.

A port that the kernel has chosen and that was closed again belongs to the next who asks for any, be it a connection
that sets out: that is how a stranger's server came to answer a test.  So these come from below the range that the
kernel chooses from; each process of a test run starts in a part of it by its own number, and gives none out twice.
"""

import os
import socket
from contextlib import suppress
from itertools import count
from pathlib import Path

_LOWEST = 10_000
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_given = count()


def free_port() -> int:
    """Return a port that nobody uses, for TCP and UDP, on both loopbacks."""
    first_chosen = int(_RANGE.read_text().split()[0])
    number = max(first_chosen, _LOWEST + 1_000) - _LOWEST
    start = os.getpid() * 61  # neighbours are 61 apart, which is more than most ask for
    while True:
        port = _LOWEST + (start + next(_given)) % number
        with suppress(OSError):
            _claim(port)
            return port


def _claim(port: int) -> None:
    """Raise OSError if somebody has *port*, on any address."""
    for family, address in ((socket.AF_INET, ""), (socket.AF_INET6, "::")):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(family, kind) as taker:
                if family == socket.AF_INET6:
                    taker.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                taker.bind((address, port))
