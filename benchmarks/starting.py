"""From the command `start` until the last real server is in, ours and the original's: run within the guest.

The web server shares the guest's one processor, as it does in the other measurements there.  Prints a line of JSON.

    python benchmarks/starting.py REALS
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from daemons import HEAD, ORIGINAL, cf
from webserver import WebServer

WORK = Path("/run/bench")
TIMES = 3  # ours; the middle one counts
PATIENCE = 400
OURS = [sys.executable, "-m", "ldirectord_py"]
ENVIRONMENT = {"LDIRECTORD_RUN_DIR": str(WORK), "PYTHONPATH": "."}


def serving() -> int:
    """Return how many destinations of the kernel's table have a weight; no program is started for that."""
    words = [line.split() for line in Path("/proc/net/ip_vs").read_text().splitlines()]
    return sum(len(line) > 3 and line[0] == "->" and line[3].isdigit() and int(line[3]) > 0 for line in words)


def ours(path: Path, reals: int) -> float:
    began = time.monotonic()
    subprocess.run([*OURS, str(path), "start"], check=True, env=os.environ | ENVIRONMENT, stdin=subprocess.DEVNULL)
    took = until_all_serve(began, reals)
    subprocess.run([*OURS, str(path), "stop"], check=True, env=os.environ | ENVIRONMENT, stdin=subprocess.DEVNULL)
    return took


def the_original(path: Path, reals: int) -> float:
    began = time.monotonic()
    nowhere = subprocess.DEVNULL  # it warns of each line that it reads
    with subprocess.Popen(ORIGINAL.command(path), stdin=nowhere, stdout=nowhere, stderr=nowhere) as process:
        try:
            return until_all_serve(began, reals)
        finally:
            process.kill()


def until_all_serve(began: float, reals: int) -> float:
    while serving() < reals:
        if time.monotonic() - began > PATIENCE:
            raise SystemExit(f"{serving()} of {reals} are in after {PATIENCE} s")
        time.sleep(0.02)
    return time.monotonic() - began


def main() -> None:
    reals = int(sys.argv[1])
    WORK.mkdir(exist_ok=True)
    path = WORK / "start.cf"
    with WebServer() as web:
        path.write_text(cf("http", reals, web.port, f'{HEAD}logfile="/run/bench/start.log"\n', per_virtual=reals))
        times = sorted(ours(path, reals) for _ in range(TIMES))
        path.write_text(cf("http", reals, web.port, f"{HEAD}supervised=yes\n", per_virtual=reals))
        theirs = the_original(path, reals)
    print(json.dumps({"started": reals, "ours": times[TIMES // 2], "original": theirs}), flush=True)
    os.fsync(sys.stdout.fileno())


main()
