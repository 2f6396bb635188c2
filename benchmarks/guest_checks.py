"""What a check costs, ours and others' in turn: run within the guest.

Prints a line of JSON for each daemon and kind of check.  The guest's kernel looks who runs once in 10 ms, and knows
nothing of the times when the guest itself has to wait for a processor.  Only the daemon's share in what all processes
have spent is taken from it; what the whole guest spent between the marks is seen from outside.

    python benchmarks/guest_checks.py REALS SECONDS [NAME KIND]...
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemons import KEEPALIVED, ORIGINAL, OURS, UNRESUMED, Daemon
from processes import cpu, cpu_of_all, memory
from webserver import WebServer

WORK = Path("/run/bench")
DAEMONS = {daemon.name: daemon for daemon in (OURS, UNRESUMED, KEEPALIVED, ORIGINAL)}
TURNS = [
    *(
        (name, kind)
        for kind in ("http", "tcp")
        for name in ("ours", "keepalived", "ours", "keepalived", "the original")
    ),
    *((name, "https") for name in ("ours", "keepalived", "ours", "keepalived", "ours, no session resumed")),
]
MOST_TLS = 100
"""Real servers under TLS: the handshakes of more would be too much for the one processor, as theirs are its too."""
SETTLING = 4  # seconds from the moment that all servers are in until they are checked at their usual pace
PATIENCE = 120


def tell(fact: dict[str, object]) -> None:
    print(json.dumps(fact), flush=True)
    os.fsync(sys.stdout.fileno())


def serving() -> int:
    """Return how many real servers are in the kernel's table with a weight."""
    listing = subprocess.run(["ipvsadm", "-S", "-n"], check=True, capture_output=True, text=True).stdout
    return sum(line.startswith("-a") and not line.endswith("-w 0") for line in listing.splitlines())


@contextmanager
def running(daemon: Daemon, kind: str, reals: int, port: int) -> Iterator[subprocess.Popen[bytes]]:
    path = WORK / "daemon.conf"
    path.write_text(daemon.configuration(kind, reals, port))
    with (WORK / "printed").open("w") as printed:
        process = subprocess.Popen(
            daemon.command(path),
            env=os.environ | daemon.environment,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)
        subprocess.run(["ipvsadm", "-C"], check=True)


def wait_until_all_serve(process: subprocess.Popen[bytes], reals: int) -> float:
    began = time.monotonic()
    while serving() < reals:
        if process.poll() is not None or time.monotonic() - began > PATIENCE:
            printed = (WORK / "printed").read_text()[-2000:]
            raise SystemExit(f"{serving()} of {reals} are in after {time.monotonic() - began:.0f} s: {printed}")
        time.sleep(0.5)
    return time.monotonic() - began


def measure(daemon: Daemon, kind: str, reals: int, seconds: float, web: WebServer) -> dict[str, object]:
    reals = min(reals, daemon.reals or reals, MOST_TLS if kind == "https" else reals)
    with running(daemon, kind, reals, web.port) as process:
        pid = process.pid
        all_in = wait_until_all_serve(process, reals)
        time.sleep(SETTLING)
        tell({"mark": "begin"})
        began, before, resumed = time.monotonic(), web.accepted, web.resumed
        spent, spent_by_all = cpu(pid), cpu_of_all()
        time.sleep(seconds)
        checks, resumed = web.accepted - before, web.resumed - resumed
        spent, spent_by_all = cpu(pid) - spent, cpu_of_all() - spent_by_all
        took = time.monotonic() - began
        tell({"mark": "end"})
        return {
            "who": daemon.name,
            "kind": kind,
            "reals": reals,
            "checks": checks,
            "seconds": round(took),
            "share": round(spent / spent_by_all, 4),
            "ticks": round(spent / checks * 1e6),
            "rate": round(checks / took),
            "resumed": round(resumed / checks, 3),
            "memory": round(memory(pid), 1),
            "all_in": round(all_in, 1),
        }


def main() -> None:
    reals, seconds, *words = sys.argv[1:]
    WORK.mkdir()
    tell({"kernel": os.uname().release})
    with WebServer() as web, WebServer(tls=True) as secure:
        for name, kind in list(zip(words[::2], words[1::2], strict=True)) or TURNS:
            tell(measure(DAEMONS[name], kind, int(reals), float(seconds), secure if kind == "https" else web))


main()
