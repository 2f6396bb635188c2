"""What it costs to close connections in order instead of resetting them; prints a line of JSON for each kind of check.

    python benchmarks/closing.py REALS PAIRS SECONDS

One director does both in short turns, one after the other, so that whatever else the machine does falls on both alike;
what counts is the middle of the ratios of two turns that follow each other.
"""

import json
import os
import sys
import time
from statistics import median

from daemons import cf
from native import directing, free_port, head, quantile
from webserver import WebServer

INTERVAL = 1
WAYS = ("close in order", "reset")


def measured(kind: str, reals: int, pairs: int, seconds: float, cores: tuple[int, int]) -> dict[str, object]:
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    with WebServer(cores[0], tls=kind == "https") as web:
        configuration = cf(kind, reals, web.port, head(INTERVAL, free_port()))
        with directing(configuration, cores[1]) as (director, _):
            time.sleep(2 * INTERVAL)  # until each has its own place within the interval
            for number in range(pairs):
                for way in WAYS if number % 2 else reversed(WAYS):
                    director.ask(way)
                    director.ask("begin")
                    time.sleep(seconds)
                    found[way].append(director.ask("end")["micros"])
    in_order, reset = (found[way] for way in WAYS)
    ratios = [one / other for one, other in zip(in_order, reset, strict=True)]
    return {
        "closing": kind,
        "reals": reals,
        "pairs": pairs,
        "in_order": median(in_order),
        "reset": median(reset),
        "ratio": median(ratios),
        "ratio25": quantile(ratios, 0.25),
        "ratio75": quantile(ratios, 0.75),
    }


def main() -> None:
    reals, pairs, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    cores = sorted(os.sched_getaffinity(0))
    pair = (cores[0], cores[-1])
    os.sched_setaffinity(0, {pair[0]})
    for kind in ("tcp", "http", "https"):
        # Of handshakes the web server's processor can do a tenth.
        count = reals // 10 if kind == "https" else reals
        print(json.dumps(measured(kind, count, pairs, seconds, pair)), flush=True)


if __name__ == "__main__":
    main()
