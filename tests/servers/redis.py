"""Redis, on both loopbacks."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.peers.ports import free_port
from tests.servers.daemons import LOOPBACKS, daemon, listens


@contextmanager
def redis() -> Iterator[int]:
    """Yield the port of a server that keeps nothing."""
    with TemporaryDirectory(prefix="ldirectord-test-") as folder:
        port = free_port()
        argv = ["redis-server", "--port", str(port), "--bind", *LOOPBACKS, "--save", "", "--dir", folder]
        with daemon(argv, ready=listens(port), output=Path(folder, "output")):
            yield port
