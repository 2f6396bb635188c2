"""Real daemons, started for a test on free ports of loopback and ended with it, their children too."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ldirectord_py.model.address import Endpoint
from tests.peers.patience import PATIENCE

LOOPBACKS = ("127.0.0.1", "::1")
PATIENT = {"negotiatetimeout": PATIENCE, "checktimeout": PATIENCE}
"""Words for checks that will be answered, if late: many daemons start processes when their first guests come."""
_PAUSE = 0.02
"""Seconds between two looks at whether it is ready."""


def at(port: int, address: str = "127.0.0.1") -> Endpoint:
    """Return the endpoint of *port* on loopback."""
    return Endpoint(ip_address(address), port)


def listens(*ports: int, on: Iterable[str] = LOOPBACKS, over: Iterable[str] = ("tcp",)) -> Callable[[], bool]:
    """Return whether all *ports* are open, as something to be asked again and again.

    A server opens one after the other, and on a busy machine it may rest in between.
    None is connected to: the server would log it, and tests count what it logs.
    """
    needed = {(transport, ip_address(address), port) for transport in over for address in on for port in ports}
    return lambda: needed <= _open_ports()


def _open_ports() -> set[tuple[str, IPv4Address | IPv6Address, int]]:
    """Return what is open on this host, with transport, address and port."""
    lines = subprocess.check_output(["ss", "-Hlntu"], text=True).splitlines()
    found = set()
    for transport, _state, _received, _sent, local, *_ in map(str.split, lines):
        host, _, port = local.rpartition(":")
        for address in LOOPBACKS if host == "*" else [host.strip("[]").partition("%")[0]]:
            found.add((transport, ip_address(address), int(port)))
    return found


def runs_as(user: str) -> str:
    """Return who a daemon will run as that is to run as *user*: only root may choose."""
    return user if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


@contextmanager
def room(user: str) -> Iterator[Path]:
    """Yield a folder of *user*'s, which pytest's own are not: nobody but root may enter those of root."""
    with TemporaryDirectory(prefix="ldirectord-test-") as name:
        folder = Path(name)
        shutil.chown(folder, runs_as(user))
        yield folder


@contextmanager
def daemon(
    argv: Sequence[str | Path],
    *,
    ready: Callable[[], bool],
    output: Path,
    user: str | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run *argv* in the foreground until the end; fail with what it wrote to *output* where it does not get *ready*.

    It runs as *user* where we are root and one is named.
    """
    root = os.geteuid() == 0
    identity = {"user": user, "group": user, "extra_groups": []} if user and root else {}
    with output.open("wb") as log, subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd, env=env, start_new_session=True, **identity
    ) as process:  # fmt: skip
        try:
            _await(process, ready, output)
            yield process
        finally:
            _end(process)


def _await(process: subprocess.Popen[bytes], ready: Callable[[], bool], output: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        ended = process.poll() is not None
        if ended or time.monotonic() > deadline:
            what = f"ended with {process.returncode}" if ended else f"was not ready within {PATIENCE:g} s"
            pytest.fail(f"{process.args[0]} {what}:\n{output.read_text(errors='replace')[-4000:]}", pytrace=False)
        time.sleep(_PAUSE)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the daemon by its id, and what is left of its session's process group after it."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
