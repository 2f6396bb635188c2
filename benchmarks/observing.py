"""What those who look on cost: `ldirectorctl status` and a scrape before very many servers, and checks meanwhile.

    python benchmarks/observing.py REALS TURNS

The director checks all servers every few seconds over HTTP on one processor; web servers and whoever asks have another.
Prints a line of JSON: seconds of the best and of the middle turn, and how late checks began (p50, p99), in
milliseconds, while nobody asked and while somebody asked all the time.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

from daemons import cf
from native import free_port, head
from webserver import WebServer

INTERVAL = 10
PER_VIRTUAL = 100
QUIET = 20.0
"""Seconds for which nobody asks."""
PATIENCE = 120.0


def scrape(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        return answer.read().decode()


def lateness(text: str) -> dict[float, float]:
    """Return how many checks began within how many seconds, from a scrape."""
    found = {}
    for line in text.splitlines():
        if line.startswith("ldirectord_scheduler_lag_seconds_bucket"):
            edge, _, count = line.partition('le="')[2].partition('"} ')
            found[float(edge)] = float(count)
    return found


def quantile(before: dict[float, float], after: dict[float, float], share: float) -> float:
    """Return the edge below which this *share* of the checks in between began late, in milliseconds."""
    counts = {edge: after[edge] - before.get(edge, 0) for edge in sorted(after)}
    total = max(counts.values())
    return 1e3 * next(edge for edge, count in counts.items() if count >= share * total)


def timed(work: Callable[[], object], turns: int) -> dict[str, float]:
    took = []
    for _ in range(turns):
        begun = time.perf_counter()
        work()
        took.append(time.perf_counter() - begun)
    return {"best": min(took), "middle": statistics.median(took)}


def main() -> None:
    reals, turns = int(sys.argv[1]), int(sys.argv[2])
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[0]})
    port = free_port()
    with tempfile.TemporaryDirectory() as home, WebServer(cores[0]) as web:
        config = Path(home, "bench.cf")
        config.write_text(cf("http", reals, web.port, head(INTERVAL, port), PER_VIRTUAL))
        environment = os.environ | {"LDIRECTORD_RUN_DIR": home}
        pinned = ["taskset", "-c", str(cores[-1])]
        program = [sys.executable, "-m", "ldirectord_py", "--table", "memory", "--foreground", str(config), "start"]
        daemon = subprocess.Popen(
            [*pinned, *program],
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        try:
            print(json.dumps(measured(port, environment, reals, turns)))
        finally:
            daemon.terminate()
            daemon.wait(PATIENCE)


def measured(port: int, environment: dict[str, str], reals: int, turns: int) -> dict[str, object]:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5):
                break
        except OSError:
            assert time.monotonic() < deadline, "the director is not ready"
            time.sleep(0.2)
    time.sleep(2 * INTERVAL)  # until each has its own place within the interval
    begun = lateness(scrape(port))
    time.sleep(QUIET)
    asked = lateness(scrape(port))

    def status() -> None:
        words = [sys.executable, "-m", "ldirectord_py.cli.ldirectorctl", "status"]
        subprocess.run(words, env=environment, stdout=subprocess.DEVNULL, check=True)

    statuses = timed(status, turns)
    between = lateness(scrape(port))
    scrapes = timed(lambda: scrape(port), turns)
    ended = lateness(scrape(port))
    return {
        "reals": reals,
        "status": statuses,
        "scrape": scrapes,
        "late_quiet": [quantile(begun, asked, share) for share in (0.5, 0.99)],
        "late_status": [quantile(asked, between, share) for share in (0.5, 0.99)],
        "late_scrape": [quantile(between, ended, share) for share in (0.5, 0.99)],
    }


if __name__ == "__main__":
    main()
