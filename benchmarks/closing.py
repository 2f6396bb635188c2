"""What it costs to close connections in order instead of resetting them; prints a line of JSON for each kind of check.

    python benchmarks/closing.py REALS TURNS SECONDS

One director does both in turn, so that whatever else the machine does falls on both alike, and the best turn
of each counts.
"""

import json
import os
import sys
import time

from daemons import cf
from native import directing, free_port, head
from webserver import WebServer

INTERVAL = 1
WAYS = ("close in order", "reset")


def measured(kind: str, reals: int, turns: int, seconds: float, cores: tuple[int, int]) -> dict[str, object]:
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    with WebServer(cores[0], tls=kind == "https") as web:
        configuration = cf(kind, reals, web.port, head(INTERVAL, free_port()))
        with directing(configuration, cores[1]) as (director, _):
            time.sleep(2 * INTERVAL)  # until each has its own place within the interval
            for _ in range(turns):
                for way in WAYS:
                    director.ask(way)
                    director.ask("begin")
                    time.sleep(seconds)
                    found[way].append(director.ask("end")["micros"])
    in_order, reset = (min(found[way]) for way in WAYS)
    return {"closing": kind, "reals": reals, "turns": turns, "in_order": in_order, "reset": reset}


def main() -> None:
    reals, turns, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    cores = sorted(os.sched_getaffinity(0))
    pair = (cores[0], cores[-1])
    os.sched_setaffinity(0, {pair[0]})
    for kind in ("tcp", "http", "https"):
        # Handshakes take the web server, too: as many as one processor can do.
        print(json.dumps(measured(kind, reals // (10 if kind == "https" else 1), turns, seconds, pair)), flush=True)


if __name__ == "__main__":
    main()
