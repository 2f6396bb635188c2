"""What it adds to a check to be observed; prints a line of JSON for each kind of check.

    python benchmarks/observers.py REALS STARTS WINDOWS

One director has a log, metrics, a history with its file, a state file, and the API on a port and on a socket; the
other has no observer at all, and is not asked.  See `paired.py` for how they are compared.  After each start's windows
comes a long one, in which the metrics of the first are scraped once: as Prometheus does by itself.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median

from daemons import cf
from native import Director, directing, free_port, head, scrape
from paired import compared, cores, side_by_side, window
from webserver import WebServer

INTERVAL = 1
SETTLE = 2.0 * INTERVAL
"""Seconds until each server has its own place within the interval."""
WINDOW = 0.7
SCRAPE_EVERY = 15.0
"""Seconds; what Prometheus' own example has."""
BARE = f"checktimeout=3\nnegotiatetimeout=3\ncheckinterval={INTERVAL}\nquiescent=yes\n"


@contextmanager
def director_of(kind: str, reals: int, port: int, core: int, *, metrics: int) -> Iterator[Director]:
    """Run a director; with *metrics*, the port of them, it is observed in each way that there is."""
    if metrics:
        listening = f"{head(INTERVAL, metrics)}statuslisten=127.0.0.1:{free_port()}\n"
        configuration, mode = cf(kind, reals, port, f"{listening}historyfile=HOME/history.jsonl\n"), "observed"
    else:
        configuration, mode = cf(kind, reals, port, BARE), "bare"
    with directing(configuration, core, mode=mode) as (director, _):
        yield director


def measured(kind: str, reals: int, starts: int, windows: int) -> dict[str, object]:
    own, other = cores()
    found, scraped = [], []
    with WebServer(own) as web:
        for number in range(starts):
            metrics = free_port()
            ours, theirs = (partial(director_of, kind, reals, web.port, other, metrics=each) for each in (metrics, 0))
            with side_by_side((ours, theirs), number, SETTLE) as both:
                found.append([window(both, WINDOW) for _ in range(windows)])
                scraping = threading.Timer(SCRAPE_EVERY / 2, scrape, (metrics,))
                scraping.start()
                observed, bare = window(both, SCRAPE_EVERY)
                scraping.join()
                scraped.append(observed / bare)
    result = compared(found)
    return {
        "observers": kind,
        "reals": reals,
        "starts": starts,
        "windows": windows,
        "observed": result.ours,
        "bare": result.theirs,
        "ratio": result.ratio,
        "lowest": min(result.ratios),
        "highest": max(result.ratios),
        "scraped": median(scraped),
        "scrape_every": SCRAPE_EVERY,
    }


def main() -> None:
    reals, starts, windows = map(int, sys.argv[1:])
    os.sched_setaffinity(0, set(cores()))
    for kind in ("tcp", "http"):
        print(json.dumps(measured(kind, reals, starts, windows)), flush=True)


if __name__ == "__main__":
    main()
